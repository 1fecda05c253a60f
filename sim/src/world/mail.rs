//! The endpoint of one node, and its disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use bloom_delivery::{Endpoint, Packet, Saved, Setup};
use bloom_plan::plan::Plan;
use bloom_runtime::{Input, Message};
use bloom_stdx::random::Random;
use smol_str::SmolStr;

/// What a node has for messages that need care. A node whose plan asks for none has no endpoint.
#[derive(Debug, Default)]
pub(super) struct Mail {
    endpoint: Option<Endpoint>,
    /// What the network carries to it.
    packets: Vec<Packet>,
    disk: Disk,
}

/// What outlives a crash.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    pub saved: Saved,
    /// Through which entry of each log the node has taken entries in.
    pub applied: BTreeMap<SmolStr, u64>,
}

/// What a tick takes in.
#[derive(Debug)]
pub(super) struct Arrivals {
    pub input: Input,
    /// What the endpoint sends meanwhile.
    pub packets: Vec<Packet>,
    /// An earlier life of the node has done all of this.
    pub again: bool,
}

impl Mail {
    /// Begins a life with what the disk holds.
    pub fn open(
        &mut self,
        plan: &Plan,
        setup: impl FnOnce(Arc<Plan>, Disk) -> Setup,
    ) -> Result<(), String> {
        self.close();
        if Endpoint::is_needed(plan) {
            let setup = setup(Arc::new(plan.clone()), self.disk.clone());
            self.endpoint = Some(Endpoint::new(setup).map_err(|error| error.to_string())?);
        }
        Ok(())
    }

    /// The node is gone, and what was on its way to it.
    pub fn close(&mut self) {
        self.endpoint = None;
        self.packets.clear();
    }

    /// A packet that has arrived.
    pub fn push(&mut self, packet: Packet) {
        if self.endpoint.is_some() {
            self.packets.push(packet);
        }
    }

    pub fn shuffle(&mut self, random: &mut Random) {
        random.shuffle(&mut self.packets);
    }

    pub fn stir(&mut self) {
        if let Some(endpoint) = &mut self.endpoint {
            endpoint.stir();
        }
    }

    pub fn is_busy(&self) -> bool {
        self.endpoint.as_ref().is_some_and(Endpoint::is_busy)
    }

    /// Takes out of what has arrived what the next tick is to take in, and leaves the rest. With `held`, some
    /// packets are held back.
    pub fn take(
        &mut self,
        clock: i64,
        wants_tick: bool,
        arrived: &mut Input,
        held: Option<&mut Random>,
    ) -> Arrivals {
        let Some(endpoint) = &mut self.endpoint else {
            return Arrivals {
                input: std::mem::take(arrived),
                packets: Vec::new(),
                again: false,
            };
        };
        endpoint.pass(clock);
        let mut packets = std::mem::take(&mut self.packets);
        if let Some(random) = held {
            let (later, now) = packets.into_iter().partition(|_| random.chance(1, 4));
            (self.packets, packets) = (later, now);
        }
        for packet in packets {
            endpoint.receive(packet);
        }
        endpoint.offer(arrived);
        let packets = flush(endpoint, &mut self.disk.saved);
        let others_wait =
            !(arrived.rows.is_empty() && arrived.messages.is_empty() && arrived.seals.is_empty());
        let input = match endpoint.take_entry(wants_tick, others_wait) {
            Some(entry) => {
                let applied = self.disk.applied.entry(entry.log).or_default();
                *applied = (*applied).max(entry.index);
                entry.input
            }
            None if endpoint.holds_back() => Input::default(),
            None => {
                let mut input = std::mem::take(arrived);
                input.messages.extend(endpoint.take_batches());
                input
            }
        };
        Arrivals {
            input,
            packets,
            again: endpoint.is_again(),
        }
    }

    /// After the tick: what it sends as it is, and in packets.
    pub fn done(&mut self, sends: Vec<Message>) -> (Vec<Message>, Vec<Packet>) {
        let Some(endpoint) = &mut self.endpoint else {
            return (sends, Vec::new());
        };
        endpoint.taken_in();
        let free = endpoint.send(sends);
        (free, flush(endpoint, &mut self.disk.saved))
    }
}

/// Writes what an endpoint wants written, and gives what it sends then.
fn flush(endpoint: &mut Endpoint, saved: &mut Saved) -> Vec<Packet> {
    let flush = endpoint.flush();
    for write in flush.writes {
        assert!(saved.record(write), "an endpoint writes what follows");
    }
    flush.packets
}
