//! What coordination was inserted or is advised, as data: the source of `bloom calm` and of the editor's
//! hints.

use smol_str::SmolStr;

use crate::calm::report::Place;
use crate::hir::Loc;

/// `--coordination`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Coordination {
    /// The cheapest that suffices.
    #[default]
    Auto,
    /// The program as written.
    Off,
    /// Logs only, as a measure for the price of the others.
    Order,
}

/// One piece of coordination and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    pub strategy: Strategy,
    /// The kind of node at which the outputs would differ.
    pub node: SmolStr,
    /// The collections that are sealed, sent in order, or logged, by name.
    pub on: Vec<SmolStr>,
    /// The columns of a seal or of key order; of FIFO and order none.
    pub by: Vec<SmolStr>,
    /// Outputs and views that it mends.
    pub mends: Vec<Mended>,
    /// The rules that captured what could still change.
    pub points: Vec<Loc>,
    /// A sentence without its full stop.
    pub why: String,
    pub price: Price,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mended {
    pub place: Place,
    /// Of the output or view.
    pub name: SmolStr,
    /// Of its kind of node.
    pub node: SmolStr,
}

/// From cheap to dear.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// Repeated messages are taken once, by sender and number.
    Once,
    /// A producer's messages of these channels come in the order sent.
    Fifo { group: SmolStr },
    /// Waits until every producer has declared the partition complete.
    Seal,
    /// Each key has one owner, at which its rows meet.
    KeyOrder,
    /// One replicated log for all of them; one entry is one tick.
    Order { log: SmolStr },
}

/// What a piece of coordination costs while the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// For comparing: a seal's message for a partition is 1.
    pub weight: u32,
    /// "one message a producer a partition; waits for the slowest producer"
    pub words: String,
}

/// An output, view or rule that is taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub node: SmolStr,
    /// Of the output or view.
    pub name: SmolStr,
    /// Of `#[nondeterministic("reason")]`.
    pub reason: SmolStr,
    pub loc: Loc,
}

impl Strategy {
    /// The word in JSON and in texts.
    pub const fn name(&self) -> &'static str {
        match self {
            Strategy::Once => "once",
            Strategy::Fifo { .. } => "fifo",
            Strategy::Seal => "seal",
            Strategy::KeyOrder => "key-order",
            Strategy::Order { .. } => "order",
        }
    }
}
