//! What one node does, each tick run once: its states and the transitions between them.
//!
//! A node's tick depends on its own state and on what it takes in, and on nothing else. So over all
//! schedules of a deployment few distinct ticks occur, and each is remembered by state and arrivals.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bloom_plan::plan::{Delivery, Plan, RelationId, RelationKind, RowError};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Input, Output};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smol_str::SmolStr;

use crate::machine::Resumable;

use super::deployment::Fed;
use super::messages::{Content, Parcel, Parcels};

/// How far the clock goes at a node without a timer: a second.
const CLOCK_STEP: i64 = 1_000_000_000;

/// What the nodes of a deployment have in common.
#[derive(Debug)]
pub struct Shared {
    /// By node: what of its relations are delivered otherwise than freely, by name.
    pub delivery: Vec<BTreeMap<SmolStr, Delivery>>,
    pub names: Vec<SmolStr>,
    /// By node: what of its channels the slice reads, and which column names the receiver.
    pub reads: Vec<Vec<(SmolStr, u32)>>,
    pub free_loopback: bool,
    pub parcels: Parcels,
    /// Rows that were seen outside, with their places in what is observed.
    pub emitted: IndexSet<(usize, Row), FxBuildHasher>,
    /// Contents with which collections came to rest.
    pub contents: IndexSet<Vec<Row>, FxBuildHasher>,
}

impl Shared {
    /// How rows of a channel or input are delivered to a node.
    pub fn delivery(&self, to: usize, collection: &str) -> Delivery {
        let named = self.delivery[to].get(collection);
        named.cloned().unwrap_or_default()
    }
}

/// Where rows that cannot be taken back come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Capture {
    Rows,
    Sent,
    Loopback,
    Stdout,
    Stderr,
    Halt,
    Errors,
}

/// One node.
#[derive(Debug)]
pub struct Local<'a, M: Resumable> {
    node: usize,
    plan: &'a Plan,
    machine: M,
    /// The state that the machine is in.
    at: u32,
    states: IndexSet<LocalState<M::State>, FxBuildHasher>,
    transitions: FxHashMap<Box<[u32]>, Rc<Transition>>,
    /// Place in what is observed, collection, and how its rows are seen.
    captures: Vec<(usize, RelationId, Capture)>,
    /// Place in what is observed, and collection.
    settles: Vec<(usize, RelationId)>,
    /// Inputs and loopbacks that the slice reads.
    slice: BTreeSet<RelationId>,
    /// Whether it takes in entries of a log, and so its loopbacks and deferred rows before the next entry.
    logged: bool,
    pub ticks: usize,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct LocalState<S> {
    state: S,
    now: i64,
    /// What the last tick left to do makes the node tick by itself.
    wants_tick: bool,
    /// The node has derived `halt` and runs no more; what it held in that tick.
    halted: Option<Vec<(usize, u32)>>,
}

/// What a tick of a node does.
#[derive(Clone, Debug)]
pub struct Transition {
    pub to: u32,
    pub now: i64,
    /// Parcels, ascending.
    pub sends: Vec<u32>,
    /// Of `Shared::emitted`, ascending.
    pub emits: Vec<u32>,
    /// Place in what is observed, and which of `Shared::contents` it holds in this tick.
    pub holds: Vec<(usize, u32)>,
    /// Messages of what went wrong.
    pub errors: Vec<String>,
    /// A row came whose partition had been declared complete: the surroundings broke their word.
    pub broken: bool,
    /// Why the tick was given up, if it was.
    pub stopped: Option<String>,
}

impl<'a, M: Resumable> Local<'a, M> {
    pub fn new(
        node: usize,
        plan: &'a Plan,
        mut machine: M,
        slice: &BTreeSet<RelationId>,
        observed: impl Iterator<Item = (usize, RelationId)>,
        logged: bool,
    ) -> Self {
        let mut states = IndexSet::default();
        states.insert(LocalState {
            state: machine.state(),
            now: 0,
            wants_tick: machine.wants_tick(),
            halted: None,
        });
        let (mut captures, mut settles) = (Vec::new(), Vec::new());
        for (place, id) in observed {
            match capture(plan.relations[id.0 as usize].kind) {
                Some(capture) => captures.push((place, id, capture)),
                None => settles.push((place, id)),
            }
        }
        Local {
            node,
            plan,
            machine,
            at: 0,
            states,
            transitions: FxHashMap::default(),
            captures,
            settles,
            slice: slice.clone(),
            logged,
            ticks: 0,
        }
    }

