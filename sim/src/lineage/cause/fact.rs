//! Facts, what they rest on, and the ways in which they came about.

use bloom_plan::plan::{Arrow, RelationId, RuleId};
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

use crate::lineage::firing::Group;
use crate::lineage::history::Moment;

/// A row of a collection in a tick.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fact {
    pub moment: Moment,
    pub relation: RelationId,
    pub row: Row,
    /// No row that is there when the tick ends, but what was joined to one with its key, or what that was before.
    pub part: bool,
}

/// What there was no row of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Absence {
    pub moment: Moment,
    pub relation: RelationId,
    /// By column: the value that it would have had; none for any.
    pub columns: Vec<Option<Value>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Premise {
    There(Fact),
    Absent(Absence),
}

/// One way in which a fact came about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edge {
    pub how: How,
    pub premises: Vec<Premise>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum How {
    /// A rule of the same node derived it: in the same tick, or by `<+`, `<+-` or to itself in the one before.
    Rule(Fired),
    /// Another node sent it.
    Sent(Fired),
    /// It is the join of what it rests on.
    Joined,
    /// A spec sees what a node has.
    Seen,
    Given(Given),
}

/// A rule that derived something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired {
    pub moment: Moment,
    pub rule: RuleId,
    pub arrow: Arrow,
    pub group: Option<Group>,
    pub by_chance: bool,
}

/// What is from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given {
    Fed,
    /// By a node whose run is not known.
    Message(SmolStr),
    Timer,
    Line,
    Sealed,
    /// Of the deployment, or from before the run.
    Start,
    Alive,
    /// The engine raised it.
    Raised,
    /// A spec is told of faults.
    Told,
    /// It was not looked any further.
    Unknown,
}
