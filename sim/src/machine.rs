//! What the world needs of a node. [`bloom_runtime::Node`] is the one that runs in production;
//! the tests' reference evaluator is another, so that both run under the very same steps.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::value::Row;
use bloom_runtime::{Bounds, Config, Input, Node, Output, Program, Snapshot};
use smol_str::SmolStr;

/// What a tick of a test may use: a fixpoint that does not end must fail its test.
pub const BOUNDS: Bounds = Bounds {
    iterations_max: Some(1_000_000),
    rows_max: Some(10_000_000),
    contents_max: Some(2 << 30),
};

/// A running node: one tick a step.
pub trait Machine {
    fn step(&mut self, input: Input) -> Output;
    /// Rows of the finished tick, before its deferred changes; sorted.
    fn rows(&self, relation: RelationId) -> Vec<Row>;
    /// Whether a tick without arrivals would do something.
    fn wants_tick(&self) -> bool;
    /// When the next timer falls due, in nanoseconds.
    fn next_timer(&self) -> Option<i64>;
}

/// A machine that can go back to earlier states of its own.
pub trait Resumable: Machine {
    /// What bears on later ticks; equal if and only if they would be alike.
    type State: Clone + Eq + Hash + Debug;

    fn state(&mut self) -> Self::State;
    fn resume(&mut self, state: &Self::State);
    /// Takes away what the last tick sent over loopbacks, to be fed as rows later.
    fn take_loopback(&mut self) -> Vec<(RelationId, Row)>;
    /// What a tick may use from now on.
    fn limit(&mut self, bounds: Bounds);
}

/// The kinds of node of a program.
pub trait Kinds {
    type Node: Machine;

    /// The plan of a kind: what its collections are called, and the types of their columns.
    fn plan(&self, kind: &str) -> Option<&Plan>;

    /// Starts a node of a kind that there is, or tells why it cannot start.
    fn start(&self, kind: &str, config: Config) -> Result<Self::Node, String>;
}

/// The loaded programs of each kind, by name.
#[derive(Clone, Copy, Debug)]
pub struct Programs<'a>(pub &'a [(SmolStr, Arc<Program>)]);

impl Machine for Node {
    fn step(&mut self, input: Input) -> Output {
        Node::step(self, input)
    }

    fn rows(&self, relation: RelationId) -> Vec<Row> {
        Node::rows(self, relation)
    }

    fn wants_tick(&self) -> bool {
        Node::wants_tick(self)
    }

    fn next_timer(&self) -> Option<i64> {
        Node::next_timer(self)
    }
}

impl Resumable for Node {
    type State = Snapshot;

    fn state(&mut self) -> Snapshot {
        self.snapshot()
    }

    fn resume(&mut self, state: &Snapshot) {
        self.restore(state);
    }

    fn take_loopback(&mut self) -> Vec<(RelationId, Row)> {
        Node::take_loopback(self)
    }

    fn limit(&mut self, bounds: Bounds) {
        Node::limit(self, bounds);
    }
}

impl Programs<'_> {
    fn find(&self, kind: &str) -> Option<&Arc<Program>> {
        let (_, program) = self.0.iter().find(|(name, _)| name == kind)?;
        Some(program)
    }
}

impl Kinds for Programs<'_> {
    type Node = Node;

    fn plan(&self, kind: &str) -> Option<&Plan> {
        Some(self.find(kind)?.plan())
    }

    fn start(&self, kind: &str, config: Config) -> Result<Node, String> {
        let program = self.find(kind).ok_or("there is no such kind of node")?;
        let started = Node::new(Arc::clone(program), config);
        let mut node = started.map_err(|error| error.to_string())?;
        node.limit(BOUNDS);
        Ok(node)
    }
}
