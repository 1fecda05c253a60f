//! What a tick needs to know of a plan, worked out once when the program is loaded.

mod ahead;
mod due;
mod leading;
mod overlooked;
mod readers;
mod recurring;

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::functions::Kind;
use bloom_plan::plan::{
    AggregateId, Arrow, ConstantId, Expr, Extent, IndexId, Op, Plan, Relation, RelationId,
    RelationKind, Site, Stratum, Upkeep, Version, VersionId,
};

pub use ahead::Ahead;
pub use leading::Leading;
use readers::{first_reader, needs_of, reads_of, watched};

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
    /// By version: whether several threads may run it, each from some of the rows it begins with.
    pub shareable: Vec<bool>,
    /// By version: the column of its delta that recurs in what it derives (`recurring`).
    pub recurring: Vec<Option<usize>>,
    /// By version: words of what it derives, one thing after the other.
    pub strides: Vec<usize>,
    /// By version: the indexes that it reads.
    pub probed: Vec<Vec<IndexId>>,
    /// By version: those of them that take rows in only when they are about to be read.
    pub lagging: Vec<Vec<IndexId>>,
    /// By version of a fixpoint: the indexes that may lack the delta while it runs (`overlooked`).
    pub overlooked: Vec<Vec<IndexId>>,
    /// By stratum: the relations that it merges into.
    pub heads: Vec<Vec<RelationId>>,
    /// By relation: the stratum that merges into it.
    pub head_of: Vec<Option<usize>>,
    /// By stratum: all relations whose changes it follows, and those that it merges into.
    pub reads: Vec<Vec<RelationId>>,
    /// By stratum: those of them whose added rows it can take up without starting afresh.
    pub growable: Vec<Vec<RelationId>>,
    /// By stratum: those of them whose added rows some version begins with.
    pub deltas: Vec<Vec<RelationId>>,
    /// By stratum: whether its relations depend on themselves.
    pub recursive: Vec<bool>,
    /// By stratum: whether some of its relations keep their rows.
    pub lasts: Vec<bool>,
    /// By stratum: whether it keeps what a closing rule derives.
    pub keeps: Vec<bool>,
    /// By relation: what is looked up in the tick in which its rows arrive.
    pub arrivals_ahead: Vec<Vec<Ahead>>,
    /// By version: what it looks up that is known before it runs.
    pub ahead: Vec<Option<Ahead>>,
    /// By version: what it looks up first for each row.
    pub leading: Vec<Option<Leading>>,
    /// By version: the relations that must have rows for it to derive something.
    pub needs: Vec<Vec<RelationId>>,
    /// By version: whether it is one of the first tick alone.
    pub once: Vec<bool>,
    /// By rule: whether it runs in every tick, since it reads what lives for one.
    pub reads_events: Vec<bool>,
    /// Relations of which it matters what went.
    pub watched: BTreeSet<RelationId>,
    /// By relation: places of what stands for it.
    pub standing: Vec<Vec<usize>>,
    /// By stratum: whether some of its rules run in the first tick only.
    pub bootstraps: Vec<bool>,
    /// Whether no function of the plan gives another result each time.
    pub deterministic: bool,
    /// By relation: whether its rows live for one tick, as far as one can see.
    transient: Vec<bool>,
    /// By relation: whether they do, and are forgotten at each tick's end.
    fleeting: Vec<bool>,
    /// Relations of which nobody asks what a tick has changed.
    pub ignored: Vec<RelationId>,
    /// Inputs that no rule adds to: what they hold has arrived.
    pub arriving: Vec<RelationId>,
    /// By relation: the strata that may have something to do when it has changed.
    pub followers: Vec<Vec<usize>>,
    /// By stratum: whether it may have something to do in a tick that changes nothing.
    pub restless: Vec<bool>,
    /// Relations whose keys always have the same contents.
    pub immutable: Vec<RelationId>,
    /// The others, which follow what they are derived from, and their strata.
    pub derived: Vec<(RelationId, usize)>,
    /// By relation: its stratum, if it is one of these.
    pub follows: Vec<Option<usize>>,
    /// Places of the others.
    pub lasting: Vec<usize>,
    /// Relations whose rows of a tick are those of its output.
    pub outputs: Vec<RelationId>,
    /// Tables whose changes are to be written.
    pub durable: Vec<RelationId>,
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
        let reads = plan.strata.iter().zip(&heads);
        let reads = reads.map(|(stratum, heads)| reads_of(plan, stratum, heads));
        let reads: Vec<Vec<RelationId>> = reads.collect();
        let growable = plan.strata.iter().zip(&heads);
        let growable = growable.map(|(stratum, heads)| growable_of(plan, stratum, heads));
        let deltas = plan.strata.iter().map(|stratum| {
            let versions = stratum.incremental.iter().chain(&stratum.recursive);
            let deltas = versions.filter_map(|v| plan.versions[v.0 as usize].delta);
            let deltas: BTreeSet<RelationId> = deltas.collect();
            deltas.into_iter().collect()
        });
        let of_standing: BTreeSet<RelationId> = plan.standing.iter().map(|s| s.relation).collect();
        let mut reads_events = vec![false; plan.rules.len()];
        for version in plan.strata.iter().flat_map(|stratum| &stratum.events) {
            reads_events[plan.versions[version.0 as usize].rule.0 as usize] = true;
        }
        let mut standing = vec![Vec::new(); plan.relations.len()];
        for (place, kept) in plan.standing.iter().enumerate() {
            standing[kept.head.0 as usize].push(place);
        }
        let flows = |id: &RelationId| {
            let stratum = head_of[id.0 as usize];
            stratum.is_none_or(|s: usize| plan.strata[s].upkeep == Upkeep::Flow)
        };
        let bootstraps = plan.strata.iter().map(|stratum| {
            let mut rules = stratum
                .initial
                .iter()
                .map(|v| plan.versions[v.0 as usize].rule);
            rules.any(|rule| plan.rules[rule.0 as usize].bootstrap)
        });
        let nondeterministic = |site: &Site| site.builtin.get().kind == Kind::Nondeterministic;
        let of_relations = |keep: &dyn Fn(&Relation) -> bool| -> Vec<RelationId> {
            let ids = (0..).map(RelationId).zip(&plan.relations);
            ids.filter(|(_, r)| keep(r)).map(|(id, _)| id).collect()
        };
        let of_kind = |keep: &dyn Fn(RelationKind) -> bool| -> Vec<RelationId> {
            of_relations(&|relation| keep(relation.kind))
        };
        let timers = (0..).map(RelationId).zip(&plan.relations);
        let timers = timers.filter_map(|(id, relation)| match relation.kind {
            RelationKind::Periodic { every } => Some((id, every)),
            _ => None,
        });
        let watched = watched(plan);
        let fleeting = (0..).map(RelationId).zip(&plan.relations);
        let fleeting = fleeting.map(|(id, relation)| relation.kind.is_transient() && flows(&id));
        let fleeting: Vec<bool> = fleeting.collect();
        let ignored = due::ignored(plan, &heads, &watched, &fleeting);
        let followers = due::followers(plan, &reads, &fleeting);
        let keeps_rows = |id: &RelationId| !plan.relations[id.0 as usize].kind.is_transient();
        let errors = of_kind(&|kind| kind == RelationKind::Errors);
        Schedule {
            shareable: plan
                .versions
                .iter()
                .map(|v| is_shareable(plan, v))
                .collect(),
            recurring: plan.versions.iter().map(recurring::column).collect(),
            strides: plan.versions.iter().map(stride).collect(),
            lagging: plan.versions.iter().map(|v| lagging(plan, v)).collect(),
            probed: plan.versions.iter().map(probed).collect(),
            overlooked: overlooked::by_version(plan),
            growable: growable.collect(),
            deltas: deltas.collect(),
            reads,
            recursive: plan
                .strata
                .iter()
                .map(|s| !s.recursive.is_empty())
                .collect(),
            keeps: heads
                .iter()
                .map(|heads| heads.iter().any(|id| of_standing.contains(id)))
                .collect(),
            lasts: heads
                .iter()
                .map(|heads| heads.iter().any(keeps_rows))
                .collect(),
            arrivals_ahead: Ahead::of_arrivals(plan),
            ahead: plan.versions.iter().map(|v| Ahead::of(plan, v)).collect(),
            leading: plan.versions.iter().map(|v| Leading::of(plan, v)).collect(),
            needs: plan.versions.iter().map(|v| needs_of(plan, v)).collect(),
            once: plan
                .versions
                .iter()
                .map(|v| plan.rules[v.rule.0 as usize].bootstrap)
                .collect(),
            watched,
            reads_events,
            standing,
            ignored,
            arriving: readers::arriving(plan),
            followers,
            restless: plan
                .strata
                .iter()
                .map(|stratum| due::is_restless(plan, stratum, &fleeting))
                .collect(),
            immutable: of_relations(&|relation| relation.immutable),
            fleeting,
            derived: of_kind(&RelationKind::is_transient)
                .into_iter()
                .filter(|id| !flows(id))
                .filter_map(|id| Some((id, head_of[id.0 as usize]?)))
                .collect(),
            follows: (0..)
                .map(RelationId)
                .zip(&plan.relations)
                .map(
                    |(id, relation)| match relation.kind.is_transient() && !flows(&id) {
                        true => head_of[id.0 as usize],
                        false => None,
                    },
                )
                .collect(),
            bootstraps: bootstraps.collect(),
            deterministic: !plan.sites.iter().any(nondeterministic),
            heads,
            head_of,
            transient: plan
                .relations
                .iter()
                .map(|relation| relation.kind.is_transient())
                .collect(),
            lasting: of_kind(&|kind| !kind.is_transient())
                .iter()
                .map(|id| id.0 as usize)
                .collect(),
            outputs: of_relations(&|relation| {
                relation.kind == RelationKind::Output && relation.public
            }),
            durable: of_kind(&|kind| kind == RelationKind::Table { durable: true }),
            timers: timers.collect(),
            seals: companions(plan, ".seals"),
            arrived: companions(plan, ".seal.arrived"),
            errors: errors.first().map(|&relation| Errors {
                relation,
                filled: first_reader(plan, relation),
            }),
            targets,
        }
    }

    /// Whether a relation's rows live for one tick, as far as one can see.
    pub fn is_transient(&self, id: RelationId) -> bool {
        self.transient[id.0 as usize]
    }

    /// Whether a relation is forgotten at each tick's end.
    pub fn is_fleeting(&self, id: RelationId) -> bool {
        self.fleeting[id.0 as usize]
    }
}

