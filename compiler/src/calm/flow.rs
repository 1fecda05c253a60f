//! The program as the fixpoint sees it: of each rule its head, its rows and their terms, and nothing of
//! its text.
//!
//! A [`RuleSummary`] is a pure function of one rule and of what is declared ([`summarize`]), so it can be
//! kept as long as the rule stands. What comes after reads summaries only.

mod alike;
mod summary;
mod terms;

pub use summary::{Declared, Setting, shapes, summarize};

use std::sync::Arc;

use bloom_stdx::arena::Arena;
use thin_vec::ThinVec;

use crate::analysis::{Reading, RuleAnalysis};
use crate::hir::{
    AggregateFunction, Arrow, CollectionId, ConstantId, LitKind, Origin, Rule, VarId,
};
use crate::typing::BodyTypes;

/// Stands for `self` among the variables of a rule: what else a value depends on.
pub const SELF: VarId = VarId(u32::MAX);

/// What a rule derives from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSummary {
    pub head: CollectionId,
    pub arrow: Arrow,
    /// Of the first tick only.
    pub bootstrap: bool,
    /// One a column of the head.
    pub columns: ThinVec<Term>,
    /// The columns that are aggregates.
    pub aggregates: ThinVec<Aggregate>,
    /// The rows that it reads.
    pub atoms: ThinVec<Atom>,
    /// `let`s and generators.
    pub bindings: ThinVec<Binding>,
    pub tests: ThinVec<Test>,
    /// Reads a clock or draws a random value.
    pub chance: bool,
    pub origin: Origin,
}

/// A row of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    /// Place among the rule's literals.
    pub literal: u32,
    pub collection: CollectionId,
    pub negated: bool,
    /// How the rule grows with the row's lattice values.
    pub reading: Reading,
    /// One a column of the collection.
    pub terms: ThinVec<Term>,
}

/// What stands in a column. Small, as rules have many.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// Free; in a head: left out, or an aggregate.
    Any,
    Var(VarId),
    Literal(LitKind),
    Constant(ConstantId),
    SelfAddr,
    /// In a head, the value of an expression; in a body, a pattern.
    Of {
        vars: ThinVec<VarId>,
        form: Form,
    },
}

/// What is known of a value that is computed, or taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A pattern whose variables give the value back.
    Whole,
    /// How many elements the only variable has.
    Size,
    /// A collection of variables and literals: making it cannot fail.
    Made,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    pub column: u32,
    pub function: AggregateFunction,
    /// None for `count()`.
    pub operand: Option<Term>,
    /// What it is taken by, where that is a value that ascends.
    pub by: ThinVec<Term>,
    /// How the column grows with the rows that are aggregated.
    pub growth: crate::analysis::Growth,
}

/// `let p = e` or `p in e`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub binds: ThinVec<VarId>,
    pub reads: ThinVec<VarId>,
    pub generates: bool,
    pub source: Source,
}

/// What is bound, or ranged over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Value(Term),
    Range(Term, Term),
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Compare {
        left: Term,
        op: Comparison,
        right: Term,
    },
    /// A variable alone, or its negation.
    Holds {
        var: VarId,
        negated: bool,
    },
    /// `elements.contains(element)`.
    Contains {
        elements: VarId,
        element: VarId,
    },
    Other {
        reads: ThinVec<VarId>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// What is declared of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub columns: Vec<ColumnShape>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnShape {
    pub key: bool,
    pub lattice: bool,
    /// Whether its values are plain collections, with no more elements than their size says.
    pub elements: bool,
}

/// A kind of node: parallel to the program's.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct KindFlow {
    pub shapes: Arc<Arena<CollectionId, Shape>>,
    pub rules: Arc<Vec<Arc<RuleFlow>>>,
}

/// The summary of a rule, with what it is of: as long as it is kept, their addresses are their own.
#[derive(Debug)]
pub struct RuleFlow {
    pub summary: RuleSummary,
    pub rule: Arc<Rule>,
    pub types: Arc<BodyTypes>,
    pub analysis: Arc<RuleAnalysis>,
}

/// Rules flow alike if their summaries are the same.
impl PartialEq for RuleFlow {
    fn eq(&self, other: &Self) -> bool {
        self.summary == other.summary
    }
}

impl Eq for RuleFlow {}

