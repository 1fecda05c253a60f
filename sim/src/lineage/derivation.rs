//! The smallest derivation of a fact, and the graph of all of them.
//!
//! Facts and the ways to them are a hypergraph; it is gathered from the fact asked for backwards. The least number of
//! steps to each fact is found as by Knuth, *A generalization of Dijkstra's algorithm*, 1977: a fact is settled with
//! its cheapest way once all that this way rests on is settled. So no fact rests on itself.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::cause::{Edge, Explainer, Fact, Given, How, Premise};
use super::tick::Trouble;

/// Facts that are looked at for one question; what lies beyond is told as unknown.
const FACTS_MAX: usize = 100_000;

/// Steps that something unknown counts as, so that what is known is preferred.
const UNKNOWN_STEPS: u64 = 1_000_000;

/// Facts, each with all ways to it.
#[derive(Debug)]
pub struct Lineage {
    nodes: IndexMap<Fact, Node, FxBuildHasher>,
}

#[derive(Debug)]
struct Node {
    edges: Vec<Edge>,
    /// The cheapest of the edges; none if nothing leads to the fact.
    best: Option<usize>,
    steps: u64,
}

/// All that a fact rests on.
pub fn lineage(explainer: &mut Explainer<'_>, goal: &Fact) -> Result<Lineage, Trouble> {
    let mut nodes: IndexMap<Fact, Node, FxBuildHasher> = IndexMap::default();
    nodes.insert(goal.clone(), Node::new());
    let mut next = 0;
    while next < nodes.len() {
        let (fact, _) = nodes.get_index(next).expect("it is not past the end");
        let edges = match next < FACTS_MAX {
            true => explainer.edges(&fact.clone())?,
            false => vec![Edge {
                how: How::Given(Given::Unknown),
                premises: Vec::new(),
            }],
        };
        for premise in edges.iter().flat_map(|edge| &edge.premises) {
            if let Premise::There(fact) = premise {
                nodes.entry(fact.clone()).or_insert_with(Node::new);
            }
        }
        nodes[next].edges = edges;
        next += 1;
    }
    let mut lineage = Lineage { nodes };
    lineage.settle();
    Ok(lineage)
}

impl Node {
    fn new() -> Node {
        Node {
            edges: Vec::new(),
            best: None,
            steps: u64::MAX,
        }
    }
}

impl Lineage {
    fn settle(&mut self) {
        // Of each edge, how many facts it rests on are not settled, and its steps so far.
        let mut open: Vec<Vec<(usize, u64)>> = Vec::new();
        let mut rests_on_it: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.nodes.len()];
        let mut queue = BinaryHeap::new();
        for (place, node) in self.nodes.values().enumerate() {
            let mut of_node = Vec::new();
            for (number, edge) in node.edges.iter().enumerate() {
                let mut there = Vec::new();
                let mut steps = match edge.how {
                    How::Given(Given::Unknown) => UNKNOWN_STEPS,
                    How::Given(_) | How::Rule(_) | How::Sent(_) | How::Joined | How::Seen => 1,
                };
                for premise in &edge.premises {
                    match premise {
                        Premise::There(fact) => {
                            let on = self.nodes.get_index_of(fact);
                            let on = on.expect("what an edge rests on was gathered");
                            if !there.contains(&on) {
                                there.push(on);
                                rests_on_it[on].push((place, number));
                            }
                        }
                        Premise::Absent(_) => steps += 1,
                    }
                }
                if there.is_empty() {
                    queue.push(Reverse((steps, place, number)));
                }
                of_node.push((there.len(), steps));
            }
            open.push(of_node);
        }
        while let Some(Reverse((steps, place, number))) = queue.pop() {
            let node = &mut self.nodes[place];
            if node.best.is_some() {
                continue;
            }
            (node.best, node.steps) = (Some(number), steps);
            for &(above, edge) in &rests_on_it[place] {
                let (left, sum) = &mut open[above][edge];
                *left -= 1;
                *sum = sum.saturating_add(steps);
                if *left == 0 {
                    queue.push(Reverse((*sum, above, edge)));
                }
            }
        }
    }

    /// The cheapest way to a fact; none if nothing leads to it.
    pub fn best(&self, fact: &Fact) -> Option<&Edge> {
        let node = self.nodes.get(fact)?;
        node.edges.get(node.best?)
    }

    /// All ways to a fact.
    pub fn all(&self, fact: &Fact) -> &[Edge] {
        self.nodes.get(fact).map_or(&[], |node| &node.edges)
    }

    /// The facts of the smallest derivation of one, each with its way, that one first.
    pub fn smallest<'l>(&'l self, goal: &'l Fact) -> Vec<(&'l Fact, &'l Edge)> {
        let mut found: IndexMap<&Fact, &Edge, FxBuildHasher> = IndexMap::default();
        let mut open = vec![goal];
        while let Some(fact) = open.pop() {
            let Some(edge) = self.best(fact) else {
                continue;
            };
            if found.insert(fact, edge).is_some() {
                continue;
            }
            for premise in edge.premises.iter().rev() {
                if let Premise::There(fact) = premise {
                    open.push(fact);
                }
            }
        }
        found.into_iter().collect()
    }
}
