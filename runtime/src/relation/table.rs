//! The hash table of a relation's keys: row numbers in open addressing, each with as much of its hash as a word has room for.
//!
//! A row's place is its hash's leading bits, and collisions go on to the next slot (linear probing, Knuth 6.4), so that:
//! - growing moves slots in their order, within the memory they are in, and looks at no row;
//! - places of equal leading bits are neighbours, so that a range of hashes is a range of slots;
//! - a removal closes its gap by moving slots back (Knuth's algorithm R), and leaves no mark behind.
//!
//! Slots of an exact table tell keys apart by themselves, those of a tagged one nearly always (`slot`). An exact table
//! becomes a tagged one, where it stands, as soon as it is given a hash that another key may have, or one that would stand
//! too far from its place.

mod growing;
mod run;
mod slot;
mod words;

use crate::crew::Crew;

pub use run::{Room, Run};
use slot::{EMPTY, Form, TAG_SHIFT, sift_none};
pub use words::WordTable;

/// The fewest slots of a table that holds anything, as a power of two.
const BITS_MIN: u32 = 4;
/// Of 16 slots so many may be taken.
const LOAD_MAX: usize = 11;
/// As many, for a while, where threads put in more than was expected.
const LOAD_MAX_SHARED: usize = 13;
#[derive(Debug)]
pub struct NumberTable {
    /// A power of two, or none.
    slots: Vec<u64>,
    form: Form,
    len: usize,
}

impl Default for NumberTable {
    /// Of hashes that several keys may have.
    fn default() -> NumberTable {
        NumberTable::with_form(false)
    }
}

impl NumberTable {
    /// Of hashes of `rows::key_hash`.
    pub fn of_keys() -> NumberTable {
        NumberTable::with_form(true)
    }

    fn with_form(exact: bool) -> NumberTable {
        NumberTable {
            slots: Vec::new(),
            form: Form::new(0, exact),
            len: 0,
        }
    }

    /// Whether a slot that agrees is that of the key.
    pub fn is_exact(&self) -> bool {
        self.form.exact
    }

    fn next(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }

    /// The slot at which a search for the hash begins. To be asked for many hashes before the first of
    /// them is searched for: so the processor waits for memory once rather than for each.
    #[inline]
    pub fn first_slot(&self, hash: u64) -> u64 {
        if self.slots.is_empty() {
            return EMPTY;
        }
        self.slots[self.form.place(hash)]
    }

    /// Where in memory that slot is.
    #[inline]
    pub fn address(&self, hash: u64) -> *const u64 {
        match self.slots.is_empty() {
            true => std::ptr::null(),
            false => &raw const self.slots[self.form.place(hash)],
        }
    }

    /// The number in a slot that agrees with the hash.
    #[inline]
    pub fn candidate(&self, slot: u64, hash: u64) -> Option<u32> {
        let agrees = slot != EMPTY && self.form.agrees(slot, hash);
        agrees.then(|| self.form.number(slot))
    }

    /// Puts the places of those of these hashes, at most 256, first in `missing` that are not found at a first look, and tells how many
    /// those are: all of them, if the table is not exact.
    #[inline]
    pub fn sift(&self, hashes: &[u64], missing: &mut [u8]) -> usize {
        match self.slots.is_empty() {
            true => sift_none(hashes, missing),
            false => self.form.sift(&self.slots, 0, hashes, missing),
        }
    }

