//! Upkeep by counting (Gupta, Mumick & Subrahmanian 1993): a row of a relation that does not depend
//! on itself is there as long as it has derivations, so it suffices to know how many.
//!
//! Each version of `changes` is run on what went (its derivations go) and on what came. It reads the
//! literals before its own as they are now and those after it as they were, so that all versions
//! together count every derivation that came or went once, whatever changed at once; derivations
//! that mix new rows with old ones are counted once each way. Group-bys keep their groups, and a
//! group's row is one derivation.

use std::sync::Arc;

use bloom_plan::plan::{AggregateId, RelationId, VersionId};

use crate::aggregate::Turn;
use crate::schedule::Target;

use super::{Machine, Mode, Trouble};

impl Machine {
    /// Derives the stratum's relation from the start, counting. False if something goes wrong, which
    /// it then says nothing about.
    pub(super) fn count_all(&mut self, stratum: usize) -> bool {
        let program = Arc::clone(&self.program);
        let versions = &program.plan().strata[stratum].counting;
        for id in self.aggregates_of(versions) {
            self.kept[id.0 as usize].clear();
        }
        let head = program.schedule().heads[stratum][0];
        self.start_count(head);
        self.relation(head).forget();
        self.sign = 1;
        self.run_all(versions);
        self.finish_count(stratum, head)
    }

    /// Counts what came and went. False if something goes wrong.
    pub(super) fn count_changes(&mut self, stratum: usize) -> bool {
        let program = Arc::clone(&self.program);
        let head = program.schedule().heads[stratum][0];
        self.start_count(head);
        for &id in &program.plan().strata[stratum].changes {
            let version = &program.plan().versions[id.0 as usize];
            let read = version.delta.expect("a version of changes begins with one");
            if self.relations[read.0 as usize].is_unchanged() {
                continue;
            }
            match version.negated {
                Some(index) => {
                    let (left, came) = self.turned(index);
                    self.run_signed(id, read, &left, 1);
                    self.run_signed(id, read, &came, -1);
                }
                None => {
                    self.relation(read).set_delta_went();
                    self.run_with_sign(id, read, -1);
                    self.relation(read).set_delta_came();
                    self.run_with_sign(id, read, 1);
                }
            }
        }
        self.finish_count(stratum, head)
    }

    fn start_count(&mut self, head: RelationId) {
        let stride = self.relations[head.0 as usize].shape().stride;
        self.tally.start(stride);
        self.touch(head);
        self.mode = Mode::Count;
    }

    fn run_signed(&mut self, version: VersionId, read: RelationId, rows: &[u64], sign: i64) {
        self.relation(read).set_delta_rows(rows);
        self.run_with_sign(version, read, sign);
    }

    fn run_with_sign(&mut self, version: VersionId, read: RelationId, sign: i64) {
        if !self.relations[read.0 as usize].delta().is_empty() && self.is_due(version) {
            self.sign = sign;
            self.run(version);
        }
        self.relation(read).clear_delta();
    }

    fn aggregates_of(&self, versions: &[VersionId]) -> Vec<AggregateId> {
        let targets = &self.program.schedule().targets;
        let groups = versions.iter().filter_map(|v| match targets[v.0 as usize] {
            Target::Groups(aggregate) => Some(aggregate),
            Target::Rows { .. } => None,
        });
        groups.collect()
    }

    /// Makes the counted changes.
    fn finish_count(&mut self, stratum: usize, head: RelationId) -> bool {
        self.mode = Mode::Merge;
        let program = Arc::clone(&self.program);
        for id in self.aggregates_of(&program.plan().strata[stratum].counting) {
            let aggregate = &program.plan().aggregates[id.0 as usize];
            let turns = self.kept[id.0 as usize].turns(aggregate, &mut self.context);
            let Ok(turns) = turns else {
                self.attempt = Trouble::default();
                return false;
            };
            for Turn { before, after } in turns {
                before.iter().for_each(|row| self.tally.add(row, -1));
                after.iter().for_each(|row| self.tally.add(row, 1));
            }
        }
        if !self.attempt.is_empty() {
            self.attempt = Trouble::default();
            return false;
        }
        let before = self.stats.merged;
        let fine = self.settle_count(head);
        self.count_iteration(before, &[]);
        fine
    }

    /// Brings the relation's counts up to date: first rows go, then others come. False if two rows
    /// would have one key.
    fn settle_count(&mut self, head: RelationId) -> bool {
        let relation = &mut self.relations[head.0 as usize];
        let mut gone = Vec::new();
        for (row, net) in self.tally.iter().filter(|(_, net)| *net < 0) {
            let number = relation.find(row);
            let number = number.expect("a row that loses derivations is there");
            let same = relation.shape().same_plain(relation.row(number), row);
            assert!(same, "a row that loses derivations is the one with its key");
            let left = relation.count(number).checked_sub(net.unsigned_abs());
            let left = left.expect("a row loses no more derivations than it has");
            relation.set_count(number, left);
            if left == 0 {
                gone.push(number);
            }
        }
        gone.sort_unstable();
        for number in gone.into_iter().rev() {
            relation.take_out(number);
        }
        relation.begin_stratum();
        for (row, net) in self.tally.iter().filter(|(_, net)| *net > 0) {
            match relation.find(row) {
                None => {
                    relation.insert_counted(row, net as u64);
                    self.stats.merged += 1;
                }
                Some(number) if relation.shape().same_plain(relation.row(number), row) => {
                    let count = relation.count(number) + net as u64;
                    relation.set_count(number, count);
                }
                Some(_) => return false,
            }
        }
        true
    }
}
