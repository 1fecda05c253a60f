//! What is explored: nodes, what they are fed, how things are delivered, and what is looked at.

use bloom_plan::plan::Delivery;
use bloom_plan::value::Row;
use smol_str::SmolStr;

use crate::world::Setup;

/// Nodes, and what the network between them promises.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Deployment {
    /// A node's name is its address.
    pub nodes: Vec<Setup>,
    /// How rows of a channel or input are delivered, in place of what its declaration says. Of what
    /// is fed, one sender feeds all of a group. An ordered log has one sequence for all nodes: what
    /// the first to take something from it takes in together is a batch, and a batch is all that a
    /// tick takes in. Messages to several nodes are the same in a log if they agree in all but the
    /// location.
    pub delivery: Vec<(SmolStr, Delivery)>,
    /// What `random()` and `fresh_id()` are drawn from.
    pub seed: u64,
}

/// Something from outside, each time it is delivered at a time of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// The nodes that are fed it, each at its own time: all replicas of a kind, or one node.
    pub to: Vec<usize>,
    pub what: Fed,
    /// Feeds that come first: every node has taken all that it gets of them before any node takes
    /// this one, but a node may take them together with it, unless this is news of who is alive.
    pub after: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Fed {
    Row {
        collection: SmolStr,
        row: Row,
    },
    /// A partition of an input is complete: one value a column of its `sealed by`.
    Seal {
        collection: SmolStr,
        key: Row,
    },
    /// A line of standard input.
    Line(String),
    /// What the failure detector trusts from now on.
    Alive(Vec<SmolStr>),
}

impl Fed {
    /// The collection that it is a row or a seal of.
    pub fn collection(&self) -> &str {
        match self {
            Fed::Row { collection, .. } | Fed::Seal { collection, .. } => collection,
            Fed::Line(_) => "stdin",
            Fed::Alive(_) => "alive",
        }
    }
}

/// A collection of a node whose contents are compared between runs. Of outputs, channels,
/// loopbacks, `stdout`, `stderr`, `halt` and `errors`, which cannot be taken back, these are all
/// rows of all ticks; of any other collection, the rows with which it comes to rest.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Observed {
    pub node: usize,
    pub collection: SmolStr,
}

/// What a schedule may do, and how much of it is followed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Messages and inputs that one tick may take in.
    pub batch_max: usize,
    /// How often a message may be delivered again, if its delivery is free.
    pub message_repeats: u8,
    /// The same for what is fed.
    pub feed_repeats: u8,
    /// How many messages may be lost, of those whose delivery is free.
    pub losses: u8,
    /// How often time passes at a node with a timer, or that reads the clock, at any moment.
    pub firings: u8,
    /// How often it passes again there after all else has come to rest, so that what a timer does
    /// again and again is done once more after everything has arrived.
    pub closings: u8,
    /// Whether rows of a loopback may arrive later than in the next tick, as the language permits,
    /// or as the engine has it.
    pub free_loopback: bool,
    /// Whether schedules that lead where others lead are left out. Without, the same outcomes are
    /// found at greater cost; for testing that.
    pub reduced: bool,
    pub states_max: usize,
    /// Stop when so many outcomes are known.
    pub outcomes_wanted: Option<usize>,
    /// Groups of places in what is observed that should hold the same: replicas. Stop at an
    /// outcome in which they do not.
    pub replicas: Vec<Vec<usize>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            batch_max: 4,
            message_repeats: 0,
            feed_repeats: 0,
            losses: 0,
            firings: 0,
            closings: 0,
            free_loopback: true,
            reduced: true,
            states_max: 60_000,
            outcomes_wanted: None,
            replicas: Vec::new(),
        }
    }
}
