//! What a good verdict rests on: the promises upstream of it, and what holds each.

use std::collections::{BTreeMap, BTreeSet};

use bloom_stdx::arena::Id;

use super::bodies::Bodies;
use super::body::Known;
use super::flow::Atom;
use super::found::Found;
use super::model::{At, Model, RuleAt};
use super::refine::{newest, parent};
use super::report::{Assumption, AssumptionKind};
use super::verdict::Evidence;
use crate::hir::{CollectionKind, Delivery, LatticeForm, NodeId, TypeDefKind, TypeRef};

/// Places of which something is promised by what is declared.
#[derive(Debug, Default)]
pub struct Promises(Vec<At>);

/// What rules rest on, of those that rest on something.
#[derive(Debug, Default)]
pub struct Grounds(BTreeMap<RuleAt, Ground>);

#[derive(Debug, PartialEq, Eq)]
struct Ground {
    /// Places of atoms, each with a source for whose seal the rule waits before it reads the atom.
    awaited: Vec<(usize, At)>,
    /// Whether the rule shows what came with the greatest version.
    is_newest: bool,
    /// Negated atoms that stop only what was derived before.
    guards: Vec<usize>,
}

/// All that a place depends on, itself among it.
pub struct Upstream {
    places: Vec<bool>,
    nodes: Vec<NodeId>,
}

impl Promises {
    pub fn new(model: &Model<'_>) -> Self {
        let promises = |at: &At| {
            let collection = model.collection(*at);
            let is_foreign = collection.kind == CollectionKind::Output && collection.imported;
            collection.immutable
                || is_foreign
                || matches!(
                    collection.kind,
                    CollectionKind::Channel { .. }
                        | CollectionKind::Loopback
                        | CollectionKind::Sealed { .. }
                )
                || own_lattices(model, *at).next().is_some()
        };
        Promises(model.places().filter(promises).collect())
    }

    fn upstream<'p>(&'p self, upstream: &'p Upstream) -> impl Iterator<Item = At> + 'p {
        let places = self.0.iter().copied();
        places.filter(|at| upstream.places[at.index()])
    }
}

impl Grounds {
    /// Looks for what a rule rests on. Whether that is something else than before.
    pub fn find(
        &mut self,
        known: Known<'_, '_>,
        found: &Found,
        rule: RuleAt,
        bodies: &mut Bodies,
    ) -> bool {
        let ((ground, reads), noted) = known
            .model
            .asking()
            .noting(|| found.noting(|| Ground::new(known, found, rule)));
        bodies.note(known.model, rule, noted, &reads);
        let is_nothing = ground.awaited.is_empty() && !ground.is_newest && ground.guards.is_empty();
        match is_nothing {
            true => self.0.remove(&rule).is_some(),
            false => match self.0.get(&rule) {
                Some(before) if *before == ground => false,
                Some(_) | None => {
                    self.0.insert(rule, ground);
                    true
                }
            },
        }
    }

    pub fn remove(&mut self, rule: RuleAt) {
        self.0.remove(&rule);
    }

    fn upstream<'g>(
        &'g self,
        model: &'g Model<'_>,
        upstream: &'g Upstream,
    ) -> impl Iterator<Item = (RuleAt, &'g Ground)> + 'g {
        let all = self.0.iter().map(|(&rule, ground)| (rule, ground));
        all.filter(|(rule, _)| upstream.places[model.head(*rule).index()])
    }
}

impl Ground {
    fn new(known: Known<'_, '_>, found: &Found, rule: RuleAt) -> Self {
        let atoms = known.model.rule(rule).atoms.iter().enumerate();
        let awaited = atoms.flat_map(|(place, atom)| {
            let sources = awaited(known, found, rule, atom).into_iter();
            sources.map(move |source| (place, source))
        });
        Ground {
            awaited: awaited.collect(),
            is_newest: newest::settles(&known, rule, found),
            guards: known.forms.guards(rule).to_vec(),
        }
    }
}

