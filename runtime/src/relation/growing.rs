//! Rows that are there and grow: what their lattices are going to be, by ranges of the rows' numbers.
//!
//! Threads that take on different ranges write to different memory, so a range is put in, and later merged, by
//! one of them. What a range holds depends on no thread, since what was derived is taken on in the order of chunks.

use std::sync::Mutex;

use bloom_plan::plan::RowError;

use crate::crew::Crew;
use crate::growth::append_all;
use crate::rows::{copy_row, each_row, push_row};

use super::derive::BATCH_ROWS;
use super::{Parts, Relation, Stamping};

/// A join of a row into another, which tells whether that changed it.
type Joined = Result<bool, RowError>;

/// With so many trailing bits a range has all numbers.
const ALL_BITS: u32 = u32::BITS;
/// Ranges that threads take on have no fewer.
const BITS_MIN: u32 = 4;
/// Into no more ranges rows are parted for threads; as rows come they may become twice as many and more.
const PARTS_MAX: usize = 1 << 7;
/// More ranges would take time to go through where little grows.
const RANGES_MAX: usize = 1 << 9;

/// What rows of `total` become when the running iteration ends.
#[derive(Debug)]
pub(super) struct Growing {
    ranges: Vec<Range>,
    /// Each range has the numbers that differ in so many trailing bits.
    bits: u32,
    /// How many rows grow.
    len: usize,
}

/// Rows whose numbers follow each other.
#[derive(Debug, Default)]
struct Range {
    /// What they become.
    rows: Vec<u64>,
    marks: Marks,
}

/// Which rows of a range grow.
#[derive(Debug, Default)]
struct Marks {
    /// In the order of `rows`, counted from the range's first.
    places: Vec<u32>,
    /// By row: 1 + where in `rows` it is, or 0.
    becoming: Vec<u32>,
}

impl Default for Growing {
    fn default() -> Growing {
        Growing {
            ranges: Vec::new(),
            bits: ALL_BITS,
            len: 0,
        }
    }
}

impl Growing {
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Numbers of the rows that grow.
    fn numbers(&self) -> impl Iterator<Item = u32> {
        let ranges = self.ranges.iter().enumerate();
        ranges.flat_map(|(number, range)| {
            let first = number * self.width();
            let places = range.marks.places.iter();
            places.map(move |&place| (first + place as usize) as u32)
        })
    }

    /// How many numbers a range has.
    fn width(&self) -> usize {
        1_usize.checked_shl(self.bits).unwrap_or(usize::MAX)
    }

    /// How many words of rows a range has.
    fn words(&self, stride: usize) -> usize {
        self.width().saturating_mul(stride)
    }

    /// Which range a row is in, and where.
    #[inline]
    fn place(&self, number: u32) -> (usize, usize) {
        let number = u64::from(number);
        let range = number >> self.bits;
        (range as usize, (number - (range << self.bits)) as usize)
    }

    /// Takes a derived row into what one of so many becomes, which now `is` this.
    #[inline]
    pub fn take_in(
        &mut self,
        number: u32,
        count: impl FnOnce() -> usize,
        is: &[u64],
        row: &[u64],
        join: impl FnOnce(&mut [u64], &[u64]) -> Joined,
    ) -> Result<(), RowError> {
        if self.len == 0 {
            self.make_room(count());
        }
        let (range, place) = self.place(number);
        let range = &mut self.ranges[range];
        let before = range.marks.places.len();
        let taken = range.take_in(place, is, row, join);
        self.len += range.marks.places.len() - before;
        taken
    }

    /// Has room for so many rows, while none of them grows.
    fn make_room(&mut self, count: usize) {
        if count.div_ceil(self.width()) > RANGES_MAX {
            *self = Growing::default();
        }
        let width = self.width();
        let ranges = count.div_ceil(width);
        if self.ranges.len() < ranges {
            self.ranges.resize_with(ranges, Range::default);
        }
        for (place, range) in self.ranges.iter_mut().enumerate() {
            let rows = count.saturating_sub(place * width).min(width);
            if range.marks.becoming.len() < rows {
                range.marks.becoming.resize(rows, 0);
            }
        }
    }

