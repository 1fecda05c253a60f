//! What is evaluated together, and how it follows changes from tick to tick.

use serde::{Deserialize, Serialize};

use super::{Arrow, IndexId, RelationId, VersionId};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    pub upkeep: Upkeep,
    pub initial: Vec<VersionId>,
    pub recursive: Vec<VersionId>,
    /// For each rule that is to take up new rows, and each of its positive literals on a relation of
    /// an earlier stratum, the version that reads what came into that literal's relation.
    pub incremental: Vec<VersionId>,
    /// Those of the initial versions that run in every tick, because they read what lives for one
    /// tick. They begin with it.
    pub events: Vec<VersionId>,
    /// As `incremental`, for each `not`: matches that come because rows went.
    pub gains: Vec<VersionId>,
    /// For each literal: matches that go. Reads its own stratum as it still is, the others as before.
    pub losses: Vec<VersionId>,
    /// For each rule: what it derives for the rows of its head that are the delta. A version without
    /// a delta gives all that the rule derives.
    pub support: Vec<VersionId>,
    /// For each rule, all its derivations, each once.
    pub counting: Vec<VersionId>,
    /// For each literal: the derivations that come or go with its rows. Literals before it are read
    /// as they are, those after it as before.
    pub changes: Vec<VersionId>,
}

/// How a stratum that has run once follows changes of what it reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum Upkeep {
    /// It runs from the start.
    #[default]
    Anew,
    /// Its relations keep their rows, or live for one tick: only new matches matter, and what was
    /// deleted but still follows.
    Flow,
    /// A row is there as long as it has derivations (Gupta, Mumick & Subrahmanian 1993).
    Counting,
    /// What may have lost its support goes, and what still follows comes back (DRed, the same).
    Rederive,
}

/// Derivations of a rule with an arrow other than `<=`, kept as rows of a relation of their own: the
/// rule derives them in every tick, but most of them change nothing any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Where they are kept.
    pub relation: RelationId,
    pub head: RelationId,
    pub arrow: Arrow,
    /// For each column of the head, that of `relation`, if the rule gives it.
    pub columns: Vec<Option<u32>>,
    /// On the columns of `relation` that are the head's key.
    pub index: IndexId,
    /// Derives all of them at once, without keeping them.
    pub version: VersionId,
}
