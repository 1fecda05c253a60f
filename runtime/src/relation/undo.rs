//! Taking back what a stratum or a tick has merged.
//!
//! Between marks rows are only appended and lattice columns only overwritten, so a mark is a number
//! of rows and a length of the log of overwritten columns.

use std::collections::BTreeSet;

use super::{Origin, Relation};

/// A state to go back to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    rows: usize,
    log: usize,
}

impl Relation {
    /// After the last tick's deferred changes, before arrivals.
    #[inline]
    pub fn begin_tick(&mut self) {
        if !self.poisoned.is_empty() {
            self.poisoned.clear();
        }
        self.begin_here();
    }

    /// Makes what is there now the state at the tick's start.
    pub fn begin_here(&mut self) {
        self.log.clear();
        self.begin_stratum();
        self.tick = self.stratum;
    }

    /// What is there now stays whatever the stratum does.
    pub fn begin_stratum(&mut self) {
        self.clear_delta();
        self.origins.clear();
        self.stratum = Mark {
            rows: self.len(),
            log: self.log.len(),
        };
    }

    /// Back to where the stratum began. Poisoned keys stay poisoned.
    pub fn undo_stratum(&mut self) {
        self.undo(self.stratum);
    }

    /// Back to where the tick began.
    pub fn undo_tick(&mut self) {
        self.undo(self.tick);
        self.stratum = self.tick;
    }

    fn undo(&mut self, mark: Mark) {
        self.clear_new();
        self.clear_delta();
        self.origins.clear();
        let entry = 1 + self.shape.lattices.len();
        while self.log.len() > mark.log {
            self.generation += 1;
            let start = self.log.len() - entry;
            let row = self.log[start] as usize * self.shape.stride;
            for (place, &(column, _)) in self.shape.lattices.iter().enumerate() {
                self.total[row + column] = self.log[start + 1 + place];
            }
            self.log.truncate(start);
        }
        for number in (mark.rows..self.len()).rev() {
            self.remove(number as u32);
        }
    }

    /// Whether there are rows that are logged before they are overwritten.
    pub(super) fn remembers(&self) -> bool {
        self.stratum.rows > 0
    }

    /// Logs the lattice columns of a row about to be overwritten.
    pub(super) fn remember(&mut self, number: u32) {
        // Rows from the mark on vanish whole.
        if (number as usize) < self.stratum.rows {
            self.log.push(u64::from(number));
            let start = number as usize * self.shape.stride;
            for &(column, _) in &self.shape.lattices {
                self.log.push(self.total[start + column]);
            }
        }
    }

    /// Where a row is from, if the stratum added it.
    pub(super) fn origin_of(&self, number: u32) -> Origin {
        let since = (number as usize).checked_sub(self.stratum.rows);
        since.map_or(Origin::EARLIER, |place| self.origins[place])
    }

    /// Numbers of the rows that the tick added or made grow.
    pub fn changed(&self) -> BTreeSet<u32> {
        let entry = 1 + self.shape.lattices.len();
        let grown = self.log.chunks_exact(entry).map(|e| e[0] as u32);
        (self.tick.rows as u32..self.len() as u32)
            .chain(grown)
            .collect()
    }
}
