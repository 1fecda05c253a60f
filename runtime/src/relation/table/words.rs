//! Numbers of rows by keys of one word: a window where keys stand close together, else a table of hashes.
//!
//! Which of the two is decided anew whenever the table would have to grow, so that it costs a constant share of what
//! filled the table. A window becomes a table with room for as many rows again; so it does not turn back before that many came.

use super::super::window::Window;
use super::NumberTable;
use crate::rows::hash;

/// A number is in it for each key.
#[derive(Debug)]
pub enum WordTable {
    /// Numbers plus 1, and how many there are.
    Near(Window<u32>, usize),
    Far(NumberTable),
}

impl Default for WordTable {
    fn default() -> WordTable {
        WordTable::Far(NumberTable::default())
    }
}

impl WordTable {
    /// The number with the word. `is_it` tells it from others with the word's hash.
    #[inline(always)]
    pub fn find(&self, word: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        match self {
            WordTable::Near(window, _) => window.get(word).checked_sub(1),
            WordTable::Far(table) => find_far(table, word, is_it),
        }
    }

    /// Where in memory the search for a word begins.
    #[inline]
    pub fn address(&self, word: u64) -> *const u8 {
        match self {
            WordTable::Near(window, _) => window.address(word).cast(),
            WordTable::Far(table) => table.address(hash([word])).cast(),
        }
    }

    /// The number that is likely to be that with the word, as the first look tells.
    #[inline]
    pub fn likely(&self, word: u64) -> Option<u32> {
        match self {
            WordTable::Near(window, _) => window.get(word).checked_sub(1),
            WordTable::Far(table) => {
                let hash = hash([word]);
                table.candidate(table.first_slot(hash), hash)
            }
        }
    }

    /// Reads where searches for these words begin, and gives the numbers plus 1 that are likely to be found there.
    #[inline]
    pub fn touch(&self, words: &[u64], numbers: &mut [u32]) {
        match self {
            WordTable::Near(window, _) => {
                for (&word, number) in words.iter().zip(numbers) {
                    *number = window.get(word);
                }
            }
            WordTable::Far(table) => {
                for (&word, number) in words.iter().zip(numbers) {
                    let hash = hash([word]);
                    let found = table.candidate(table.first_slot(hash), hash);
                    *number = found.map_or(0, |number| number + 1);
                }
            }
        }
    }

    /// Adds a number whose word is not there. `word_of`: the words of the others, whose numbers are all below.
    #[inline]
    pub fn insert(&mut self, word: u64, number: u32, word_of: impl Fn(u32) -> u64) {
        if let WordTable::Near(window, len) = self
            && let Some(there) = window.open(word, *len + 1)
        {
            debug_assert_eq!(*there, 0, "the word is not there");
            *there = number + 1;
            *len += 1;
            return;
        }
        self.insert_far(word, number, word_of);
    }

    /// The number with the word; if there is none, adds this one.
    #[inline]
    pub fn find_or_insert(
        &mut self,
        word: u64,
        new: u32,
        word_of: impl Fn(u32) -> u64,
    ) -> Option<u32> {
        match self {
            WordTable::Near(window, len) => {
                if let Some(there) = window.open(word, *len + 1) {
                    if *there == 0 {
                        *there = new + 1;
                        *len += 1;
                        return None;
                    }
                    return Some(*there - 1);
                }
            }
            WordTable::Far(table) => {
                let found = find_far(table, word, |number| word_of(number) == word);
                if found.is_some() {
                    return found;
                }
            }
        }
        self.insert_far(word, new, word_of);
        None
    }

    fn insert_far(&mut self, word: u64, number: u32, word_of: impl Fn(u32) -> u64) {
        self.reserve(1, std::iter::once(word), word_of);
        match self {
            WordTable::Near(window, len) => match window.open(word, *len + 1) {
                Some(there) => {
                    *there = number + 1;
                    *len += 1;
                }
                None => self.part().insert(hash([word]), number),
            },
            WordTable::Far(table) => table.insert(hash([word]), number),
        }
    }

    /// Makes room for so many more, which have these words, some perhaps more than once.
    pub fn reserve(
        &mut self,
        more: usize,
        words: impl Iterator<Item = u64>,
        word_of: impl Fn(u32) -> u64,
    ) {
        let WordTable::Far(table) = self else {
            return;
        };
        if table.has_room(more) {
            return;
        }
        let numbers = 0..table.len() as u32;
        let there = numbers.clone().map(&word_of);
        match Window::over(there.chain(words), table.len() + more) {
            None => table.reserve(more),
            Some(mut window) => {
                for number in numbers {
                    let place = window.get_mut(word_of(number));
                    *place.expect("the window is over all of these") = number + 1;
                }
                *self = WordTable::Near(window, table.len());
            }
        }
    }

