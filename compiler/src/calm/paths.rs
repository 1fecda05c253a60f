//! Bud's table of ways from sources to outputs (Alvaro et al., CIDR 2011, §5): whether a way crosses the
//! network, and whether it has an operation on it that is not monotone.
//!
//! One search over the graph for each source, so the work is bounded by sources times rules; a large
//! program's table stops at [`PATHS_MAX`] rows.

use super::model::{At, Model};
use super::report::Path;
use crate::analysis::Reading;
use crate::hir::{Arrow, CollectionKind};

/// The table has no more rows.
const PATHS_MAX: usize = 4_096;

/// The ways from each source to each output and view.
pub fn table(model: &Model<'_>) -> Vec<Path> {
    let edges: Vec<Vec<(At, u8)>> = edges(model);
    let ends: Vec<At> = model.places().filter(|&at| is_end(model, at)).collect();
    let mut found = Vec::new();
    for from in model.places().filter(|&at| is_start(model, at)) {
        let reached = reached(&edges, from, u8::from(model.is_asynchronous(from)));
        for &to in &ends {
            for kind in 0..4 {
                if reached[to.index()] & (1 << kind) != 0 && found.len() < PATHS_MAX {
                    found.push(Path {
                        from: super::verdict::name(model, from),
                        to: super::verdict::name(model, to),
                        asynchronous: kind & ASYNCHRONOUS != 0,
                        nonmonotone: kind & NONMONOTONE != 0,
                    });
                }
            }
        }
    }
    found
}

/// What a step does to a way.
const ASYNCHRONOUS: u8 = 1;
const NONMONOTONE: u8 = 2;

/// Of each place, the places derived from it, and what the step there does.
fn edges(model: &Model<'_>) -> Vec<Vec<(At, u8)>> {
    let mut edges: Vec<Vec<(At, u8)>> = vec![Vec::new(); model.place_count()];
    for rule in model.rules() {
        let summary = model.rule(rule);
        let head = model.head(rule);
        let crosses = match summary.arrow == Arrow::AsyncMerge {
            true => ASYNCHRONOUS,
            false => 0,
        };
        let whole_rule = summary.aggregates_whole()
            || matches!(summary.arrow, Arrow::DeferredDelete | Arrow::Upsert);
        for atom in &summary.atoms {
            let whole = match whole_rule || atom.negated || atom.reading == Reading::Complete {
                true => NONMONOTONE,
                false => 0,
            };
            let edge = (head, crosses | whole);
            let known = &mut edges[model.place(rule, atom.collection).index()];
            if !known.contains(&edge) {
                known.push(edge);
            }
        }
    }
    edges
}

/// Of each place, the kinds of ways that reach it, one bit a kind.
fn reached(edges: &[Vec<(At, u8)>], from: At, kind: u8) -> Vec<u8> {
    let mut seen = vec![0u8; edges.len()];
    // Bits that are still to be handed on.
    let mut new = vec![0u8; edges.len()];
    new[from.index()] = 1 << kind;
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let more = std::mem::take(&mut new[at.index()]);
        seen[at.index()] |= more;
        for &(to, step) in &edges[at.index()] {
            let kinds = (0..4).filter(|kind| more & (1 << kind) != 0);
            let bits = kinds.fold(0, |bits, kind: u8| bits | 1 << (kind | step));
            let unseen = bits & !(seen[to.index()] | new[to.index()]);
            if unseen != 0 {
                if new[to.index()] == 0 {
                    open.push(to);
                }
                new[to.index()] |= unseen;
            }
        }
    }
    seen
}

fn is_start(model: &Model<'_>, at: At) -> bool {
    let collection = model.collection(at);
    let is_read = !model.readers(at).is_empty();
    is_read
        && match collection.kind {
            CollectionKind::Input => collection.public,
            CollectionKind::Periodic { .. } | CollectionKind::Stdin | CollectionKind::Alive => true,
            _ => false,
        }
}

fn is_end(model: &Model<'_>, at: At) -> bool {
    super::verdict::is_captured(model, at) || super::verdict::is_view(model, at)
}
