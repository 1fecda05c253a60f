//! The graph of a program: its places, and the rules that write and read each.
//!
//! A place is a collection of a kind of node. A channel is one place, which rules of several kinds write
//! and read: what arrives at a node is the union of what all sent to it.

use std::cell::RefCell;
use std::sync::Arc;

use bloom_stdx::arena::{Arena, Id};
use bloom_stdx::graph::components;
use rustc_hash::{FxHashMap, FxHashSet};

use super::asking::{Address, Asking, address};
use super::flow::{Atom, KindFlow, RuleSummary, Shape};
use super::report::Place;
use super::violation::RuleRef;
use crate::hir::{
    Arrow, Collection, CollectionId, CollectionKind, ExternPath, NodeId, Origin, Program, RuleId,
    Supply,
};

/// Number of a place: of a channel, the one of the first kind that has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct At(pub u32);

/// Number of a rule in the whole program.
pub type RuleAt = usize;

pub struct Model<'a> {
    pub program: &'a Program,
    pub flows: &'a Arena<NodeId, KindFlow>,
    /// The first place, and the first rule, of each kind.
    place_base: Vec<u32>,
    rule_base: Vec<usize>,
    /// Of each collection of each kind in order, its place.
    canonical: Vec<At>,
    rules: Vec<RuleRef>,
    writers: Vec<Vec<RuleAt>>,
    readers: Vec<Vec<RuleAt>>,
    facts: Vec<Facts<'a>>,
    /// Whether the place depends on itself over ticks or nodes.
    cyclic: Vec<bool>,
    /// All places, each after those that it depends on but for cycles.
    downstream: Vec<At>,
    /// Where in them a component ends.
    ends: Vec<usize>,
    /// Rules of which a literal in a test told something apart.
    told_apart: RefCell<FxHashSet<Address>>,
    asking: Asking,
}

/// What is asked of a place so often that looking it up would take most of the time.
struct Facts<'a> {
    collection: &'a Collection,
    shape: &'a Shape,
    /// The column with the receiver.
    location: Option<usize>,
    is_source: bool,
    is_kept: bool,
    only_gains: bool,
}

impl<'a> Model<'a> {
    pub fn new(program: &'a Program, flows: &'a Arena<NodeId, KindFlow>) -> Self {
        let mut model = Model {
            program,
            flows,
            place_base: Vec::new(),
            rule_base: Vec::new(),
            canonical: Vec::new(),
            rules: Vec::new(),
            writers: Vec::new(),
            readers: Vec::new(),
            facts: Vec::new(),
            cyclic: Vec::new(),
            downstream: Vec::new(),
            ends: Vec::new(),
            told_apart: RefCell::default(),
            asking: Asking::default(),
        };
        let mut channels = FxHashMap::default();
        for (node, kind) in program.nodes.iter() {
            let base = model.canonical.len() as u32;
            model.place_base.push(base);
            model.rule_base.push(model.rules.len());
            for (id, collection) in kind.collections.iter() {
                let own = At(base + id.index() as u32);
                let place = match collection.kind {
                    CollectionKind::Channel { .. } | CollectionKind::Seal { .. } => *channels
                        .entry((collection.name.clone(), collection.loc))
                        .or_insert(own),
                    _ => own,
                };
                model.canonical.push(place);
            }
            let rules = kind.rules.ids();
            model.rules.extend(rules.map(|rule| RuleRef { node, rule }));
        }
        model.connect();
        let places = 0..model.canonical.len() as u32;
        model.facts = places.map(|at| model.facts(At(at))).collect();
        model
    }

