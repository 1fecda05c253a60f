//! How derived rows become rows: gathered while an iteration runs, merged at its end.
//!
//! A batch of rows is hashed first, and the slots and rows that each will be compared with are touched,
//! before the first is looked at; so the processor waits for memory once a batch rather than once a row.

use std::collections::HashMap;

use bloom_plan::plan::RowError;
use rustc_hash::FxBuildHasher;

use crate::context::Context;
use crate::crew::Crew;
use crate::growth::reserve_far;
use crate::rows::{each_row, push_row, row_hash, rows_in};

use super::growing::Growing;
use super::keys::word_of;
use super::shape::hash_at;
use super::table::WordTable;
use super::{Clash, Origin, Relation, Stamping};

/// Rows that are looked up together.
pub const BATCH_ROWS: usize = 64;

/// Fewer rows are looked up one after the other: what one waits for, hardly any other would meanwhile use.
const TOGETHER_MIN: usize = 4;

/// Words of rows from which on they are taken not to be in the processor's nearer caches.
const FAR_WORDS_MIN: usize = 1 << 15;

/// From so many rows on that come at once, most of them are taken to be new.
const LOADED_ROWS_MIN: usize = 1 << 12;

/// What derivations of the running iteration gave.
#[derive(Debug, Default)]
pub(super) struct New {
    /// Rows of new keys, in the order of the numbers they are going to have.
    pub rows: Vec<u64>,
    /// Where each is from; kept unless rows are keys only.
    origins: Vec<Origin>,
    pub growing: Growing,
    odd: Odd,
}

/// Rows with other plain values than the row with their key that is there, or in `rows`.
#[derive(Debug, Default)]
struct Odd {
    rows: Vec<u64>,
    origins: Vec<Origin>,
    /// The number of the row that is there.
    targets: Vec<u32>,
    /// Which they are, by key and plain values.
    places: HashMap<Vec<u64>, u32, FxBuildHasher>,
}

impl New {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.growing.is_empty() && self.odd.targets.is_empty()
    }
}

/// A batch of rows whose first look-ups have been made.
pub(super) struct Sifted {
    hashes: [u64; BATCH_ROWS],
    missing: [u8; BATCH_ROWS],
    count: usize,
}

impl Sifted {
    /// Of at most a batch, by what puts the places of hashes first that are not found at a first look, and tells how many those are.
    #[inline(always)]
    pub fn of<const N: usize>(
        rows: &[[u64; N]],
        sift: impl FnOnce(&[u64], &mut [u8]) -> usize,
    ) -> Sifted {
        let mut hashes = [0; BATCH_ROWS];
        for (row, hash) in rows.iter().zip(&mut hashes) {
            *hash = row_hash(row);
        }
        let mut missing = [0; BATCH_ROWS];
        let count = sift(&hashes[..rows.len()], &mut missing);
        Sifted {
            hashes,
            missing,
            count,
        }
    }

    /// Places and hashes of rows that may not be there.
    #[inline(always)]
    pub fn missing(&self) -> impl Iterator<Item = (usize, u64)> {
        let places = self.missing[..self.count].iter();
        places.map(|&place| (usize::from(place), self.hashes[usize::from(place)]))
    }
}

impl Relation {
    /// Takes derived rows into `new`, but for what `total` has already. Tells of each row whose
    /// lattices do not join, by its place in the batch.
    pub fn emit_batch(
        &mut self,
        context: &mut Context,
        rows: &[u64],
        origin: Origin,
        failed: &mut Vec<(usize, RowError)>,
    ) {
        let stride = self.shape.stride;
        if self.take_unkeyed(rows) {
            return;
        }
        self.key_all();
        if rows.len() >= LOADED_ROWS_MIN * stride {
            self.reserve_keys(rows);
            self.new.rows.reserve(rows.len());
        }
        if self.is_splittable() {
            return self.emit_set(rows);
        }
        if self.poisoned.is_empty()
            && let Some(mut words) = self.words.take()
        {
            self.emit_words(context, &mut words, rows, origin, failed);
            self.words = Some(words);
            return;
        }
        if rows.len() < TOGETHER_MIN * stride {
            for (place, row) in each_row(rows, stride).enumerate() {
                if let Err(error) = self.emit_at(context, self.address(row), row, origin) {
                    failed.push((place, error));
                }
            }
            return;
        }
        for (batch, rows) in rows.chunks(BATCH_ROWS * stride).enumerate() {
            let mut addresses = [0; BATCH_ROWS];
            self.touch(rows, &mut addresses);
            for (place, row) in rows.chunks_exact(stride).enumerate() {
                let emitted = self.emit_at(context, addresses[place], row, origin);
                if let Err(error) = emitted {
                    failed.push((batch * BATCH_ROWS + place, error));
                }
            }
        }
    }