    /// Makes it a table of hashes.
    #[cold]
    fn part(&mut self) -> &mut NumberTable {
        if let WordTable::Near(window, len) = self {
            let mut table = NumberTable::default();
            table.reserve(2 * *len + 1);
            for (word, number) in window.iter().filter(|(_, number)| *number != 0) {
                table.insert(hash([word]), number - 1);
            }
            *self = WordTable::Far(table);
        }
        match self {
            WordTable::Far(table) => table,
            WordTable::Near(..) => unreachable!("it has just been parted"),
        }
    }

    /// Gives a number that is there another.
    pub fn renumber(&mut self, word: u64, from: u32, to: u32) {
        match self {
            WordTable::Near(window, _) => *place_of(window, word, from) = to + 1,
            WordTable::Far(table) => table.renumber(hash([word]), from, to),
        }
    }

    pub fn remove(&mut self, word: u64, number: u32) {
        match self {
            WordTable::Near(window, len) => {
                *place_of(window, word, number) = 0;
                *len -= 1;
            }
            WordTable::Far(table) => table.remove(hash([word]), number),
        }
    }

    /// Forgets all numbers, and room that was far too large for them.
    pub fn clear(&mut self) {
        match self {
            WordTable::Near(window, len) => window.clear(std::mem::take(len)),
            WordTable::Far(table) => table.clear(),
        }
    }
}

/// Apart, so that a look-up in a window is small enough to stand where it is made.
#[inline(never)]
fn find_far(table: &NumberTable, word: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
    table.find(hash([word]), is_it)
}

/// Where a number stands.
fn place_of(window: &mut Window<u32>, word: u64, number: u32) -> &mut u32 {
    let place = window.get_mut(word);
    let place = place.expect("the number is in the table");
    assert_eq!(*place, number + 1, "the number is in the table");
    place
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::WordTable;
    use crate::rows::hash;

    /// Words by number, as a relation has them, against a map: words stand close together, far apart, or some of both.
    #[test]
    fn holds_what_a_map_holds() {
        for (round, spread) in [50_u64, 3000, 1 << 40].into_iter().enumerate() {
            let mut table = WordTable::default();
            let mut there: Vec<u64> = Vec::new();
            let mut model: BTreeMap<u64, u32> = BTreeMap::new();
            let mut forms = [false; 2];
            for step in 0..30_000_u64 {
                let chance = hash([step, round as u64]);
                let word = match chance % 500 {
                    0 => chance >> 10,
                    _ => (chance >> 10) % spread,
                };
                let number = table.find(word, |n| there[n as usize] == word);
                assert_eq!(number, model.get(&word).copied());
                match number {
                    Some(number) if step % 2 == 0 || there.len() > 4000 => {
                        let last = there.len() as u32 - 1;
                        table.remove(word, number);
                        model.remove(&word);
                        if number != last {
                            let word = there[last as usize];
                            table.renumber(word, last, number);
                            model.insert(word, number);
                        }
                        there.swap_remove(number as usize);
                    }
                    Some(_) => {}
                    None if step % 3 == 0 => {
                        let new = there.len() as u32;
                        let found = table.find_or_insert(word, new, |n| there[n as usize]);
                        assert_eq!(found, None);
                        model.insert(word, new);
                        there.push(word);
                        let found = table.find_or_insert(word, new + 1, |n| there[n as usize]);
                        assert_eq!(found, Some(new));
                    }
                    None => {
                        if step % 100 == 0 {
                            let words = [word, word];
                            table.reserve(2, words.into_iter(), |n| there[n as usize]);
                        }
                        table.insert(word, there.len() as u32, |n| there[n as usize]);
                        model.insert(word, there.len() as u32);
                        there.push(word);
                    }
                }
                let mut numbers = [0; 3];
                let words = [word, word + 1, 7];
                table.touch(&words, &mut numbers);
                for (word, number) in words.iter().zip(numbers) {
                    let seen = number.checked_sub(1);
                    assert!(
                        seen.is_none() || seen == model.get(word).copied() || spread == 1 << 40
                    );
                }
                forms[usize::from(matches!(table, WordTable::Near(..)))] = true;
                if step % 7000 == 6999 {
                    table.clear();
                    there.clear();
                    model.clear();
                }
            }
            assert_ne!(forms, [false; 2]);
        }
    }

    #[test]
    fn numbers_that_are_counted_up_need_no_hashes() {
        let mut table = WordTable::default();
        let word_of = |n: u32| u64::from(n) * 3 + 1_000_000;
        for number in 0..10_000 {
            table.insert(word_of(number), number, word_of);
        }
        assert!(matches!(table, WordTable::Near(_, 10_000)));
        table.insert(0, 10_000, word_of);
        assert!(matches!(table, WordTable::Far(_)));
        for number in 0..10_000 {
            let is_it = |n: u32| n == number;
            assert_eq!(table.find(word_of(number), is_it), Some(number));
        }
    }
}