    pub fn collection(&self, id: RelationId) -> SmolStr {
        self.plan.relations[id.0 as usize].name.clone()
    }

    pub fn is_logged(&self) -> bool {
        self.logged
    }

    /// Whether the node ticks by itself in the state: a tick has left something to do for the next.
    pub fn wants_tick(&self, state: u32) -> bool {
        let of = &self.states[state as usize];
        of.wants_tick && of.halted.is_none()
    }

    /// The tick of a state with these arrivals, ascending or in the order of their queues. Time
    /// passes before it if it `fires`.
    pub fn transition(
        &mut self,
        state: u32,
        fires: bool,
        batch: &[u32],
        shared: &mut Shared,
    ) -> Rc<Transition> {
        let mut key = Vec::with_capacity(batch.len() + 1);
        key.push(state << 1 | u32::from(fires));
        key.extend_from_slice(batch);
        if let Some(known) = self.transitions.get(key.as_slice()) {
            return Rc::clone(known);
        }
        let transition = Rc::new(self.tick(state, fires, batch, shared));
        self.transitions.insert(key.into(), Rc::clone(&transition));
        transition
    }

    fn tick(&mut self, from: u32, fires: bool, batch: &[u32], shared: &mut Shared) -> Transition {
        let LocalState {
            state, now, halted, ..
        } = &self.states[from as usize];
        let mut now = *now;
        if let Some(holds) = halted {
            return Transition {
                to: from,
                now,
                sends: Vec::new(),
                emits: Vec::new(),
                holds: holds.clone(),
                errors: Vec::new(),
                broken: false,
                stopped: None,
            };
        }
        if self.at != from {
            self.machine.resume(state);
        }
        if fires {
            let clock = now.saturating_add(CLOCK_STEP);
            now = self.machine.next_timer().unwrap_or(clock);
        }
        let input = self.input(now, batch, shared);
        let output = self.machine.step(input);
        self.ticks += 1;
        let looped = match shared.free_loopback && !self.logged {
            true => self.machine.take_loopback(),
            false => Vec::new(),
        };
        let emits = self.emits(&output, &looped, shared);
        let holds = self.holds(shared);
        let sends = self.sends(&output, looped, shared);
        let state = LocalState {
            state: self.machine.state(),
            now,
            wants_tick: self.machine.wants_tick(),
            halted: output.halt.map(|_| holds.clone()),
        };
        let (to, _) = self.states.insert_full(state);
        self.at = to as u32;
        Transition {
            to: self.at,
            now,
            sends,
            emits,
            holds,
            broken: output
                .errors
                .iter()
                .any(|e| e.message == RowError::Sealed.message()),
            errors: output.errors.into_iter().map(|e| e.message).collect(),
            stopped: output.stopped.map(|stopped| stopped.to_string()),
        }
    }

    fn input(&self, now: i64, batch: &[u32], shared: &Shared) -> Input {
        let mut input = Input {
            now,
            ..Input::default()
        };
        let relation = |name: &str| {
            let place = self.plan.relations.iter().position(|r| r.name == name);
            RelationId(place.expect("feeds were checked before the exploration") as u32)
        };
        for &number in batch {
            match &shared.parcels.get(number).what {
                Content::Feed(fed, _) => match fed {
                    Fed::Row { collection, row } => {
                        input.rows.push((relation(collection), row.clone()));
                    }
                    Fed::Seal { collection, key } => {
                        input.seals.push((relation(collection), key.clone()));
                    }
                    Fed::Line(line) => input.stdin.push(line.clone()),
                    Fed::Alive(alive) => input.alive = Some(alive.clone()),
                },
                Content::Message(message) => input.messages.push(message.clone()),
                Content::Loopback(id, row) => input.rows.push((*id, row.clone())),
            }
        }
        input
    }

