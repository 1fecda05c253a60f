//! What an exploration found, as data.

use bloom_plan::value::Row;
use bloom_runtime::Message;
use smol_str::SmolStr;
use thiserror::Error;

/// How runs can end.
#[derive(Clone, Debug)]
pub struct Outcomes {
    /// Distinct contents, those with the shortest schedules first.
    pub outcomes: Vec<Outcome>,
    /// All schedules were followed, so that there are no other outcomes.
    pub complete: bool,
    /// The first outcome whose replicas differ; `Options::replicas` tells which they are.
    pub split: Option<usize>,
    /// States of the whole deployment that were met.
    pub states: usize,
    /// Ticks that nodes ran for it.
    pub ticks: usize,
}

/// One way in which runs end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// One for each that is observed.
    pub contents: Vec<Contents>,
    pub schedule: Schedule,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Contents {
    /// Sorted.
    Rows(Vec<Row>),
    /// They change for ever.
    Oscillates,
}

/// A run: what happened, in its order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    pub steps: Vec<Step>,
    /// The steps from here on repeat for ever.
    pub repeats_from: Option<usize>,
}

impl Schedule {
    /// Whether some tick reports a row error or a key conflict.
    pub fn has_errors(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Tick(tick) => !tick.errors.is_empty(),
            Step::Loss(_) => false,
        })
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    Tick(Tick),
    /// The network loses a message.
    Loss(Message),
}

/// One tick of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tick {
    pub node: usize,
    /// Virtual time, in nanoseconds.
    pub now: i64,
    /// Whether time has passed since the node's last tick, so that a timer may have fired.
    pub fires: bool,
    pub arrivals: Vec<Arrival>,
    pub sends: Vec<Message>,
    /// What it adds to collections that cannot be taken back: place in what is observed, and row.
    pub emits: Vec<(usize, Row)>,
    /// What is read as of now and holds something else than after the node's last tick: place in
    /// what is observed, and rows.
    pub holds: Vec<(usize, Vec<Row>)>,
    /// Messages of row errors and key conflicts.
    pub errors: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// Of this number among what is fed.
    Feed(usize),
    Message(Message),
    Loopback {
        collection: SmolStr,
        row: Row,
    },
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Unexplored {
    #[error("there are more than {0} states")]
    States(usize),
    #[error("nodes send more than {0} different messages")]
    Messages(usize),
    /// A tick does not end.
    #[error("{0}")]
    Endless(String),
    #[error("feeds wait for each other, or for one that the network loses")]
    Stuck,
    #[error("{0}")]
    Start(String),
    #[error("node `{node}` has no collection `{collection}`")]
    Collection { node: SmolStr, collection: SmolStr },
}
