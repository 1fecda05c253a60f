//! What would mend a violation and is the author's to decide: one producer's messages in the order sent, an
//! owner for each key, or a log.

use smol_str::SmolStr;

use super::candidate::race;
use super::insertion::{Insertion, Mended, Price, Strategy};
use super::producer::one_producer;
use crate::calm::report::Place;
use crate::calm::violation::Violation;
use crate::hir::Program;

/// The cheapest advice, if some order of messages can help at all.
pub(super) fn advice(
    program: &Program,
    violation: &Violation,
    mends: Vec<Mended>,
) -> Option<Insertion> {
    let sources = violation.racing();
    if !violation.is_race() {
        return None;
    }
    let keys = shared_columns(violation, &sources);
    let group = one_producer(program, violation, &sources);
    let (strategy, by) = match (group, keys.is_empty()) {
        (Some(group), _) => (Strategy::Fifo { group }, Vec::new()),
        (None, false) => (Strategy::KeyOrder, keys),
        (None, true) => {
            let log = SmolStr::new(super::candidate::ANY_LOG);
            (Strategy::Order { log }, Vec::new())
        }
    };
    let node = &program.nodes[violation.capture.node];
    let why = format!("{}; {}", race(program, violation), help(&strategy, &by));
    let name = |place: &Place| {
        program.nodes[place.node].collections[place.collection]
            .name
            .clone()
    };
    Some(Insertion {
        price: price(&strategy),
        strategy,
        node: node.name.clone(),
        on: sources.iter().map(name).collect(),
        by,
        mends,
        points: vec![node.rules[violation.capture.rule].loc],
        why,
    })
}

/// The columns of the gate that every source determines.
fn shared_columns(violation: &Violation, sources: &[Place]) -> Vec<SmolStr> {
    let shared = violation.gate.iter().filter(|gate| {
        let has = |source: &Place| gate.origins.iter().any(|origin| origin.source == *source);
        sources.iter().all(has)
    });
    shared.map(|gate| gate.name.clone()).collect()
}

fn help(strategy: &Strategy, by: &[SmolStr]) -> String {
    match strategy {
        Strategy::Fifo { .. } => {
            "one producer sends all of it: did it send what is waited for a tick after the rest, the order sent would say that the rest is there"
                .to_owned()
        }
        Strategy::KeyOrder => {
            let by: Vec<String> = by.iter().map(|column| format!("`{column}`")).collect();
            format!("with one owner for each {} its rows meet in one order", by.join(", "))
        }
        Strategy::Order { .. } => {
            "sent through a log it is in one order, which may be another in another run".to_owned()
        }
        Strategy::Once | Strategy::Seal => String::new(),
    }
}

/// What a strategy costs, in messages.
pub(super) fn price(strategy: &Strategy) -> Price {
    let (weight, words) = match strategy {
        Strategy::Once => (0, "no message; a number for each sender"),
        Strategy::Fifo { .. } => (0, "no message; what overtakes an earlier one waits for it"),
        Strategy::Seal => (
            1,
            "one message a producer a partition; waits for the slowest producer",
        ),
        Strategy::KeyOrder => (2, "one hop, to the owner of the key"),
        Strategy::Order { .. } => (
            10,
            "a round trip to a majority of the replicas for each entry of the log",
        ),
    };
    Price {
        weight,
        words: words.to_owned(),
    }
}
