//! Arrivals without a table of keys.
//!
//! Of a relation that only takes in what arrives, and that nobody looks into by its whole rows, the table of keys would
//! serve to leave out rows that arrive twice, and nothing else. That all rows are different is found sooner: they come in
//! ascending order, or a filter of one hash (Bloom 1970) tells nearly all of them apart, and the few others are compared
//! with those before. Where it is not so, or more rows follow, the table is filled after all.
//!
//! Invariant: either all rows are in the table of keys or none is, and only arrivals ever are in none.

use crate::rows::{each_row, row_hash, rows_in};

use super::Relation;

/// More rows are told apart by a table.
const SIEVED_ROWS_MAX: usize = 1 << 10;
/// So many rows are compared with all before them.
const COMPARED_MAX: usize = 32;

/// Tells few rows apart, by a word of marks for each.
#[derive(Debug, Default)]
pub struct Sieve {
    marks: Vec<u64>,
}

impl Sieve {
    /// Whether no two of these rows are the same, in the sense of `same`; none if that takes too long to tell. Rows that
    /// are the same have the same hash.
    #[inline]
    pub fn are_apart(
        &mut self,
        rows: &[u64],
        stride: usize,
        hash: impl Fn(&[u64]) -> u64,
        same: impl Fn(&[u64], &[u64]) -> bool,
    ) -> Option<bool> {
        let count = rows_in(rows.len(), stride);
        if count > SIEVED_ROWS_MAX {
            return None;
        }
        let words = count.next_power_of_two();
        self.marks.clear();
        self.marks.resize(words, 0);
        let bits = words * u64::BITS as usize;
        let shift = u64::BITS - bits.trailing_zeros();
        let mut compared = 0;
        for (place, row) in each_row(rows, stride).enumerate() {
            let at = (hash(row) >> shift) as usize;
            let mark = &mut self.marks[at / u64::BITS as usize];
            let bit = 1 << (at % u64::BITS as usize);
            if *mark & bit != 0 {
                compared += 1;
                if compared > COMPARED_MAX {
                    return None;
                }
                if each_row(&rows[..place * stride], stride).any(|before| same(before, row)) {
                    return Some(false);
                }
            }
            *mark |= bit;
        }
        Some(true)
    }
}

impl Relation {
    /// Nobody looks for its rows by their keys, unless an index is added that does.
    pub fn never_find(&mut self) {
        self.unfound = self.shape.prefix == Some(self.shape.stride);
    }

    /// Somebody does.
    pub(super) fn find_from_now(&mut self) {
        self.unfound = false;
        self.key_all();
    }

    /// Takes rows, the first ones, into `new` without their keys; false if they may not all be different.
    #[inline]
    pub(super) fn take_unkeyed(&mut self, rows: &[u64]) -> bool {
        if !self.unfound || !self.total.is_empty() || !self.new.is_empty() {
            return false;
        }
        if rows.len() > self.shape.stride && !self.are_different(rows) {
            return false;
        }
        self.new.rows.extend_from_slice(rows);
        self.unkeyed = true;
        true
    }

    fn are_different(&mut self, rows: &[u64]) -> bool {
        match self.shape.stride {
            1 => are_different::<1>(&mut self.sieve, rows),
            2 => are_different::<2>(&mut self.sieve, rows),
            3 => are_different::<3>(&mut self.sieve, rows),
            4 => are_different::<4>(&mut self.sieve, rows),
            _ => false,
        }
    }

    /// Puts the keys of all rows into the table, if they are not there.
    #[inline]
    pub(super) fn key_all(&mut self) {
        if self.unkeyed {
            self.key_rows();
        }
    }

    #[cold]
    fn key_rows(&mut self) {
        self.unkeyed = false;
        let stride = self.shape.stride;
        let rows = each_row(&self.total, stride).chain(each_row(&self.new.rows, stride));
        for (number, row) in (0..).zip(rows) {
            self.keys.insert(self.shape.key_hash(row), number);
        }
    }
}

