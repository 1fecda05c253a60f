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

/// A parcel, and those that must be taken in with it, for they have not been before.
#[derive(Debug)]
pub struct Choice {
    pub parcel: u32,
    needs: Vec<u32>,
}

/// What a node may take in now.
#[derive(Debug, Default)]
pub struct Available {
    /// Parcels that may be taken in together.
    pub free: Vec<Choice>,
    /// By log: entries of which any may be a batch, in the same way.
    pub open: Vec<(u32, Vec<Choice>)>,
    /// Batches that other nodes have taken from a log.
    pub owed: Vec<Vec<u32>>,
}

/// `waits` tells what must be taken before a parcel or with it; none if it cannot be taken yet. `entries`: whether
/// the node takes entries of its logs now.
pub fn available(
    state: &State,
    node: usize,
    parcels: &Parcels,
    entries: bool,
    waits: impl Fn(u32) -> Option<Vec<u32>>,
) -> Available {
    let mut available = Available::default();
    let mut queue = Queue::default();
    for pending in &state.pending {
        if parcels.get(pending.parcel).to != node {
            continue;
        }
        let parcel = pending.parcel;
        let needs = waits(parcel);
        let open = needs.is_some();
        let mut needs = needs.unwrap_or_default();
        let lane = parcels.lane(pending.parcel);
        match lane {
            Lane::Free | Lane::Once => {
                if open {
                    available.free.push(Choice { parcel, needs });
                }
            }
            Lane::Queue(_) => {
                queue.follow(lane, pending.joins);
                if open && queue.open {
                    needs.extend(&queue.before);
                    available.free.push(Choice { parcel, needs });
                }
                queue.last.push(pending.parcel);
                queue.last_open &= open;
            }
            Lane::Log(..) if !entries => {}
            Lane::Log(log, _) => {
                let bound = state.owed.iter().any(|o| o.log == log && o.node == node);
                if open && !bound {
                    match available.open.iter_mut().find(|(of, _)| *of == log) {
                        Some((_, entries)) => entries.push(Choice { parcel, needs }),
                        None => available.open.push((log, vec![Choice { parcel, needs }])),
                    }
                }
            }
        }
    }
    let owed = state
        .owed
        .iter()
        .filter(|owed| entries && owed.node == node);
    available.owed = owed.map(|owed| owed.batches[0].clone()).collect();
    available
}

/// How far a queue has been looked through.
#[derive(Debug, Default)]
struct Queue {
    lane: Option<Lane>,
    /// What was sent in ticks before, and whether all of it may be taken.
    before: Vec<u32>,
    open: bool,
    /// What was sent in the same tick.
    last: Vec<u32>,
    last_open: bool,
}

impl Queue {
    /// Goes on to the next parcel, which may be of another queue.
    fn follow(&mut self, lane: Lane, joins: bool) {
        if self.lane != Some(lane) {
            *self = Queue {
                lane: Some(lane),
                open: true,
                last_open: true,
                ..Queue::default()
            };
        } else if !joins {
            self.before.append(&mut self.last);
            self.open &= self.last_open;
        }
    }
}

/// All ways to take something in at once, but not more than so much.
pub fn batches(available: &Available, batch_max: usize) -> Vec<Vec<u32>> {
    let mut batches = subsets(&available.free, batch_max);
    for (_, entries) in &available.open {
        batches.extend(subsets(entries, batch_max));
    }
    batches.extend(available.owed.iter().cloned());
    // Large batches first: they lead to an end soonest.
    batches.sort_by_key(|batch| std::cmp::Reverse(batch.len()));
    batches
}

/// Subsets in which every parcel has what it needs.
fn subsets(choices: &[Choice], size_max: usize) -> Vec<Vec<u32>> {
    let mut subsets: Vec<Vec<u32>> = vec![Vec::new()];
    for choice in choices {
        for place in 0..subsets.len() {
            if subsets[place].len() < size_max {
                let mut longer = subsets[place].clone();
                longer.push(choice.parcel);
                subsets.push(longer);
            }
        }
    }
    subsets.remove(0);
    subsets.retain(|subset| {
        let mut chosen = choices.iter().filter(|c| subset.contains(&c.parcel));
        chosen.all(|choice| choice.needs.iter().all(|need| subset.contains(need)))
    });
    subsets
}
