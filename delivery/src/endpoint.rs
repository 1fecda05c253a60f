//! The endpoint of one node: its streams to and from others, and its replica of each ordered log.
//!
//! Whoever drives a node calls, again and again: [`Endpoint::pass`] with the time; [`Endpoint::receive`] with
//! packets and [`Endpoint::offer`] with everything else that has arrived, which gives back what needs no
//! care; [`Endpoint::flush`], and writes before it sends; [`Endpoint::take_entry`], and if there is none
//! [`Endpoint::take_batches`]; then ticks the node, and calls [`Endpoint::taken_in`] when that has taken effect and
//! [`Endpoint::send`] with what the tick sent.
//!
//! *One entry is one tick.* An entry of a log is taken in alone, and only when the node has done what the
//! entry before has left it to do (deferred changes, loopbacks), so that all replicas go through the same
//! ticks as far as these depend on the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use bloom_plan::plan::{Delivery, Plan, RelationId, RelationKind};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Input, Member, Message};
use smol_str::SmolStr;

use crate::TICK;
use crate::log::{Arrival, Behind, Committed, OrderedLog, Replica};
use crate::packet::{Body, Packet, Saved, Stream, Write};
use crate::streams::{Receiving, Sending};

/// Ticks that a node may ask for between two entries.
pub const FOLLOW_UP_TICKS_MAX: u32 = 64;
/// Entries of its own for which an endpoint waits at each log; what is offered beyond is lost.
pub const WAITING_ENTRIES_MAX: usize = 1024;
/// How long an endpoint that gets nowhere counts as busy.
pub const STALL_MAX: i64 = 100 * TICK;

/// How an endpoint starts.
#[derive(Debug)]
pub struct Setup {
    pub plan: Arc<Plan>,
    pub address: SmolStr,
    /// The deployment's nodes, oneself included.
    pub cluster: Vec<Member>,
    /// Above that of every earlier life of the node, and not 0.
    pub life: u64,
    /// The same at all nodes.
    pub seed: u64,
    pub now: i64,
    pub saved: Saved,
    /// Through which entry of each log earlier lives have taken entries in.
    pub applied: BTreeMap<SmolStr, u64>,
}

pub type SetupError = Behind;

/// What is to be done, in this order.
#[derive(Debug, Default)]
pub struct Flush {
    pub writes: Vec<Write>,
    pub packets: Vec<Packet>,
    /// What whoever runs the node should know.
    pub notices: Vec<String>,
}

/// An entry to be taken in by one tick.
#[derive(Debug)]
pub struct Entry {
    pub log: SmolStr,
    pub index: u64,
    /// All but the time.
    pub input: Input,
}

#[derive(Debug)]
pub struct Endpoint {
    plan: Arc<Plan>,
    address: SmolStr,
    /// How each channel that is numbered is, by name.
    numbered: BTreeMap<SmolStr, Stream>,
    /// The log of each collection that is ordered, by name.
    ordered: BTreeMap<SmolStr, SmolStr>,
    sending: Sending,
    receiving: Receiving,
    logs: BTreeMap<SmolStr, OrderedLog>,
    /// Ticks that the node has asked for since the last entry.
    follow_ups: u32,
    /// Others come before the next entry.
    entry_was_last: bool,
    /// An entry of an earlier life is being taken in again.
    again: bool,
    notices: Vec<String>,
    progress: u64,
    /// When something was last done.
    moved: i64,
    now: i64,
}

impl Endpoint {
    pub fn new(mut setup: Setup) -> Result<Endpoint, SetupError> {
        let plan = &setup.plan;
        let mut numbered = BTreeMap::new();
        let mut ordered = BTreeMap::new();
        for relation in &plan.relations {
            let is_sent = matches!(relation.kind, RelationKind::Channel { .. });
            let name = relation.name.clone();
            match &relation.delivery {
                Delivery::Once if is_sent => _ = numbered.insert(name, Stream::Once),
                Delivery::Fifo(group) if is_sent => {
                    numbered.insert(name, Stream::Fifo(group.clone()));
                }
                Delivery::Ordered(log) if plan.replicated => {
                    ordered.insert(name, log.clone());
                }
                // What does not leave the node keeps its order by itself.
                Delivery::Free | Delivery::Once | Delivery::Fifo(_) | Delivery::Ordered(_) => {}
            }
        }
        let replicas = setup.cluster.iter().filter(|m| m.kind == plan.name);
        let replicas: Vec<SmolStr> = replicas.map(|m| m.address.clone()).collect();
        let durable = RelationKind::Table { durable: true };
        let replay = plan.relations.iter().all(|r| r.kind != durable);
        let mut logs = BTreeMap::new();
        for name in ordered.values() {
            if logs.contains_key(name) {
                continue;
            }
            let log = OrderedLog::new(Replica {
                log: name.clone(),
                address: setup.address.clone(),
                replicas: replicas.clone(),
                life: setup.life,
                seed: setup.seed,
                now: setup.now,
                saved: setup.saved.logs.remove(name),
                applied: setup.applied.get(name).copied().unwrap_or(0),
                replay,
            })?;
            logs.insert(name.clone(), log);
        }
        Ok(Endpoint {
            address: setup.address,
            numbered,
            ordered,
            sending: Sending::new(setup.life),
            receiving: Receiving::new(setup.life),
            logs,
            follow_ups: 0,
            entry_was_last: false,
            again: false,
            notices: Vec::new(),
            progress: 0,
            moved: setup.now,
            now: setup.now,
            plan: setup.plan,
        })
    }

