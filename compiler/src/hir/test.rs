//! Tests, specs and fault tests, resolved.

use super::{
    AtomArg, Body, CallArg, CollectionId, ExprId, HeadColumn, Loc, Location, NodeId, PatId,
};
use smol_str::SmolStr;

/// A `test`. Its expressions have no variables but those of patterns, and are evaluated when the program is
/// compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    pub name: SmolStr,
    /// Places in [`super::Program::specs`].
    pub checks: Vec<u32>,
    pub nodes: Vec<TestNode>,
    pub steps: Vec<Step>,
    /// What the expressions and patterns of nodes and steps index.
    pub body: Body,
    pub loc: Loc,
}

/// A node of a test; its name is its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestNode {
    /// Empty for the node of a test without `node` steps.
    pub name: SmolStr,
    pub kind: NodeId,
    /// One a parameter of the kind, in order; `None` takes the default.
    pub args: Vec<Option<ExprId>>,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub action: Action,
    pub loc: Loc,
}

/// Nodes are given by their place in [`Test::nodes`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Was reported; does nothing.
    Error,
    Start {
        node: u32,
    },
    Feed {
        node: u32,
        collection: CollectionId,
        /// One a column.
        row: Vec<HeadColumn>,
    },
    /// Seals a partition: `key` has one value a column of the input's `sealed by`.
    Seal {
        node: u32,
        collection: CollectionId,
        key: Vec<ExprId>,
    },
    /// No count is one, no nodes are all.
    Tick {
        count: Option<ExprId>,
        nodes: Option<Vec<u32>>,
    },
    Settle,
    Advance(ExprId),
    Crash(u32),
    Restart(u32),
    Partition(Vec<Vec<u32>>),
    Heal,
    Drop {
        from: u32,
        to: u32,
        /// Of the sender's kind.
        channel: CollectionId,
    },
    /// The collection holds exactly these rows, each with one value a column.
    ExpectRows {
        node: u32,
        collection: CollectionId,
        rows: Vec<Vec<ExprId>>,
    },
    ExpectMatch {
        node: u32,
        collection: CollectionId,
        args: Vec<AtomArg>,
        negated: bool,
    },
    ExpectError {
        text: SmolStr,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub name: SmolStr,
    /// The relations that its rules derive, `pre`, `post` and those of `never` among them.
    pub collections: Vec<SpecCollection>,
    pub rules: Vec<SpecRule>,
    pub checkers: Vec<Checker>,
    pub loc: Loc,
}

/// A relation of a spec. Its columns are by position; names only help readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecCollection {
    pub name: SmolStr,
    pub columns: Vec<SmolStr>,
    /// A row at any tick is a violation.
    pub never: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecRule {
    pub head: SpecHead,
    pub literals: Vec<SpecLiteral>,
    pub body: Body,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecHead {
    /// Place in [`Spec::collections`].
    pub collection: u32,
    pub columns: Vec<HeadColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecLiteral {
    /// Was reported; holds.
    Error,
    /// `coll@n{…}`: a row of that collection at a node of any of these kinds.
    At {
        collections: Vec<(NodeId, CollectionId)>,
        at: Location,
        /// By name, since kinds may order columns differently.
        args: Vec<(SmolStr, PatId)>,
        negated: bool,
    },
    /// `up(n)`
    Up {
        node: PatId,
        negated: bool,
    },
    /// `crashed(n, t)`: from the tick on in which the node crashed.
    Crashed {
        node: PatId,
        tick: PatId,
        negated: bool,
    },
    /// A relation of the spec.
    Row {
        collection: u32,
        args: Vec<AtomArg>,
        negated: bool,
    },
    Condition(ExprId),
    Let {
        pat: PatId,
        value: ExprId,
    },
    In {
        pat: PatId,
        source: ExprId,
    },
}

/// `linearizable;`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checker {
    pub checker: bloom_plan::testing::Checker,
    pub loc: Loc,
}

/// A `fault test`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultTest {
    pub test: Test,
    pub bounds: FaultBounds,
}

/// Each by name, with its value in the test's body: `ticks 6`, `losses until 4`, `crashes 1`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FaultBounds {
    pub ticks: Option<ExprId>,
    pub losses_until: Option<ExprId>,
    pub crashes: Option<ExprId>,
    /// Options beyond these, as written.
    pub others: Vec<CallArg>,
}
