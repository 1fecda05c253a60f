//! What goes into a node and what comes out of it, as data. A node has no clock, no sockets and no
//! disk: whoever drives it (`host` with real ones, `sim` with simulated ones) hands a tick its time
//! and arrivals in an [`Input`], and carries out what the [`Output`] asks for.
//!
//! Invariant the driver keeps: [`Output::durable`] is on disk before anything else of the same
//! output leaves the node.

use std::fmt;

use bloom_plan::plan::{RelationId, RowError};
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;
use thiserror::Error;

use crate::bounds::Stopped;

/// How a node starts.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What `self` is.
    pub address: SmolStr,
    /// The node kind's parameters in order; missing ones at the end take their defaults.
    pub parameters: Vec<Value>,
    /// The deployment's nodes, oneself included.
    pub cluster: Vec<Member>,
    /// What `random()` and `fresh_id()` are drawn from.
    pub seed: u64,
    /// Nanoseconds; timers first fire one period later.
    pub start: i64,
    pub on_conflict: OnConflict,
    /// Rows of durable tables by name after a crash; none at the first start. What `bootstrap`
    /// derives into a durable table is left out when there is something to restore.
    pub durable: Option<Vec<(SmolStr, Vec<Row>)>>,
}

/// A row of `cluster`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    pub address: SmolStr,
    pub kind: SmolStr,
}

/// What a key conflict does to its tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnConflict {
    /// The tick takes no effect, and the report is in [`Output::halted_by_conflict`].
    #[default]
    Halt,
    /// The rows in conflict are left out and reported; the rest of the tick goes on.
    Continue,
}

/// Arrivals of one tick.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Nanoseconds, never less than in the tick before.
    pub now: i64,
    /// Rows fed; any collection may be fed.
    pub rows: Vec<(RelationId, Row)>,
    /// Messages from the network. One for a channel that the node does not have is refused.
    pub messages: Vec<Message>,
    /// What the failure detector trusts, if that changed.
    pub alive: Option<Vec<SmolStr>>,
    /// Lines of standard input.
    pub stdin: Vec<String>,
    /// Partitions declared complete: a collection and one value a column of its `sealed by`. They
    /// become rows of the collection's companion `name.sealed`.
    pub seals: Vec<(RelationId, Row)>,
}

impl Input {
    /// Whether rows or lines are among it.
    pub(crate) fn brings_values(&self) -> bool {
        let is_empty = self.rows.is_empty() && self.messages.is_empty();
        !(is_empty && self.stdin.is_empty() && self.seals.is_empty())
    }
}

/// A row under way from one node to another (or to the same one).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Message {
    pub from: SmolStr,
    pub to: SmolStr,
    /// Name of the channel.
    pub channel: SmolStr,
    pub row: Row,
}

/// What a tick did.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Number of the tick, from 1. A tick halted by a conflict does not count.
    pub tick: u64,
    /// Sorted, each once. Messages to oneself are among them; rows of a loopback are not.
    pub sends: Vec<Message>,
    /// This tick's rows of the node's own `output` collections that have any, sorted.
    pub outputs: Vec<(RelationId, Vec<Row>)>,
    pub stdout: Vec<String>,
    pub stderr: Vec<String>,
    /// The least code derived into `halt`.
    pub halt: Option<i64>,
    /// Row errors, key conflicts and refused arrivals, sorted.
    pub errors: Vec<ErrorRow>,
    /// With [`OnConflict::Halt`]: the conflict for which this tick took no effect. All else but
    /// `errors` is then empty.
    pub halted_by_conflict: Option<Conflict>,
    /// Why this tick was given up within a fixpoint, if it was. It took no effect, and all else is empty.
    pub stopped: Option<Stopped>,
    /// What to write before anything else leaves the node.
    pub durable: Vec<DurableChange>,
    pub stats: Stats,
}

impl Output {
    /// Empties it, with room for the next.
    pub(crate) fn clear(&mut self) {
        empty(&mut self.sends);
        empty(&mut self.outputs);
        empty(&mut self.stdout);
        empty(&mut self.stderr);
        empty(&mut self.errors);
        empty(&mut self.durable);
        self.halt = None;
        if self.halted_by_conflict.is_some() || self.stopped.is_some() {
            (self.halted_by_conflict, self.stopped) = (None, None);
        }
    }
}

