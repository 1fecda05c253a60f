//! What follows for places from what is declared, and from which rules write them.

use rustc_hash::FxHashMap;

use super::{CROWD_MAX, Facts, Graph};
use crate::calm::model::{At, RuleAt};
use crate::hir::{Arrow, Collection, CollectionId, CollectionKind, Program, Supply};

impl Graph {
    pub(super) fn facts(&self, program: &Program, at: At) -> Facts {
        let collection = self.collection(program, at);
        let is_kept = matches!(
            collection.kind,
            CollectionKind::Table | CollectionKind::Static | CollectionKind::Seals { .. }
        );
        let writers = &self.writers[at.index()];
        let gains = |&rule: &RuleAt| {
            let arrow = self.rules[rule].of.as_ref().map(|of| of.summary.arrow);
            !matches!(arrow, Some(Arrow::DeferredDelete | Arrow::Upsert))
        };
        Facts {
            location: collection.columns.iter().position(|column| column.location),
            is_source: self.comes_from_outside(program, at, collection),
            is_kept,
            only_gains: is_kept && writers.iter().all(gains),
            is_crowded: writers.len() > CROWD_MAX,
        }
    }

    fn comes_from_outside(&self, program: &Program, at: At, collection: &Collection) -> bool {
        match collection.kind.supply() {
            Supply::Input => collection.public,
            Supply::Fixed | Supply::Happening => true,
            Supply::Messages => collection.kind == CollectionKind::Stdin,
            Supply::Seals => {
                let node = self.origin(at).node;
                let is_fed = |of| !is_channel(&program.nodes[node].collections[of]);
                let kind = collection.kind;
                matches!(kind, CollectionKind::Sealed { .. })
                    || matches!(kind, CollectionKind::Seals { of } if is_fed(of))
            }
            // Of a component that is not written in Bloom.
            Supply::Rules { .. } => {
                let is_given = collection.kind == CollectionKind::Output && collection.imported;
                is_given && self.writers[at.index()].is_empty()
            }
            Supply::Effects => false,
        }
    }
}

fn is_channel(collection: &Collection) -> bool {
    matches!(collection.kind, CollectionKind::Channel { .. })
}

pub(super) fn is_end(collection: &Collection) -> bool {
    matches!(
        collection.kind,
        CollectionKind::Output
            | CollectionKind::View
            | CollectionKind::Stdout
            | CollectionKind::Stderr
            | CollectionKind::Halt
    )
}

/// The ways through components that are not written in Bloom.
pub(super) fn extern_steps(graph: &Graph, program: &Program) -> Vec<(At, At)> {
    let kinds = program.nodes.iter();
    let steps = kinds.flat_map(|(node, kind)| {
        let own = kind.extern_paths.iter();
        own.map(move |path| (node, path.input, path.output))
    });
    steps
        .map(|(node, input, output)| (graph.place_of(node, input), graph.place_of(node, output)))
        .collect()
}

/// Of each partition that can be sealed, the collection of its seals and the one of those that are complete.
pub(super) fn seals(graph: &Graph, program: &Program) -> Vec<(At, At)> {
    let mut found = Vec::new();
    for (node, kind) in program.nodes.iter() {
        let mut seals: FxHashMap<CollectionId, CollectionId> = FxHashMap::default();
        for (id, collection) in kind.collections.iter().rev() {
            if let CollectionKind::Seals { of } = collection.kind {
                seals.insert(of, id);
            }
        }
        for (id, collection) in kind.collections.iter() {
            if let CollectionKind::Sealed { of } = collection.kind
                && let Some(&seals) = seals.get(&of)
            {
                found.push((graph.place_of(node, seals), graph.place_of(node, id)));
            }
        }
    }
    found
}
