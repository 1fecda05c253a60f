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
mod slot;
mod step;

use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, ErrorRow, Member, Message, OnConflict};
use bloom_stdx::random::Random;
use smol_str::SmolStr;

pub use crate::disk::DiskFault;
use crate::disk::SimDisk;
use crate::machine::{Kinds, Machine};
use crate::network::{Drop, Network};
use slot::{Life, Slot, writes};

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
