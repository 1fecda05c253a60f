//! Functional dependencies: where a key determines its plain values, within a tick or over the whole run,
//! and so where no two derivations can be in conflict.
//!
//! Within a tick the contents of a collection are functional as they are: rows in conflict do not merge.
//! Over the run they are where `immutable` promises it (the node holds the stream to it), where nothing is
//! ever replaced, and where every rule derives the values from the key: by Armstrong's closure over the
//! dependencies of its body. Recursion is taken to hold while it is looked at, which is induction over the
//! depth of two derivations.
//!
//! Several rules of one head agree where their keys differ in a constant, or where both take the value from
//! one origin: the collection, back through rules that hand it on with its key, whose value it always is.

mod origin;

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::flow::{Comparison, Form, RuleSummary, SELF, Term, Test};
use super::model::{At, Model, RuleAt};
use super::sealing::{Sealing, groups};
use crate::hir::{Arrow, CollectionKind, VarId};

/// Rules are looked through so deep.
const RULES_DEEP_MAX: usize = 8;
/// More rules for one head than this are not compared pair by pair.
const COMPARED_RULES_MAX: usize = 32;

/// How long a dependency holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Span {
    Tick,
    Run,
}

/// Why two rows can be in conflict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conflict {
    /// Rows from outside, whose key is not promised to determine them.
    Source,
    /// Two derivations of one rule.
    Within(RuleAt),
    Between(RuleAt, RuleAt),
}

pub struct Dependencies<'m, 'a> {
    model: &'m Model<'a>,
    sealing: &'m Sealing,
    /// What is known, or taken to hold while it is looked at.
    lasting: RefCell<FxHashMap<At, bool>>,
    /// Rules that are looked through for what columns determine each other.
    through: RefCell<Vec<RuleAt>>,
    conflicts: RefCell<FxHashMap<(At, Span), Option<Conflict>>>,
}

impl<'m, 'a> Dependencies<'m, 'a> {
    pub fn new(model: &'m Model<'a>, sealing: &'m Sealing) -> Self {
        Dependencies {
            model,
            sealing,
            lasting: RefCell::default(),
            through: RefCell::default(),
            conflicts: RefCell::default(),
        }
    }

    /// Whether two rows for one key can meet with different plain values.
    pub fn conflict(&self, at: At) -> Option<Conflict> {
        if !self.model.shape(at).has_plain_values() {
            return None;
        }
        let collection = self.model.collection(at);
        let inserters: Vec<RuleAt> = self.model.inserters(at).collect();
        let span = match collection.kind {
            CollectionKind::Input if collection.public => {
                let promised = collection.immutable;
                return (!promised).then_some(Conflict::Source);
            }
            CollectionKind::Channel { .. } | CollectionKind::Loopback | CollectionKind::Table => {
                if collection.immutable {
                    return None;
                }
                Span::Run
            }
            CollectionKind::Scratch
            | CollectionKind::Input
            | CollectionKind::Output
            | CollectionKind::View => {
                let deferred = |&rule: &RuleAt| self.model.rule(rule).arrow == Arrow::DeferredMerge;
                match inserters.len() > 1 && inserters.iter().any(deferred) {
                    true => Span::Run,
                    false => Span::Tick,
                }
            }
            CollectionKind::Static => Span::Run,
            CollectionKind::Periodic { .. }
            | CollectionKind::Cluster
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum
            | CollectionKind::Seal { .. }
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => return None,
        };
        self.conflict_in(at, span)
    }

    /// Whether each key has one list of plain values over the whole run.
    pub fn lasts(&self, at: At) -> bool {
        if !self.model.shape(at).has_plain_values() {
            return true;
        }
        if let Some(&known) = self.lasting.borrow().get(&at) {
            return known;
        }
        self.lasting.borrow_mut().insert(at, true);
        let collection = self.model.collection(at);
        let lasts = match collection.kind {
            CollectionKind::Input if collection.public => collection.immutable,
            CollectionKind::Table if self.model.only_gains(at) => true,
            CollectionKind::Static
            | CollectionKind::Cluster
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum
            | CollectionKind::Seal { .. }
            | CollectionKind::Seals { .. }
            | CollectionKind::Sealed { .. } => true,
            CollectionKind::Table
            | CollectionKind::Channel { .. }
            | CollectionKind::Loopback
            | CollectionKind::Scratch
            | CollectionKind::Input
            | CollectionKind::Output
            | CollectionKind::View => {
                collection.immutable
                    || (!self.model.is_source(at) && self.conflict_in(at, Span::Run).is_none())
            }
            CollectionKind::Periodic { .. }
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt => false,
        };
        self.lasting.borrow_mut().insert(at, lasts);
        lasts
    }

