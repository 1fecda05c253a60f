//! Each pair of new rows joined once.
//!
//! Of a rule with two atoms that belong to its recursion, the version for the delta of each reads all rows of the
//! other, so that both join rows that are new in both. It is enough that one of them does: the first may overlook
//! the delta of the relation that the second begins with (the textbook form of semi-naive evaluation; Abiteboul, Hull &
//! Vianu 1995, 13.1). Since rows of a delta are the last of a relation, and an index takes rows in when it is read, that
//! costs nothing: the index is left behind by as much while such versions run. Whether it is does not matter to
//! what is derived.

use bloom_plan::plan::{Extent, IndexId, Op, Plan, RelationId, Stratum, VersionId};

/// By version: the indexes that it may read as they were before the delta.
pub(super) fn by_version(plan: &Plan) -> Vec<Vec<IndexId>> {
    let mut overlooked = vec![Vec::new(); plan.versions.len()];
    for stratum in &plan.strata {
        for &first in &stratum.recursive {
            if let Some(index) = of_first(plan, stratum, first) {
                overlooked[first.0 as usize].push(index);
            }
        }
    }
    overlooked
}

/// The index, if the version is the first of its rule's two.
fn of_first(plan: &Plan, stratum: &Stratum, first: VersionId) -> Option<IndexId> {
    let version = |id: VersionId| &plan.versions[id.0 as usize];
    let rule = version(first).rule;
    let mut own = stratum.recursive.iter().copied();
    own.find(|&id| version(id).rule == rule)
        .filter(|&id| id == first)?;
    let mut others = own.filter(|&id| version(id).rule == rule);
    let second = others.next().filter(|&second| second != first)?;
    if others.next().is_some() {
        return None;
    }
    let heads = stratum.recursive.iter().map(|&id| version(id).rule);
    let heads: Vec<RelationId> = heads.map(|rule| plan.rules[rule.0 as usize].head).collect();
    let within = |op: &&Op| op.read(plan).is_some_and(|read| heads.contains(&read));
    let mut reads = version(first).nest.iter().skip(1).filter(within);
    let (read, None) = (reads.next()?, reads.next()) else {
        return None;
    };
    let index = match read {
        Op::Probe { index, .. }
        | Op::Exists {
            index,
            negated: false,
            ..
        } => *index,
        Op::Scan { .. }
        | Op::Exists { negated: true, .. }
        | Op::Each { .. }
        | Op::Range { .. }
        | Op::Let { .. }
        | Op::Filter { .. }
        | Op::Emit { .. }
        | Op::Accumulate { .. } => return None,
    };
    let of = &plan.indexes[index.0 as usize];
    (of.part == Extent::Total && version(second).delta == Some(of.relation)).then_some(index)
}
