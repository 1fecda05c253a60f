//! Inference of a whole program: declarations, then constants in order of evaluation, functions,
//! rules, tests and specs.
//!
//! Columns without declared types are shared variables. Rules that read such columns wait for the
//! rules that derive them, as far as they are not recursive, so that a rule sees types and not
//! variables wherever it can. Once no column and no constant waits for its type, a rule's terms are
//! known to no other rule: then they are closed and forgotten when the rule is typed.

use std::ops::Range;

use bloom_stdx::arena::Id;

use super::Typed;
use super::context::Context;
use super::declarations;
use super::finish::{Finish, RuleTypes, State};
use super::infer::{Found, Infer, Setting};
use super::ty::{Mark, Ty};
use crate::base::codes;
use crate::hir::{CollectionKind, Function, Literal, Program, Rule, RuleId};

/// Infers the types of a program.
pub fn infer(program: &Program) -> Typed {
    infer_all(program).state.typed
}

/// An inference that is done, with what it takes to go on.
pub(super) struct Inference<'a> {
    pub cx: Context<'a>,
    pub state: State,
    /// Of each rule of each kind, where its diagnostics are.
    pub reports: Vec<Vec<Range<usize>>>,
    /// Where the diagnostics of all rules are.
    pub of_rules: Range<usize>,
    /// The terms that declarations consist of.
    pub declared: Mark,
}

pub(super) fn infer_all(program: &Program) -> Inference<'_> {
    let mut cx = Context::new(program);
    let constants = constants(&mut cx);
    declarations::check(&mut cx);
    let defaults = defaults(&mut cx);
    functions(&mut cx);
    let mut finish = Finish::new(&mut cx, State::new());
    finish.samples();
    let declared = finish.cx.store.mark();
    let first = finish.cx.diagnostics.len();
    let (rules, reports) = rules(&mut finish);
    let of_rules = first..finish.cx.diagnostics.len();
    let tests = program.tests.iter();
    let tests: Vec<Found> = tests
        .map(|test| Infer::new(finish.cx, &test.body, Setting::Test, &[]).test(test, None))
        .collect();
    let fault_tests = program.fault_tests.iter();
    let fault_tests: Vec<Found> = fault_tests
        .map(|fault| {
            let test = &fault.test;
            Infer::new(finish.cx, &test.body, Setting::Test, &[]).test(test, Some(&fault.bounds))
        })
        .collect();
    let specs: Vec<(Vec<Vec<Ty>>, Vec<Found>)> = program
        .specs
        .iter()
        .map(|spec| self::spec(finish.cx, spec))
        .collect();
    declarations::check_columns(finish.cx);

    finish.constants(constants);
    finish.kinds(defaults, rules);
    finish.tests(tests, fault_tests);
    finish.specs(specs);
    let mut state = finish.done();
    state.typed.diagnostics = std::mem::take(&mut cx.diagnostics);
    Inference {
        cx,
        state,
        reports,
        of_rules,
        declared,
    }
}

/// The bodies of constants. One without a declared type takes that of its value, so constants are
/// taken in order of evaluation.
fn constants(cx: &mut Context<'_>) -> Vec<Option<Found>> {
    let program = cx.program;
    let mut found: Vec<Option<Found>> = vec![None; program.constants.len()];
    let order: Vec<_> = cx
        .kinds
        .iter()
        .flat_map(|kind| kind.constants.iter().copied())
        .chain(program.constants.ids())
        .collect();
    for id in order {
        let constant = &program.constants[id];
        let (None, Some(init)) = (&found[id.index()], &constant.init) else {
            continue;
        };
        let ty = cx.constant(id);
        found[id.index()] = Some(Infer::new(cx, init, Setting::Value, &[]).value(ty));
    }
    found
}

/// The bodies of column defaults, by kind, collection and column. Boxed, as few columns have one.
pub(super) type Defaults = Vec<Vec<Vec<Option<Box<Found>>>>>;

fn defaults(cx: &mut Context<'_>) -> Defaults {
    let kinds = cx.kinds.clone();
    let mut all = Vec::with_capacity(kinds.len());
    for (place, kind) in kinds.into_iter().enumerate() {
        let mut collections = Vec::with_capacity(kind.collections.len());
        for (id, collection) in kind.collections.iter() {
            let mut columns = Vec::with_capacity(collection.columns.len());
            for (column, declared) in collection.columns.iter().enumerate() {
                let ty = cx.columns(place, id)[column];
                columns.push(
                    declared
                        .default
                        .as_ref()
                        .map(|body| Box::new(Infer::new(cx, body, Setting::Value, &[]).value(ty))),
                );
            }
            collections.push(columns);
        }
        all.push(collections);
    }
    all
}

