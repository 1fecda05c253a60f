//! Sets of inputs to try, small and simple ones first, then some at random.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use bloom_plan::plan::{Plan, RelationId, RelationKind, Role};
use bloom_plan::value::{Row, Value};
use bloom_stdx::random::Random;
use smol_str::SmolStr;

use super::depends::Slice;
use super::deployment::{Deployment, Fed, Feed};
use super::domain::Domains;
use super::shape::{Hints, is_replicated};
use super::values::rows;

/// Seals of one attempt, beside other inputs.
const SEALS_MAX: usize = 2;
/// An address of no node of the deployment.
const ELSEWHERE: &str = "elsewhere";

/// What can be fed in one go.
#[derive(Clone, Debug)]
pub struct Candidate {
    to: Vec<usize>,
    what: Fed,
    /// What follows on it some time later: the end of a suspicion.
    then: Option<Fed>,
    /// How far it is from the simplest of its kind.
    weight: usize,
    /// The key of a row, if its collection has value columns; rows with one key would conflict.
    key: Option<Row>,
    /// What of a row, or of a seal, names its partition.
    partition: Option<Row>,
}

/// All candidates for what bears on the slice. With `key_conflicts`, a key of an input may be fed two
/// contents unless it is `immutable`.
pub fn candidates(
    deployment: &Deployment,
    plans: &BTreeMap<SmolStr, &Plan>,
    slice: &Slice,
    hints: &Hints,
    domains: &Domains<'_>,
) -> Vec<Candidate> {
    let address = |name: &SmolStr| Value::Addr(name.clone());
    let mut addresses: Vec<Value> = deployment.nodes.iter().map(|n| address(&n.name)).collect();
    addresses.push(Value::Addr(ELSEWHERE.into()));
    let sent = sent_channels(plans);
    let mut all = Vec::new();
    for (kind, plan) in plans {
        let nodes = 0..deployment.nodes.len();
        let nodes: Vec<usize> = nodes
            .filter(|&n| deployment.nodes[n].kind == *kind)
            .collect();
        let receivers: Vec<Vec<usize>> = match is_replicated(plans, hints, kind) {
            true => vec![nodes],
            false => nodes.into_iter().map(|node| vec![node]).collect(),
        };
        for to in receivers.iter().filter(|to| !to.is_empty()) {
            for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
                let bears = slice[kind].contains(&id);
                let columns = || domains.of_columns(kind, id, &addresses);
                match relation.kind {
                    RelationKind::Input if relation.public => {
                        let rows = rows(&columns());
                        if bears {
                            add_rows(&mut all, to, plan, id, &rows);
                        }
                        add_seals(&mut all, to, plan, id, &rows, &slice[kind]);
                    }
                    // A channel over which no node sends is fed from outside.
                    RelationKind::Channel { location }
                        if bears && !sent.contains(&relation.name) =>
                    {
                        for &node in to {
                            let mut columns = columns();
                            columns[location as usize] = vec![addresses[node].clone()];
                            add_rows(&mut all, &[node], plan, id, &rows(&columns));
                        }
                    }
                    RelationKind::Stdin if bears => {
                        for (weight, line) in ["a", "b"].into_iter().enumerate() {
                            all.push(Candidate {
                                to: to.clone(),
                                what: Fed::Line(line.to_owned()),
                                then: None,
                                weight,
                                key: None,
                                partition: None,
                            });
                        }
                    }
                    RelationKind::Alive if bears => add_suspicions(&mut all, to, deployment),
                    RelationKind::Input
                    | RelationKind::Channel { .. }
                    | RelationKind::Stdin
                    | RelationKind::Alive
                    | RelationKind::Table { .. }
                    | RelationKind::Scratch
                    | RelationKind::Static
                    | RelationKind::Output
                    | RelationKind::View
                    | RelationKind::Loopback
                    | RelationKind::Periodic { .. }
                    | RelationKind::Stdout
                    | RelationKind::Stderr
                    | RelationKind::Halt
                    | RelationKind::Cluster
                    | RelationKind::Errors => {}
                }
            }
        }
    }
    for candidate in &mut all {
        let immutable = |plan: &&Plan| {
            let mut relations = plan.relations.iter();
            relations.any(|r| r.name == candidate.what.collection() && r.immutable)
        };
        if hints.key_conflicts && !plans.values().any(immutable) {
            candidate.key = None;
        }
    }
    all.sort_by_key(|candidate| candidate.weight);
    all
}

fn sent_channels(plans: &BTreeMap<SmolStr, &Plan>) -> BTreeSet<SmolStr> {
    let heads = plans.values().flat_map(|plan| {
        let heads = plan
            .rules
            .iter()
            .map(|rule| &plan.relations[rule.head.0 as usize]);
        heads.map(|relation| relation.name.clone())
    });
    heads.collect()
}

fn add_rows(all: &mut Vec<Candidate>, to: &[usize], plan: &Plan, id: RelationId, rows: &[Row]) {
    let relation = &plan.relations[id.0 as usize];
    let keyed = relation.columns.iter().any(|c| c.role != Role::Key);
    for (weight, row) in rows.iter().enumerate() {
        let columns = relation.columns.iter().zip(row);
        let key = columns
            .filter(|(c, _)| c.role == Role::Key)
            .map(|(_, v)| v.clone());
        all.push(Candidate {
            to: to.to_vec(),
            what: Fed::Row {
                collection: relation.name.clone(),
                row: row.clone(),
            },
            then: None,
            weight,
            key: keyed.then(|| key.collect()),
            partition: partition(&relation.sealed_by, row),
        });
    }
}