    /// What a tick puts on its way, as far as it bears on what is observed.
    fn sends(
        &self,
        output: &Output,
        looped: Vec<(RelationId, Row)>,
        shared: &mut Shared,
    ) -> Vec<u32> {
        let mut sends = Vec::new();
        for message in &output.sends {
            let Some(to) = shared.names.iter().position(|name| *name == message.to) else {
                continue;
            };
            let mut read = shared.reads[to].iter();
            let Some(&(_, location)) = read.find(|(channel, _)| *channel == message.channel) else {
                continue;
            };
            let delivery = shared.delivery(to, &message.channel);
            let parcel = Parcel {
                to,
                what: Content::Message(message.clone()),
            };
            sends.push(shared.parcels.number(parcel, &delivery, Some(location)));
        }
        for (id, row) in looped {
            if self.slice.contains(&id) {
                let parcel = Parcel {
                    to: self.node,
                    what: Content::Loopback(id, row),
                };
                let delivery = shared.delivery(self.node, &self.collection(id));
                sends.push(shared.parcels.number(parcel, &delivery, None));
            }
        }
        sends
    }

    fn emits(
        &self,
        output: &Output,
        looped: &[(RelationId, Row)],
        shared: &mut Shared,
    ) -> Vec<u32> {
        let mut emits = Vec::new();
        for &(place, id, capture) in &self.captures {
            let name = &self.plan.relations[id.0 as usize].name;
            let mut emit = |row: Row| {
                emits.push(shared.emitted.insert_full((place, row)).0 as u32);
            };
            let lines = |lines: &[String]| -> Vec<Row> {
                lines.iter().map(|line| vec![Value::string(line)]).collect()
            };
            match capture {
                Capture::Rows => self.machine.rows(id).into_iter().for_each(emit),
                Capture::Sent => {
                    let sends = output.sends.iter().filter(|m| m.channel == *name);
                    sends.for_each(|message| emit(message.row.clone()));
                }
                Capture::Loopback => {
                    let rows = looped.iter().filter(|(of, _)| *of == id);
                    rows.for_each(|(_, row)| emit(row.clone()));
                }
                Capture::Stdout => lines(&output.stdout).into_iter().for_each(emit),
                Capture::Stderr => lines(&output.stderr).into_iter().for_each(emit),
                Capture::Halt => {
                    if let Some(code) = output.halt {
                        emit(vec![Value::Int(code)]);
                    }
                }
                Capture::Errors => output.errors.iter().for_each(|error| {
                    let (message, row) = (Value::string(&error.message), Value::string(&error.row));
                    emit(vec![Value::String(error.rule.clone()), message, row]);
                }),
            }
        }
        emits.sort_unstable();
        emits
    }

    /// What is in the collections that are read as of now.
    fn holds(&self, shared: &mut Shared) -> Vec<(usize, u32)> {
        let settles = self.settles.iter();
        let mut content = |rows: Vec<Row>| shared.contents.insert_full(rows).0 as u32;
        settles
            .map(|&(place, id)| (place, content(self.machine.rows(id))))
            .collect()
    }
}

/// How the rows of a kind of relation are seen if they cannot be taken back.
fn capture(kind: RelationKind) -> Option<Capture> {
    match kind {
        RelationKind::Output => Some(Capture::Rows),
        RelationKind::Channel { .. } => Some(Capture::Sent),
        RelationKind::Loopback => Some(Capture::Loopback),
        RelationKind::Stdout => Some(Capture::Stdout),
        RelationKind::Stderr => Some(Capture::Stderr),
        RelationKind::Halt => Some(Capture::Halt),
        RelationKind::Errors => Some(Capture::Errors),
        RelationKind::Table { .. }
        | RelationKind::Scratch
        | RelationKind::Static
        | RelationKind::Input
        | RelationKind::View
        | RelationKind::Periodic { .. }
        | RelationKind::Stdin
        | RelationKind::Cluster
        | RelationKind::Alive => None,
    }
}
