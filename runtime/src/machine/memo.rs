//! Ticks are incremental: a stratum does not derive again what it derived in the last tick.
//!
//! A stratum is a function of the rows it reads and of those its relations begin with. When one has
//! run without trouble, that is noted, and as long as it may hold, the rows that it derives are not
//! forgotten at the tick's end. In the next tick it follows what has changed of what it reads, in the
//! way its `Upkeep` says:
//!
//! - `Flow` ([`super::flow`]): its relations keep their rows, or begin empty;
//! - `Counting` ([`super::counting`]): derivations are counted. They are from the second tick on in
//!   which something has changed, so that a program of one tick does without;
//! - `Rederive` ([`super::rederive`]): rows that come are followed; where rows went, what may have lost
//!   its support goes, and what still has some comes back;
//! - `Anew`: rows that come to what is read positively are followed; else it runs from the start. The
//!   planner leaves it at that where rules ask for the time or for chance.
//!
//! What follows from rows that live for one tick costs as much as those: a relation all of whose rows
//! do is simply forgotten when the tick ends. A key conflict or a row error outside of what arrived
//! makes its stratum run from the start, in this tick and the next, so that reports are the same
//! however the state came about; and so does a relation that was changed from outside of all ticks.

use std::sync::Arc;

use bloom_plan::plan::{Extent, IndexId, RelationId, Upkeep, VersionId};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use crate::deferred::Change as Deferral;
use crate::pieces::Pieces;
use crate::relation::{Change, Relation, Stamping};

use super::{Machine, Trouble};

/// What is known of a stratum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    /// Nothing.
    Never,
    /// Its relations hold what follows from what it reads.
    Whole,
    /// And its derivations are counted.
    Counted,
}

impl Machine {
    /// Begins a tick: forgets rows that live for one, but for those of strata that follow changes,
    /// and makes the changes that the last tick deferred.
    ///
    /// All that is done to relations that neither this tick nor the last has changed is nothing.
    pub fn begin_tick(&mut self, changes: &mut Pieces<Deferral>) {
        debug_assert!(self.others_are_at_rest(), "what a tick changes is touched");
        let mut before = std::mem::take(&mut self.before);
        before.clear();
        std::mem::swap(&mut before, &mut self.moved);
        for &id in &before {
            let fleeting = self.program.schedule().is_fleeting(id);
            let relation = self.relation(id);
            relation.moved = false;
            relation.open_tick();
            if fleeting {
                relation.expire();
            }
            if relation.is_changed() {
                self.touch(id);
            }
        }
        self.forget_derived();
        for (id, _) in changes.iter() {
            self.expect_rows(*id);
        }
        for (id, change) in changes.iter_mut() {
            change.apply(self.relation(*id));
            if self.relation(*id).is_changed() {
                self.touch(*id);
            }
        }
        for &id in before.iter().chain(&self.moved) {
            self.relations[id.0 as usize].begin_tick();
        }
        self.before = before;
    }

    /// Forgets the rows of strata of which nothing is known.
    fn forget_derived(&mut self) {
        for place in 0..self.program.schedule().derived.len() {
            let (id, stratum) = self.program.schedule().derived[place];
            if self.seen[stratum] == Seen::Never {
                self.touch(id);
                self.relation(id).forget();
            }
        }
    }

    /// Ends a tick that takes effect.
    pub fn end_tick(&mut self) {
        for &id in &self.moved {
            self.relations[id.0 as usize].close_tick();
        }
    }

    /// Takes down that a relation has changed, or is about to. To be told of all that changes any.
    #[inline]
    pub fn touch(&mut self, id: RelationId) {
        if !std::mem::replace(&mut self.relations[id.0 as usize].moved, true) {
            self.moved.push(id);
            for &stratum in &self.program.schedule().followers[id.0 as usize] {
                self.due[stratum] = true;
            }
        }
    }

    /// Every relation may have changed.
    pub fn touch_all(&mut self) {
        (0..self.relations.len() as u32).for_each(|id| self.touch(RelationId(id)));
    }

    fn others_are_at_rest(&self) -> bool {
        let mut others = self.relations.iter().filter(|relation| !relation.moved);
        others.all(Relation::is_at_rest)
    }

