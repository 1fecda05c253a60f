//! The rows of one relation on one node.
//!
//! Semi-naive evaluation (Bancilhon & Ramakrishnan 1986) needs three parts: `total`, all rows merged
//! so far; `delta`, a copy of those that the last iteration added or whose lattice columns it made
//! grow; `new`, what the running iteration has derived. `total` contains `delta`; `new` becomes
//! visible only by [`Relation::merge`], so that iterations are synchronous and slices of `total` and
//! `delta` that generated code holds stay where they are.
//!
//! Invariants: `total` has one row a key; rows from the mark on were merged in this stratum, rows
//! before it are there whatever this stratum does; everything since the tick began can be undone.

mod index;
mod shape;
mod undo;

use std::collections::BTreeSet;

use bloom_plan::plan::{self, RowError};
use hashbrown::HashTable;

use crate::context::Context;
use crate::rows::clear_table;

use index::Index;
pub use index::IndexPlace;
pub use shape::Shape;
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

/// What derivations of the running iteration gave.
#[derive(Debug, Default)]
struct New {
    rows: Vec<u64>,
    origins: Vec<Origin>,
    hashes: Vec<u64>,
    table: HashTable<u32>,
}

/// What a merge did.
#[derive(Debug, Default)]
pub struct Merged {
    /// Rows added or grown.
    pub rows: usize,
    pub clashes: Vec<Clash>,
    /// Rows whose join failed, which it left out.
    pub failures: Vec<(Vec<u64>, Origin, RowError)>,
}