/// Checks every function by itself, generic ones with opaque parameters. The tables are made per
/// instance, when it is known which there are.
fn functions(cx: &mut Context<'_>) {
    for function in cx.program.functions.values() {
        let params = cx.opaque_params(function);
        let result = cx.lower(&function.result, &params);
        Infer::new(cx, &function.body, setting(function), &params).value(result);
    }
}

/// Where the body of a function stands.
pub(super) fn setting(function: &Function) -> Setting {
    match function.lattice {
        Some(_) => Setting::Merge,
        None => Setting::Value,
    }
}

/// The rules of each kind, and where the diagnostics of each are.
fn rules<'c, 'a>(finish: &mut Finish<'c, 'a>) -> (Vec<Vec<RuleTypes>>, Vec<Vec<Range<usize>>>) {
    let kinds = finish.cx.kinds.clone();
    let mut all = Vec::with_capacity(kinds.len());
    let mut reports = Vec::with_capacity(kinds.len());
    let mut is_settled = finish.cx.is_settled();
    for (place, kind) in kinds.into_iter().enumerate() {
        let mut found: Vec<Option<RuleTypes>> = kind.rules.ids().map(|_| None).collect();
        let mut said = vec![0..0; kind.rules.len()];
        let mut infer = |finish: &mut Finish<'c, 'a>, id: RuleId| {
            let first = finish.cx.diagnostics.len();
            let types = match is_settled {
                true => RuleTypes::Closed(finish.settled_rule(place, &kind.rules[id])),
                false => RuleTypes::Open(Box::new(finish.rule(place, &kind.rules[id]))),
            };
            found[id.index()] = Some(types);
            said[id.index()] = first..finish.cx.diagnostics.len();
        };
        let mut waiting: Vec<RuleId> = kind.rules.ids().collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            waiting.retain(|&id| {
                let rule = &kind.rules[id];
                let ready = reads_known(finish.cx, place, rule);
                if ready {
                    infer(finish, id);
                }
                !ready
            });
            // Recursive: the one written first begins.
            if waiting.len() == before {
                let id = waiting.remove(0);
                infer(finish, id);
            }
        }
        all.push(found.into_iter().flatten().collect());
        reports.push(said);
        is_settled = is_settled || finish.cx.is_settled();
    }
    (all, reports)
}

/// Whether all columns that the body names have types.
fn reads_known(cx: &Context<'_>, kind: usize, rule: &Rule) -> bool {
    rule.literals.iter().all(|node| match &node.literal {
        Literal::Atom { collection, args } | Literal::Not { collection, args } => {
            let columns = cx.columns(kind, *collection);
            args.iter()
                .filter_map(|arg| columns.get(arg.column as usize))
                .all(|&ty| !cx.store.holds_var(ty))
        }
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => true,
    })
}

fn spec<'a>(cx: &mut Context<'a>, spec: &'a crate::hir::Spec) -> (Vec<Vec<Ty>>, Vec<Found>) {
    let fresh = |collection: &crate::hir::SpecCollection, cx: &mut Context<'_>| {
        collection
            .columns
            .iter()
            .map(|_| cx.store.fresh())
            .collect()
    };
    let relations: Vec<Vec<Ty>> = spec
        .collections
        .iter()
        .map(|collection| fresh(collection, cx))
        .collect();
    let found = spec
        .rules
        .iter()
        .map(|rule| Infer::new(cx, &rule.body, Setting::Spec, &[]).spec_rule(rule, &relations));
    let found = found.collect();
    (relations, found)
}

/// What the kinds of collections ask of their constants.
pub(super) fn check_periods(cx: &mut Context<'_>) {
    for kind in cx.kinds.clone() {
        for collection in kind.collections.values() {
            let CollectionKind::Periodic { every } = collection.kind else {
                continue;
            };
            let ty = cx.constant(every);
            if !cx.store.unify(ty, Ty::DURATION) {
                let shown = cx.show(ty);
                let diagnostic = cx
                    .diagnostic(
                        codes::E0301,
                        cx.program.constants[every].loc,
                        format!("type mismatch: expected `Duration`, found `{shown}`"),
                        format!("the period of `{}`", collection.name),
                    )
                    .with_help("a duration is written `200ms`, `5s`, `2min`");
                cx.diagnostics.push(diagnostic);
            }
        }
    }
}
