//! Rows of a set put in by several threads.
//!
//! A row's place in the table of keys begins with the leading bits of its hash, so a range of hashes is a run
//! of slots, and threads that take on different ranges write to different memory. What is derived is parted by these
//! ranges first (radix partitioning), then each range is put in by one thread, chunk by chunk in the order of chunks, so
//! that no result depends on threads. A search that would go past the end of its run, and rows that would fill a run
//! too much, are left for the end, when one thread puts in what is left. Numbers follow when all ranges are done, since
//! only then it is known how many rows come before those of a range.

use std::sync::Mutex;

use crate::crew::Crew;
use crate::growth::append_all;
use crate::rows::{key_hash, push_row, row_hash, rows_in};

use super::Relation;
use super::derive::{BATCH_ROWS, Sifted};
use super::table::{Room, Run};

/// So many rows that found no place are put in by threads, after all.
const LEFT_SHARED_MIN: usize = 1 << 12;

/// Rows by ranges of hashes.
pub type Parts = Vec<Vec<u64>>;

/// What becomes of one range.
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

    /// Makes room for so many keys of a set that is large, by threads.
    pub fn make_room(&mut self, crew: &dyn Crew, more: usize) {
        if self.is_splittable() && self.is_far() && !self.unfound {
            self.keys.reserve_by(crew, more);
        }
    }

    /// Of derived rows keeps those that are not there yet, by ranges of hashes.
    pub fn keep_missing(&self, rows: &[u64], kept: &mut [Vec<u64>]) {
        match self.shape.stride {
            1 => self.keep_missing_keys::<1>(rows, kept),
            2 => self.keep_missing_keys::<2>(rows, kept),
            3 => self.keep_missing_keys::<3>(rows, kept),
            4 => self.keep_missing_keys::<4>(rows, kept),
            stride => {
                for row in rows.chunks_exact(stride) {
                    let hash = key_hash(row);
                    if self.find_at(hash, row).is_none() {
                        kept[range_of(hash, kept.len())].extend_from_slice(row);
                    }
                }
            }
        }
    }

    /// As [`Relation::keep_missing`], of `N` columns.
    fn keep_missing_keys<const N: usize>(&self, rows: &[u64], kept: &mut [Vec<u64>]) {
        let (rows, _) = rows.as_chunks::<N>();
        for rows in rows.chunks(BATCH_ROWS) {
            for (place, hash) in self.sift(rows).missing() {
                let row = &rows[place];
                if self.find_at(hash, row).is_none() {
                    push_row(&mut kept[range_of(hash, kept.len())], row);
                }
            }
        }
    }

    /// Keeps derived rows by ranges of hashes.
    pub fn keep_all(&self, rows: &[u64], kept: &mut [Vec<u64>]) {
        match self.shape.stride {
            1 => keep_keys::<1>(rows, kept),
            2 => keep_keys::<2>(rows, kept),
            3 => keep_keys::<3>(rows, kept),
            4 => keep_keys::<4>(rows, kept),
            stride => {
                for row in rows.chunks_exact(stride) {
                    kept[range_of(key_hash(row), kept.len())].extend_from_slice(row);
                }
            }
        }
    }

    /// Takes many rows into `new`, most of which are expected not to be there.
    pub fn emit_by(&mut self, crew: &dyn Crew, rows: &[u64]) {
        const ROUND_ROWS: usize = 1 << 19;
        let stride = self.shape.stride;
        if self.take_unkeyed(rows) {
            return;
        }
        self.key_all();
        let ranges = (8 * crew.size()).next_power_of_two();
        let mut kept = Vec::new();
        for rows in rows.chunks(ROUND_ROWS * stride) {
            let chunks = chunks(crew, rows, stride);
            let rooms = clear_parts(&mut kept, chunks.len(), ranges);
            let jobs: Vec<Mutex<&mut Parts>> = rooms.iter_mut().map(Mutex::new).collect();
            crew.run(jobs.len(), &|place| {
                let kept = &mut *jobs[place].lock().expect("no job panics");
                self.keep_all(chunks[place], kept);
            });
            drop(jobs);
            self.merge_ranges(crew, &kept[..chunks.len()], rows_in(rows.len(), stride));
        }
    }

    /// Takes rows into `new` that were kept by ranges, chunk by chunk. About so many of them are expected to be new.
    pub fn merge_ranges(&mut self, crew: &dyn Crew, kept: &[Parts], expected: usize) {
        let before = self.new.rows.len();
        let left = self.merge_kept(crew, kept, expected);
        let has_put = self.new.rows.len() > before;
        let rows = rows_in(left.iter().map(Vec::len).sum(), self.shape.stride);
        // More were new than was expected; unless the table takes none of them as it is.
        let still_left = match has_put && rows >= LEFT_SHARED_MIN {
            true => self.merge_kept(crew, &[left], rows),
            false => left,
        };
        still_left.iter().for_each(|rows| self.emit_set(rows));
    }

    /// As [`Relation::merge_ranges`], but for rows that find no place in a range's run.
    fn merge_kept(&mut self, crew: &dyn Crew, kept: &[Parts], expected: usize) -> Parts {
        let stride = self.shape.stride;
        let count = kept.first().map_or(1, Vec::len);
        self.keys.reserve_by(crew, expected);
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
                range.put_all(&chunk[place], stride, first, &there);
            }
        });
        let mut before = 0;
        let mut left = Vec::with_capacity(count);
        let mut rows = Vec::with_capacity(count);
        let mut numbered = Vec::with_capacity(count);
        for range in ranges {
            let range = range.into_inner().expect("no job panics");
            left.push(range.left);
            rows.push(range.rows);
            let added = range.places.len();
            numbered.push(Mutex::new((range.run, range.places, before as u32)));
            before += added;
        }
        u32::try_from(first + before).expect("below 2^32 rows a relation");
        append_all(&mut new.rows, &rows, crew, &|place| {
            let (run, places, before) = &mut *numbered[place].lock().expect("no job panics");
            for &place in &*places {
                run.add_to_number(place, *before);
            }
        });
        drop(numbered);
        self.keys.added(before);
        left
    }
}

