//! The rows of one relation on one node.
//!
//! Semi-naive evaluation (Bancilhon & Ramakrishnan 1986) needs three parts: `total`, all rows merged
//! so far; `delta`, those that the last iteration added or whose lattice columns it made grow; `new`,
//! what the running iteration has derived. `total` contains `delta`: as a run at its end where rows are
//! only ever added, as copies where lattices grow. `new` becomes visible only by [`Relation::merge`], so
//! that iterations are synchronous and slices of `total` and `delta` that generated code holds stay where
//! they are. New keys are in the one table of keys from the start, with the numbers that their rows get.
//!
//! Invariants: `total` has one row a key; rows from the mark on were merged in this stratum, rows
//! before it are there whatever this stratum does; everything since the tick began can be undone.

mod derive;
mod index;
mod lists;
mod shape;
mod table;
mod undo;

use std::collections::BTreeSet;
use std::ops::Range;

use bloom_plan::plan;

use derive::New;
use index::Index;
pub use index::IndexPlace;
pub use shape::Shape;
use table::NumberTable;
use undo::Mark;

/// Where a row is from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Origin(u32);

impl Origin {
    pub const ARRIVAL: Origin = Origin(u32::MAX);
    pub const EARLIER: Origin = Origin(u32::MAX - 1);

    pub fn version(version: plan::VersionId) -> Origin {
        Origin(version.0)
    }

    /// The version that derived the row; none for the constants.
    pub fn as_version(self) -> Option<plan::VersionId> {
        (self < Origin::EARLIER).then_some(plan::VersionId(self.0))
    }
}

/// A state of a relation, to be compared with a later one.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    generation: u64,
    rows: usize,
}

/// What became of a relation since a stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    Same,
    /// Rows were added, from this number on.
    Grown {
        from: usize,
    },
    Rewritten,
}

/// Unequal rows for one key, with where they are from.
#[derive(Debug)]
pub struct Clash {
    pub claims: Vec<(Vec<u64>, Origin)>,
    /// Whether all of them are of this tick: then none merges.
    pub poisons: bool,
}

/// What a merge did.
#[derive(Debug, Default)]
pub struct Merged {
    /// Rows added or grown.
    pub rows: usize,
    pub clashes: Vec<Clash>,
}

#[derive(Debug)]
pub struct Relation {
    shape: Shape,
    total: Vec<u64>,
    /// Numbers of all rows, and those that rows of `new` are going to have.
    keys: NumberTable,
    indexes: Vec<Index>,
    /// Numbers of the rows of the delta, if no lattice can grow.
    delta: Range<usize>,
    /// The rows of the delta, otherwise.
    grown: Vec<u64>,
    new: New,
    /// Keys of which no new row merges in this tick.
    poisoned: BTreeSet<Vec<u64>>,
    /// Where the rows from the mark on are from; kept only if rows can conflict.
    origins: Vec<Origin>,
    /// State at the tick's and at the stratum's start.
    tick: Mark,
    stratum: Mark,
    /// Counts changes of `total`: equal generations mean equal rows.
    generation: u64,
    /// The generation of the last change that did more than add rows at the end.
    rewritten: u64,
    /// Overwritten lattice columns: row number, then one word a lattice column.
    log: Vec<u64>,
}

impl Relation {
    pub fn new(shape: Shape) -> Relation {
        Relation {
            shape,
            total: Vec::new(),
            keys: NumberTable::default(),
            indexes: Vec::new(),
            delta: 0..0,
            grown: Vec::new(),
            new: New::default(),
            poisoned: BTreeSet::new(),
            origins: Vec::new(),
            tick: Mark::default(),
            stratum: Mark::default(),
            log: Vec::new(),
            generation: 0,
            rewritten: 0,
        }
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub fn len(&self) -> usize {
        self.total.len() / self.shape.stride
    }

    pub fn is_empty(&self) -> bool {
        self.total.is_empty()
    }

    pub fn row(&self, number: u32) -> &[u64] {
        row_at(&self.total, self.shape.stride, number)
    }

    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.total.chunks_exact(self.shape.stride)
    }

    /// `total` as words.
    pub fn total(&self) -> &[u64] {
        &self.total
    }

