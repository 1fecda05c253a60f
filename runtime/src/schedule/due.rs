//! Which strata a tick need not look at: those that nothing it has changed can give anything to do.
//!
//! A stratum follows what its rules read, and runs those of its rules that read what lives for one tick from all of that.
//! Such a rule derives nothing where one of the relations in which it looks for rows has none. One whose rows are
//! forgotten at each tick's end has some only if the tick has brought them, so it is enough to be told of that.

use std::collections::BTreeSet;

use bloom_plan::plan::{Plan, RelationId, Stratum, Upkeep, VersionId};

use super::readers::{needs_of, reads_of};

/// By relation: the strata that may have something to do when it has changed.
pub(super) fn followers(
    plan: &Plan,
    reads: &[Vec<RelationId>],
    fleeting: &[bool],
) -> Vec<Vec<usize>> {
    let mut followers = vec![Vec::new(); plan.relations.len()];
    for (number, stratum) in plan.strata.iter().enumerate() {
        let events = stratum.events.iter();
        let events = events.filter_map(|&version| awaited(plan, version, fleeting));
        let followed: BTreeSet<RelationId> = reads[number].iter().copied().chain(events).collect();
        for id in followed {
            followers[id.0 as usize].push(number);
        }
    }
    followers
}

/// Whether a stratum may have something to do in a tick that changes nothing.
pub(super) fn is_restless(plan: &Plan, stratum: &Stratum, fleeting: &[bool]) -> bool {
    let mut events = stratum.events.iter();
    events.any(|&version| awaited(plan, version, fleeting).is_none())
}

/// A relation without whose rows, which live for one tick, the version derives nothing.
fn awaited(plan: &Plan, version: VersionId, fleeting: &[bool]) -> Option<RelationId> {
    let needs = needs_of(plan, &plan.versions[version.0 as usize]);
    needs.into_iter().find(|id| fleeting[id.0 as usize])
}

/// Relations of which nobody asks what a tick has changed: no rule follows them, and none wants to know what went.
/// A stratum asks that of what it merges into itself. But that such a relation has been forgotten, as after every tick, is
/// nothing to it.
pub(super) fn ignored(
    plan: &Plan,
    heads: &[Vec<RelationId>],
    watched: &BTreeSet<RelationId>,
    fleeting: &[bool],
) -> Vec<RelationId> {
    let mut asked = vec![false; plan.relations.len()];
    for (stratum, heads) in plan.strata.iter().zip(heads) {
        let own = heads.iter().copied();
        let own = own.filter(|id| stratum.upkeep != Upkeep::Flow || !fleeting[id.0 as usize]);
        let versions = stratum.incremental.iter().chain(&stratum.recursive);
        let begun = versions.filter_map(|v| plan.versions[v.0 as usize].delta);
        for id in reads_of(plan, stratum, &[])
            .into_iter()
            .chain(own)
            .chain(begun)
        {
            asked[id.0 as usize] = true;
        }
    }
    watched.iter().for_each(|id| asked[id.0 as usize] = true);
    let ids = (0..).map(RelationId).zip(asked);
    ids.filter(|(_, asked)| !asked).map(|(id, _)| id).collect()
}
