//! Deployments to try: few nodes, and parameters that let them reach each other.

use std::collections::BTreeMap;

use bloom_plan::plan::{Arrow, ConstantId, Delivery, Expr, Op, Plan, RelationKind};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::Value;
use smol_str::SmolStr;

use crate::world::Setup;

use super::depends::{self, Slice};
use super::deployment::Deployment;
use super::domain::Domains;

/// What the caller knows and a plan does not tell.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Kinds of node that run as replicas, beside those that are declared so: all are fed the same,
    /// and should hold the same.
    pub replicated: Vec<SmolStr>,
    /// Whether a key of an input that is not `immutable` may come with two contents.
    pub key_conflicts: bool,
    /// Parameters by kind and name, in place of made-up ones.
    pub parameters: Vec<(SmolStr, SmolStr, Value)>,
    /// How channels and inputs are delivered, in place of what their declarations say.
    pub delivery: Vec<(SmolStr, Delivery)>,
}

/// Deployments of the kinds that bear on the slice, the smallest first: one node a kind, but two
/// replicas, and two where nodes of a kind send to each other or know of each other; then two of every
/// kind.
pub fn shapes(
    plans: &BTreeMap<SmolStr, &Plan>,
    slice: &Slice,
    hints: &Hints,
    domains: &Domains<'_>,
) -> Vec<Deployment> {
    let kinds: Vec<&SmolStr> = plans
        .keys()
        .filter(|kind| !slice[*kind].is_empty())
        .collect();
    let is_peer = |kind: &SmolStr| {
        let (sent, read) = depends::channels(plans[kind], &slice[kind]);
        sent.iter().any(|channel| read.contains(channel))
    };
    let meets = |kind: &SmolStr| {
        let mut relations = slice[kind]
            .iter()
            .map(|id| &plans[kind].relations[id.0 as usize]);
        relations.any(|r| matches!(r.kind, RelationKind::Alive | RelationKind::Cluster))
    };
    let several =
        |kind: &SmolStr| is_replicated(plans, hints, kind) || is_peer(kind) || meets(kind);
    let few = |kind: &SmolStr| match several(kind) {
        true => 2,
        false => 1,
    };
    let counts: Vec<usize> = kinds.iter().map(|kind| few(kind)).collect();
    let mut shapes = vec![shape(plans, slice, hints, domains, &kinds, &counts, 0)];
    if kinds.len() > 1 || is_peer(kinds[0]) {
        let two = vec![2; kinds.len()];
        shapes.push(shape(plans, slice, hints, domains, &kinds, &two, 1));
    }
    shapes
}

/// Whether nodes of the kind are replicas.
pub fn is_replicated(plans: &BTreeMap<SmolStr, &Plan>, hints: &Hints, kind: &SmolStr) -> bool {
    plans[kind].replicated || hints.replicated.contains(kind)
}

/// `choice`: which of the values of other parameters is taken.
fn shape(
    plans: &BTreeMap<SmolStr, &Plan>,
    slice: &Slice,
    hints: &Hints,
    domains: &Domains<'_>,
    kinds: &[&SmolStr],
    counts: &[usize],
    choice: usize,
) -> Deployment {
    let mut nodes: Vec<Setup> = Vec::new();
    for (kind, &count) in kinds.iter().zip(counts) {
        for n in 1..=count {
            let name = kind.to_lowercase();
            nodes.push(Setup {
                name: match count {
                    1 => name.into(),
                    _ => format!("{name}{n}").into(),
                },
                kind: (*kind).clone(),
                parameters: Vec::new(),
            });
        }
    }
    let parameters: Vec<Vec<Value>> = nodes
        .iter()
        .map(|node| {
            let kind = &node.kind;
            let plan = plans[kind];
            let constants = (0..).map(ConstantId).zip(&plan.constants);
            let parameters = constants.filter(|(_, constant)| constant.parameter);
            let last = parameters
                .clone()
                .enumerate()
                .filter(|(_, (_, c))| c.init.is_none() || given(hints, kind, &c.name).is_some())
                .last();
            // Those after the last without a default keep theirs.
            let needed = last.map_or(0, |(place, _)| place + 1);
            let value = |(id, constant): (ConstantId, &bloom_plan::plan::Constant)| {
                if let Some(value) = given(hints, kind, &constant.name) {
                    return value;
                }
                let near = neighbours(plans, slice, &nodes, node, id);
                value(plan, domains, kind, id, constant.ty, &near, choice)
            };
            parameters.take(needed).map(value).collect()
        })
        .collect();
    for (node, parameters) in nodes.iter_mut().zip(parameters) {
        node.parameters = parameters;
    }
    Deployment {
        nodes,
        delivery: hints.delivery.clone(),
        seed: 0,
    }
}

