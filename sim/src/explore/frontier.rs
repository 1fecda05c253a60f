//! What may happen next in a state.
//!
//! Partial-order reduction: a tick of one node commutes with a tick of another unless one sends what
//! the other may take in. Nodes fall into groups, the strongly connected components of "may send to"
//! (and of "must precede", where feeds wait for each other or share a log). While a group that no
//! other open group can send to has something to do, only its actions are followed: they are a
//! persistent set (Godefroid 1996, §4), since nothing that other nodes do enables, disables or
//! changes any of them. A group that only changes for ever by itself has nothing to do: its ticks
//! send and show nothing new, and the end of a run looks at all of them.

use bloom_stdx::graph;

use super::messages::{Lane, Parcels};
use super::state::State;

/// What one step of a schedule is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// A node takes these in, in one tick; before it, time passes if it `fires`.
    Tick {
        node: usize,
        fires: bool,
        batch: Vec<u32>,
    },
    Lose {
        parcel: u32,
    },
}

/// Groups of nodes, given by whom each may send to: those that send before those that receive.
pub fn groups(successors: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut groups = graph::components(successors);
    groups.reverse();
    groups
}

/// What a node may take in now: parcels that may be taken together, each with the one that must be
/// taken in the same tick or before; and those that are taken alone. `waits` tells what must not be
/// taken yet.
pub fn available(
    state: &State,
    node: usize,
    parcels: &Parcels,
    waits: impl Fn(u32) -> bool,
) -> (Vec<(u32, Option<u32>)>, Vec<u32>) {
    let mut together: Vec<(u32, Option<u32>)> = Vec::new();
    let mut alone = Vec::new();
    let mut before: Option<(Lane, u32, bool)> = None;
    for pending in &state.pending {
        if parcels.get(pending.parcel).to != node {
            continue;
        }
        let open = !waits(pending.parcel);
        let lane = parcels.lane(pending.parcel);
        match lane {
            Lane::Free => {
                if open {
                    together.push((pending.parcel, None));
                }
            }
            Lane::Queue(_) => {
                let last = before.filter(|(of, ..)| *of == lane);
                let open = open && last.is_none_or(|(_, _, open)| open);
                before = Some((lane, pending.parcel, open));
                if open {
                    together.push((pending.parcel, last.map(|(_, parcel, _)| parcel)));
                }
            }
            Lane::Log(log, entry) => {
                let owed = state.owed.iter().find(|o| o.log == log && o.node == node);
                if open && owed.is_none_or(|owed| owed.entries[0] == entry) {
                    alone.push(pending.parcel);
                }
            }
        }
    }
    (together, alone)
}

/// All ways to take in some of the parcels at once, but not none, and not more than so many.
pub fn batches(together: &[(u32, Option<u32>)], alone: &[u32], batch_max: usize) -> Vec<Vec<u32>> {
    let mut batches: Vec<Vec<u32>> = vec![Vec::new()];
    for &(parcel, before) in together {
        for place in 0..batches.len() {
            let batch = &batches[place];
            if batch.len() < batch_max && before.is_none_or(|b| batch.contains(&b)) {
                let mut longer = batch.clone();
                longer.push(parcel);
                batches.push(longer);
            }
        }
    }
    batches.remove(0);
    batches.extend(alone.iter().map(|&parcel| vec![parcel]));
    // Large batches first: they lead to an end soonest.
    batches.sort_by_key(|batch| std::cmp::Reverse(batch.len()));
    batches
}
