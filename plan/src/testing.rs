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
