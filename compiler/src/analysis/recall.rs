//! What one analysis leaves for the next of nearly the same program, so that a rule which nobody
//! changed is not analysed again.
//!
//! An order, readings and possible key conflicts follow from the rule, its types, what is declared and
//! how functions grow and fail; so they are recalled if the rule is the very one of before and the rest is
//! equal. Strata follow from all rules together and are made each time.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Growth, RuleAnalysis, SpecAnalysis};
use crate::base::Diagnostic;
use crate::hir::{FunctionId, Rule};
use crate::typing::BodyTypes;
use bloom_stdx::arena::Arena;

/// What is known of a program from when it was last analysed.
#[derive(Debug, Default)]
pub struct Recall {
    declared: Option<Declared>,
    rules: FxHashMap<Key, OfRule>,
    /// How many rules the last analysis analysed, rather than recalled.
    pub analyzed: usize,
}

/// What follows from declarations.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Of the declarations' types, and how many instances and lattices of their own there were.
    pub generation: (u64, usize, usize),
    pub growth: Arena<FunctionId, Vec<Growth>>,
    pub fallible: Vec<bool>,
    /// What is said of functions.
    pub of_growth: Vec<Diagnostic>,
    pub specs: Vec<SpecAnalysis>,
    /// What is said of specs, constants and laws.
    pub of_rest: Vec<Diagnostic>,
}

/// By kind of node and the addresses of the rule and its types.
type Key = (usize, usize, usize);

/// What follows from a rule by itself.
#[derive(Clone, Debug)]
pub(super) struct OfRule {
    /// Kept, so that their addresses are their own.
    pub _of: (Arc<Rule>, Arc<BodyTypes>),
    pub analysis: RuleAnalysis,
    pub conflict: Option<Diagnostic>,
}

/// The recall of one analysis: what was, and what is.
pub(super) struct Recalled {
    before: FxHashMap<Key, OfRule>,
    now: FxHashMap<Key, OfRule>,
    analyzed: usize,
}

impl Recall {
    /// What was found of the same declarations.
    pub(super) fn declared(&self, generation: (u64, usize, usize)) -> Option<Declared> {
        let declared = self.declared.as_ref();
        declared
            .filter(|known| known.generation == generation)
            .cloned()
    }

    /// Begins an analysis under these declarations.
    pub(super) fn begin(&mut self, declared: &Declared) -> Recalled {
        let same = self.declared.take().is_some_and(|known| {
            known.generation.0 == declared.generation.0
                && known.growth == declared.growth
                && known.fallible == declared.fallible
        });
        let mut before = std::mem::take(&mut self.rules);
        if !same {
            before.clear();
        }
        Recalled {
            before,
            now: FxHashMap::default(),
            analyzed: 0,
        }
    }

    pub(super) fn end(&mut self, declared: Declared, recalled: Recalled) {
        self.declared = Some(declared);
        self.rules = recalled.now;
        self.analyzed = recalled.analyzed;
    }
}

impl Recalled {
    /// What is known of the rule, or what `analyze` finds.
    pub fn rule(
        &mut self,
        kind: usize,
        rule: &Arc<Rule>,
        types: &Arc<BodyTypes>,
        analyze: impl FnOnce() -> OfRule,
    ) -> &OfRule {
        let key = (kind, Arc::as_ptr(rule).addr(), Arc::as_ptr(types).addr());
        let known = self.before.remove(&key).unwrap_or_else(|| {
            self.analyzed += 1;
            analyze()
        });
        self.now.entry(key).or_insert(known)
    }
}
