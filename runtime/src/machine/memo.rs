//! Ticks are incremental: a stratum does not derive again what it derived in the last tick.
//!
//! A stratum is a function of the rows it reads and of those its relations begin with. When one has
//! run without trouble, the state of all these relations is noted, and while it may hold, the rows of
//! its transient relations are not forgotten at the tick's end. In the next tick, then:
//!
//! - nothing it reads has changed: it does not run;
//! - rows were added to relations that it reads positively: they are the deltas with which its
//!   incremental versions begin (semi-naive evaluation across ticks);
//! - otherwise it runs from the start. Where all its relations are tables, whose rows stay, a change
//!   to a relation that it reads positively is never worse than all rows of that relation being new.
//!
//! An increment that meets a conflict or a row error is taken back, and the stratum runs from the
//! start, so that reports are the same either way. Programs that call `now`, `random` or `fresh_id`
//! run everything from the start.

use std::sync::Arc;

use bloom_plan::plan::RelationId;

use crate::deferred::Change;
use crate::relation::Since;

use super::Machine;

/// How what a stratum reads compares with when it last ran.
pub(super) enum Standing {
    Same,
    /// New rows: of which relations, and from which number on.
    Grown(Vec<(RelationId, usize)>),
    Other,
}

impl Machine {
    /// Begins a tick: forgets transient rows, but for those of strata that may turn out the same,
    /// and makes the changes that the last tick deferred.
    pub fn begin_tick(&mut self, changes: &[(RelationId, Change)]) {
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        for (id, _) in changes {
            self.expect_rows(*id);
        }
        for &id in &schedule.transient {
            let kept = schedule.head_of[id.0 as usize].is_some_and(|s| self.seen[s].is_some());
            if !kept {
                self.relation(id).clear();
            }
        }
        for (id, change) in changes {
            change.apply(self.relation(*id));
        }
        for relation in &mut self.relations {
            relation.begin_tick();
        }
    }

    /// Rows come into a relation from elsewhere: if it is transient, its stratum starts afresh.
    pub(super) fn expect_rows(&mut self, id: RelationId) {
        let schedule = self.program.schedule();
        if let Some(stratum) = schedule.head_of[id.0 as usize]
            && schedule.transient.contains(&id)
        {
            self.forget_stratum(stratum);
        }
    }

    /// Forgets what is noted of a stratum, and with it the rows of its transient relations.
    pub(super) fn forget_stratum(&mut self, stratum: usize) {
        if self.seen[stratum].take().is_none() {
            return;
        }
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        for &id in &schedule.heads[stratum] {
            if schedule.transient.contains(&id) {
                let relation = self.relation(id);
                relation.clear();
                relation.begin_here();
            }
        }
    }

    /// Forgets what is noted of all strata.
    pub fn forget_strata(&mut self) {
        for stratum in 0..self.seen.len() {
            self.forget_stratum(stratum);
        }
    }

    pub(super) fn standing(&self, stratum: usize) -> Standing {
        let Some(seen) = &self.seen[stratum] else {
            return Standing::Other;
        };
        let schedule = self.program.schedule();
        let mut deltas = Vec::new();
        for (&id, &then) in schedule.reads[stratum].iter().zip(seen) {
            let is_head = schedule.head_of[id.0 as usize] == Some(stratum);
            let may_grow = schedule.growable[stratum].contains(&id);
            match self.relations[id.0 as usize].since(then) {
                Since::Same => {}
                Since::Grown { from } if may_grow => deltas.push((id, from)),
                Since::Rewritten if may_grow && !is_head && schedule.cumulative[stratum] => {
                    deltas.push((id, 0));
                }
                Since::Grown { .. } | Since::Rewritten => return Standing::Other,
            }
        }
        if deltas.is_empty() {
            Standing::Same
        } else {
            Standing::Grown(deltas)
        }
    }

    /// Derives what follows from new rows; takes it back and says so if something goes wrong.
    pub(super) fn run_increment(&mut self, stratum: usize, deltas: &[(RelationId, usize)]) -> bool {
        let program = Arc::clone(&self.program);
        let versions = &program.plan().strata[stratum];
        let heads = &program.schedule().heads[stratum];
        for &id in heads {
            self.relation(id).begin_stratum();
        }
        for &(id, from) in deltas {
            self.relation(id).set_delta(from);
        }
        self.run_on_deltas(&versions.incremental);
        self.run_on_deltas(&versions.recursive);
        for &(id, _) in deltas {
            self.relation(id).clear_delta();
        }
        let mut fine = true;
        loop {
            let before = self.stats.merged;
            for &id in heads {
                let merged = self.relations[id.0 as usize].merge();
                self.stats.merged += merged.rows as u64;
                fine &= merged.clashes.is_empty();
            }
            fine &= self.failures.is_empty();
            let goes_on = self.count_iteration(before, &versions.recursive);
            if !goes_on || !fine || !self.run_on_deltas(&versions.recursive) {
                break;
            }
        }
        for &id in heads {
            let relation = self.relation(id);
            if fine {
                relation.end_stratum();
            } else {
                relation.undo_stratum();
            }
        }
        if !fine {
            self.failures.clear();
        }
        fine
    }

    /// Whether a transient relation of the stratum, which is about to run, has rows from elsewhere.
    pub(super) fn has_other_rows(&self, stratum: usize) -> bool {
        let schedule = self.program.schedule();
        let mut transient = schedule.heads[stratum]
            .iter()
            .filter(|id| schedule.transient.contains(id));
        transient.any(|id| !self.relations[id.0 as usize].is_empty())
    }

    /// Notes what a stratum that has run without trouble has read.
    pub(super) fn note(&mut self, stratum: usize) {
        let schedule = self.program.schedule();
        if !schedule.deterministic || self.first_tick && schedule.bootstraps[stratum] {
            return;
        }
        let reads = schedule.reads[stratum].iter();
        let stamps = reads.map(|id| self.relations[id.0 as usize].stamp());
        self.seen[stratum] = Some(stamps.collect());
    }

    /// Takes the tick back: transient relations are empty, the others as they were at its start.
    pub fn undo_tick(&mut self) {
        for relation in &mut self.relations {
            relation.undo_tick();
        }
        self.seen.iter_mut().for_each(|seen| *seen = None);
        let program = Arc::clone(&self.program);
        for &id in &program.schedule().transient {
            self.relation(id).clear();
        }
        self.clear_derived();
    }
}
