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
