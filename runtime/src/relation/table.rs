//! The hash table of a relation's keys: row numbers in open addressing, each with half of its hash.
//!
//! A slot holds the upper 32 bits of the hash and the number, plus 1 (below 2^32 - 1 rows a relation). A row's place is the hash's leading bits,
//! and collisions go on to the next slot (linear probing, Knuth 6.4), so that:
//! - nearly every comparison is decided by the slot alone, and rows are looked at where they are equal;
//! - growing moves slots in their order, within the memory they are in, and looks at no row;
//! - places of equal leading bits are neighbours, so that a range of hashes is a range of slots;
//! - a removal closes its gap by moving slots back (Knuth's algorithm R), and leaves no mark behind.

use crate::growth::reserve_far;

/// No number. Zero, so that memory fresh from the system is a table of empty slots.
const EMPTY: u64 = 0;
/// The fewest slots of a table that holds anything, as a power of two.
const BITS_MIN: u32 = 4;
/// Of 16 slots so many may be taken.
const LOAD_MAX: usize = 11;

#[derive(Debug, Default)]
pub struct NumberTable {
    /// A power of two, or none.
    slots: Vec<u64>,
    bits: u32,
    len: usize,
}

fn tag(slot: u64) -> u32 {
    (slot >> 32) as u32
}

fn number(slot: u64) -> u32 {
    (slot as u32).wrapping_sub(1)
}

fn slot_of(hash: u64, number: u32) -> u64 {
    hash & 0xffff_ffff_0000_0000 | (u64::from(number) + 1)
}

impl NumberTable {
    fn place(&self, hash: u64) -> usize {
        (hash >> (u64::BITS - self.bits)) as usize
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
        self.slots[self.place(hash)]
    }

    /// The number in a slot that has the hash's tag.
    #[inline]
    pub fn candidate(slot: u64, hash: u64) -> Option<u32> {
        (slot != EMPTY && tag(slot) == tag(hash)).then_some(number(slot))
    }

    /// The number with the hash of which `is_it` holds.
    #[inline]
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mut place = self.place(hash);
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                return None;
            }
            if tag(slot) == tag(hash) && is_it(number(slot)) {
                return Some(number(slot));
            }
            place = self.next(place);
        }
    }

    /// Adds a number whose row is not there.
    #[inline]
    pub fn insert(&mut self, hash: u64, number: u32) {
        if self.is_full() {
            self.grow(self.bits + 1);
        }
        self.len += 1;
        self.put(slot_of(hash, number));
    }

    /// Adds a number unless one with the hash is there of which `is_it` holds; whether it was added.
    #[inline]
    pub fn insert_unless(
        &mut self,
        hash: u64,
        new: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> bool {
        if self.is_full() {
            self.grow(self.bits + 1);
        }
        let mut place = self.place(hash);
        loop {
            let slot = self.slots[place];
            if slot == EMPTY {
                self.slots[place] = slot_of(hash, new);
                self.len += 1;
                return true;
            }
            if tag(slot) == tag(hash) && is_it(number(slot)) {
                return false;
            }
            place = self.next(place);
        }
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        let slots = (self.len + more) * 16 / LOAD_MAX + 1;
        if slots > self.slots.len() {
            self.grow(slots.next_power_of_two().trailing_zeros());
        }
    }

    /// The table in so many runs of slots, a power of two, each for a range of hashes. Whoever adds to
    /// runs tells how many by [`NumberTable::added`].
    pub fn runs(&mut self, count: usize) -> impl Iterator<Item = Run<'_>> {
        let slots = 1 << self.bits.max(BITS_MIN);
        if self.slots.len() < slots.max(count) {
            self.grow(slots.max(count).trailing_zeros());
        }
        let bits = self.bits;
        let size = self.slots.len() / count;
        let runs = self.slots.chunks_mut(size).enumerate();
        runs.map(move |(number, slots)| Run {
            first: number * size,
            free: (size * LOAD_MAX / 16)
                .saturating_sub(slots.iter().filter(|s| **s != EMPTY).count()),
            slots,
            bits,
        })
    }

    /// So many numbers were added to runs.
    pub fn added(&mut self, count: usize) {
        self.len += count;
    }

    fn is_full(&self) -> bool {
        self.len * 16 >= self.slots.len() * LOAD_MAX
    }

    fn put(&mut self, slot: u64) {
        let mut place = self.place(slot);
        while self.slots[place] != EMPTY {
            place = self.next(place);
        }
        self.slots[place] = slot;
    }

    /// Grows within the memory that the table has, and what the system adds to its end: slots move up from the last to
    /// the first, each to twice its place or so, where all is in its new order already.
    fn grow(&mut self, bits: u32) {
        let old = self.slots.len();
        self.bits = bits.max(BITS_MIN);
        assert!(self.bits < u32::BITS, "below 2^31 rows a relation");
        let len = 1 << self.bits;
        reserve_far(&mut self.slots, len - old);
        self.slots.resize(len, EMPTY);
        // Those that would have to go on at the first slot, or have not moved as far as they stood from their place.
        let mut waiting = Vec::new();
        for from in (0..old).rev() {
            let slot = std::mem::replace(&mut self.slots[from], EMPTY);
            if slot == EMPTY {
                continue;
            }
            let place = self.place(slot);
            let free = (place >= from)
                .then(|| self.slots[place..].iter().position(|there| *there == EMPTY))
                .flatten();
            match free {
                Some(further) => self.slots[place + further] = slot,
                None => waiting.push(slot),
            }
        }
        for slot in waiting {
            self.put(slot);
        }
    }

    /// Where a number with this hash stands.
    fn place_of(&self, hash: u64, number: u32) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let wanted = slot_of(hash, number);
        let mut place = self.place(hash);
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
        self.slots[place] = slot_of(hash, to);
    }

    pub fn remove(&mut self, hash: u64, number: u32) {
        let place = self.place_of(hash, number);
        let mut gap = place.expect("the number is in the table");
        self.len -= 1;
        let mut at = gap;
        loop {
            at = self.next(at);
            let slot = self.slots[at];
            if slot == EMPTY {
                break;
            }
            // What began its search behind the gap would not be found from before it.
            let mask = self.slots.len() - 1;
            let from_home = at.wrapping_sub(self.place(slot)) & mask;
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
            *self = NumberTable::default();
        } else if self.len > 0 {
            self.slots.fill(EMPTY);
            self.len = 0;
        }
    }
}

