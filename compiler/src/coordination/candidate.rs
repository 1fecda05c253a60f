//! What could mend a violation: the order of the producer's messages, seals that its rule waits for, or a
//! log for all that races in it.

use smol_str::{SmolStr, format_smolstr};

use super::insertion::Coordination;
use super::lookout::{atoms, carried, in_kind, is_event};
use super::producer::one_producer;
use super::rewrite::{Edit, Until};
use crate::calm::report::Place;
use crate::calm::violation::{RuleRef, Violation};
use crate::hir::{
    Arrow, CollectionId, CollectionKind, Delivery, Expr, HeadColumn, Literal, NodeKind, Pat,
    Program, Rule,
};
use crate::typing::Typed;

/// What numbers in messages cost, a seal's message for a partition, and an entry of a log, for each source.
const FIFO_WEIGHT: u32 = 0;
const SEAL_WEIGHT: u32 = 1;
const ORDER_WEIGHT: u32 = 10;
/// Of a log until it is known which violations share it.
pub(super) const ANY_LOG: &str = "";

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub means: Means,
    /// The kind of node where it is inserted.
    pub node: crate::hir::NodeId,
    pub edits: Vec<Edit>,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Means {
    /// The sender's order, over all of these channels.
    Fifo(Vec<Place>),
    Seal(Vec<Place>),
    Order(Vec<Place>),
}

impl Means {
    pub fn sources(&self) -> &[Place] {
        match self {
            Means::Fifo(sources) | Means::Seal(sources) | Means::Order(sources) => sources,
        }
    }

    /// What is paid for, each once however many violations it mends.
    pub fn costs(&self) -> impl Iterator<Item = (u32, Place)> {
        let weight = match self {
            Means::Fifo(_) => FIFO_WEIGHT,
            Means::Seal(_) => SEAL_WEIGHT,
            Means::Order(_) => ORDER_WEIGHT,
        };
        let sources = self.sources().iter();
        sources.map(move |&source| (weight, source))
    }
}

/// The candidates for a violation, cheap ones first. Whether each suffices, the analysis must say.
pub(super) fn candidates(
    program: &Program,
    typed: &Typed,
    violation: &Violation,
    mode: Coordination,
) -> Vec<Candidate> {
    let mut all = match mode {
        Coordination::Auto | Coordination::Off => {
            let mut all: Vec<Candidate> = fifo(program, violation).into_iter().collect();
            all.extend(seals(program, typed, violation));
            all
        }
        Coordination::Order => Vec::new(),
    };
    all.extend(order(program, violation));
    all
}

/// One group for all channels that race in the violation, if one producer sends them.
fn fifo(program: &Program, violation: &Violation) -> Option<Candidate> {
    if !violation.is_race() {
        return None;
    }
    let sources = violation.racing();
    let named = one_producer(program, violation, &sources)?;
    let delivery =
        |place: &Place| &program.nodes[place.node].collections[place.collection].delivery;
    let mut group = None;
    for source in &sources {
        match delivery(source) {
            Delivery::Free | Delivery::Once => {}
            Delivery::Fifo(known) => group = Some(known.clone()),
            Delivery::Ordered(_) => return None,
        }
    }
    let group = group.unwrap_or(named);
    let edits = sources.iter().map(|place| Edit::Deliver {
        node: place.node,
        collection: place.collection,
        delivery: Delivery::Fifo(group.clone()),
    });
    Some(Candidate {
        node: violation.capture.node,
        edits: edits.collect(),
        why: format!(
            "{}; one producer sends all of it, and in the order sent what comes last says that the rest is there",
            race(program, violation)
        ),
        means: Means::Fifo(sources),
    })
}

/// Seals at the rule that captures, else at the one that makes the value revisable.
fn seals(program: &Program, typed: &Typed, violation: &Violation) -> Vec<Candidate> {
    let mut all = Vec::new();
    let mut sites = vec![violation.capture];
    if violation.rule != violation.capture {
        sites.push(violation.rule);
    }
    if violation.changing.is_empty() {
        return all;
    }
    for site in sites {
        let node = &program.nodes[site.node];
        // What has no seal may not matter once the others have theirs: the analysis says.
        let changing = violation.changing.iter().copied();
        let sealed = changing.filter_map(|source| {
            let own = in_kind(program, source, site.node)?;
            is_sealed_by_all(program, node, own).then_some((source, own))
        });
        let (awaited_of, sources): (Vec<Place>, Vec<CollectionId>) = sealed.unzip();
        if sources.is_empty() {
            continue;
        }
        for awaited in seal_literals(node, site, &sources) {
            for kept in kept_triggers(node, typed, site, &awaited) {
                let why = seal_reason(program, violation, node, &sources);
                all.push(Candidate {
                    means: Means::Seal(awaited_of.clone()),
                    node: site.node,
                    edits: awaited.iter().cloned().chain(kept).collect(),
                    why,
                });
            }
        }
    }
    all
}

