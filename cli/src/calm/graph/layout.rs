//! Where the boxes of a graph stand: layers from left to right, each kind of node by itself and one below the
//! other, so that its boxes stay together.

use super::Graph;
use super::layers::{Item, layers};

/// Between layers, for the edges and their marks.
const GAP_ACROSS: f64 = 84.0;
const GAP_DOWN: f64 = 16.0;
/// The height that a point of a long edge takes.
const POINT_HEIGHT: f64 = 10.0;
/// Around the boxes of a kind of node.
const MARGIN: f64 = 18.0;
/// For the name of a kind of node.
const TITLE_HEIGHT: f64 = 26.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The way of an edge, from the first box to the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    pub(super) points: Vec<(f64, f64)>,
    /// Leaves and enters boxes through their tops and bottoms.
    pub(super) upright: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layout {
    /// One a node.
    pub(super) nodes: Vec<Rect>,
    /// One a kind of node.
    pub(super) clusters: Vec<Rect>,
    /// One an edge.
    pub(super) edges: Vec<Line>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Lays out boxes of the sizes given.
pub(super) fn layout(graph: &Graph, sizes: &[(f64, f64)]) -> Layout {
    let mut layout = Layout {
        nodes: vec![Rect::default(); graph.nodes.len()],
        clusters: Vec::new(),
        edges: vec![Line::default(); graph.edges.len()],
        width: 0.0,
        height: 0.0,
    };
    for cluster in 0..graph.clusters.len() {
        let top = match layout.height > 0.0 {
            true => layout.height + MARGIN,
            false => 0.0,
        };
        let rect = place(&layers(graph, cluster), sizes, top, &mut layout);
        layout.clusters.push(rect);
        layout.width = layout.width.max(rect.width);
        layout.height = top + rect.height;
    }
    for (edge, line) in graph.edges.iter().zip(&mut layout.edges) {
        let crosses = graph.nodes[edge.from].cluster != graph.nodes[edge.to].cluster;
        route(
            layout.nodes[edge.from],
            layout.nodes[edge.to],
            crosses,
            line,
        );
    }
    for rect in &mut layout.clusters {
        rect.width = layout.width;
    }
    layout
}

/// Gives coordinates, the layers centred; the result is the frame around them.
fn place(layers: &[Vec<Item>], sizes: &[(f64, f64)], top: f64, layout: &mut Layout) -> Rect {
    let size = |item: &Item| match item {
        Item::Node(node) => sizes[*node],
        Item::Point { .. } => (0.0, POINT_HEIGHT),
    };
    let height_of = |layer: &Vec<Item>| {
        let heights: f64 = layer.iter().map(|item| size(item).1).sum();
        heights + GAP_DOWN * layer.len().saturating_sub(1) as f64
    };
    let height = layers.iter().map(height_of).fold(0.0, f64::max);
    let mut x = MARGIN;
    for layer in layers {
        let width = layer.iter().map(|item| size(item).0).fold(0.0, f64::max);
        let mut y = top + TITLE_HEIGHT + MARGIN / 2.0 + (height - height_of(layer)) / 2.0;
        for item in layer {
            let (own_width, own_height) = size(item);
            match *item {
                Item::Node(node) => {
                    layout.nodes[node] = Rect {
                        x: x + (width - own_width) / 2.0,
                        y,
                        width: own_width,
                        height: own_height,
                    };
                }
                Item::Point { edge } => {
                    let middle = y + own_height / 2.0;
                    layout.edges[edge]
                        .points
                        .extend([(x, middle), (x + width, middle)]);
                }
            }
            y += own_height + GAP_DOWN;
        }
        x += width + GAP_ACROSS;
    }
    Rect {
        x: 0.0,
        y: top,
        width: x - GAP_ACROSS + MARGIN,
        height: height + TITLE_HEIGHT + MARGIN * 1.5,
    }
}

/// Adds the ends to the points between. An edge that goes to another frame goes up or down; so does one
/// between boxes of one layer.
fn route(from: Rect, to: Rect, crosses: bool, line: &mut Line) {
    let forward = from.right() <= to.x;
    let backward = to.right() <= from.x;
    line.upright = crosses || !(forward || backward);
    let (start, end) = if line.upright && from.y < to.y {
        ((from.centre(), from.bottom()), (to.centre(), to.y))
    } else if line.upright {
        ((from.centre(), from.y), (to.centre(), to.bottom()))
    } else if forward {
        ((from.right(), from.middle()), (to.x, to.middle()))
    } else {
        line.points.reverse();
        ((from.x, from.middle()), (to.right(), to.middle()))
    };
    line.points.insert(0, start);
    line.points.push(end);
}

impl Rect {
    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub(super) fn centre(self) -> f64 {
        self.x + self.width / 2.0
    }

    fn middle(self) -> f64 {
        self.y + self.height / 2.0
    }
}
