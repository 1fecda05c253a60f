//! What follows from rules as a whole: in which order their literals bind variables, in which
//! strata collections are complete, what grows monotonically, and where keys can conflict.
//!
//! Invariants: within a stratum evaluation is monotone, and `not`, aggregates and reads that see
//! a value whole are of collections of earlier strata; a rule's [`RuleAnalysis::order`] binds every
//! variable before it is read.

use bloom_stdx::arena::Arena;

use crate::base::Diagnostic;
use crate::hir::{CollectionId, FunctionId, NodeId, RuleId};

/// What [`analyze`] found. The arenas run parallel to those of the program.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    pub nodes: Arena<NodeId, NodeAnalysis>,
    /// Of each function, how its result grows with each of its parameters.
    pub functions: Arena<FunctionId, Vec<Growth>>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Debug, Default)]
pub struct NodeAnalysis {
    /// The stratum of each collection.
    pub strata: Arena<CollectionId, u32>,
    /// How many strata there are.
    pub stratum_count: u32,
    pub rules: Arena<RuleId, RuleAnalysis>,
}

#[derive(Clone, Debug, Default)]
pub struct RuleAnalysis {
    /// Where a `<=` rule is evaluated: the stratum of its head. Others are evaluated at the end.
    pub stratum: u32,
    /// The literals, by place, in an order in which each finds its variables bound. Literals that
    /// can fail (conditions, bindings and generators of fallible expressions) come after all that
    /// cannot and that need nothing of them.
    pub order: Vec<u32>,
    /// Of each literal, in the order written, how the rule reads it.
    pub literals: Vec<Reading>,
}

/// How a rule depends on one of its literals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reading {
    /// More rows give more, and a row's lattice values may be taken apart into what is new: the
    /// rule can be evaluated on a delta alone.
    #[default]
    Morphism,
    /// More gives more, but a lattice value must be seen whole where it grew.
    Monotone,
    /// `not`, an aggregate's body, a value that is revealed or otherwise seen as it is now: the
    /// collection must be complete.
    Complete,
    /// A condition, binding or generator: reads variables only.
    Variables,
}

/// How a function's result grows with one of its lattice arguments, or an expression with a
/// variable. In ascending order of what is lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Growth {
    /// Does not depend on it.
    #[default]
    Constant,
    /// `f(a join b) = f(a) join f(b)`.
    Morphism,
    Monotone,
    /// None of these.
    Neither,
}
