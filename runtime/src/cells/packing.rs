//! Rows of numbers, sorted as words.
//!
//! Of each column its distance from the column's least number is taken, in as many bits as the greatest needs, the
//! first column uppermost. The order of rows is then that of words. These are distributed by their uppermost digit, and what
//! has the same is sorted digit by digit from the last (radix sort, Knuth 5.2.5) while it is in the processor's
//! cache, in the memory of the rows themselves if nobody needs these any more.
//!
//! Of rows that nobody needs any more threads each sort a share in the place of the share, which leaves as many runs as there are
//! threads. They are merged where they are looked at, part by part: a part begins and ends at a cut through all runs.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::{Form, shares};
use crate::crew::{Crew, share};

/// Bits of a digit.
const DIGIT_BITS_MAX: u32 = 11;
/// Fewer words are sorted by comparing.
const RADIX_ROWS_MIN: usize = 1 << 10;
/// As many words of the same uppermost digit stay in the cache, with room for as many.
const CACHED_ROWS: usize = 1 << 13;
/// Fewer words than these are sorted faster by comparing than a digit's places are counted.
const BUCKET_ROWS_MIN: usize = 1 << 6;

/// How rows fit words.
#[derive(Debug)]
pub struct Packing {
    columns: Vec<Packed>,
    /// Of a word.
    bits: u32,
}

/// Where in a word a column is.
#[derive(Clone, Copy, Debug)]
struct Packed {
    least: i64,
    shift: u32,
    mask: u64,
}

impl Packing {
    /// None if the rows do not fit words.
    pub fn new(forms: &[Form], total: &[u64], crew: Option<&dyn Crew>) -> Option<Packing> {
        let bounds = Form::are_numbers(forms).then(|| bounds(forms.len(), total, crew))?;
        Packing::of_bounds(&bounds)
    }

