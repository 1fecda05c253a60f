//! A deployment made ready: nodes started, the slice taken, feeds checked.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_runtime::{Config, Member, OnConflict};
use bloom_stdx::random::Random;
use indexmap::IndexSet;
use smol_str::SmolStr;

use crate::machine::{Kinds, Resumable};

use super::depends::{self, Slice};
use super::deployment::{Delivery, Deployment, Fed, Feed, Observed, Options};
use super::frontier;
use super::local::{Local, Shared};
use super::messages::{Content, Parcel, Parcels};
use super::outcome::Unexplored;
use super::sets;
use super::state::State;

/// What an exploration starts from.
pub struct Ready<'a, M: Resumable> {
    pub shared: Shared<'a>,
    pub locals: Vec<Local<'a, M>>,
    /// By node: whether time means something to it.
    pub timed: Vec<bool>,
    /// Nodes that bear on what is observed, in groups; see `frontier`.
    pub groups: Vec<Vec<usize>>,
    pub root: State,
}

pub fn ready<'a, K>(
    kinds: &'a K,
    deployment: &'a Deployment,
    feeds: &'a [Feed],
    observed: &[Observed],
    options: &Options,
) -> Result<Ready<'a, K::Node>, Unexplored>
where
    K: Kinds,
    K::Node: Resumable,
{
    let mut plans: BTreeMap<SmolStr, &'a Plan> = BTreeMap::new();
    for setup in &deployment.nodes {
        let plan = kinds.plan(&setup.kind);
        let missing = || Unexplored::Start(format!("there is no kind of node `{}`", setup.kind));
        plans.insert(setup.kind.clone(), plan.ok_or_else(missing)?);
    }
    let plan = |node: usize| plans[&deployment.nodes[node].kind];
    let find = |node: usize, collection: &str| {
        relation(plan(node), collection).ok_or_else(|| Unexplored::Collection {
            node: deployment.nodes[node].name.clone(),
            collection: collection.into(),
        })
    };
    let mut targets = Vec::new();
    for target in observed {
        let relation = find(target.node, &target.collection)?;
        targets.push((target.node, relation));
    }
    let kind = |node: usize| deployment.nodes[node].kind.clone();
    let slice = depends::slice(&plans, targets.iter().map(|&(node, id)| (kind(node), id)));
    let nodes = 0..deployment.nodes.len();
    let mut shared = Shared {
        feeds,
        delivery: &deployment.delivery,
        names: deployment.nodes.iter().map(|n| n.name.clone()).collect(),
        reads: nodes
            .clone()
            .map(|n| reads(plan(n), &slice[&kind(n)]))
            .collect(),
        free_loopback: options.free_loopback,
        parcels: Parcels::default(),
        emitted: IndexSet::default(),
        contents: IndexSet::default(),
    };
    let members: Vec<Member> = deployment
        .nodes
        .iter()
        .map(|setup| Member {
            address: setup.name.clone(),
            kind: setup.kind.clone(),
        })
        .collect();
    let mut locals = Vec::new();
    for (node, setup) in deployment.nodes.iter().enumerate() {
        let config = Config {
            address: setup.name.clone(),
            parameters: setup.parameters.clone(),
            cluster: members.clone(),
            seed: Random::split(deployment.seed, node as u64).next(),
            start: 0,
            on_conflict: OnConflict::Continue,
            durable: None,
        };
        let machine = kinds.start(&setup.kind, config);
        let machine =
            machine.map_err(|e| Unexplored::Start(format!("node `{}`: {e}", setup.name)))?;
        let own = targets
            .iter()
            .enumerate()
            .filter(|(_, (of, _))| *of == node);
        let own = own.map(|(place, &(_, id))| (place, id));
        locals.push(Local::new(
            node,
            plan(node),
            machine,
            &slice[&setup.kind],
            own,
        ));
    }
    let timed = nodes
        .clone()
        .map(|node| depends::is_timed(plan(node), &slice[&kind(node)]));
    let mut root = State {
        locals: nodes.clone().map(|_| 0).collect(),
        fired: nodes.clone().map(|_| 0).collect(),
        pending: Vec::new(),
        owed: Vec::new(),
        sent: sets::EMPTY,
        seen: sets::EMPTY,
        losses: options.losses,
    };
    for (number, feed) in feeds.iter().enumerate() {
        for &node in &feed.to {
            let id = fed(plan(node), &feed.what);
            let id = match id {
                Some(id) => id,
                None => find(node, feed.what.collection())?,
            };
            if slice[&kind(node)].contains(&id) {
                let delivery = delivery(&deployment.delivery, feed.what.collection());
                let what = Content::Feed(number);
                let parcel = shared
                    .parcels
                    .number(Parcel { to: node, what }, delivery, None);
                root.send(parcel, options.feed_repeats, &shared.parcels);
            }
        }
    }
    let edges = edges(deployment, feeds, &plans, &slice);
    let mut groups = frontier::groups(&edges);
    groups
        .iter_mut()
        .for_each(|group| group.retain(|&n| !slice[&kind(n)].is_empty()));
    groups.retain(|group| !group.is_empty());
    Ok(Ready {
        shared,
        locals,
        timed: timed.collect(),
        groups,
        root,
    })
}

pub fn relation(plan: &Plan, name: &str) -> Option<RelationId> {
    let place = plan.relations.iter().position(|r| r.name == name)?;
    Some(RelationId(place as u32))
}

/// The relation that something from outside becomes a row of.
fn fed(plan: &Plan, what: &Fed) -> Option<RelationId> {
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

fn delivery(named: &[(SmolStr, Delivery)], collection: &str) -> Delivery {
    let named = named.iter().find(|(name, _)| name == collection);
    named.map_or(Delivery::Free, |(_, delivery)| *delivery)
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

/// By node: the nodes on whose next ticks it may have an effect.
fn edges(
    deployment: &Deployment,
    feeds: &[Feed],
    plans: &BTreeMap<SmolStr, &Plan>,
    slice: &Slice,
) -> Vec<Vec<usize>> {
    let nodes = &deployment.nodes;
    let channels: Vec<(Vec<SmolStr>, Vec<SmolStr>)> = nodes
        .iter()
        .map(|node| depends::channels(plans[&node.kind], &slice[&node.kind]))
        .collect();
    let mut edges = vec![BTreeSet::new(); nodes.len()];
    for (from, (sent, _)) in channels.iter().enumerate() {
        for (to, (_, read)) in channels.iter().enumerate() {
            if sent.iter().any(|channel| read.contains(channel)) {
                edges[from].insert(to);
            }
        }
    }
    for feed in feeds {
        for &before in feed.after.iter().flat_map(|&other| &feeds[other].to) {
            edges[before].extend(feed.to.iter().copied());
        }
    }
    // Who takes an entry of a log first decides for all who read that log.
    let mut logs: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    for (name, delivery) in &deployment.delivery {
        let Delivery::Ordered(log) = delivery else {
            continue;
        };
        let readers = logs.entry(*log).or_default();
        readers.extend((0..nodes.len()).filter(|&node| channels[node].1.contains(name)));
        let fed = feeds.iter().filter(|feed| feed.what.collection() == name);
        readers.extend(fed.flat_map(|feed| feed.to.iter().copied()));
    }
    for readers in logs.values() {
        for &reader in readers {
            edges[reader].extend(readers.iter().copied());
        }
    }
    edges
        .into_iter()
        .map(|to| to.into_iter().collect())
        .collect()
}
