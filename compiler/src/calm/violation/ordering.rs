//! What replicas must take in one order.
//!
//! A replica takes in the rows of its loopbacks before the next entry of a log, so they are the same at
//! every replica if what they follow from is. A loopback is therefore replaced by the inputs and channels
//! from which its rows are derived, through any rules of the kind; where a clock, a timer, the failure
//! detector or chance is among those, no log makes replicas agree.
//!
//! The seals of a collection come as its rows do. Where something is derived in any tick, whatever makes the
//! node tick must be in the log.

use std::collections::BTreeSet;

use bloom_plan::functions::{self, Kind};

use super::super::report::Place;
use super::Moments;
use crate::hir::{Body, CollectionId, CollectionKind, Expr, Literal, NodeId, Program, Rule};

/// The places, with loopbacks replaced by what feeds them.
pub(super) fn sources(program: &Program, racing: &[Place], moments: Moments) -> Option<Vec<Place>> {
    let mut found = BTreeSet::new();
    let nodes: BTreeSet<NodeId> = racing.iter().map(|place| place.node).collect();
    match moments {
        Moments::Racing => {}
        Moments::AnyTick => {
            for node in nodes {
                found.extend(arrivals(program, node)?);
            }
        }
        Moments::Endless => return None,
    }
    for &place in racing {
        match program.nodes[place.node].collections[place.collection].kind {
            CollectionKind::Loopback => upstream(program, place, &mut found)?,
            _ => {
                found.insert(place);
            }
        }
    }
    Some(found.into_iter().collect())
}

/// All that makes the node tick; none if there is something that no log carries.
fn arrivals(program: &Program, node: NodeId) -> Option<Vec<Place>> {
    let kind = &program.nodes[node];
    let is_read = |id: CollectionId| {
        kind.rules
            .values()
            .any(|rule| atoms(rule).any(|of| of == id))
    };
    let mut found = Vec::new();
    for (collection, of) in kind.collections.iter() {
        // An input takes arrivals in whether rules read it or not.
        let is_open = matches!(of.kind, CollectionKind::Input) && of.public;
        if !is_open && !is_read(collection) {
            continue;
        }
        match origin(program, node, collection) {
            Origin::Arrives(collection) => found.push(Place { node, collection }),
            Origin::Derived | Origin::Fixed => {}
            Origin::ByChance => return None,
        }
    }
    Some(found)
}

fn upstream(program: &Program, place: Place, found: &mut BTreeSet<Place>) -> Option<()> {
    let mut seen = BTreeSet::from([place.collection]);
    let mut open = vec![place.collection];
    while let Some(collection) = open.pop() {
        let before = match origin(program, place.node, collection) {
            Origin::Arrives(collection) => {
                found.insert(Place {
                    node: place.node,
                    collection,
                });
                continue;
            }
            Origin::Fixed => continue,
            Origin::ByChance => return None,
            Origin::Derived => read_for(program, place.node, collection)?,
        };
        open.extend(before.into_iter().filter(|&id| seen.insert(id)));
    }
    Some(())
}

enum Origin {
    /// With the rows of this collection.
    Arrives(CollectionId),
    Derived,
    Fixed,
    ByChance,
}

fn origin(program: &Program, node: NodeId, collection: CollectionId) -> Origin {
    match program.nodes[node].collections[collection].kind {
        CollectionKind::Input | CollectionKind::Channel { .. } => Origin::Arrives(collection),
        CollectionKind::Seal { of }
        | CollectionKind::Seals { of }
        | CollectionKind::Sealed { of } => Origin::Arrives(of),
        CollectionKind::Table
        | CollectionKind::Scratch
        | CollectionKind::Output
        | CollectionKind::View
        | CollectionKind::Loopback
        | CollectionKind::Stdout
        | CollectionKind::Stderr
        | CollectionKind::Halt => Origin::Derived,
        CollectionKind::Static
        | CollectionKind::Cluster
        | CollectionKind::SysRule
        | CollectionKind::SysCollection
        | CollectionKind::SysDepends
        | CollectionKind::SysStratum => Origin::Fixed,
        CollectionKind::Periodic { .. }
        | CollectionKind::Alive
        | CollectionKind::Stdin
        | CollectionKind::Errors => Origin::ByChance,
    }
}

/// What the rules of a collection read; none if one of them draws a value.
fn read_for(program: &Program, node: NodeId, head: CollectionId) -> Option<Vec<CollectionId>> {
    let mut read = Vec::new();
    let rules = program.nodes[node].rules.iter();
    for (_, rule) in rules.filter(|(_, rule)| rule.head.collection == head) {
        if draws(program, &rule.body) {
            return None;
        }
        read.extend(atoms(rule));
    }
    Some(read)
}

fn atoms(rule: &Rule) -> impl Iterator<Item = CollectionId> {
    rule.literals
        .iter()
        .filter_map(|literal| match &literal.literal {
            Literal::Atom { collection, .. } | Literal::Not { collection, .. } => Some(*collection),
            Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => {
                None
            }
        })
}

/// Whether evaluating an expression of the body twice may give two values. Functions do not recur.
fn draws(program: &Program, body: &Body) -> bool {
    body.exprs.iter().any(|(_, node)| match &node.expr {
        Expr::Call { function, .. } | Expr::Function(function) => {
            draws(program, &program.functions[*function].body)
        }
        Expr::Constant(constant) => {
            let init = program.constants[*constant].init.as_ref();
            init.is_some_and(|init| draws(program, init))
        }
        Expr::CallBuiltin { .. } | Expr::Method { .. } => {
            let called = node.expr.called().into_iter();
            let mut entries = called.flat_map(functions::named);
            entries.any(|(_, entry)| entry.kind == Kind::Nondeterministic)
        }
        _ => false,
    })
}
