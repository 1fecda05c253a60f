//! Sets of rows: words end to end at a fixed stride, with a hash table of row numbers.

use hashbrown::HashTable;

/// Odd, and without a pattern in its bits: those of the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
/// What the hash of no words is.
const SEED: u64 = 0x2545_f491_4f6c_dd1d;

/// A hash of words. Both ends of it are good: tables take a place from one and a tag from the other.
#[inline]
pub fn hash(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(SEED, |hash, word| {
        let product = u128::from(hash ^ word) * u128::from(MULTIPLIER);
        product as u64 ^ (product >> 64) as u64
    })
}

/// Empties a table. One that is far too large for what it held is dropped, so that a large tick
/// does not make all later ones pay for clearing its buckets.
pub fn clear_table<T>(table: &mut HashTable<T>) {
    if table.capacity() > 64 + 16 * table.len() {
        *table = HashTable::new();
    } else {
        table.clear();
    }
}

/// Rows, each once, in order of arrival.
#[derive(Debug)]
pub struct RowSet {
    stride: usize,
    rows: Vec<u64>,
    table: HashTable<u32>,
}

impl RowSet {
    /// For rows of so many words, at least one.
    pub fn new(stride: usize) -> RowSet {
        RowSet {
            stride,
            rows: Vec::new(),
            table: HashTable::new(),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u64]> {
        self.rows.chunks_exact(self.stride)
    }

    /// Adds a row; whether it was new.
    pub fn insert(&mut self, row: &[u64]) -> bool {
        let RowSet {
            stride,
            rows,
            table,
        } = self;
        let hash_of = hash(row.iter().copied());
        let at = |n: u32| n as usize * *stride..(n as usize + 1) * *stride;
        if table.find(hash_of, |&n| rows[at(n)] == *row).is_some() {
            return false;
        }
        let number = u32::try_from(rows.len() / *stride).expect("below 2^32 rows");
        rows.extend_from_slice(row);
        table.insert_unique(hash_of, number, |&n| hash(rows[at(n)].iter().copied()));
        true
    }

    pub fn clear(&mut self) {
        if !self.rows.is_empty() {
            self.rows.clear();
            clear_table(&mut self.table);
        }
    }
}
