//! A state of the whole deployment.

use std::collections::BTreeMap;

use super::messages::{Lane, Parcels};

/// States are equal if all that can follow is alike.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    /// Each node's own state.
    pub locals: Box<[u32]>,
    /// How often time has passed at each node.
    pub fired: Box<[u8]>,
    /// By lane; free parcels and entries of logs by number, those of a queue in its order.
    pub pending: Vec<Pending>,
    /// Batches of logs that other nodes have taken and a node must take next.
    pub owed: Vec<Owed>,
    /// The set of all parcels that were ever sent. A row sent again is the same message.
    pub sent: u32,
    /// The set of what has been seen outside.
    pub seen: u32,
    pub losses: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pending {
    pub parcel: u32,
    /// How often it may still be delivered.
    pub left: u8,
    /// It has never been delivered, and must be.
    pub fresh: bool,
    /// In a queue: it was sent in the same tick as the one before it.
    pub joins: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Owed {
    pub log: u32,
    pub node: usize,
    /// Parcels of each batch; none is empty.
    pub batches: Vec<Vec<u32>>,
}

impl State {
    /// Puts what one tick sends on its way.
    pub fn send(&mut self, batch: &[u32], repeats: u8, parcels: &Parcels) {
        let mut queues: Vec<Lane> = Vec::new();
        for &parcel in batch {
            let lane = parcels.lane(parcel);
            let order = |p: &Pending| match parcels.lane(p.parcel) {
                lane @ (Lane::Free | Lane::Once) => (lane, p.parcel),
                lane @ (Lane::Queue(_) | Lane::Log(..)) => (lane, 0),
            };
            let pending = Pending {
                parcel,
                left: if lane == Lane::Free { 1 + repeats } else { 1 },
                fresh: true,
                joins: queues.contains(&lane),
            };
            if matches!(lane, Lane::Queue(_)) {
                queues.push(lane);
            }
            let place = self
                .pending
                .partition_point(|p| order(p) <= order(&pending));
            self.pending.insert(place, pending);
        }
    }

    fn remove(&mut self, place: usize, parcels: &Parcels) {
        let gone = self.pending.remove(place);
        if let Some(next) = self.pending.get_mut(place)
            && parcels.lane(next.parcel) == parcels.lane(gone.parcel)
        {
            next.joins &= gone.joins;
        }
    }

    /// Takes what a tick takes in off its way, each once.
    pub fn deliver(&mut self, batch: &[u32], parcels: &Parcels) {
        let mut logged: Option<(u32, usize, Vec<u32>)> = None;
        for &parcel in batch {
            let place = self.pending.iter().position(|p| p.parcel == parcel);
            let place = place.expect("only what is on its way is delivered");
            let pending = &mut self.pending[place];
            pending.left -= 1;
            pending.fresh = false;
            if pending.left == 0 {
                self.remove(place, parcels);
            }
            if let Lane::Log(log, entry) = parcels.lane(parcel) {
                let node = parcels.get(parcel).to;
                let (_, _, entries) = logged.get_or_insert((log, node, Vec::new()));
                entries.push(entry);
            }
        }
        if let Some((log, node, entries)) = logged {
            self.log(log, node, &entries, parcels);
        }
    }

    /// A node takes a batch of a log: the one that it must take next, or a new one, which all other
    /// receivers of its entries now must take.
    fn log(&mut self, log: u32, node: usize, entries: &[u32], parcels: &Parcels) {
        let own = self
            .owed
            .iter()
            .position(|o| o.log == log && o.node == node);
        if let Some(own) = own {
            self.owed[own].batches.remove(0);
            if self.owed[own].batches.is_empty() {
                self.owed.remove(own);
            }
            return;
        }
        let mut others: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for pending in &self.pending {
            if let Lane::Log(of, entry) = parcels.lane(pending.parcel)
                && of == log
                && entries.contains(&entry)
            {
                let node = parcels.get(pending.parcel).to;
                others.entry(node).or_default().push(pending.parcel);
            }
        }
        for (node, batch) in others {
            match self
                .owed
                .iter_mut()
                .find(|o| o.log == log && o.node == node)
            {
                Some(owed) => owed.batches.push(batch),
                None => self.owed.push(Owed {
                    log,
                    node,
                    batches: vec![batch],
                }),
            }
        }
        self.owed.sort_by_key(|owed| (owed.log, owed.node));
    }

    /// Whether something must still arrive.
    pub fn awaits(&self) -> bool {
        self.pending.iter().any(|p| p.fresh)
    }
}
