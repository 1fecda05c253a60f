//! The indexes of a plan, each once.
//!
//! A hash index answers look-ups by exactly its columns, so that one ordered index serves a chain of column sets
//! (Subotić, Jordan, Chang, Fekete & Scholz, VLDB 2018) does not carry over. What is shared: look-ups by the same
//! columns, whichever rows they ask for (the part of an index is no index of its own in a running node, but for
//! support, which needs row numbers); and all look-ups by sets that contain the key, which the table of keys
//! answers that every relation has anyway. With that there is one index for each set of columns without the key
//! that is looked up by, which is the least unless a look-up by more columns goes through all rows with fewer of
//! them. That is not done: it would save memory where few rows share the fewer columns, and cost time elsewhere.
//! An index that nothing looks into takes no rows in, so one that a new plan leaves costs nothing more.

use indexmap::IndexSet;

use bloom_plan::plan::{Extent, Index, IndexId, Plan, Relation, RelationId, Role};

/// Indexes in the order in which versions asked for them.
#[derive(Default)]
pub(super) struct Indexes(IndexSet<Index>);

impl Indexes {
    /// Those that a plan has.
    pub(super) fn of(plan: &Plan) -> Indexes {
        Indexes(plan.indexes.iter().cloned().collect())
    }

    /// The index on these columns, which ascend.
    pub(super) fn on(&mut self, relation: RelationId, columns: Vec<u32>, part: Extent) -> IndexId {
        self.add(Index {
            relation,
            columns,
            part,
        })
    }

    /// Takes in those that were asked for elsewhere; the number of each here.
    pub(super) fn append(&mut self, others: Indexes) -> Vec<IndexId> {
        let others = others.0.into_iter();
        others.map(|index| self.add(index)).collect()
    }

    fn add(&mut self, index: Index) -> IndexId {
        let (place, _) = self.0.insert_full(index);
        IndexId(place as u32)
    }

    pub(super) fn into_vec(self) -> Vec<Index> {
        self.0.into_iter().collect()
    }
}

/// Of the columns that are known, those to look rows up by. Where they contain the whole key, the
/// key alone: it leaves at most one row, and every such look-up shares one index. Lattice columns
/// change in place and are never looked up by.
pub(super) fn columns_to_probe(relation: &Relation, known: &[u32]) -> Vec<u32> {
    let keys: Vec<u32> = relation.key_columns().collect();
    if !keys.is_empty() && keys.iter().all(|key| known.contains(key)) {
        return keys;
    }
    known
        .iter()
        .copied()
        .filter(|&column| relation.columns[column as usize].role != Role::Lattice)
        .collect()
}

/// Whether the known columns leave at most one row.
pub(super) fn determines_row(relation: &Relation, known: &[u32]) -> bool {
    relation.key_columns().all(|key| known.contains(&key))
}
