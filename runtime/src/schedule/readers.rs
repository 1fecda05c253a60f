//! Who reads which relation, and how.

use std::collections::BTreeSet;

use bloom_plan::plan::{
    Extent, IndexId, Op, Plan, RelationId, RelationKind, Stratum, Version, VersionId,
};

use super::Filled;

/// What a stratum follows: what its rules read, but for those that run in every tick anyway.
pub(super) fn reads_of(plan: &Plan, stratum: &Stratum, heads: &[RelationId]) -> Vec<RelationId> {
    let follows = |v: &&VersionId| !stratum.events.contains(v);
    let versions = stratum.initial.iter().filter(follows);
    let nests = versions.map(|v| &plan.versions[v.0 as usize].nest);
    let read = nests.flatten().filter_map(|op| op.read(plan));
    let reads: BTreeSet<RelationId> = read.chain(heads.iter().copied()).collect();
    reads.into_iter().collect()
}

/// The relations of which a version looks for rows that are there.
pub(super) fn needs_of(plan: &Plan, version: &Version) -> Vec<RelationId> {
    let index = |id: IndexId| Some(&plan.indexes[id.0 as usize]);
    let needs = version.nest.iter().filter_map(|op| match op {
        Op::Scan {
            relation,
            part: Extent::Total,
            ..
        } => Some(*relation),
        Op::Probe { index: id, .. }
        | Op::Exists {
            index: id,
            negated: false,
            ..
        } => index(*id)
            .filter(|index| index.part == Extent::Total)
            .map(|index| index.relation),
        _ => None,
    });
    let needs: BTreeSet<RelationId> = needs.collect();
    needs.into_iter().collect()
}

/// Relations of which some version reads what went, or how they were, or whose keys deferred changes
/// are looked for by.
pub(super) fn watched(plan: &Plan) -> BTreeSet<RelationId> {
    let strata = plan.strata.iter();
    let versions = strata.flat_map(|s| {
        s.gains
            .iter()
            .chain(&s.losses)
            .chain(&s.support)
            .chain(&s.changes)
    });
    let deltas = versions.filter_map(|v| plan.versions[v.0 as usize].delta);
    let before = plan
        .indexes
        .iter()
        .filter(|index| index.part == Extent::Before);
    let scans = plan.versions.iter().flat_map(|version| &version.nest);
    let scans = scans.filter_map(|op| match op {
        Op::Scan {
            relation,
            part: Extent::Before,
            ..
        } => Some(*relation),
        _ => None,
    });
    let standing = plan.standing.iter();
    // Support may be looked for by deriving everything again, from no delta.
    let support = plan.strata.iter().flat_map(|s| &s.support);
    let supported = support.map(|v| plan.rules[plan.versions[v.0 as usize].rule.0 as usize].head);
    deltas
        .chain(supported)
        .chain(before.map(|index| index.relation))
        .chain(scans)
        .chain(standing.flat_map(|standing| [standing.relation, standing.head]))
        .collect()
}

/// Inputs that no rule is about.
pub(super) fn arriving(plan: &Plan) -> Vec<RelationId> {
    let heads: BTreeSet<RelationId> = plan.rules.iter().map(|rule| rule.head).collect();
    let ids = (0..).map(RelationId).zip(&plan.relations);
    ids.filter(|(id, relation)| relation.kind == RelationKind::Input && !heads.contains(id))
        .map(|(id, _)| id)
        .collect()
}

pub(super) fn first_reader(plan: &Plan, relation: RelationId) -> Filled {
    let reads = |versions: &[VersionId]| {
        let nests = versions.iter().map(|v| &plan.versions[v.0 as usize].nest);
        nests.flatten().any(|op| op.read(plan) == Some(relation))
    };
    // What closing rules derive from what stays is derived in strata of its own, the last ones.
    let keeps = |stratum: &Stratum| {
        let rules = stratum
            .initial
            .iter()
            .map(|v| plan.versions[v.0 as usize].rule);
        let mut heads = rules.map(|rule| plan.rules[rule.0 as usize].head);
        heads.any(|head| plan.standing.iter().any(|s| s.relation == head))
    };
    match plan.strata.iter().position(|s| reads(&s.initial)) {
        Some(stratum) => Filled::Before(stratum),
        None if reads(&plan.closing) => match plan.strata.iter().position(keeps) {
            Some(stratum) => Filled::Before(stratum),
            None => Filled::BeforeClosing,
        },
        None => Filled::Last,
    }
}