fn partition(sealed_by: &[u32], row: &Row) -> Option<Row> {
    let columns = sealed_by.iter().map(|&c| row[c as usize].clone());
    (!sealed_by.is_empty()).then(|| columns.collect())
}

/// Seals of the partitions that the rows are of, where the slice waits for seals.
fn add_seals(
    all: &mut Vec<Candidate>,
    to: &[usize],
    plan: &Plan,
    id: RelationId,
    rows: &[Row],
    slice: &BTreeSet<RelationId>,
) {
    let relation = &plan.relations[id.0 as usize];
    let seals = format!("{}.seals", relation.name);
    let waits = |id: &RelationId| plan.relations[id.0 as usize].name == seals;
    if !slice.iter().any(waits) {
        return;
    }
    let mut keys: Vec<Row> = Vec::new();
    for row in rows {
        keys.extend(partition(&relation.sealed_by, row).filter(|key| !keys.contains(key)));
    }
    for (weight, key) in keys.into_iter().enumerate() {
        all.push(Candidate {
            to: to.to_vec(),
            what: Fed::Seal {
                collection: relation.name.clone(),
                key: key.clone(),
            },
            then: None,
            weight,
            key: None,
            partition: Some(key),
        });
    }
}

/// A node is suspected, and some time later it is not.
fn add_suspicions(all: &mut Vec<Candidate>, to: &[usize], deployment: &Deployment) {
    let names: Vec<SmolStr> = deployment.nodes.iter().map(|n| n.name.clone()).collect();
    for &observer in to {
        let others = (0..names.len()).filter(|&n| n != observer);
        for (weight, suspect) in others.enumerate() {
            let trusted = names.iter().filter(|name| **name != names[suspect]);
            all.push(Candidate {
                to: vec![observer],
                what: Fed::Alive(trusted.cloned().collect()),
                then: Some(Fed::Alive(names.clone())),
                weight,
                key: None,
                partition: None,
            });
        }
    }
}

/// Calls `attempt` with sets of up to `inputs_max` candidates, and a few seals, until it breaks off, those with the
/// least total weight first, each candidate counting one more than its own. Sets in which a key has
/// two rows are left out.
pub fn each_set(
    candidates: &[Candidate],
    inputs_max: usize,
    attempt: &mut dyn FnMut(&[&Candidate]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let heaviest = candidates.iter().map(|c| c.weight + 1).max().unwrap_or(0);
    attempt(&[])?;
    for weight in 1..=heaviest * (inputs_max + SEALS_MAX) {
        let mut chosen = Vec::new();
        extend(candidates, 0, weight, inputs_max, &mut chosen, attempt)?;
    }
    ControlFlow::Continue(())
}

fn extend<'c>(
    candidates: &'c [Candidate],
    from: usize,
    weight: usize,
    inputs_max: usize,
    chosen: &mut Vec<&'c Candidate>,
    attempt: &mut dyn FnMut(&[&Candidate]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if weight == 0 {
        return attempt(chosen);
    }
    for place in from..candidates.len() {
        let candidate = &candidates[place];
        // Candidates stand in order of weight: from here on all are too heavy.
        if candidate.weight + 1 > weight {
            break;
        }
        let alike = chosen.iter().filter(|c| c.is_seal() == candidate.is_seal());
        let most = if candidate.is_seal() {
            SEALS_MAX
        } else {
            inputs_max
        };
        if alike.count() < most && chosen.iter().all(|other| other.agrees(candidate)) {
            chosen.push(candidate);
            let rest = weight - candidate.weight - 1;
            extend(candidates, place + 1, rest, inputs_max, chosen, attempt)?;
            chosen.pop();
        }
    }
    ControlFlow::Continue(())
}

/// A set of candidates drawn at random.
pub fn draw<'c>(
    candidates: &'c [Candidate],
    inputs_max: usize,
    random: &mut Random,
) -> Vec<&'c Candidate> {
    let mut chosen: Vec<&Candidate> = Vec::new();
    for _ in 0..2 + random.below(inputs_max.saturating_sub(1).max(1)) {
        let candidate = random.pick(candidates);
        let is_there = chosen.iter().any(|other| std::ptr::eq(*other, candidate));
        if !is_there && chosen.iter().all(|other| other.agrees(candidate)) {
            chosen.push(candidate);
        }
    }
    chosen
}

/// The feeds of a set: a seal comes after the rows of its partition.
pub fn feeds(chosen: &[&Candidate]) -> Vec<Feed> {
    let mut feeds: Vec<Feed> = Vec::new();
    for candidate in chosen {
        feeds.push(Feed {
            to: candidate.to.clone(),
            what: candidate.what.clone(),
            after: Vec::new(),
        });
    }
    for (place, candidate) in chosen.iter().enumerate() {
        if !matches!(candidate.what, Fed::Seal { .. }) {
            continue;
        }
        let sealed = chosen.iter().enumerate().filter(|(_, other)| {
            matches!(other.what, Fed::Row { .. })
                && other.what.collection() == candidate.what.collection()
                && other.to == candidate.to
                && other.partition == candidate.partition
        });
        feeds[place].after = sealed.map(|(row, _)| row).collect();
    }
    for (place, candidate) in chosen.iter().enumerate() {
        if let Some(then) = &candidate.then {
            feeds.push(Feed {
                to: candidate.to.clone(),
                what: then.clone(),
                after: vec![place],
            });
        }
    }
    feeds
}

impl Candidate {
    fn is_seal(&self) -> bool {
        matches!(self.what, Fed::Seal { .. })
    }

    /// Whether both can be fed without claiming one key twice.
    fn agrees(&self, other: &Candidate) -> bool {
        self.key.is_none()
            || self.key != other.key
            || self.to != other.to
            || self.what.collection() != other.what.collection()
    }
}