/// Whether the source has seals, and of a channel every kind that sends it sends them.
fn is_sealed_by_all(program: &Program, node: &NodeKind, source: CollectionId) -> bool {
    let of = &node.collections[source];
    if of.sealed_by.is_empty() {
        return false;
    }
    if !matches!(of.kind, CollectionKind::Channel { .. }) {
        return true;
    }
    program.nodes.values().all(|kind| {
        let heads = |seal: bool| {
            kind.rules.values().any(|rule| {
                let head = &kind.collections[rule.head.collection];
                let sent = match head.kind {
                    CollectionKind::Seal { of } if seal => &kind.collections[of],
                    CollectionKind::Channel { .. } if !seal => head,
                    _ => return false,
                };
                sent.name == of.name && sent.loc == of.loc
            })
        };
        !heads(false) || heads(true)
    })
}

/// For each row of the rule that the sources have a part in: literals that wait for their seals, if it has the
/// columns of the partition.
fn seal_literals(node: &NodeKind, site: RuleRef, sources: &[CollectionId]) -> Vec<Vec<Edit>> {
    let rule = &node.rules[site.rule];
    let mut all: Vec<Vec<Edit>> = Vec::new();
    // What asks for the lack of a seal would never hold once it waits for that.
    if lacks_seal(node, rule, sources) {
        return all;
    }
    for (collection, args) in atoms(rule) {
        let await_one = |&source: &CollectionId| {
            let by = node.collections[source].sealed_by.iter();
            let partition = by.map(|&column| {
                let columns = carried(node, collection, source, column)?;
                let mut bound = args.iter().filter(|arg| columns.contains(&arg.column));
                bound.find_map(|arg| told(rule.body.pat(arg.pat)))
            });
            let partition: Vec<Pat> = partition.collect::<Option<_>>()?;
            let sealed = sealed_of(node, source)?;
            Some(Edit::Await {
                rule: site,
                sealed,
                partition,
            })
        };
        let edits: Option<Vec<Edit>> = sources.iter().map(await_one).collect();
        if let Some(edits) = edits
            && !all.contains(&edits)
        {
            all.push(edits);
        }
    }
    all
}

fn lacks_seal(node: &NodeKind, rule: &Rule, sources: &[CollectionId]) -> bool {
    rule.literals.iter().any(|of| match of.literal {
        Literal::Not { collection, .. } => match node.collections[collection].kind {
            CollectionKind::Seals { of } | CollectionKind::Sealed { of } => sources.contains(&of),
            _ => false,
        },
        Literal::Atom { .. }
        | Literal::Error
        | Literal::Condition(_)
        | Literal::Let { .. }
        | Literal::In { .. } => false,
    })
}

/// The pattern, if it tells a value.
fn told(pat: &Pat) -> Option<Pat> {
    match pat {
        Pat::Var(_) | Pat::Constant(_) | Pat::SelfAddr | Pat::Literal(_) => Some(pat.clone()),
        Pat::Error
        | Pat::Wildcard
        | Pat::TestNode(_)
        | Pat::Tuple(_)
        | Pat::List(_)
        | Pat::Variant { .. }
        | Pat::Record { .. } => None,
    }
}

fn sealed_of(node: &NodeKind, of: CollectionId) -> Option<CollectionId> {
    let mut all = node.collections.iter();
    let sealed = all.find(|(_, other)| other.kind == CollectionKind::Sealed { of });
    sealed.map(|(id, _)| id)
}

/// Where rows live for one tick only, those of them kept until the seals come, or for ever; and nothing kept.
fn kept_triggers(
    node: &NodeKind,
    typed: &Typed,
    site: RuleRef,
    awaited: &[Edit],
) -> Vec<Vec<Edit>> {
    let rule = &node.rules[site.rule];
    let mut all = vec![Vec::new()];
    // To derive a row again in later ticks must change nothing.
    if !matches!(
        rule.arrow,
        Arrow::Merge | Arrow::AsyncMerge | Arrow::DeferredMerge
    ) {
        return all;
    }
    let mut kept = Vec::new();
    for (literal, of) in (0..).zip(&rule.literals) {
        let Literal::Atom { collection, args } = &of.literal else {
            continue;
        };
        if !is_event(node, *collection) {
            continue;
        }
        let columns = &node.collections[*collection].columns;
        let types = &typed.nodes[site.node].collections[*collection];
        let keys: Vec<bool> = types
            .iter()
            .map(|c| !typed.types.is_lattice(c.ty))
            .collect();
        let declarable =
            columns.iter().all(|column| column.ty.is_some()) && keys.is_sorted_by(|a, b| a >= b);
        if !declarable || !is_told_by_groups(rule, columns.len(), args) {
            return all;
        }
        kept.push(Edit::Keep {
            rule: site,
            literal,
            collection: *collection,
            keys,
            until: Vec::new(),
        });
    }
    if !kept.is_empty() {
        all.insert(0, kept.clone());
    }
    if let [trigger] = kept.as_slice()
        && let Some(emptied) = emptied(rule, trigger, awaited)
    {
        all.insert(0, vec![emptied]);
    }
    all
}

