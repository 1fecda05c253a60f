//! Another order of joins, once relations are of other sizes than the plan is good for.
//!
//! A stratum is looked at when it is about to run from the start and before each iteration; so a plan that
//! turns out to be bad in the middle of a fixpoint is given up there. Versions keep their numbers and results
//! are sets, so nothing that has been derived depends on which plan derived it. What is decided depends on
//! the state alone. A relation that the stratum has yet to fill says nothing by being empty: were it taken for
//! small, a product with it would look cheap. It is expected to become as large as the largest that the stratum
//! reads.

use std::cell::RefCell;
use std::sync::Arc;

use bloom_plan::plan::{Extent, Op, RelationId, Stratum, VersionId};
use bloom_plan::statistics::Statistics;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::planner::Planner;
use crate::program::Program;
use crate::relation::Relation;

use super::Machine;

/// What of a stratum can be evaluated in more than one order.
#[derive(Debug, Default)]
pub(super) struct Choices {
    versions: Vec<VersionId>,
    /// What they read, with the rows that the present order is good for.
    reads: Vec<(RelationId, u64)>,
}

/// Who plans anew, and what.
#[derive(Debug)]
pub(super) struct Replanning {
    planner: Arc<dyn Planner>,
    /// By stratum; last, the closing versions.
    choices: Vec<Choices>,
}

impl Replanning {
    pub(super) fn new(planner: Arc<dyn Planner>, program: &Program) -> Replanning {
        let plan = program.plan();
        let strata = plan.strata.iter().map(versions_of);
        let closing = std::iter::once(plan.closing.clone());
        let choices = strata.chain(closing);
        Replanning {
            planner,
            choices: choices.map(|all| Choices::new(program, all)).collect(),
        }
    }
}

impl Choices {
    fn new(program: &Program, mut versions: Vec<VersionId>) -> Choices {
        versions.sort_unstable();
        versions.dedup();
        versions.retain(|&version| has_choice(program, version));
        let plan = program.plan();
        let nests = versions
            .iter()
            .map(|v| plan.versions[v.0 as usize].nest.iter());
        let reads = nests.flatten().filter_map(|op| op.read(plan));
        let mut reads: Vec<(RelationId, u64)> = reads.map(|id| (id, 0)).collect();
        reads.sort_unstable();
        reads.dedup();
        Choices { versions, reads }
    }
}

/// Versions that run when a stratum does. Those that look for a row's support must not go through all rows, so
/// they stay as they are.
fn versions_of(stratum: &Stratum) -> Vec<VersionId> {
    let lists = [
        &stratum.initial,
        &stratum.recursive,
        &stratum.incremental,
        &stratum.events,
        &stratum.gains,
        &stratum.counting,
        &stratum.changes,
    ];
    lists.into_iter().flatten().copied().collect()
}

/// Whether two operators at least that find rows could change places.
fn has_choice(program: &Program, version: VersionId) -> bool {
    let nest = &program.plan().versions[version.0 as usize].nest;
    let finds = |op: &&Op| {
        matches!(
            op,
            Op::Scan {
                part: Extent::Total | Extent::Before,
                ..
            } | Op::Probe { .. }
                | Op::Exists { negated: false, .. }
                | Op::Each { .. }
                | Op::Range { .. }
        )
    };
    nest.iter().filter(finds).nth(1).is_some()
}

/// What the machine knows of its relations before it runs a stratum.
struct Sizes<'m> {
    relations: &'m [Relation],
    /// What the stratum merges into, in order.
    heads: &'m [RelationId],
    /// How many rows are expected of heads that have none yet.
    expected: u64,
    /// What was counted already: each order of joins that is looked at asks for much of the same.
    counted: RefCell<HashMap<(RelationId, Vec<u32>), u64, FxBuildHasher>>,
}

impl<'m> Sizes<'m> {
    /// `reads`: what the versions read that are planned, also those that run in every tick.
    fn new(
        relations: &'m [Relation],
        heads: &'m [RelationId],
        reads: &[(RelationId, u64)],
    ) -> Sizes<'m> {
        let rows = |(id, _): &(RelationId, u64)| relations[id.0 as usize].len() as u64;
        Sizes {
            relations,
            heads,
            expected: reads.iter().map(rows).max().unwrap_or_default(),
            counted: RefCell::default(),
        }
    }

    fn is_to_come(&self, relation: RelationId) -> bool {
        self.relations[relation.0 as usize].is_empty()
            && self.heads.binary_search(&relation).is_ok()
    }
}

