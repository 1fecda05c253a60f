//! The graph of a program as it is kept from one analysis to the next: its places and rules by number, who writes and who
//! reads what, and what depends on itself.
//!
//! A rule keeps its number as long as it is there, so that an edit of one rule leaves what is known of the others where it
//! is. Numbers of rules that went are given to others later; the order of rules is kept besides.

mod components;
mod declared;
mod patch;

use std::sync::Arc;

use bloom_stdx::arena::{Arena, Id};
use rustc_hash::FxHashMap;

use super::flow::{Atom, KindFlow, RuleFlow};
use super::model::{At, RuleAt};
use super::report::Place;
use crate::hir::{Arrow, Collection, CollectionId, CollectionKind, NodeId, Program, RuleId};
pub use components::{Components, Due};
use declared::{extern_steps, is_end, seals};
pub use patch::Edit;

/// A place that more rules write is crowded: they are not looked at one by one for what they are together.
pub const CROWD_MAX: usize = 64;

#[derive(Debug, Default)]
pub struct Graph {
    /// The first place of each kind.
    place_base: Vec<u32>,
    /// Of each collection of each kind in order, its place.
    canonical: Vec<At>,
    places: Vec<Facts>,
    /// Outputs, effects and views, whether rules write them or not.
    pub ends: Vec<At>,
    rules: Vec<Connected>,
    /// Numbers that no rule has.
    free: Vec<RuleAt>,
    /// Of each kind, the numbers of its rules in order.
    order: Vec<Vec<RuleAt>>,
    /// What rules read, one after the other.
    reads: Vec<At>,
    /// How many of them are of rules that went.
    unread: usize,
    writers: Vec<Vec<RuleAt>>,
    readers: Vec<Vec<RuleAt>>,
    /// Places, each with one that depends on it without a rule, in order.
    follows: Vec<(At, At)>,
    components: Components,
}

/// What is known of a place, of which some is asked so often that looking it up would take most of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The column with the receiver.
    pub location: Option<usize>,
    pub is_source: bool,
    pub is_kept: bool,
    pub only_gains: bool,
    is_crowded: bool,
}

/// A rule between places.
#[derive(Debug)]
struct Connected {
    /// None of a number that no rule has.
    of: Option<Arc<RuleFlow>>,
    node: NodeId,
    /// Its place among the rules of its kind.
    position: u32,
    head: At,
    /// Where in [`Graph::reads`] the places are that it reads, each once.
    first: u32,
    count: u32,
    is_temporal: bool,
    /// Whether its head depends on itself by it alone.
    is_loop: bool,
    is_accepted: bool,
}

impl Graph {
    pub fn new(program: &Program, flows: &Arena<NodeId, KindFlow>) -> Self {
        let mut graph = Graph::default();
        let mut channels = FxHashMap::default();
        for (node, kind) in program.nodes.iter() {
            let base = graph.canonical.len() as u32;
            graph.place_base.push(base);
            for (id, collection) in kind.collections.iter() {
                let own = At(base + id.index() as u32);
                let place = match collection.kind {
                    CollectionKind::Channel { .. } | CollectionKind::Seal { .. } => *channels
                        .entry((collection.name.clone(), collection.loc))
                        .or_insert(own),
                    _ => own,
                };
                graph.canonical.push(place);
            }
            let count = flows[node].rules.len();
            let first = graph.rules.len();
            graph.rules.reserve_exact(count);
            graph.order.push((first..first + count).collect());
            for (position, of) in flows[node].rules.iter().enumerate() {
                let connected = graph.connected(node, position, of);
                graph.rules.push(connected);
            }
        }
        graph.connect(program);
        graph
    }

    fn connect(&mut self, program: &Program) {
        let places = self.canonical.len();
        self.writers = vec![Vec::new(); places];
        self.readers = vec![Vec::new(); places];
        for &rule in self.order.iter().flatten() {
            let Connected {
                head, first, count, ..
            } = self.rules[rule];
            self.writers[head.index()].push(rule);
            for from in &self.reads[first as usize..(first + count) as usize] {
                self.readers[from.index()].push(rule);
            }
        }
        self.places = (0..places as u32)
            .map(|at| self.facts(program, At(at)))
            .collect();
        let ends = self
            .all()
            .filter(|&at| is_end(self.collection(program, at)));
        self.ends = ends.collect();
        let steps = extern_steps(self, program);
        self.follows = [steps.clone(), seals(self, program)].concat();
        self.follows.sort_unstable();
        self.components = Components::new(self, steps);
    }

