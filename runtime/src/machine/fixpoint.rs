//! The fixpoint of a stratum, from its start.
//!
//! Iterations are synchronous, so the set of rows that an iteration derives does not depend on the
//! order of versions. When two unequal rows of this tick claim one key, the stratum goes back to its
//! start with that key poisoned, and runs again without it; so what follows from a row in conflict
//! does not happen either, however it was found out. Poisoned keys only become more, so this ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use bloom_plan::plan::{RelationId, Upkeep, VersionId};

use crate::bounds::{Bounds, RULES_NAMED_MAX, Reason, Stopped};
use crate::profile::Place;
use crate::program::Program;
use crate::relation::Clash;

use super::memo::Seen;
use super::{Machine, Trouble};

impl Machine {
    /// Runs a stratum to its fixpoint.
    pub fn run_stratum(&mut self, number: usize) {
        // What is kept of closing rules is of use from the second tick on.
        if self.program.schedule().keeps[number] && self.first_tick {
            return;
        }
        let outer = self.enter(Place::Stratum(number as u32));
        self.stratum = number;
        self.replan(number);
        if self.program.plan().strata[number].upkeep == Upkeep::Flow {
            self.run_flow(number);
        } else if !self.follow(number) && self.stopped.is_none() {
            self.run_anew(number);
        }
        self.due[number] = false;
        self.leave(outer);
    }

    fn run_anew(&mut self, number: usize) {
        self.forget_stratum(number);
        let program = Arc::clone(&self.program);
        let stratum = &program.plan().strata[number];
        let heads = &program.schedule().heads[number];
        let mut smooth = !self.has_other_rows(number);
        for &id in heads {
            self.relation(id).begin_stratum();
        }
        // Rules of the first tick alone are not counted.
        let bootstraps = self.first_tick && program.schedule().bootstraps[number];
        if self.wanted[number] && smooth && !bootstraps {
            if stratum.upkeep == Upkeep::Counting {
                if self.count_all(number) {
                    return self.note(number, Seen::Counted);
                }
                heads.iter().for_each(|&id| self.relation(id).forget());
            }
            self.stamp_rows(number);
        }
        loop {
            self.run_all(&stratum.initial);
            if self.iterate(&program, number) {
                break;
            }
            smooth = false;
        }
        for &id in heads {
            self.relation(id).end_stratum();
        }
        if smooth && self.attempt.is_empty() {
            self.note(number, Seen::Whole);
        }
        self.commit();
    }

    /// Merges and derives until nothing new comes; false if the stratum must start over.
    pub(super) fn iterate(&mut self, program: &Program, stratum: usize) -> bool {
        let recursive = &program.plan().strata[stratum].recursive[..];
        let heads = &program.schedule().heads[stratum];
        loop {
            let merged = self.stats.merged;
            self.advance_clock(heads);
            let poisoned = self.merge_all(heads);
            let goes_on = self.count_iteration(merged, recursive);
            if poisoned && goes_on {
                return false;
            }
            if goes_on {
                self.replan(stratum);
            }
            if !goes_on || recursive.is_empty() || !self.run_on_merged(recursive) {
                return true;
            }
        }
    }

    /// Counts an iteration that began with so many rows merged; false if the tick is to be given up.
    #[inline]
    pub(super) fn count_iteration(&mut self, merged_before: u64, recursive: &[VersionId]) -> bool {
        self.stats.iterations += 1;
        self.watch.count(1, self.stats.merged - merged_before);
        let is_bounded = self.bounds != Bounds::default();
        !(is_bounded || self.watch.is_stopped()) || self.is_within_bounds(recursive)
    }

    fn is_within_bounds(&mut self, recursive: &[VersionId]) -> bool {
        let beyond = |max: Option<u64>, used: u64| max.filter(|&max| used > max);
        let reason = if self.watch.is_stopped() {
            Reason::Asked
        } else if let Some(max) = beyond(self.bounds.iterations_max, self.stats.iterations) {
            Reason::Iterations(max)
        } else if let Some(max) = beyond(self.bounds.rows_max, self.stats.merged) {
            Reason::Rows(max)
        } else {
            let used = self.context.store.contents_bytes();
            match beyond(self.bounds.contents_max, used) {
                Some(max) => Reason::Contents(max),
                None => return true,
            }
        };
        let plan = self.program.plan();
        let mut rules = BTreeSet::new();
        for version in recursive.iter().map(|v| &plan.versions[v.0 as usize]) {
            let delta = version
                .delta
                .map(|id| self.relations[id.0 as usize].delta());
            if delta.is_some_and(|delta| !delta.is_empty()) {
                rules.insert(plan.rules[version.rule.0 as usize].at.clone());
            }
        }
        // A fixpoint that is about to end is not cut short.
        if reason == Reason::Asked && rules.is_empty() {
            return true;
        }
        self.stopped = Some(Stopped {
            reason,
            iterations: self.stats.iterations,
            rows: self.stats.merged,
            other_rules: rules.len().saturating_sub(RULES_NAMED_MAX),
            rules: rules.into_iter().take(RULES_NAMED_MAX).collect(),
        });
        false
    }

    /// Merges what was derived into a relation; how many rows came or have grown. Clashes go to `clashing`.
    #[inline]
    pub(super) fn merge_one(&mut self, id: RelationId) -> usize {
        if !self.relations[id.0 as usize].has_new() {
            self.relation(id).clear_delta();
            return 0;
        }
        self.touch(id);
        let outer = self.enter(Place::Merge(id));
        let crew = self.crew.as_deref().filter(|crew| crew.size() > 1);
        let merged = self.relations[id.0 as usize].merge(crew, &mut self.clashing);
        self.leave(outer);
        merged
    }

    /// Merges what was derived into the relations. Where rows of this tick conflict, poisons their
    /// keys, takes everything since the stratum's start back, and says so.
    pub(super) fn merge_all(&mut self, heads: &[RelationId]) -> bool {
        let mut poison = Vec::new();
        for &id in heads {
            self.stats.merged += self.merge_one(id) as u64;
            if !self.clashing.is_empty() {
                self.part_clashes(id, &mut poison);
            }
        }
        if poison.is_empty() {
            return false;
        }
        self.poison(heads, poison);
        true
    }

    /// Tells clashes with what was there before from those of this tick's rows.
    #[cold]
    fn part_clashes(&mut self, id: RelationId, poison: &mut Vec<(RelationId, Clash)>) {
        for clash in std::mem::take(&mut self.clashing) {
            self.note_clash(&clash);
            match clash.poisons {
                true => poison.push((id, clash)),
                false => {
                    let key = self.key_of_clash(id, &clash);
                    self.attempt.conflicts.add(id, key, clash);
                }
            }
        }
    }

    #[cold]
    fn poison(&mut self, heads: &[RelationId], poison: Vec<(RelationId, Clash)>) {
        for &id in heads {
            self.relation(id).undo_stratum();
        }
        self.attempt = Trouble::default();
        for (id, clash) in poison {
            let key = self.key_of_clash(id, &clash);
            self.relation(id).poison(key.clone());
            self.trouble.conflicts.add(id, key, clash);
        }
    }

    fn key_of_clash(&self, id: RelationId, clash: &Clash) -> Vec<u64> {
        let shape = self.relations[id.0 as usize].shape();
        shape.key_of(&clash.claims[0].0)
    }
}