    /// Parts so many rows into about so many ranges, unless some of them grow already.
    fn part(&mut self, count: usize, ranges: usize) {
        if self.len > 0 {
            return;
        }
        let bits = count.div_ceil(ranges).next_power_of_two().trailing_zeros();
        let bits = bits.max(BITS_MIN);
        if bits != self.bits || self.ranges.len() > 2 * ranges {
            self.bits = bits;
            self.ranges.clear();
        }
        self.make_room(count);
    }

    /// Reads what rows become, as far as they grow already, by their numbers plus 1, but for those by 0.
    #[inline]
    pub fn touch(&self, numbers: &[u32], stride: usize) {
        let mut found = [(0, 0); BATCH_ROWS];
        for (number, found) in numbers.iter().zip(&mut found) {
            if let Some(number) = number.checked_sub(1) {
                let (range, place) = self.place(number);
                let becoming = self.ranges.get(range).map(|range| &range.marks.becoming);
                let becoming = becoming.and_then(|becoming| becoming.get(place));
                *found = (range, becoming.copied().unwrap_or(0) as usize);
            }
        }
        let mut seen = 0;
        for &(range, place) in &found[..numbers.len()] {
            if let Some(place) = place.checked_sub(1) {
                seen ^= self.ranges[range].rows[place * stride];
            }
        }
        std::hint::black_box(seen);
    }
}

impl Range {
    #[inline]
    fn take_in(
        &mut self,
        place: usize,
        there: &[u64],
        row: &[u64],
        join: impl FnOnce(&mut [u64], &[u64]) -> Joined,
    ) -> Result<(), RowError> {
        let stride = there.len();
        if let Some(at) = self.marks.becoming[place].checked_sub(1) {
            let start = at as usize * stride;
            return join(&mut self.rows[start..start + stride], row).map(|_| ());
        }
        let start = self.rows.len();
        push_row(&mut self.rows, there);
        match join(&mut self.rows[start..], row) {
            Ok(true) => {
                self.marks.places.push(place as u32);
                self.marks.becoming[place] = self.marks.places.len() as u32;
                Ok(())
            }
            other => {
                self.rows.truncate(start);
                other.map(|_| ())
            }
        }
    }
}

impl Marks {
    /// Writes what rows become over them, which begin with these words, and forgets which those were.
    fn replace(&mut self, total: &mut [u64], rows: &[u64], stride: usize) {
        for (row, &place) in each_row(rows, stride).zip(&self.places) {
            let start = place as usize * stride;
            copy_row(&mut total[start..start + stride], row);
            self.becoming[place as usize] = 0;
        }
        self.places.clear();
    }
}

impl Relation {
    /// Into how many ranges rows are parted that grow, so that threads may join them; 0 if one thread does.
    pub fn part_growing(&mut self, crew: &dyn Crew) -> usize {
        if !self.shape.joins_numbers() || !self.poisoned.is_empty() || self.is_empty() {
            return 0;
        }
        let ranges = (8 * crew.size()).next_power_of_two().min(PARTS_MAX);
        self.new.growing.part(self.len(), ranges);
        self.new.growing.ranges.len()
    }

    /// Of derived rows keeps those that are not as good as in what is there: each by the range of the row that it makes grow and
    /// after that row's number, if there is such a range, else as it is in the last part.
    pub fn keep_growing(&self, rows: &[u64], kept: &mut [Vec<u64>]) {
        let stride = self.shape.stride;
        let (others, ranges) = kept.split_last_mut().expect("there is a last part");
        for rows in rows.chunks(BATCH_ROWS * stride) {
            let mut addresses = [0; BATCH_ROWS];
            self.touch(rows, &mut addresses);
            for (row, &address) in each_row(rows, stride).zip(&addresses) {
                let number = self.find_at(address, row);
                let Some(number) = number.filter(|&number| self.is_merged(number)) else {
                    push_row(others, row);
                    continue;
                };
                let there = self.row(number);
                let is_same = self.shape.same_plain(there, row);
                if is_same && self.shape.absorbs(there, row) {
                    continue;
                }
                let (range, _) = self.new.growing.place(number);
                match ranges.get_mut(range).filter(|_| is_same) {
                    Some(range) => {
                        range.push(u64::from(number));
                        push_row(range, row);
                    }
                    None => push_row(others, row),
                }
            }
        }
    }