    /// As [`Relation::emit_batch`], where keys are words, and these are their table.
    fn emit_words(
        &mut self,
        context: &mut Context,
        words: &mut WordTable,
        rows: &[u64],
        origin: Origin,
        failed: &mut Vec<(usize, RowError)>,
    ) {
        let stride = self.shape.stride;
        let together = rows.len() >= TOGETHER_MIN * stride && self.is_far();
        for (batch, rows) in rows.chunks(BATCH_ROWS * stride).enumerate() {
            if together {
                self.touch_words(words, rows);
            }
            for (place, row) in each_row(rows, stride).enumerate() {
                let Some(number) = self.find_or_add_word(words, row[0]) else {
                    push_row(&mut self.new.rows, row);
                    self.new.origins.push(origin);
                    continue;
                };
                if let Err(error) = self.emit_to(context, number, row, origin) {
                    failed.push((batch * BATCH_ROWS + place, error));
                }
            }
        }
    }

    /// Makes room for the keys of these rows, most of which are taken to be new.
    fn reserve_keys(&mut self, rows: &[u64]) {
        let stride = self.shape.stride;
        let more = rows.len() / stride;
        match &mut self.words {
            Some(words) => {
                let there = word_of(&self.total, &self.new.rows, stride);
                words.reserve(more, rows.chunks_exact(stride).map(|row| row[0]), there);
            }
            None => self.keys.reserve(more),
        }
    }

    /// Takes derived rows of a relation whose columns are its key, all of them.
    pub(super) fn emit_set(&mut self, rows: &[u64]) {
        match self.shape.stride {
            1 => self.emit_keys::<1>(rows),
            2 => self.emit_keys::<2>(rows),
            3 => self.emit_keys::<3>(rows),
            4 => self.emit_keys::<4>(rows),
            stride => {
                for row in rows.chunks_exact(stride) {
                    let hash_of = self.shape.key_hash(row);
                    if self.find_at(hash_of, row).is_none() {
                        let number = (self.total.len() + self.new.rows.len()) / stride;
                        let number = u32::try_from(number).expect("below 2^32 rows a relation");
                        self.keys.insert(hash_of, number);
                        self.new.rows.extend_from_slice(row);
                    }
                }
            }
        }
    }

    /// As [`Relation::emit_set`], of `N` columns.
    fn emit_keys<const N: usize>(&mut self, rows: &[u64]) {
        let (rows, _) = rows.as_chunks::<N>();
        let is_first = self.keys.is_empty() && rows.len() < LOADED_ROWS_MIN;
        if is_first || rows.len() < TOGETHER_MIN {
            self.keys.reserve(rows.len());
            let each = rows.iter();
            return each.for_each(|row| self.emit_key(row, row_hash(row)));
        }
        for rows in rows.chunks(BATCH_ROWS) {
            for (place, hash) in self.sift(rows).missing() {
                self.emit_key(&rows[place], hash);
            }
        }
    }

    /// Looks the rows of a batch up side by side.
    pub(super) fn sift<const N: usize>(&self, rows: &[[u64; N]]) -> Sifted {
        Sifted::of(rows, |hashes, missing| {
            let count = self.keys.sift(hashes, missing);
            if !self.keys.is_exact() {
                self.touch_at(hashes);
            }
            count
        })
    }

    /// Takes a derived row of `N` columns, all of them its key, which has this hash.
    #[inline(always)]
    fn emit_key<const N: usize>(&mut self, row: &[u64; N], hash: u64) {
        let (total, _) = self.total.as_chunks::<N>();
        let (new, _) = self.new.rows.as_chunks::<N>();
        let number = u32::try_from(total.len() + new.len());
        let number = number.expect("below 2^32 rows a relation");
        let same = |n: u32| match total.get(n as usize) {
            Some(there) => there == row,
            None => new[n as usize - total.len()] == *row,
        };
        if self.keys.insert_unless(hash, number, same) {
            self.new.rows.extend_from_slice(row);
        }
    }

    /// Has the memory on its way that rows of `total` and looking up their keys take.
    pub fn warm_rows(&self, numbers: &[u32]) {
        if numbers.len() < TOGETHER_MIN || !self.is_far() {
            return;
        }
        let mut addresses = [0; BATCH_ROWS];
        for numbers in numbers.chunks(BATCH_ROWS) {
            for (&number, address) in numbers.iter().zip(&mut addresses) {
                *address = self.address(self.row(number));
            }
            self.touch_at(&addresses[..numbers.len()]);
        }
    }

    /// Has the memory on its way that looking up the keys of these rows takes.
    pub fn warm(&self, rows: &[u64]) {
        if rows.len() < TOGETHER_MIN * self.shape.stride || !self.is_far() {
            return;
        }
        let mut addresses = [0; BATCH_ROWS];
        for rows in rows.chunks(BATCH_ROWS * self.shape.stride) {
            self.touch(rows, &mut addresses);
        }
    }