    fn of_bounds(bounds: &[(i64, i64)]) -> Option<Packing> {
        let mut columns = Vec::with_capacity(bounds.len());
        let mut shift = 0;
        for &(least, greatest) in bounds.iter().rev() {
            // Where there are no rows the least is above the greatest.
            let span = match least <= greatest {
                true => greatest.wrapping_sub(least) as u64,
                false => 0,
            };
            let bits = u64::BITS - span.leading_zeros();
            if shift + bits > u64::BITS {
                return None;
            }
            // A column of no bits has no place of its own.
            let (mask, shift_of_column) = match bits {
                0 => (0, 0),
                _ => (u64::MAX >> (u64::BITS - bits), shift),
            };
            columns.push(Packed {
                least,
                shift: shift_of_column,
                mask,
            });
            shift += bits;
        }
        columns.reverse();
        Some(Packing {
            columns,
            bits: shift,
        })
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    #[inline]
    pub fn pack(&self, row: &[u64]) -> u64 {
        let cells = self.columns.iter().zip(row);
        cells.fold(0, |packed, (column, &word)| {
            packed | ((word as i64).wrapping_sub(column.least) as u64) << column.shift
        })
    }

    #[inline]
    pub fn unpack(&self, packed: u64, row: &mut [u64]) {
        for (word, column) in row.iter_mut().zip(&self.columns) {
            let distance = (packed >> column.shift & column.mask) as i64;
            *word = distance.wrapping_add(column.least) as u64;
        }
    }

    /// Packs rows into the front of their own memory and sorts them there.
    fn sort_in_place(&self, rows: &mut [u64]) {
        let width = self.width();
        let count = rows.len() / width;
        for place in 0..count {
            rows[place] = self.pack(&rows[place * width..][..width]);
        }
        let (words, rest) = rows.split_at_mut(count);
        match rest.get_mut(..count) {
            Some(spare) => sort_words(words, spare, self.bits),
            // Rows of one column leave nothing.
            None => sort_words(words, &mut vec![0; count], self.bits),
        }
    }
}

/// The least and the greatest number of each column.
fn bounds(width: usize, total: &[u64], crew: Option<&dyn Crew>) -> Vec<(i64, i64)> {
    let rows = total.len() / width;
    let share_rows = rows.div_ceil(shares(crew, rows)).max(1);
    let parts: Vec<&[u64]> = total.chunks(share_rows * width).collect();
    let found = Mutex::new(vec![(i64::MAX, i64::MIN); width]);
    share(crew, parts.len(), &|number| {
        let mut bounds = vec![(i64::MAX, i64::MIN); width];
        for row in parts[number].chunks_exact(width) {
            for ((least, greatest), &word) in bounds.iter_mut().zip(row) {
                *least = (*least).min(word as i64);
                *greatest = (*greatest).max(word as i64);
            }
        }
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        for (all, part) in found.iter_mut().zip(bounds) {
            *all = (all.0.min(part.0), all.1.max(part.1));
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Words in runs, each in order.
#[derive(Debug)]
pub struct Runs {
    words: Vec<u64>,
    runs: Vec<Range<usize>>,
}

impl Runs {
    /// Packs rows that nobody needs any more: each share into the first half of its own memory, or less, where it is sorted
    /// with the help of the rest.
    pub fn of_own(packing: &Packing, mut total: Vec<u64>, crew: Option<&dyn Crew>) -> Runs {
        let width = packing.width();
        let rows = total.len() / width;
        let share_rows = rows.div_ceil(shares(crew, rows)).max(1);
        let parts: Vec<Mutex<&mut [u64]>> = total
            .chunks_mut(share_rows * width)
            .map(Mutex::new)
            .collect();
        share(crew, parts.len(), &|number| {
            let part = parts[number].lock();
            packing.sort_in_place(&mut part.unwrap_or_else(PoisonError::into_inner));
        });
        drop(parts);
        let starts = (0..rows).step_by(share_rows);
        let runs = starts.map(|start| start * width..start * width + share_rows.min(rows - start));
        Runs {
            runs: runs.collect(),
            words: total,
        }
    }

    /// As [`Runs::of_own`], of rows that stay.
    pub fn of(packing: &Packing, total: &[u64]) -> Runs {
        let rows = total.chunks_exact(packing.width());
        let mut words: Vec<u64> = rows.map(|row| packing.pack(row)).collect();
        let mut spare = vec![0; words.len()];
        sort_words(&mut words, &mut spare, packing.bits);
        Runs {
            runs: std::iter::once(0..words.len()).collect(),
            words,
        }
    }

    pub fn len(&self) -> usize {
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }

    /// The words at some places of the order of all.
    pub fn part(&self, places: Range<usize>) -> Cow<'_, [u64]> {
        if let [run] = self.runs.as_slice() {
            return Cow::Borrowed(&self.words[run.clone()][places]);
        }
        let runs: Vec<&[u64]> = self.runs.iter().map(|r| &self.words[r.clone()]).collect();
        let (from, to) = (cut(&runs, places.start), cut(&runs, places.end));
        let ranges = from.into_iter().zip(to);
        let pieces = runs.iter().zip(ranges).map(|(run, (a, b))| &run[a..b]);
        Cow::Owned(merge(pieces.collect()))
    }
}

/// How many words of each run are among the first so many of all.
fn cut(runs: &[&[u64]], place: usize) -> Vec<usize> {
    let firsts = runs.iter().filter_map(|run| run.first());
    let lasts = runs.iter().filter_map(|run| run.last());
    let (mut low, mut high) = (
        firsts.min().copied().unwrap_or(0),
        lasts.max().copied().unwrap_or(0),
    );
    // The least word up to which there are as many.
    while low < high {
        let middle = low + (high - low) / 2;
        let up_to = |run: &&[u64]| run.partition_point(|&word| word <= middle);
        match runs.iter().map(up_to).sum::<usize>() >= place {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    let below = |run: &&[u64]| run.partition_point(|&word| word < low);
    let mut cuts: Vec<usize> = runs.iter().map(below).collect();
    // Of words that are the same, those of the runs before.
    let mut missing = place.saturating_sub(cuts.iter().sum());
    for (run, cut) in runs.iter().zip(&mut cuts) {
        let same = run[*cut..].partition_point(|&word| word == low);
        let taken = same.min(missing);
        *cut += taken;
        missing -= taken;
    }
    cuts
}

/// Merges pieces that are each in order, by pairs.
fn merge(pieces: Vec<&[u64]>) -> Vec<u64> {
    let mut pieces: Vec<Cow<'_, [u64]>> = pieces.into_iter().map(Cow::Borrowed).collect();
    pieces.retain(|piece| !piece.is_empty());
    while pieces.len() > 1 {
        let pairs = pieces.chunks(2).map(|pair| match pair {
            [a, b] => Cow::Owned(merge_pair(a, b)),
            rest => Cow::Owned(rest.concat()),
        });
        pieces = pairs.collect();
    }
    pieces.pop().map_or_else(Vec::new, Cow::into_owned)
}

fn merge_pair(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut merged = vec![0; a.len() + b.len()];
    let (mut of_a, mut of_b) = (0, 0);
    for place in &mut merged {
        let (Some(&x), Some(&y)) = (a.get(of_a), b.get(of_b)) else {
            break;
        };
        // Without a branch: which is less can be foretold by nobody.
        let is_of_a = x <= y;
        *place = if is_of_a { x } else { y };
        of_a += usize::from(is_of_a);
        of_b += usize::from(!is_of_a);
    }
    let rest = &mut merged[of_a + of_b..];
    let (rest_of_a, rest_of_b) = rest.split_at_mut(a.len() - of_a);
    rest_of_a.copy_from_slice(&a[of_a..]);
    rest_of_b.copy_from_slice(&b[of_b..]);
    merged
}

/// Sorts words that are below 2^`bits`, with room for as many.
fn sort_words(words: &mut [u64], spare: &mut [u64], bits: u32) {
    if words.is_sorted() {
        return;
    }
    if words.len() < RADIX_ROWS_MIN {
        words.sort_unstable();
        return;
    }
    let buckets = (words.len() / CACHED_ROWS).max(1);
    let width = buckets.ilog2().min(DIGIT_BITS_MAX).min(bits);
    let below = bits - width;
    let mut ends = vec![0; 1 << width];
    // What is shifted by all bits of a word is nothing.
    distribute(words, spare, &mut ends, |word| {
        word.checked_shr(below).unwrap_or(0) as usize
    });
    let mut places = vec![0; 1 << DIGIT_BITS_MAX];
    let mut start = 0;
    for end in ends {
        sort_bucket(
            &mut spare[start..end],
            &mut words[start..end],
            below,
            &mut places,
        );
        start = end;
    }
}

/// Sorts words that differ in their last `bits` into a place of the same size.
fn sort_bucket(from: &mut [u64], into: &mut [u64], bits: u32, places: &mut [usize]) {
    if from.len() < BUCKET_ROWS_MIN {
        from.sort_unstable();
        into.copy_from_slice(from);
        return;
    }
    let passes = bits.div_ceil(DIGIT_BITS_MAX);
    let (mut from, mut into) = (from, into);
    for pass in 0..passes {
        let width = bits.div_ceil(passes);
        let mask = (1_u64 << width) - 1;
        let places = &mut places[..1 << width];
        places.fill(0);
        distribute(from, into, places, |word| {
            (word >> (pass * width) & mask) as usize
        });
        std::mem::swap(&mut from, &mut into);
    }
    if passes.is_multiple_of(2) {
        into.copy_from_slice(from);
    }
}

/// Puts words in the order of a digit and leaves words of the same digit in theirs. `places` has a zero for each digit, and
/// then where its words end.
fn distribute(from: &[u64], into: &mut [u64], places: &mut [usize], digit: impl Fn(u64) -> usize) {
    for &word in from {
        places[digit(word)] += 1;
    }
    let mut sum = 0;
    for place in &mut *places {
        sum += std::mem::replace(place, sum);
    }
    for &word in from {
        let place = &mut places[digit(word)];
        into[*place] = word;
        *place += 1;
    }
}

#[cfg(test)]
mod tests;
