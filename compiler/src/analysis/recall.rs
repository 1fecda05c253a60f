//! What one analysis leaves for the next of nearly the same program, so that a rule which nobody
//! changed is not analysed again.
//!
//! An order, readings and possible key conflicts follow from the rule, its types, what is declared and
//! how functions grow and fail; so they are recalled if the rule is the very one of before and the rest is
//! equal. Strata follow from all rules together; they are recalled if the rules that changed still make the same
//! edges between collections.

use std::sync::Arc;

use super::strata::{self, Strata};
use super::{Growth, Reading, RuleAnalysis, SpecAnalysis};
use crate::base::Diagnostic;
use crate::hir::{FunctionId, NodeKind, Rule, RuleId};
use crate::typing::{BodyTypes, NodeTypes};
use bloom_stdx::aligned::Aligned;
use bloom_stdx::arena::{Arena, Id};

/// What is known of a program from when it was last analysed.
#[derive(Debug, Default)]
pub struct Recall {
    declared: Option<Declared>,
    /// By kind of node.
    kinds: Vec<OfKind>,
    /// How many rules the last analysis analysed, rather than recalled.
    pub analyzed: usize,
}

/// What declarations, as far as they are known by their types, were looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Generation {
    /// Of the declarations' types.
    pub declarations: u64,
    /// How many there were.
    pub instances: usize,
    pub own_lattices: usize,
    pub well_typed: bool,
}

/// What follows from declarations.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    pub generation: Generation,
    pub growth: Arena<FunctionId, Vec<Growth>>,
    pub fallible: Vec<bool>,
    /// What is said of functions.
    pub of_growth: Vec<Diagnostic>,
    pub specs: Vec<SpecAnalysis>,
    /// What is said of specs, constants and laws.
    pub of_rest: Vec<Diagnostic>,
}

/// What is known of a kind of node.
#[derive(Debug, Default)]
pub(super) struct OfKind {
    /// By the addresses of the rule and its types.
    pub rules: Aligned<(usize, usize), OfRule>,
    /// If no rule has changed what they follow from, and whether they were without mistakes.
    pub strata: Option<(Strata, bool)>,
}

/// What follows from a rule by itself.
#[derive(Clone, Debug)]
pub(super) struct OfRule {
    /// Kept, so that their addresses are their own.
    pub of: (Arc<Rule>, Arc<BodyTypes>),
    pub analysis: Arc<RuleAnalysis>,
    pub conflict: Option<Box<super::conflicts::Conflict>>,
}

impl OfRule {
    fn reads(&self) -> (&Rule, &[Reading]) {
        (&self.of.0, &self.analysis.literals)
    }
}

/// The recall of one analysis.
pub(super) struct Recalled {
    kinds: Vec<OfKind>,
    analyzed: usize,
}

impl Recall {
    /// What was found of the same declarations.
    pub(super) fn declared(&self, generation: Generation) -> Option<Declared> {
        let declared = self.declared.as_ref();
        declared
            .filter(|known| known.generation == generation)
            .cloned()
    }

    /// Begins an analysis under these declarations.
    pub(super) fn begin(&mut self, declared: &Declared) -> Recalled {
        let same = self.declared.take().is_some_and(|known| {
            known.generation.declarations == declared.generation.declarations
                && known.growth == declared.growth
                && known.fallible == declared.fallible
        });
        let mut kinds = std::mem::take(&mut self.kinds);
        if !same {
            kinds.clear();
        }
        Recalled { kinds, analyzed: 0 }
    }

    pub(super) fn end(&mut self, declared: Declared, recalled: Recalled) {
        self.declared = Some(declared);
        self.kinds = recalled.kinds;
        self.analyzed = recalled.analyzed;
    }
}

impl Recalled {
    /// What is known of the kind with this place, where `analyze` is asked for what is not.
    pub fn kind(
        &mut self,
        place: usize,
        kind: &NodeKind,
        types: &NodeTypes,
        mut analyze: impl FnMut(RuleId) -> OfRule,
    ) -> &mut OfKind {
        if self.kinds.len() <= place {
            self.kinds.resize_with(place + 1, OfKind::default);
        }
        let of_kind = &mut self.kinds[place];
        let rules = kind.rules.values().zip(types.rules.values());
        let keys: Vec<(usize, usize)> = rules
            .map(|(rule, types)| (Arc::as_ptr(rule).addr(), Arc::as_ptr(types).addr()))
            .collect();
        let change = of_kind
            .rules
            .update(&keys, |at| analyze(RuleId::from_index(at)));
        self.analyzed += change.made;
        let now = &of_kind.rules.found()[change.at];
        let mut pairs = change.before.iter().zip(now);
        let same_edges = change.before.len() == now.len()
            && pairs.all(|(a, b)| strata::same_edges(a.reads(), b.reads()));
        if !same_edges {
            of_kind.strata = None;
        }
        of_kind
    }
}
