//! Bud's table of ways from sources to outputs (Alvaro et al., CIDR 2011, §5): whether a way crosses the
//! network, and whether it has an operation on it that is not monotone.
//!
//! One search over the graph for each source, so the work is bounded by sources times rules; a large
//! program's table stops at [`PATHS_MAX`] rows.

use std::collections::VecDeque;

use super::body::Known;
use super::model::At;
use super::report::Path;
use crate::analysis::Reading;
use crate::hir::{Arrow, CollectionKind};

/// The table has no more rows.
const PATHS_MAX: usize = 4_096;

/// The ways from each source to each output and view.
pub fn table(known: Known<'_, '_>) -> Vec<Path> {
    let model = known.model;
    let mut found = Vec::new();
    for from in model.places().filter(|&at| is_start(known, at)) {
        // Per place: reached plainly, by a way that crosses, is not monotone, or both.
        let mut seen = vec![0u8; model.place_count()];
        let crosses = u8::from(model.is_asynchronous(from));
        let mut queue = VecDeque::from([(from, crosses)]);
        while let Some((at, kind)) = queue.pop_front() {
            let bit = 1 << kind;
            if seen[at.index()] & bit != 0 {
                continue;
            }
            seen[at.index()] |= bit;
            for &rule in model.readers(at) {
                let summary = model.rule(rule);
                let head = model.head(rule);
                for atom in &summary.atoms {
                    if model.place(rule, atom.collection) != at {
                        continue;
                    }
                    let whole = atom.negated
                        || summary.aggregates_whole()
                        || atom.reading == Reading::Complete
                        || matches!(summary.arrow, Arrow::DeferredDelete | Arrow::Upsert);
                    let crosses = summary.arrow == Arrow::AsyncMerge;
                    queue.push_back((head, kind | u8::from(crosses) | (u8::from(whole) << 1)));
                }
            }
        }
        for to in model.places().filter(|&at| is_end(known, at)) {
            for kind in 0..4 {
                if seen[to.index()] & (1 << kind) != 0 && found.len() < PATHS_MAX {
                    found.push(Path {
                        from: super::verdict::name(known, from),
                        to: super::verdict::name(known, to),
                        asynchronous: kind & 1 != 0,
                        nonmonotone: kind & 2 != 0,
                    });
                }
            }
        }
    }
    found
}

fn is_start(known: Known<'_, '_>, at: At) -> bool {
    let collection = known.model.collection(at);
    let is_read = !known.model.readers(at).is_empty();
    is_read
        && match collection.kind {
            CollectionKind::Input => collection.public,
            CollectionKind::Periodic { .. } | CollectionKind::Stdin | CollectionKind::Alive => true,
            _ => false,
        }
}

fn is_end(known: Known<'_, '_>, at: At) -> bool {
    super::verdict::is_captured(known, at) || super::verdict::is_view(known, at)
}
