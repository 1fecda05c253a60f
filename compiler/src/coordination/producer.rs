//! Which channels one producer sends, in messages that tell producers apart: those whose order can stand for
//! seals.
//!
//! Nothing here must be right for the result to be sound: every candidate is held to the analysis.

use smol_str::SmolStr;

use crate::calm::report::Place;
use crate::calm::violation::Violation;
use crate::hir::{CollectionKind, HeadColumn, NodeKind, Program};

/// The name for a group of channels that one producer sends, if the gate tells producers apart.
pub(super) fn one_producer(
    program: &Program,
    violation: &Violation,
    sources: &[Place],
) -> Option<SmolStr> {
    if sources.len() < 2 {
        return None;
    }
    let mut senders = sources.iter().map(|&source| sender(program, source));
    let first = senders.next()??;
    if senders.any(|other| other != Some(first)) {
        return None;
    }
    let tells = violation.gate.iter().any(|gate| {
        sources.iter().all(|&source| {
            let mut origins = gate.origins.iter();
            origins.any(|origin| {
                origin.source == source && is_address_of_sender(program, source, origin.column)
            })
        })
    });
    tells.then(|| group_of(program, sources))
}

/// What a group of these channels is called.
pub(super) fn group_of(program: &Program, sources: &[Place]) -> SmolStr {
    let name = |place: &Place| {
        program.nodes[place.node].collections[place.collection]
            .name
            .as_str()
    };
    let names: Vec<&str> = sources.iter().map(name).collect();
    SmolStr::new(names.join("-"))
}

/// The only kind of node that sends a channel.
fn sender(program: &Program, channel: Place) -> Option<&str> {
    let mut kinds = program.nodes.values().filter(|kind| {
        let mut sends = sends(program, kind, channel);
        sends.next().is_some()
    });
    let first = kinds.next()?;
    kinds.next().is_none().then_some(first.name.as_str())
}

fn sends<'p>(
    program: &'p Program,
    kind: &'p NodeKind,
    channel: Place,
) -> impl Iterator<Item = &'p crate::hir::Rule> {
    let of = &program.nodes[channel.node].collections[channel.collection];
    let is_channel = matches!(of.kind, CollectionKind::Channel { .. });
    kind.rules.values().map(AsRef::as_ref).filter(move |rule| {
        let head = &kind.collections[rule.head.collection];
        is_channel && head.name == of.name && head.loc == of.loc
    })
}

/// Whether every message has in the column who sent it.
fn is_address_of_sender(program: &Program, channel: Place, column: u32) -> bool {
    program.nodes.values().all(|kind| {
        let mut rules = sends(program, kind, channel);
        rules.all(|rule| match rule.head.columns.get(column as usize) {
            Some(HeadColumn::Expr(expr)) => *rule.body.expr(*expr) == crate::hir::Expr::SelfAddr,
            Some(HeadColumn::Default) => {
                let of = &kind.collections[rule.head.collection].columns[column as usize];
                let default = of.default.as_ref();
                default.is_some_and(|body| {
                    body.value
                        .is_some_and(|value| *body.expr(value) == crate::hir::Expr::SelfAddr)
                })
            }
            Some(HeadColumn::Aggregate(_) | HeadColumn::Omitted) | None => false,
        })
    })
}
