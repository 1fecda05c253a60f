//! A deployment made ready: nodes started, the slice taken, feeds checked.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::plan::{Delivery, Plan, RelationId, RelationKind};
use bloom_runtime::{Bounds, Config, Member, OnConflict};
use bloom_stdx::random::Random;
use indexmap::IndexSet;
use smol_str::SmolStr;

use crate::machine::{Kinds, Resumable};
use crate::world::Setup;

use super::depends::{self, Slice};
use super::deployment::{Deployment, Fed, Feed, Observed, Options};
use super::frontier;
use super::local::{Local, Shared};
use super::messages::{Content, Parcel, Parcels};
use super::outcome::Unexplored;
use super::sets::{self, Sets};
use super::state::State;

/// What a tick may use. Where many ticks are run, one without end must be found out soon.
const BOUNDS: Bounds = Bounds {
    iterations_max: Some(2_000),
    rows_max: Some(20_000),
    contents_max: Some(1 << 30),
};

/// Nodes that explorations with different feeds have in common. What a node did in one of them is
/// known in the next, which is why many small explorations should share one.
#[derive(Debug)]
pub struct Session<'a, M: Resumable> {
    pub(super) shared: Shared,
    pub(super) locals: Vec<Local<'a, M>>,
    /// By node: whether time means something to it.
    pub(super) timed: Vec<bool>,
    pub(super) observed: usize,
    pub(super) sets: Sets,
    deployment: Deployment,
    plans: BTreeMap<SmolStr, &'a Plan>,
    slice: Slice,
    /// By node: whom it may send to.
    edges: Vec<BTreeSet<usize>>,
}

impl<'a, M: Resumable> Session<'a, M> {
    /// Starts the nodes. Whether a loopback is free is settled here, for all explorations.
    pub fn new<K: Kinds<Node = M>>(
        kinds: &'a K,
        deployment: &Deployment,
        observed: &[Observed],
        free_loopback: bool,
    ) -> Result<Self, Unexplored> {
        let mut plans: BTreeMap<SmolStr, &'a Plan> = BTreeMap::new();
        for setup in &deployment.nodes {
            let kind = &setup.kind;
            let missing = || Unexplored::Start(format!("there is no kind of node `{kind}`"));
            plans.insert(kind.clone(), kinds.plan(kind).ok_or_else(missing)?);
        }
        let mut session = Session {
            shared: Shared {
                delivery: Vec::new(),
                names: deployment.nodes.iter().map(|n| n.name.clone()).collect(),
                reads: Vec::new(),
                free_loopback,
                parcels: Parcels::default(),
                emitted: IndexSet::default(),
                contents: IndexSet::default(),
            },
            locals: Vec::new(),
            timed: Vec::new(),
            observed: observed.len(),
            sets: Sets::new(),
            deployment: deployment.clone(),
            plans,
            slice: Slice::new(),
            edges: Vec::new(),
        };
        let mut targets = Vec::new();
        for target in observed {
            targets.push((target.node, session.find(target.node, &target.collection)?));
        }
        let kinds_of = targets
            .iter()
            .map(|&(node, id)| (session.kind(node).clone(), id));
        session.slice = depends::slice(&session.plans, kinds_of);
        for node in 0..deployment.nodes.len() {
            session.start(kinds, node, &targets)?;
        }
        session.edges = session.edges_of_channels();
        Ok(session)
    }

    fn start<K: Kinds<Node = M>>(
        &mut self,
        kinds: &'a K,
        node: usize,
        targets: &[(usize, RelationId)],
    ) -> Result<(), Unexplored> {
        let setup = &self.deployment.nodes[node];
        let member = |setup: &Setup| Member {
            address: setup.name.clone(),
            kind: setup.kind.clone(),
        };
        let config = Config {
            address: setup.name.clone(),
            parameters: setup.parameters.clone(),
            cluster: self.deployment.nodes.iter().map(member).collect(),
            seed: Random::split(self.deployment.seed, node as u64).next(),
            start: 0,
            on_conflict: OnConflict::Continue,
            durable: None,
        };
        let machine = kinds.start(&setup.kind, config);
        let mut machine =
            machine.map_err(|e| Unexplored::Start(format!("node `{}`: {e}", setup.name)))?;
        machine.limit(BOUNDS);
        let (plan, slice) = (self.plan(node), &self.slice[&setup.kind]);
        let own = targets
            .iter()
            .enumerate()
            .filter(|(_, (of, _))| *of == node);
        let own = own.map(|(place, &(_, id))| (place, id));
        let delivery = delivery(plan, &self.deployment.delivery);
        let logged = delivery.values().any(|d| matches!(d, Delivery::Ordered(_)));
        self.shared.delivery.push(delivery);
        self.locals
            .push(Local::new(node, plan, machine, slice, own, logged));
        self.timed.push(depends::is_timed(plan, slice));
        self.shared.reads.push(reads(plan, slice));
        Ok(())
    }

    fn kind(&self, node: usize) -> &SmolStr {
        &self.deployment.nodes[node].kind
    }

