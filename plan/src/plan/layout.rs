//! What an index holds of each row, worked out from what the plan's probes load: generated code and the
//! runtime must agree on it. What a relation was before is read by the index that tells how it is, so
//! both hold the same.

use std::collections::{HashMap, HashSet};

use super::{Extent, Index, IndexId, Op, Plan, RelationId, Role};

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
    let mut loaded: HashMap<(RelationId, &[u32]), Vec<u32>> = HashMap::new();
    for op in plan.versions.iter().flat_map(|version| &version.nest) {
        if let Op::Probe { index, bind, .. } = op {
            let index = &plan.indexes[index.0 as usize];
            let loaded = loaded.entry((index.relation, &index.columns)).or_default();
            loaded.extend(bind.iter().map(|bind| bind.column));
        }
    }
    // When a row came is known by its number, and so is the row that stands for a deferred change.
    let standing: HashSet<IndexId> = plan.standing.iter().map(|s| s.index).collect();
    let indexes = (0..).map(IndexId).zip(&plan.indexes);
    let layouts = indexes.map(|(id, index)| {
        let loaded = loaded.get(&(index.relation, &index.columns[..]));
        let by_number = index.part == Extent::Founded || standing.contains(&id);
        layout(plan, index, by_number, loaded.cloned().unwrap_or_default())
    });
    layouts.collect()
}

fn layout(plan: &Plan, index: &Index, by_number: bool, mut loaded: Vec<u32>) -> Layout {
    let relation = &plan.relations[index.relation.0 as usize];
    let keys = relation.key_columns();
    if !index.columns.is_empty() && keys.eq(index.columns.iter().copied()) {
        return Layout::Key;
    }
    if by_number {
        return Layout::Numbers;
    }
    loaded.sort_unstable();
    loaded.dedup();
    // Lattices change in place; a copy would not.
    let grows = |&column: &u32| relation.columns[column as usize].role == Role::Lattice;
    if loaded.is_empty() || loaded.len() > COLUMNS_MAX || loaded.iter().any(grows) {
        return Layout::Numbers;
    }
    Layout::Columns(loaded)
}
