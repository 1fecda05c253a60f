//! Fixpoints that do not end, or not soon: how far a tick has come, and when it is to be given up.
//!
//! The language lets a rule derive new values from its own, so that `n{x: x + 1} <= n{x};` goes on until the
//! numbers or the memory are used up. A node cannot see whether an end would come; whoever drives it sets
//! [`Bounds`], or looks at its [`Watch`] from another thread and asks it to stop. A tick that is given up
//! takes no effect.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use smol_str::SmolStr;

/// Rules that a report of a fixpoint without end names.
pub const RULES_NAMED_MAX: usize = 3;

/// What one tick may use; none: any amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// Iterations of all its fixpoints.
    pub iterations_max: Option<u64>,
    /// Rows that merge, and rows whose lattice columns grow.
    pub rows_max: Option<u64>,
    /// Bytes of the node's texts and compound values.
    pub contents_max: Option<u64>,
}

/// What a running tick shows to other threads.
#[derive(Debug, Default)]
pub struct Watch {
    ticks: AtomicU64,
    iterations: AtomicU64,
    rows: AtomicU64,
    stop: AtomicBool,
}

impl Watch {
    /// Asks the tick to stop after this iteration; ticks that start later stop too.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Finished ticks of the node.
    pub fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Iterations of the node's ticks so far.
    pub fn iterations(&self) -> u64 {
        self.iterations.load(Ordering::Relaxed)
    }

    /// Rows that its ticks have merged so far.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    pub(crate) fn count_tick(&self) {
        add(&self.ticks, 1);
    }

    pub(crate) fn count(&self, iterations: u64, rows: u64) {
        add(&self.iterations, iterations);
        add(&self.rows, rows);
    }
}

/// Adds to a count of which only the node itself changes anything: others merely look.
fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
}

/// Why a tick was given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// By [`Watch::stop`].
    Asked,
    Iterations(u64),
    Rows(u64),
    Contents(u64),
}

/// A tick that was given up within a fixpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stopped {
    pub reason: Reason,
    /// Of this tick.
    pub iterations: u64,
    pub rows: u64,
    /// Rules that were about to derive more, as they stand in the program.
    pub rules: Vec<SmolStr>,
    /// How many more such rules there are.
    pub other_rules: usize,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            Reason::Asked => write!(f, "stopped before the end of a fixpoint")?,
            Reason::Iterations(max) => write!(f, "a fixpoint did not end in {max} iterations")?,
            Reason::Rows(max) => write!(f, "more than {max} rows in one tick")?,
            Reason::Contents(max) => write!(f, "values of more than {max} bytes")?,
        }
        let (iterations, rows) = (self.iterations, self.rows);
        write!(f, " ({iterations} iterations, {rows} rows so far)")?;
        if self.rules.is_empty() {
            return Ok(());
        }
        let one = self.rules.len() + self.other_rules == 1;
        let (noun, verb) = if one {
            ("rule", "derives")
        } else {
            ("rules", "derive")
        };
        write!(
            f,
            "; the {noun} at {} still {verb} new rows",
            self.rules.join(", ")
        )?;
        match self.other_rules {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}
