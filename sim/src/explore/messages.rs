//! What can be on its way, each numbered once. Numbers do not depend on which feeds a run has, so
//! that ticks of one run are known in the next.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use bloom_plan::plan::{Delivery, RelationId};
use bloom_plan::value::Row;
use bloom_runtime::Message;

use super::deployment::Fed;

/// Something on its way to one node.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Parcel {
    pub to: usize,
    pub what: Content,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// Something from outside; if there are several alike, the how-manieth it is.
    Feed(Fed, u32),
    Message(Message),
    Loopback(RelationId, Row),
}

/// What it waits behind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// Nothing.
    Free,
    /// Nothing, and it comes once.
    Once,
    /// What is in the same queue before it.
    Queue(u32),
    /// The batches that other nodes have taken from the log; number of the log and of the entry.
    Log(u32, u32),
}

/// All parcels that were ever on their way.
#[derive(Debug, Default)]
pub struct Parcels {
    parcels: IndexSet<Parcel, FxBuildHasher>,
    lanes: Vec<Lane>,
    /// Group, sender and receiver of each queue.
    queues: IndexSet<(SmolStr, SmolStr, usize), FxBuildHasher>,
    logs: IndexSet<SmolStr, FxBuildHasher>,
    /// What the receivers of an entry of a log have in common.
    entries: IndexSet<(u32, Entry), FxBuildHasher>,
}

#[derive(PartialEq, Eq, Hash, Debug)]
enum Entry {
    Feed(Fed, u32),
    /// Without its location.
    Message(SmolStr, SmolStr, Row),
    Loopback(RelationId, Row),
}

impl Parcels {
    pub fn len(&self) -> usize {
        self.lanes.len()
    }

    pub fn get(&self, number: u32) -> &Parcel {
        &self.parcels[number as usize]
    }

    pub fn lane(&self, number: u32) -> Lane {
        self.lanes[number as usize]
    }

    /// The number of a parcel. `location` is the column of a message that names the receiver.
    pub fn number(&mut self, parcel: Parcel, delivery: &Delivery, location: Option<u32>) -> u32 {
        let (number, new) = self.parcels.insert_full(parcel);
        if new {
            let lane = self.lane_of(number, delivery, location);
            self.lanes.push(lane);
        }
        number as u32
    }

    fn lane_of(&mut self, number: usize, delivery: &Delivery, location: Option<u32>) -> Lane {
        let parcel = &self.parcels[number];
        match (delivery, &parcel.what) {
            (Delivery::Free, _) => Lane::Free,
            (Delivery::Once, _) => Lane::Once,
            (Delivery::Fifo(group), what) => {
                let sender = match what {
                    Content::Message(message) => message.from.clone(),
                    Content::Feed(..) | Content::Loopback(..) => SmolStr::default(),
                };
                let queue = (group.clone(), sender, parcel.to);
                let queue = self.queues.insert_full(queue);
                Lane::Queue(queue.0 as u32)
            }
            (Delivery::Ordered(log), what) => {
                let entry = match what {
                    Content::Feed(fed, nth) => Entry::Feed(fed.clone(), *nth),
                    Content::Message(message) => {
                        let columns = message.row.iter().enumerate();
                        let rest = columns.filter(|(at, _)| location != Some(*at as u32));
                        let rest: Row = rest.map(|(_, value)| value.clone()).collect();
                        Entry::Message(message.from.clone(), message.channel.clone(), rest)
                    }
                    Content::Loopback(id, row) => Entry::Loopback(*id, row.clone()),
                };
                let log = self.logs.insert_full(log.clone()).0 as u32;
                let entry = self.entries.insert_full((log, entry));
                Lane::Log(log, entry.0 as u32)
            }
        }
    }
}
