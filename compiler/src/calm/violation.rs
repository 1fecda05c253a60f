//! Points of order as data: what the coordination of a program starts from.
//!
//! A [`Violation`] is one place where a value that can still be revised is captured. N of the
//! literature's strategies are its `changing` sources, E its `triggers`.

mod ordering;

use smol_str::SmolStr;

use super::report::{Cause, Place};
use crate::hir::{Delivery, NodeId, Program, RuleId};

/// A rule of a kind of node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleRef {
    pub node: NodeId,
    pub rule: RuleId,
}

/// A value that can still be revised, and is captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where the value cannot be taken back any more: an output, a channel, an effect or a table. For a
    /// view that does not settle, the table or scratch where it stops settling, or the view.
    pub captured: Place,
    /// The rule that writes `captured`.
    pub capture: RuleRef,
    /// The rule that makes the value revisable: often `capture` itself, else one upstream of it whose
    /// head is no capture yet.
    pub rule: RuleRef,
    /// The literal of `rule` that is read too early, by its place in the rule. None where the rule as a
    /// whole is at fault: a key conflict, an upsert, a clock.
    pub literal: Option<u32>,
    pub cause: Cause,
    /// N: the asynchronous sources (inputs, channels and loopbacks that arrive at this kind) that can
    /// still change what the literal reads. Empty for a clock or a random value.
    pub changing: Vec<Place>,
    /// E: the asynchronous sources that trigger the capture: those of the other literals of `rule` and of
    /// the rules from there to `capture`.
    pub triggers: Vec<Place>,
    /// What tells one partition of the literal from another: of a `not` the columns that are bound, of an
    /// aggregate those that group.
    pub gate: Vec<Gate>,
    /// When it is captured.
    pub moments: Moments,
}

/// The ticks in which something can be captured: what a log must carry so that replicas agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moments {
    /// Those that take in what races, and those that follow on them.
    Racing,
    /// Any: it is captured because something that lives for one tick is not there.
    AnyTick,
    /// The node changes for ever by itself: an entry of a log is taken in at a moment of the replica's own.
    Endless,
}

/// A column of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Column of the literal's collection; None for a grouping value that is no column of it.
    pub column: Option<u32>,
    /// The variable's name in `rule`, or the column's.
    pub name: SmolStr,
    /// The columns of `changing` and `triggers` sources whose value it is, for every row that takes part.
    /// A source that is missing here does not determine the gate.
    pub origins: Vec<Origin>,
}

/// A column of an asynchronous source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    pub source: Place,
    pub column: u32,
}

impl Violation {
    /// N and E together, each once.
    pub fn racing(&self) -> Vec<Place> {
        let all = self.changing.iter().chain(&self.triggers);
        let mut all: Vec<Place> = all.copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether some order of arrivals is all that decides, and not a clock, a timer or chance.
    pub fn is_race(&self) -> bool {
        self.cause != Cause::Nondeterministic && !self.changing.is_empty()
    }

    /// What must come through one log for replicas to agree: what races, in place of a loopback what its rows
    /// follow from, and where any tick counts whatever makes the node tick. None where a clock or chance is
    /// among that.
    pub fn ordering(&self, program: &Program) -> Option<Vec<Place>> {
        ordering::sources(program, &self.racing(), self.moments)
    }

    /// Whether all that races comes through one log, so that the replicas of a node see one order.
    pub fn is_ordered(&self, program: &Program) -> bool {
        if !self.is_race() {
            return false;
        }
        let Some(sources) = self.ordering(program) else {
            return false;
        };
        let mut deliveries = sources
            .iter()
            .map(|place| &program.nodes[place.node].collections[place.collection].delivery);
        match deliveries.next() {
            Some(Delivery::Ordered(log)) => {
                deliveries.all(|other| *other == Delivery::Ordered(log.clone()))
            }
            Some(Delivery::Free | Delivery::Once | Delivery::Fifo(_)) | None => false,
        }
    }
}
