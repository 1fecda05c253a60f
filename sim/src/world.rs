//! Nodes, the messages between them, and virtual time.
//!
//! A tick of several nodes is simultaneous: each takes in what was on its way before any of them
//! ran. A message that the network carries waits for its receiver's next tick; it is lost if the
//! receiver is down when it is sent, or crashes before that tick. Time passes only by `advance`.
//!
//! What is delivered once, in order of its sender or through a log goes through the endpoint of each node
//! (module `mail`), whose clock goes on by one tick with every tick of the world.
//!
//! Under seed 0 messages arrive in the order in which they were sent. Other seeds permute what
//! arrives together, and hold back messages while the world settles.

mod mail;

use std::path::Path;

use bloom_delivery::Packet;
use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, ErrorRow, Input, Member, Message, OnConflict, Output};
use bloom_stdx::random::Random;
use bloom_store::{Restored, Store, StoreError};
use smol_str::SmolStr;

pub use crate::disk::DiskFault;
use crate::disk::SimDisk;
use crate::machine::{Kinds, Machine};
use crate::network::{Drop, Network};
use mail::{Arrivals, Mail};

/// How many ticks `settle` runs before it says that the program does not settle.
pub const SETTLE_TICKS_MAX: usize = 2_000;

/// For how many ticks of one `settle` messages may be held back.
const HOLD_BACK_TICKS_MAX: usize = 12;

/// What sets the draws of disks apart from others of the same seed.
const DISK_SEED: u64 = 0xd15c << 48;

/// The nodes of one test.
#[derive(Debug)]
pub struct World<'a, K: Kinds> {
    kinds: &'a K,
    slots: Vec<Slot<K::Node>>,
    members: Vec<Member>,
    network: Network,
    /// Nanoseconds since the start of the test.
    now: i64,
    /// Of endpoints: time that no step of a test lets pass.
    clock: i64,
    /// Ticks so far.
    ticks: u64,
    /// Messages that arrive later than in the tick after they were sent, with when.
    late: Vec<(u64, Message)>,
    seed: u64,
    random: Random,
}

/// A node to be: its kind must be one of the program's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    pub name: SmolStr,
    pub kind: SmolStr,
    pub parameters: Vec<Value>,
}

/// What went wrong at a node in its last tick.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub node: SmolStr,
    pub error: ErrorRow,
}

#[derive(Debug)]
struct Slot<N> {
    setup: Setup,
    life: Life<N>,
    /// How often it has started.
    starts: u64,
    /// Since it started.
    has_ticked: bool,
    mail: Mail,
    /// What the network carries to it.
    messages: Vec<Message>,
    fed: Vec<(RelationId, Row)>,
    seals: Vec<(RelationId, Row)>,
    /// The other nodes that it was last told are alive.
    told_alive: Option<Vec<SmolStr>>,
    /// What outlives it, and while it is up the store of production that writes there. A node without durable tables
    /// has none.
    disk: SimDisk,
    store: Option<Store>,
    /// By how much its clock is ahead of the others.
    ahead: i64,
    /// The last tick of the world in which it did something.
    ticked: u64,
}

#[derive(Debug)]
enum Life<N> {
    /// Its declaration has not been reached.
    Unborn,
    Up(N),
    /// Derived `halt`; its last tick can still be seen.
    Halted(N),
    Down,
}

impl<'a, K: Kinds> World<'a, K> {
    pub fn new(kinds: &'a K, nodes: Vec<Setup>, seed: u64) -> Self {
        let members = nodes.iter().map(|setup| Member {
            address: setup.name.clone(),
            kind: setup.kind.clone(),
        });
        World {
            kinds,
            members: members.collect(),
            slots: (0..)
                .zip(nodes)
                .map(|(number, setup)| {
                    let disk = SimDisk::new(Random::split(seed, DISK_SEED | number).next());
                    Slot::new(setup, disk)
                })
                .collect(),
            network: Network::default(),
            now: 0,
            clock: 0,
            ticks: 0,
            late: Vec::new(),
            seed,
            random: Random::new(seed),
        }
    }