    /// Whether anything of a plan asks for care.
    pub fn is_needed(plan: &Plan) -> bool {
        plan.relations.iter().any(|r| r.delivery != Delivery::Free)
    }

    pub fn pass(&mut self, now: i64) {
        self.now = self.now.max(now);
        self.sending.pass(self.now);
        for log in self.logs.values_mut() {
            log.pass(self.now);
        }
        self.note_progress();
    }

    /// When to let time pass at the latest.
    pub fn wake(&self) -> Option<i64> {
        let logs = self.logs.values().filter_map(OrderedLog::wake);
        logs.chain(self.sending.wake()).min()
    }

    pub fn receive(&mut self, packet: Packet) {
        match packet.body {
            Body::Batch(batch) => self.receiving.receive(packet.from, batch),
            Body::Ack(ack) => self.sending.acknowledge(self.now, &packet.from, &ack),
            Body::Log(message) => {
                if let Some(log) = self.logs.get_mut(&message.log) {
                    log.receive(&packet.from, message);
                }
            }
        }
        self.note_progress();
    }

    /// Takes out of what has arrived what is ordered, and proposes it to its logs: an entry a log.
    pub fn offer(&mut self, arrived: &mut Input) {
        if self.ordered.is_empty() {
            return;
        }
        let mut offered: BTreeMap<SmolStr, Vec<Arrival>> = BTreeMap::new();
        let plan = Arc::clone(&self.plan);
        let name = |id: RelationId| &plan.relations[id.0 as usize].name;
        for (id, row) in std::mem::take(&mut arrived.rows) {
            let input = name(id).clone();
            match self.ordered.get(&input) {
                Some(log) => {
                    let of = offered.entry(log.clone()).or_default();
                    of.push(Arrival::Row { input, row });
                }
                None => arrived.rows.push((id, row)),
            }
        }
        for (id, key) in std::mem::take(&mut arrived.seals) {
            let input = name(id).clone();
            match self.ordered.get(&input) {
                Some(log) => {
                    let of = offered.entry(log.clone()).or_default();
                    of.push(Arrival::Seal { input, key });
                }
                None => arrived.seals.push((id, key)),
            }
        }
        for message in std::mem::take(&mut arrived.messages) {
            match self.ordered.get(&message.channel) {
                Some(log) => {
                    let of = offered.entry(log.clone()).or_default();
                    of.push(Arrival::Message {
                        from: message.from,
                        channel: message.channel,
                        row: message.row,
                    });
                }
                None => arrived.messages.push(message),
            }
        }
        for (log, arrivals) in offered {
            let of = self.logs.get_mut(&log).expect("each log has its replica");
            if of.waiting() >= WAITING_ENTRIES_MAX {
                self.notices.push(format!(
                    "ordered log `{log}`: {} arrivals at {} are lost: {WAITING_ENTRIES_MAX} entries wait already",
                    arrivals.len(),
                    self.address
                ));
                continue;
            }
            of.propose(arrivals);
            self.moved = self.now;
        }
        self.note_progress();
    }

    /// Sends what is numbered, and gives back the rest.
    pub fn send(&mut self, messages: Vec<Message>) -> Vec<Message> {
        if self.numbered.is_empty() {
            return messages;
        }
        let mut batches: BTreeMap<(SmolStr, Stream), Vec<(SmolStr, Row)>> = BTreeMap::new();
        let mut free = Vec::new();
        for message in messages {
            match self.numbered.get(&message.channel) {
                Some(stream) => {
                    let of = batches.entry((message.to, stream.clone())).or_default();
                    of.push((message.channel, message.row));
                }
                None => free.push(message),
            }
        }
        for ((to, stream), rows) in batches {
            self.sending.send(self.now, to, stream, rows);
            self.moved = self.now;
        }
        free
    }

