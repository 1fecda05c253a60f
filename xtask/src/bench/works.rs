//! The works of B1 to B4: programs, their inputs and outputs, and which peers can express them.

use super::answers::Outputs;
use super::inputs::{self, Generator};
use super::peers::Peer;

pub struct Work {
    /// The benchmark it belongs to.
    pub id: &'static str,
    pub name: &'static str,
    /// The program, in whatever language.
    pub program: &'static str,
    pub generate: Generator,
    pub outputs: Outputs,
    /// Beside Bloom and the hand-written program.
    peers: &'static [Peer],
}

impl Work {
    /// All that can run it, Bloom first and the hand-written program second.
    pub fn peers(&self) -> impl Iterator<Item = Peer> {
        [Peer::Bloom, Peer::Hand]
            .into_iter()
            .chain(self.peers.iter().copied())
    }
}

const JOINS: &[Peer] = &[
    Peer::Ascent,
    Peer::Crepe,
    Peer::Datafrog,
    Peer::Differential,
    Peer::Souffle,
];
/// Lattices, or aggregates after negation, or very many rules.
const MORE_THAN_JOINS: &[Peer] = &[Peer::Ascent, Peer::Differential, Peer::Souffle];

const PATH: Outputs = &[("path", 2)];

const fn closure(name: &'static str, generate: Generator) -> Work {
    Work {
        id: "B1",
        name,
        program: "tc",
        generate,
        outputs: PATH,
        peers: JOINS,
    }
}

pub const WORKS: [Work; 12] = [
    closure("random graph, 1 M paths", |facts| {
        inputs::random(facts, 1_020)
    }),
    closure("random graph, 10 M paths", |facts| {
        inputs::random(facts, 3_230)
    }),
    closure("sparse graph", inputs::sparse),
    closure("chain", inputs::chain),
    closure("grid", inputs::grid),
    Work {
        id: "B2",
        name: "same generation",
        program: "same_generation",
        generate: inputs::layered_parents,
        outputs: &[("same", 2)],
        peers: JOINS,
    },
    Work {
        id: "B2",
        name: "points-to",
        program: "points_to",
        generate: inputs::points_to,
        outputs: &[("points", 2)],
        peers: JOINS,
    },
    Work {
        id: "B2",
        name: "context-free reachability",
        program: "context_free",
        generate: inputs::context_free,
        outputs: &[("p", 2), ("q", 2), ("r", 2)],
        peers: JOINS,
    },
    Work {
        id: "B2",
        name: "virtual calls",
        program: "virtual_calls",
        generate: inputs::virtual_calls,
        outputs: &[
            ("points", 2),
            ("field_points", 3),
            ("calls", 2),
            ("reachable", 1),
        ],
        peers: MORE_THAN_JOINS,
    },
    Work {
        id: "B3",
        name: "shortest paths",
        program: "shortest",
        generate: inputs::weighted,
        outputs: &[("distance", 2)],
        peers: MORE_THAN_JOINS,
    },
    Work {
        id: "B3",
        name: "connected components",
        program: "components",
        generate: inputs::links,
        outputs: &[("component", 2)],
        peers: MORE_THAN_JOINS,
    },
    Work {
        id: "B4",
        name: "negation and group-by",
        program: "negation_groups",
        generate: inputs::sales,
        outputs: &[("spent", 3)],
        peers: MORE_THAN_JOINS,
    },
];
