//! What a good verdict rests on: the promises upstream of it, and what holds each.

use std::collections::BTreeSet;

use super::body::Known;
use super::flow::Atom;
use super::found::Found;
use super::model::{At, RuleAt};
use super::refine::{newest, parent};
use super::report::{Assumption, AssumptionKind};
use crate::hir::{CollectionKind, Delivery, TypeDefKind};

/// All that a place depends on, itself among it.
pub struct Upstream {
    places: Vec<At>,
    rules: Vec<RuleAt>,
}

impl Upstream {
    pub fn of(known: Known<'_, '_>, at: At) -> Self {
        let model = known.model;
        let mut seen = vec![false; model.place_count()];
        seen[at.index()] = true;
        let (mut places, mut rules) = (vec![at], Vec::new());
        let mut next = 0;
        while let Some(&at) = places.get(next) {
            next += 1;
            for from in model.extern_inputs(at) {
                if !std::mem::replace(&mut seen[from.index()], true) {
                    places.push(from);
                }
            }
            for &rule in model.writers(at) {
                rules.push(rule);
                for atom in &model.rule(rule).atoms {
                    let from = model.place(rule, atom.collection);
                    if !std::mem::replace(&mut seen[from.index()], true) {
                        places.push(from);
                    }
                }
            }
        }
        Upstream { places, rules }
    }
}

/// The assumptions on which the properties of what is downstream may rest.
pub fn of(known: Known<'_, '_>, found: &Found, upstream: &Upstream) -> Vec<Assumption> {
    let mut all = BTreeSet::new();
    let Upstream { places, rules } = upstream;
    for &at in places {
        of_place(known, at, &mut all);
    }
    for &rule in rules {
        of_rule(known, found, rule, &mut all);
    }
    let nodes: BTreeSet<_> = places.iter().map(|&at| known.model.node_of(at)).collect();
    for node in nodes {
        halts(known, node, &mut all);
    }
    all.into_iter().collect()
}

/// The sealed sources for whose seals some rule upstream waits.
pub fn seals(known: Known<'_, '_>, found: &Found, upstream: &Upstream) -> BTreeSet<At> {
    let mut all = BTreeSet::new();
    for &rule in &upstream.rules {
        for atom in &known.model.rule(rule).atoms {
            all.extend(awaited(known, found, rule, atom));
        }
    }
    for &at in &upstream.places {
        let ordered = known
            .model
            .extern_paths(at)
            .filter(|path| !path.is_confluent());
        let node = known.model.node_of(at);
        all.extend(ordered.map(|path| known.model.place_of(node, path.input)));
    }
    all
}

/// The sources for whose seals the rule waits before it reads the atom.
fn awaited(known: Known<'_, '_>, found: &Found, rule: RuleAt, atom: &Atom) -> Vec<At> {
    match known.is_frozen(rule, atom, found) {
        true => known.sealing.sources(known.model, rule, atom),
        false => parent::seals(&known, rule, atom, found),
    }
}

/// Whether rows can be missing because messages are lost: some channel on the way carries what is sent only
/// once, and delivery does not send it again until it is acknowledged.
pub fn is_lower_bound(known: Known<'_, '_>, found: &Found, upstream: &Upstream) -> bool {
    use super::properties::Props;
    let model = known.model;
    upstream.places.iter().any(|&at| {
        let collection = model.collection(at);
        let is_channel = matches!(collection.kind, CollectionKind::Channel { .. });
        is_channel
            && collection.delivery == Delivery::Free
            && model.writers(at).iter().any(|&rule| {
                let repeats = model.rule(rule).atoms.iter().any(|atom| {
                    let from = model.place(rule, atom.collection);
                    matches!(model.collection(from).kind, CollectionKind::Periodic { .. })
                });
                !repeats && !found.rules[rule].props.has(Props::GROWS)
            })
    })
}

