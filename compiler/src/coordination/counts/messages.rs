//! Where a seal can count messages instead of distinct rows.
//!
//! Of a channel that delivers each message once, a producer and a receiver count the same messages; a number a
//! partition is enough then. But a rule without an event sends its rows again in every tick, also after their
//! seal, and a row that arrives twice after its seal must be told from one that is late. So every rule that sends
//! has to read an event that happens once: a row of an input or of a channel of this kind, itself or through
//! scratches all of whose rules read one.

use crate::hir::{
    Arrow, Collection, CollectionId, CollectionKind, Delivery, Literal, NodeKind, Program,
};

use super::Counts;

/// Through so many scratches an event is looked for.
const DEPTH_MAX: usize = 8;

/// What seals of the collection count, at all kinds of nodes.
pub(super) fn counts(program: &Program, of: &Collection) -> Counts {
    let is_same = |other: &Collection| other.name == of.name && other.loc == of.loc;
    let fits = delivers_once(of)
        && program.nodes.values().all(|node| {
            let mut own = node.collections.iter().filter(|(_, other)| is_same(other));
            own.all(|(id, _)| follows_events(node, id, DEPTH_MAX))
        });
    match fits {
        true => Counts::Messages,
        false => Counts::Rows,
    }
}

const fn delivers_once(of: &Collection) -> bool {
    matches!(of.kind, CollectionKind::Channel { .. })
        && match of.delivery {
            Delivery::Once | Delivery::Fifo(_) => true,
            Delivery::Free | Delivery::Ordered(_) => false,
        }
}

/// Whether each rule for the collection reads an event.
fn follows_events(node: &NodeKind, id: CollectionId, depth: usize) -> bool {
    let mut rules = node.rules.values().filter(|r| r.head.collection == id);
    rules.all(|rule| {
        rule.literals.iter().any(|literal| match literal.literal {
            Literal::Atom { collection, .. } => is_event(node, collection, depth),
            Literal::Not { .. }
            | Literal::Error
            | Literal::Condition(_)
            | Literal::Let { .. }
            | Literal::In { .. } => false,
        })
    })
}

fn is_event(node: &NodeKind, id: CollectionId, depth: usize) -> bool {
    let of = &node.collections[id];
    match of.kind {
        CollectionKind::Stdin => true,
        CollectionKind::Channel { .. } => delivers_once(of),
        // An input of an imported module is what the importing one derives.
        CollectionKind::Input | CollectionKind::Scratch => {
            let mut rules = node.rules.values().filter(|r| r.head.collection == id);
            depth > 0
                && rules.all(|rule| rule.arrow == Arrow::Merge)
                && follows_events(node, id, depth - 1)
        }
        CollectionKind::Table
        | CollectionKind::Static
        | CollectionKind::Output
        | CollectionKind::View
        | CollectionKind::Loopback
        | CollectionKind::Periodic { .. }
        | CollectionKind::Cluster
        | CollectionKind::Alive
        | CollectionKind::Errors
        | CollectionKind::Stdout
        | CollectionKind::Stderr
        | CollectionKind::Halt
        | CollectionKind::SysRule
        | CollectionKind::SysCollection
        | CollectionKind::SysDepends
        | CollectionKind::SysStratum
        | CollectionKind::Seal { .. }
        | CollectionKind::Seals { .. }
        | CollectionKind::Sealed { .. } => false,
    }
}
