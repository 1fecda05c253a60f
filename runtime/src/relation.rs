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
//! before it are there whatever this stratum does; everything merged since the tick began can be undone.

mod changes;
mod derive;
mod growing;
mod index;
mod keys;
mod lists;
mod past;
mod postings;
mod sample;
mod shape;
mod split;
mod table;
mod undo;
mod unkeyed;
mod window;

use std::collections::BTreeSet;
use std::ops::Range;

use bloom_plan::plan;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use crate::rows::{each_row, push_row, rows_in};

pub use changes::Change;
pub use derive::BATCH_ROWS;
use derive::New;
pub use index::{Index, IndexPlace};
use keys::{table_of, words_of};
pub use past::Copies;
use past::Past;
pub use shape::Shape;
pub use split::{Parts, chunks, clear_parts};
pub use table::NumberTable;
use table::WordTable;
use undo::Mark;
pub use unkeyed::Sieve;

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

/// Unequal rows for one key, with where they are from.
#[derive(Debug)]
pub struct Clash {
    pub claims: Vec<(Vec<u64>, Origin)>,
    /// Whether all of them are of this tick: then none merges.
    pub poisons: bool,
}

#[derive(Debug)]
pub struct Relation {
    shape: Shape,
    total: Vec<u64>,
    /// Numbers of all rows, and those that rows of `new` are going to have.
    keys: NumberTable,
    /// In place of `keys`, where the key is the first column alone and there are others.
    words: Option<WordTable>,
    /// Nobody looks for rows by their keys (`unkeyed`).
    unfound: bool,
    /// No row is in `keys`.
    unkeyed: bool,
    sieve: Sieve,
    indexes: Vec<Index>,
    /// Numbers of the rows of the delta, if they stand together.
    delta: Range<usize>,
    /// The rows of the delta, otherwise.
    delta_rows: Vec<u64>,
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
    /// The generation that the last tick ended with.
    settled: u64,
    /// Overwritten lattice columns: row number, then one word a lattice column.
    log: Vec<u64>,
    /// Rows below were there at the end of the last tick.
    base: usize,
    /// Rows that were, too, and are not there any more; kept only if `watched`.
    gone: Vec<u64>,
    watched: bool,
    followed: bool,
    ignored: bool,
    /// Whether it is among those that the running tick has changed, or the last one.
    pub moved: bool,
    /// Whether rows went.
    lost: bool,
    /// Whether what was there is not known.
    unknown: bool,
    past: Option<Past>,
    /// By row: how many derivations it has, where they are counted.
    counts: Vec<u64>,
    /// By row: when it came, where that is wanted.
    stamps: Vec<u64>,
    pub stamping: Stamping,
    /// Rows do not stand in the order in which they came.
    disordered: bool,
    /// Rows that are about to go.
    pub dead: HashSet<u32, FxBuildHasher>,
    /// Only rows with a lesser stamp may support the row that is looked at.
    pub founded_below: u64,
}

/// Whether rows get a stamp when they come, and which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stamping {
    Off,
    Now(u64),
}