    /// Has the memory on its way that looking up keys takes, which stand in these columns of rows of another relation.
    pub fn warm_keys(&self, rows: &[u64], stride: usize, columns: &[usize]) {
        if !self.is_far() {
            return;
        }
        for rows in rows.chunks(BATCH_ROWS * stride) {
            let mut addresses = [0; BATCH_ROWS];
            for (row, address) in rows.chunks_exact(stride).zip(&mut addresses) {
                *address = match self.words {
                    Some(_) => row[columns[0]],
                    None => hash_at(row, columns),
                };
            }
            self.touch_at(&addresses[..rows.len() / stride]);
        }
    }

    /// Tells where to look for the keys of rows, and has the memory on its way that looking them up takes.
    pub(super) fn touch(&self, rows: &[u64], addresses: &mut [u64; BATCH_ROWS]) {
        let mut count = 0;
        for (row, address) in each_row(rows, self.shape.stride).zip(&mut *addresses) {
            *address = self.address(row);
            count += 1;
        }
        self.touch_at(&addresses[..count]);
    }

    /// Whether there are so many rows that looking one up is likely to wait for memory.
    #[inline]
    pub fn is_far(&self) -> bool {
        self.total.len() + self.new.rows.len() >= FAR_WORDS_MIN
    }

    /// Reads what stands at these addresses, at most a batch, and then the rows that it leads to.
    fn touch_at(&self, addresses: &[u64]) {
        if !self.is_far() {
            return;
        }
        if let Some(words) = &self.words {
            self.touch_words_at(words, addresses);
            return;
        }
        let mut slots = [0; BATCH_ROWS];
        for (&hash, slot) in addresses.iter().zip(&mut slots) {
            *slot = self.keys.first_slot(hash);
        }
        // Slots tell all that there is to know of keys only.
        if self.keys.is_exact() && self.shape.is_keys_only() {
            std::hint::black_box(slots);
            return;
        }
        let mut numbers = [0; BATCH_ROWS];
        for ((&slot, &hash), number) in slots.iter().zip(addresses).zip(&mut numbers) {
            *number = self.keys.candidate(slot, hash).map_or(0, |n| n + 1);
        }
        self.touch_rows(&numbers[..addresses.len()]);
    }

    /// As [`Relation::touch_at`], of keys that are words and the first of each row; and then what rows become.
    fn touch_words(&self, words: &WordTable, rows: &[u64]) {
        let mut first = [0; BATCH_ROWS];
        let mut count = 0;
        for (row, word) in each_row(rows, self.shape.stride).zip(&mut first) {
            *word = row[0];
            count += 1;
        }
        let numbers = self.touch_words_at(words, &first[..count]);
        self.new.growing.touch(&numbers[..count], self.shape.stride);
    }

    /// As [`Relation::touch_at`], of keys that are words. Gives the numbers plus 1 of the rows that are likely to have them.
    fn touch_words_at(&self, words: &WordTable, keys: &[u64]) -> [u32; BATCH_ROWS] {
        let mut numbers = [0; BATCH_ROWS];
        words.touch(keys, &mut numbers);
        self.touch_rows(&numbers[..keys.len()]);
        numbers
    }

    /// Reads rows by their numbers plus 1, but for those by 0.
    fn touch_rows(&self, numbers: &[u32]) {
        let mut seen = 0;
        for &number in numbers {
            if let Some(number) = number.checked_sub(1) {
                seen ^= self.row_or_new(number)[0];
            }
        }
        std::hint::black_box(seen);
    }

    /// Takes a derived row into `new`, unless `total` has it already.
    #[inline]
    fn emit_at(
        &mut self,
        context: &mut Context,
        address: u64,
        row: &[u64],
        origin: Origin,
    ) -> Result<(), RowError> {
        if !self.poisoned.is_empty() && self.poisoned.contains(&self.shape.key_of(row)) {
            return Ok(());
        }
        match self.find_at(address, row) {
            None => {
                let number = rows_in(self.total.len() + self.new.rows.len(), self.shape.stride);
                let number = u32::try_from(number).expect("below 2^32 rows a relation");
                self.add_key(address, number);
                push_row(&mut self.new.rows, row);
                if !self.shape.is_keys_only() {
                    self.new.origins.push(origin);
                }
                Ok(())
            }
            Some(_) if self.shape.is_keys_only() => Ok(()),
            Some(number) => self.emit_to(context, number, row, origin),
        }
    }