fn given(hints: &Hints, kind: &SmolStr, name: &SmolStr) -> Option<Value> {
    let mut parameters = hints.parameters.iter();
    let given = parameters.find(|(of, parameter, _)| of == kind && parameter == name);
    given.map(|(.., value)| value.clone())
}

fn value(
    plan: &Plan,
    domains: &Domains<'_>,
    kind: &SmolStr,
    id: ConstantId,
    ty: TypeId,
    near: &[Value],
    choice: usize,
) -> Value {
    let is_addr = |ty: &TypeId| *plan.types.get(*ty) == Type::Addr;
    match plan.types.get(ty) {
        Type::Addr => near[choice % near.len()].clone(),
        Type::FrozenSet(of) | Type::Set(of) | Type::PosSet(of) if is_addr(of) => {
            Value::set(near.iter().cloned())
        }
        Type::List(of) if is_addr(of) => Value::List(near.to_vec().into()),
        _ => {
            let values = domains.of_parameter(kind, id, near);
            let value = values.get(choice).or(values.first());
            // A type without values, such as an enum without variants, has no right one.
            value.cloned().unwrap_or(Value::Bottom)
        }
    }
}

/// The addresses that a parameter may be meant to hold: of the nodes that read the channels whose
/// location it gives; else of those that read any channel over which the kind sends; else of all.
/// Other nodes come before the node itself.
fn neighbours(
    plans: &BTreeMap<SmolStr, &Plan>,
    slice: &Slice,
    nodes: &[Setup],
    node: &Setup,
    id: ConstantId,
) -> Vec<Value> {
    let plan = plans[&node.kind];
    let (sent, _) = depends::channels(plan, &slice[&node.kind]);
    let located = located_by(plan, id);
    let reads = |kind: &SmolStr, channels: &[SmolStr]| {
        let (_, read) = depends::channels(plans[kind], &slice[kind]);
        channels.iter().any(|channel| read.contains(channel))
    };
    let mut found: Vec<&Setup> = Vec::new();
    for channels in [&located, &sent] {
        if found.is_empty() {
            found = nodes.iter().filter(|n| reads(&n.kind, channels)).collect();
        }
    }
    if found.is_empty() {
        found = nodes.iter().collect();
    }
    found.sort_by_key(|other| other.name == node.name);
    let addresses = found.iter().map(|other| Value::Addr(other.name.clone()));
    addresses.collect()
}

/// Channels whose rules take the location from a constant itself.
fn located_by(plan: &Plan, id: ConstantId) -> Vec<SmolStr> {
    let heads = plan
        .versions
        .iter()
        .filter_map(|version| match version.nest.last() {
            Some(Op::Emit {
                relation,
                arrow: Arrow::Async,
                columns,
            }) => Some((&plan.relations[relation.0 as usize], columns)),
            _ => None,
        });
    let located = heads.filter(|(relation, columns)| match relation.kind {
        RelationKind::Channel { location } => {
            columns[location as usize] == Some(Expr::Constant(id))
        }
        _ => false,
    });
    located.map(|(relation, _)| relation.name.clone()).collect()
}
