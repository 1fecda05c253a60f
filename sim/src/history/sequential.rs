//! Sequential consistency (Lamport, 1979): all operations have one order that each process agrees with.
//!
//! It is not local: all registers are looked at together. To decide it is NP-complete, so the search may give up.

use super::operation::{History, Operation, Verdict};
use super::order::Order;
use super::serialize::{Found, STATES_MAX, serialize};

/// Whether a process knew the answer of the first when it asked for the second.
pub(super) fn in_process_order(first: &Operation, second: &Operation) -> bool {
    first.process == second.process && first.precedes(second)
}

pub fn sequential(history: &History) -> Verdict {
    let operations: Vec<usize> = (0..history.operations.len()).collect();
    let of = |place: usize| &history.operations[place];
    let order = Order::new(operations.len(), |a, b| in_process_order(of(a), of(b)));
    match serialize(history, &operations, &order) {
        Found::Order => Verdict::Holds,
        Found::NoOrder => Verdict::Broken {
            why: "no order of these operations that each process agrees with explains the reads"
                .to_owned(),
            operations,
        },
        Found::TooMany => Verdict::Undecided(format!(
            "whether the history is sequentially consistent takes more than {STATES_MAX} states"
        )),
    }
}
