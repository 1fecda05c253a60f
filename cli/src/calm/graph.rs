//! The dataflow graph of a program: its collections by kind of node, its rules as edges, coloured by what
//! the analysis says.
//!
//! A rule gives one edge from each collection that its body reads to its head; rules that give equal edges
//! share one. A channel that goes from one kind of node to another is joined by an edge between its two ends.

pub(crate) mod dot;
mod layers;
mod layout;
pub(crate) mod svg;

use std::collections::{BTreeMap, BTreeSet};

use bloom_compiler::calm::report::{Cause, Label, RuleVerdict};
use bloom_compiler::calm::{Report, Tables};
use bloom_compiler::hir::{
    Arrow, Collection, CollectionId, CollectionKind, HeadColumn, Literal, NodeId, NodeKind, Origin,
    Program, Rule,
};

use super::document::Document;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Graph {
    /// Names of the kinds of nodes.
    pub(crate) clusters: Vec<String>,
    pub(crate) nodes: Vec<Node>,
    /// In order, each pair of ends with each way of flowing once.
    pub(crate) edges: Vec<Edge>,
}

/// A collection of a kind of node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) cluster: usize,
    /// `table`, `input`, …
    pub(crate) kind: &'static str,
    pub(crate) tone: Tone,
    /// Its label: `run`.
    pub(crate) note: String,
    /// Coordination on it: `seal by campaign`.
    pub(crate) inserted: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Neither output nor view.
    Plain,
    /// The same in every run.
    Good,
    /// As good, once partitions are sealed.
    Sealed,
    /// On the way to what is not.
    Doubtful,
    Bad,
    /// Bad, and accepted by the author.
    Accepted,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) flow: Flow,
    /// Why it is not monotone: `negation`, `aggregate`, ….
    pub(crate) marks: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flow {
    Now,
    /// In the next tick.
    Next,
    /// At some time, perhaps elsewhere.
    Async,
}

impl Graph {
    pub(crate) fn of(
        program: &Program,
        (report, tables): (&Report, &Tables),
        document: &Document,
    ) -> Graph {
        let mut graph = Graph::default();
        let mut places = BTreeMap::new();
        for (id, kind) in program.nodes.iter() {
            graph.add_kind(id, kind, report, document, &mut places);
        }
        let mut edges = BTreeSet::new();
        for (id, kind) in program.nodes.iter() {
            edges.extend(edges_of(id, kind, tables, &places));
        }
        edges.extend(crossings(program, &places));
        graph.edges = edges.into_iter().collect();
        graph
    }

    fn add_kind(
        &mut self,
        id: NodeId,
        kind: &NodeKind,
        report: &Report,
        document: &Document,
        places: &mut BTreeMap<(NodeId, CollectionId), usize>,
    ) {
        let cluster = self.clusters.len();
        self.clusters.push(kind.name.to_string());
        let used = used(kind);
        for (collection_id, collection) in kind.collections.iter() {
            if !used.contains(&collection_id) {
                continue;
            }
            places.insert((id, collection_id), self.nodes.len());
            let (tone, note) = tone(kind, collection, report);
            self.nodes.push(Node {
                name: collection.name.to_string(),
                cluster,
                kind: collection.kind.word(),
                tone,
                note,
                inserted: inserted(kind, collection, document),
            });
        }
    }
}

/// Collections that a rule reads or derives, and all that the outside sees.
fn used(kind: &NodeKind) -> BTreeSet<CollectionId> {
    let mut used: BTreeSet<CollectionId> = kind
        .collections
        .iter()
        .filter(|(_, collection)| collection.public)
        .map(|(id, _)| id)
        .collect();
    for rule in rules(kind) {
        used.insert(rule.head.collection);
        used.extend(reads(rule).map(|(collection, _)| collection));
    }
    used
}

/// What the author wrote, without facts and what the language adds.
fn rules(kind: &NodeKind) -> impl Iterator<Item = &Rule> {
    kind.rules
        .iter()
        .map(|(_, rule)| rule.as_ref())
        .filter(|rule| {
            let written = match rule.origin {
                Origin::Written | Origin::SealSend => true,
                Origin::System | Origin::SealCollect(_) => false,
            };
            written && !rule.literals.is_empty()
        })
}

/// The collections of a body, and whether each is negated.
fn reads(rule: &Rule) -> impl Iterator<Item = (CollectionId, bool)> {
    rule.literals.iter().filter_map(|node| match &node.literal {
        Literal::Atom { collection, .. } => Some((*collection, false)),
        Literal::Not { collection, .. } => Some((*collection, true)),
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => None,
    })
}