    /// Takes a derived row of a key that is there.
    fn emit_to(
        &mut self,
        context: &mut Context,
        number: u32,
        row: &[u64],
        origin: Origin,
    ) -> Result<(), RowError> {
        if !self.shape.same_plain(self.row_or_new(number), row) {
            return self.emit_odd(context, number, row, origin);
        }
        let stride = self.shape.stride;
        let start = number as usize * stride;
        if let Some(start) = start.checked_sub(self.total.len()) {
            let there = &mut self.new.rows[start..start + stride];
            self.shape.join(context, there, row)?;
            let from = &mut self.new.origins[start / stride];
            *from = origin.min(*from);
            return Ok(());
        }
        // Where rows have no lattices, too.
        if self.shape.absorbs(&self.total[start..start + stride], row) {
            return Ok(());
        }
        let there = &self.total[start..start + stride];
        let count = || rows_in(self.total.len(), stride);
        let growing = &mut self.new.growing;
        growing.take_in(number, count, there, row, |there, row| {
            self.shape.join(context, there, row)
        })
    }

    /// Takes a derived row whose plain values are others than those of the row with its key.
    fn emit_odd(
        &mut self,
        context: &mut Context,
        number: u32,
        row: &[u64],
        origin: Origin,
    ) -> Result<(), RowError> {
        let columns = self.shape.keys.iter().chain(&self.shape.plain);
        let identity: Vec<u64> = columns.map(|&c| row[c]).collect();
        let odd = &mut self.new.odd;
        if let Some(&place) = odd.places.get(&identity) {
            return odd.join(&self.shape, context, place, row, origin);
        }
        odd.places.insert(identity, odd.targets.len() as u32);
        odd.rows.extend_from_slice(row);
        odd.origins.push(origin);
        odd.targets.push(number);
        Ok(())
    }

    /// How many rows of new keys there are in `new`.
    pub fn new_rows(&self) -> usize {
        rows_in(self.new.rows.len(), self.shape.stride)
    }

    /// Whether the running iteration has derived something that is to be merged.
    #[inline]
    pub fn has_new(&self) -> bool {
        !self.new.is_empty()
    }

    /// Moves `new` into `total`, by threads where there are some and it is much; what changed becomes `delta`. How many rows
    /// were added or have grown.
    pub fn merge(&mut self, crew: Option<&dyn Crew>, clashes: &mut Vec<Clash>) -> usize {
        self.clear_delta();
        let added = self.append();
        if !self.new.odd.targets.is_empty() {
            self.take_odd(clashes);
        }
        match self.new.growing.is_empty() {
            true => added,
            false => added + self.merge_growing(crew),
        }
    }

    /// Rows of new keys go to the end of `total`; how many there are.
    fn append(&mut self) -> usize {
        let from = self.len();
        let New { rows, origins, .. } = &mut self.new;
        let count = rows_in(rows.len(), self.shape.stride);
        let lattices = !self.shape.lattices.is_empty();
        if lattices {
            self.delta_rows.extend_from_slice(rows);
        }
        if from == 0 {
            std::mem::swap(&mut self.total, rows);
        } else {
            reserve_far(&mut self.total, rows.len());
            self.total.extend_from_slice(rows);
        }
        self.generation += count as u64;
        if let Stamping::Now(stamp) = self.stamping {
            self.stamps.resize(self.stamps.len() + count, stamp);
        }
        if !self.shape.plain.is_empty() {
            self.origins.append(origins);
        }
        if !lattices {
            self.delta = from..from + count;
        }
        rows.clear();
        origins.clear();
        count
    }

    /// Rows with other plain values than those that are there clash with them.
    #[cold]
    fn take_odd(&mut self, clashes: &mut Vec<Clash>) {
        let odd = std::mem::take(&mut self.new.odd);
        for (place, row) in each_row(&odd.rows, self.shape.stride).enumerate() {
            let number = odd.targets[place];
            let from = self.origin_of(number);
            clashes.push(Clash {
                poisons: from != Origin::EARLIER,
                claims: vec![
                    (self.row(number).to_vec(), from),
                    (row.to_vec(), odd.origins[place]),
                ],
            });
        }
    }

    /// Forgets what the running iteration derived.
    pub(super) fn clear_new(&mut self) {
        self.key_all();
        let new = std::mem::take(&mut self.new);
        for (place, row) in new.rows.chunks_exact(self.shape.stride).enumerate() {
            let number = (self.len() + place) as u32;
            self.remove_key(self.address(row), number);
        }
    }
}

impl Odd {
    /// Joins the lattices of the row into those of the one at that place.
    fn join(
        &mut self,
        shape: &super::Shape,
        context: &mut Context,
        place: u32,
        row: &[u64],
        origin: Origin,
    ) -> Result<(), RowError> {
        let start = place as usize * shape.stride;
        let there = &mut self.rows[start..start + shape.stride];
        shape.join(context, there, row)?;
        let from = &mut self.origins[place as usize];
        *from = origin.min(*from);
        Ok(())
    }
}
