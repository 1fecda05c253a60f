//! Which places depend on each other, and in which order rows flow.
//!
//! An edit of a few rules seldom changes that: a way that is gone changes nothing unless it went from a place to one that
//! leads back, and one that came nothing unless it goes against the order. Else all is found anew.

use bloom_stdx::graph::components_by;

use super::Graph;
use crate::calm::model::{At, RuleAt};

#[derive(Debug, Default)]
pub struct Components {
    /// Ways that no rule makes.
    steps: Vec<(At, At)>,
    /// All places, each after those that it depends on but for cycles; channels once.
    downstream: Vec<At>,
    /// Where in them a component ends.
    ends: Vec<usize>,
    /// Of each place, the number of its component in that order.
    ranks: Vec<u32>,
    /// Whether the place depends on itself over ticks or nodes.
    cyclic: Vec<bool>,
}

/// The rules that came and went.
#[derive(Default)]
pub struct Steps {
    pub gone: Vec<RuleAt>,
    pub came: Vec<RuleAt>,
}

impl Components {
    pub fn new(graph: &Graph, steps: Vec<(At, At)>) -> Self {
        let places = graph.place_count();
        let further = |node: usize, nth: usize| {
            let mut own = steps.iter().filter(|(from, _)| from.index() == node);
            own.nth(nth).map(|(_, to)| to.index())
        };
        let found = components_by(places, |node, nth| {
            let readers = &graph.readers[node];
            match readers.get(nth) {
                Some(&rule) => Some(graph.head(rule).index()),
                None if steps.is_empty() => None,
                None => further(node, nth - readers.len()),
            }
        });
        let mut components = Components {
            downstream: Vec::with_capacity(places),
            ends: Vec::with_capacity(found.iter().len()),
            ranks: vec![0; places],
            cyclic: Vec::new(),
            steps,
        };
        for (rank, component) in (0..).zip(found.iter().rev()) {
            for &place in component {
                components.ranks[place] = rank;
                if graph.canonical[place].index() == place {
                    components.downstream.push(At(place as u32));
                }
            }
            components.ends.push(components.downstream.len());
        }
        components.cyclic = components.turning(graph);
        components
    }

    /// Of each place, whether it depends on itself over ticks or nodes.
    fn turning(&self, graph: &Graph) -> Vec<bool> {
        let mut turns = vec![false; self.ends.len()];
        for &rule in graph.order.iter().flatten() {
            let rank = self.rank(graph.head(rule));
            if !graph.is_temporal(rule) || turns[rank] {
                continue;
            }
            let head = graph.head(rule);
            let mut reads = graph.reads_of(rule).iter();
            turns[rank] =
                reads.any(|&from| self.rank(from) == rank && (from != head || graph.is_loop(rule)));
        }
        for &(from, to) in &self.steps {
            turns[self.rank(to)] |= self.rank(from) == self.rank(to);
        }
        let ranks = self.ranks.iter();
        ranks.map(|&rank| turns[rank as usize]).collect()
    }

    /// Goes over to the graph as it is now; gives the places of which it changed whether they depend on themselves over
    /// ticks.
    pub(super) fn again(&mut self, graph: &Graph, steps: &Steps) -> Vec<At> {
        let mut alone = Vec::new();
        let mut is_same = true;
        let ways = |rule: RuleAt| {
            let head = graph.head(rule);
            graph.reads_of(rule).iter().map(move |&from| (from, head))
        };
        for (from, to) in steps.gone.iter().flat_map(|&rule| ways(rule)) {
            match self.rank(from) == self.rank(to) {
                true if from == to && self.component(self.rank(to)).len() == 1 => alone.push(to),
                true => is_same = false,
                false => {}
            }
        }
        for (from, to) in steps.came.iter().flat_map(|&rule| ways(rule)) {
            match self.rank(from).cmp(&self.rank(to)) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal
                    if from == to && self.component(self.rank(to)).len() == 1 =>
                {
                    alone.push(to);
                }
                std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => is_same = false,
            }
        }
        if !is_same {
            let now = Components::new(graph, std::mem::take(&mut self.steps));
            let before = std::mem::replace(self, now);
            let places = (0..).map(At).zip(before.cyclic.iter().zip(&self.cyclic));
            return places
                .filter(|(_, (was, is))| was != is)
                .map(|(at, _)| at)
                .collect();
        }
        alone.sort_unstable();
        alone.dedup();
        alone.retain(|&at| {
            let turns = |&rule: &RuleAt| {
                graph.head(rule) == at && graph.is_temporal(rule) && graph.is_loop(rule)
            };
            let is_cyclic = graph.readers(at).iter().any(turns) || self.steps.contains(&(at, at));
            std::mem::replace(&mut self.cyclic[at.index()], is_cyclic) != is_cyclic
        });
        alone
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// In the order in which rows flow, those together that depend on each other.
    pub fn iter(&self) -> impl Iterator<Item = &[At]> {
        (0..self.count()).map(|rank| self.component(rank))
    }

    pub fn component(&self, rank: usize) -> &[At] {
        let begin = rank.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.downstream[begin..self.ends[rank]]
    }

    /// The number of the place's component in that order.
    pub fn rank(&self, at: At) -> usize {
        self.ranks[at.index()] as usize
    }

    pub fn is_cyclic(&self, at: At) -> bool {
        self.cyclic[at.index()]
    }
}

/// Components that are to be looked at, in the order in which rows flow.
pub struct Due {
    heap: std::collections::BinaryHeap<std::cmp::Reverse<usize>>,
    is_due: Vec<bool>,
}

impl Due {
    pub fn new(components: &Components) -> Self {
        Due {
            heap: std::collections::BinaryHeap::new(),
            is_due: vec![false; components.count()],
        }
    }

    pub fn push(&mut self, rank: usize) {
        if !std::mem::replace(&mut self.is_due[rank], true) {
            self.heap.push(std::cmp::Reverse(rank));
        }
    }

    pub fn pop(&mut self) -> Option<usize> {
        let std::cmp::Reverse(rank) = self.heap.pop()?;
        self.is_due[rank] = false;
        Some(rank)
    }
}
