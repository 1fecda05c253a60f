//! A table grows within the memory that it has, and what the system adds to its end.
//!
//! Slots are in the order of their hashes already; so each moves up to twice its place or so, those of a range to a range of
//! their own.

use std::sync::Mutex;

use crate::crew::Crew;
use crate::growth::{extend_with, reserve_far};

use super::slot::{EMPTY, Form};
use super::{BITS_MIN, NumberTable};

/// Fewer slots are moved by one thread.
const SHARED_SLOTS_MIN: usize = 1 << 14;

/// Hashes and numbers that found no place at once.
type Waiting = Vec<(u64, u32)>;

/// The slots of a range that move, and where to.
struct Move<'t> {
    from: &'t mut [u64],
    /// Where in the table these stand.
    first: usize,
    into: &'t mut [u64],
    into_first: usize,
    waiting: Waiting,
}

impl NumberTable {
    #[cold]
    pub(super) fn grow(&mut self, bits: u32) {
        let (old, form) = self.reform(bits);
        let more = (1 << self.form.bits) - old;
        reserve_far(&mut self.slots, more);
        self.slots.resize(old + more, EMPTY);
        let waiting = self.move_up(old, form);
        self.put_all(waiting);
    }

    /// As [`NumberTable::grow`], by threads.
    #[cold]
    pub(super) fn grow_by(&mut self, crew: &dyn Crew, bits: u32) {
        let (old, form) = self.reform(bits);
        let more = (1 << self.form.bits) - old;
        extend_with(&mut self.slots, more, EMPTY, crew);
        let mut waiting = Vec::new();
        // Those from `left` on have moved. Where the upper of them move to is past all of them.
        let mut left = old;
        let times = self.slots.len() / old.max(1);
        while left / times >= SHARED_SLOTS_MIN {
            waiting.append(&mut self.move_range(crew, left / times..left, form));
            left /= times;
        }
        waiting.append(&mut self.move_up(left, form));
        self.put_all(waiting);
    }

    /// Makes the form that of so many slots; how many there are yet, and in which form.
    fn reform(&mut self, bits: u32) -> (usize, Form) {
        let form = Form::new(bits.max(BITS_MIN), self.form.exact);
        assert!(form.bits < u32::BITS, "below 2^31 rows a relation");
        (self.slots.len(), std::mem::replace(&mut self.form, form))
    }

    /// Moves the first slots, so many, from the last to the first. Those that would have to go on at the first slot,
    /// or have not moved as far as they stood from their place, wait.
    fn move_up(&mut self, count: usize, old: Form) -> Waiting {
        let form = self.form;
        let mut waiting = Vec::new();
        for from in (0..count).rev() {
            let slot = std::mem::replace(&mut self.slots[from], EMPTY);
            if slot == EMPTY {
                continue;
            }
            let hash = old.hash_at(from, slot);
            let number = old.number(slot);
            let place = form.place(hash);
            let free = (place >= from)
                .then(|| self.slots[place..].iter().position(|there| *there == EMPTY))
                .flatten();
            match free {
                Some(further) if further < form.reach() => {
                    self.slots[place + further] = form.slot_of(hash, number);
                }
                Some(_) | None => waiting.push((hash, number)),
            }
        }
        waiting
    }

    /// Moves a range of slots, of which none moves to the range itself.
    fn move_range(&mut self, crew: &dyn Crew, range: std::ops::Range<usize>, old: Form) -> Waiting {
        let form = self.form;
        let times = 1 << (form.bits - old.bits);
        let size = range.len().div_ceil(4 * crew.size());
        let (lower, upper) = self.slots.split_at_mut(range.end);
        let from = lower[range.start..].chunks_mut(size);
        let into = upper[range.start * times - range.end..].chunks_mut(size * times);
        let moves = from.zip(into).enumerate().map(|(number, (from, into))| {
            let first = range.start + number * size;
            Mutex::new(Move {
                from,
                first,
                into,
                into_first: first * times,
                waiting: Vec::new(),
            })
        });
        let moves: Vec<Mutex<Move<'_>>> = moves.collect();
        crew.run(moves.len(), &|number| {
            moves[number].lock().expect("no job panics").run(old, form);
        });
        let moves = moves.into_iter();
        let waiting = moves.flat_map(|part| part.into_inner().expect("no job panics").waiting);
        waiting.collect()
    }

    fn put_all(&mut self, waiting: Waiting) {
        for (hash, number) in waiting {
            self.put(hash, number);
        }
    }
}

impl Move<'_> {
    fn run(&mut self, old: Form, form: Form) {
        for (place, slot) in self.from.iter_mut().enumerate() {
            let slot = std::mem::replace(slot, EMPTY);
            if slot == EMPTY {
                continue;
            }
            let hash = old.hash_at(self.first + place, slot);
            let number = old.number(slot);
            // A search that began before the range, or would end behind it, is another's.
            let into = form.place(hash).checked_sub(self.into_first);
            let room = into.and_then(|into| self.into.get_mut(into..));
            let mut room = room.into_iter().flatten().take(form.reach());
            match room.find(|there| **there == EMPTY) {
                Some(there) => *there = form.slot_of(hash, number),
                None => self.waiting.push((hash, number)),
            }
        }
    }
}
