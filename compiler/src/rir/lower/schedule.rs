//! The order of rules: the strata of the analysis, and between them what lowering has added.
//!
//! A rule that serves another's `not` is evaluated just before the stratum of that one: what it reads
//! is complete by then. Facts that the compiler adds come first.

use std::collections::BTreeMap;

use bloom_plan::plan::RuleId;

use super::Lowering;
use crate::hir;
use crate::syntax::ast::Arrow;

/// When a rule is evaluated; in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Slot {
    stage: Stage,
    /// Comes before the rules of the stage that it serves.
    is_served: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Facts,
    Stratum(u32),
    Closing,
}

impl Slot {
    /// Of a fact of the compiler's own.
    pub const FACT: Slot = Slot {
        stage: Stage::Facts,
        is_served: true,
    };

    /// Of a rule of the source.
    pub fn of(cx: &Lowering<'_>, rule: &hir::Rule) -> Self {
        let stage = match rule.arrow {
            Arrow::Merge => Stage::Stratum(cx.analysis.strata[rule.head.collection]),
            Arrow::DeferredMerge | Arrow::DeferredDelete | Arrow::Upsert | Arrow::AsyncMerge => {
                Stage::Closing
            }
        };
        Slot {
            stage,
            is_served: true,
        }
    }

    /// Of what a rule with this slot needs complete.
    pub fn before(self) -> Self {
        Slot {
            is_served: false,
            ..self
        }
    }
}

/// The rules by stratum, in order of evaluation, and those at the end; each in the order of rules.
pub(super) fn schedule(slots: &[Slot]) -> (Vec<Vec<RuleId>>, Vec<RuleId>) {
    let mut by_slot: BTreeMap<Slot, Vec<RuleId>> = BTreeMap::new();
    for (number, &slot) in slots.iter().enumerate() {
        let rule = RuleId(number as u32);
        by_slot.entry(slot).or_default().push(rule);
    }
    let closing = Slot {
        stage: Stage::Closing,
        is_served: true,
    };
    let closing = by_slot.remove(&closing).unwrap_or_default();
    (by_slot.into_values().collect(), closing)
}