    fn conflict_in(&self, at: At, span: Span) -> Option<Conflict> {
        if let Some(&known) = self.conflicts.borrow().get(&(at, span)) {
            return known;
        }
        self.conflicts.borrow_mut().insert((at, span), None);
        let found = self.find_conflict(at, span);
        self.conflicts.borrow_mut().insert((at, span), found);
        found
    }

    fn find_conflict(&self, at: At, span: Span) -> Option<Conflict> {
        let rules: Vec<RuleAt> = self.model.inserters(at).collect();
        // What facts alone give is the same in every run, at one node.
        let many = matches!(
            self.model.collection(at).kind,
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
        );
        if !many && rules.iter().all(|&rule| is_fact(self.model.rule(rule))) {
            return None;
        }
        if let Some(&rule) = rules.iter().find(|&&rule| !self.determines(at, rule, span)) {
            return Some(Conflict::Within(rule));
        }
        if rules.len() > COMPARED_RULES_MAX {
            return Some(Conflict::Between(rules[0], rules[1]));
        }
        for (place, &one) in rules.iter().enumerate() {
            for &other in &rules[place + 1..] {
                if !self.agree(at, one, other, span) {
                    return Some(Conflict::Between(one, other));
                }
            }
        }
        None
    }

    /// Whether two derivations of one rule that agree in the head's key agree in its plain values.
    fn determines(&self, at: At, rule: RuleAt, span: Span) -> bool {
        let summary = self.model.rule(rule);
        let shape = self.model.shape(at);
        // Rows of a channel come from several nodes.
        let many = matches!(
            self.model.collection(at).kind,
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
        );
        if is_fact(summary) && !many {
            return true;
        }
        if summary.chance {
            return false;
        }
        let keys = shape.key_columns().map(|place| &summary.columns[place]);
        let mut seeds: Vec<VarId> = Vec::new();
        for term in keys {
            match term {
                Term::Var(var) => seeds.push(*var),
                Term::SelfAddr => seeds.push(SELF),
                Term::Any | Term::Literal(_) | Term::Constant(_) | Term::Of { .. } => {}
            }
        }
        if !many {
            seeds.push(SELF);
        }
        let known = self.closure(rule, seeds, span);
        let is_known = |term: &Term| term.vars().iter().all(|var| known.contains(var));
        let groups = || {
            let columns = summary.columns.iter().enumerate();
            let is_aggregate = |place: usize| {
                summary
                    .aggregates
                    .iter()
                    .any(|a| a.column as usize == place)
            };
            columns
                .filter(move |(place, _)| !is_aggregate(*place) && !shape.columns[*place].lattice)
                .all(|(_, term)| is_known(term))
        };
        shape.plain_values().all(|place| {
            let aggregate = summary
                .aggregates
                .iter()
                .any(|aggregate| aggregate.column as usize == place);
            match aggregate {
                true => {
                    let final_value = span == Span::Tick
                        || self.sealing.is_final(self.model, rule)
                        || self.is_single(rule);
                    final_value && groups()
                }
                false => is_known(&summary.columns[place]),
            }
        })
    }

    /// Whether a group of the rule's aggregates has at most one row over the whole run, which the groups
    /// determine: then the aggregate is that row's value, and as final as the row.
    pub fn is_single(&self, rule: RuleAt) -> bool {
        let summary = self.model.rule(rule);
        let generates = summary.bindings.iter().any(|binding| binding.generates);
        if summary.aggregates.is_empty() || summary.chance || generates {
            return false;
        }
        let mut seeds = vec![SELF];
        for term in groups(summary) {
            if let Term::Var(var) = term {
                seeds.push(var);
            }
        }
        let known = self.closure(rule, seeds, Span::Run);
        summary.positive().all(|(_, atom)| {
            let from = self.model.place(rule, atom.collection);
            let columns = self.model.shape(from).columns.iter().zip(&atom.terms);
            let is_known = |term: &Term| term.vars().iter().all(|var| known.contains(var));
            self.lasts(from)
                && columns.into_iter().all(|(column, term)| match column.key {
                    true => fixes(term, &known),
                    false => is_known(term),
                })
        })
    }

