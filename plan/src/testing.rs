//! The `test` blocks of a program as data: what the simulator does and expects, with every
//! expression already a value. Nodes are numbered in order of declaration; a node's name is its
//! address in the test.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::value::{Row, Value};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Test {
    pub name: String,
    /// File as given on the command line.
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub nodes: Vec<TestNode>,
    /// One a spec that it checks.
    pub observers: Vec<Observer>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestNode {
    pub name: SmolStr,
    /// Name of the node's kind: a plan of the program.
    pub kind: SmolStr,
    /// One a parameter, in order.
    pub arguments: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub line: u32,
    pub column: u32,
    /// The step as written, for reports.
    pub text: String,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// A node comes up when its declaration is reached.
    Start {
        node: usize,
    },
    /// Rows for the node's next tick. Any collection may be fed.
    Feed {
        node: usize,
        collection: SmolStr,
        row: Row,
    },
    /// A tick of the named nodes, or of all that are up; `count` times.
    Tick {
        count: u32,
        nodes: Option<Vec<usize>>,
    },
    Settle,
    Advance {
        nanoseconds: i64,
    },
    Crash {
        node: usize,
    },
    Restart {
        node: usize,
    },
    Partition {
        groups: Vec<Vec<usize>>,
    },
    Heal,
    /// The next such message is lost.
    Drop {
        from: usize,
        to: usize,
        channel: SmolStr,
    },
    /// Seals a partition of an input: one value a column of `sealed by`.
    Seal {
        node: usize,
        collection: SmolStr,
        key: Row,
    },
    /// The collection holds exactly these rows.
    ExpectRows {
        node: usize,
        collection: SmolStr,
        rows: Vec<Row>,
    },
    /// Some row matches (`negated`: none does).
    ExpectMatch {
        node: usize,
        collection: SmolStr,
        columns: Vec<Pattern>,
        negated: bool,
    },
    /// A row error or conflict of the last tick has this in its message.
    ExpectError {
        text: String,
    },
}

/// What a column must be. The same variable at two places must be the same value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    Any,
    Variable(SmolStr),
    Value(Value),
    Tuple(Vec<Pattern>),
    List(Vec<Pattern>),
    Variant(u32, Vec<Pattern>),
}

/// A `fault test`: a deployment, what it is fed, what must hold, and which faults there may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultTest {
    pub name: String,
    /// File as given on the command line.
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub nodes: Vec<TestNode>,
    pub feeds: Vec<Feed>,
    /// One a spec that it checks.
    pub observers: Vec<Observer>,
    pub bounds: FaultBounds,
}

/// A row that a node takes in at a tick, if it is up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    /// From 1.
    pub tick: u32,
    pub node: usize,
    pub collection: SmolStr,
    pub row: Row,
}

/// Which faults a search may assume.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultBounds {
    /// The last tick.
    pub ticks: u32,
    /// Messages sent before this tick may be lost.
    pub losses_until: u32,
    /// How many nodes may crash.
    pub crashes: u32,
    /// By how many ticks a message may be late at most.
    pub delays: u32,
    /// Whether a message may arrive again, a tick later.
    pub duplicates: bool,
    /// How often some nodes may be cut off from all others.
    pub partitions: u32,
    /// How often a node may be slow for a while.
    pub slow: u32,
    /// How many nodes may have a clock of half or twice the speed.
    pub skews: u32,
    /// How many nodes that crashed may come back.
    pub restarts: u32,
}

/// A spec: a kind of node by itself, which after each tick sees rows of all nodes that are up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observer {
    /// The spec's name.
    pub spec: SmolStr,
    /// Name of its plan.
    pub kind: SmolStr,
    pub observed: Vec<Observed>,
    /// The relation of nodes that are up: one column.
    pub up: SmolStr,
    /// The relation of nodes that have crashed, with the tick in which they did.
    pub crashed: SmolStr,
    /// At the end of a run each row of `pre` needs its equal in `post`.
    pub pre: Option<SmolStr>,
    pub post: Option<SmolStr>,
    /// Relations in which there must be no row at any tick.
    pub never: Vec<SmolStr>,
    /// What must hold of the history at the end of a run.
    pub checkers: Vec<Checker>,
    /// The relations that make the history, each by what it says; only where there are checkers.
    pub history: Vec<(HistoryRelation, SmolStr)>,
}

/// What a spec may ask of the history of a run, as one line: `linearizable;`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Checker {
    Linearizable,
    Sequential,
    Causal,
    Converges,
}

/// A relation of a spec with checkers, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HistoryRelation {
    /// `write(process, id, key, value)`
    Write,
    /// `wrote(process, id)`
    Wrote,
    /// `read(process, id, key)`
    Read,
    /// `got(process, id, value)`
    Got,
    /// `missed(process, id)`
    Missed,
    /// `holds(replica, …)`
    Holds,
    /// `replica(node)`
    Replica,
}

impl Checker {
    pub const ALL: [Checker; 4] = [
        Checker::Linearizable,
        Checker::Sequential,
        Checker::Causal,
        Checker::Converges,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Checker::Linearizable => "linearizable",
            Checker::Sequential => "sequential",
            Checker::Causal => "causal",
            Checker::Converges => "converges",
        }
    }

    pub fn named(name: &str) -> Option<Checker> {
        Checker::ALL
            .into_iter()
            .find(|checker| checker.name() == name)
    }

    /// The relations that it reads, and whether a spec can do without.
    pub fn relations(self) -> &'static [(HistoryRelation, bool)] {
        match self {
            Checker::Linearizable | Checker::Sequential | Checker::Causal => &[
                (HistoryRelation::Write, false),
                (HistoryRelation::Wrote, false),
                (HistoryRelation::Read, false),
                (HistoryRelation::Got, false),
                (HistoryRelation::Missed, true),
            ],
            Checker::Converges => &[
                (HistoryRelation::Holds, false),
                (HistoryRelation::Replica, true),
            ],
        }
    }
}

impl HistoryRelation {
    pub fn name(self) -> &'static str {
        match self {
            HistoryRelation::Write => "write",
            HistoryRelation::Wrote => "wrote",
            HistoryRelation::Read => "read",
            HistoryRelation::Got => "got",
            HistoryRelation::Missed => "missed",
            HistoryRelation::Holds => "holds",
            HistoryRelation::Replica => "replica",
        }
    }

    /// How it is written, with its columns.
    pub fn shape(self) -> &'static str {
        match self {
            HistoryRelation::Write => "write(process, id, key, value)",
            HistoryRelation::Wrote => "wrote(process, id)",
            HistoryRelation::Read => "read(process, id, key)",
            HistoryRelation::Got => "got(process, id, value)",
            HistoryRelation::Missed => "missed(process, id)",
            HistoryRelation::Holds => "holds(replica, …)",
            HistoryRelation::Replica => "replica(node)",
        }
    }

    /// Whether it may have so many columns.
    pub fn fits(self, columns: usize) -> bool {
        match self {
            HistoryRelation::Write => columns == 4,
            HistoryRelation::Read | HistoryRelation::Got => columns == 3,
            HistoryRelation::Wrote | HistoryRelation::Missed => columns == 2,
            HistoryRelation::Holds => columns >= 1,
            HistoryRelation::Replica => columns == 1,
        }
    }
}

/// A relation of an observer: where a row is, then the row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    pub relation: SmolStr,
    pub sources: Vec<Source>,
}

/// A collection of one kind of node, with the places of its columns in the observer's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub kind: SmolStr,
    pub collection: SmolStr,
    pub columns: Vec<u32>,
}