/// Most are empty already, and to find nothing to drop takes a call.
#[inline]
fn empty<T>(all: &mut Vec<T>) {
    if !all.is_empty() {
        all.clear();
    }
}

/// Changes of a durable table by a tick, with those it deferred to the next. Deletes come first.
#[derive(Clone, PartialEq, Debug)]
pub struct DurableChange {
    pub table: SmolStr,
    /// Whole rows as they were.
    pub deletes: Vec<Row>,
    /// Whole rows; each replaces the one with the same key.
    pub upserts: Vec<Row>,
}

/// A row of `errors`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ErrorRow {
    /// Where the rule is (`cart.bloom:14:1`), or what brought the row (`an arrival`).
    pub rule: SmolStr,
    pub message: String,
    /// The row as text.
    pub row: String,
    pub kind: ErrorKind,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ErrorKind {
    /// A derivation that ended early.
    RowError,
    /// Two contents for one key.
    KeyConflict,
    /// An arrival that does not fit its collection.
    Refused,
}

/// Two rows with one key and unequal plain values.
#[derive(Clone, PartialEq, Debug)]
pub struct Conflict {
    pub collection: SmolStr,
    pub first: Claim,
    pub second: Claim,
}

/// A row and where it is from.
#[derive(Clone, PartialEq, Debug)]
pub struct Claim {
    pub row: Row,
    /// The row as text.
    pub text: String,
    /// Where the rule is, `an arrival`, or `before` for a row that was there already.
    pub origin: SmolStr,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "key conflict in `{}`: {} from {}, and {} from {}",
            self.collection,
            self.first.text,
            self.first.origin,
            self.second.text,
            self.second.origin
        )
    }
}

/// What one tick leaves for the next, to be compared with what another leaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// By collection: the rows that go, and those that come.
    pub changes: Vec<(RelationId, Vec<Row>, Vec<Row>)>,
    /// Rows sent over a loopback.
    pub loopback: Vec<(RelationId, Vec<Row>)>,
    /// Errors that rules have not seen.
    pub errors: Vec<ErrorRow>,
}

/// Counts of one tick.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Iterations of all fixpoints, those of abandoned attempts included.
    pub iterations: u64,
    /// Rows that merged, and rows whose lattice columns grew.
    pub merged: u64,
    /// How often the plan was made anew.
    pub replanned: u64,
    /// Values in the store at the tick's end.
    pub values: u64,
}

/// Why a program cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error("the code is for `{code}`, this machine is `{machine}`")]
    Target {
        code: SmolStr,
        machine: &'static str,
    },
    #[error("the code does not belong to the plan: {0}")]
    Mismatch(&'static str),
    #[error("cannot map code into memory")]
    Map(#[from] std::io::Error),
}

/// Why a node cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error("parameter `{0}` is missing and has no default")]
    MissingParameter(SmolStr),
    #[error("{given} arguments for {expected} parameters")]
    TooManyParameters { given: usize, expected: usize },
    #[error("parameter `{name}`: {error}")]
    Parameter { name: SmolStr, error: Misfit },
    #[error("constant `{name}`: {}", .error.message())]
    Constant { name: SmolStr, error: RowError },
    #[error("periodic `{0}` needs a period above zero")]
    Period(SmolStr),
    #[error("durable table `{table}`: {error}")]
    Durable { table: SmolStr, error: Misfit },
    #[error("there is no durable table `{0}`")]
    UnknownTable(SmolStr),
}

/// A value or row that is not of the type it should be.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Misfit {
    #[error("expected {expected} columns, found {found}")]
    Width { expected: usize, found: usize },
    #[error("column `{column}`: expected {expected}, found {found}")]
    Column {
        column: SmolStr,
        expected: String,
        found: String,
    },
    #[error("expected {expected}, found {found}")]
    Value { expected: String, found: String },
    #[error("column `{column}` is missing")]
    Missing { column: SmolStr },
    #[error("column `{column}` is missing, and its default fails: {}", .error.message())]
    Default { column: SmolStr, error: RowError },
}

impl Misfit {
    /// What does not fit stands in a column.
    pub(crate) fn in_column(self, name: &SmolStr) -> Misfit {
        match self {
            Misfit::Value { expected, found } => Misfit::Column {
                column: name.clone(),
                expected,
                found,
            },
            Misfit::Width { .. }
            | Misfit::Column { .. }
            | Misfit::Missing { .. }
            | Misfit::Default { .. } => self,
        }
    }
}
