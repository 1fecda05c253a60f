//! What a tick needs to know of a plan, worked out once when the program is loaded.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::functions::Kind;
use bloom_plan::plan::{
    AggregateId, Arrow, ConstantId, Op, Plan, Relation, RelationId, RelationKind, Site, Stratum,
    Version, VersionId,
};

/// Where the derivations of a version go.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    Rows { relation: RelationId, arrow: Arrow },
    Groups(AggregateId),
}

#[derive(Debug)]
pub struct Schedule {
    /// By version.
    pub targets: Vec<Target>,
    /// By stratum: the relations that it merges into.
    pub heads: Vec<Vec<RelationId>>,
    /// By relation: the stratum that merges into it.
    pub head_of: Vec<Option<usize>>,
    /// By stratum: all relations that it reads or merges into.
    pub reads: Vec<Vec<RelationId>>,
    /// By stratum: those of them whose added rows it can take up without starting afresh.
    pub growable: Vec<Vec<RelationId>>,
    /// By stratum: whether its relations keep their rows, so that only new matches count.
    pub cumulative: Vec<bool>,
    /// By stratum: whether some of its rules run in the first tick only.
    pub bootstraps: Vec<bool>,
    /// Whether no function of the plan gives another result each time.
    pub deterministic: bool,
    /// Relations whose rows live for one tick.
    pub transient: Vec<RelationId>,
    /// Places of the others.
    pub lasting: Vec<usize>,
    pub timers: Vec<(RelationId, ConstantId)>,
    /// By relation: where its seals are kept.
    pub seals: Vec<Option<RelationId>>,
    /// By relation: where the rows of its messages go with their senders, for what counts them.
    pub arrived: Vec<Option<RelationId>>,
    pub errors: Option<Errors>,
}

