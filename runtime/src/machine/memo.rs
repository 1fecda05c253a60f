//! Strata that would derive what they derived in the last tick are not run again: a tick costs
//! nothing for what none of its changes can reach.
//!
//! A stratum is a function of the rows it reads and of those its relations begin with. So when a
//! stratum has run without trouble, the generations of all these relations are noted; while they
//! stay the same, the rows of its transient relations are not forgotten at the tick's end, and its
//! tables hold what it would merge. Programs that call `now`, `random` or `fresh_id` run everything.

use std::sync::Arc;

use bloom_plan::plan::RelationId;

use crate::deferred::Change;

use super::Machine;

impl Machine {
    /// Begins a tick: forgets transient rows, but for those of strata that may turn out the same,
    /// and makes the changes that the last tick deferred.
    pub fn begin_tick(&mut self, changes: &[(RelationId, Change)]) {
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        for (id, _) in changes {
            if schedule.transient.contains(id) {
                self.forget_stratum_of(*id);
            }
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

    /// Rows come into a relation from elsewhere: its stratum will run.
    pub(super) fn forget_stratum_of(&mut self, id: RelationId) {
        let schedule = self.program.schedule();
        if let Some(stratum) = schedule.head_of[id.0 as usize]
            && schedule.transient.contains(&id)
        {
            self.forget_stratum(stratum);
        }
    }

    /// Makes a stratum's transient relations empty for it to run.
    fn forget_stratum(&mut self, stratum: usize) {
        if self.seen[stratum].take().is_none() {
            return;
        }
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        for &id in &schedule.heads[stratum] {
            if schedule.transient.contains(&id) {
                let relation = self.relation(id);
                relation.clear();
                relation.begin_tick();
            }
        }
    }

    /// Whether a stratum would derive what is there; if not, its transient relations are empty.
    pub(super) fn is_same(&mut self, stratum: usize) -> bool {
        let Some(seen) = &self.seen[stratum] else {
            return false;
        };
        let reads = self.program.schedule().reads[stratum].iter();
        let now = reads.map(|id| self.relations[id.0 as usize].generation());
        if now.eq(seen.iter().copied()) {
            return true;
        }
        self.forget_stratum(stratum);
        false
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
    pub(super) fn note(&mut self, stratum: usize, first_tick: bool) {
        let schedule = self.program.schedule();
        if !schedule.deterministic || first_tick && schedule.bootstraps[stratum] {
            return;
        }
        let reads = schedule.reads[stratum].iter();
        let generations = reads.map(|id| self.relations[id.0 as usize].generation());
        self.seen[stratum] = Some(generations.collect());
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