    fn facts(&self, at: At) -> Facts<'a> {
        let Place { node, collection } = self.origin(at);
        let shape = &self.flows[node].shapes[collection];
        let collection = &self.program.nodes[node].collections[collection];
        let is_kept = matches!(
            collection.kind,
            CollectionKind::Table | CollectionKind::Static | CollectionKind::Seals { .. }
        );
        let mut writers = self.writers(at).iter();
        let gains = |&rule: &RuleAt| {
            !matches!(self.rule(rule).arrow, Arrow::DeferredDelete | Arrow::Upsert)
        };
        Facts {
            collection,
            shape,
            location: collection.columns.iter().position(|column| column.location),
            is_source: self.comes_from_outside(at, collection),
            is_kept,
            only_gains: is_kept && writers.all(gains),
        }
    }

    fn comes_from_outside(&self, at: At, collection: &Collection) -> bool {
        match collection.kind.supply() {
            Supply::Input => collection.public,
            Supply::Fixed | Supply::Happening => true,
            Supply::Messages => collection.kind == CollectionKind::Stdin,
            Supply::Seals => {
                let is_fed =
                    |of| !is_channel(&self.program.nodes[self.node_of(at)].collections[of]);
                let kind = collection.kind;
                matches!(kind, CollectionKind::Sealed { .. })
                    || matches!(kind, CollectionKind::Seals { of } if is_fed(of))
            }
            // Of a component that is not written in Bloom.
            Supply::Rules { .. } => {
                let is_given = collection.kind == CollectionKind::Output && collection.imported;
                is_given && self.writers(at).is_empty()
            }
            Supply::Effects => false,
        }
    }

    fn connect(&mut self) {
        self.writers = vec![Vec::new(); self.canonical.len()];
        self.readers = vec![Vec::new(); self.canonical.len()];
        let mut successors = vec![Vec::new(); self.canonical.len()];
        let mut temporal = Vec::new();
        for rule in 0..self.rules.len() {
            let head = self.head(rule);
            self.writers[head.index()].push(rule);
            let summary = self.rule(rule);
            let place = |atom: &Atom| self.place(rule, atom.collection);
            // That a row is there before it is taken away says nothing of what is there later.
            let asked = summary
                .atoms
                .iter()
                .filter(|atom| !summary.takes_row_of(atom));
            for from in asked.map(place) {
                successors[from.index()].push(head.index());
                if summary.arrow != Arrow::Merge {
                    temporal.push((from.index(), head.index()));
                }
            }
            for atom in &summary.atoms {
                let from = self.place(rule, atom.collection);
                let readers = &mut self.readers[from.index()];
                // It may be read twice.
                if readers.last() != Some(&rule) {
                    readers.push(rule);
                }
            }
        }
        for node in self.program.nodes.values().zip(0..) {
            let (kind, node) = node;
            for path in &kind.extern_paths {
                let base = self.place_base[node] as usize;
                let (from, to) = (base + path.input.index(), base + path.output.index());
                successors[from].push(to);
                temporal.push((from, to));
            }
        }
        let components = components(&successors);
        let mut component_of = vec![0; self.canonical.len()];
        for (number, component) in components.iter().enumerate() {
            for &place in component {
                component_of[place] = number;
            }
        }
        let mut cyclic = vec![false; components.len()];
        for (from, to) in temporal {
            cyclic[component_of[from]] |= component_of[from] == component_of[to];
        }
        self.cyclic = component_of.iter().map(|&number| cyclic[number]).collect();
        for component in components.iter().rev() {
            let places = component.iter().map(|&place| At(place as u32));
            let places = places.filter(|&at| self.canonical[at.index()] == at);
            self.downstream.extend(places);
            self.ends.push(self.downstream.len());
        }
    }

    /// Of what a component gives that is not written in Bloom: the paths that lead there.
    pub fn extern_paths(&self, at: At) -> impl Iterator<Item = &'a ExternPath> {
        let node = self.node_of(at);
        let paths = self.program.nodes[node].extern_paths.iter();
        paths.filter(move |path| self.place_of(node, path.output) == at)
    }

    /// The inputs of those paths.
    pub fn extern_inputs(&self, at: At) -> impl Iterator<Item = At> {
        let node = self.node_of(at);
        self.extern_paths(at)
            .map(move |path| self.place_of(node, path.input))
    }

    /// Notes rules that another literal in a test might make the same as another, or no longer so.
    pub fn note_literals(&self, rules: &[RuleAt]) {
        let rules = rules.iter().map(|&rule| address(self.rule(rule)));
        self.asking.note_literals(rules.clone());
        self.told_apart.borrow_mut().extend(rules);
    }

    /// Notes what was noted when something was looked for that is recalled now.
    pub fn note_addresses(&self, rules: &[Address]) {
        self.told_apart.borrow_mut().extend(rules);
    }

    /// The rules of which a literal in a test told something apart.
    pub fn take_told_apart(&self) -> FxHashSet<Address> {
        self.told_apart.take()
    }

    /// What is asked about other rules and places while something is looked for.
    pub const fn asking(&self) -> &Asking {
        &self.asking
    }

    /// All places, channels once.
    pub fn places(&self) -> impl Iterator<Item = At> + '_ {
        (0..)
            .map(At)
            .zip(&self.canonical)
            .filter(|(at, place)| at == *place)
            .map(|(at, _)| at)
    }

    pub fn place_count(&self) -> usize {
        self.canonical.len()
    }

    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    pub fn rule_ref(&self, rule: RuleAt) -> RuleRef {
        self.rules[rule]
    }

    pub fn rule(&self, rule: RuleAt) -> &'a RuleSummary {
        self.summary(rule)
    }

    pub fn summary(&self, rule: RuleAt) -> &'a Arc<RuleSummary> {
        let RuleRef { node, rule } = self.rules[rule];
        &self.flows[node].rules[rule.index()]
    }

    pub fn hir_rule(&self, rule: RuleAt) -> &'a crate::hir::Rule {
        let RuleRef { node, rule } = self.rules[rule];
        &self.program.nodes[node].rules[rule]
    }

    pub fn rule_at(&self, node: NodeId, rule: RuleId) -> RuleAt {
        self.rule_base[node.index()] + rule.index()
    }

    /// The place that a rule calls by this id.
    pub fn place(&self, rule: RuleAt, collection: CollectionId) -> At {
        self.place_of(self.rules[rule].node, collection)
    }

    pub fn place_of(&self, node: NodeId, collection: CollectionId) -> At {
        self.canonical[self.place_base[node.index()] as usize + collection.index()]
    }

    pub fn head(&self, rule: RuleAt) -> At {
        self.place(rule, self.rule(rule).head)
    }

    /// The kind and collection of a place.
    pub fn origin(&self, at: At) -> Place {
        let node = self.place_base.partition_point(|&base| base <= at.0) - 1;
        // Kinds without collections share a base with the next; the last of them has the place.
        Place {
            node: NodeId::from_index(node),
            collection: CollectionId(at.0 - self.place_base[node]),
        }
    }

    pub fn collection(&self, at: At) -> &'a Collection {
        self.facts[at.index()].collection
    }

    pub fn shape(&self, at: At) -> &'a Shape {
        self.facts[at.index()].shape
    }

    pub fn node_of(&self, at: At) -> NodeId {
        self.origin(at).node
    }

    /// Rules whose head it is.
    pub fn writers(&self, at: At) -> &[RuleAt] {
        self.asking.note(at);
        &self.writers[at.index()]
    }

    pub fn readers(&self, at: At) -> &[RuleAt] {
        &self.readers[at.index()]
    }

    pub fn inserters(&self, at: At) -> impl Iterator<Item = RuleAt> + '_ {
        self.writers(at)
            .iter()
            .copied()
            .filter(|&rule| self.rule(rule).inserts())
    }

    /// All places, channels once, in the order in which rows flow; those together that depend on each other.
    pub fn downstream(&self) -> impl Iterator<Item = &[At]> {
        let begins = std::iter::once(&0).chain(&self.ends);
        let components = begins.zip(&self.ends);
        components.map(|(&begin, &end)| &self.downstream[begin..end])
    }

    pub fn is_cyclic(&self, at: At) -> bool {
        self.cyclic[at.index()]
    }

    /// Whether its rows come from outside the rules.
    pub fn is_source(&self, at: At) -> bool {
        self.asking.note(at);
        self.facts[at.index()].is_source
    }

    /// Whether rows arrive in it from elsewhere, or later: where a walk back over the rules of a node ends.
    pub fn is_asynchronous(&self, at: At) -> bool {
        let collection = self.collection(at);
        match collection.kind.supply() {
            Supply::Input => collection.public,
            Supply::Messages => true,
            Supply::Seals => matches!(collection.kind, CollectionKind::Seal { .. }),
            Supply::Rules { .. } | Supply::Fixed | Supply::Happening | Supply::Effects => false,
        }
    }

    /// The column with the receiver, of what is sent.
    pub fn location(&self, at: At) -> Option<usize> {
        self.facts[at.index()].location
    }

    /// Whether its rows stay until they are deleted.
    pub fn is_kept(&self, at: At) -> bool {
        self.facts[at.index()].is_kept
    }

    /// Whether no rule takes rows away: what is in it stays as it is.
    pub fn only_gains(&self, at: At) -> bool {
        self.asking.note(at);
        self.facts[at.index()].only_gains
    }

    /// Rules that the program's author wrote, or that stand for what they wrote.
    pub fn is_written(&self, rule: RuleAt) -> bool {
        !matches!(self.rule(rule).origin, Origin::System)
    }
}

impl At {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

fn is_channel(collection: &Collection) -> bool {
    matches!(collection.kind, CollectionKind::Channel { .. })
}