#[derive(Debug)]
pub struct Relation {
    shape: Shape,
    total: Vec<u64>,
    primary: HashTable<u32>,
    indexes: Vec<Index>,
    delta: Vec<u64>,
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
            primary: HashTable::new(),
            indexes: Vec::new(),
            delta: Vec::new(),
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
        &self.delta
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
        self.delta.clear();
        let rows = &self.total[from * self.shape.stride..];
        self.delta.extend_from_slice(rows);
    }

    /// Ends a fixpoint.
    pub fn end_stratum(&mut self) {
        assert!(self.new.origins.is_empty(), "a fixpoint leaves nothing new");
        self.delta.clear();
    }

    pub fn clear_delta(&mut self) {
        self.delta.clear();
    }

    /// The number of the row with the same key.
    pub fn find(&self, row: &[u64]) -> Option<u32> {
        self.find_hashed(self.shape.key_hash(row), row)
    }

    fn find_hashed(&self, hash: u64, row: &[u64]) -> Option<u32> {
        let same = |&n: &u32| self.shape.same_key(self.row(n), row);
        self.primary.find(hash, same).copied()
    }

    /// Takes a derived row into `new`, unless `total` has it already.
    pub fn emit(
        &mut self,
        context: &mut Context,
        row: &[u64],
        origin: Origin,
    ) -> Result<(), RowError> {
        let hash = self.shape.key_hash(row);
        if !self.poisoned.is_empty() && self.poisoned.contains(&self.shape.key_of(row)) {
            return Ok(());
        }
        if let Some(number) = self.find_hashed(hash, row)
            && self.covers(context, number, row)?
        {
            return Ok(());
        }
        let stride = self.shape.stride;
        let New {
            rows,
            origins,
            hashes,
            table,
        } = &mut self.new;
        let shape = &self.shape;
        let found = table.find(hash, |&n| {
            let there = row_at(rows, stride, n);
            shape.same_key(there, row) && shape.same_plain(there, row)
        });
        if let Some(&number) = found {
            let start = number as usize * stride;
            let origin_there = &mut origins[number as usize];
            *origin_there = origin.min(*origin_there);
            return shape
                .join(context, &mut rows[start..start + stride], row)
                .map(|_| ());
        }
        let number = u32::try_from(origins.len()).expect("below 2^32 rows a relation");
        rows.extend_from_slice(row);
        origins.push(origin);
        hashes.push(hash);
        table.insert_unique(hash, number, |&n| hashes[n as usize]);
        Ok(())
    }

    /// Whether merging the row would leave the row with its key as it is.
    fn covers(&self, context: &mut Context, number: u32, row: &[u64]) -> Result<bool, RowError> {
        let there = self.row(number);
        if !self.shape.same_plain(there, row) {
            return Ok(false);
        }
        for &(column, ty) in &self.shape.lattices {
            if context.join(ty, there[column], row[column])? != there[column] {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Moves `new` into `total`; what changed becomes `delta`.
    pub fn merge(&mut self, context: &mut Context) -> Merged {
        let mut merged = Merged::default();
        self.delta.clear();
        if self.new.origins.is_empty() {
            return merged;
        }
        let mut new = std::mem::take(&mut self.new);
        // Of a relation of keys only, `new` has nothing that `total` has.
        let keys_only = self.shape.plain.is_empty() && self.shape.lattices.is_empty();
        for (place, row) in new.rows.chunks_exact(self.shape.stride).enumerate() {
            let (hash, origin) = (new.hashes[place], new.origins[place]);
            let found = match keys_only {
                true => None,
                false => self.find_hashed(hash, row),
            };
            match found {
                None => {
                    self.insert_hashed(hash, row);
                    self.track(origin);
                    self.delta.extend_from_slice(row);
                    merged.rows += 1;
                }
                Some(number) if self.shape.same_plain(self.row(number), row) => {
                    match self.grow(context, number, row) {
                        Ok(grown) => merged.rows += usize::from(grown),
                        Err(error) => merged.failures.push((row.to_vec(), origin, error)),
                    }
                }
                Some(number) => {
                    let there = (self.row(number).to_vec(), self.origin_of(number));
                    merged.clashes.push(Clash {
                        poisons: there.1 != Origin::EARLIER,
                        claims: vec![there, (row.to_vec(), origin)],
                    });
                }
            }
        }
        new.rows.clear();
        new.origins.clear();
        new.hashes.clear();
        clear_table(&mut new.table);
        self.new = new;
        merged
    }

    /// Joins the row's lattice columns into those of the row with its key.
    fn grow(&mut self, context: &mut Context, number: u32, row: &[u64]) -> Result<bool, RowError> {
        let mut grown = self.row(number).to_vec();
        if !self.shape.join(context, &mut grown, row)? {
            return Ok(false);
        }
        self.remember(number);
        self.rewrite();
        let start = number as usize * self.shape.stride;
        self.total[start..start + self.shape.stride].copy_from_slice(&grown);
        self.delta.extend_from_slice(&grown);
        Ok(true)
    }

    /// Adds a row whose key is not there.
    pub fn insert(&mut self, row: &[u64]) {
        self.insert_hashed(self.shape.key_hash(row), row);
    }

    fn insert_hashed(&mut self, hash: u64, row: &[u64]) {
        let number = u32::try_from(self.len()).expect("below 2^32 rows a relation");
        self.generation += 1;
        self.total.extend_from_slice(row);
        let (shape, total) = (&self.shape, &self.total);
        self.primary.insert_unique(hash, number, |&n| {
            shape.key_hash(row_at(total, shape.stride, n))
        });
        for index in &mut self.indexes {
            index.insert(total, shape.stride, number);
        }
    }

    /// Removes a row; the last one takes its number.
    pub fn remove(&mut self, number: u32) {
        let last = (self.len() - 1) as u32;
        self.rewrite();
        self.unlink(number);
        if number != last {
            self.unlink(last);
            let stride = self.shape.stride;
            let from = last as usize * stride;
            self.total
                .copy_within(from..from + stride, number as usize * stride);
        }
        self.total.truncate(last as usize * self.shape.stride);
        if number != last {
            self.link(number);
        }
    }

    fn unlink(&mut self, number: u32) {
        let row = row_at(&self.total, self.shape.stride, number);
        let hash = self.shape.key_hash(row);
        if let Ok(entry) = self.primary.find_entry(hash, |&n| n == number) {
            entry.remove();
        }
        for index in &mut self.indexes {
            index.remove(&self.total, self.shape.stride, number);
        }
    }

    fn link(&mut self, number: u32) {
        let (shape, total) = (&self.shape, &self.total);
        let hash = shape.key_hash(row_at(total, shape.stride, number));
        self.primary.insert_unique(hash, number, |&n| {
            shape.key_hash(row_at(total, shape.stride, n))
        });
        for index in &mut self.indexes {
            index.insert(total, shape.stride, number);
        }
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.delta.clear();
        if self.total.is_empty() {
            return;
        }
        self.rewrite();
        self.total.clear();
        clear_table(&mut self.primary);
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