/// By relation: the one that has its name and this behind it, if there is one.
fn companions(plan: &Plan, suffix: &str) -> Vec<Option<RelationId>> {
    let named = (0..).map(RelationId).zip(&plan.relations);
    let of = named.filter_map(|(id, relation)| Some((relation.name.strip_suffix(suffix)?, id)));
    let of: BTreeMap<&str, RelationId> = of.collect();
    let relations = plan.relations.iter();
    relations
        .map(|relation| of.get(relation.name.as_str()).copied())
        .collect()
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

/// Whether the version begins with a scan, merges or groups what it derives, and computes nothing but words from words.
fn is_shareable(plan: &Plan, version: &Version) -> bool {
    let is_now = |part: Extent| matches!(part, Extent::Total | Extent::Delta);
    let all = |exprs: &[Expr]| exprs.iter().all(is_of_words);
    matches!(version.nest.first(), Some(Op::Scan { .. }))
        && version.nest.iter().all(|op| match op {
            Op::Scan { part, .. } => is_now(*part),
            Op::Probe { index, key, .. } | Op::Exists { index, key, .. } => {
                is_now(plan.indexes[index.0 as usize].part) && all(key)
            }
            Op::Range { from, to, .. } => is_of_words(from) && is_of_words(to),
            Op::Let { value: expr, .. } | Op::Filter { condition: expr } => is_of_words(expr),
            Op::Emit { arrow, columns, .. } => {
                *arrow == Arrow::Merge && columns.iter().flatten().all(is_of_words)
            }
            Op::Accumulate {
                group, arguments, ..
            } => all(group) && all(arguments),
            Op::Each { .. } => false,
        })
}

fn is_of_words(expr: &Expr) -> bool {
    let itself = match expr {
        Expr::Word(_)
        | Expr::Literal(_)
        | Expr::Register(_)
        | Expr::Constant(_)
        | Expr::SelfAddr
        | Expr::Unary(..)
        | Expr::Binary(..)
        | Expr::Compare(..)
        | Expr::And(..)
        | Expr::Or(..)
        | Expr::If(..)
        | Expr::Let(..)
        | Expr::Fail(_) => true,
        Expr::Make(..)
        | Expr::Part(..)
        | Expr::Retype(..)
        | Expr::Join(..)
        | Expr::Call(..)
        | Expr::Builtin(..) => false,
    };
    itself && expr.children().into_iter().all(is_of_words)
}

/// Of a row, or of a match of a group-by: the group, then arguments.
fn stride(version: &Version) -> usize {
    let words = match version.nest.last() {
        Some(Op::Emit { columns, .. }) => columns.len(),
        Some(Op::Accumulate {
            group, arguments, ..
        }) => group.len() + arguments.len(),
        _ => unreachable!("a nest ends with `Emit` or `Accumulate`"),
    };
    words.max(1)
}

fn probed(version: &Version) -> Vec<IndexId> {
    let indexes = version.nest.iter().filter_map(|op| match op {
        Op::Probe { index, .. } | Op::Exists { index, .. } => Some(*index),
        Op::Scan { .. }
        | Op::Each { .. }
        | Op::Range { .. }
        | Op::Let { .. }
        | Op::Filter { .. }
        | Op::Emit { .. }
        | Op::Accumulate { .. } => None,
    });
    let indexes: BTreeSet<IndexId> = indexes.collect();
    indexes.into_iter().collect()
}

/// Those of the indexes that are not the relation's own key.
fn lagging(plan: &Plan, version: &Version) -> Vec<IndexId> {
    let mut all = probed(version);
    all.retain(|index| {
        let index = &plan.indexes[index.0 as usize];
        let keys = plan.relations[index.relation.0 as usize].key_columns();
        !index.columns.iter().copied().eq(keys)
    });
    all
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
            let Some(id) = op.read(plan) else { continue };
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