impl Term {
    /// The variables in it.
    pub fn vars(&self) -> &[VarId] {
        match self {
            Term::Any | Term::Literal(_) => &[],
            Term::Var(var) => std::slice::from_ref(var),
            // A constant may be a parameter of the node.
            Term::SelfAddr | Term::Constant(_) => &[SELF],
            Term::Of { vars, .. } => vars,
        }
    }

    /// The collection of elements of which it is the number.
    pub fn counts_elements_of(&self) -> Option<VarId> {
        match self {
            Term::Of {
                vars,
                form: Form::Size,
            } => vars.first().copied(),
            Term::Of { .. }
            | Term::Any
            | Term::Var(_)
            | Term::Literal(_)
            | Term::Constant(_)
            | Term::SelfAddr => None,
        }
    }

    /// A value that is the same in every row.
    pub const fn is_fixed(&self) -> bool {
        matches!(self, Term::Literal(_) | Term::Constant(_) | Term::SelfAddr)
    }

    pub const fn is_any(&self) -> bool {
        matches!(self, Term::Any)
    }
}

impl Atom {
    /// Whether it reads no lattice value as it is now.
    pub const fn reading_is_plain(&self) -> bool {
        matches!(self.reading, Reading::Morphism | Reading::Monotone)
    }
}

impl Comparison {
    /// The same test with its sides exchanged.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Comparison::Equal => Comparison::Equal,
            Comparison::NotEqual => Comparison::NotEqual,
            Comparison::Less => Comparison::Greater,
            Comparison::LessEqual => Comparison::GreaterEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterEqual => Comparison::LessEqual,
        }
    }
}

impl Shape {
    pub fn key_columns(&self) -> impl Iterator<Item = usize> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| column.key)
            .map(|(place, _)| place)
    }

    /// The value columns that must agree where keys do.
    pub fn plain_values(&self) -> impl Iterator<Item = usize> {
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(_, column)| !column.key && !column.lattice)
            .map(|(place, _)| place)
    }

    pub fn has_plain_values(&self) -> bool {
        self.plain_values().next().is_some()
    }
}

impl RuleSummary {
    /// Whether some aggregate does not simply grow with its rows.
    pub fn aggregates_whole(&self) -> bool {
        let grows = |aggregate: &Aggregate| aggregate.growth != crate::analysis::Growth::Neither;
        !self.aggregates.iter().all(grows)
    }

    /// Whether rows of the head come from it, rather than go.
    pub const fn inserts(&self) -> bool {
        !matches!(self.arrow, Arrow::DeferredDelete)
    }

    /// Whether the rule takes away just the row that the atom reads.
    pub fn takes_row_of(&self, atom: &Atom) -> bool {
        let is_same = |(column, term): (&Term, &Term)| {
            column == term && !matches!(column, Term::Any | Term::Of { .. })
        };
        self.arrow == Arrow::DeferredDelete
            && !atom.negated
            && atom.collection == self.head
            && self.columns.iter().zip(&atom.terms).all(is_same)
    }

    /// How often the variable is used outside the atom with this place.
    pub fn is_used_beside(&self, var: VarId, atom: usize) -> bool {
        let in_terms = |terms: &[Term]| terms.iter().any(|term| term.vars().contains(&var));
        let others = self.atoms.iter().enumerate();
        in_terms(&self.columns)
            || others
                .filter(|(place, _)| *place != atom)
                .any(|(_, other)| in_terms(&other.terms))
            || self
                .bindings
                .iter()
                .any(|binding| binding.reads.contains(&var) || binding.binds.contains(&var))
    }

    pub fn positive(&self) -> impl Iterator<Item = (usize, &Atom)> {
        self.atoms
            .iter()
            .enumerate()
            .filter(|(_, atom)| !atom.negated)
    }
}

impl Test {
    pub fn reads(&self, var: VarId) -> bool {
        match self {
            Test::Compare { left, right, .. } => {
                left.vars().contains(&var) || right.vars().contains(&var)
            }
            Test::Holds { var: own, .. } => *own == var,
            Test::Contains { elements, element } => [elements, element].contains(&&var),
            Test::Other { reads } => reads.contains(&var),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Atom, RuleSummary, Term, Test};

    /// What an editor keeps for each rule.
    #[test]
    fn summaries_are_small() {
        assert_eq!((size_of::<Term>(), size_of::<Test>()), (24, 56));
        assert_eq!((size_of::<Atom>(), size_of::<RuleSummary>()), (24, 56));
    }
}
