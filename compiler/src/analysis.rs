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
mod factors;
mod laws;
mod order;
mod reading;
mod recall;
mod strata;

pub use recall::Recall;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bloom_stdx::arena::Arena;

use crate::base::Diagnostic;
use crate::hir::{CollectionId, FunctionId, NodeId, NodeKind, Program, RuleId};
use crate::typing::{NodeTypes, Typed};
use recall::{Declared, Generation, OfKind, OfRule, Recalled};
use strata::Strata;

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
    /// Shared by analyses of programs that share rules.
    pub rules: Arena<RuleId, Arc<RuleAnalysis>>,
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
    analyze_declared(program, typed, declared(program, typed, 0), None)
}

/// As [`analyze`]; rules that were analysed before are not analysed again. `generation` is that of
/// the recall by which the program was typed.
pub fn analyze_with(
    program: &Program,
    typed: &Typed,
    recall: &mut Recall,
    generation: u64,
) -> Analysis {
    let known = recall.declared(generation_of(typed, generation));
    let declared = known.unwrap_or_else(|| declared(program, typed, generation));
    let mut recalled = recall.begin(&declared);
    let analysis = analyze_declared(program, typed, declared.clone(), Some(&mut recalled));
    recall.end(declared, recalled);
    analysis
}

fn generation_of(typed: &Typed, generation: u64) -> Generation {
    Generation {
        declarations: generation,
        instances: typed.instances.len(),
        own_lattices: typed.own_lattices.len(),
        // Laws and constants are tried only where all is well typed.
        well_typed: !typed.diagnostics.iter().any(Diagnostic::is_error),
    }
}

/// Analyses all but the rules.
fn declared(program: &Program, typed: &Typed, generation: u64) -> Declared {
    let mut of_growth = Vec::new();
    let growth = growth::functions(program, typed, &mut of_growth);
    let fallible = fallible::functions(program, typed);
    let scope = Scope {
        program,
        typed,
        fallible: &fallible,
        growth: &growth,
    };
    let mut of_rest = Vec::new();
    let specs = program.specs.iter().zip(&typed.specs);
    let specs = specs.map(|(spec, types)| scope.spec(spec, types, &mut of_rest));
    let specs = specs.collect();
    constants::check(program, typed, &mut of_rest);
    laws::check(program, typed, &mut of_rest);
    Declared {
        generation: generation_of(typed, generation),
        growth,
        fallible,
        of_growth,
        specs,
        of_rest,
    }
}

fn analyze_declared(
    program: &Program,
    typed: &Typed,
    declared: Declared,
    mut recalled: Option<&mut Recalled>,
) -> Analysis {
    let mut diagnostics = declared.of_growth;
    let scope = Scope {
        program,
        typed,
        fallible: &declared.fallible,
        growth: &declared.growth,
    };
    let kinds = program.nodes.values().chain(&program.unused);
    let types = typed.nodes.values().chain(&typed.unused);
    let mut nodes = Arena::new();
    for (place, (kind, types)) in kinds.zip(types).enumerate() {
        let analyze = |id: RuleId| scope.rule(kind, types, id);
        let node = match recalled.as_deref_mut() {
            Some(recalled) => {
                let of_kind = recalled.kind(place, kind, types, analyze);
                scope.node_again(kind, of_kind, &mut diagnostics)
            }
            None => {
                let of_rules: Vec<OfRule> = kind.rules.ids().map(analyze).collect();
                let strata = scope.strata(kind, &of_rules, &mut diagnostics);
                scope.node(kind, &of_rules, &strata, &mut diagnostics)
            }
        };
        if place < program.nodes.len() {
            nodes.push(node);
        }
    }
    diagnostics.extend(declared.of_rest);
    dedup(&mut diagnostics);
    Analysis {
        nodes,
        specs: declared.specs,
        functions: declared.growth,
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
    fallible: &'a [bool],
    growth: &'a Arena<FunctionId, Vec<Growth>>,
}

impl Scope<'_> {
    /// What follows from a rule by itself.
    fn rule(&self, kind: &NodeKind, types: &NodeTypes, id: RuleId) -> OfRule {
        let (rule, body_types) = (&kind.rules[id], &types.rules[id]);
        OfRule {
            of: (Arc::clone(rule), Arc::clone(body_types)),
            analysis: Arc::new(RuleAnalysis {
                order: self.order_of(rule, body_types),
                literals: self.readings(rule, body_types),
            }),
            conflict: conflicts::of_rule(self.typed, kind, types, rule).map(Box::new),
        }
    }

    fn strata(
        &self,
        kind: &NodeKind,
        of_rules: &[OfRule],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Strata {
        let readings = of_rules.iter().map(|of| of.analysis.literals.as_slice());
        strata::of_node(self.program, kind, readings, diagnostics)
    }

    /// As [`Self::node`], with the strata of before where they still hold.
    fn node_again(
        &self,
        kind: &NodeKind,
        of_kind: &mut OfKind,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> NodeAnalysis {
        let strata = of_kind.strata.take().unwrap_or_else(|| {
            let said = diagnostics.len();
            let strata = self.strata(kind, of_kind.rules.found(), diagnostics);
            (strata, diagnostics.len() == said)
        });
        let node = self.node(kind, of_kind.rules.found(), &strata.0, diagnostics);
        // What they reported has to be reported again.
        of_kind.strata = Some(strata).filter(|(_, silent)| *silent);
        node
    }

    fn node(
        &self,
        kind: &NodeKind,
        of_rules: &[OfRule],
        strata: &Strata,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> NodeAnalysis {
        let conflicts = kind.rules.ids().zip(of_rules);
        let conflicts = conflicts.filter_map(|(id, of)| Some((id, of.conflict.as_deref()?)));
        conflicts::report(self.program, kind, conflicts, diagnostics);
        let rules = of_rules.iter().map(|of| Arc::clone(&of.analysis));
        NodeAnalysis {
            strata: strata.levels.iter().copied().collect(),
            stratum_count: strata.count,
            rules: rules.collect(),
        }
    }
}
