//! The lives of nodes in a symbolic run: each node has one from the start, and for each tick in which it may come
//! back a second one, which begins then with what its disk held.
//!
//! Everything of a life is under the assumption that it is lived, as everything of a node is under the assumption that
//! it is up. A second life does not end: no node crashes twice.

use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;

use crate::shape::Words;

use super::circuit::Lit;
use super::node::Node;
use super::variables::Variables;

/// A row that arrives, and when.
pub type Arrival = (RelationId, Words, Lit);

#[derive(Debug)]
pub struct Life {
    /// The node, by its place in the test.
    pub place: usize,
    /// Its first tick.
    pub from: u32,
    /// Of a second life: whether it begins.
    returns: Option<Lit>,
    pub node: Node,
    /// What arrives, and in which tick.
    pub under_way: Vec<(u32, Arrival)>,
}

impl Life {
    pub fn first(place: usize, node: Node) -> Life {
        Life {
            place,
            from: 1,
            returns: None,
            node,
            under_way: Vec::new(),
        }
    }

    pub fn second(place: usize, from: u32, returns: Lit, node: Node) -> Life {
        Life {
            from,
            returns: Some(returns),
            ..Life::first(place, node)
        }
    }

    /// Whether the node is in this life in a tick, which is none before its first.
    pub fn is_lived(&self, variables: &Variables, tick: u32) -> Lit {
        match self.returns {
            Some(returns) => returns,
            None => variables.first_life(self.place, tick),
        }
    }

    /// Takes what arrives in the tick.
    pub fn due(&mut self, tick: u32) -> Vec<Arrival> {
        let under_way = std::mem::take(&mut self.under_way);
        let (due, later) = under_way.into_iter().partition(|(when, _)| *when == tick);
        self.under_way = later;
        let due: Vec<(u32, Arrival)> = due;
        due.into_iter().map(|(_, arrival)| arrival).collect()
    }

    /// Puts a row on its way; what does not fit is refused, as by the runtime.
    pub fn arrive(&mut self, channel: &str, row: &Row, tick: u32, condition: Lit) {
        let Some(relation) = self.node.relation(channel) else {
            return;
        };
        if let Some(words) = self.node.words(relation, row) {
            self.under_way.push((tick, (relation, words, condition)));
        }
    }
}