    fn plan(&self, node: usize) -> &'a Plan {
        self.plans[self.kind(node)]
    }

    fn find(&self, node: usize, collection: &str) -> Result<RelationId, Unexplored> {
        relation(self.plan(node), collection).ok_or_else(|| Unexplored::Collection {
            node: self.deployment.nodes[node].name.clone(),
            collection: collection.into(),
        })
    }

    /// The first state of a run with these feeds, and by parcel which feed it is.
    pub(super) fn root(
        &mut self,
        feeds: &[Feed],
        options: &Options,
    ) -> Result<(State, BTreeMap<u32, usize>), Unexplored> {
        let nodes = self.deployment.nodes.len();
        let mut root = State {
            locals: vec![0; nodes].into(),
            fired: vec![0; nodes].into(),
            pending: Vec::new(),
            owed: Vec::new(),
            sent: sets::EMPTY,
            seen: sets::EMPTY,
            losses: options.losses,
        };
        let mut fed = BTreeMap::new();
        for (number, feed) in feeds.iter().enumerate() {
            let alike = feeds[..number].iter().filter(|f| f.what == feed.what);
            let nth = alike.count() as u32;
            for &node in &feed.to {
                let id = match relation_of(self.plan(node), &feed.what) {
                    Some(id) => id,
                    None => self.find(node, feed.what.collection())?,
                };
                if !self.slice[self.kind(node)].contains(&id) {
                    continue;
                }
                let delivery = self.shared.delivery(node, feed.what.collection());
                let parcel = Parcel {
                    to: node,
                    what: Content::Feed(feed.what.clone(), nth),
                };
                let parcel = self.shared.parcels.number(parcel, &delivery, None);
                root.send(&[parcel], options.feed_repeats, &self.shared.parcels);
                fed.insert(parcel, number);
            }
        }
        Ok((root, fed))
    }

    /// Nodes that bear on what is observed, in groups; see `frontier`.
    pub(super) fn groups(&self, feeds: &[Feed]) -> Vec<Vec<usize>> {
        let mut edges = self.edges.clone();
        for feed in feeds {
            for &before in feed.after.iter().flat_map(|&other| &feeds[other].to) {
                edges[before].extend(feed.to.iter().copied());
            }
        }
        // Who takes an entry of a log first decides for all who read that log.
        let mut logs: BTreeMap<&SmolStr, Vec<usize>> = BTreeMap::new();
        for (node, delivery) in self.shared.delivery.iter().enumerate() {
            for delivery in delivery.values() {
                if let Delivery::Ordered(log) = delivery {
                    logs.entry(log).or_default().push(node);
                }
            }
        }
        for readers in logs.values() {
            for &reader in readers {
                edges[reader].extend(readers.iter().copied());
            }
        }
        let edges: Vec<Vec<usize>> = edges
            .into_iter()
            .map(|to| to.into_iter().collect())
            .collect();
        let mut groups = frontier::groups(&edges);
        let bears = |node: &usize| !self.slice[self.kind(*node)].is_empty();
        groups.iter_mut().for_each(|group| group.retain(bears));
        groups.retain(|group| !group.is_empty());
        groups
    }

    fn edges_of_channels(&self) -> Vec<BTreeSet<usize>> {
        let nodes = 0..self.deployment.nodes.len();
        let sent = nodes.clone().map(|node| {
            let (sent, _) = depends::channels(self.plan(node), &self.slice[self.kind(node)]);
            let reads = |to: &usize| self.shared.reads[*to].iter().any(|(c, _)| sent.contains(c));
            nodes.clone().filter(reads).collect()
        });
        sent.collect()
    }
}

pub fn relation(plan: &Plan, name: &str) -> Option<RelationId> {
    let place = plan.relations.iter().position(|r| r.name == name)?;
    Some(RelationId(place as u32))
}

/// The relation that something from outside becomes a row of.
fn relation_of(plan: &Plan, what: &Fed) -> Option<RelationId> {
    match what {
        Fed::Row { collection, .. } => relation(plan, collection),
        Fed::Seal { collection, .. } => relation(plan, &format!("{collection}.seals")),
        Fed::Line(_) => of_kind(plan, RelationKind::Stdin),
        Fed::Alive(_) => of_kind(plan, RelationKind::Alive),
    }
}

fn of_kind(plan: &Plan, kind: RelationKind) -> Option<RelationId> {
    let place = plan.relations.iter().position(|r| r.kind == kind)?;
    Some(RelationId(place as u32))
}

/// What of a plan's relations are delivered otherwise than freely: as declared, or as named.
fn delivery(plan: &Plan, named: &[(SmolStr, Delivery)]) -> BTreeMap<SmolStr, Delivery> {
    let relations = plan.relations.iter();
    let declared = relations.map(|relation| (relation.name.clone(), relation.delivery.clone()));
    let all = declared.chain(named.iter().cloned());
    let mut all: BTreeMap<SmolStr, Delivery> = all.collect();
    all.retain(|_, delivery| *delivery != Delivery::Free);
    all
}

/// The channels that a node takes in, each with the column that names the receiver.
fn reads(plan: &Plan, slice: &BTreeSet<RelationId>) -> Vec<(SmolStr, u32)> {
    let (_, read) = depends::channels(plan, slice);
    let relations = plan.relations.iter().filter(|r| read.contains(&r.name));
    relations
        .filter_map(|relation| match relation.kind {
            RelationKind::Channel { location } => Some((relation.name.clone(), location)),
            _ => None,
        })
        .collect()
}