/// Rows in chunks for threads to take on: more of them than threads, so that nobody waits long for who got the most work.
pub fn chunks<'r>(crew: &dyn Crew, rows: &'r [u64], stride: usize) -> Vec<&'r [u64]> {
    const CHUNKS_A_WORKER: usize = 4;
    let chunk_rows = rows_in(rows.len(), stride).div_ceil(crew.size() * CHUNKS_A_WORKER);
    rows.chunks(chunk_rows.max(1) * stride).collect()
}

/// Room for so many parts of so many chunks, which are empty, in what has been used before.
pub fn clear_parts(kept: &mut Vec<Parts>, chunks: usize, parts: usize) -> &mut [Parts] {
    if kept.len() < chunks {
        kept.resize_with(chunks, Vec::new);
    }
    let kept = &mut kept[..chunks];
    for parts_of_chunk in &mut *kept {
        parts_of_chunk.iter_mut().for_each(Vec::clear);
        parts_of_chunk.resize_with(parts, Vec::new);
    }
    kept
}

/// Which of so many ranges a hash is in.
#[inline]
fn range_of(hash: u64, count: usize) -> usize {
    let shift = u64::BITS - count.trailing_zeros();
    hash.checked_shr(shift).unwrap_or(0) as usize
}

fn keep_keys<const N: usize>(rows: &[u64], kept: &mut [Vec<u64>]) {
    let (rows, _) = rows.as_chunks::<N>();
    for row in rows {
        let range = range_of(row_hash(row), kept.len());
        push_row(&mut kept[range], row);
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
    fn put_all<'r>(
        &mut self,
        rows: &[u64],
        stride: usize,
        first: usize,
        there: &impl Fn(usize) -> &'r [u64],
    ) {
        match stride {
            1 => self.put_keys::<1>(rows, first, there),
            2 => self.put_keys::<2>(rows, first, there),
            3 => self.put_keys::<3>(rows, first, there),
            4 => self.put_keys::<4>(rows, first, there),
            _ => {
                for row in rows.chunks_exact(stride) {
                    self.put(row, key_hash(row), first, there);
                }
            }
        }
    }

    fn put_keys<'r, const N: usize>(
        &mut self,
        rows: &[u64],
        first: usize,
        there: &impl Fn(usize) -> &'r [u64],
    ) {
        let (rows, _) = rows.as_chunks::<N>();
        for rows in rows.chunks(BATCH_ROWS) {
            let sifted = Sifted::of(rows, |hashes, missing| self.run.sift(hashes, missing));
            for (place, hash) in sifted.missing() {
                self.put(&rows[place], hash, first, there);
            }
        }
    }

    #[inline(always)]
    fn put<'r>(
        &mut self,
        row: &[u64],
        hash: u64,
        first: usize,
        there: &impl Fn(usize) -> &'r [u64],
    ) {
        let stride = row.len();
        let own = self.places.len();
        let same = |number: u32| match (number as usize).checked_sub(first) {
            None => there(number as usize) == row,
            Some(place) => self.rows[place * stride..][..stride] == *row,
        };
        match self.run.insert_unless(hash, (first + own) as u32, same) {
            Room::There => {}
            Room::Put(place) => {
                push_row(&mut self.rows, row);
                self.places.push(place);
            }
            Room::None => push_row(&mut self.left, row),
        }
    }
}

#[cfg(test)]
mod tests;