impl Statistics for Sizes<'_> {
    fn rows(&self, relation: RelationId) -> u64 {
        match self.is_to_come(relation) {
            true => self.expected,
            false => self.relations[relation.0 as usize].len() as u64,
        }
    }

    fn distinct(&self, relation: RelationId, columns: &[u32]) -> u64 {
        let there = &self.relations[relation.0 as usize];
        if !self.is_to_come(relation) {
            let mut counted = self.counted.borrow_mut();
            let counted = counted.entry((relation, columns.to_vec()));
            return *counted.or_insert_with(|| there.count_distinct(columns));
        }
        // As if each column had values of its own, and all columns as many.
        let share = columns.len() as f64 / there.shape().types.len().max(1) as f64;
        (self.expected as f64).powf(share).round() as u64
    }
}

impl Machine {
    /// From now on plans are made anew where that helps.
    pub fn lend_planner(&mut self, planner: Arc<dyn Planner>) {
        self.replanning = Some(Replanning::new(planner, &self.program));
    }

    /// Makes a stratum's plan good for what its relations hold now; past the last stratum, that of the closing
    /// versions.
    #[inline]
    pub(super) fn replan(&mut self, stratum: usize) {
        if self.replanning.is_some() {
            self.replan_where_stale(stratum);
        }
    }

    fn replan_where_stale(&mut self, stratum: usize) {
        let Some(replanning) = &mut self.replanning else {
            return;
        };
        let choices = &mut replanning.choices[stratum];
        let relations = &self.relations;
        let schedule = self.program.schedule();
        let planner = &replanning.planner;
        let is_stale = |&(id, planned): &(RelationId, u64)| {
            let now = relations[id.0 as usize].len() as u64;
            // What lives for one tick may be back in the next.
            let gone = now < planned && schedule.is_fleeting(id);
            !gone && planner.is_stale(planned, now)
        };
        if !choices.reads.iter().any(is_stale) {
            return;
        }
        for (id, planned) in &mut choices.reads {
            let now = relations[id.0 as usize].len() as u64;
            *planned = match schedule.is_fleeting(*id) {
                true => now.max(*planned),
                false => now,
            };
        }
        let plan = self.program.plan();
        let heads = schedule.heads.get(stratum).map_or(&[][..], Vec::as_slice);
        let sizes = Sizes::new(relations, heads, &choices.reads);
        let replanned = planner.replan(plan, &choices.versions, &sizes);
        if let Some((plan, patch)) = replanned
            // Memory that cannot be made executable is no reason to stop: the old plan is as right.
            && let Ok(code) = self.context.code().patched(&patch)
        {
            self.adopt(self.program.with_plan(plan, code));
        }
    }

    /// Who makes plans and code, if there is somebody.
    pub(super) fn planner(&self) -> Option<Arc<dyn Planner>> {
        self.replanning.as_ref().map(|r| Arc::clone(&r.planner))
    }

    /// Goes on with another plan.
    fn adopt(&mut self, program: Arc<Program>) {
        self.stats.replanned += 1;
        self.context.adopt(program.plan(), program.code());
        let spare = self.relations.iter_mut().map(Relation::take_indexes);
        let mut spare: Vec<_> = spare.collect();
        self.indexes = super::place_indexes(&program, &mut self.relations, &mut spare);
        if let Some(profile) = &mut self.profile {
            profile.follow_indexes(self.indexes.len());
        }
        self.program = program;
    }
}

#[cfg(test)]
mod tests {
    use bloom_plan::plan::RelationId;
    use bloom_plan::statistics::Statistics;

    use super::Sizes;
    use crate::relation::tests::relation;

    #[test]
    fn what_is_to_come_is_not_taken_for_small() {
        let ids = [0, 1, 2].map(RelationId);
        let mut relations = ids.map(|_| relation("kk").1);
        let reads = ids.map(|id| (id, 0));
        (0..100).for_each(|n| relations[0].insert(&[n, 7]));
        let sizes = Sizes::new(&relations, &ids[1..2], &reads);
        assert_eq!(ids.map(|id| sizes.rows(id)), [100, 100, 0]);
        assert_eq!(ids.map(|id| sizes.distinct(id, &[0])), [100, 10, 0]);
        assert_eq!(sizes.distinct(ids[1], &[0, 1]), 100);
        relations[1].insert(&[1, 1]);
        let sizes = Sizes::new(&relations, &ids[1..2], &reads);
        assert_eq!(sizes.rows(ids[1]), 1);
    }
}
