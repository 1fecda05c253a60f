//! Going back to an earlier state of a node: what the explorer of schedules does after every tick.
//!
//! A snapshot is what of a node's state bears on its later ticks, as words: rows of relations that
//! stay, arrivals of `immutable` relations, what the last tick left for the next, timers, and the
//! state of the random numbers. Rows stand in the order of their words, so two snapshots of one node
//! are equal exactly if the node would go on alike from both. The tick's number is not among it.
//!
//! Handles in a snapshot are those of the node's own store. So a snapshot is good for its own node
//! only, and once one is taken the node reclaims no value.

use std::sync::Arc;

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_stdx::random::Random;

use crate::api::ErrorRow;
use crate::relation::Relation;
use crate::rows::each_row;

use super::Node;

/// A state of one node.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Snapshot {
    /// Sections end to end, each with its length before it: the clockwork, then the lasting
    /// relations, then histories, in the order of the plan; then deferred changes and loopbacks.
    words: Box<[u64]>,
    /// Errors that rules have not seen.
    errors: Vec<ErrorRow>,
}

impl Node {
    /// The present state. Between ticks.
    pub fn snapshot(&mut self) -> Snapshot {
        self.pinned = true;
        let mut words = Vec::with_capacity(64);
        words.push(u64::from(self.tick == 0));
        words.push(self.machine.context.random().state());
        words.extend(self.timers.iter().flat_map(|timer| timer.state()));
        for &id in &self.machine.program.schedule().lasting {
            write_rows(&self.machine.relations[id], &mut words);
        }
        for history in self.history.iter().flatten() {
            write_rows(history, &mut words);
        }
        words.push(self.next.changes.len() as u64);
        for (id, change) in self.next.changes.iter() {
            words.push(u64::from(id.0));
            let relation = &self.machine.relations[id.0 as usize];
            let stride = relation.shape().stride;
            write_sorted(change.gone(relation), stride, &mut words);
            write_sorted(change.came(stride), stride, &mut words);
        }
        let looped = self.next.left.loopback.iter().flat_map(|(id, rows)| {
            let stride = self.machine.relations[id.0 as usize].shape().stride;
            each_row(rows, stride).map(|row| (*id, row))
        });
        let mut looped: Vec<(RelationId, &[u64])> = looped.collect();
        looped.sort_unstable();
        for (id, row) in looped {
            words.push(u64::from(id.0));
            words.extend_from_slice(row);
        }
        Snapshot {
            words: words.into(),
            errors: self.next.left.errors.clone(),
        }
    }

    /// Goes back to a state that this node was in.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        let mut words = Reader(&snapshot.words);
        let fresh = words.word() == 1;
        if fresh != (self.tick == 0) {
            // Rules of the first tick make its strata other functions than those of later ones.
            self.machine.forget_strata();
            self.machine.first_tick = fresh;
            self.tick = u64::from(!fresh);
        }
        self.machine.context.set_random(Random::new(words.word()));
        for timer in &mut self.timers {
            timer.set_state([words.word(), words.word()]);
        }
        let program = Arc::clone(&self.machine.program);
        self.machine.touch_all();
        for &id in &program.schedule().lasting {
            read_rows(&mut self.machine.relations[id], &mut words);
        }
        for history in self.history.iter_mut().flatten() {
            read_rows(history, &mut words);
        }
        let changes = words.word();
        self.next.changes.clear();
        for _ in 0..changes {
            let id = RelationId(words.word() as u32);
            let (gone, came) = (words.section(), words.section());
            let relation = &self.machine.relations[id.0 as usize];
            self.next.changes.begin(id).set(relation, gone, came);
        }
        self.next.left.loopback.clear();
        while !words.0.is_empty() {
            let id = RelationId(words.word() as u32);
            let stride = self.machine.relations[id.0 as usize].shape().stride;
            let rows = self.next.left.loopback.last_of(id);
            rows.extend_from_slice(words.take(stride));
        }
        self.next.left.errors.clone_from(&snapshot.errors);
        // What the last tick deferred may never have been made.
        self.machine.all_looked_at_again = true;
    }

    /// Takes away what the last tick sent over loopbacks, for a driver that will feed it later.
    pub fn take_loopback(&mut self) -> Vec<(RelationId, Row)> {
        let looped = std::mem::take(&mut self.next.left.loopback);
        let mut rows = Vec::new();
        for (id, words) in looped.iter() {
            let shape = self.machine.relations[id.0 as usize].shape();
            let each = each_row(words, shape.stride);
            rows.extend(each.map(|row| (*id, self.values(&shape.types, row))));
        }
        rows
    }
}

fn write_rows(relation: &Relation, words: &mut Vec<u64>) {
    write_sorted(relation.rows(), relation.shape().stride, words);
}

/// Writes a section of rows in the order of their words.
fn write_sorted<'a>(rows: impl Iterator<Item = &'a [u64]>, stride: usize, words: &mut Vec<u64>) {
    let mut rows: Vec<&[u64]> = rows.collect();
    rows.sort_unstable();
    words.push((rows.len() * stride) as u64);
    words.extend(rows.into_iter().flatten());
}

/// Makes a relation hold a section's rows. One that does already is left as it is, so that strata
/// that read only such relations need not run again.
fn read_rows(relation: &mut Relation, words: &mut Reader<'_>) {
    let section = words.section();
    let stride = relation.shape().stride;
    let has = |row| relation.find(row).is_some_and(|n| relation.row(n) == row);
    if section.len() == relation.total().len() && section.chunks_exact(stride).all(has) {
        return;
    }
    relation.clear();
    for row in section.chunks_exact(stride) {
        relation.insert(row);
    }
}

/// What has not been read yet.
struct Reader<'a>(&'a [u64]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u64] {
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn word(&mut self) -> u64 {
        self.take(1)[0]
    }

    fn section(&mut self) -> &'a [u64] {
        let length = self.word() as usize;
        self.take(length)
    }
}
