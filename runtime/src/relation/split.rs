//! Rows of a set put in by several threads.
//!
//! A row's place in the table of keys begins with the leading bits of its hash, so a range of hashes is a run
//! of slots, and threads that take on different ranges write to different memory. A search that would go
//! past the end of its run, and rows that would fill a run too much, are left for the end, when one thread
//! puts in what is left. Within a range rows are put in in the order in which they are given; their numbers
//! follow when all ranges are done.

use std::sync::Mutex;

use crate::crew::Crew;
use crate::rows::key_hash;

use super::Relation;
use super::derive::BATCH_ROWS;
use super::table::{Room, Run};

/// What became of one range.
struct Range<'t> {
    run: Run<'t>,
    /// New rows in the order of the numbers they get.
    rows: Vec<u64>,
    /// Their places in the run.
    places: Vec<u32>,
    /// Rows that found no place.
    left: Vec<u64>,
}

impl Relation {
    /// Whether rows are nothing but their keys, so that threads may put them in.
    pub fn is_splittable(&self) -> bool {
        self.shape.prefix == Some(self.shape.stride) && self.poisoned.is_empty()
    }

    /// Of derived rows keeps those that are not there yet, by the leading bits of their hashes.
    pub fn keep_missing(&self, rows: &[u64], kept: &mut [Vec<u64>]) {
        let stride = self.shape.stride;
        let shift = u64::BITS - kept.len().trailing_zeros();
        for rows in rows.chunks(BATCH_ROWS * stride) {
            let mut hashes = [0; BATCH_ROWS];
            self.touch(rows, &mut hashes);
            for (row, &hash) in rows.chunks_exact(stride).zip(&hashes) {
                if self.find_at(hash, row).is_none() {
                    let range = hash.checked_shr(shift).unwrap_or(0);
                    kept[range as usize].extend_from_slice(row);
                }
            }
        }
    }

    /// Of derived rows keeps those that are not as good as in what is there.
    pub fn keep_growing(&self, rows: &[u64], kept: &mut Vec<u64>) {
        let stride = self.shape.stride;
        for rows in rows.chunks(BATCH_ROWS * stride) {
            let mut addresses = [0; BATCH_ROWS];
            self.touch(rows, &mut addresses);
            for (row, &address) in rows.chunks_exact(stride).zip(&addresses) {
                let number = self.find_at(address, row);
                let there = number.filter(|&number| self.is_merged(number));
                let says_nothing = there.is_some_and(|number| {
                    let there = self.row(number);
                    self.shape.same_plain(there, row) && self.shape.absorbs(there, row)
                });
                if !says_nothing {
                    kept.extend_from_slice(row);
                }
            }
        }
    }

    /// Takes rows into `new` that [`Relation::keep_missing`] kept, chunk by chunk.
    pub fn merge_ranges(&mut self, crew: &dyn Crew, kept: &[Vec<Vec<u64>>]) {
        let stride = self.shape.stride;
        let words: usize = kept.iter().flatten().map(Vec::len).sum();
        let count = kept.first().map_or(1, Vec::len);
        // Some of them come more than once.
        self.keys.reserve(words / stride / 2);
        let first = (self.total.len() + self.new.rows.len()) / stride;
        let Relation {
            keys, total, new, ..
        } = self;
        let there = |number: usize| {
            let start = number * stride;
            match start.checked_sub(total.len()) {
                None => &total[start..start + stride],
                Some(start) => &new.rows[start..start + stride],
            }
        };
        let ranges: Vec<Mutex<Range>> = keys
            .runs(count)
            .map(|run| Mutex::new(Range::new(run)))
            .collect();
        crew.run(ranges.len(), &|place| {
            let range = &mut *ranges[place].lock().expect("no job panics");
            for chunk in kept {
                range.put(&chunk[place], stride, first, &there);
            }
        });
        let mut before = 0;
        let mut left = Vec::new();
        let ranges = ranges.into_iter();
        let ranges = ranges.map(|range| range.into_inner().expect("no job panics"));
        let mut ranges: Vec<Range> = ranges.collect();
        for range in &mut ranges {
            for &place in &range.places {
                range.run.add_to_number(place, before);
            }
            before += range.places.len() as u32;
            left.append(&mut range.left);
        }
        let rows: Vec<Vec<u64>> = ranges.into_iter().map(|range| range.rows).collect();
        u32::try_from(first + before as usize).expect("below 2^32 rows a relation");
        self.keys.added(before as usize);
        for rows in rows {
            self.new.rows.extend_from_slice(&rows);
        }
        self.emit_set(&left);
    }
}

impl<'t> Range<'t> {
    fn new(run: Run<'t>) -> Range<'t> {
        Range {
            run,
            rows: Vec::new(),
            places: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Puts rows in. `first` is the number of the first row that none had before.
    fn put<'r>(
        &mut self,
        rows: &[u64],
        stride: usize,
        first: usize,
        there: &impl Fn(usize) -> &'r [u64],
    ) {
        for rows in rows.chunks(BATCH_ROWS * stride) {
            let mut hashes = [0; BATCH_ROWS];
            let mut seen = 0;
            for (row, hash_of) in rows.chunks_exact(stride).zip(&mut hashes) {
                *hash_of = key_hash(row);
                seen ^= self.run.first_slot(*hash_of);
            }
            std::hint::black_box(seen);
            for (row, &hash) in rows.chunks_exact(stride).zip(&hashes) {
                let own = self.places.len();
                let same = |number: u32| match (number as usize).checked_sub(first) {
                    None => there(number as usize) == row,
                    Some(place) => self.rows[place * stride..][..stride] == *row,
                };
                match self.run.insert_unless(hash, (first + own) as u32, same) {
                    Room::There => {}
                    Room::Put(place) => {
                        self.rows.extend_from_slice(row);
                        self.places.push(place);
                    }
                    Room::None => self.left.extend_from_slice(row),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
