//! The first rows of an index, many at once: counting sort by keys that stand close together.
//!
//! How many items each key gets is counted first, so that each list has its last size from the start, nothing moves, and
//! lists stand in the order of their keys. Threads take on ranges of keys, whose lists are ranges of memory; each looks
//! through the keys of all rows, which takes little beside writing items all over memory.

use std::sync::Mutex;

use crate::crew::{Crew, share};

use super::super::lists::{List, room_for};
use super::super::window::Window;
use super::{Index, Item, Postings};

/// Fewer rows are put in one after the other, into memory that is there already.
const ROWS_MIN: usize = 1 << 10;

/// Keys that follow each other, with their lists.
struct Range<'i> {
    lists: &'i mut [List],
    /// Items that each gets.
    counts: Vec<u32>,
    /// Where the words of the lists begin.
    start: usize,
    words: &'i mut [u64],
}

impl Index {
    /// The column of its keys, if they are words, it has no rows, and so many come that they are worth being counted first.
    pub(super) fn loads(&self, rows: usize) -> Option<usize> {
        let is_empty = self.postings.len() == 0 && self.until == 0;
        match self.columns[..] {
            [column] if is_empty && rows >= ROWS_MIN => Some(column),
            _ => None,
        }
    }

    /// Takes in the first rows, by the keys in this column, if those stand close together; whether they do.
    pub(super) fn load(
        &mut self,
        rows: &[u64],
        stride: usize,
        column: usize,
        crew: Option<&dyn Crew>,
    ) -> bool {
        let count = rows.len() / stride;
        let keys = rows.chunks_exact(stride).map(|row| row[column]);
        // A place for each row takes no more than its items do.
        let Some(mut window) = Window::over(keys, count / 4) else {
            return false;
        };
        let width = self.item.width();
        let (first, lists) = window.places_mut();
        let range_keys = match crew {
            Some(crew) => lists.len().div_ceil(2 * crew.size()),
            None => lists.len(),
        };
        let mut ranges: Vec<Mutex<Range<'_>>> = lists
            .chunks_mut(range_keys)
            .map(|lists| Mutex::new(Range::new(lists)))
            .collect();
        share(crew, ranges.len(), &|number| {
            let range = &mut *ranges[number].lock().expect("no job panics");
            let first = first.wrapping_add((number * range_keys) as u64);
            range.count(
                rows.chunks_exact(stride)
                    .map(|row| row[column].wrapping_sub(first)),
            );
        });
        let mut all = 0;
        let mut keys = 0;
        for range in &mut ranges {
            let range = range.get_mut().expect("no job panics");
            range.start = all;
            for &count in range.counts.iter().filter(|&&count| count > 0) {
                all += room_for(count as usize * width);
                keys += 1;
            }
        }
        let mut words = self.lists.lay_out(all, crew);
        for range in ranges.iter_mut().rev() {
            let range = range.get_mut().expect("no job panics");
            (words, range.words) = words.split_at_mut(range.start);
        }
        share(crew, ranges.len(), &|number| {
            let range = &mut *ranges[number].lock().expect("no job panics");
            let first = first.wrapping_add((number * range_keys) as u64);
            range.fill(rows, stride, &self.item, |row| {
                row[column].wrapping_sub(first)
            });
        });
        drop(ranges);
        self.postings = Postings::Near(window, keys);
        self.until = count;
        true
    }
}

impl<'i> Range<'i> {
    fn new(lists: &'i mut [List]) -> Range<'i> {
        Range {
            counts: vec![0; lists.len()],
            lists,
            start: 0,
            words: &mut [],
        }
    }

    /// Counts rows by the places of their keys, of which others are past the end.
    fn count(&mut self, places: impl Iterator<Item = u64>) {
        for place in places {
            if let Some(count) = self.counts.get_mut(place as usize) {
                *count += 1;
            }
        }
    }

    /// Writes the items of rows whose keys have places here.
    fn fill(&mut self, rows: &[u64], stride: usize, item: &Item, place: impl Fn(&[u64]) -> u64) {
        let width = item.width();
        let mut start = self.start;
        for (list, &count) in self.lists.iter_mut().zip(&self.counts) {
            if count > 0 {
                *list = List::empty_at(start, count as usize * width);
                start += room_for(count as usize * width);
            }
        }
        for (number, row) in rows.chunks_exact(stride).enumerate() {
            if let Some(list) = self.lists.get_mut(place(row) as usize) {
                let room = list.extend_within(self.words, self.start, width);
                item.write(row, number as u32, room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bloom_plan::plan::layout::Layout;

    use super::super::Index;
    use crate::crew::{Backwards, Crew};
    use crate::rows::hash;

    #[test]
    fn an_index_that_is_loaded_is_one_that_is_filled() {
        let crew = Backwards(2);
        let crews: [Option<&dyn Crew>; 2] = [None, Some(&crew)];
        let layouts = [
            Layout::Numbers,
            Layout::Columns(vec![2]),
            Layout::Columns(vec![2, 0]),
        ];
        for (case, (count, spread)) in [(1024, 1), (1030, 30), (3000, 40), (5000, 900)]
            .into_iter()
            .enumerate()
        {
            let base = [0_u64, 1 << 40, 7_u64.wrapping_neg(), 5][case];
            let words = |row: u64| [row, base.wrapping_add(hash([row]) % spread), hash([row, 1])];
            let rows: Vec<u64> = (0..count).flat_map(words).collect();
            for layout in &layouts {
                for crew in crews {
                    let mut loaded = Index::new(vec![1], layout);
                    assert_eq!(loaded.loads(rows.len() / 3), Some(1));
                    assert!(loaded.load(&rows, 3, 1, crew), "keys stand close together");
                    let mut filled = Index::new(vec![1], layout);
                    for (number, row) in (0..).zip(rows.chunks_exact(3)) {
                        filled.insert(row, number);
                    }
                    filled.until = rows.len() / 3;
                    let same = |loaded: &Index, filled: &Index| {
                        for key in 0..spread + 2 {
                            let key = [base.wrapping_add(key).wrapping_sub(1)];
                            assert_eq!(loaded.probe(&key), filled.probe(&key));
                        }
                        assert_eq!(loaded.keys_of(loaded.until), filled.keys_of(filled.until));
                    };
                    same(&loaded, &filled);
                    // Lists go on as others do.
                    for step in 0..200 {
                        let last = (filled.until - 1) as u32;
                        let row = |number: u32| &rows[number as usize * 3..][..3];
                        for index in [&mut loaded, &mut filled] {
                            if step % 3 == 0 {
                                index.insert(row(step), last + 1 + step);
                            } else if index.until > 1_000 {
                                index.remove(row(last), last, row(last), last);
                            }
                        }
                    }
                    same(&loaded, &filled);
                }
            }
        }
    }
}
