//! Of strata: versions stand where their deltas fit, and what is negated, grouped or kept is complete.

use super::{Check, require, width};
use crate::plan::{Op, Plan, Role, Standing, Version, VersionId};

pub(super) fn check(plan: &Plan) -> Check {
    let version = |id: VersionId| {
        plan.versions
            .get(id.0 as usize)
            .ok_or_else(|| format!("there is no {id}"))
    };
    for (number, stratum) in plan.strata.iter().enumerate() {
        // What this or a later stratum still derives.
        let mut derived = vec![false; plan.relations.len()];
        let mut own = vec![false; plan.relations.len()];
        for (later, stratum) in plan.strata.iter().enumerate().skip(number) {
            for &id in &stratum.initial {
                let head = plan.rules[version(id)?.rule.0 as usize].head.0 as usize;
                derived[head] = true;
                own[head] |= later == number;
            }
        }
        let with_delta = [
            &stratum.recursive,
            &stratum.incremental,
            &stratum.gains,
            &stratum.losses,
            &stratum.support,
            &stratum.changes,
        ];
        let whole = [&stratum.initial, &stratum.events, &stratum.counting];
        for &id in with_delta.into_iter().chain(whole).flatten() {
            complete(plan, version(id)?, &derived).map_err(|what| format!("{id}: {what}"))?;
        }
        for &id in whole.into_iter().flatten() {
            require(version(id)?.delta.is_none(), || {
                format!("{id} reads a delta and is initial")
            })?;
        }
        let from_outside = [&stratum.incremental, &stratum.gains, &stratum.changes];
        let deltas = std::iter::once((&stratum.recursive, true));
        for (versions, within) in deltas.chain(from_outside.map(|versions| (versions, false))) {
            for &id in versions {
                let delta = version(id)?.delta;
                let fits = delta.is_some_and(|delta| own[delta.0 as usize] == within);
                require(fits, || {
                    format!("{id} reads {delta:?}, which is no delta for it")
                })?;
            }
        }
        for &id in &stratum.support {
            let version = version(id)?;
            let head = plan.rules[version.rule.0 as usize].head;
            require(version.delta.is_none_or(|delta| delta == head), || {
                format!("{id} looks for support of another relation than its head")
            })?;
        }
    }
    let standing = plan.standing.iter().map(|standing| standing.version);
    for id in plan.closing.iter().copied().chain(standing) {
        require(version(id)?.delta.is_none(), || {
            format!("{id} reads a delta and is closing")
        })?;
    }
    plan.standing
        .iter()
        .try_for_each(|standing| self::standing(plan, standing))
}

/// Whether what is kept of a rule has the columns of its head, and is looked up by its key.
fn standing(plan: &Plan, standing: &Standing) -> Check {
    let of = |what: &str| format!("{what} of what stands for {}", standing.relation);
    let width = width(plan, standing.relation)?;
    let head = plan.relations.get(standing.head.0 as usize);
    let head = head.ok_or_else(|| format!("there is no {}", standing.head))?;
    let given = standing.columns.iter().flatten();
    let fits = standing.columns.len() == head.columns.len() && given.copied().eq(0..width as u32);
    require(fits, || of("the columns"))?;
    let columns = standing.columns.iter().zip(&head.columns);
    let keys = columns.filter(|(_, column)| column.role == Role::Key);
    let keys: Option<Vec<u32>> = keys.map(|(column, _)| *column).collect();
    let index = plan.indexes.get(standing.index.0 as usize);
    let index = index.ok_or_else(|| format!("there is no {}", standing.index))?;
    let fits = index.relation == standing.relation && Some(&index.columns) == keys.as_ref();
    require(fits, || of("the index"))
}

/// Whether `not`, and everything in a group-by, reads relations that are complete.
fn complete(plan: &Plan, version: &Version, derived: &[bool]) -> Check {
    let groups = matches!(version.nest.last(), Some(Op::Accumulate { .. }));
    for op in &version.nest {
        let read = match op {
            Op::Scan { relation, .. } if groups => Some(*relation),
            Op::Probe { index, .. } if groups => Some(plan.indexes[index.0 as usize].relation),
            Op::Exists { index, negated, .. } if groups || *negated => {
                Some(plan.indexes[index.0 as usize].relation)
            }
            _ => None,
        };
        if let Some(relation) = read {
            require(!derived[relation.0 as usize], || {
                format!("{relation} is read before it is complete")
            })?;
        }
    }
    Ok(())
}
