//! A run of the slots of a table, which one thread adds to while others add to other runs.
//!
//! Invariant: what is put in a run stands in it, at its place or behind it with no empty slot between.

use super::slot::{EMPTY, Form};

/// The slots of a range of hashes.
#[derive(Debug)]
pub struct Run<'t> {
    slots: &'t mut [u64],
    /// Where in the table they begin.
    first: usize,
    /// How many more it may take: its share of what the table may, so that it need not be looked through.
    free: usize,
    form: Form,
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

impl<'t> Run<'t> {
    pub(super) fn new(slots: &'t mut [u64], first: usize, free: usize, form: Form) -> Run<'t> {
        Run {
            slots,
            first,
            free,
            form,
        }
    }

    fn place(&self, hash: u64) -> usize {
        self.form.place(hash) - self.first
    }

    /// As [`NumberTable::sift`](super::NumberTable::sift), of hashes of the run's range.
    #[inline]
    pub fn sift(&self, hashes: &[u64], missing: &mut [u8]) -> usize {
        if !self.form.exact {
            let seen = hashes.iter().map(|&hash| self.slots[self.place(hash)]);
            std::hint::black_box(seen.fold(0, |all, slot| all ^ slot));
        }
        self.form.sift(self.slots, self.first, hashes, missing)
    }

    /// As [`NumberTable::insert_unless`], within the run.
    #[inline]
    pub fn insert_unless(
        &mut self,
        hash: u64,
        new: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Room {
        let form = self.form;
        if form.is_foreign(hash) {
            return Room::None;
        }
        let from = self.place(hash);
        let slots = self.slots.iter_mut().enumerate().skip(from);
        for (place, there) in slots.take(form.reach()) {
            if *there == EMPTY {
                if self.free == 0 {
                    return Room::None;
                }
                self.free -= 1;
                *there = form.slot_of(hash, new);
                return Room::Put(place as u32);
            }
            if form.agrees(*there, hash) && (form.exact || is_it(form.number(*there))) {
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