/// The trigger kept until the seals that are awaited, if its row has all columns of their partitions.
fn emptied(rule: &Rule, trigger: &Edit, awaited: &[Edit]) -> Option<Edit> {
    let Edit::Keep { literal, keys, .. } = trigger else {
        return None;
    };
    let Literal::Atom { args, .. } = &rule.literals[*literal as usize].literal else {
        return None;
    };
    let until = awaited.iter().map(|edit| {
        let Edit::Await {
            sealed, partition, ..
        } = edit
        else {
            return None;
        };
        let columns = partition.iter().map(|pat| {
            let mut args = args.iter();
            let has = |arg: &&crate::hir::AtomArg| {
                matches!(pat, Pat::Var(_)) && rule.body.pat(arg.pat) == pat
            };
            args.find(has).map(|arg| arg.column)
        });
        Some(Until {
            sealed: *sealed,
            columns: columns.collect::<Option<Vec<u32>>>()?,
        })
    });
    let found = until.collect::<Option<Vec<Until>>>()?;
    let mut edit = trigger.clone();
    if let Edit::Keep { until, .. } = &mut edit {
        *until = found;
    }
    keys.iter().all(|&key| key).then_some(edit)
}

/// Whether rows of other ticks fall into other groups, so that no aggregate takes them together.
fn is_told_by_groups(rule: &Rule, columns: usize, args: &[crate::hir::AtomArg]) -> bool {
    let heads = &rule.head.columns;
    if !heads
        .iter()
        .any(|head| matches!(head, HeadColumn::Aggregate(_)))
    {
        return true;
    }
    let groups = |pat: &Pat| {
        heads.iter().any(|head| match (head, pat) {
            (HeadColumn::Expr(expr), Pat::Var(var)) => *rule.body.expr(*expr) == Expr::Var(*var),
            _ => false,
        })
    };
    let is_fixed = |pat: &Pat| matches!(pat, Pat::Literal(_) | Pat::Constant(_) | Pat::SelfAddr);
    (0..columns).all(|column| {
        let mut args = args.iter().filter(|arg| arg.column as usize == column);
        args.any(|arg| {
            let pat = rule.body.pat(arg.pat);
            is_fixed(pat) || groups(pat)
        })
    })
}

fn seal_reason(
    program: &Program,
    violation: &Violation,
    node: &NodeKind,
    sources: &[CollectionId],
) -> String {
    let names = sources.iter().map(|&source| {
        let of = &node.collections[source];
        let column = |&place: &u32| format!("`{}`", of.columns[place as usize].name);
        let by: Vec<String> = of.sealed_by.iter().map(column).collect();
        format!("`{}` is sealed by {}", of.name, by.join(", "))
    });
    let names: Vec<String> = names.collect();
    format!(
        "{}; {}, which tells its partitions apart",
        race(program, violation),
        names.join(" and ")
    )
}

/// One log for everything that races in the violation, where replicas are to agree.
fn order(program: &Program, violation: &Violation) -> Option<Candidate> {
    let node_id = violation.capture.node;
    let node = &program.nodes[node_id];
    if !node.replicated || !violation.is_race() {
        return None;
    }
    let sources = violation.ordering(program)?;
    let own: Option<Vec<CollectionId>> = sources
        .iter()
        .map(|&source| {
            let own = in_kind(program, source, node_id)?;
            let kind = node.collections[own].kind;
            let ordered = matches!(kind, CollectionKind::Input | CollectionKind::Channel { .. });
            ordered.then_some(own)
        })
        .collect();
    let own = own.filter(|own| !own.is_empty())?;
    let log = own
        .iter()
        .find_map(|&id| match &node.collections[id].delivery {
            Delivery::Ordered(log) => Some(log.clone()),
            Delivery::Free | Delivery::Once | Delivery::Fifo(_) => None,
        });
    let log = log.unwrap_or_else(|| SmolStr::new(ANY_LOG));
    let edits = own.iter().map(|&collection| Edit::Deliver {
        node: node_id,
        collection,
        delivery: Delivery::Ordered(log.clone()),
    });
    Some(Candidate {
        means: Means::Order(sources),
        node: node_id,
        edits: edits.collect(),
        why: format!(
            "{}; with one log for all of it, the replicas of `{}` agree",
            race(program, violation),
            node.name
        ),
    })
}

/// "`receipt` is derived before `add` is complete"
pub(super) fn race(program: &Program, violation: &Violation) -> String {
    let name = |place: &Place| &program.nodes[place.node].collections[place.collection].name;
    let names = |places: &[Place]| {
        let names: Vec<SmolStr> = places
            .iter()
            .map(|p| format_smolstr!("`{}`", name(p)))
            .collect();
        names.join(", ")
    };
    let captured = name(&violation.captured);
    match violation.changing.as_slice() {
        [] => format!("`{captured}` depends on what no order of messages decides"),
        changing => format!(
            "`{captured}` is derived while rows of {} may still come",
            names(changing)
        ),
    }
}