/// The slots of a range of hashes.
#[derive(Debug)]
pub struct Run<'t> {
    slots: &'t mut [u64],
    /// Where in the table they begin.
    first: usize,
    /// How many more it may take.
    free: usize,
    bits: u32,
}

/// What [`Run::insert_unless`] found.
#[derive(Clone, Copy, Debug)]
pub enum Room {
    /// The number is in the table.
    There,
    /// It has been put at this place of the run.
    Put(u32),
    /// There is no room for it in the run.
    None,
}

impl Run<'_> {
    fn place(&self, hash: u64) -> usize {
        (hash >> (u64::BITS - self.bits)) as usize - self.first
    }

    /// As [`NumberTable::first_slot`].
    #[inline]
    pub fn first_slot(&self, hash: u64) -> u64 {
        self.slots[self.place(hash)]
    }

    /// As [`NumberTable::insert_unless`], within the run.
    #[inline]
    pub fn insert_unless(
        &mut self,
        hash: u64,
        new: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Room {
        let from = self.place(hash);
        for (place, there) in self.slots.iter_mut().enumerate().skip(from) {
            if *there == EMPTY {
                if self.free == 0 {
                    return Room::None;
                }
                self.free -= 1;
                *there = slot_of(hash, new);
                return Room::Put(place as u32);
            }
            if tag(*there) == tag(hash) && is_it(number(*there)) {
                return Room::There;
            }
        }
        Room::None
    }

    /// Adds to the number at a place of the run.
    pub fn add_to_number(&mut self, place: u32, by: u32) {
        self.slots[place as usize] += u64::from(by);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::NumberTable;
    use crate::rows::hash;

    /// Many numbers, at hashes that stand apart, side by side, at the end and at the beginning of the table.
    #[test]
    fn growing_loses_nothing() {
        for seed in 0..100 {
            let mut table = NumberTable::default();
            let hash_of = |n: u64| match hash([seed, n]) % 4 {
                0 => u64::MAX - (n << 30),
                1 => n << 33,
                2 => n << 50 | seed,
                _ => hash([n, seed]),
            };
            for n in 0..500 {
                table.insert(hash_of(n), n as u32);
            }
            for gone in 0..500 {
                for n in (gone..500).step_by(1 + gone as usize % 7) {
                    assert_eq!(
                        table.find(hash_of(n), |m| u64::from(m) == n),
                        Some(n as u32)
                    );
                }
                table.remove(hash_of(gone), gone as u32);
            }
        }
    }

    /// Random operations, against a map. Few hashes, so that searches are long and wrap around.
    #[test]
    fn holds_what_a_map_holds() {
        for spread in [4_u64, 60, 5000] {
            let mut table = NumberTable::default();
            let mut model: BTreeMap<u32, u64> = BTreeMap::new();
            let mut state = spread;
            for step in 0..20_000_u64 {
                state = hash([state, step]);
                let number = (state >> 20) as u32 % 300;
                match model.get(&number).copied() {
                    Some(hash) if state.is_multiple_of(3) => {
                        let other = number + 1000 + step as u32;
                        table.renumber(hash, number, other);
                        model.remove(&number);
                        model.insert(other, hash);
                    }
                    Some(hash) => {
                        table.remove(hash, number);
                        model.remove(&number);
                    }
                    None => {
                        // Crowded at the end of the table.
                        let hash = u64::MAX - ((hash([state]) % spread) << 40);
                        table.insert(hash, number);
                        model.insert(number, hash);
                    }
                }
                if model.len() > 200 {
                    table.clear();
                    model.clear();
                }
                for (&number, &hash) in model.iter().take(20) {
                    assert_eq!(table.find(hash, |n| n == number), Some(number));
                }
                assert_eq!(table.find(u64::MAX, |n| n == 999), None);
            }
        }
    }
}