    /// What is to be written, sent and said.
    pub fn flush(&mut self) -> Flush {
        let mut flush = Flush::default();
        let (from, packets) = (&self.address, &mut flush.packets);
        let mut post = |to, body| {
            packets.push(Packet {
                from: from.clone(),
                to,
                body,
            });
        };
        for (to, batch) in self.sending.take_out() {
            post(to, Body::Batch(batch));
        }
        for (to, ack) in self.receiving.take_out() {
            post(to, Body::Ack(ack));
        }
        flush.notices = std::mem::take(&mut self.notices);
        flush.notices.extend(self.sending.take_notices());
        for log in self.logs.values_mut() {
            let (writes, packets) = log.flush();
            flush.writes.extend(writes);
            for (to, packet) in packets {
                post(to, Body::Log(packet));
            }
            flush.notices.extend(log.take_notices());
        }
        flush
    }

    /// Whether something waits for the node's next tick.
    pub fn has_arrivals(&self) -> bool {
        self.receiving.has_ready() || self.logs.values().any(OrderedLog::has_committed)
    }

    /// The entry that the next tick is to take in, and nothing else with it. `wants_tick` tells that the node
    /// would tick by itself, `others_wait` that there are other arrivals.
    pub fn take_entry(&mut self, wants_tick: bool, others_wait: bool) -> Option<Entry> {
        // The last of what is done again is done when the node wants nothing more.
        self.again &= wants_tick || self.is_replaying();
        if wants_tick && self.follow_ups < FOLLOW_UP_TICKS_MAX {
            self.follow_ups += 1;
            return None;
        }
        let others_wait = others_wait || self.receiving.has_ready();
        if others_wait && self.entry_was_last && !self.holds_back() {
            self.entry_was_last = false;
            return None;
        }
        let mut logs = self.logs.iter_mut();
        let (log, committed) = logs.find_map(|(name, log)| {
            let committed = log.take_committed()?;
            Some((name.clone(), committed))
        })?;
        self.follow_ups = 0;
        self.entry_was_last = true;
        self.again = committed.again;
        self.note_progress();
        Some(Entry {
            log,
            index: committed.index,
            input: self.input(committed),
        })
    }

    /// Whether a tick that takes in no entry must take in no other arrivals either: what an earlier life took in
    /// comes first.
    pub fn holds_back(&self) -> bool {
        self.again || self.is_replaying()
    }

    fn is_replaying(&self) -> bool {
        self.logs.values().any(OrderedLog::is_replaying)
    }

    /// Whether what the node does now was done by an earlier life: then nothing of it may leave the node.
    pub fn is_again(&self) -> bool {
        self.again
    }

    /// Messages that the next tick is to take in with its other arrivals.
    pub fn take_batches(&mut self) -> Vec<Message> {
        if self.holds_back() {
            return Vec::new();
        }
        let ready = self.receiving.take_ready();
        self.note_progress();
        let messages = ready.into_iter().map(|(from, channel, row)| Message {
            from,
            to: self.address.clone(),
            channel,
            row,
        });
        messages.collect()
    }

    /// The tick that took something in has taken effect.
    pub fn taken_in(&mut self) {
        self.receiving.taken_in();
    }

    /// Whether there is something to do, and something was done lately.
    pub fn is_busy(&self) -> bool {
        let is_done = self.sending.is_done()
            && !self.receiving.has_ready()
            && !self.logs.values().any(OrderedLog::is_busy);
        !is_done && self.now - self.moved < STALL_MAX
    }

    /// Takes it that what got nowhere may do so now: the network was mended, or somebody waits for it.
    pub fn stir(&mut self) {
        self.moved = self.now;
        for log in self.logs.values_mut() {
            log.listen();
        }
    }

    fn note_progress(&mut self) {
        let logs = self.logs.values().map(OrderedLog::progress).sum::<u64>();
        let progress = logs + self.sending.progress() + self.receiving.progress();
        if progress != self.progress {
            self.progress = progress;
            self.moved = self.now;
        }
    }

    fn input(&self, committed: Committed) -> Input {
        let mut input = Input::default();
        for arrival in committed.arrivals {
            match arrival {
                Arrival::Row { input: name, row } => {
                    input.rows.extend(self.relation(&name).map(|id| (id, row)));
                }
                Arrival::Seal { input: name, key } => {
                    input.seals.extend(self.relation(&name).map(|id| (id, key)));
                }
                Arrival::Message { from, channel, row } => input.messages.push(Message {
                    from,
                    to: self.address.clone(),
                    row: self.addressed(&channel, row),
                    channel,
                }),
            }
        }
        input
    }

    fn relation(&self, name: &str) -> Option<RelationId> {
        let relations = &self.plan.relations;
        let place = relations.iter().position(|r| r.name == name)?;
        Some(RelationId(place as u32))
    }

    /// A row as it would be if it had been sent to this replica.
    fn addressed(&self, channel: &str, mut row: Row) -> Row {
        let relation = self.plan.relations.iter().find(|r| r.name == channel);
        if let Some(RelationKind::Channel { location }) = relation.map(|r| r.kind)
            && let Some(to) = row.get_mut(location as usize)
        {
            *to = Value::Addr(self.address.clone());
        }
        row
    }
}