fn tone(kind: &NodeKind, collection: &Collection, report: &Report) -> (Tone, String) {
    let name = (&kind.name, &collection.name);
    if let Some(output) = report.outputs.iter().find(|o| (&o.node, &o.name) == name) {
        let tone = match (&output.label, &output.accepted) {
            (Label::Async, _) => Tone::Good,
            (Label::Seal(_), _) => Tone::Sealed,
            (Label::Run | Label::Instance | Label::Diverge, Some(_)) => Tone::Accepted,
            (Label::Run | Label::Instance | Label::Diverge, None) => Tone::Bad,
        };
        return (tone, output.label.title());
    }
    if let Some(view) = report.views.iter().find(|v| (&v.node, &v.name) == name) {
        let tone = match (view.converges, &view.accepted) {
            (true, _) => Tone::Good,
            (false, Some(_)) => Tone::Accepted,
            (false, None) => Tone::Bad,
        };
        return (tone, view.title().to_owned());
    }
    let blamed = report
        .outputs
        .iter()
        .flat_map(|output| &output.because)
        .chain(report.views.iter().flat_map(|view| &view.because));
    let qualified = format!("{}.{}", kind.name, collection.name);
    let on_path = blamed
        .flat_map(|blame| &blame.path)
        .any(|name| *name == collection.name || *name == qualified);
    let tone = if on_path { Tone::Doubtful } else { Tone::Plain };
    (tone, String::new())
}

fn inserted(kind: &NodeKind, collection: &Collection, document: &Document) -> String {
    let qualified = format!("{}.{}", kind.name, collection.name);
    let is_on = |on: &str| on == collection.name || on == qualified;
    let ours = document
        .coordination
        .iter()
        .filter(|one| one.on.split(", ").any(is_on));
    let words = ours.map(|one| match one.by.as_slice() {
        [] => one.kind.to_owned(),
        by => format!("{} by {}", one.kind, by.join(", ")),
    });
    let mut words: Vec<String> = words.collect();
    words.dedup();
    words.join("; ")
}

fn edges_of(
    id: NodeId,
    kind: &NodeKind,
    tables: &Tables,
    places: &BTreeMap<(NodeId, CollectionId), usize>,
) -> Vec<Edge> {
    let verdicts: BTreeMap<_, &RuleVerdict> = tables
        .rules
        .iter()
        .filter(|verdict| verdict.rule.node == id)
        .map(|verdict| (kind.rules[verdict.rule.rule].loc, verdict))
        .collect();
    let mut edges = Vec::new();
    for rule in rules(kind) {
        let why = verdicts.get(&rule.loc).map_or(&[][..], |v| &v.why);
        for (from, negated) in reads(rule) {
            edges.push(Edge {
                from: places[&(id, from)],
                to: places[&(id, rule.head.collection)],
                flow: flow(kind, rule),
                marks: marks(rule, negated, why),
            });
        }
    }
    for (sealed, collection) in kind.collections.iter() {
        let CollectionKind::Sealed { of } = collection.kind else {
            continue;
        };
        if let (Some(&from), Some(&to)) = (places.get(&(id, of)), places.get(&(id, sealed))) {
            edges.push(Edge {
                from,
                to,
                flow: Flow::Now,
                marks: Vec::new(),
            });
        }
    }
    edges
}

/// When the head's rows are there. What is sent is in the channel at once and arrives at some time; where
/// sender and receiver are of one kind, the collection stands for both.
fn flow(kind: &NodeKind, rule: &Rule) -> Flow {
    let is_output = matches!(
        kind.collections[rule.head.collection].kind,
        CollectionKind::Stdout | CollectionKind::Stderr | CollectionKind::Halt
    );
    match rule.arrow {
        Arrow::Merge => Flow::Now,
        Arrow::AsyncMerge if is_output => Flow::Now,
        Arrow::DeferredMerge | Arrow::DeferredDelete | Arrow::Upsert => Flow::Next,
        Arrow::AsyncMerge => Flow::Async,
    }
}

fn marks(rule: &Rule, negated: bool, why: &[Cause]) -> Vec<&'static str> {
    let mut marks: BTreeSet<Cause> = BTreeSet::new();
    if negated {
        marks.insert(Cause::Negation);
    }
    let aggregates = rule.head.columns.iter();
    if aggregates
        .into_iter()
        .any(|column| matches!(column, HeadColumn::Aggregate(_)))
    {
        marks.insert(Cause::Aggregate);
    }
    match rule.arrow {
        Arrow::DeferredDelete => _ = marks.insert(Cause::Delete),
        Arrow::Upsert => _ = marks.insert(Cause::Upsert),
        Arrow::Merge | Arrow::DeferredMerge | Arrow::AsyncMerge => {}
    }
    // A negated literal is its own reason; the others can be of any literal.
    if !negated {
        marks.extend(why.iter().filter(|cause| **cause != Cause::Negation));
    }
    marks.into_iter().map(Cause::name).collect()
}

/// From a channel where it is sent to the same channel where it is read.
fn crossings(program: &Program, places: &BTreeMap<(NodeId, CollectionId), usize>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (sender, from) in program.nodes.iter() {
        let sent: BTreeSet<CollectionId> = rules(from).map(|rule| rule.head.collection).collect();
        for channel in sent {
            let collection = &from.collections[channel];
            if !matches!(
                collection.kind,
                CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
            ) {
                continue;
            }
            for (receiver, to) in program.nodes.iter().filter(|(id, _)| *id != sender) {
                let Some(end) = to.collection(&collection.name) else {
                    continue;
                };
                let is_read = rules(to).flat_map(reads).any(|(read, _)| read == end);
                if is_read {
                    edges.push(Edge {
                        from: places[&(sender, channel)],
                        to: places[&(receiver, end)],
                        flow: Flow::Async,
                        marks: Vec::new(),
                    });
                }
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests;