    /// `delta` as words.
    pub fn delta(&self) -> &[u64] {
        if self.shape.lattices.is_empty() {
            let stride = self.shape.stride;
            &self.total[self.delta.start * stride..self.delta.end * stride]
        } else {
            &self.grown
        }
    }

    /// The present state, for [`Relation::since`].
    pub fn stamp(&self) -> Stamp {
        Stamp {
            generation: self.generation,
            rows: self.len(),
        }
    }

    /// What has happened since then.
    pub fn since(&self, then: Stamp) -> Since {
        if self.generation == then.generation {
            Since::Same
        } else if self.rewritten <= then.generation {
            Since::Grown { from: then.rows }
        } else {
            Since::Rewritten
        }
    }

    fn rewrite(&mut self) {
        self.generation += 1;
        self.rewritten = self.generation;
    }

    /// Makes the rows from this one on the delta.
    pub fn set_delta(&mut self, from: usize) {
        self.clear_delta();
        if self.shape.lattices.is_empty() {
            self.delta = from..self.len();
        } else {
            let rows = &self.total[from * self.shape.stride..];
            self.grown.extend_from_slice(rows);
        }
    }

    /// Ends a fixpoint.
    pub fn end_stratum(&mut self) {
        assert!(self.new.is_empty(), "a fixpoint leaves nothing new");
        self.clear_delta();
    }

    pub fn clear_delta(&mut self) {
        self.delta = 0..0;
        self.grown.clear();
    }

    /// The number of the row with the same key.
    pub fn find(&self, row: &[u64]) -> Option<u32> {
        let number = self.find_hashed(self.shape.key_hash(row), row)?;
        ((number as usize) < self.len()).then_some(number)
    }

    /// The number that the row with the same key has or is going to have.
    #[inline]
    fn find_hashed(&self, hash: u64, row: &[u64]) -> Option<u32> {
        self.keys
            .find(hash, |n| self.shape.same_key(self.row_or_new(n), row))
    }

    /// A row of `total`, or one of `new` by the number that it is going to have.
    #[inline]
    fn row_or_new(&self, number: u32) -> &[u64] {
        let stride = self.shape.stride;
        let start = number as usize * stride;
        match start.checked_sub(self.total.len()) {
            None => &self.total[start..start + stride],
            Some(start) => &self.new.rows[start..start + stride],
        }
    }

    /// Adds a row whose key is not there.
    pub fn insert(&mut self, row: &[u64]) {
        debug_assert!(self.new.is_empty(), "what is derived is merged first");
        let number = u32::try_from(self.len()).expect("below 2^32 rows a relation");
        self.generation += 1;
        self.total.extend_from_slice(row);
        self.keys.insert(self.shape.key_hash(row), number);
        for index in &mut self.indexes {
            index.insert(row, number);
        }
    }

    /// Removes a row; the last one takes its number.
    pub fn remove(&mut self, number: u32) {
        debug_assert!(self.new.is_empty(), "what is derived is merged first");
        self.rewrite();
        let Relation {
            shape,
            total,
            keys,
            indexes,
            ..
        } = self;
        let stride = shape.stride;
        let last = (total.len() / stride - 1) as u32;
        let row = row_at(total, stride, number);
        keys.remove(shape.key_hash(row), number);
        for index in &mut *indexes {
            index.remove(row, number);
        }
        let from = last as usize * stride;
        if number != last {
            let row = row_at(total, stride, last);
            keys.renumber(shape.key_hash(row), last, number);
            for index in indexes {
                index.renumber(row, last, number);
            }
            total.copy_within(from.., number as usize * stride);
        }
        total.truncate(from);
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.clear_delta();
        if self.total.is_empty() {
            return;
        }
        self.rewrite();
        self.total.clear();
        self.keys.clear();
        for index in &mut self.indexes {
            index.clear();
        }
    }

    /// No new row of the key merges until the tick ends.
    pub fn poison(&mut self, key: Vec<u64>) {
        self.poisoned.insert(key);
    }
}

fn row_at(rows: &[u64], stride: usize, number: u32) -> &[u64] {
    let start = number as usize * stride;
    &rows[start..start + stride]
}

#[cfg(test)]
mod tests;
