//! Memory on its way before generated code asks for it (see [`Ahead`](crate::schedule::Ahead)).

use bloom_plan::plan::VersionId;

use crate::cells::Fed;
use crate::rows::each_row;

use super::Machine;

/// Rows with which a version begins whose look-ups are made ahead.
const AHEAD_ROWS_MAX: usize = 1 << 10;

/// What is asked for of rows that are going to be looked up. Where a row stands is known when its key is there, so there are
/// two steps, and other work between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    Keys,
    Rows,
}

impl Machine {
    /// Has the memory on its way that looking up takes what these rows, which are about to be loaded, ask for or change.
    pub fn look_out(&mut self, arrivals: &Fed, wanted: Wanted) {
        match wanted {
            Wanted::Keys => self.foreseen.clear(),
            Wanted::Rows if self.foreseen.is_empty() => return,
            Wanted::Rows => {}
        }
        for (id, rows) in arrivals.iter() {
            for ahead in &self.program.schedule().arrivals_ahead[id.0 as usize] {
                let into = &self.relations[ahead.into.0 as usize];
                let stride = self.relations[id.0 as usize].shape().stride;
                if !into.is_far() || rows.len() > AHEAD_ROWS_MAX * stride {
                    continue;
                }
                if wanted == Wanted::Keys {
                    self.foreseen.push((ahead.from, ahead.into));
                }
                for row in each_row(rows, stride) {
                    match wanted {
                        Wanted::Keys => fetch(into.key_address(row, &ahead.columns)),
                        Wanted::Rows => fetch(into.row_address(row, &ahead.columns).cast()),
                    }
                }
            }
        }
    }

    /// Has the memory on its way that the version's first look-ups take, if they are few enough to stay in the
    /// processor's cache until then.
    pub(super) fn look_ahead(&self, version: VersionId) {
        let Some(ahead) = &self.program.schedule().ahead[version.0 as usize] else {
            return;
        };
        if self.foreseen.contains(&(ahead.from, ahead.into)) {
            return;
        }
        let from = &self.relations[ahead.from.0 as usize];
        let rows = match ahead.delta {
            true => from.delta(),
            false => from.total(),
        };
        let stride = from.shape().stride;
        if (2 * stride..=AHEAD_ROWS_MAX * stride).contains(&rows.len()) {
            self.relations[ahead.into.0 as usize].warm_keys(rows, stride, &ahead.columns);
        }
    }
}

/// Has memory on its way, without waiting for it.
#[inline]
fn fetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: this reads nothing that anybody sees, and faults at no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
