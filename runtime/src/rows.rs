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

/// Leading bits of the hash of a key that no other key has.
pub const UNIQUE_BITS: u32 = 54;
/// The bit that is set in hashes that other keys may have, too.
pub const SHARED_HASH: u64 = 1;
/// Spreads what [`MULTIPLIER`] has mixed. Odd, and its bits are without a pattern.
const SECOND_MULTIPLIER: u64 = 0xd6e8_feb8_6659_fd93;

/// A hash of a key. Of keys of up to three words that are small numbers it is one that no other key of as many words
/// has, with trailing zeros beside its [`UNIQUE_BITS`]; any other has [`SHARED_HASH`] set.
#[inline]
pub fn key_hash(key: &[u64]) -> u64 {
    match *key {
        [a] => packed_hash([a]),
        [a, b] => packed_hash([a, b]),
        [a, b, c] => packed_hash([a, b, c]),
        _ => hash(key.iter().copied()) | SHARED_HASH,
    }
}

/// As [`key_hash`], of so many words.
#[inline]
pub fn row_hash<const N: usize>(key: &[u64; N]) -> u64 {
    key_hash(key)
}

/// Side by side the words are a number of [`UNIQUE_BITS`] if each is small, and steps that can be undone make its hash: multiplications
/// by odd numbers, and taking leading bits into trailing ones.
#[inline]
fn packed_hash<const N: usize>(words: [u64; N]) -> u64 {
    let width = UNIQUE_BITS / N as u32;
    // Numbers a little below zero are small, too.
    let least = 1 << (width / 2);
    let trailing_bits = u64::BITS - UNIQUE_BITS;
    let (mut packed, mut outside) = (0, 0);
    for word in words {
        let word = word.wrapping_add(least);
        outside |= word >> width;
        packed = packed << width | word;
    }
    if outside != 0 {
        return hash(words) | SHARED_HASH;
    }
    let once = (packed << trailing_bits).wrapping_mul(MULTIPLIER);
    let folded = once ^ (once >> 32 >> trailing_bits << trailing_bits);
    folded.wrapping_mul(SECOND_MULTIPLIER)
}

/// How many rows of so many words that is. To divide takes longer than most of what is done for a row, and rows of few
/// words are common.
#[inline]
pub fn rows_in(words: usize, stride: usize) -> usize {
    match stride {
        1 => words,
        2 => words / 2,
        3 => words / 3,
        4 => words / 4,
        _ => words / stride,
    }
}

/// Rows end to end, without a division before the first.
#[inline]
pub fn each_row(rows: &[u64], stride: usize) -> EachRow<'_> {
    EachRow { rows, stride }
}

/// See [`each_row`].
#[derive(Clone, Debug)]
pub struct EachRow<'r> {
    rows: &'r [u64],
    stride: usize,
}

impl<'r> Iterator for EachRow<'r> {
    type Item = &'r [u64];

    #[inline]
    fn next(&mut self) -> Option<&'r [u64]> {
        let (row, rest) = self.rows.split_at_checked(self.stride)?;
        self.rows = rest;
        Some(row)
    }
}

/// Adds a row. Few words are written one by one: for so few it takes longer to call what copies many.
#[inline(always)]
pub fn push_row(into: &mut Vec<u64>, row: &[u64]) {
    match *row {
        [a] => into.push(a),
        [a, b] => into.extend_from_slice(&[a, b]),
        [a, b, c] => into.extend_from_slice(&[a, b, c]),
        _ => into.extend_from_slice(row),
    }
}

/// Writes a row over another, as [`push_row`].
#[inline]
pub fn copy_row(into: &mut [u64], row: &[u64]) {
    match (&mut *into, row) {
        ([a], [b]) => *a = *b,
        ([a, b], &[c, d]) => (*a, *b) = (c, d),
        _ => into.copy_from_slice(row),
    }
}

/// Whether rows are equal, as [`push_row`].
#[inline]
pub fn same_row(a: &[u64], b: &[u64]) -> bool {
    match (a, b) {
        ([a], [b]) => a == b,
        ([a, b], [c, d]) => a == c && b == d,
        _ => a == b,
    }
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

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u64]> {
        each_row(&self.rows, self.stride)
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
