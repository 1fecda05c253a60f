//! Pictures of random graphs.

use bloom_stdx::random::Random;

use super::layout::layout;
use super::{Edge, Flow, Graph, Node, Tone};

fn random_graph(seed: u64) -> Graph {
    let mut random = Random::new(seed);
    let mut below = |limit: u64| (random.next() % limit) as usize;
    let count = 1 + below(14);
    let clusters = 1 + below(3);
    let node = |number: usize, cluster: usize| Node {
        name: format!("n{number}"),
        cluster,
        kind: "table",
        tone: Tone::Plain,
        note: String::new(),
        inserted: String::new(),
    };
    let nodes = (0..count)
        .map(|number| node(number, below(clusters as u64)))
        .collect();
    let edges = (0..below(30))
        .map(|_| Edge {
            from: below(count as u64),
            to: below(count as u64),
            flow: Flow::Now,
            marks: Vec::new(),
        })
        .collect();
    Graph {
        clusters: (0..clusters).map(|number| format!("K{number}")).collect(),
        nodes,
        edges,
    }
}

#[test]
fn boxes_stand_in_their_frames_and_not_on_each_other() {
    for seed in 0..300 {
        let graph = random_graph(seed);
        let sizes: Vec<(f64, f64)> = (0..graph.nodes.len())
            .map(|n| (40.0 + n as f64 * 9.0, 42.0))
            .collect();
        let layout = layout(&graph, &sizes);
        for (at, rect) in layout.nodes.iter().enumerate() {
            let frame = layout.clusters[graph.nodes[at].cluster];
            assert!(
                rect.x > frame.x && rect.right() < frame.right(),
                "seed {seed}"
            );
            assert!(
                rect.y > frame.y && rect.bottom() < frame.bottom(),
                "seed {seed}"
            );
            for other in &layout.nodes[at + 1..] {
                let beside = rect.right() < other.x || other.right() < rect.x;
                let apart = rect.bottom() < other.y || other.bottom() < rect.y;
                assert!(beside || apart, "seed {seed}: {rect:?} {other:?}");
            }
        }
        for (edge, line) in graph.edges.iter().zip(&layout.edges) {
            assert!(line.points.len() >= 2, "seed {seed}: {edge:?}");
            assert!(
                line.points
                    .iter()
                    .all(|(x, y)| x.is_finite() && y.is_finite())
            );
        }
    }
}

/// An edge from an earlier layer to a later one never runs back.
#[test]
fn chains_run_from_left_to_right() {
    let mut graph = random_graph(1);
    graph.clusters.truncate(1);
    for node in &mut graph.nodes {
        node.cluster = 0;
    }
    graph.edges = (1..graph.nodes.len())
        .map(|to| Edge {
            from: to - 1,
            to,
            flow: Flow::Now,
            marks: Vec::new(),
        })
        .collect();
    let layout = layout(&graph, &vec![(50.0, 42.0); graph.nodes.len()]);
    let ordered = layout
        .nodes
        .windows(2)
        .all(|pair| pair[0].right() < pair[1].x);
    assert!(ordered, "{layout:?}");
}
