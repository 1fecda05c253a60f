//! How the rows of a relation are found by their keys.

use crate::rows::rows_in;

use super::shape::hash_at;
use super::table::{NumberTable, WordTable};
use super::{Relation, Shape};

impl Relation {
    /// Where to look for the key of a row: the key itself if it is a word, else its hash.
    #[inline]
    pub(super) fn address(&self, row: &[u64]) -> u64 {
        match self.words {
            Some(_) => row[0],
            None => self.shape.key_hash(row),
        }
    }

    /// The number that the row with the same key has or is going to have.
    #[inline]
    pub(super) fn find_at(&self, address: u64, row: &[u64]) -> Option<u32> {
        debug_assert!(!self.unkeyed, "rows that are looked for have keys");
        match &self.words {
            Some(words) => self.find_word(words, address),
            None => self
                .keys
                .find(address, |n| self.shape.same_key(self.row_or_new(n), row)),
        }
    }

    /// Where in memory the search begins for a key that stands in these columns of a row of another relation.
    #[inline]
    pub fn key_address(&self, row: &[u64], columns: &[usize]) -> *const u8 {
        match &self.words {
            Some(words) => words.address(row[columns[0]]),
            None => self.keys.address(hash_at(row, columns)).cast(),
        }
    }

    /// Where in memory the row is likely to stand that has such a key.
    #[inline]
    pub fn row_address(&self, row: &[u64], columns: &[usize]) -> *const u64 {
        let number = match &self.words {
            Some(words) => words.likely(row[columns[0]]),
            None => {
                let hash = hash_at(row, columns);
                self.keys.candidate(self.keys.first_slot(hash), hash)
            }
        };
        let row = number.map(|number| number as usize * self.shape.stride);
        row.map_or(std::ptr::null(), |start| {
            self.total.as_ptr().wrapping_add(start)
        })
    }

    #[inline]
    pub(super) fn find_word(&self, words: &WordTable, word: u64) -> Option<u32> {
        words.find(word, |n| self.row_or_new(n)[0] == word)
    }

    /// Makes it known that the row with this number, which comes next, has the key.
    #[inline]
    pub(super) fn add_key(&mut self, address: u64, number: u32) {
        let Relation {
            shape,
            total,
            keys,
            words,
            new,
            ..
        } = self;
        match words {
            Some(words) => words.insert(address, number, word_of(total, &new.rows, shape.stride)),
            None => keys.insert(address, number),
        }
    }

    /// Finds the key of a row, which is a word, or makes it known that the row with the next number has it.
    #[inline]
    pub(super) fn find_or_add_word(&mut self, words: &mut WordTable, word: u64) -> Option<u32> {
        let stride = self.shape.stride;
        let number = rows_in(self.total.len() + self.new.rows.len(), stride);
        let number = u32::try_from(number).expect("below 2^32 rows a relation");
        words.find_or_insert(word, number, word_of(&self.total, &self.new.rows, stride))
    }

    /// A row is about to go whose number another takes, or none.
    pub(super) fn remove_key(&mut self, address: u64, number: u32) {
        match &mut self.words {
            Some(words) => words.remove(address, number),
            None => self.keys.remove(address, number),
        }
    }

    pub(super) fn renumber_key(&mut self, address: u64, from: u32, to: u32) {
        match &mut self.words {
            Some(words) => words.renumber(address, from, to),
            None => self.keys.renumber(address, from, to),
        }
    }
}

/// Where a row has more than its key, whoever finds the key reads the row, and slots that tell keys apart would save
/// nothing.
pub fn table_of(shape: &Shape) -> NumberTable {
    match shape.is_keys_only() {
        true => NumberTable::of_keys(),
        false => NumberTable::default(),
    }
}

pub fn words_of(shape: &Shape) -> Option<WordTable> {
    (shape.prefix == Some(1) && !shape.is_keys_only()).then(WordTable::default)
}

/// The keys of rows of `total`, or of `new` by the numbers that these are going to have, where a key is the first word.
pub fn word_of(total: &[u64], new: &[u64], stride: usize) -> impl Fn(u32) -> u64 {
    move |number| {
        let start = number as usize * stride;
        match start.checked_sub(total.len()) {
            None => total[start],
            Some(start) => new[start],
        }
    }
}
