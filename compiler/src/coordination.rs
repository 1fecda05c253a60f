//! The cheapest coordination that makes outputs the same however messages come.
//!
//! For each violation that [`crate::calm`] reports there are strategies, from cheap to dear: wait for a seal
//! of the partition, have one producer's messages in the order sent, or send what races through a
//! replicated log. The stage inserts the cheapest set that suffices, as a rewrite of the resolved program: a
//! new [`hir::Program`](crate::hir::Program), and what was done to it as data. What helps but changes
//! more than messages' order is advised and left to the author (Alvaro et al., "Blazes", ICDE 2014, §6).

pub mod insertion;

mod counts;
mod writing;

use crate::base::Diagnostic;
use crate::calm::Report;
use crate::hir::Program;
use crate::typing::Typed;

pub use counts::with_counts;
pub use insertion::{Accepted, Coordination, Insertion, Mended, Price, Strategy};

/// A program with the coordination that it needs, as `bloom expand` prints it.
#[derive(Clone, Debug, Default)]
pub struct Coordinated {
    pub program: Program,
    pub typed: Typed,
    /// What was inserted: `coordination` in JSON.
    pub insertions: Vec<Insertion>,
    /// What would mend more, and is the author's to decide.
    pub advice: Vec<Insertion>,
    pub accepted: Vec<Accepted>,
    /// Of the program as written.
    pub before: Report,
    /// Of the program as it is now.
    pub after: Report,
    /// Why it must not run, where it must not.
    pub diagnostics: Vec<Diagnostic>,
}
