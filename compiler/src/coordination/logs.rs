//! Which violations share a log or a group of channels, and what these are called.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::candidate::{ANY_LOG, Candidate, Means};
use super::producer::group_of;
use super::rewrite::Edit;
use crate::calm::report::Place;
use crate::hir::{Delivery, Program};

/// What inserted logs are called, with a number where there are several.
const LOG: &str = "log";

/// Gives logs their names: candidates that share a source share a log.
pub(super) fn share_logs(program: &Program, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let is_order = |c: &Candidate| matches!(c.means, Means::Order(_));
    let group = connected(&candidates, is_order);
    let taken = |log: &str| {
        let mut all = program
            .nodes
            .values()
            .flat_map(|node| node.collections.values());
        all.any(|c| matches!(&c.delivery, Delivery::Ordered(known) if known == log))
    };
    let mut fresh = (1..).map(|n| match n {
        1 => SmolStr::new(LOG),
        n => format_smolstr!("{LOG}{n}"),
    });
    let mut names: BTreeMap<usize, SmolStr> = BTreeMap::new();
    for (candidate, &group) in candidates.iter().zip(&group) {
        // A log that the author gave to a source takes the others in.
        if let Some(log) = log_of(candidate).filter(|log| *log != ANY_LOG) {
            names.insert(group, log);
        }
    }
    for (candidate, &group) in candidates.iter_mut().zip(&group) {
        if !is_order(candidate) {
            continue;
        }
        let log = names.entry(group).or_insert_with(|| {
            let free = fresh.find(|log| !taken(log));
            free.expect("there are more names than collections")
        });
        for edit in &mut candidate.edits {
            if let Edit::Deliver { delivery, .. } = edit {
                *delivery = Delivery::Ordered(log.clone());
            }
        }
    }
    candidates
}

/// Of each candidate the least number among those of the kind that it shares sources with, directly or not.
fn connected(candidates: &[Candidate], is_of_kind: impl Fn(&Candidate) -> bool) -> Vec<usize> {
    let mut group: Vec<usize> = (0..candidates.len()).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for a in 0..candidates.len() {
            for b in 0..candidates.len() {
                let (one, other) = (&candidates[a], &candidates[b]);
                let mut sources = one.means.sources().iter();
                let shares = is_of_kind(one)
                    && is_of_kind(other)
                    && sources.any(|s| other.means.sources().contains(s));
                if shares && group[a] < group[b] {
                    group[b] = group[a];
                    changed = true;
                }
            }
        }
    }
    group
}

/// Gives groups of channels their names: a channel is in one group.
pub(super) fn share_groups(program: &Program, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let is_fifo = |c: &Candidate| matches!(c.means, Means::Fifo(_));
    let group = connected(&candidates, is_fifo);
    let mut sources: BTreeMap<usize, BTreeSet<Place>> = BTreeMap::new();
    for (candidate, &group) in candidates.iter().zip(&group) {
        let all = sources.entry(group).or_default();
        all.extend(candidate.means.sources());
    }
    for (candidate, group) in candidates.iter_mut().zip(&group) {
        if !is_fifo(candidate) {
            continue;
        }
        let all: Vec<Place> = sources[group].iter().copied().collect();
        // A group that the author gave to a channel takes the others in.
        let mut given = all.iter().filter_map(|place| {
            match &program.nodes[place.node].collections[place.collection].delivery {
                Delivery::Fifo(group) => Some(group.clone()),
                Delivery::Free | Delivery::Once | Delivery::Ordered(_) => None,
            }
        });
        let name = given.next().unwrap_or_else(|| group_of(program, &all));
        for edit in &mut candidate.edits {
            if let Edit::Deliver { delivery, .. } = edit {
                *delivery = Delivery::Fifo(name.clone());
            }
        }
    }
    candidates
}

pub(super) fn group_of_candidate(candidate: &Candidate) -> Option<SmolStr> {
    candidate.edits.iter().find_map(|edit| match edit {
        Edit::Deliver {
            delivery: Delivery::Fifo(group),
            ..
        } => Some(group.clone()),
        Edit::Deliver { .. } | Edit::Await { .. } | Edit::Keep { .. } => None,
    })
}

pub(super) fn log_of(candidate: &Candidate) -> Option<SmolStr> {
    candidate.edits.iter().find_map(|edit| match edit {
        Edit::Deliver {
            delivery: Delivery::Ordered(log),
            ..
        } => Some(log.clone()),
        Edit::Deliver { .. } | Edit::Await { .. } | Edit::Keep { .. } => None,
    })
}
