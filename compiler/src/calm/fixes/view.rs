//! An output that becomes a view: it may then change its mind, and its readers know.

use std::collections::BTreeSet;

use super::{Context, Effort, Proposal};
use crate::calm::report::Place;
use crate::hir::{CollectionId, CollectionKind, Literal, NodeKind, Supply};

pub(super) fn propose(cx: Context<'_>, place: Place) -> Option<Proposal> {
    let collection = cx.collection(place);
    let node = &cx.program.nodes[place.node];
    let lasts = !passes(node, place.collection, &mut BTreeSet::new());
    if collection.kind != CollectionKind::Output || !lasts {
        return None;
    }
    let edit = cx.declaration(collection)?.as_view()?;
    let title = format!(
        "make `{}` a view: readers get its present rows, and see them change",
        collection.name
    );
    Some(Proposal::new(Effort::View, title, vec![edit]))
}

/// Whether some of the rows come with what arrives and are gone with it: a view of such ends empty.
fn passes(node: &NodeKind, of: CollectionId, seen: &mut BTreeSet<CollectionId>) -> bool {
    if !seen.insert(of) {
        return false;
    }
    let rules = node.rules.iter().map(|(_, rule)| rule);
    let read = rules
        .filter(|rule| rule.head.collection == of)
        .flat_map(|rule| &rule.literals)
        .filter_map(|literal| match &literal.literal {
            Literal::Atom { collection, .. } => Some(*collection),
            Literal::Not { .. }
            | Literal::Error
            | Literal::Condition(_)
            | Literal::Let { .. }
            | Literal::In { .. } => None,
        });
    let read: BTreeSet<CollectionId> = read.collect();
    read.into_iter()
        .any(|read| match node.collections[read].kind.supply() {
            Supply::Input | Supply::Messages => true,
            Supply::Rules { kept: false } => passes(node, read, seen),
            Supply::Rules { kept: true }
            | Supply::Seals
            | Supply::Fixed
            | Supply::Happening
            | Supply::Effects => false,
        })
}
