//! What follows from rules as a whole: in which order their literals bind variables, in which
//! strata collections are complete, what grows monotonically, and where keys can conflict.
//!
//! Invariants: within a stratum evaluation is monotone, and `not`, aggregates and reads that see
//! a value whole are of collections of earlier strata; a rule's [`RuleAnalysis::order`] binds every
//! variable before it is read.

pub mod fallible;
pub mod growth;

mod conflicts;
mod constants;
mod dump;
mod laws;
mod order;
mod reading;
mod strata;

#[cfg(test)]
mod tests;

use bloom_stdx::arena::{Arena, Id};

use crate::base::Diagnostic;
use crate::hir::{CollectionId, FunctionId, NodeId, NodeKind, Program, RuleId};
use crate::typing::{NodeTypes, Typed};

/// What [`analyze`] found. The arenas run parallel to those of the program.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    pub nodes: Arena<NodeId, NodeAnalysis>,
    /// Parallel to the program's specs.
    pub specs: Vec<SpecAnalysis>,
    /// Of each function, how its result grows with each of its parameters.
    pub functions: Arena<FunctionId, Vec<Growth>>,
    pub diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Debug, Default)]
pub struct NodeAnalysis {
    /// The stratum of each collection. Strata are the strongly connected components of the `<=`
    /// rules in an order in which each depends on earlier ones only; what no `<=` rule derives is
    /// complete from the start, and stands in stratum 0 beside what is derived there.
    pub strata: Arena<CollectionId, u32>,
    /// How many strata there are.
    pub stratum_count: u32,
    pub rules: Arena<RuleId, RuleAnalysis>,
}

#[derive(Clone, Debug, Default)]
pub struct SpecAnalysis {
    /// The stratum of each relation of the spec.
    pub strata: Vec<u32>,
    pub stratum_count: u32,
    pub rules: Vec<RuleAnalysis>,
}

#[derive(Clone, Debug, Default)]
pub struct RuleAnalysis {
    /// Where a `<=` rule is evaluated: the stratum of its head. Others are evaluated at the end.
    pub stratum: u32,
    /// The literals, by place, in an order in which each finds its variables bound. Literals that
    /// can fail come after all that cannot and that need nothing of them.
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

/// Analyses a typed program. Of one with type errors the result is a best effort.
pub fn analyze(program: &Program, typed: &Typed) -> Analysis {
    let mut diagnostics = Vec::new();
    let growth = growth::functions(program, typed, &mut diagnostics);
    let scope = Scope {
        program,
        typed,
        fallible: fallible::functions(program, typed),
        growth: &growth,
    };
    let mut nodes = Arena::new();
    for (id, kind) in program.nodes.iter() {
        nodes.push(scope.node(kind, &typed.nodes[id], &mut diagnostics));
    }
    for (kind, types) in program.unused.iter().zip(&typed.unused) {
        scope.node(kind, types, &mut diagnostics);
    }
    let specs = program.specs.iter().zip(&typed.specs);
    let specs = specs.map(|(spec, types)| scope.spec(spec, types, &mut diagnostics));
    let specs = specs.collect();
    constants::check(program, typed, &mut diagnostics);
    laws::check(program, typed, &mut diagnostics);
    dedup(&mut diagnostics);
    Analysis {
        nodes,
        specs,
        functions: growth,
        diagnostics,
    }
}

/// A rule outside nodes is in every kind of the file, and a module's in every import of it; what is
/// wrong with it is wrong once.
fn dedup(diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = rustc_hash::FxHashSet::default();
    diagnostics.retain(|diagnostic| seen.insert((diagnostic.code, diagnostic.primary.place())));
}

/// What the analyses of rules share.
struct Scope<'a> {
    program: &'a Program,
    typed: &'a Typed,
    /// Whether each function can end in a row error.
    fallible: Vec<bool>,
    growth: &'a Arena<FunctionId, Vec<Growth>>,
}

impl Scope<'_> {
    fn node(
        &self,
        kind: &NodeKind,
        types: &NodeTypes,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> NodeAnalysis {
        let mut rules: Arena<RuleId, RuleAnalysis> = Arena::new();
        for (id, rule) in kind.rules.iter() {
            let body_types = &types.rules[id];
            rules.push(RuleAnalysis {
                stratum: 0,
                order: self.order_of(rule, body_types),
                literals: self.readings(rule, body_types),
            });
        }
        let strata = strata::of_node(self.program, kind, &rules, diagnostics);
        for (id, rule) in kind.rules.iter() {
            rules[id].stratum = strata.levels[rule.head.collection.index()];
        }
        conflicts::warn(self.program, self.typed, kind, types, diagnostics);
        NodeAnalysis {
            strata: strata.levels.into_iter().collect(),
            stratum_count: strata.count,
            rules,
        }
    }
}
