//! Many lists of words in one piece of memory, without an allocation a list.
//!
//! A list has a piece of one of some sizes, at first a half larger each, then twice as large; what it gives up
//! when it moves to another size waits for the next that needs that size. Lists that grow together give up many
//! small pieces that nobody needs any more; so when a quarter of the memory waits, pieces that stand side by side
//! become runs again, off which new pieces are cut. A list moves up when it is full and down when a quarter is
//! left, so that moving costs a constant share of what filled or emptied it.

use std::ops::Range;

use crate::crew::Crew;
use crate::growth::{extend_with, reserve_far};

/// Bits of a list's length; the others tell its size.
const LEN_BITS: u32 = 27;

/// Sizes up to here are a half larger than the one before, more or less; further on they double.
const FINE_SIZES: [u32; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];

/// Words of a size.
const fn size(class: usize) -> usize {
    match class < FINE_SIZES.len() {
        true => FINE_SIZES[class] as usize,
        false => 32 << (class + 1 - FINE_SIZES.len()),
    }
}

/// The least size that has room for so many words.
#[inline]
fn class_for(len: usize) -> usize {
    match FINE_SIZES.iter().position(|&size| len <= size as usize) {
        Some(class) => class,
        None => len.next_power_of_two().trailing_zeros() as usize + FINE_SIZES.len() - 6,
    }
}

/// Words of the piece that holds so many.
#[inline]
pub fn room_for(len: usize) -> usize {
    size(class_for(len))
}

const _: () = {
    assert!(size(FINE_SIZES.len()) == 64);
    // Every length has its size, and every size fits the bits that are left.
    assert!(size(31) == 1 << LEN_BITS);
};

/// Where a list is. Whoever holds it asks with the same list as it was last given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct List {
    start: u32,
    /// In words, and above that which size of piece it has.
    len: u32,
}

impl List {
    pub fn len(self) -> usize {
        (self.len & ((1 << LEN_BITS) - 1)) as usize
    }

    fn class(self) -> usize {
        (self.len >> LEN_BITS) as usize
    }

    /// An empty list whose piece, which begins there, is to hold so many words.
    pub fn empty_at(start: usize, len: usize) -> List {
        let start = u32::try_from(start).expect("below 2^32 words an index");
        let mut list = List { start, len: 0 };
        list.set(len, class_for(len));
        list.set(0, list.class());
        list
    }

    /// So many words more, within its piece, of words that begin at `start`.
    #[inline]
    pub fn extend_within<'w>(
        &mut self,
        words: &'w mut [u64],
        start: usize,
        more: usize,
    ) -> &'w mut [u64] {
        let len = self.len();
        self.set(len + more, self.class());
        &mut words[self.start as usize - start + len..][..more]
    }

    fn set(&mut self, len: usize, class: usize) {
        assert!(len < 1 << LEN_BITS, "below 2^27 words a key of an index");
        self.len = len as u32 | (class as u32) << LEN_BITS;
    }
}

#[derive(Debug, Default)]
pub struct Lists {
    words: Vec<u64>,
    /// By size: starts of pieces in nobody's hands.
    free: Vec<Vec<u32>>,
    /// Where pieces are cut off, each run to be gone on with when the one before is used up.
    runs: Vec<Range<u32>>,
    /// Words in nobody's hands.
    idle: usize,
    /// Words that were given up since pieces were last made runs.
    given: usize,
}

impl Lists {
    #[inline]
    pub fn get(&self, list: List) -> &[u64] {
        let start = list.start as usize;
        &self.words[start..start + list.len()]
    }

    pub fn get_mut(&mut self, list: List) -> &mut [u64] {
        let start = list.start as usize;
        &mut self.words[start..start + list.len()]
    }

    /// Adds words, at least one, at the end.
    #[inline]
    pub fn push(&mut self, list: &mut List, words: impl ExactSizeIterator<Item = u64>) {
        let old = list.len();
        let len = old + words.len();
        if old == 0 || len > size(list.class()) {
            self.resize(list, class_for(len));
        }
        let at = list.start as usize + old;
        for (place, word) in self.words[at..].iter_mut().zip(words) {
            *place = word;
        }
        list.set(len, list.class());
    }

    /// Forgets all lists, for others whose pieces take so many words: these.
    pub fn lay_out(&mut self, words: usize, crew: Option<&dyn Crew>) -> &mut [u64] {
        self.clear();
        match crew {
            Some(crew) => extend_with(&mut self.words, words, 0, crew),
            None => {
                reserve_far(&mut self.words, words);
                self.words.resize(words, 0);
            }
        }
        &mut self.words
    }

    /// Moves a list to a piece of another size, which holds it.
    fn resize(&mut self, list: &mut List, class: usize) {
        let len = list.len();
        let start = self.take(class);
        if len > 0 {
            let from = list.start as usize;
            self.words.copy_within(from..from + len, start as usize);
            self.give(list.class(), list.start);
        }
        list.start = start;
        list.set(len, class);
    }

    fn take(&mut self, class: usize) -> u32 {
        if let Some(start) = self.take_free(class) {
            return start;
        }
        // What was given up since then pays for it.
        if self.idle >= self.words.len() / 4 && self.given >= self.words.len() / 8 {
            self.make_runs();
        }
        if let Some(start) = self.cut(class) {
            return start;
        }
        let start = u32::try_from(self.words.len()).expect("below 2^32 words an index");
        reserve_far(&mut self.words, size(class));
        self.words.resize(self.words.len() + size(class), 0);
        start
    }