    /// The variables that the seeds determine.
    pub fn closure(&self, rule: RuleAt, seeds: Vec<VarId>, span: Span) -> Vec<VarId> {
        let summary = self.model.rule(rule);
        let mut known = seeds;
        loop {
            let before = known.len();
            // What is in a collection differs from node to node.
            if known.contains(&SELF) {
                for (_, atom) in summary.positive() {
                    let from = self.model.place(rule, atom.collection);
                    let shape = self.model.shape(from);
                    // What arrives, arrives here.
                    let location = self.model.location(from);
                    let fixed = shape.key_columns().all(|place| {
                        fixes(&atom.terms[place], &known)
                            || (atom.terms[place].is_any() && Some(place) == location)
                    });
                    if !fixed || (span == Span::Run && !self.lasts(from)) {
                        let told = self.told_by_rule(from, &atom.terms, &known);
                        learn(&mut known, &told);
                        continue;
                    }
                    for (column, term) in shape.columns.iter().zip(&atom.terms) {
                        if !column.key && (span == Span::Tick || !column.lattice) {
                            learn(&mut known, term.vars());
                        }
                    }
                }
            }
            for binding in &summary.bindings {
                if !binding.generates && binding.reads.iter().all(|var| known.contains(var)) {
                    learn(&mut known, &binding.binds);
                }
            }
            for test in &summary.tests {
                if let Test::Compare {
                    left,
                    op: Comparison::Equal,
                    right,
                } = test
                {
                    for (one, other) in [(left, right), (right, left)] {
                        if let Term::Var(var) = one
                            && fixes_value(other, &known)
                        {
                            learn(&mut known, &[*var]);
                        }
                    }
                }
            }
            if known.len() == before {
                return known;
            }
        }
    }

    /// The variables of a row that others of its columns determine over the whole run, whatever is a key: the only
    /// rule that fills the collection takes them from a row that those determine.
    fn told_by_rule(&self, from: At, terms: &[Term], known: &[VarId]) -> Vec<VarId> {
        let mut inserters = self.model.inserters(from);
        let many = matches!(
            self.model.collection(from).kind,
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
        );
        let (Some(rule), false) = (inserters.next(), many || self.model.is_source(from)) else {
            return Vec::new();
        };
        let summary = self.model.rule(rule);
        let same = inserters.all(|other| {
            let of = self.model.rule(other);
            if of.is_alike(summary) {
                self.model.note_literals(&[rule, other]);
            }
            of == summary
        });
        let is_open =
            self.through.borrow().contains(&rule) || self.through.borrow().len() > RULES_DEEP_MAX;
        if !same || is_open || summary.chance || is_fact(summary) {
            return Vec::new();
        }
        let columns = summary.columns.iter().zip(terms);
        let given = columns.clone().filter(|(_, term)| fixes(term, known));
        let seeds: Vec<VarId> = given
            .filter_map(|(column, _)| match column {
                Term::Var(var) => Some(*var),
                Term::Any
                | Term::Literal(_)
                | Term::Constant(_)
                | Term::SelfAddr
                | Term::Of { .. } => None,
            })
            .chain([SELF])
            .collect();
        self.through.borrow_mut().push(rule);
        let inner = self.closure(rule, seeds, Span::Run);
        self.through.borrow_mut().pop();
        // A lattice column holds the join of what all rows brought.
        let shape = self.model.shape(from).columns.iter();
        columns
            .zip(shape)
            .filter(|((column, _), of)| !of.lattice && fixes_value(column, &inner))
            .flat_map(|((_, term), _)| term.vars().to_vec())
            .collect()
    }

    /// Whether two rules never give one key two lists of plain values.
    fn agree(&self, at: At, one: RuleAt, other: RuleAt, span: Span) -> bool {
        let (a, b) = (self.model.rule(one), self.model.rule(other));
        let shape = self.model.shape(at);
        let differ = |place: usize| match (&a.columns[place], &b.columns[place]) {
            (Term::Literal(a), Term::Literal(b)) => a != b,
            _ => false,
        };
        if shape.key_columns().any(differ) {
            return true;
        }
        shape.plain_values().all(|place| {
            if let (Term::Literal(a), Term::Literal(b)) = (&a.columns[place], &b.columns[place]) {
                return a == b;
            }
            self.same_origin(at, place, one, other, span)
        })
    }
}

/// A rule without a body.
pub fn is_fact(summary: &RuleSummary) -> bool {
    summary.atoms.is_empty() && summary.bindings.is_empty() && !summary.chance
}

fn learn(known: &mut Vec<VarId>, vars: &[VarId]) {
    for var in vars {
        if !known.contains(var) {
            known.push(*var);
        }
    }
}

/// Whether a column with this term has one value, given the variables.
fn fixes(term: &Term, known: &[VarId]) -> bool {
    match term {
        Term::Any => false,
        Term::Of { form, .. } => {
            *form == Form::Whole && term.vars().iter().all(|var| known.contains(var))
        }
        Term::Var(_) | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => {
            term.vars().iter().all(|var| known.contains(var))
        }
    }
}

/// As [`fixes`], of an expression.
fn fixes_value(term: &Term, known: &[VarId]) -> bool {
    !term.is_any() && term.vars().iter().all(|var| known.contains(var))
}
