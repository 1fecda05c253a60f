//! The hash table of a relation's keys: row numbers in open addressing, each with half of its hash.
//!
//! A slot holds the upper 32 bits of the hash and the number. A row's place is the hash's leading bits,
//! and collisions go on to the next slot (linear probing, Knuth 6.4), so that:
//! - nearly every comparison is decided by the slot alone, and rows are looked at where they are equal;
//! - growing copies slots in their order and looks at no row;
//! - places of equal leading bits are neighbours, so that a range of hashes is a range of slots;
//! - a removal closes its gap by moving slots back (Knuth's algorithm R), and leaves no mark behind.

/// No number: below 2^32 - 1 rows a relation.
const EMPTY: u64 = u64::MAX;
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
    slot as u32
}

fn slot_of(hash: u64, number: u32) -> u64 {
    hash & 0xffff_ffff_0000_0000 | u64::from(number)
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
        if self.len * 16 >= self.slots.len() * LOAD_MAX {
            self.grow();
        }
        self.len += 1;
        self.put(slot_of(hash, number));
    }

    fn put(&mut self, slot: u64) {
        let mut place = self.place(slot);
        while self.slots[place] != EMPTY {
            place = self.next(place);
        }
        self.slots[place] = slot;
    }

    fn grow(&mut self) {
        self.bits = (self.bits + 1).max(BITS_MIN);
        assert!(self.bits < u32::BITS, "below 2^31 rows a relation");
        let slots = vec![EMPTY; 1 << self.bits];
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot != EMPTY {
                self.put(slot);
            }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::NumberTable;
    use crate::rows::hash;

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