impl Upstream {
    pub fn of(known: Known<'_, '_>, at: At) -> Self {
        let model = known.model;
        let mut seen = vec![false; model.place_count()];
        let mut nodes = vec![false; model.program.nodes.len()];
        seen[at.index()] = true;
        let mut open = vec![at];
        while let Some(at) = open.pop() {
            let node = model.node_of(at);
            nodes[node.index()] = true;
            let mut visit = |from: At| {
                if !std::mem::replace(&mut seen[from.index()], true) {
                    open.push(from);
                }
            };
            if !model.program.nodes[node].extern_paths.is_empty() {
                model.extern_inputs(at).for_each(&mut visit);
            }
            for &rule in model.writers(at) {
                model.reads_of(rule).iter().copied().for_each(&mut visit);
            }
        }
        let nodes = model.program.nodes.ids().zip(nodes);
        Upstream {
            places: seen,
            nodes: nodes.filter(|(_, is)| *is).map(|(node, _)| node).collect(),
        }
    }
}

/// The assumptions on which the properties of what is downstream may rest.
pub fn of(known: Known<'_, '_>, evidence: Evidence<'_>, upstream: &Upstream) -> Vec<Assumption> {
    let mut all = BTreeSet::new();
    for at in evidence.promises.upstream(upstream) {
        of_place(known, at, &mut all);
    }
    for (rule, ground) in evidence.grounds.upstream(known.model, upstream) {
        of_rule(known, rule, ground, &mut all);
    }
    for &node in &upstream.nodes {
        halts(known, node, &mut all);
    }
    all.into_iter().collect()
}

/// The sealed sources for whose seals some rule upstream waits.
pub fn seals(known: Known<'_, '_>, grounds: &Grounds, upstream: &Upstream) -> BTreeSet<At> {
    let model = known.model;
    let mut all = BTreeSet::new();
    for (_, ground) in grounds.upstream(model, upstream) {
        all.extend(ground.awaited.iter().map(|(_, source)| source));
    }
    for (node, kind) in model.program.nodes.iter() {
        for path in &kind.extern_paths {
            let is_upstream = upstream.places[model.place_of(node, path.output).index()];
            if is_upstream && !path.is_confluent() {
                all.insert(model.place_of(node, path.input));
            }
        }
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
pub fn is_lower_bound(
    known: Known<'_, '_>,
    found: &Found,
    promises: &Promises,
    upstream: &Upstream,
) -> bool {
    use super::properties::Props;
    let model = known.model;
    promises.upstream(upstream).any(|at| {
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
    let name = super::verdict::name(known.model, at);
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
            let name = super::verdict::name(known.model, of);
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
    for name in own_lattices(known.model, at) {
        all.insert(Assumption {
            kind: AssumptionKind::Lattice,
            text: format!("the merge of `{name}` is a join (tested)"),
        });
    }
}

/// The lattices of the place's columns that the program itself declares.
fn own_lattices<'a>(model: &Model<'a>, at: At) -> impl Iterator<Item = &'a str> + use<'a> {
    let program = model.program;
    let columns = model.collection(at).columns.iter();
    columns.filter_map(move |column| {
        let Some(TypeRef::Def(def, _)) = &column.ty else {
            return None;
        };
        let def = &program.types[*def];
        match &def.kind {
            TypeDefKind::Lattice {
                form: LatticeForm::Own { .. },
                ..
            } => Some(def.name.as_str()),
            _ => None,
        }
    })
}

fn of_rule(known: Known<'_, '_>, rule: RuleAt, ground: &Ground, all: &mut BTreeSet<Assumption>) {
    let summary = known.model.rule(rule);
    let read = |place: usize| {
        let atom = &summary.atoms[place];
        super::verdict::name(known.model, known.model.place(rule, atom.collection))
    };
    for &(place, source) in &ground.awaited {
        let name = super::verdict::name(known.model, source);
        let read = read(place);
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
    let head = super::verdict::name(known.model, known.model.head(rule));
    if ground.is_newest {
        all.insert(Assumption {
            kind: AssumptionKind::Refinement,
            text: format!(
                "`{head}` has what came with the greatest version, which counts all that it is made of"
            ),
        });
    }
    for &place in &ground.guards {
        let guard = read(place);
        all.insert(Assumption {
            kind: AssumptionKind::Refinement,
            text: format!("`not {guard}` only stops rows of `{head}` that were derived before"),
        });
    }
}
