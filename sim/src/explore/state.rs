//! A state of the whole deployment.

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
    /// Entries of logs that other nodes have taken and a node must take next: log, node, entries.
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
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Owed {
    pub log: u32,
    pub node: usize,
    /// Never empty.
    pub entries: Vec<u32>,
}

impl State {
    /// Puts a parcel on its way.
    pub fn send(&mut self, parcel: u32, repeats: u8, parcels: &Parcels) {
        let alone = parcels.lane(parcel) == Lane::Free;
        let pending = Pending {
            parcel,
            left: if alone { 1 + repeats } else { 1 },
            fresh: true,
        };
        let order = |p: &Pending| match parcels.lane(p.parcel) {
            lane @ Lane::Free => (lane, p.parcel),
            lane @ (Lane::Queue(_) | Lane::Log(..)) => (lane, 0),
        };
        let place = self
            .pending
            .partition_point(|p| order(p) <= order(&pending));
        self.pending.insert(place, pending);
    }

    /// Takes a parcel off its way into a node, once.
    pub fn deliver(&mut self, parcel: u32, parcels: &Parcels) {
        let place = self.pending.iter().position(|p| p.parcel == parcel);
        let place = place.expect("only what is on its way is delivered");
        let pending = &mut self.pending[place];
        pending.left -= 1;
        pending.fresh = false;
        if pending.left == 0 {
            self.pending.remove(place);
        }
        if let Lane::Log(log, entry) = parcels.lane(parcel) {
            self.log(log, entry, parcels.get(parcel).to, parcels);
        }
    }

    /// A node takes an entry of a log: it is the one that it owes, or the log's next, which all its
    /// other receivers now owe.
    fn log(&mut self, log: u32, entry: u32, node: usize, parcels: &Parcels) {
        let own = self
            .owed
            .iter()
            .position(|o| o.log == log && o.node == node);
        if let Some(own) = own {
            self.owed[own].entries.remove(0);
            if self.owed[own].entries.is_empty() {
                self.owed.remove(own);
            }
            return;
        }
        for pending in &self.pending {
            if parcels.lane(pending.parcel) != Lane::Log(log, entry) {
                continue;
            }
            let node = parcels.get(pending.parcel).to;
            match self
                .owed
                .iter_mut()
                .find(|o| o.log == log && o.node == node)
            {
                Some(owed) => owed.entries.push(entry),
                None => self.owed.push(Owed {
                    log,
                    node,
                    entries: vec![entry],
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
