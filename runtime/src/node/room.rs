//! Room that is used again from tick to tick, so that ticks which are alike allocate nothing for what arrives and
//! for what they defer. Neither much of it nor large pieces are kept: one large tick costs no memory for good.

use crate::deferred::Change;

/// Pieces of each kind.
const PIECES_MAX: usize = 64;
/// Words a piece has room for.
const WORDS_MAX: usize = 1 << 12;

#[derive(Debug, Default)]
pub struct Room {
    rows: Vec<Vec<u64>>,
    changes: Vec<Change>,
}

impl Room {
    pub fn take_rows(&mut self) -> Vec<u64> {
        self.rows.pop().unwrap_or_default()
    }

    pub fn give_rows(&mut self, mut rows: Vec<u64>) {
        if self.rows.len() < PIECES_MAX && rows.capacity() <= WORDS_MAX {
            rows.clear();
            self.rows.push(rows);
        }
    }

    pub fn take_change(&mut self) -> Change {
        self.changes.pop().unwrap_or_default()
    }

    pub fn give_change(&mut self, mut change: Change) {
        if self.changes.len() < PIECES_MAX && change.capacity() <= WORDS_MAX {
            change.clear();
            self.changes.push(change);
        }
    }
}
