//! The relational IR: rules as sets of literals over relations, with typed scalar expressions,
//! ordered in strata. What is said here is what a rule means, not how it is evaluated.
//!
//! Scalar expressions are those of the plan, over the variables of the rule instead of registers.
//! A variable that stands alone in a column of an atom is bound there, or must equal what binds it
//! elsewhere; so joins are shared variables, as in the source. Invariants, held by [`verify`]: a
//! head and every expression read only variables that some literal can bind; `not` and aggregates
//! read relations of earlier strata.

pub mod lower;
pub mod text;
mod variables;
pub mod verify;

use bloom_plan::plan::{AggregateColumn, Expr, Plan, Register, RelationId, RuleId, Slot};
use bloom_plan::types::TypeId;

/// The program of one kind of node.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Types, constants, literals, functions, relations and rules as the plan will have them; its
    /// indexes, aggregates, versions and strata are still empty.
    pub declarations: Plan,
    /// Parallel to the rules of `declarations`.
    pub rules: Vec<Rule>,
    /// `<=` rules, in order of evaluation: the strata of the analysis, and before each what serves
    /// its rules. What a stratum reads from outside of it is complete.
    pub strata: Vec<Vec<RuleId>>,
    /// Rules with the other arrows.
    pub closing: Vec<RuleId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Those that literals bind and those of `Expr::Let`.
    pub variables: Vec<Slot>,
    /// In the order written, which means nothing but where rows count for nothing else.
    pub literals: Vec<Literal>,
    pub head: Head,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    /// One expression a column; none where a `<-` leaves a value column out.
    Row(Vec<Option<Expr>>),
    Group {
        group: Vec<Expr>,
        arguments: Vec<Expr>,
        columns: Vec<AggregateColumn>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A row. A column is free, or holds a variable, or equals an expression of variables that
    /// are bound elsewhere.
    Atom {
        relation: RelationId,
        columns: Vec<Option<Expr>>,
    },
    /// No such row. Binds nothing.
    Not {
        relation: RelationId,
        columns: Vec<Option<Expr>>,
    },
    Condition(Expr),
    /// If the guard holds, each variable is (or equals) its expression. Expressions may rely on
    /// the guard.
    Let {
        guard: Option<Expr>,
        bind: Vec<(Register, Expr)>,
    },
    /// As `Op::Each`.
    Each {
        source: Expr,
        ty: TypeId,
        into: Vec<Register>,
    },
    /// As `Op::Range`.
    Range {
        from: Expr,
        to: Expr,
        into: Register,
    },
}

impl Program {
    /// The rules of a stratum's relations: whether `relation` is derived in it.
    pub fn derives(&self, stratum: &[RuleId], relation: RelationId) -> bool {
        stratum
            .iter()
            .any(|rule| self.declarations.rules[rule.0 as usize].head == relation)
    }
}
