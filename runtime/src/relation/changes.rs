//! What a tick has changed of a relation, against the end of the last.
//!
//! Rows go before others come: first what was deferred is deleted and what lived for one tick is
//! forgotten, and a relation that is kept up to date first loses what has no support. So at any time
//! the rows below the base were there before (though their lattice columns may have grown since),
//! those from it on came, and those that went are in `gone`, if anyone wants to know.

use std::collections::BTreeSet;

use crate::rows::copy_row;

use super::Relation;

/// How a relation differs from the last tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    Same,
    /// Rows came.
    Grown,
    /// Rows went, or have other lattice columns.
    Lost,
    /// It is not known which.
    Unknown,
}

impl Relation {
    /// Rows that go are to be remembered until the next tick.
    pub fn watch(&mut self) {
        self.watched = true;
    }

    /// Some version begins with rows that came.
    pub fn follow(&mut self) {
        self.followed = true;
    }

    /// Whether rows may be overwritten: nobody wants to know which ones came or went, and no index knows them by
    /// their values.
    pub fn is_overwritable(&self) -> bool {
        !self.watched && !self.followed && self.indexes.is_empty()
    }

    /// Nobody asks what a tick has changed of it.
    pub fn ignore(&mut self) {
        debug_assert!(!self.watched && !self.followed, "somebody asks");
        self.ignored = true;
    }

    /// Gives a row that was there in the last tick other values.
    pub fn overwrite(&mut self, number: u32, row: &[u64]) {
        debug_assert!(self.is_overwritable(), "nobody looks for the row as it was");
        if !self.ignored {
            self.generation += 1;
            self.lost = true;
        }
        let start = number as usize * self.shape.stride;
        copy_row(&mut self.total[start..start + self.shape.stride], row);
    }

    /// Whether the tick has changed it so far, as far as anybody asks.
    #[inline]
    pub fn is_changed(&self) -> bool {
        self.unknown || !self.is_as_before()
    }

    /// Whether a tick may begin that neither opens nor begins it, since the last has done nothing to it.
    pub fn is_at_rest(&self) -> bool {
        let nothing = self.gone.is_empty() && self.log.is_empty() && self.new.is_empty();
        nothing && !self.is_changed() && !self.lost && self.base == self.len()
    }

    /// What is there now is how the tick found it.
    #[inline]
    pub fn open_tick(&mut self) {
        self.unknown = self.generation != self.settled;
        self.gone.clear();
        self.lost = false;
        self.base = self.len();
        self.forget_past();
        self.log.clear();
    }

    #[inline]
    fn forget_past(&mut self) {
        if self.past.is_some() {
            self.past = None;
        }
    }

    /// What is there now is what the next tick is compared with.
    pub fn close_tick(&mut self) {
        self.settled = self.generation;
    }

    pub fn change(&self) -> Change {
        if self.unknown {
            Change::Unknown
        } else if self.is_as_before() {
            Change::Same
        } else if self.lost || !self.log.is_empty() {
            Change::Lost
        } else {
            Change::Grown
        }
    }

    pub fn is_unchanged(&self) -> bool {
        self.change() == Change::Same
    }

    pub(super) fn is_as_before(&self) -> bool {
        self.generation == self.settled
    }

    /// Forgets all rows, which were those of the last tick.
    pub fn expire(&mut self) {
        debug_assert_eq!(self.base, self.len(), "rows go before others come");
        if self.watched && !self.total.is_empty() {
            self.gone.extend_from_slice(&self.total);
        }
        self.lost |= !self.total.is_empty();
        self.clear();
        self.base = 0;
        if self.ignored {
            self.settled = self.generation;
            (self.lost, self.unknown) = (false, false);
        }
    }

    /// Removes a row that was there in the last tick.
    pub fn take_out(&mut self, number: u32) {
        debug_assert_eq!(self.base, self.len(), "rows go before others come");
        if self.watched {
            let start = number as usize * self.shape.stride;
            let row = &self.total[start..start + self.shape.stride];
            self.gone.extend_from_slice(row);
        }
        self.lost = true;
        self.remove(number);
        self.base = self.len();
    }

    /// Forgets all rows, and what they were.
    pub fn forget(&mut self) {
        self.unknown = true;
        self.gone.clear();
        self.forget_past();
        self.clear();
        self.counts.clear();
        self.stamps.clear();
        self.base = 0;
    }

    /// Another, from outside of all ticks, has changed the rows.
    pub fn disown(&mut self) {
        self.unknown = true;
        self.base = 0;
        self.gone.clear();
    }

    /// Whether rows came, or have grown.
    pub fn has_come(&self) -> bool {
        self.base < self.len() || !self.log.is_empty()
    }

    /// Rows that went, whole; nothing if the relation is not watched.
    pub fn gone(&self) -> &[u64] {
        &self.gone
    }

    /// Makes what came the delta: rows, and how those that have grown are now.
    pub fn set_delta_came(&mut self) {
        self.clear_delta();
        if self.log.is_empty() {
            self.delta = self.base..self.len();
            return;
        }
        let stride = self.shape.stride;
        self.delta_rows
            .extend_from_slice(&self.total[self.base * stride..]);
        let grown: Vec<u32> = self.grown().map(|(number, _)| number).collect();
        for number in grown {
            let start = number as usize * stride;
            self.delta_rows
                .extend_from_slice(&self.total[start..start + stride]);
        }
    }

    /// Makes what went the delta: rows, and how those that have grown were.
    pub fn set_delta_went(&mut self) {
        self.clear_delta();
        self.delta_rows.extend_from_slice(&self.gone);
        let grown: Vec<u64> = self.grown().flat_map(|(_, row)| row).collect();
        self.delta_rows.extend(grown);
    }

    /// Makes these rows the delta.
    pub fn set_delta_rows(&mut self, rows: &[u64]) {
        self.clear_delta();
        self.delta_rows.extend_from_slice(rows);
    }

    /// Rows of the last tick that have grown: their numbers, and how they were.
    pub(super) fn grown(&self) -> impl Iterator<Item = (u32, Vec<u64>)> {
        let entry = 1 + self.shape.lattices.len();
        let mut seen = BTreeSet::new();
        let entries = self.log.chunks_exact(entry);
        // A row's first entry is from when the tick began.
        entries.filter_map(move |logged| {
            let number = logged[0] as u32;
            if number as usize >= self.base || !seen.insert(number) {
                return None;
            }
            let mut row = self.row(number).to_vec();
            for (place, &(column, _)) in self.shape.lattices.iter().enumerate() {
                row[column] = logged[1 + place];
            }
            Some((number, row))
        })
    }
}