    fn connected(&mut self, node: NodeId, position: usize, of: &Arc<RuleFlow>) -> Connected {
        let summary = &of.summary;
        let head = self.place_of(node, summary.head);
        let first = self.reads.len();
        let mut is_loop = false;
        for atom in &summary.atoms {
            let from = self.place_of(node, atom.collection);
            if !self.reads[first..].contains(&from) {
                self.reads.push(from);
            }
            // That a row is there before it is taken away says nothing of what is there later.
            let asks = |atom: &Atom| !summary.takes_row_of(atom);
            is_loop |= from == head && asks(atom);
        }
        Connected {
            of: Some(Arc::clone(of)),
            node,
            position: position as u32,
            head,
            first: first as u32,
            count: (self.reads.len() - first) as u32,
            is_temporal: summary.arrow != Arrow::Merge,
            is_loop,
            is_accepted: of.rule.nondeterministic.is_some(),
        }
    }

    fn collection<'p>(&self, program: &'p Program, at: At) -> &'p Collection {
        let Place { node, collection } = self.origin(at);
        &program.nodes[node].collections[collection]
    }

    /// All places, channels once.
    pub fn all(&self) -> impl Iterator<Item = At> + '_ {
        let places = (0..).map(At).zip(&self.canonical);
        places.filter(|(at, place)| at == *place).map(|(at, _)| at)
    }

    pub fn place_count(&self) -> usize {
        self.canonical.len()
    }

    /// One more than the greatest number of a rule.
    pub fn rule_bound(&self) -> usize {
        self.rules.len()
    }

    /// The rules in their order, by kinds.
    pub fn order(&self) -> &[Vec<RuleAt>] {
        &self.order
    }

    /// By what rules come one after the other.
    pub fn rank_of_rule(&self, rule: RuleAt) -> (usize, u32) {
        (self.rules[rule].node.index(), self.rules[rule].position)
    }

    pub fn node(&self, rule: RuleAt) -> NodeId {
        self.rules[rule].node
    }

    pub fn rule_id(&self, rule: RuleAt) -> RuleId {
        RuleId(self.rules[rule].position)
    }

    /// The number of a rule of a kind.
    pub fn rule_at(&self, node: NodeId, rule: RuleId) -> RuleAt {
        self.order[node.index()][rule.index()]
    }

    pub fn place_of(&self, node: NodeId, collection: CollectionId) -> At {
        self.canonical[self.place_base[node.index()] as usize + collection.index()]
    }

    pub fn origin(&self, at: At) -> Place {
        let node = self.place_base.partition_point(|&base| base <= at.0) - 1;
        // Kinds without collections share a base with the next; the last of them has the place.
        Place {
            node: NodeId::from_index(node),
            collection: CollectionId(at.0 - self.place_base[node]),
        }
    }

    pub fn place(&self, at: At) -> &Facts {
        &self.places[at.index()]
    }

    pub fn head(&self, rule: RuleAt) -> At {
        self.rules[rule].head
    }

    /// The places that a rule reads, each once.
    pub fn reads_of(&self, rule: RuleAt) -> &[At] {
        let Connected { first, count, .. } = self.rules[rule];
        &self.reads[first as usize..(first + count) as usize]
    }

    pub fn is_temporal(&self, rule: RuleAt) -> bool {
        self.rules[rule].is_temporal
    }

    pub fn is_accepted(&self, rule: RuleAt) -> bool {
        self.rules[rule].is_accepted
    }

    /// Whether a place that the rule reads and writes depends on itself by that.
    fn is_loop(&self, rule: RuleAt) -> bool {
        self.rules[rule].is_loop
    }

    pub fn writers(&self, at: At) -> &[RuleAt] {
        &self.writers[at.index()]
    }

    pub fn readers(&self, at: At) -> &[RuleAt] {
        &self.readers[at.index()]
    }

    /// The places that depend on the place without a rule.
    pub fn follow(&self, at: At) -> impl Iterator<Item = At> + '_ {
        let first = self.follows.partition_point(|&(from, _)| from < at);
        let own = self.follows[first..].iter();
        own.take_while(move |(from, _)| *from == at)
            .map(|&(_, to)| to)
    }

    pub const fn components(&self) -> &Components {
        &self.components
    }
}
