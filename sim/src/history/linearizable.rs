//! Linearizability (Herlihy and Wing, 1990): all operations happen at one time each, between invocation and answer.
//!
//! It is local, so each register is looked at by itself.

use super::operation::{History, Verdict};
use super::order::Order;
use super::serialize::{Found, STATES_MAX, serialize};

pub fn linearizable(history: &History) -> Verdict {
    for operations in history.by_key().into_values() {
        let of = |place: usize| &history.operations[operations[place]];
        let order = Order::new(operations.len(), |a, b| of(a).precedes(of(b)));
        match serialize(history, &operations, &order) {
            Found::Order => {}
            Found::NoOrder => {
                return Verdict::Broken {
                    why: "no order of these operations, each between its request and its answer, explains the reads"
                        .to_owned(),
                    operations: needed(history, operations),
                };
            }
            Found::TooMany => {
                return Verdict::Undecided(format!(
                    "whether the history is linearizable takes more than {STATES_MAX} states"
                ));
            }
        }
    }
    Verdict::Holds
}

/// Leaves out operations as long as what is left is not linearizable, many at a time at first (delta debugging:
/// Zeller and Hildebrandt, 2002). Writes that are read stay, since without them a read would be wrong for another
/// reason.
fn needed(history: &History, operations: Vec<usize>) -> Vec<usize> {
    let mut kept = operations;
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let mut place = 0;
        while place < kept.len() {
            let end = (place + size).min(kept.len());
            let (part, others) = (&kept[place..end], [&kept[..place], &kept[end..]].concat());
            let read = part
                .iter()
                .filter(|&&number| is_read(history, &others, number));
            let mut fewer: Vec<usize> = others.iter().chain(read).copied().collect();
            fewer.sort_unstable();
            if fewer.len() < kept.len() && breaks(history, &fewer) {
                kept = fewer;
            } else {
                place = end;
            }
        }
        size /= 2;
    }
    kept
}

/// Whether it is a write whose value some read was answered.
fn is_read(history: &History, others: &[usize], write: usize) -> bool {
    let write = &history.operations[write];
    let mut others = others.iter().map(|&number| &history.operations[number]);
    write.is_write() && others.any(|other| !other.is_write() && other.value() == write.value())
}

fn breaks(history: &History, operations: &[usize]) -> bool {
    let of = |place: usize| &history.operations[operations[place]];
    let order = Order::new(operations.len(), |a, b| of(a).precedes(of(b)));
    serialize(history, operations, &order) == Found::NoOrder
}