    /// Brings a node up: for the first time, or after a crash with what its disk holds. If that fails, it stays down.
    pub fn start(&mut self, node: usize) -> Result<(), String> {
        let slot = &mut self.slots[node];
        if matches!(slot.life, Life::Up(_)) {
            return Err(format!("node `{}` is up already", slot.setup.name));
        }
        let name = slot.setup.name.clone();
        let failed = |e: String| format!("node `{name}`: {e}");
        let plan = self.kinds.plan(&slot.setup.kind);
        let plan = plan.expect("the kinds of a test's nodes are the program's");
        let durable = match writes(plan) {
            true => match slot.open(plan) {
                Ok(restored) => restored,
                // It needs a disk to begin, and stays down.
                Err(_) if slot.disk.has_fault() => {
                    slot.stop();
                    return Ok(());
                }
                Err(error) => return Err(failed(error.to_string())),
            },
            false => (slot.starts > 0).then(Vec::new),
        };
        slot.starts += 1;
        let config = Config {
            address: slot.setup.name.clone(),
            parameters: slot.setup.parameters.clone(),
            cluster: self.members.clone(),
            seed: Random::split(self.seed, (node as u64) << 32 | slot.starts).next(),
            start: self.now.saturating_add(slot.ahead),
            on_conflict: OnConflict::Continue,
            durable,
        };
        let (seed, now, cluster) = (self.seed, self.clock, self.members.clone());
        let (address, life) = (slot.setup.name.clone(), slot.starts);
        let endpoint = |plan, disk: mail::Disk| bloom_delivery::Setup {
            plan,
            address,
            cluster,
            life,
            seed,
            now,
            saved: disk.saved,
            applied: disk.applied,
        };
        slot.mail.open(plan, endpoint).map_err(failed)?;
        let started = self.kinds.start(&slot.setup.kind, config);
        slot.life = Life::Up(started.map_err(failed)?);
        slot.told_alive = None;
        slot.has_ticked = false;
        Ok(())
    }

    /// Takes a node down with all that it has not made durable, and what was on its way to it.
    pub fn crash(&mut self, node: usize) -> Result<(), String> {
        let slot = &mut self.slots[node];
        if !matches!(slot.life, Life::Up(_)) {
            return Err(format!("node `{}` is not up", slot.setup.name));
        }
        slot.stop();
        Ok(())
    }

    /// A row for the node's next tick.
    pub fn feed(&mut self, node: usize, collection: &str, row: Row) -> Result<(), String> {
        let relation = self.relation(node, collection)?;
        self.slots[node].fed.push((relation, row));
        Ok(())
    }

    /// Declares a partition of an input complete, in the node's next tick.
    pub fn seal(&mut self, node: usize, collection: &str, key: Row) -> Result<(), String> {
        let relation = self.relation(node, collection)?;
        self.slots[node].seals.push((relation, key));
        Ok(())
    }

    /// Lets time pass. Timers that fall due fire in the next tick.
    pub fn advance(&mut self, nanoseconds: i64) {
        self.now = self.now.saturating_add(nanoseconds);
    }

    /// Sets by how much the clock of a node is ahead of the others. Its time never goes back.
    pub fn set_ahead(&mut self, node: usize, nanoseconds: i64) {
        self.slots[node].ahead = nanoseconds;
    }

    /// From now on the disk of a node fails when it writes, or does not.
    pub fn set_disk_fault(&mut self, node: usize, fault: Option<DiskFault>) {
        self.slots[node].disk.set_fault(fault);
    }

    /// Whether the node took part in the last tick.
    pub fn has_just_ticked(&self, node: usize) -> bool {
        self.slots[node].ticked == self.ticks
    }

    pub fn partition(&mut self, groups: &[Vec<usize>]) {
        let name = |&node: &usize| self.name(node).clone();
        let groups = groups.iter().map(|group| group.iter().map(name).collect());
        self.network.partition(groups.collect());
    }

    pub fn heal(&mut self) {
        self.network.heal();
    }

