//! What a collection holds while a tick is evaluated again: its rows, the iteration in which each came, and indexes.
//!
//! Of a key there is one row at a time. Merging is the runtime's: lattice columns join, unequal plain values do not.

use rustc_hash::FxHashMap;

use crate::shape::{Shape, Words};

#[derive(Debug, Default)]
pub struct Contents {
    rows: Vec<Entry>,
    by_key: FxHashMap<Words, u32>,
    indexes: FxHashMap<Box<[u32]>, FxHashMap<Words, Vec<u32>>>,
}

#[derive(Debug)]
struct Entry {
    row: Words,
    /// The iteration in which it came; 0 if it was there before the rules ran.
    came: u32,
    /// Another row of its key has taken its place.
    gone: bool,
}

impl Contents {
    pub fn of_key(&self, shape: &Shape, row: &[u64]) -> Option<&Words> {
        let number = self.by_key.get(&shape.key(row))?;
        Some(&self.rows[*number as usize].row)
    }

    /// Puts a row in the place of the one with its key.
    pub fn put(&mut self, shape: &Shape, row: Words, came: u32) {
        let number = self.rows.len() as u32;
        let before = self.by_key.insert(shape.key(&row), number);
        if let Some(before) = before {
            self.rows[before as usize].gone = true;
        }
        for (columns, index) in &mut self.indexes {
            let key = columns.iter().map(|&c| row[c as usize]).collect();
            index.entry(key).or_default().push(number);
        }
        let gone = false;
        self.rows.push(Entry { row, came, gone });
    }

    pub fn rows(&self) -> impl Iterator<Item = &Words> {
        self.rows
            .iter()
            .filter(|entry| !entry.gone)
            .map(|entry| &entry.row)
    }

    /// The rows that came in an iteration and are there.
    pub fn came_in(&self, iteration: u32) -> impl Iterator<Item = &Words> {
        let rows = self.rows.iter().rev();
        let new = rows.take_while(move |entry| entry.came >= iteration);
        new.filter(move |entry| entry.came == iteration && !entry.gone)
            .map(|entry| &entry.row)
    }

    /// Makes an index on the columns, unless there is one.
    pub fn index(&mut self, columns: &[u32]) {
        if columns.is_empty() || self.indexes.contains_key(columns) {
            return;
        }
        let mut index: FxHashMap<Words, Vec<u32>> = FxHashMap::default();
        for (number, entry) in (0..).zip(&self.rows) {
            let key = columns.iter().map(|&c| entry.row[c as usize]).collect();
            index.entry(key).or_default().push(number);
        }
        self.indexes.insert(columns.into(), index);
    }

    /// The rows whose columns, of which there is an index, equal the key.
    pub fn probe(&self, columns: &[u32], key: &[u64]) -> Vec<&Words> {
        if columns.is_empty() {
            return self.rows().collect();
        }
        let numbers = self.indexes.get(columns).and_then(|index| index.get(key));
        let entries = numbers.into_iter().flatten();
        let entries = entries.map(|&number| &self.rows[number as usize]);
        entries
            .filter(|entry| !entry.gone)
            .map(|entry| &entry.row)
            .collect()
    }
}