impl Relation {
    pub fn new(shape: Shape) -> Relation {
        Relation {
            keys: table_of(&shape),
            words: words_of(&shape),
            unfound: false,
            unkeyed: false,
            sieve: Sieve::default(),
            shape,
            total: Vec::new(),
            indexes: Vec::new(),
            delta: 0..0,
            delta_rows: Vec::new(),
            new: New::default(),
            poisoned: BTreeSet::new(),
            origins: Vec::new(),
            tick: Mark::default(),
            stratum: Mark::default(),
            log: Vec::new(),
            generation: 0,
            settled: 0,
            base: 0,
            gone: Vec::new(),
            watched: false,
            followed: false,
            ignored: false,
            moved: false,
            lost: false,
            unknown: false,
            past: None,
            counts: Vec::new(),
            stamps: Vec::new(),
            stamping: Stamping::Off,
            disordered: false,
            dead: HashSet::default(),
            founded_below: u64::MAX,
        }
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub fn len(&self) -> usize {
        rows_in(self.total.len(), self.shape.stride)
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
        if self.delta.is_empty() {
            return &self.delta_rows;
        }
        let stride = self.shape.stride;
        &self.total[self.delta.start * stride..self.delta.end * stride]
    }

    /// How many rows stand before those of the delta; all, if the delta has no place of its own.
    pub fn rows_before_delta(&self) -> usize {
        match self.delta.is_empty() {
            true => self.len(),
            false => self.delta.start,
        }
    }

    /// Ends a fixpoint.
    pub fn end_stratum(&mut self) {
        assert!(self.new.is_empty(), "a fixpoint leaves nothing new");
        self.clear_delta();
    }

    pub fn clear_delta(&mut self) {
        self.delta = 0..0;
        self.delta_rows.clear();
    }

    /// The number of the row with the same key.
    #[inline]
    pub fn find(&self, row: &[u64]) -> Option<u32> {
        let number = self.find_at(self.address(row), row)?;
        self.is_merged(number).then_some(number)
    }

    /// Whether a row stands in `total` and not in `new`. Asked of every row that is found, so without a division.
    #[inline]
    fn is_merged(&self, number: u32) -> bool {
        number as usize * self.shape.stride < self.total.len()
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

    /// Adds rows whose keys are not there, all different.
    pub fn insert_all(&mut self, rows: &[u64]) {
        for row in each_row(rows, self.shape.stride) {
            self.insert(row);
        }
    }

    /// Adds a row whose key is not there.
    pub fn insert(&mut self, row: &[u64]) {
        debug_assert!(self.new.is_empty(), "what is derived is merged first");
        self.key_all();
        let number = u32::try_from(self.len()).expect("below 2^32 rows a relation");
        self.generation += 1;
        push_row(&mut self.total, row);
        if let Stamping::Now(stamp) = self.stamping {
            self.stamps.push(stamp);
        }
        self.add_key(self.address(row), number);
    }

    /// Removes a row; the last one takes its number.
    pub fn remove(&mut self, number: u32) {
        debug_assert!(self.new.is_empty(), "what is derived is merged first");
        self.key_all();
        self.generation += 1;
        for parallel in [&mut self.counts, &mut self.stamps] {
            if (number as usize) < parallel.len() {
                parallel.swap_remove(number as usize);
            }
        }
        let stride = self.shape.stride;
        let last = (self.len() - 1) as u32;
        self.remove_key(self.address(self.row(number)), number);
        let row = row_at(&self.total, stride, number);
        for index in &mut self.indexes {
            index.remove(row, number, row_at(&self.total, stride, last), last);
        }
        let from = last as usize * stride;
        if number != last {
            self.disordered = true;
            self.renumber_key(self.address(self.row(last)), last, number);
            self.total.copy_within(from.., number as usize * stride);
        }
        self.total.truncate(from);
    }

    /// Forgets all but the rows.
    pub fn retire(&mut self) {
        self.keys = table_of(&self.shape);
        self.words = words_of(&self.shape);
        self.unkeyed = false;
        self.indexes.clear();
        self.new = New::default();
        self.delta_rows = Vec::new();
        self.gone = Vec::new();
        self.past = None;
    }

    /// Gives its rows away, after [`Relation::retire`].
    pub fn take_rows(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.total)
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.clear_delta();
        if self.total.is_empty() {
            return;
        }
        self.generation += 1;
        self.disordered = false;
        self.total.clear();
        match &mut self.words {
            Some(words) => words.clear(),
            None if self.unkeyed => self.unkeyed = false,
            None => self.keys.clear(),
        }
        self.counts.clear();
        self.stamps.clear();
        for index in &mut self.indexes {
            index.clear();
        }
    }

    /// How many derivations a row has, where they are counted.
    pub fn count(&self, number: u32) -> u64 {
        self.counts[number as usize]
    }

    pub fn set_count(&mut self, number: u32, count: u64) {
        self.counts[number as usize] = count;
    }

    /// Adds a row whose key is not there, with its derivations counted.
    pub fn insert_counted(&mut self, row: &[u64], count: u64) {
        self.insert(row);
        self.counts.push(count);
    }

    /// When a row came.
    pub fn stamp(&self, number: u32) -> u64 {
        self.stamps[number as usize]
    }

    /// Whether all rows are stamped.
    pub fn is_stamped(&self) -> bool {
        self.stamping != Stamping::Off && self.stamps.len() == self.len()
    }

    /// Stamps rows by the order in which they stand; false if that is not the one in which they came.
    pub fn stamp_by_order(&mut self) -> bool {
        if self.disordered {
            return false;
        }
        self.stamps = (0..self.len() as u64).collect();
        self.stamping = Stamping::Now(self.len() as u64);
        true
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
pub(crate) mod tests;