/// The relation of errors, and when it is filled: before its first reader, so that every reader
/// sees the same rows.
#[derive(Clone, Copy, Debug)]
pub struct Errors {
    pub relation: RelationId,
    pub filled: Filled,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filled {
    Before(usize),
    BeforeClosing,
    /// No rule reads it.
    Last,
}

impl Schedule {
    pub fn new(plan: &Plan) -> Schedule {
        let targets: Vec<Target> = plan.versions.iter().map(target).collect();
        let heads = plan.strata.iter().map(|stratum| {
            let versions = stratum.initial.iter().chain(&stratum.recursive);
            let heads: BTreeSet<RelationId> = versions
                .map(|v| match targets[v.0 as usize] {
                    Target::Rows { relation, .. } => relation,
                    Target::Groups(a) => plan.aggregates[a.0 as usize].relation,
                })
                .collect();
            heads.into_iter().collect()
        });
        let heads: Vec<Vec<RelationId>> = heads.collect();
        let mut head_of = vec![None; plan.relations.len()];
        for (stratum, heads) in heads.iter().enumerate() {
            for id in heads {
                head_of[id.0 as usize] = Some(stratum);
            }
        }
        let reads = plan.strata.iter().zip(&heads).map(|(stratum, heads)| {
            let nests = stratum
                .initial
                .iter()
                .map(|v| &plan.versions[v.0 as usize].nest);
            let read = nests.flatten().filter_map(|op| read(plan, op));
            let reads: BTreeSet<RelationId> = read.chain(heads.iter().copied()).collect();
            reads.into_iter().collect()
        });
        let growable = plan.strata.iter().zip(&heads);
        let growable = growable.map(|(stratum, heads)| growable_of(plan, stratum, heads));
        let cumulative = heads.iter().map(|heads| {
            let mut kinds = heads.iter().map(|id| plan.relations[id.0 as usize].kind);
            kinds.all(|kind| !is_transient(kind))
        });
        let cumulative: Vec<bool> = cumulative.collect();
        let cumulative = cumulative.into_iter();
        let bootstraps = plan.strata.iter().map(|stratum| {
            let mut rules = stratum
                .initial
                .iter()
                .map(|v| plan.versions[v.0 as usize].rule);
            rules.any(|rule| plan.rules[rule.0 as usize].bootstrap)
        });
        let nondeterministic = |site: &Site| site.builtin.get().kind == Kind::Nondeterministic;
        let of_kind = |keep: &dyn Fn(RelationKind) -> bool| -> Vec<RelationId> {
            let ids = (0..).map(RelationId).zip(&plan.relations);
            ids.filter(|(_, r)| keep(r.kind))
                .map(|(id, _)| id)
                .collect()
        };
        let timers = (0..).map(RelationId).zip(&plan.relations);
        let timers = timers.filter_map(|(id, relation)| match relation.kind {
            RelationKind::Periodic { every } => Some((id, every)),
            _ => None,
        });
        let companions = |suffix: &str| -> Vec<Option<RelationId>> {
            let companion = |relation: &Relation| {
                let name = format!("{}.{suffix}", relation.name);
                let place = plan.relations.iter().position(|r| r.name == name)?;
                Some(RelationId(place as u32))
            };
            plan.relations.iter().map(companion).collect()
        };
        let errors = of_kind(&|kind| kind == RelationKind::Errors);
        Schedule {
            growable: growable.collect(),
            cumulative: cumulative.collect(),
            reads: reads.collect(),
            bootstraps: bootstraps.collect(),
            deterministic: !plan.sites.iter().any(nondeterministic),
            heads,
            head_of,
            transient: of_kind(&is_transient),
            lasting: of_kind(&|kind| !is_transient(kind))
                .iter()
                .map(|id| id.0 as usize)
                .collect(),
            timers: timers.collect(),
            seals: companions("seals"),
            arrived: companions("seal.arrived"),
            errors: errors.first().map(|&relation| Errors {
                relation,
                filled: first_reader(plan, relation),
            }),
            targets,
        }
    }
}

fn target(version: &Version) -> Target {
    match version.nest.last() {
        Some(&Op::Emit {
            relation, arrow, ..
        }) => Target::Rows { relation, arrow },
        Some(&Op::Accumulate { aggregate, .. }) => Target::Groups(aggregate),
        _ => unreachable!("a nest ends with `Emit` or `Accumulate`"),
    }
}

fn is_transient(kind: RelationKind) -> bool {
    match kind {
        RelationKind::Table { .. }
        | RelationKind::Static
        | RelationKind::Cluster
        | RelationKind::Alive => false,
        RelationKind::Scratch
        | RelationKind::Input
        | RelationKind::Output
        | RelationKind::View
        | RelationKind::Channel { .. }
        | RelationKind::Loopback
        | RelationKind::Periodic { .. }
        | RelationKind::Stdout
        | RelationKind::Stderr
        | RelationKind::Halt
        | RelationKind::Stdin
        | RelationKind::Errors => true,
    }
}

fn first_reader(plan: &Plan, relation: RelationId) -> Filled {
    let reads = |versions: &[VersionId]| {
        let nests = versions.iter().map(|v| &plan.versions[v.0 as usize].nest);
        nests.flatten().any(|op| read(plan, op) == Some(relation))
    };
    match plan.strata.iter().position(|s| reads(&s.initial)) {
        Some(stratum) => Filled::Before(stratum),
        None if reads(&plan.closing) => Filled::BeforeClosing,
        None => Filled::Last,
    }
}

/// The relations whose added rows a stratum's other versions take up in place of its initial ones:
/// its own, and those outside it that its rules read positively only, each time with an incremental
/// version for it. None if it reads its own relations otherwise than positively.
fn growable_of(plan: &Plan, stratum: &Stratum, heads: &[RelationId]) -> Vec<RelationId> {
    let version = |v: &VersionId| &plan.versions[v.0 as usize];
    let mut reads: BTreeMap<RelationId, usize> = BTreeMap::new();
    let mut refused: BTreeSet<RelationId> = BTreeSet::new();
    for version in stratum.initial.iter().map(version) {
        let aggregates = matches!(version.nest.last(), Some(Op::Accumulate { .. }));
        for op in &version.nest {
            let Some(id) = read(plan, op) else { continue };
            *reads.entry(id).or_default() += 1;
            if aggregates || matches!(op, Op::Exists { negated: true, .. }) {
                refused.insert(id);
            }
        }
    }
    if heads.iter().any(|id| refused.contains(id)) {
        return Vec::new();
    }
    let covered = |id: RelationId| {
        let deltas = stratum.incremental.iter().map(|v| version(v).delta);
        deltas.filter(|delta| *delta == Some(id)).count()
    };
    let outside = reads.into_iter().filter(|&(id, reads)| {
        !heads.contains(&id) && !refused.contains(&id) && covered(id) == reads
    });
    outside
        .map(|(id, _)| id)
        .chain(heads.iter().copied())
        .collect()
}

/// The relation that an operator reads.
fn read(plan: &Plan, op: &Op) -> Option<RelationId> {
    match op {
        Op::Scan { relation, .. } => Some(*relation),
        Op::Probe { index, .. } | Op::Exists { index, .. } => {
            Some(plan.indexes[index.0 as usize].relation)
        }
        Op::Each { .. }
        | Op::Range { .. }
        | Op::Let { .. }
        | Op::Filter { .. }
        | Op::Emit { .. }
        | Op::Accumulate { .. } => None,
    }
}
