//! Inputs of the works that take all at once, but for programs of objects.

use std::io;

use super::Facts;

/// Edges between nodes so many that most reach most: `nodes`² rows of paths, nearly.
pub fn random(facts: &mut Facts<'_>, nodes: usize) -> io::Result<()> {
    let nodes = facts.options.side(nodes);
    let edges = facts.pairs(4 * nodes, nodes);
    facts.rows("edge", edges)
}

/// Just too few edges for a component that holds most nodes.
pub fn sparse(facts: &mut Facts<'_>) -> io::Result<()> {
    let nodes = facts.options.size(100_000);
    let edges = facts.pairs(nodes * 19 / 20, nodes);
    facts.rows("edge", edges)
}

pub fn chain(facts: &mut Facts<'_>) -> io::Result<()> {
    let nodes = facts.options.side(5_000);
    facts.rows("edge", (1..nodes).map(|x| [x - 1, x]))
}

/// Edges to the right and down.
pub fn grid(facts: &mut Facts<'_>) -> io::Result<()> {
    let side = facts.options.side(3_600).isqrt().max(2);
    let at = |row: usize, column: usize| row * side + column;
    let cells = (0..side).flat_map(|row| (0..side).map(move |column| (row, column)));
    let edges = cells.flat_map(|(row, column)| {
        let right = (column + 1 < side).then(|| [at(row, column), at(row, column + 1)]);
        let down = (row + 1 < side).then(|| [at(row, column), at(row + 1, column)]);
        right.into_iter().chain(down)
    });
    facts.rows("edge", edges)
}

/// Layers below one root, each node with two parents in the layer above.
pub fn layered_parents(facts: &mut Facts<'_>) -> io::Result<()> {
    let (layers, width) = (10, facts.options.side(330));
    let mut rows = Vec::new();
    for layer in 0..layers {
        for place in 0..width {
            let child = 1 + layer * width + place;
            for _ in 0..2 {
                let parent = match layer {
                    0 => 0,
                    _ => 1 + (layer - 1) * width + facts.random.below(width),
                };
                rows.push([child, parent]);
            }
        }
    }
    rows.sort_unstable();
    rows.dedup();
    facts.rows("parent", rows)
}

/// Three kinds of edges.
pub fn context_free(facts: &mut Facts<'_>) -> io::Result<()> {
    let nodes = facts.options.side(1_080);
    for name in ["a", "b", "c"] {
        let edges = facts.pairs(nodes * 3 / 2, nodes);
        facts.rows(name, edges)?;
    }
    Ok(())
}

/// Statements of a program with pointers; the first tenth of the variables have their address taken.
pub fn points_to(facts: &mut Facts<'_>) -> io::Result<()> {
    let variables = facts.options.side(7_000);
    let objects = (variables / 10).max(1);
    let random = &mut facts.random;
    let address: Vec<_> = (0..variables / 2)
        .map(|_| [random.below(variables), random.below(objects)])
        .collect();
    let copy = facts.pairs(variables, variables);
    let load = facts.pairs(variables / 12, variables);
    let store = facts.pairs(variables / 12, variables);
    facts.rows("address", address)?;
    facts.rows("copy", copy)?;
    facts.rows("load", load)?;
    facts.rows("store", store)
}

/// Edges with lengths, and where paths begin.
pub fn weighted(facts: &mut Facts<'_>) -> io::Result<()> {
    let nodes = facts.options.size(200_000);
    let edges = facts.pairs(5 * nodes, nodes);
    let random = &mut facts.random;
    let edges: Vec<_> = edges
        .into_iter()
        .map(|[x, y]| [x, y, 1 + random.below(100)])
        .collect();
    facts.rows("edge", edges)?;
    facts.rows("source", [[0], [1]])
}

/// About as many edges as nodes, which makes one large component and many small.
pub fn links(facts: &mut Facts<'_>) -> io::Result<()> {
    let nodes = facts.options.size(400_000);
    let edges = facts.pairs(nodes, nodes);
    facts.rows("edge", edges)
}

/// What customers bought, some of it told twice, and what they gave back.
pub fn sales(facts: &mut Facts<'_>) -> io::Result<()> {
    let rows = facts.options.size(10_000_000);
    let (customers, products) = (rows.div_ceil(10), 1_000);
    let random = &mut facts.random;
    let mut sale = || {
        [
            random.below(customers),
            random.below(products),
            1 + random.below(100),
        ]
    };
    let mut sales: Vec<_> = (0..rows - rows / 100).map(|_| sale()).collect();
    sales.extend_from_within(..rows / 100);
    facts.rows("sale", sales)?;
    let random = &mut facts.random;
    let returned: Vec<_> = (0..rows / 2)
        .map(|_| [random.below(customers), random.below(products)])
        .collect();
    facts.rows("returned", returned)
}
