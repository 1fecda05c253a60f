//! Strata as small as they can be: the strongly connected components of the graph of relations
//! (Tarjan 1972), in an order in which each comes after what it reads. What a change makes run anew,
//! or needs deleting and deriving again for, is then no more than what depends on itself.

use bloom_plan::plan::RuleId;

use crate::rir::{Literal, Program};

/// Cuts every stratum into its components.
pub(super) fn split(program: &mut Program) {
    let strata = std::mem::take(&mut program.strata);
    program.strata = strata.iter().flat_map(|rules| of(program, rules)).collect();
}

/// The rules of a stratum by component of their heads; each in the order of rules.
pub(super) fn of(program: &Program, rules: &[RuleId]) -> Vec<Vec<RuleId>> {
    let head = |rule: &RuleId| program.declarations.rules[rule.0 as usize].head;
    let mut heads: Vec<_> = rules.iter().map(head).collect();
    heads.sort_unstable();
    heads.dedup();
    let place = |relation| heads.binary_search(&relation).ok();
    let mut reads: Vec<Vec<usize>> = vec![Vec::new(); heads.len()];
    for rule in rules {
        let from = place(head(rule)).expect("the head is among the heads");
        for literal in &program.rules[rule.0 as usize].literals {
            if let Literal::Atom { relation, .. } | Literal::Not { relation, .. } = literal {
                reads[from].extend(place(*relation));
            }
        }
    }
    let (component, count) = Tarjan::run(&reads);
    let mut parts = vec![Vec::new(); count];
    for &rule in rules {
        let place = place(head(&rule)).expect("the head is among the heads");
        parts[component[place]].push(rule);
    }
    parts
}

/// Tarjan's algorithm with a stack of its own, since chains of rules may be long.
struct Tarjan<'g> {
    reads: &'g [Vec<usize>],
    /// Order of discovery from 1; 0 is not seen yet.
    order: Vec<usize>,
    low: Vec<usize>,
    component: Vec<Option<usize>>,
    open: Vec<usize>,
    seen: usize,
    count: usize,
}

impl<'g> Tarjan<'g> {
    /// The component of each node, numbered such that what a node reads has no greater number.
    fn run(reads: &'g [Vec<usize>]) -> (Vec<usize>, usize) {
        let mut tarjan = Tarjan {
            reads,
            order: vec![0; reads.len()],
            low: vec![0; reads.len()],
            component: vec![None; reads.len()],
            open: Vec::new(),
            seen: 0,
            count: 0,
        };
        for node in 0..reads.len() {
            if tarjan.order[node] == 0 {
                tarjan.visit(node);
            }
        }
        let component = tarjan.component.into_iter();
        let all = component.map(|c| c.expect("every node was visited"));
        (all.collect(), tarjan.count)
    }

    fn enter(&mut self, node: usize) {
        self.seen += 1;
        self.order[node] = self.seen;
        self.low[node] = self.seen;
        self.open.push(node);
    }

    fn visit(&mut self, root: usize) {
        self.enter(root);
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let (node, place) = (*node, *next);
            *next += 1;
            match self.reads[node].get(place) {
                Some(&read) if self.order[read] == 0 => {
                    self.enter(read);
                    path.push((read, 0));
                }
                Some(&read) if self.component[read].is_none() => {
                    self.low[node] = self.low[node].min(self.order[read]);
                }
                Some(_) => {}
                None => {
                    self.leave(node);
                    path.pop();
                    if let Some(&(parent, _)) = path.last() {
                        self.low[parent] = self.low[parent].min(self.low[node]);
                    }
                }
            }
        }
    }

    fn leave(&mut self, node: usize) {
        if self.low[node] < self.order[node] {
            return;
        }
        while let Some(member) = self.open.pop() {
            self.component[member] = Some(self.count);
            if member == node {
                break;
            }
        }
        self.count += 1;
    }
}