    pub fn drop_next(&mut self, from: usize, to: usize, channel: &str) {
        self.network.drop_next(Drop {
            from: self.name(from).clone(),
            to: self.name(to).clone(),
            channel: channel.into(),
        });
    }

    /// The network between the nodes.
    pub fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Whether the node has crashed, or its disk has stopped it.
    pub fn is_down(&self, node: usize) -> bool {
        matches!(self.slots[node].life, Life::Down)
    }

    /// Whether the node is up.
    pub fn is_up(&self, node: usize) -> bool {
        self.slots[node].is_up()
    }

    /// One tick of those of the nodes that are up. An error says which of them could not end its tick.
    pub fn tick(&mut self, nodes: &[usize]) -> Result<Vec<Trouble>, String> {
        self.tick_holding_back(nodes, false)
    }

    /// Ticks of all nodes until nothing changes: until a tick that took nothing in, or one after
    /// which every collection of every node holds what it held after the tick before.
    ///
    /// The second is sound because a tick is determined by what its collections hold at its end:
    /// equal contents defer and send the same, so that the next tick would be the same again.
    pub fn settle(&mut self) -> Result<Vec<Trouble>, String> {
        self.settle_watched(&mut |_| Ok(()))
    }

    /// As [`World::settle`]; `watch` is given the world after each tick.
    pub fn settle_watched(
        &mut self,
        watch: &mut dyn FnMut(&Self) -> Result<(), String>,
    ) -> Result<Vec<Trouble>, String> {
        let mut troubles = Vec::new();
        let mut before = None;
        for slot in &mut self.slots {
            slot.mail.stir();
        }
        for tick in 0..SETTLE_TICKS_MAX {
            let was_quiet = self.is_quiet();
            let hold_back = self.seed != 0 && tick < HOLD_BACK_TICKS_MAX;
            // What `bootstrap` defers in a first tick does not show in its contents.
            let is_first = self
                .slots
                .iter()
                .any(|slot| slot.is_up() && !slot.has_ticked);
            troubles.extend(self.tick_holding_back(&self.all(), hold_back)?);
            watch(self)?;
            if was_quiet {
                return Ok(troubles);
            }
            let contents = (!hold_back && !is_first).then(|| self.contents());
            let busy = self.slots.iter().any(|slot| slot.mail.is_busy());
            if contents.is_some() && contents == before && !busy {
                return Ok(troubles);
            }
            before = contents;
        }
        Err(format!(
            "the program does not settle: something changes in each of {SETTLE_TICKS_MAX} ticks"
        ))
    }

    /// Rows of a collection in the node's last tick, sorted.
    pub fn rows(&self, node: usize, collection: &str) -> Result<Vec<Row>, String> {
        let relation = self.relation(node, collection)?;
        match &self.slots[node].life {
            Life::Up(machine) | Life::Halted(machine) => Ok(machine.rows(relation)),
            Life::Unborn | Life::Down => Err(format!("node `{}` is not up", self.name(node))),
        }
    }

    pub fn name(&self, node: usize) -> &SmolStr {
        &self.slots[node].setup.name
    }

    /// The kind of a node.
    pub fn kind(&self, node: usize) -> &SmolStr {
        &self.slots[node].setup.kind
    }

    /// Numbers of all nodes.
    pub fn all(&self) -> Vec<usize> {
        (0..self.slots.len()).collect()
    }

