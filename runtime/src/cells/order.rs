//! The rows of a collection in the order of their values.
//!
//! Rows of numbers are sorted packed into words. Where they do not fit a word, or have columns that are no
//! numbers, their numbers are sorted by comparing rows.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bloom_plan::types::TypeId;
use bloom_plan::value::Row;

use super::packing::{Packing, Runs};
use super::{Cell, Form, shares};
use crate::crew::{Crew, share};
use crate::report;
use crate::rows::each_row;
use crate::store::Store;

/// Rows that are made values at a time.
const PART_ROWS: usize = 1 << 10;

/// The rows of a collection in the order of their values.
#[derive(Debug)]
pub struct Rows<'n> {
    store: &'n Store,
    types: &'n [TypeId],
    forms: &'n [Form],
    order: Order<'n>,
}

#[derive(Debug)]
enum Order<'n> {
    Packed {
        packing: Packing,
        runs: Runs,
    },
    /// As they stand.
    Stored {
        total: &'n [u64],
        stride: usize,
    },
    Numbers {
        total: &'n [u64],
        stride: usize,
        numbers: Vec<u32>,
    },
}

impl<'n> Rows<'n> {
    pub(crate) fn new(
        store: &'n Store,
        types: &'n [TypeId],
        forms: &'n [Form],
        total: &'n [u64],
    ) -> Rows<'n> {
        let packing = || Packing::new(forms, total, None);
        Rows::unpacked_unless(packing, store, types, forms, total, None)
    }

    /// As [`Rows::new`], of rows that do not fit words.
    pub(crate) fn unpacked(
        store: &'n Store,
        types: &'n [TypeId],
        forms: &'n [Form],
        total: &'n [u64],
        crew: Option<&dyn Crew>,
    ) -> Rows<'n> {
        Rows::unpacked_unless(|| None, store, types, forms, total, crew)
    }

    fn unpacked_unless(
        packing: impl FnOnce() -> Option<Packing>,
        store: &'n Store,
        types: &'n [TypeId],
        forms: &'n [Form],
        total: &'n [u64],
        crew: Option<&dyn Crew>,
    ) -> Rows<'n> {
        let stride = types.len().max(1);
        let order = if total.len() <= stride || stand_in_order(forms, total) {
            Order::Stored { total, stride }
        } else if let Some(packing) = packing() {
            let runs = Runs::of(&packing, total);
            Order::Packed { packing, runs }
        } else {
            Order::Numbers {
                total,
                stride,
                numbers: numbers_in_order(store, types, total, crew),
            }
        };
        Rows {
            store,
            types,
            forms,
            order,
        }
    }

    /// As [`Rows::new`], of rows that nobody needs any more and that fit words.
    pub(crate) fn of_own(
        store: &'n Store,
        types: &'n [TypeId],
        forms: &'n [Form],
        total: Vec<u64>,
        packing: Packing,
        crew: Option<&dyn Crew>,
    ) -> Rows<'n> {
        let runs = Runs::of_own(&packing, total, crew);
        Rows {
            store,
            types,
            forms,
            order: Order::Packed { packing, runs },
        }
    }

    pub fn len(&self) -> usize {
        match &self.order {
            Order::Packed { runs, .. } => runs.len(),
            Order::Stored { total, stride } => total.len() / stride,
            Order::Numbers { numbers, .. } => numbers.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// By column.
    pub fn forms(&self) -> &[Form] {
        self.forms
    }

    /// The rows at some places. Small parts cost more than large ones.
    pub fn part(&self, places: Range<usize>) -> Part<'_> {
        let words = match &self.order {
            Order::Packed { packing, runs } => Words::Packed(packing, runs.part(places)),
            Order::Stored { total, stride } => {
                Words::Stored(&total[places.start * stride..places.end * stride], *stride)
            }
            Order::Numbers {
                total,
                stride,
                numbers,
            } => Words::Numbers(total, *stride, &numbers[places]),
        };
        Part { words }
    }

    /// What stands in a column, given its word.
    #[inline]
    pub fn cell(&self, column: usize, word: u64) -> Cell<'_> {
        match self.forms[column] {
            Form::Number => Cell::Number(word as i64),
            Form::Text => Cell::Text(self.store.text(word)),
            Form::Other => Cell::Other(self.store.value(self.types[column], word)),
        }
    }

    pub fn values(&self) -> impl Iterator<Item = Row> {
        let starts = (0..self.len()).step_by(PART_ROWS);
        starts.flat_map(move |start| {
            let part = self.part(start..self.len().min(start + PART_ROWS));
            let mut words = vec![0; self.types.len()];
            (0..part.len()).map(move |place| {
                part.read(place, &mut words);
                report::values(self.store, self.types, &words)
            })
        })
    }
}

