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

mod claims;
mod closure;
mod origin;

use std::cell::RefCell;

use claims::Claim;
pub use claims::Claims;
use closure::fixes;

use super::asking::Topic;
use super::flow::{RuleSummary, SELF, Term};
use super::model::{At, Model, RuleAt};
use super::sealing::{Sealing, groups};
use crate::hir::{Arrow, CollectionKind, VarId};

/// More rules for one head than this are not compared pair by pair.
const COMPARED_RULES_MAX: usize = 32;

/// How long a dependency holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
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

/// Which rows for one key a collection may have together.
enum Meeting {
    Never,
    /// Those from outside, whatever they are.
    OfSource,
    Within(Span),
}

pub struct Dependencies<'m, 'a> {
    model: &'m Model<'a>,
    sealing: &'m Sealing,
    claims: &'m Claims,
    /// Rules that are looked through for what columns determine each other.
    through: RefCell<Vec<RuleAt>>,
}

impl<'m, 'a> Dependencies<'m, 'a> {
    pub fn new(model: &'m Model<'a>, sealing: &'m Sealing, claims: &'m Claims) -> Self {
        Dependencies {
            model,
            sealing,
            claims,
            through: RefCell::default(),
        }
    }

    /// Whether two rows for one key can meet with different plain values.
    pub fn has_conflict(&self, at: At) -> bool {
        match self.meeting(at) {
            Meeting::Never => false,
            Meeting::OfSource => true,
            Meeting::Within(span) => !self.agrees(at, span),
        }
    }

    /// How two rows for one key can meet with different plain values.
    pub fn conflict(&self, at: At) -> Option<Conflict> {
        match self.meeting(at) {
            Meeting::Never => None,
            Meeting::OfSource => Some(Conflict::Source),
            Meeting::Within(span) => self.find_conflict(at, span),
        }
    }

    /// Which rows for one key meet.
    fn meeting(&self, at: At) -> Meeting {
        if !self.model.shape(at).has_plain_values() {
            return Meeting::Never;
        }
        let collection = self.model.collection(at);
        match collection.kind {
            CollectionKind::Input if collection.public => match collection.immutable {
                true => Meeting::Never,
                false => Meeting::OfSource,
            },
            CollectionKind::Channel { .. } | CollectionKind::Loopback | CollectionKind::Table => {
                match collection.immutable {
                    true => Meeting::Never,
                    false => Meeting::Within(Span::Run),
                }
            }
            CollectionKind::Scratch
            | CollectionKind::Input
            | CollectionKind::Output
            | CollectionKind::View => {
                let is_deferred = |rule| self.model.rule(rule).arrow == Arrow::DeferredMerge;
                let inserters = self.model.inserters(at);
                let is_later = inserters.count() > 1 && self.model.inserters(at).any(is_deferred);
                Meeting::Within(match is_later {
                    true => Span::Run,
                    false => Span::Tick,
                })
            }
            CollectionKind::Static => Meeting::Within(Span::Run),
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
            | CollectionKind::Sealed { .. } => Meeting::Never,
        }
    }

    /// Whether each key has one list of plain values over the whole run.
    pub fn lasts(&self, at: At) -> bool {
        if !self.model.shape(at).has_plain_values() {
            return true;
        }
        self.claimed(Claim::Lasts(at), || self.find_lasting(at))
    }

    fn find_lasting(&self, at: At) -> bool {
        let collection = self.model.collection(at);
        match collection.kind {
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
                collection.immutable || (!self.model.is_source(at) && self.agrees(at, Span::Run))
            }
            CollectionKind::Periodic { .. }
            | CollectionKind::Alive
            | CollectionKind::Stdin
            | CollectionKind::Errors
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt => false,
        }
    }

    fn agrees(&self, at: At, span: Span) -> bool {
        self.claimed(Claim::Agrees(at, span), || {
            self.find_conflict(at, span).is_none()
        })
    }

    /// Looks whether the claim holds, which does not depend on what is being looked through.
    fn claimed(&self, claim: Claim, find: impl FnOnce() -> bool) -> bool {
        let asking = self.model.asking();
        asking.answering(Topic::facts(claim.place()), || {
            self.claims.hold(claim, || {
                let outside = self.through.take();
                let (holds, noted) = asking.noting(find);
                self.through.replace(outside);
                self.claims.note(claim, noted);
                holds
            })
        })
    }

    fn holds(&self, claim: Claim) -> bool {
        match claim {
            Claim::Lasts(at) => self.lasts(at),
            Claim::Agrees(at, span) => self.agrees(at, span),
        }
    }

    /// Goes over to a program in which something else is known of these topics: gives the places of claims that hold no
    /// longer, or do now.
    pub fn again(&self, changed: &[Topic]) -> Vec<At> {
        let forgotten = self.claims.forget(changed).into_iter();
        let others = forgotten.filter(|&(claim, held)| self.holds(claim) != held);
        others.map(|(claim, _)| claim.place()).collect()
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
                if !self.rules_agree(at, one, other, span) {
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

    /// Whether two rules never give one key two lists of plain values.
    fn rules_agree(&self, at: At, one: RuleAt, other: RuleAt, span: Span) -> bool {
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
