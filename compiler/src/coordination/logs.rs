//! Which violations share a log, and what the logs are called.

use std::collections::BTreeMap;

use smol_str::{SmolStr, format_smolstr};

use super::candidate::{ANY_LOG, Candidate, Means};
use super::rewrite::Edit;
use crate::hir::{Delivery, Program};

/// What inserted logs are called, with a number where there are several.
const LOG: &str = "log";

/// Gives logs their names: candidates that share a source share a log.
pub(super) fn share_logs(program: &Program, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let is_order = |c: &Candidate| matches!(c.means, Means::Order(_));
    // Each candidate's group is the least number among those that it shares sources with.
    let mut group: Vec<usize> = (0..candidates.len()).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for a in 0..candidates.len() {
            for b in 0..candidates.len() {
                let (one, other) = (&candidates[a], &candidates[b]);
                let shares = is_order(one)
                    && is_order(other)
                    && one
                        .means
                        .sources()
                        .iter()
                        .any(|s| other.means.sources().contains(s));
                if shares && group[a] < group[b] {
                    group[b] = group[a];
                    changed = true;
                }
            }
        }
    }
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

pub(super) fn log_of(candidate: &Candidate) -> Option<SmolStr> {
    candidate.edits.iter().find_map(|edit| match edit {
        Edit::Deliver {
            delivery: Delivery::Ordered(log),
            ..
        } => Some(log.clone()),
        Edit::Deliver { .. } | Edit::Await { .. } | Edit::Keep { .. } => None,
    })
}
