//! What one inference leaves for the next of nearly the same program, so that a rule which nobody
//! changed is not typed again.
//!
//! Where every column declares its type, a rule's types depend on the rule and on what is declared,
//! and on no other rule; so they are recalled if the rule is the very one of before and all
//! declarations are equal. The store of terms and the table of types live on, so what was closed
//! before stays closed; the terms of a rule are forgotten once that is typed. Recalled or not, the
//! result means the same; types and instances may be numbered otherwise, and some that no rule names
//! any more remain.
//!
//! Columns that leave their types to inference tie rules to each other: then all is typed each time.

use std::sync::Arc;

use super::context::Context;
use super::finish::{Finish, State};
use super::infer::{Infer, Setting};
use super::program::{Inference, infer_all};
use super::ty::{Store, Ty};
use super::{BodyTypes, NodeTypes, Typed};
use crate::base::Diagnostic;
use crate::hir::{NodeKind, Program, Rule, RuleId};
use bloom_stdx::aligned::Aligned;
use bloom_stdx::arena::{Arena, Id};

/// So many terms more than at first are kept, where rules leave some, before all is typed anew.
const TERMS_MAX: usize = 1 << 16;

/// What is known of a program from when it was last typed.
#[derive(Debug, Default)]
pub struct Recall {
    known: Option<Known>,
    /// How many rules the last inference typed, rather than recalled.
    pub inferred: usize,
    /// Counts how often declarations have been typed anew; what is derived from their types holds as
    /// long as this stays.
    pub generation: u64,
}

#[derive(Debug)]
struct Known {
    /// The program without its rules and places.
    declarations: Program,
    store: Store,
    columns: Vec<Vec<Vec<Ty>>>,
    constants: Vec<Ty>,
    state: State,
    terms_at_first: usize,
    /// What was said of declarations, before and after the rules were typed.
    before: Vec<Diagnostic>,
    after: Vec<Diagnostic>,
    /// By kind of node, and there by the rule's address.
    rules: Vec<Aligned<usize, Entry>>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// Kept, so that its address is its own.
    _rule: Arc<Rule>,
    types: Arc<BodyTypes>,
    diagnostics: Vec<Diagnostic>,
}

/// As [`super::infer`]; rules that were typed before are not typed again.
pub fn infer_with(program: &Program, recall: &mut Recall) -> Typed {
    let fits = |known: &Known| {
        known.store.count() < known.terms_at_first + TERMS_MAX
            && same_declarations(&known.declarations, program)
    };
    let known = recall.known.take().filter(fits);
    let (known, inferred) = match known {
        Some(known) => known.again(program),
        None => {
            recall.generation += 1;
            let inference = infer_all(program);
            let rules = kinds(program).map(|kind| kind.rules.len()).sum();
            if !declares_all_types(program) {
                recall.inferred = rules;
                return inference.state.typed;
            }
            (Known::new(program, inference), rules)
        }
    };
    let typed = known.state.typed.clone();
    recall.known = Some(known);
    recall.inferred = inferred;
    typed
}

impl Known {
    fn new(program: &Program, inference: Inference<'_>) -> Self {
        let Inference {
            mut cx,
            mut state,
            reports,
            of_rules,
            declared,
        } = inference;
        let said = &state.typed.diagnostics;
        let mut rules = Vec::new();
        for (place, (kind, reports)) in kinds(program).zip(reports).enumerate() {
            let types = types_of(&state.typed, program, place);
            let all: Vec<(RuleId, &Arc<Rule>)> = kind.rules.iter().collect();
            let mut known = Aligned::default();
            known.update(&keys(kind), |at| Entry {
                _rule: Arc::clone(all[at].1),
                types: Arc::clone(&types.rules[all[at].0]),
                diagnostics: said[reports[at].clone()].to_vec(),
            });
            rules.push(known);
        }
        let (before, after) = (
            said[..of_rules.start].to_vec(),
            said[of_rules.end..].to_vec(),
        );
        if cx.store.forget(declared) {
            state.forget(declared);
        }
        cx.store.shrink();
        Known {
            declarations: declarations(program),
            terms_at_first: cx.store.count(),
            before,
            after,
            store: cx.store,
            columns: cx.columns,
            constants: cx.constants,
            state,
            rules,
        }
    }

