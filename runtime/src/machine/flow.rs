//! Upkeep of strata whose relations keep their rows, or live for one tick: nothing that they hold has
//! to go because something else did.
//!
//! Rules that read what lives for one tick run in every tick, from those rows. Of the others, only new
//! matches matter: by rows that came, and by rows that went for a `not`. And what was deleted from a
//! relation, or made way for another row, comes back if a rule still derives it.
//!
//! A key conflict or a row error of a rule that reads such rows is of this tick alone. One of another
//! rule would be there again in the next, so the stratum then runs from the start until it is gone.

use bloom_plan::plan::{RelationId, VersionId};

use crate::program::Program;
use crate::relation::{Change, Clash, Origin};

use super::memo::Seen;
use super::{Machine, Trouble};

impl Machine {
    /// Whether what the stratum reads has changed in known ways only; none if it has nothing to do.
    fn flow_is_due(&self, stratum: usize) -> Option<bool> {
        let schedule = self.program.schedule();
        let mut change = Change::Same;
        for &id in &schedule.reads[stratum] {
            match self.relations[id.0 as usize].change() {
                Change::Same => {}
                Change::Grown | Change::Lost if change == Change::Unknown => {}
                other => change = other,
            }
        }
        let known = self.seen[stratum] != Seen::Never && change != Change::Unknown;
        // What was deleted may still follow from what is as it was.
        let is_missing = |id: &RelationId| {
            !schedule.is_fleeting(*id) && !self.relations[id.0 as usize].gone().is_empty()
        };
        let mut events = self.program.plan().strata[stratum].events.iter();
        let is_due = !known
            || change != Change::Same
            || schedule.heads[stratum].iter().any(is_missing)
            || events.any(|&version| self.is_due(version));
        is_due.then_some(known)
    }

    pub(super) fn run_flow(&mut self, stratum: usize) {
        let Some(mut known) = self.flow_is_due(stratum) else {
            return;
        };
        let program = self.hold_program();
        let versions = &program.plan().strata[stratum];
        let heads = &program.schedule().heads[stratum];
        for &id in heads {
            self.relation(id).begin_stratum();
        }
        let mut lasting_trouble = false;
        loop {
            self.lasting_trouble = false;
            if known {
                self.run_all(&versions.events);
                self.run_changes(&program, stratum);
            } else {
                self.run_all(&versions.initial);
            }
            let done = self.iterate(&program, stratum);
            lasting_trouble |= self.lasting_trouble;
            if known && self.lasting_trouble && self.stopped.is_none() {
                for &id in heads {
                    self.relation(id).undo_stratum();
                }
                self.attempt = Trouble::default();
                known = false;
            } else if done {
                break;
            }
        }
        for &id in heads {
            self.relation(id).end_stratum();
        }
        self.seen[stratum] = Seen::Never;
        if !lasting_trouble {
            self.note(stratum, Seen::Whole);
        }
        self.commit();
        self.let_go(program);
    }

    fn run_changes(&mut self, program: &Program, stratum: usize) {
        let schedule = program.schedule();
        let versions = &program.plan().strata[stratum];
        if !schedule.deltas[stratum].is_empty() {
            let changed = |id: &RelationId| !self.relations[id.0 as usize].is_unchanged();
            let deltas = schedule.deltas[stratum].iter().copied();
            let deltas: Vec<RelationId> = deltas.filter(changed).collect();
            self.run_on_news(&deltas, versions);
        }
        self.run_gains(&versions.gains);
        if versions.support.is_empty() {
            return;
        }
        for &id in &schedule.heads[stratum] {
            if !schedule.is_fleeting(id) {
                let gone = self.relations[id.0 as usize].gone().to_vec();
                self.run_on_rows(&versions.support, id, &gone);
            }
        }
    }

    /// Notes trouble that will be there in the next tick, too.
    pub(super) fn note_failure(&mut self, version: VersionId) {
        let rule = self.program.plan().versions[version.0 as usize].rule;
        self.lasting_trouble |= !self.program.schedule().reads_events[rule.0 as usize];
    }

    pub(super) fn note_origin(&mut self, origin: Origin) {
        if let Some(version) = origin.as_version() {
            self.note_failure(version);
        }
    }

    pub(super) fn note_clash(&mut self, clash: &Clash) {
        for (_, origin) in &clash.claims {
            self.note_origin(*origin);
        }
    }
}
