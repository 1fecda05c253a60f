//! What the analysis says, as data: the source of `bloom calm`, of warnings, and of the editor's hints.

use smol_str::SmolStr;

use super::violation::{RuleRef, Violation};
use crate::hir::{CollectionId, Loc, NodeId};

/// What [`crate::calm`] found out about a program as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Report {
    /// Captured outputs: what was emitted cannot be taken back.
    pub outputs: Vec<Output>,
    /// What is read "as of now", and may be revised.
    pub views: Vec<View>,
    /// Points of order, each once however many outputs and views it spoils.
    pub violations: Vec<Violation>,
}

/// What follows from the rules without an analysis.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tables {
    /// Each rule on its own.
    pub rules: Vec<RuleVerdict>,
    /// Bud's table: the ways from a source to an output.
    pub paths: Vec<Path>,
}

/// A collection of a kind of node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub node: NodeId,
    pub collection: CollectionId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub place: Place,
    /// Of the kind of node.
    pub node: SmolStr,
    /// Of the collection.
    pub name: SmolStr,
    pub label: Label,
    /// Where messages are lost, only some of the contents come.
    pub lower_bound: bool,
    /// What a good label rests on.
    pub certificate: Vec<Assumption>,
    /// Why the label is bad, the shortest chain first.
    pub because: Vec<Blame>,
    /// The points of order behind it, by their places in [`Report::violations`].
    pub violations: Vec<usize>,
    /// The reason of `#[nondeterministic("reason")]`.
    pub accepted: Option<SmolStr>,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub place: Place,
    pub node: SmolStr,
    pub name: SmolStr,
    /// Settles on one value, in every run.
    pub converges: bool,
    /// What a reader has seen stays true: it only grows towards its limit.
    pub prefix_safe: bool,
    pub certificate: Vec<Assumption>,
    pub because: Vec<Blame>,
    /// The points of order behind it, by their places in [`Report::violations`].
    pub violations: Vec<usize>,
    pub accepted: Option<SmolStr>,
    pub loc: Loc,
}

/// In Blazes' words (Alvaro et al., ICDE 2014, §4), from good to bad.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// The same contents in every run; order free.
    Async,
    /// The same contents in every run, given that these columns' partitions are sealed.
    Seal(Vec<SmolStr>),
    /// Contents differ between runs.
    Run,
    /// Replicas differ within a run.
    Instance,
    /// Replicas may differ for ever.
    Diverge,
}

/// Something that a certificate takes as given, and what holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assumption {
    pub kind: AssumptionKind,
    /// A sentence without its full stop: "`notice` is `immutable`: `id` determines `text`".
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssumptionKind {
    /// A functional dependency, declared or of a key.
    Dependency,
    /// Producers seal their partitions.
    Seal,
    /// What a channel promises: order, no duplicates, arrival in the end.
    Channel,
    /// The laws of a lattice, by proof, by test, or taken on trust.
    Lattice,
    /// A static membership, a total order, and the like.
    Refinement,
    /// A component that is not written in Bloom, by its annotation.
    Extern,
}

/// One step of the reason for a bad label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// The rule that captures, or that is not monotone.
    pub rule: Loc,
    pub cause: Cause,
    /// The collection whose contents differ when the rule reads them.
    pub over: SmolStr,
    /// Names of collections from a source to the output; those of other kinds as `Kind.name`.
    pub path: Vec<SmolStr>,
    /// A sentence for the person, without its full stop.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    Negation,
    Aggregate,
    Reveal,
    Delete,
    Upsert,
    Function,
    /// A clock, a random value, a timer, the failure detector.
    Nondeterministic,
    KeyConflict,
    /// Rows that live for one tick meet only if they arrive together.
    Batch,
    /// A state that depends on itself over ticks and does not only grow.
    Cycle,
}

/// A rule on its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleVerdict {
    pub rule: RuleRef,
    pub node: SmolStr,
    pub head: SmolStr,
    /// Empty for a monotone rule.
    pub why: Vec<Cause>,
}

/// A way from a source to an output (Bud's CALM analysis, CIDR 2011).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub from: SmolStr,
    pub to: SmolStr,
    /// Crosses a channel or a loopback, or starts at an input.
    pub asynchronous: bool,
    pub nonmonotone: bool,
}

impl Label {
    /// Whether the contents are the same in every run.
    pub const fn is_deterministic(&self) -> bool {
        matches!(self, Label::Async | Label::Seal(_))
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Label::Async => "async",
            Label::Seal(_) => "seal",
            Label::Run => "run",
            Label::Instance => "instance",
            Label::Diverge => "diverge",
        }
    }
}

impl Cause {
    /// The word in JSON and in texts.
    pub const fn name(self) -> &'static str {
        match self {
            Cause::Negation => "negation",
            Cause::Aggregate => "aggregate",
            Cause::Reveal => "reveal",
            Cause::Delete => "delete",
            Cause::Upsert => "upsert",
            Cause::Function => "function",
            Cause::Nondeterministic => "nondeterministic",
            Cause::KeyConflict => "key-conflict",
            Cause::Batch => "batch",
            Cause::Cycle => "cycle",
        }
    }
}