    /// Types the rules of `program` that are new.
    fn again(mut self, program: &Program) -> (Self, usize) {
        let mut cx = Context::resume(program, self.store, self.columns, self.constants);
        let mut inferred = 0;
        let mut said = self.before.clone();
        for (place, kind) in kinds(program).enumerate() {
            let change = self.rules[place].update(&keys(kind), |at| {
                let rule = &kind.rules[RuleId::from_index(at)];
                let mark = cx.store.mark();
                let found = Infer::new(&mut cx, &rule.body, Setting::Rule, &[]);
                let found = found.rule(place, rule);
                let diagnostics = std::mem::take(&mut cx.diagnostics);
                let state = std::mem::replace(&mut self.state, State::new());
                let mut finish = Finish::new(&mut cx, state);
                let types = Arc::new(finish.body(found));
                finish.instances();
                self.state = finish.state;
                // No other rule knows its variables.
                if cx.store.forget(mark) {
                    self.state.forget(mark);
                }
                Entry {
                    _rule: Arc::clone(rule),
                    types,
                    diagnostics,
                }
            });
            inferred += change.made;
            let entries = self.rules[place].found();
            let types: Arena<_, _> = entries
                .iter()
                .map(|entry| Arc::clone(&entry.types))
                .collect();
            said.extend(entries.iter().flat_map(|entry| &entry.diagnostics).cloned());
            types_of_mut(&mut self.state.typed, program, place).rules = types;
        }
        if inferred > 0 {
            self.state.typed.recursive = self.state.typed.types.recursive();
        }
        said.extend(self.after.iter().cloned());
        self.state.typed.diagnostics = said;
        let known = Known {
            store: cx.store,
            columns: cx.columns,
            constants: cx.constants,
            ..self
        };
        (known, inferred)
    }
}

/// The addresses of a kind's rules.
fn keys(kind: &NodeKind) -> Vec<usize> {
    let rules = kind.rules.values();
    rules.map(|rule| Arc::as_ptr(rule).addr()).collect()
}

/// The kinds of node, then the unused modules.
fn kinds(program: &Program) -> impl Iterator<Item = &NodeKind> {
    program.nodes.values().chain(&program.unused)
}

fn types_of<'t>(typed: &'t Typed, program: &Program, kind: usize) -> &'t NodeTypes {
    let mut all = typed.nodes.values().chain(&typed.unused);
    debug_assert_eq!(typed.nodes.len(), program.nodes.len());
    all.nth(kind).expect("every kind is typed")
}

fn types_of_mut<'t>(typed: &'t mut Typed, program: &Program, kind: usize) -> &'t mut NodeTypes {
    let nodes = program.nodes.len();
    match kind.checked_sub(nodes) {
        Some(unused) => &mut typed.unused[unused],
        None => typed
            .nodes
            .iter_mut()
            .nth(kind)
            .map(|(_, types)| types)
            .expect("every kind is typed"),
    }
}

fn declares_all_types(program: &Program) -> bool {
    let collections = kinds(program).flat_map(|kind| kind.collections.values());
    let mut columns = collections.flat_map(|collection| &collection.columns);
    columns.all(|column| column.ty.is_some())
}

fn declarations(program: &Program) -> Program {
    let without_rules = |kind: &NodeKind| NodeKind {
        name: kind.name.clone(),
        replicated: kind.replicated,
        constants: kind.constants.clone(),
        parameters: kind.parameters.clone(),
        collections: kind.collections.clone(),
        rules: Arena::new(),
        extern_paths: kind.extern_paths.clone(),
        protocols: kind.protocols.clone(),
        doc: kind.doc.clone(),
        loc: kind.loc,
    };
    Program {
        types: program.types.clone(),
        functions: program.functions.clone(),
        constants: program.constants.clone(),
        nodes: program.nodes.map(|_, kind| without_rules(kind)),
        unused: program.unused.iter().map(without_rules).collect(),
        tests: program.tests.clone(),
        specs: program.specs.clone(),
        fault_tests: program.fault_tests.clone(),
        places: Arena::new(),
    }
}

/// Whether all but rules and places is equal.
fn same_declarations(a: &Program, b: &Program) -> bool {
    let Program {
        types,
        functions,
        constants,
        nodes,
        unused,
        tests,
        specs,
        fault_tests,
        places: _,
    } = a;
    let mut kinds = nodes.values().chain(unused).zip(kinds(b));
    nodes.len() == b.nodes.len()
        && unused.len() == b.unused.len()
        && kinds.all(|(a, b)| same_kind(a, b))
        && *types == b.types
        && *functions == b.functions
        && *constants == b.constants
        && *tests == b.tests
        && *specs == b.specs
        && *fault_tests == b.fault_tests
}

fn same_kind(a: &NodeKind, b: &NodeKind) -> bool {
    let NodeKind {
        name,
        replicated,
        constants,
        parameters,
        collections,
        rules: _,
        extern_paths,
        protocols,
        doc,
        loc,
    } = a;
    *name == b.name
        && *replicated == b.replicated
        && *constants == b.constants
        && *parameters == b.parameters
        && *collections == b.collections
        && *extern_paths == b.extern_paths
        && *protocols == b.protocols
        && *doc == b.doc
        && *loc == b.loc
}
