//! What bears on what: the slice of a deployment on which what is observed depends (a static
//! program slice, Weiser 1981, over relations), and which kinds send to which.
//!
//! Sound because an arrival outside the slice changes nothing in it but that a tick takes place,
//! and a tick may always take place.

use std::collections::{BTreeMap, BTreeSet};

use bloom_plan::functions::Kind;
use bloom_plan::plan::{Plan, RelationId, RelationKind};
use smol_str::SmolStr;

/// Ends the name of the relation that counts a sealed channel's rows.
const ARRIVED: &str = ".seal.arrived";

/// What the rules of one kind read, for each relation that they write.
#[derive(Clone, Debug)]
pub struct Reads {
    by_head: Vec<BTreeSet<RelationId>>,
}

impl Reads {
    pub fn new(plan: &Plan) -> Reads {
        let mut by_head = vec![BTreeSet::new(); plan.relations.len()];
        for version in &plan.versions {
            let head = plan.rules[version.rule.0 as usize].head;
            let read = version.nest.iter().filter_map(|op| op.read(plan));
            by_head[head.0 as usize].extend(read);
        }
        Reads { by_head }
    }

    /// Adds all that relations in the set depend on.
    fn close(&self, plan: &Plan, set: &mut BTreeSet<RelationId>) {
        let halts = |id: &RelationId| plan.relations[id.0 as usize].kind == RelationKind::Halt;
        if !set.is_empty() {
            // What ends a node bears on all that it does.
            set.extend(
                (0..plan.relations.len() as u32)
                    .map(RelationId)
                    .filter(halts),
            );
        }
        let mut open: Vec<RelationId> = set.iter().copied().collect();
        while let Some(id) = open.pop() {
            let mut from: Vec<RelationId> = self.by_head[id.0 as usize].iter().copied().collect();
            if plan.relations[id.0 as usize].kind == RelationKind::Errors {
                // Any rule may fail.
                from.extend((0..plan.relations.len() as u32).map(RelationId));
            }
            open.extend(from.into_iter().filter(|&id| set.insert(id)));
        }
    }
}

/// By kind: the relations on which what is observed depends, itself included.
pub type Slice = BTreeMap<SmolStr, BTreeSet<RelationId>>;

/// The slice back from collections of kinds, across channels.
pub fn slice(
    plans: &BTreeMap<SmolStr, &Plan>,
    targets: impl Iterator<Item = (SmolStr, RelationId)>,
) -> Slice {
    let reads: BTreeMap<&SmolStr, Reads> = plans
        .iter()
        .map(|(kind, plan)| (kind, Reads::new(plan)))
        .collect();
    let mut slice: Slice = plans
        .keys()
        .map(|kind| (kind.clone(), BTreeSet::new()))
        .collect();
    for (kind, relation) in targets {
        slice.entry(kind).or_default().insert(relation);
    }
    loop {
        for (kind, set) in &mut slice {
            reads[kind].close(plans[kind], set);
        }
        let read: BTreeSet<SmolStr> = slice
            .iter()
            .flat_map(|(kind, set)| set.iter().filter_map(|&id| channel(plans[kind], id)))
            .cloned()
            .collect();
        let mut grown = false;
        for (kind, set) in &mut slice {
            for (id, relation) in (0..).map(RelationId).zip(&plans[kind].relations) {
                let channel = matches!(relation.kind, RelationKind::Channel { .. });
                grown |= channel && read.contains(&relation.name) && set.insert(id);
            }
        }
        if !grown {
            return slice;
        }
    }
}

/// The channels of a slice that a kind sends over, and those that it reads.
pub fn channels(plan: &Plan, slice: &BTreeSet<RelationId>) -> (Vec<SmolStr>, Vec<SmolStr>) {
    let heads: BTreeSet<RelationId> = plan.rules.iter().map(|rule| rule.head).collect();
    let sent = heads.into_iter().filter(|id| slice.contains(id));
    let sent: BTreeSet<&SmolStr> = sent.filter_map(|id| channel(plan, id)).collect();
    let versions = plan.versions.iter();
    let own = versions.filter(|v| slice.contains(&plan.rules[v.rule.0 as usize].head));
    let read = own.flat_map(|v| v.nest.iter().filter_map(|op| op.read(plan)));
    let read: BTreeSet<&SmolStr> = read.filter_map(|id| channel(plan, id)).collect();
    let names = |names: BTreeSet<&SmolStr>| names.into_iter().cloned().collect();
    (names(sent), names(read))
}

/// The channel whose messages become rows of a relation: of the channel itself, and of what counts
/// the rows that its seals close.
fn channel(plan: &Plan, id: RelationId) -> Option<&SmolStr> {
    let relation = &plan.relations[id.0 as usize];
    if matches!(relation.kind, RelationKind::Channel { .. }) {
        return Some(&relation.name);
    }
    let counted = relation.name.strip_suffix(ARRIVED)?;
    let mut relations = plan.relations.iter();
    Some(&relations.find(|r| r.name == counted)?.name)
}

/// Whether time means something to a slice of a kind: it has a timer, or the plan asks for the time
/// or for random numbers.
pub fn is_timed(plan: &Plan, slice: &BTreeSet<RelationId>) -> bool {
    let timer = |id: &RelationId| {
        matches!(
            plan.relations[id.0 as usize].kind,
            RelationKind::Periodic { .. }
        )
    };
    slice.iter().any(timer) || is_nondeterministic(plan)
}

/// Whether some function of the plan gives another result each time.
pub fn is_nondeterministic(plan: &Plan) -> bool {
    let mut sites = plan.sites.iter();
    sites.any(|site| site.builtin.get().kind == Kind::Nondeterministic)
}
