//! What an index holds of each row, worked out from what the plan's probes load: generated code and the
//! runtime must agree on it.

use super::{IndexId, Op, Plan, Role};

/// The most columns that an index copies.
const COLUMNS_MAX: usize = 3;

/// What probes of an index get.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Layout {
    /// The index is on the relation's key: at most one row, in place.
    Key,
    /// Copies of these columns, row after row.
    Columns(Vec<u32>),
    /// Row numbers.
    Numbers,
}

/// The layouts of all indexes of the plan, by number.
pub fn layouts(plan: &Plan) -> Vec<Layout> {
    let mut loaded: Vec<Vec<u32>> = vec![Vec::new(); plan.indexes.len()];
    for op in plan.versions.iter().flat_map(|version| &version.nest) {
        if let Op::Probe { index, bind, .. } = op {
            loaded[index.0 as usize].extend(bind.iter().map(|bind| bind.column));
        }
    }
    let ids = (0..).map(IndexId);
    ids.zip(loaded)
        .map(|(id, columns)| layout(plan, id, columns))
        .collect()
}

fn layout(plan: &Plan, id: IndexId, mut loaded: Vec<u32>) -> Layout {
    let index = &plan.indexes[id.0 as usize];
    let columns = &plan.relations[index.relation.0 as usize].columns;
    let is_key = |column: &u32| columns[*column as usize].role == Role::Key;
    let keys = (0..columns.len() as u32).filter(is_key);
    if !index.columns.is_empty() && keys.eq(index.columns.iter().copied()) {
        return Layout::Key;
    }
    loaded.sort_unstable();
    loaded.dedup();
    // Lattices change in place; a copy would not.
    let grows = |&column: &u32| columns[column as usize].role == Role::Lattice;
    if loaded.is_empty() || loaded.len() > COLUMNS_MAX || loaded.iter().any(grows) {
        return Layout::Numbers;
    }
    Layout::Columns(loaded)
}
