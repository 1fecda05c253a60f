//! A large program planned by several threads, each some of the strata: their versions depend on no others.
//!
//! A planner numbers indexes, aggregates and versions as it first meets them. What another has planned of later strata is
//! put behind with its numbers changed to those that one planner would have given, so the plan does not depend on
//! how many there are.

use std::num::NonZeroUsize;

use bloom_plan::plan::{AggregateId, IndexId, Op, RuleId, Stratum, Version, VersionId};
use bloom_stdx::by_threads;

use super::Planner;

/// Rules below which another thread is not worth starting.
const RULES_MIN: usize = 500;

/// Plans strata, given by their rules, with planners that know nothing yet.
pub(super) fn plan<'p>(
    strata: &[Vec<RuleId>],
    threads: NonZeroUsize,
    planner: impl Fn() -> Planner<'p> + Sync,
) -> (Planner<'p>, Vec<Stratum>) {
    let plan = |strata: &[Vec<RuleId>]| {
        let mut planner = planner();
        let planned = strata.iter().map(|rules| planner.stratum(rules));
        let planned: Vec<Stratum> = planned.collect();
        (planner, planned)
    };
    let mut done = by_threads(shares(strata, threads), plan).into_iter();
    let (mut planner, mut planned) = done.next().unwrap_or_else(|| (planner(), Vec::new()));
    for (other, strata) in done {
        planned.extend(planner.append(other, strata));
    }
    (planner, planned)
}

/// Strata in their order, in shares of about as many rules.
fn shares(strata: &[Vec<RuleId>], threads: NonZeroUsize) -> Vec<&[Vec<RuleId>]> {
    let rules: usize = strata.iter().map(Vec::len).sum();
    let share = rules.div_ceil(threads.get()).max(RULES_MIN);
    let (mut shares, mut rest) = (Vec::new(), strata);
    while !rest.is_empty() {
        let mut taken = 0;
        let end = rest.iter().position(|rules| {
            taken += rules.len();
            taken >= share
        });
        let (own, others) = rest.split_at(end.map_or(rest.len(), |last| last + 1));
        shares.push(own);
        rest = others;
    }
    shares
}

/// The numbers that what a planner has made gets behind what another has.
struct Numbers {
    /// By index.
    indexes: Vec<IndexId>,
    aggregates: u32,
    versions: u32,
}

impl Planner<'_> {
    /// Takes over what another has planned, of rules that are not known here; its strata.
    fn append(&mut self, other: Self, strata: Vec<Stratum>) -> Vec<Stratum> {
        let numbers = Numbers {
            aggregates: self.aggregates.len() as u32,
            versions: self.versions.len() as u32,
            indexes: self.indexes.append(other.indexes),
        };
        self.aggregates.extend(other.aggregates);
        let aggregates = other.aggregate_of.into_iter();
        let aggregates = aggregates.map(|(rule, AggregateId(own))| {
            let number = AggregateId(own + numbers.aggregates);
            (rule, number)
        });
        self.aggregate_of.extend(aggregates);
        let versions = other.versions.into_iter();
        self.versions
            .extend(versions.map(|version| numbers.version(version)));
        for (rule, own) in other.of_rule {
            let own = own.into_iter().map(|id| numbers.version_id(id)).collect();
            self.of_rule.insert(rule, own);
        }
        let strata = strata.into_iter();
        strata.map(|stratum| numbers.stratum(stratum)).collect()
    }
}

impl Numbers {
    fn index(&self, id: IndexId) -> IndexId {
        self.indexes[id.0 as usize]
    }

    fn version_id(&self, id: VersionId) -> VersionId {
        VersionId(id.0 + self.versions)
    }

    fn version(&self, mut version: Version) -> Version {
        version.negated = version.negated.map(|id| self.index(id));
        for op in &mut version.nest {
            match op {
                Op::Probe { index, .. } | Op::Exists { index, .. } => *index = self.index(*index),
                Op::Accumulate { aggregate, .. } => aggregate.0 += self.aggregates,
                Op::Scan { .. }
                | Op::Each { .. }
                | Op::Range { .. }
                | Op::Let { .. }
                | Op::Filter { .. }
                | Op::Emit { .. } => {}
            }
        }
        version
    }

    fn stratum(&self, mut stratum: Stratum) -> Stratum {
        let Stratum {
            upkeep: _,
            initial,
            recursive,
            incremental,
            events,
            gains,
            losses,
            support,
            counting,
            changes,
        } = &mut stratum;
        let all = [
            initial,
            recursive,
            incremental,
            events,
            gains,
            losses,
            support,
            counting,
            changes,
        ];
        for id in all.into_iter().flatten() {
            *id = self.version_id(*id);
        }
        stratum
    }
}