    pub fn plan(&self, node: usize) -> &'a Plan {
        let kind = &self.slots[node].setup.kind;
        let plan = self.kinds.plan(kind);
        plan.expect("the kinds of a test's nodes are the program's")
    }

    fn relation(&self, node: usize, collection: &str) -> Result<RelationId, String> {
        let relations = &self.plan(node).relations;
        let place = relations.iter().position(|r| r.name == collection);
        let missing = || {
            format!(
                "node `{}` has no collection `{collection}`",
                self.name(node)
            )
        };
        Ok(RelationId(place.ok_or_else(missing)? as u32))
    }

    fn tick_holding_back(
        &mut self,
        nodes: &[usize],
        hold_back: bool,
    ) -> Result<Vec<Trouble>, String> {
        self.clock += bloom_delivery::TICK;
        self.ticks += 1;
        self.deliver_late();
        let mut up = nodes.to_vec();
        up.retain(|&node| self.slots[node].is_up());
        let mut packets = Vec::new();
        let inputs: Vec<(usize, Arrivals)> = up
            .into_iter()
            .map(|node| (node, self.take_arrivals(node, hold_back, &mut packets)))
            .collect();
        self.post(packets);
        let mut troubles = Vec::new();
        for (node, arrivals) in inputs {
            let slot = &mut self.slots[node];
            let Life::Up(machine) = &mut slot.life else {
                unreachable!("only nodes that are up have arrivals");
            };
            let output = machine.step(arrivals.input);
            slot.has_ticked = true;
            slot.ticked = self.ticks;
            let name = &slot.setup.name;
            if let Some(stopped) = output.stopped {
                return Err(match name.as_str() {
                    // The node of a test without `node` steps.
                    "" => stopped.to_string(),
                    name => format!("node `{name}`: {stopped}"),
                });
            }
            if !arrivals.again {
                troubles.extend(output.errors.iter().map(|error| Trouble {
                    node: name.clone(),
                    error: error.clone(),
                }));
            }
            self.carry_out(node, output, arrivals.again);
        }
        Ok(troubles)
    }

    /// What the node's next tick is to take in; also what its endpoint sends.
    fn take_arrivals(
        &mut self,
        node: usize,
        hold_back: bool,
        packets: &mut Vec<Packet>,
    ) -> Arrivals {
        let alive = self.alive_as_seen_by(node);
        let now = self.local_time(node);
        let slot = &mut self.slots[node];
        let mut messages = std::mem::take(&mut slot.messages);
        if self.seed != 0 {
            self.random.shuffle(&mut messages);
            slot.mail.shuffle(&mut self.random);
        }
        if hold_back {
            let (later, now) = messages.into_iter().partition(|_| self.random.chance(1, 4));
            (slot.messages, messages) = (later, now);
        }
        let mut input = Input {
            now,
            rows: std::mem::take(&mut slot.fed),
            messages,
            seals: std::mem::take(&mut slot.seals),
            ..Input::default()
        };
        let Life::Up(machine) = &slot.life else {
            unreachable!("only a node that is up takes something in");
        };
        let timer_is_due = machine.next_timer().is_some_and(|due| due <= now);
        let wants_tick = machine.wants_tick() || timer_is_due;
        let held = hold_back.then_some(&mut self.random);
        let mut arrivals = slot.mail.take(self.clock, wants_tick, &mut input, held);
        packets.append(&mut arrivals.packets);
        slot.fed.append(&mut input.rows);
        slot.messages.append(&mut input.messages);
        slot.seals.append(&mut input.seals);
        let news = slot.told_alive.as_ref() != Some(&alive);
        slot.told_alive = Some(alive.clone());
        arrivals.input.now = now;
        arrivals.input.alive = news.then_some(alive);
        arrivals
    }

    /// Performs what a tick asks for: first the disk, then the network. What an earlier life has done already
    /// does not leave the node again.
    fn carry_out(&mut self, node: usize, output: Output, again: bool) {
        let slot = &mut self.slots[node];
        if let Some(store) = &mut slot.store
            && store.append(&output.durable).is_err()
        {
            // As in production: nothing of the tick leaves it.
            slot.stop();
            return;
        }
        let sends = if again { Vec::new() } else { output.sends };
        let (free, packets) = slot.mail.done(sends);
        if output.halt.is_some() {
            slot.mail.close();
            slot.life = match std::mem::replace(&mut slot.life, Life::Down) {
                Life::Up(machine) => Life::Halted(machine),
                other => other,
            };
        }
        for message in free {
            for after in self.network.carry(&message) {
                self.put_on_way(message.clone(), after);
            }
        }
        self.post(packets);
    }

    /// What the clock of a node says.
    fn local_time(&self, node: usize) -> i64 {
        self.now.saturating_add(self.slots[node].ahead)
    }

    /// Lets a message arrive in so many ticks.
    fn put_on_way(&mut self, message: Message, after: u32) {
        if after > 1 {
            self.late.push((self.ticks + u64::from(after), message));
        } else if let Some(receiver) = self.receiver(&message.to) {
            receiver.messages.push(message);
        }
    }

    /// Lets arrive what was late until this tick.
    fn deliver_late(&mut self) {
        let now = self.ticks;
        let late = std::mem::take(&mut self.late);
        let (due, late) = late.into_iter().partition(|(when, _)| *when <= now);
        self.late = late;
        let due: Vec<(u64, Message)> = due;
        for (_, message) in due {
            if let Some(receiver) = self.receiver(&message.to) {
                receiver.messages.push(message);
            }
        }
    }

    /// Hands packets to the network.
    fn post(&mut self, packets: Vec<Packet>) {
        for packet in packets {
            if self.network.carry_packet(&packet)
                && let Some(receiver) = self.receiver(&packet.to)
            {
                receiver.mail.push(packet);
            }
        }
    }

    fn receiver(&mut self, name: &str) -> Option<&mut Slot<K::Node>> {
        let mut slots = self.slots.iter_mut();
        slots.find(|slot| slot.setup.name == name && slot.is_up())
    }

    /// Whether a tick of all nodes would take nothing in.
    fn is_quiet(&self) -> bool {
        self.slots.iter().enumerate().all(|(node, slot)| {
            let Life::Up(machine) = &slot.life else {
                return true;
            };
            !machine.wants_tick()
                && machine
                    .next_timer()
                    .is_none_or(|due| due > self.local_time(node))
                && !slot.mail.is_busy()
                && slot.messages.is_empty()
                && slot.fed.is_empty()
                && slot.seals.is_empty()
                && slot.told_alive.as_ref() == Some(&self.alive_as_seen_by(node))
        })
    }

    /// What every collection of every node that is up holds.
    fn contents(&self) -> Vec<Vec<Row>> {
        let mut contents = Vec::new();
        for (node, slot) in self.slots.iter().enumerate() {
            if let Life::Up(machine) = &slot.life {
                let relations = 0..self.plan(node).relations.len();
                contents.extend(relations.map(|r| machine.rows(RelationId(r as u32))));
            }
        }
        contents
    }

    fn alive_as_seen_by(&self, node: usize) -> Vec<SmolStr> {
        let me = self.name(node);
        let names = self.slots.iter().filter(|slot| slot.is_up());
        names
            .map(|slot| slot.setup.name.clone())
            .filter(|name| self.network.reaches(me, name) && self.network.reaches(name, me))
            .collect()
    }
}

