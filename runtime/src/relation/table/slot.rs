//! What is in a slot of a table of keys.
//!
//! A slot holds a number plus 1 (below 2^32 - 1 rows a relation), and in one of two forms what it takes to compare:
//! - tagged: the upper 32 bits of the hash. Nearly every comparison is decided by them alone, and a row is looked at
//!   where they are equal.
//! - exact: all of a hash that no other key has (`rows::key_hash`), so that no row is looked at, and a search that
//!   finds its row touches one line of memory. Bits that the slot's place in the table tells are left out (quotienting,
//!   as of Cleary, IEEE Transactions on Computers C-33, 1984): of the place at which its search began only the last ten are kept, which
//!   tell how far from there it stands if none stands farther than they can say.

use crate::rows::{SHARED_HASH, UNIQUE_BITS};

/// No number. Zero, so that memory fresh from the system is a table of empty slots.
pub const EMPTY: u64 = 0;
/// The hash that a slot of a tagged table keeps begins at this bit.
pub const TAG_SHIFT: u32 = u32::BITS;
/// Trailing bits of its place that a slot of an exact table keeps.
const REACH_BITS: u32 = 10;
/// So far from its place and no farther stands a slot of an exact table.
pub const REACH: usize = 1 << REACH_BITS;

const _: () = assert!(UNIQUE_BITS + REACH_BITS == u64::BITS);

/// What is in a slot, in a table of so many slots.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// There are 2^bits slots.
    pub bits: u32,
    pub exact: bool,
    /// Trailing bits of a slot that hold the number.
    number_bits: u32,
    /// Leading bits of the hash that are left out.
    dropped: u32,
}

impl Form {
    pub fn new(bits: u32, exact: bool) -> Form {
        let number_bits = if exact {
            bits.max(REACH_BITS)
        } else {
            TAG_SHIFT
        };
        Form {
            bits,
            exact,
            number_bits,
            dropped: if exact { number_bits - REACH_BITS } else { 0 },
        }
    }

    #[inline]
    pub fn place(self, hash: u64) -> usize {
        (hash >> (u64::BITS - self.bits)) as usize
    }

    pub fn mask(self) -> usize {
        (1 << self.bits) - 1
    }

    #[inline]
    pub fn number(self, slot: u64) -> u32 {
        let number = slot & ((1 << self.number_bits) - 1);
        (number as u32).wrapping_sub(1)
    }

    #[inline]
    pub fn slot_of(self, hash: u64, number: u32) -> u64 {
        debug_assert!((u64::from(number) + 1) >> self.number_bits == 0);
        let kept = hash << self.dropped >> self.number_bits << self.number_bits;
        kept | (u64::from(number) + 1)
    }

    /// Whether what a slot keeps of its hash is that of this hash. Not said of an empty slot.
    #[inline]
    pub fn agrees(self, slot: u64, hash: u64) -> bool {
        (slot ^ (hash << self.dropped)) >> self.number_bits == 0
    }

    /// Whether no key of an exact table has this hash.
    #[inline]
    pub fn is_foreign(self, hash: u64) -> bool {
        self.exact && hash & SHARED_HASH != 0
    }

    /// As [`NumberTable::sift`](super::NumberTable::sift), in slots of which the first stands there in the table.
    #[inline]
    pub fn sift(self, slots: &[u64], first: usize, hashes: &[u64], missing: &mut [u8]) -> usize {
        if !self.exact {
            return sift_none(hashes, missing);
        }
        let mut count = 0;
        for (place, &hash) in hashes.iter().enumerate() {
            let slot = slots[self.place(hash) - first];
            let is_there = (slot != EMPTY) & self.agrees(slot, hash) & (hash & SHARED_HASH == 0);
            missing[count] = place as u8;
            count += usize::from(!is_there);
        }
        count
    }

    /// How far from its place a search has to go; never as far as all slots, since some are empty.
    #[inline]
    pub fn reach(self) -> usize {
        if self.exact { REACH } else { usize::MAX }
    }

    /// As much of the hash as a slot at this place tells: all of it, or of a tagged one its upper half.
    pub fn hash_at(self, place: usize, slot: u64) -> u64 {
        let kept = slot >> self.number_bits << self.number_bits >> self.dropped;
        if self.dropped == 0 {
            return kept;
        }
        let trailing = self.place(kept);
        let distance = place.wrapping_sub(trailing) & (REACH - 1);
        let home = place.wrapping_sub(distance) & self.mask();
        kept | (home as u64) >> REACH_BITS << (u64::BITS - self.bits + REACH_BITS)
    }
}

/// Nothing is known of these hashes.
pub fn sift_none(hashes: &[u64], missing: &mut [u8]) -> usize {
    for (place, missing) in missing.iter_mut().enumerate().take(hashes.len()) {
        *missing = place as u8;
    }
    hashes.len()
}