    /// The number with the hash of which `is_it` holds, which an exact table does not ask.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        if self.form.exact {
            return self.find_exact(hash);
        }
        let mut place = self.form.place(hash);
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                return None;
            }
            let number = (slot as u32).wrapping_sub(1);
            if (slot ^ hash) >> TAG_SHIFT == 0 && is_it(number) {
                return Some(number);
            }
            place = self.next(place);
        }
    }

    /// As [`NumberTable::find`], of an exact table that has slots.
    #[inline]
    fn find_exact(&self, hash: u64) -> Option<u32> {
        let form = self.form;
        if form.is_foreign(hash) {
            return None;
        }
        let mut place = form.place(hash);
        for _ in 0..form.reach() {
            let slot = self.slots[place];
            if slot == EMPTY {
                return None;
            }
            if form.agrees(slot, hash) {
                return Some(form.number(slot));
            }
            place = self.next(place);
        }
        None
    }

    /// Adds a number whose row is not there.
    #[inline]
    pub fn insert(&mut self, hash: u64, number: u32) {
        self.prepare(hash);
        self.len += 1;
        self.put(hash, number);
    }

    /// Adds a number unless one with the hash is there of which `is_it` holds; whether it was added.
    #[inline(always)]
    pub fn insert_unless(
        &mut self,
        hash: u64,
        new: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> bool {
        self.prepare(hash);
        let form = self.form;
        let mut place = form.place(hash);
        let mut left = form.reach();
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                self.slots[place] = form.slot_of(hash, new);
                self.len += 1;
                return true;
            }
            if form.agrees(slot, hash) && (form.exact || is_it(form.number(slot))) {
                return false;
            }
            place = self.next(place);
            left -= 1;
            if left == 0 {
                self.len += 1;
                self.put(hash, new);
                return true;
            }
        }
    }

    /// Makes room for one more, with this hash.
    #[inline]
    fn prepare(&mut self, hash: u64) {
        if self.is_full() {
            self.grow(self.form.bits + 1);
        }
        if self.form.is_foreign(hash) {
            self.tag();
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it need not grow to take so many more.
    pub fn has_room(&self, more: usize) -> bool {
        self.slots_for(more) <= self.slots.len()
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        if !self.has_room(more) {
            self.grow(self.bits_for(more));
        }
    }

    /// As [`NumberTable::reserve`], by threads.
    pub fn reserve_by(&mut self, crew: &dyn Crew, more: usize) {
        if !self.has_room(more) {
            self.grow_by(crew, self.bits_for(more));
        }
    }

    fn bits_for(&self, more: usize) -> u32 {
        self.slots_for(more).next_power_of_two().trailing_zeros()
    }

    fn slots_for(&self, more: usize) -> usize {
        (self.len + more) * 16 / LOAD_MAX + 1
    }

    /// The table in so many runs of slots, a power of two, each for a range of hashes. Whoever adds to
    /// runs tells how many by [`NumberTable::added`].
    pub fn runs(&mut self, count: usize) -> impl Iterator<Item = Run<'_>> {
        let slots = 1 << self.form.bits.max(BITS_MIN);
        if self.slots.len() < slots.max(count) {
            self.grow(slots.max(count).trailing_zeros());
        }
        let form = self.form;
        let size = self.slots.len() / count;
        let free = (self.slots.len() * LOAD_MAX_SHARED / 16).saturating_sub(self.len) / count;
        let runs = self.slots.chunks_mut(size).enumerate();
        runs.map(move |(number, slots)| Run::new(slots, number * size, free, form))
    }

    /// So many numbers were added to runs.
    pub fn added(&mut self, count: usize) {
        self.len += count;
    }

    fn is_full(&self) -> bool {
        self.len * 16 >= self.slots.len() * LOAD_MAX
    }

    /// Puts a number at the first free slot from its place.
    fn put(&mut self, hash: u64, number: u32) {
        let mut place = self.form.place(hash);
        let mut distance = 0_usize;
        while self.slots[place] != EMPTY {
            place = self.next(place);
            distance += 1;
        }
        if distance >= self.form.reach() {
            self.tag();
        }
        self.slots[place] = self.form.slot_of(hash, number);
    }

    /// Makes an exact table a tagged one.
    #[cold]
    fn tag(&mut self) {
        let exact = self.form;
        self.form = Form::new(exact.bits, false);
        for (place, slot) in self.slots.iter_mut().enumerate() {
            if *slot != EMPTY {
                let hash = exact.hash_at(place, *slot);
                *slot = self.form.slot_of(hash, exact.number(*slot));
            }
        }
    }

    /// Where a number with this hash stands.
    fn place_of(&self, hash: u64, number: u32) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let wanted = self.form.slot_of(hash, number);
        let mut place = self.form.place(hash);
        while self.slots[place] != wanted {
            if self.slots[place] == EMPTY {
                return None;
            }
            place = self.next(place);
        }
        Some(place)
    }

    /// Gives a number that is there another.
    pub fn renumber(&mut self, hash: u64, from: u32, to: u32) {
        let place = self.place_of(hash, from);
        let place = place.expect("the number is in the table");
        self.slots[place] = self.form.slot_of(hash, to);
    }

    pub fn remove(&mut self, hash: u64, number: u32) {
        let place = self.place_of(hash, number);
        let mut gap = place.expect("the number is in the table");
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut at = gap;
        loop {
            at = self.next(at);
            let slot = self.slots[at];
            if slot == EMPTY {
                break;
            }
            // What began its search behind the gap would not be found from before it.
            let home = self.form.place(self.form.hash_at(at, slot));
            let from_home = at.wrapping_sub(home) & mask;
            let from_gap = at.wrapping_sub(gap) & mask;
            if from_home >= from_gap {
                self.slots[gap] = slot;
                gap = at;
            }
        }
        self.slots[gap] = EMPTY;
    }

    /// Forgets all numbers, and room that was far too large for them.
    pub fn clear(&mut self) {
        if self.slots.len() > 64 + 32 * self.len {
            *self = NumberTable::with_form(self.form.exact);
        } else if self.len > 0 {
            self.slots.fill(EMPTY);
            self.len = 0;
        }
    }
}

#[cfg(test)]
mod tests;
