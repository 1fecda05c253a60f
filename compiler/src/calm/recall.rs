//! Summaries of rules that nobody changed since they were made.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::flow::RuleSummary;
use crate::analysis::Reading;
use crate::hir::Rule;
use crate::typing::BodyTypes;

/// What is known of a program from when its rules were last summarised.
#[derive(Debug, Default)]
pub struct Recall {
    generation: u64,
    rules: FxHashMap<Key, OfRule>,
    next: FxHashMap<Key, OfRule>,
    /// How many rules were summarised, rather than recalled.
    pub summarized: usize,
}

/// By kind of node and the addresses of the rule and its types.
type Key = (usize, usize, usize);

#[derive(Debug)]
struct OfRule {
    /// Kept, so that their addresses are their own.
    _of: (Arc<Rule>, Arc<BodyTypes>),
    readings: Vec<Reading>,
    summary: Arc<RuleSummary>,
}

impl Recall {
    /// `generation` is that of the recall by which the program was typed.
    pub(super) fn begin(&mut self, generation: u64) {
        if self.generation != generation {
            self.rules.clear();
        }
        self.generation = generation;
        self.summarized = 0;
    }

    pub(super) fn end(&mut self) {
        self.rules = std::mem::take(&mut self.next);
    }

    /// The rule's summary of before, or what `summarize` makes.
    pub(super) fn rule(
        &mut self,
        kind: usize,
        rule: &Arc<Rule>,
        types: &Arc<BodyTypes>,
        readings: &[Reading],
        summarize: impl FnOnce() -> RuleSummary,
    ) -> Arc<RuleSummary> {
        let key = (kind, Arc::as_ptr(rule).addr(), Arc::as_ptr(types).addr());
        let known = self.rules.remove(&key);
        let known = known.filter(|known| known.readings == readings);
        let known = known.unwrap_or_else(|| {
            self.summarized += 1;
            OfRule {
                _of: (Arc::clone(rule), Arc::clone(types)),
                readings: readings.to_vec(),
                summary: Arc::new(summarize()),
            }
        });
        let summary = Arc::clone(&known.summary);
        self.next.insert(key, known);
        summary
    }
}
