//! What was inserted, as data: candidates of one kind on the same collections are one insertion.

use smol_str::SmolStr;

use super::candidate::{self, Candidate, Means};
use super::insertion::{Insertion, Mended, Strategy};
use super::logs::{group_of_candidate, log_of};
use super::rewrite::Edit;
use super::standing::{self, Standing, standings};
use super::{advice, with};
use crate::calm::report::Place;
use crate::check::Checked;
use crate::hir::Program;

/// The candidates as data, one a set of seals, a group or a log, each with the numbers of its candidates.
pub(super) fn insertions(checked: &Checked, found: &[Candidate]) -> Vec<(Insertion, Vec<usize>)> {
    let mut all: Vec<Insertion> = Vec::new();
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let program = &checked.program;
    let goal = standings(&with(checked, found));
    for (number, candidate) in found.iter().enumerate() {
        let mut rest = found.to_vec();
        rest.remove(number);
        let strategy = match (&candidate.means, log_of(candidate)) {
            (Means::Order(_), Some(log)) => Strategy::Order { log },
            (Means::Fifo(_), _) => Strategy::Fifo {
                group: group_of_candidate(candidate).unwrap_or_default(),
            },
            (Means::Order(_) | Means::Seal(_), _) => Strategy::Seal,
        };
        let collection = |place: &Place| &program.nodes[place.node].collections[place.collection];
        let on: Vec<SmolStr> = candidate
            .means
            .sources()
            .iter()
            .map(|p| collection(p).name.clone())
            .collect();
        let mut by = Vec::new();
        if strategy == Strategy::Seal {
            for place in candidate.means.sources() {
                let of = collection(place);
                for &column in &of.sealed_by {
                    let name = of.columns[column as usize].name.clone();
                    if !by.contains(&name) {
                        by.push(name);
                    }
                }
            }
        }
        let insertion = Insertion {
            price: advice::price(&strategy),
            node: program.nodes[candidate.node].name.clone(),
            on,
            by,
            mends: mended(checked, &goal, &rest),
            points: points(program, candidate),
            why: candidate.why.clone(),
            strategy,
        };
        let at = merge(&mut all, insertion);
        parts.resize(all.len(), Vec::new());
        parts[at].push(number);
    }
    all.into_iter().zip(parts).collect()
}

/// Whether it is a certain log or group, which takes further sources in.
fn takes_more(strategy: &Strategy) -> bool {
    match strategy {
        Strategy::Order { log } => log != candidate::ANY_LOG,
        Strategy::Fifo { .. } => true,
        Strategy::Once | Strategy::Seal | Strategy::KeyOrder => false,
    }
}

/// Adds an insertion, to one of the same kind if there is one; its place.
pub(super) fn merge(all: &mut Vec<Insertion>, more: Insertion) -> usize {
    let same = all.iter().position(|known| {
        known.strategy == more.strategy
            && known.node == more.node
            && (known.on == more.on || takes_more(&more.strategy))
    });
    let Some(at) = same else {
        all.push(more);
        return all.len() - 1;
    };
    let known = &mut all[at];
    let mut add = |on: SmolStr| {
        if !known.on.contains(&on) {
            known.on.push(on);
        }
    };
    more.on.into_iter().for_each(&mut add);
    known.mends.extend(more.mends);
    known.mends.sort();
    known.mends.dedup();
    for point in more.points {
        if !known.points.contains(&point) {
            known.points.push(point);
        }
    }
    at
}

/// The outputs and views that are worse with only the rest of the candidates.
fn mended(checked: &Checked, goal: &[Standing], rest: &[Candidate]) -> Vec<Mended> {
    let without = standings(&with(checked, rest));
    let worse = standing::names(&checked.calm).into_iter();
    let worse = worse.zip(goal.iter().zip(without));
    worse
        .filter(|(_, (with, without))| *without > **with)
        .map(|(name, _)| name)
        .collect()
}

/// The rules that wait; of a log, the rules that are no longer run in two orders.
fn points(program: &Program, candidate: &Candidate) -> Vec<crate::hir::Loc> {
    let mut points = Vec::new();
    for edit in &candidate.edits {
        let point = match edit {
            Edit::Await { rule, .. } | Edit::Keep { rule, .. } => {
                program.nodes[rule.node].rules[rule.rule].loc
            }
            Edit::Deliver {
                node, collection, ..
            } => program.nodes[*node].collections[*collection].loc,
        };
        if !points.contains(&point) {
            points.push(point);
        }
    }
    points
}