impl<N> Slot<N> {
    fn new(setup: Setup, disk: SimDisk) -> Self {
        Slot {
            setup,
            life: Life::Unborn,
            starts: 0,
            has_ticked: false,
            mail: Mail::default(),
            messages: Vec::new(),
            fed: Vec::new(),
            seals: Vec::new(),
            told_alive: None,
            disk,
            store: None,
            ahead: 0,
            ticked: 0,
        }
    }

    /// Opens what is on its disk, as a node does in production.
    fn open(&mut self, plan: &Plan) -> Result<Restored, StoreError> {
        let mut opened = Store::open(&self.disk, Path::new("data"), plan)?;
        let restored = opened.restored.take();
        self.store = Some(opened.accept()?);
        Ok(restored)
    }

    /// The node is gone with all that it has not made durable, and what was on its way to it.
    fn stop(&mut self) {
        self.life = Life::Down;
        self.store = None;
        self.disk.crash();
        self.mail.close();
        self.messages.clear();
        self.fed.clear();
        self.seals.clear();
    }

    fn is_up(&self) -> bool {
        matches!(self.life, Life::Up(_))
    }
}

/// Whether a node of the plan has tables that outlive it.
fn writes(plan: &Plan) -> bool {
    let durable = RelationKind::Table { durable: true };
    plan.relations
        .iter()
        .any(|relation| relation.kind == durable)
}