/// A schedule in which a node halts is not fair: what comes later is not taken in.
fn halts(known: Known<'_, '_>, node: crate::hir::NodeId, all: &mut BTreeSet<Assumption>) {
    let kind = &known.model.program.nodes[node];
    let halts = kind.collections.iter().any(|(id, collection)| {
        let writers = known.model.writers(known.model.place_of(node, id));
        collection.kind == CollectionKind::Halt && !writers.is_empty()
    });
    if halts {
        all.insert(Assumption {
            kind: AssumptionKind::Refinement,
            text: format!("`{}` takes in all that comes before it halts", kind.name),
        });
    }
}

fn of_place(known: Known<'_, '_>, at: At, all: &mut BTreeSet<Assumption>) {
    let collection = known.model.collection(at);
    let name = super::verdict::name(known, at);
    let columns = |key: bool| {
        let columns = collection.columns.iter().filter(|column| column.key == key);
        let names: Vec<String> = columns.map(|column| format!("`{}`", column.name)).collect();
        names.join(", ")
    };
    if collection.immutable {
        let (keys, values) = (columns(true), columns(false));
        all.insert(Assumption {
            kind: AssumptionKind::Dependency,
            text: format!("`{name}` is `immutable`: {keys} determines {values}"),
        });
    }
    match collection.kind {
        CollectionKind::Channel { .. } | CollectionKind::Loopback => {
            all.insert(Assumption {
                kind: AssumptionKind::Channel,
                text: format!("each message of `{name}` that is not lost arrives in the end"),
            });
        }
        CollectionKind::Sealed { of } => {
            let of = known.model.place_of(known.model.node_of(at), of);
            let name = super::verdict::name(known, of);
            all.insert(Assumption {
                kind: AssumptionKind::Seal,
                text: format!("no row of `{name}` comes after its partition's seal"),
            });
        }
        CollectionKind::Output if collection.imported && known.model.is_source(at) => {
            all.insert(Assumption {
                kind: AssumptionKind::Extern,
                text: format!("the component behind `{name}` does what its paths say"),
            });
        }
        _ => {}
    }
    of_lattices(known, at, all);
}

fn of_lattices(known: Known<'_, '_>, at: At, all: &mut BTreeSet<Assumption>) {
    use crate::hir::{LatticeForm, TypeRef};
    let program = known.model.program;
    for column in &known.model.collection(at).columns {
        let Some(TypeRef::Def(def, _)) = &column.ty else {
            continue;
        };
        let def = &program.types[*def];
        if let TypeDefKind::Lattice {
            form: LatticeForm::Own { .. },
            ..
        } = &def.kind
        {
            all.insert(Assumption {
                kind: AssumptionKind::Lattice,
                text: format!("the merge of `{}` is a join (tested)", def.name),
            });
        }
    }
}

fn of_rule(known: Known<'_, '_>, found: &Found, rule: RuleAt, all: &mut BTreeSet<Assumption>) {
    let summary = known.model.rule(rule);
    for atom in &summary.atoms {
        for source in awaited(known, found, rule, atom) {
            let name = super::verdict::name(known, source);
            let read = super::verdict::name(known, known.model.place(rule, atom.collection));
            all.insert(match known.sealing.is_sequence(source) {
                true => Assumption {
                    kind: AssumptionKind::Channel,
                    text: format!(
                        "`{read}` is read once a message has come that its sender sent after `{name}`"
                    ),
                },
                false => Assumption {
                    kind: AssumptionKind::Seal,
                    text: format!("`{read}` is read once the partition of `{name}` is sealed"),
                },
            });
        }
    }
    if newest::settles(&known, rule, found) {
        let head = super::verdict::name(known, known.model.head(rule));
        all.insert(Assumption {
            kind: AssumptionKind::Refinement,
            text: format!(
                "`{head}` has what came with the greatest version, which counts all that it is made of"
            ),
        });
    }
    for &place in known.forms.guards(rule) {
        let atom = &summary.atoms[place];
        let guard = super::verdict::name(known, known.model.place(rule, atom.collection));
        let head = super::verdict::name(known, known.model.head(rule));
        all.insert(Assumption {
            kind: AssumptionKind::Refinement,
            text: format!("`not {guard}` only stops rows of `{head}` that were derived before"),
        });
    }
}