    /// Whether a stratum may have something to do.
    #[inline]
    pub fn is_stratum_due(&self, stratum: usize) -> bool {
        self.due[stratum]
            || self.seen[stratum] == Seen::Never
            || self.program.schedule().restless[stratum]
    }

    /// Rows come into a relation from elsewhere: if it follows others, its stratum starts afresh.
    pub(super) fn expect_rows(&mut self, id: RelationId) {
        if let Some(stratum) = self.program.schedule().follows[id.0 as usize] {
            self.forget_stratum(stratum);
        }
    }

    /// Forgets what is noted of a stratum, and with it the rows that it derived.
    pub(super) fn forget_stratum(&mut self, stratum: usize) {
        if std::mem::replace(&mut self.seen[stratum], Seen::Never) == Seen::Never {
            return;
        }
        let program = Arc::clone(&self.program);
        for &(id, _) in &program.schedule().derived {
            if program.schedule().head_of[id.0 as usize] == Some(stratum) {
                self.touch(id);
                let relation = self.relation(id);
                relation.forget();
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

    /// Brings a stratum up to date. False if it has to run from the start.
    pub(super) fn follow(&mut self, stratum: usize) -> bool {
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        let seen = self.seen[stratum];
        if seen == Seen::Never {
            return false;
        }
        let (mut same, mut grown) = (true, true);
        for &id in &schedule.reads[stratum] {
            match self.relations[id.0 as usize].change() {
                Change::Same => {}
                Change::Grown => {
                    same = false;
                    grown &= schedule.growable[stratum].contains(&id);
                }
                Change::Lost => (same, grown) = (false, false),
                Change::Unknown => return false,
            }
        }
        if same {
            return true;
        }
        match program.plan().strata[stratum].upkeep {
            Upkeep::Flow => unreachable!("such a stratum runs in every tick"),
            Upkeep::Counting if seen == Seen::Counted => self.count_changes(stratum),
            Upkeep::Counting => {
                self.wanted[stratum] = true;
                false
            }
            Upkeep::Anew | Upkeep::Rederive if grown => {
                for &id in &schedule.heads[stratum] {
                    self.relation(id).begin_stratum();
                }
                self.run_increment(stratum, &schedule.deltas[stratum])
            }
            Upkeep::Rederive if self.can_rederive(stratum) => self.rederive(stratum),
            Upkeep::Rederive => {
                self.wanted[stratum] = true;
                false
            }
            Upkeep::Anew => false,
        }
    }

    /// Derives what follows from new rows, and from what is derived already; says so if something
    /// goes wrong.
    pub(super) fn run_increment(&mut self, stratum: usize, deltas: &[RelationId]) -> bool {
        let program = Arc::clone(&self.program);
        let versions = &program.plan().strata[stratum];
        let heads = &program.schedule().heads[stratum];
        self.run_on_news(deltas, versions);
        let mut fine = true;
        loop {
            let before = self.stats.merged;
            self.advance_clock(heads);
            for &id in heads {
                self.stats.merged += self.merge_one(id) as u64;
            }
            fine &= self.clashing.is_empty() && self.attempt.is_empty();
            let goes_on = self.count_iteration(before, &versions.recursive);
            if goes_on && fine {
                self.replan(stratum);
            }
            if !goes_on || !fine || !self.run_on_merged(&versions.recursive) {
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
            self.clashing.clear();
            self.attempt = Trouble::default();
        }
        fine
    }

    /// Runs the versions that begin with what came into these relations.
    pub(super) fn run_on_news(
        &mut self,
        deltas: &[RelationId],
        versions: &bloom_plan::plan::Stratum,
    ) {
        if deltas.is_empty() {
            return;
        }
        for &id in deltas {
            self.relation(id).set_delta_came();
        }
        self.run_on_deltas(&versions.incremental);
        self.run_on_deltas(&versions.recursive);
        for &id in deltas {
            self.relation(id).clear_delta();
        }
    }

    /// Runs the versions that begin with a `not`, on keys whose rows went.
    pub(super) fn run_gains(&mut self, versions: &[VersionId]) {
        if versions.is_empty() {
            return;
        }
        let program = Arc::clone(&self.program);
        for &id in versions {
            let version = &program.plan().versions[id.0 as usize];
            let read = version.delta.expect("such a version begins with one");
            let index = version.negated.expect("such a version has one");
            if !self.relations[read.0 as usize].is_unchanged() {
                let (left, _) = self.turned(index);
                self.run_on_rows(&[id], read, &left);
            }
        }
    }

    /// Runs those of the versions that begin with the relation's delta, on these rows, and those that
    /// begin with none.
    pub(super) fn run_on_rows(&mut self, versions: &[VersionId], read: RelationId, rows: &[u64]) {
        if rows.is_empty() {
            return;
        }
        let program = Arc::clone(&self.program);
        for &id in versions {
            let version = &program.plan().versions[id.0 as usize];
            let own = match version.delta {
                Some(delta) => delta == read,
                None => program.plan().rules[version.rule.0 as usize].head == read,
            };
            if own && self.is_due(id) {
                self.relation(read).set_delta_rows(rows);
                self.run(id);
                self.relation(read).clear_delta();
            }
        }
    }

    /// One row for each key of the index for which there were rows before and are none now, and one
    /// for each with which it is the other way round.
    pub(super) fn turned(&mut self, index: IndexId) -> (Vec<u64>, Vec<u64>) {
        let probed = self.indexes[index.0 as usize];
        let (id, place) = (probed.relation, probed.place);
        debug_assert_eq!(probed.part, Extent::Total, "a `not` reads what is there");
        let program = Arc::clone(&self.program);
        let columns = &program.plan().indexes[index.0 as usize].columns;
        let relation = &mut self.relations[id.0 as usize];
        let stride = relation.shape().stride;
        relation.catch_up(place, relation.len(), None);
        relation.set_delta_went();
        let mut changed = relation.delta().to_vec();
        relation.set_delta_came();
        changed.extend_from_slice(relation.delta());
        relation.clear_delta();
        let mut seen: HashSet<Vec<u64>, FxBuildHasher> = HashSet::default();
        let (mut left, mut came) = (Vec::new(), Vec::new());
        for row in changed.chunks_exact(stride) {
            let key: Vec<u64> = columns.iter().map(|&c| row[c as usize]).collect();
            if seen.contains(&key) {
                continue;
            }
            let now = relation.exists(place, &key);
            match (relation.existed(place, &key, &mut self.copies), now) {
                (true, false) => left.extend_from_slice(row),
                (false, true) => came.extend_from_slice(row),
                (true, true) | (false, false) => {}
            }
            seen.insert(key);
        }
        self.copies.clear();
        (left, came)
    }

    /// Rows that come from now on come later than those before.
    pub(super) fn advance_clock(&mut self, heads: &[RelationId]) {
        self.clock += 1;
        let now = self.clock;
        for &id in heads {
            let relation = self.relation(id);
            if relation.stamping != Stamping::Off {
                relation.stamping = Stamping::Now(now);
            }
        }
    }

    /// Whether a relation of the stratum, which is about to run, has rows from elsewhere.
    pub(super) fn has_other_rows(&self, stratum: usize) -> bool {
        let schedule = self.program.schedule();
        let mut derived = schedule.derived.iter().filter(|(_, of)| *of == stratum);
        derived.any(|(id, _)| !self.relations[id.0 as usize].is_empty())
    }

    /// Notes that a stratum has run without trouble.
    pub(super) fn note(&mut self, stratum: usize, seen: Seen) {
        let schedule = self.program.schedule();
        let anew = self.program.plan().strata[stratum].upkeep == Upkeep::Anew;
        let volatile = anew && !schedule.deterministic;
        let bootstraps = self.first_tick && schedule.bootstraps[stratum];
        if !volatile && !bootstraps {
            self.seen[stratum] = seen;
        }
    }

    /// Takes the tick back: transient relations are empty, the others as they were at its start.
    pub fn undo_tick(&mut self) {
        self.touch_all();
        let Machine {
            relations, program, ..
        } = self;
        for (id, relation) in (0..).map(RelationId).zip(relations) {
            relation.undo_tick();
            relation.disown();
            if program.schedule().is_transient(id) {
                relation.forget();
            }
        }
        self.seen.fill(Seen::Never);
        self.all_looked_at_again = true;
        self.clear_derived();
    }
}