/// Whether no two rows of `N` columns are equal, as far as that is soon told.
fn are_different<const N: usize>(sieve: &mut Sieve, rows: &[u64]) -> bool {
    let (each, _) = rows.as_chunks::<N>();
    if each.is_sorted_by(|a, b| a < b) {
        return true;
    }
    let hash = |row: &[u64]| row.first_chunk().map_or(0, row_hash::<N>);
    sieve.are_apart(rows, N, hash, |a, b| a == b) == Some(true)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use bloom_stdx::random::Random;

    use super::{SIEVED_ROWS_MAX, Sieve, are_different};
    use crate::relation::Origin;
    use crate::relation::tests::relation;
    use crate::rows::hash;

    /// Random rows, of few values and of many, against a set.
    #[test]
    fn rows_are_told_apart_as_by_a_set() {
        let mut random = Random::new(1);
        let mut sieve = Sieve::default();
        let mut told = [0; 2];
        for count in (0..400).chain([SIEVED_ROWS_MAX, 2 * SIEVED_ROWS_MAX]) {
            for values in [3, 40, 5000, 1 << 40] {
                let rows: Vec<u64> = (0..2 * count)
                    .map(|_| random.below(values) as u64)
                    .collect();
                let set: HashSet<&[u64]> = rows.chunks_exact(2).collect();
                let apart = set.len() == count;
                let said = sieve.are_apart(&rows, 2, |r| hash(r.iter().copied()), |a, b| a == b);
                assert!(said.is_none_or(|said| said == apart));
                assert!(!are_different::<2>(&mut sieve, &rows) || apart);
                told[usize::from(apart)] += usize::from(said.is_some());
            }
        }
        assert!(told.iter().all(|&times| times > 100), "{told:?}");
    }

    /// Ticks of random arrivals, in one batch or several, some taken back, with and without a table of keys.
    #[test]
    fn arrivals_are_the_same_with_keys_and_without() {
        let mut random = Random::new(2);
        let (mut unkeyed_ticks, mut clashes) = (0, Vec::new());
        let (mut context, mut keyed) = relation("kk");
        let (_, mut unfound) = relation("kk");
        unfound.never_find();
        for _ in 0..2000 {
            for relation in [&mut keyed, &mut unfound] {
                relation.open_tick();
                relation.expire();
                relation.begin_tick();
            }
            for _ in 0..1 + random.below(3) {
                let values = [4, 100, 1 << 30][random.below(3)];
                let mut rows: Vec<[u64; 2]> = (0..random.below(30))
                    .map(|_| [random.below(values), random.below(values)].map(|n| n as u64))
                    .collect();
                if random.below(2) == 0 {
                    rows.sort_unstable();
                }
                let undone = random.below(10) == 0;
                for relation in [&mut keyed, &mut unfound] {
                    let rows = rows.as_flattened();
                    relation.emit_batch(&mut context, rows, Origin::ARRIVAL, &mut Vec::new());
                    if undone {
                        relation.undo_stratum();
                    } else {
                        relation.merge(None, &mut clashes);
                    }
                }
            }
            assert_eq!(unfound.total(), keyed.total());
            assert_eq!(unfound.change(), keyed.change());
            unkeyed_ticks += usize::from(unfound.unkeyed);
            if random.below(50) == 0 && !unfound.is_empty() {
                for relation in [&mut keyed, &mut unfound] {
                    relation.remove(0);
                }
                assert_eq!(unfound.total(), keyed.total());
            }
        }
        assert!((200..1800).contains(&unkeyed_ticks), "{unkeyed_ticks}");
        unfound.find_from_now();
        for row in keyed.rows() {
            assert_eq!(unfound.find(row), keyed.find(row));
        }
    }

    /// Hashes that tell nothing: it is given up, not slow.
    #[test]
    fn rows_that_hash_alike_are_left_to_a_table() {
        let rows: Vec<u64> = (0..500).collect();
        let mut sieve = Sieve::default();
        assert_eq!(sieve.are_apart(&rows, 1, |_| 0, |a, b| a == b), None);
        assert!(are_different::<1>(&mut sieve, &rows), "they ascend");
    }
}
