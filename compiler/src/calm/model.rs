//! The graph of a program: its places, and the rules that write and read each.
//!
//! A place is a collection of a kind of node. A channel is one place, which rules of several kinds write
//! and read: what arrives at a node is the union of what all sent to it.

use std::cell::RefCell;

use bloom_stdx::arena::Arena;
use rustc_hash::FxHashSet;

use super::asking::{Address, Asking, Topic, address};
use super::flow::{KindFlow, RuleFlow, RuleSummary, Shape};
use super::graph::{CROWD_MAX, Components, Graph};
use super::report::Place;
use super::violation::RuleRef;
use crate::hir::{
    Collection, CollectionId, CollectionKind, ExternPath, NodeId, Origin, Program, RuleId, Supply,
};

/// Number of a place: of a channel, the one of the first kind that has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct At(pub u32);

/// Number of a rule in the whole program. That one number is less than another says nothing: see [`Model::is_before`].
pub type RuleAt = usize;

pub struct Model<'a> {
    pub program: &'a Program,
    graph: &'a Graph,
    /// By number.
    rules: Vec<Option<&'a RuleFlow>>,
    /// Of each place what is declared.
    declared: Vec<(&'a Collection, &'a Shape)>,
    /// Rules of which a literal in a test told something apart.
    told_apart: RefCell<FxHashSet<Address>>,
    asking: Asking,
}

impl<'a> Model<'a> {
    pub fn new(program: &'a Program, flows: &'a Arena<NodeId, KindFlow>, graph: &'a Graph) -> Self {
        let mut rules = vec![None; graph.rule_bound()];
        let kinds = graph.order().iter().zip(flows.values());
        for (order, flow) in kinds {
            for (&rule, of) in order.iter().zip(&*flow.rules) {
                rules[rule] = Some(&**of);
            }
        }
        let kinds = program.nodes.values().zip(flows.values());
        let declared =
            kinds.flat_map(|(kind, flow)| kind.collections.values().zip(flow.shapes.values()));
        Model {
            program,
            graph,
            rules,
            declared: declared.collect(),
            told_apart: RefCell::default(),
            asking: Asking::default(),
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

    /// The rules that were so noted.
    pub fn take_told_apart(&self) -> FxHashSet<Address> {
        self.told_apart.take()
    }

    /// What is asked about other rules and places while something is looked for.
    pub const fn asking(&self) -> &Asking {
        &self.asking
    }

    /// All places, channels once.
    pub fn places(&self) -> impl Iterator<Item = At> + '_ {
        self.graph.all()
    }

    /// Outputs, effects and views, in order.
    pub fn ends(&self) -> &'a [At] {
        &self.graph.ends
    }

    pub fn place_count(&self) -> usize {
        self.graph.place_count()
    }

    /// One more than the greatest number of a rule.
    pub fn rule_bound(&self) -> usize {
        self.graph.rule_bound()
    }

    /// All rules, in the order of the program.
    pub fn rules(&self) -> impl Iterator<Item = RuleAt> + 'a {
        self.graph.order().iter().flatten().copied()
    }

    /// Whether the one rule comes before the other in the program.
    pub fn is_before(&self, one: RuleAt, other: RuleAt) -> bool {
        self.graph.rank_of_rule(one) < self.graph.rank_of_rule(other)
    }

    pub fn rule_ref(&self, rule: RuleAt) -> RuleRef {
        RuleRef {
            node: self.graph.node(rule),
            rule: self.graph.rule_id(rule),
        }
    }

    pub fn rule(&self, rule: RuleAt) -> &'a RuleSummary {
        &self.flow(rule).summary
    }

    fn flow(&self, rule: RuleAt) -> &'a RuleFlow {
        self.rules[rule].expect("numbers are of rules that are there")
    }

    pub fn hir_rule(&self, rule: RuleAt) -> &'a crate::hir::Rule {
        &self.flow(rule).rule
    }

    pub fn rule_at(&self, node: NodeId, rule: RuleId) -> RuleAt {
        self.graph.rule_at(node, rule)
    }

    /// The place that a rule calls by this id.
    pub fn place(&self, rule: RuleAt, collection: CollectionId) -> At {
        self.place_of(self.graph.node(rule), collection)
    }

    pub fn place_of(&self, node: NodeId, collection: CollectionId) -> At {
        self.graph.place_of(node, collection)
    }

    pub fn head(&self, rule: RuleAt) -> At {
        self.graph.head(rule)
    }

    /// The places that a rule reads, each once.
    pub fn reads_of(&self, rule: RuleAt) -> &'a [At] {
        self.graph.reads_of(rule)
    }

    /// Whether the rule does not give its rows in the same tick and at the same node.
    pub fn is_temporal(&self, rule: RuleAt) -> bool {
        self.graph.is_temporal(rule)
    }

    /// The kind and collection of a place.
    pub fn origin(&self, at: At) -> Place {
        self.graph.origin(at)
    }

    pub fn collection(&self, at: At) -> &'a Collection {
        self.declared[at.index()].0
    }

    pub fn shape(&self, at: At) -> &'a Shape {
        self.declared[at.index()].1
    }

    pub fn node_of(&self, at: At) -> NodeId {
        self.origin(at).node
    }

    /// Rules whose head it is.
    pub fn writers(&self, at: At) -> &'a [RuleAt] {
        self.asking.note(Topic::rules(at));
        self.graph.writers(at)
    }

    /// Rules whose head it is, if they are no more than so many; crowds need not be asked for.
    pub fn few_writers(&self, at: At, most: usize) -> Option<&'a [RuleAt]> {
        debug_assert!(most <= CROWD_MAX);
        let all = self.graph.writers(at);
        self.asking.note(match all.len() > CROWD_MAX {
            true => Topic::facts(at),
            false => Topic::rules(at),
        });
        (all.len() <= most).then_some(all)
    }

    pub fn readers(&self, at: At) -> &'a [RuleAt] {
        self.graph.readers(at)
    }

    pub fn inserters(&self, at: At) -> impl Iterator<Item = RuleAt> + '_ {
        self.writers(at)
            .iter()
            .copied()
            .filter(|&rule| self.rule(rule).inserts())
    }

    /// The places that depend on the place without a rule.
    pub fn follow(&self, at: At) -> impl Iterator<Item = At> + use<'a> {
        self.graph.follow(at)
    }

    /// Those places together that depend on each other, in the order in which rows flow.
    pub fn components(&self) -> &'a Components {
        self.graph.components()
    }

    pub fn is_cyclic(&self, at: At) -> bool {
        self.components().is_cyclic(at)
    }

    /// Whether its rows come from outside the rules.
    pub fn is_source(&self, at: At) -> bool {
        self.asking.note(Topic::facts(at));
        self.graph.place(at).is_source
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
        self.graph.place(at).location
    }

    /// Whether its rows stay until they are deleted.
    pub fn is_kept(&self, at: At) -> bool {
        self.graph.place(at).is_kept
    }

    /// Whether no rule takes rows away: what is in it stays as it is.
    pub fn only_gains(&self, at: At) -> bool {
        self.asking.note(Topic::facts(at));
        self.graph.place(at).only_gains
    }

    /// Rules that the program's author wrote, or that stand for what they wrote.
    pub fn is_written(&self, rule: RuleAt) -> bool {
        !matches!(self.rule(rule).origin, Origin::System)
    }

    /// The first rule of a place of which the outcome is accepted as it is.
    pub fn accepted(&self, at: At) -> Option<RuleAt> {
        let mut writers = self.graph.writers(at).iter().copied();
        writers.find(|&rule| self.graph.is_accepted(rule))
    }
}

impl At {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