    /// Takes rows that were kept by ranges, chunk by chunk, into what the rows that are there become.
    pub fn grow_by(&mut self, crew: &dyn Crew, kept: &[Parts]) {
        let Relation {
            shape, total, new, ..
        } = self;
        let stride = shape.stride;
        let width = new.growing.width();
        let range_words = new.growing.words(stride);
        let ranges: Vec<Mutex<(&mut Range, &[u64])>> = new
            .growing
            .ranges
            .iter_mut()
            .zip(total.chunks(range_words))
            .map(Mutex::new)
            .collect();
        crew.run(ranges.len(), &|number| {
            let (range, there) = &mut *ranges[number].lock().expect("no job panics");
            for kept in kept
                .iter()
                .flat_map(|parts| each_row(&parts[number], 1 + stride))
            {
                let place = kept[0] as usize - number * width;
                let there = &there[place * stride..(place + 1) * stride];
                let joined = range.take_in(place, there, &kept[1..], |row, other| {
                    shape.join_numbers(row, other)
                });
                joined.expect("to choose between numbers does not fail");
            }
        });
        drop(ranges);
        let ranges = new.growing.ranges.iter();
        new.growing.len = ranges.map(|range| range.marks.places.len()).sum();
    }

    /// Rows grow, and become part of the delta; how many.
    pub(super) fn merge_growing(&mut self, crew: Option<&dyn Crew>) -> usize {
        self.note_growing();
        let stride = self.shape.stride;
        let grown = std::mem::take(&mut self.new.growing.len);
        let is_parted = self.new.growing.ranges.len() > 1;
        match crew.filter(|crew| is_parted && crew.puts_in(grown)) {
            Some(crew) => self.replace_by(crew),
            None => {
                let pieces = self.total.chunks_mut(self.new.growing.words(stride));
                for (range, piece) in self.new.growing.ranges.iter_mut().zip(pieces) {
                    range.marks.replace(piece, &range.rows, stride);
                    self.delta_rows.extend_from_slice(&range.rows);
                }
            }
        }
        let ranges = self.new.growing.ranges.iter_mut();
        ranges.for_each(|range| range.rows.clear());
        self.generation += grown as u64;
        grown
    }

    /// Writes what rows become over them and to the delta.
    fn replace_by(&mut self, crew: &dyn Crew) {
        let stride = self.shape.stride;
        let mut rows = Vec::new();
        let mut marks = Vec::new();
        let pieces = self.total.chunks_mut(self.new.growing.words(stride));
        for (range, piece) in self.new.growing.ranges.iter_mut().zip(pieces) {
            rows.push(&range.rows);
            marks.push(Mutex::new((&mut range.marks, piece)));
        }
        append_all(&mut self.delta_rows, &rows, crew, &|number| {
            let (marks, piece) = &mut *marks[number].lock().expect("no job panics");
            marks.replace(piece, rows[number], stride);
        });
    }

    /// Logs the rows that are about to grow, and tells that they came now, where that is wanted.
    fn note_growing(&mut self) {
        if !self.remembers() && self.stamping == Stamping::Off {
            return;
        }
        let growing = std::mem::take(&mut self.new.growing);
        for number in growing.numbers() {
            self.remember(number);
            let stamp = self.stamps.get_mut(number as usize);
            if let (Stamping::Now(now), Some(stamp)) = (self.stamping, stamp) {
                *stamp = now;
            }
        }
        self.new.growing = growing;
    }
}

#[cfg(test)]
mod tests;