    fn take_free(&mut self, class: usize) -> Option<u32> {
        let start = self.free.get_mut(class)?.pop()?;
        self.idle -= size(class);
        Some(start)
    }

    fn give(&mut self, class: usize, start: u32) {
        if self.free.len() <= class {
            self.free.resize_with(class + 1, Vec::new);
        }
        self.free[class].push(start);
        self.idle += size(class);
        self.given += size(class);
    }

    /// Cuts a piece off the runs. What is left of a run that is too short becomes pieces itself.
    fn cut(&mut self, class: usize) -> Option<u32> {
        loop {
            let run = self.runs.last_mut()?;
            if run.len() >= size(class) {
                let start = run.start;
                run.start += size(class) as u32;
                self.idle -= size(class);
                return Some(start);
            }
            let mut rest = run.clone();
            self.runs.pop();
            while !rest.is_empty() {
                let fits = class_for(rest.len());
                let class = if size(fits) > rest.len() {
                    fits - 1
                } else {
                    fits
                };
                if self.free.len() <= class {
                    self.free.resize_with(class + 1, Vec::new);
                }
                self.free[class].push(rest.start);
                rest.start += size(class) as u32;
            }
        }
    }

    /// Makes runs of what waits.
    fn make_runs(&mut self) {
        self.given = 0;
        let mut all = std::mem::take(&mut self.runs);
        for (class, starts) in self.free.iter_mut().enumerate() {
            let size = size(class) as u32;
            all.extend(starts.drain(..).map(|start| start..start + size));
        }
        // From the last to the first, so that those that stand first are cut first.
        all.sort_unstable_by_key(|run| std::cmp::Reverse(run.start));
        for piece in all {
            match self.runs.last_mut() {
                Some(run) if run.start == piece.end => run.start = piece.start,
                _ => self.runs.push(piece),
            }
        }
    }

    /// Takes so many words, at least one, off the end.
    pub fn shorten(&mut self, list: &mut List, by: usize) {
        let len = list.len() - by;
        let class = list.class();
        list.set(len, class);
        if len == 0 {
            self.give(class, list.start);
        } else if len <= size(class) / 4 {
            self.resize(list, class_for(2 * len));
        }
    }

    /// Forgets all lists.
    pub fn clear(&mut self) {
        self.words.clear();
        self.free.clear();
        self.runs.clear();
        self.idle = 0;
        self.given = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{List, Lists, class_for, size};
    use crate::rows::hash;

    #[test]
    fn lists_grow_and_shrink_apart_from_each_other() {
        let mut lists = Lists::default();
        let mut held = [List::default(); 20];
        let mut model: Vec<Vec<u64>> = vec![Vec::new(); 20];
        let mut state = 1;
        for step in 0..20_000_u64 {
            state = hash([state, step]);
            let which = (state % 20) as usize;
            let count = (state >> 8) as usize % 4;
            if state >> 32 & 1 == 0 && model[which].len() < 200 {
                let words: Vec<u64> = (0..count as u64).map(|i| step * 10 + i).collect();
                if !words.is_empty() {
                    lists.push(&mut held[which], words.iter().copied());
                }
                model[which].extend(words);
            } else {
                let by = count.min(model[which].len());
                if by > 0 {
                    lists.shorten(&mut held[which], by);
                }
                let left = model[which].len() - by;
                model[which].truncate(left);
            }
            for (list, words) in held.iter().zip(&model) {
                assert_eq!(lists.get(*list), words);
            }
        }
        let bound = 20 * (256 + 128 + 64 + 32 + 16 + 8 + 4 + 2 + 1);
        assert!(lists.words.len() <= bound, "what is given up is used again");
    }

    #[test]
    fn every_length_has_the_least_size_that_holds_it() {
        for len in 1..5_000 {
            let class = class_for(len);
            assert!(size(class) >= len, "{len}");
            assert!(class == 0 || size(class - 1) < len, "{len}");
        }
        assert_eq!(class_for(1 << 27), 31);
    }

    /// Lists that grow side by side give up small pieces, and would leave them all behind.
    #[test]
    fn lists_that_grow_together_need_little_more_than_they_hold() {
        let mut lists = Lists::default();
        let mut held = [List::default(); 1_000];
        for round in 0..40_u64 {
            for (number, list) in held.iter_mut().enumerate() {
                lists.push(list, [round * 1_000 + number as u64].into_iter());
            }
        }
        for (number, list) in held.iter().enumerate() {
            let right = (0..40).map(|round| round * 1_000 + number as u64);
            assert!(lists.get(*list).iter().copied().eq(right));
        }
        // Each has a piece of 64.
        assert!(lists.words.len() <= 64_000 * 3 / 2, "{}", lists.words.len());
        let waiting = lists.free.iter().enumerate();
        let waiting: usize = waiting
            .map(|(class, starts)| size(class) * starts.len())
            .chain(lists.runs.iter().map(ExactSizeIterator::len))
            .sum();
        assert_eq!(lists.idle, waiting);
        assert_eq!(lists.words.len() - waiting, 64_000, "no piece is lost");
    }
}
