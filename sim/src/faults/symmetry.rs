//! Fault sets that are the same but for the names of nodes.
//!
//! A permutation of nodes is a symmetry of a test if it takes each node to one of its kind, and arguments and
//! feeds to arguments and feeds, and if no node that it moves is named in the program. It groups sets for
//! readers; no search is cut short by it, so nothing depends on the program treating addresses alike in any
//! other way.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::testing::{FaultTest, Feed};
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

use super::hypothesis::{Fault, Hypothesis, Side};
use super::run::Programs;

/// Nodes past which no symmetries are looked for.
const NODES_MAX: usize = 7;

/// Groups sets of which some symmetry makes one the other; each in the order of its first set.
pub fn classes(programs: &Programs, test: &FaultTest, sets: &[Hypothesis]) -> Vec<Vec<Hypothesis>> {
    let symmetries = symmetries(programs, test);
    let mut classes: BTreeMap<(usize, Hypothesis), Vec<Hypothesis>> = BTreeMap::new();
    for set in sets {
        let images = symmetries.iter().map(|symmetry| image(symmetry, set));
        let least = images.min().unwrap_or_else(|| set.clone());
        let of_class = classes.entry((least.len(), least)).or_default();
        of_class.push(set.clone());
    }
    classes.into_values().collect()
}

/// The symmetries of a test, the identity among them: where each node goes.
pub fn symmetries(programs: &Programs, test: &FaultTest) -> Vec<Vec<usize>> {
    let identity: Vec<usize> = (0..test.nodes.len()).collect();
    if test.nodes.len() > NODES_MAX {
        return vec![identity];
    }
    let named = named_in(programs, test);
    let mut found = Vec::new();
    let mut permutation = identity;
    permute(&mut permutation, 0, &mut |permutation| {
        let moved = (0..permutation.len()).filter(|&node| permutation[node] != node);
        let is_named = |node: usize| named.contains(&test.nodes[node].name);
        if !moved.clone().any(is_named) && keeps(test, permutation) {
            found.push(permutation.to_vec());
        }
    });
    found
}

fn permute(permutation: &mut Vec<usize>, from: usize, visit: &mut dyn FnMut(&[usize])) {
    if from == permutation.len() {
        return visit(permutation);
    }
    for other in from..permutation.len() {
        permutation.swap(from, other);
        permute(permutation, from + 1, visit);
        permutation.swap(from, other);
    }
}

fn image(symmetry: &[usize], set: &Hypothesis) -> Hypothesis {
    let fault = |fault: &Fault| match *fault {
        Fault::Crash { node, tick } => Fault::Crash {
            node: symmetry[node],
            tick,
        },
        Fault::Loss { from, to, tick } => Fault::Loss {
            from: symmetry[from],
            to: symmetry[to],
            tick,
        },
        Fault::Delay { from, to, tick, by } => Fault::Delay {
            from: symmetry[from],
            to: symmetry[to],
            tick,
            by,
        },
        Fault::Duplicate { from, to, tick } => Fault::Duplicate {
            from: symmetry[from],
            to: symmetry[to],
            tick,
        },
        Fault::Partition { side, first, last } => Fault::Partition {
            side: Side::of(side.nodes().map(|node| symmetry[node]), symmetry.len()),
            first,
            last,
        },
        Fault::Node {
            node,
            first,
            last,
            what,
        } => Fault::Node {
            node: symmetry[node],
            first,
            last,
            what,
        },
    };
    Hypothesis(set.0.iter().map(fault).collect())
}

/// Whether the deployment is the same after its nodes have changed places.
fn keeps(test: &FaultTest, permutation: &[usize]) -> bool {
    let rename = |value: &Value| renamed(test, permutation, value);
    let nodes_stay = test.nodes.iter().enumerate().all(|(place, node)| {
        let image = &test.nodes[permutation[place]];
        let arguments: Row = node.arguments.iter().map(rename).collect();
        node.kind == image.kind && arguments == image.arguments
    });
    let moved = |feed: &Feed| {
        let row: Row = feed.row.iter().map(rename).collect();
        (
            feed.tick,
            permutation[feed.node],
            feed.collection.clone(),
            row,
        )
    };
    let feeds = test.feeds.iter();
    let feeds: BTreeSet<_> = feeds
        .map(|f| (f.tick, f.node, f.collection.clone(), f.row.clone()))
        .collect();
    nodes_stay && test.feeds.iter().all(|feed| feeds.contains(&moved(feed)))
}

/// The value with every node's name replaced by that of the node in its place. Dedalus has names as texts.
fn renamed(test: &FaultTest, permutation: &[usize], value: &Value) -> Value {
    let name = |text: &SmolStr| {
        let place = test.nodes.iter().position(|node| node.name == *text);
        place
            .map_or(text, |place| &test.nodes[permutation[place]].name)
            .clone()
    };
    let all = |values: &[Value]| -> Vec<Value> {
        let values = values.iter();
        values.map(|v| renamed(test, permutation, v)).collect()
    };
    match value {
        Value::Addr(text) => Value::Addr(name(text)),
        Value::String(text) => Value::String(name(text)),
        Value::Tuple(parts) => Value::Tuple(all(parts).into()),
        Value::List(parts) => Value::List(all(parts).into()),
        Value::Variant(number, parts) => Value::Variant(*number, all(parts).into()),
        Value::Set(parts) => Value::set(all(parts)),
        Value::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let rename = |v| renamed(test, permutation, v);
                (rename(key), rename(value))
            });
            Value::map(entries)
        }
        Value::Bag(_)
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Bytes(_)
        | Value::Time(_)
        | Value::Duration(_)
        | Value::Req(_)
        | Value::Bottom => value.clone(),
    }
}

/// Texts and addresses that stand in the rules of the program or of a spec.
fn named_in(programs: &Programs, test: &FaultTest) -> BTreeSet<SmolStr> {
    let kinds = test.nodes.iter().map(|node| &node.kind);
    let kinds: BTreeSet<&SmolStr> = kinds
        .chain(test.observers.iter().map(|o| &o.kind))
        .collect();
    let mut named = BTreeSet::new();
    for (_, program) in programs.iter().filter(|(kind, _)| kinds.contains(kind)) {
        for literal in &program.plan().literals {
            if let Value::Addr(text) | Value::String(text) = &literal.value {
                named.insert(text.clone());
            }
        }
    }
    named
}