/// Rows that follow each other in the order.
#[derive(Debug)]
pub struct Part<'r> {
    words: Words<'r>,
}

#[derive(Debug)]
enum Words<'r> {
    Packed(&'r Packing, Cow<'r, [u64]>),
    Stored(&'r [u64], usize),
    Numbers(&'r [u64], usize, &'r [u32]),
}

impl Part<'_> {
    pub fn len(&self) -> usize {
        match &self.words {
            Words::Packed(_, packed) => packed.len(),
            Words::Stored(rows, stride) => rows.len() / stride,
            Words::Numbers(_, _, numbers) => numbers.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the words of a row, one a column, to be looked at by [`Rows::cell`].
    #[inline]
    pub fn read(&self, place: usize, words: &mut [u64]) {
        let (rows, start) = match &self.words {
            Words::Packed(packing, packed) => return packing.unpack(packed[place], words),
            Words::Stored(rows, stride) => (rows, place * stride),
            Words::Numbers(total, stride, numbers) => (total, numbers[place] as usize * stride),
        };
        words.copy_from_slice(&rows[start..start + words.len()]);
    }
}

/// The numbers of rows in the order of their values: shares are sorted side by side, and then merged.
fn numbers_in_order(
    store: &Store,
    types: &[TypeId],
    total: &[u64],
    crew: Option<&dyn Crew>,
) -> Vec<u32> {
    let stride = types.len().max(1);
    let mut numbers: Vec<u32> = (0..(total.len() / stride) as u32).collect();
    let row = |n: u32| &total[n as usize * stride..][..types.len()];
    let compare = |&a: &u32, &b: &u32| {
        let cells = row(a).iter().zip(row(b)).zip(types);
        let mut orders = cells.map(|((&a, &b), &ty)| store.compare(ty, a, b));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    let shares = shares(crew, numbers.len());
    let share_rows = numbers.len().div_ceil(shares).max(1);
    let parts: Vec<Mutex<&mut [u32]>> = numbers.chunks_mut(share_rows).map(Mutex::new).collect();
    share(crew, parts.len(), &|number| {
        let mut part = parts[number].lock().unwrap_or_else(PoisonError::into_inner);
        part.sort_unstable_by(compare);
    });
    if parts.len() > 1 {
        drop(parts);
        // It finds what is in order, and merges that.
        numbers.sort_by(compare);
    }
    numbers
}

/// Whether rows of numbers stand in the order of their values, as rows do that follow from others which came so.
fn stand_in_order(forms: &[Form], total: &[u64]) -> bool {
    if !Form::are_numbers(forms) {
        return false;
    }
    let follows = |before: &[u64], row: &[u64]| {
        let cells = before.iter().zip(row);
        let other = cells
            .map(|(&a, &b)| (a as i64, b as i64))
            .find(|(a, b)| a != b);
        other.is_none_or(|(a, b)| a < b)
    };
    let mut before = &total[..forms.len()];
    each_row(total, forms.len()).all(|row| follows(std::mem::replace(&mut before, row), row))
}
