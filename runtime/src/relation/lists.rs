//! Many lists of words in one piece of memory, without an allocation a list.
//!
//! A list has a power of two of words; what it gives up when it moves to another size waits for the next
//! that needs that size, so there are never more pieces of a size than were needed at one time. A list moves
//! up when it is full and down when a quarter is left, so that moving costs a constant share of what filled
//! or emptied it.

/// Bits of a list's length; the others tell its size.
const LEN_BITS: u32 = 27;

/// Where a list is. Whoever holds it asks with the same list as it was last given.
#[derive(Clone, Copy, Debug, Default)]
pub struct List {
    start: u32,
    /// In words, and above that which power of two has room for it.
    len: u32,
}

impl List {
    pub fn len(self) -> usize {
        (self.len & ((1 << LEN_BITS) - 1)) as usize
    }

    fn class(self) -> usize {
        (self.len >> LEN_BITS) as usize
    }

    fn set(&mut self, len: usize, class: usize) {
        assert!(len < 1 << LEN_BITS, "below 2^27 words a key of an index");
        self.len = len as u32 | (class as u32) << LEN_BITS;
    }
}

#[derive(Debug, Default)]
pub struct Lists {
    words: Vec<u64>,
    /// By the power of two that is their size: starts of pieces in nobody's hands.
    free: Vec<Vec<u32>>,
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
        if old == 0 || len > 1 << list.class() {
            self.resize(list, len.next_power_of_two().trailing_zeros() as usize);
        }
        let at = list.start as usize + old;
        for (place, word) in self.words[at..].iter_mut().zip(words) {
            *place = word;
        }
        list.set(len, list.class());
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
        if let Some(start) = self.free.get_mut(class).and_then(Vec::pop) {
            return start;
        }
        let start = u32::try_from(self.words.len()).expect("below 2^32 words an index");
        self.words.resize(self.words.len() + (1 << class), 0);
        start
    }

    fn give(&mut self, class: usize, start: u32) {
        if self.free.len() <= class {
            self.free.resize_with(class + 1, Vec::new);
        }
        self.free[class].push(start);
    }

    /// Takes so many words, at least one, off the end.
    pub fn shorten(&mut self, list: &mut List, by: usize) {
        let len = list.len() - by;
        let class = list.class();
        list.set(len, class);
        if len == 0 {
            self.give(class, list.start);
        } else if class > 1 && len <= 1 << (class - 2) {
            self.resize(list, class - 1);
        }
    }

    /// Forgets all lists.
    pub fn clear(&mut self) {
        self.words.clear();
        self.free.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{List, Lists};
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
}
