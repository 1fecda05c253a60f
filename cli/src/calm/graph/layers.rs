//! In which layer each box stands, and in which order: the first two steps of Sugiyama, Tagawa and Toda (1981).
//!
//! Back edges are turned around; a node's layer is the longest way to it; an edge over several layers has a
//! point in each; and the order within layers is by barycentres, swept forth and back.

use bloom_stdx::graph::components;

use super::Graph;

/// Sweeps of the barycentre method; more change little.
const SWEEPS: usize = 8;

/// What stands in a layer: a node, or a point that an edge goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Node(usize),
    Point { edge: usize },
}

/// A place in the layers, with those in the layers before and after that it is joined to.
#[derive(Clone, Debug)]
struct Slot {
    item: Item,
    before: Vec<usize>,
    after: Vec<usize>,
    /// Within its layer, from 0 to 1, so that layers of different lengths can be compared.
    position: f64,
}

/// The layers of one kind of node, each in order.
pub(super) fn layers(graph: &Graph, cluster: usize) -> Vec<Vec<Item>> {
    let members: Vec<usize> = (0..graph.nodes.len())
        .filter(|&node| graph.nodes[node].cluster == cluster)
        .collect();
    let edges: Vec<(usize, usize, usize)> = forward(graph, cluster);
    let rank = ranks(graph.nodes.len(), &edges);
    let mut slots = Vec::new();
    let mut layers: Vec<Vec<usize>> = Vec::new();
    let mut slot_of_node = vec![usize::MAX; graph.nodes.len()];
    for node in members {
        slot_of_node[node] = add(&mut slots, &mut layers, Item::Node(node), rank[node]);
    }
    for (edge, from, to) in edges {
        let mut last = slot_of_node[from];
        for layer in rank[from] + 1..rank[to] {
            let point = add(&mut slots, &mut layers, Item::Point { edge }, layer);
            join(&mut slots, last, point);
            last = point;
        }
        join(&mut slots, last, slot_of_node[to]);
    }
    order(&mut slots, &mut layers);
    let items = |layer: Vec<usize>| layer.into_iter().map(|slot| slots[slot].item).collect();
    layers.into_iter().map(items).collect()
}

fn add(slots: &mut Vec<Slot>, layers: &mut Vec<Vec<usize>>, item: Item, layer: usize) -> usize {
    if layers.len() <= layer {
        layers.resize(layer + 1, Vec::new());
    }
    layers[layer].push(slots.len());
    slots.push(Slot {
        item,
        before: Vec::new(),
        after: Vec::new(),
        position: 0.0,
    });
    slots.len() - 1
}

fn join(slots: &mut [Slot], from: usize, to: usize) {
    slots[from].after.push(to);
    slots[to].before.push(from);
}

/// The edges inside a kind of node, each with its number, turned so that none is in a cycle.
fn forward(graph: &Graph, cluster: usize) -> Vec<(usize, usize, usize)> {
    let inside = |node: usize| graph.nodes[node].cluster == cluster;
    let mut successors = vec![Vec::new(); graph.nodes.len()];
    let mut edges = Vec::new();
    for (at, edge) in graph.edges.iter().enumerate() {
        if inside(edge.from) && inside(edge.to) && edge.from != edge.to {
            successors[edge.from].push(edge.to);
            edges.push((at, edge.from, edge.to));
        }
    }
    // Components come after what they lead to; inside one, nodes are taken as declared.
    let mut position = vec![0; graph.nodes.len()];
    for (at, component) in components(&successors).iter().rev().enumerate() {
        for &node in component {
            position[node] = at;
        }
    }
    for (_, from, to) in &mut edges {
        if (position[*to], *to) < (position[*from], *from) {
            std::mem::swap(from, to);
        }
    }
    edges
}

/// The longest way to each node over edges that have no cycle.
fn ranks(count: usize, edges: &[(usize, usize, usize)]) -> Vec<usize> {
    let mut successors = vec![Vec::new(); count];
    for &(_, from, to) in edges {
        successors[from].push(to);
    }
    let mut rank = vec![0; count];
    for from in components(&successors).into_iter().rev().flatten() {
        for &to in &successors[from] {
            rank[to] = rank[to].max(rank[from] + 1);
        }
    }
    rank
}

/// Orders each layer by the mean position of what its slots are joined to in the layer before, then after.
fn order(slots: &mut [Slot], layers: &mut [Vec<usize>]) {
    for layer in layers.iter() {
        set_positions(slots, layer);
    }
    for sweep in 0..SWEEPS {
        let forth = sweep % 2 == 0;
        for step in 1..layers.len() {
            let at = if forth { step } else { layers.len() - 1 - step };
            let layer = &mut layers[at];
            for &slot in layer.iter() {
                slots[slot].position = barycentre(slots, slot, forth);
            }
            layer.sort_by(|&a, &b| slots[a].position.total_cmp(&slots[b].position));
            set_positions(slots, layer);
        }
    }
}

fn set_positions(slots: &mut [Slot], layer: &[usize]) {
    for (order, &slot) in layer.iter().enumerate() {
        slots[slot].position = (order as f64 + 0.5) / layer.len() as f64;
    }
}

/// Its own position if it is joined to nothing on that side.
fn barycentre(slots: &[Slot], slot: usize, forth: bool) -> f64 {
    let joined = match forth {
        true => &slots[slot].before,
        false => &slots[slot].after,
    };
    if joined.is_empty() {
        return slots[slot].position;
    }
    let sum: f64 = joined.iter().map(|&other| slots[other].position).sum();
    sum / joined.len() as f64
}
