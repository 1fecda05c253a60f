//! Strata: the strongly connected components of "is derived from" among relations, in topological
//! order (Tarjan, "Depth-first search and linear graph algorithms", 1972; a component is complete
//! before those that reach it, which is the order of evaluation).
//!
//! Components are the finest stratification there is. Whether reads within one are monotone is for
//! the analysis to say; it has, before a program comes here.

use bloom_plan::plan::{Arrow, RelationId, RuleId};

use super::{Literal, Rule};

/// The `<=` rules by stratum, in order of evaluation, each stratum in the order of its rules.
pub fn stratify(heads: &[(RelationId, Arrow)], rules: &[Rule], relations: usize) -> Vec<Vec<RuleId>> {
    let mut reads = vec![Vec::new(); relations];
    for ((head, arrow), rule) in heads.iter().zip(rules) {
        if *arrow == Arrow::Merge {
            reads[head.0 as usize].extend(rule.literals.iter().filter_map(read_by));
        }
    }
    let component = components(&reads);
    let mut strata = vec![Vec::new(); component.iter().max().map_or(0, |last| last + 1)];
    for (number, (head, arrow)) in heads.iter().enumerate() {
        if *arrow == Arrow::Merge {
            strata[component[head.0 as usize]].push(RuleId(number as u32));
        }
    }
    strata.retain(|stratum| !stratum.is_empty());
    strata
}

fn read_by(literal: &Literal) -> Option<usize> {
    match literal {
        Literal::Atom { relation, .. } | Literal::Not { relation, .. } => Some(relation.0 as usize),
        Literal::Condition(_) | Literal::Let { .. } | Literal::Each { .. } | Literal::Range { .. } => None,
    }
}

/// The component of each node; what a node points to is in its own or an earlier one.
fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut search = Search {
        edges,
        reached: vec![None; edges.len()],
        low: vec![0; edges.len()],
        component: vec![None; edges.len()],
        stack: Vec::new(),
        clock: 0,
        found: 0,
    };
    for node in 0..edges.len() {
        if search.reached[node].is_none() {
            search.visit(node);
        }
    }
    search
        .component
        .into_iter()
        .map(|component| component.expect("the search visits every node"))
        .collect()
}

struct Search<'e> {
    edges: &'e [Vec<usize>],
    /// When the node was reached.
    reached: Vec<Option<u32>>,
    /// The earliest node on the stack that is reachable from it.
    low: Vec<u32>,
    component: Vec<Option<usize>>,
    stack: Vec<usize>,
    clock: u32,
    found: usize,
}

impl Search<'_> {
    /// With a stack of its own, as programs may have chains of any length.
    fn visit(&mut self, root: usize) {
        let mut path = vec![(self.enter(root), 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(&target) = self.edges[node].get(*next) {
                *next += 1;
                match (self.reached[target], self.component[target]) {
                    (None, _) => path.push((self.enter(target), 0)),
                    (Some(when), None) => self.low[node] = self.low[node].min(when),
                    (Some(_), Some(_)) => {}
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                self.low[*parent] = self.low[*parent].min(self.low[node]);
            }
            if Some(self.low[node]) == self.reached[node] {
                self.close(node);
            }
        }
    }

    fn enter(&mut self, node: usize) -> usize {
        self.reached[node] = Some(self.clock);
        self.low[node] = self.clock;
        self.clock += 1;
        self.stack.push(node);
        node
    }

    fn close(&mut self, root: usize) {
        while let Some(node) = self.stack.pop() {
            self.component[node] = Some(self.found);
            if node == root {
                break;
            }
        }
        self.found += 1;
    }
}
