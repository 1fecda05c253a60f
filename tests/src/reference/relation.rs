//! Rows of one collection, by key.

use std::collections::{BTreeMap, BTreeSet};

use bloom_compiler::eval::Evaluator;
use bloom_compiler::hir::Collection;
use bloom_compiler::typing::ColumnTypes;
use bloom_plan::plan::RowError;
use bloom_plan::types::{TypeId, TypeTable};
use bloom_plan::value::Row;

#[derive(Clone, Debug, Default)]
pub struct Relation {
    keys: Vec<usize>,
    /// Value columns that are no lattices.
    plain: Vec<usize>,
    lattices: Vec<(usize, TypeId)>,
    pub rows: BTreeMap<Row, Row>,
    /// Rows with which the tick began.
    pub earlier: BTreeMap<Row, Row>,
    /// Keys of which no new row merges in this tick.
    pub poisoned: BTreeSet<Row>,
    /// What every key has come with, where the collection is `immutable`.
    pub ever: Option<BTreeMap<Row, Row>>,
    /// What is on disk, where it is durable.
    pub disk: BTreeMap<Row, Row>,
}

/// What a row did that was merged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Merged {
    Nothing,
    Changed,
    /// Conflicts with a row of an earlier tick, and is left out.
    Refused,
    /// Conflicts with another new row.
    Conflict,
}

impl Relation {
    pub fn new(declared: &Collection, columns: &[ColumnTypes], types: &TypeTable) -> Self {
        let mut relation = Relation {
            ever: declared.immutable.then(BTreeMap::new),
            ..Relation::default()
        };
        for (place, (column, typed)) in declared.columns.iter().zip(columns).enumerate() {
            if column.key {
                relation.keys.push(place);
            } else if types.is_lattice(typed.ty) {
                relation.lattices.push((place, typed.ty));
            } else {
                relation.plain.push(place);
            }
        }
        relation
    }

    pub fn restore(&mut self, rows: Vec<Row>) {
        self.rows = rows.into_iter().map(|row| (self.key(&row), row)).collect();
        self.disk = self.rows.clone();
    }

    pub fn sorted(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows.values().cloned().collect();
        rows.sort();
        rows
    }

    pub fn key(&self, row: &Row) -> Row {
        self.keys
            .iter()
            .map(|&column| row[column].clone())
            .collect()
    }

    pub fn same_plain(&self, a: &Row, b: &Row) -> bool {
        self.plain.iter().all(|&column| a[column] == b[column])
    }

    /// Merges a new row.
    pub fn merge(&mut self, row: &Row, evaluator: &Evaluator<'_>) -> Result<Merged, RowError> {
        let key = self.key(row);
        if self.poisoned.contains(&key) {
            return Ok(Merged::Nothing);
        }
        if let Some(there) = self.ever.as_ref().and_then(|ever| ever.get(&key))
            && there != row
        {
            return Ok(Merged::Refused);
        }
        let Some(there) = self.rows.get(&key) else {
            self.rows.insert(key, row.clone());
            return Ok(Merged::Changed);
        };
        if !self.same_plain(there, row) {
            return Ok(match self.earlier.contains_key(&key) {
                true => Merged::Refused,
                false => Merged::Conflict,
            });
        }
        let joined = self.join(there, row, evaluator)?;
        if joined == *there {
            return Ok(Merged::Nothing);
        }
        self.rows.insert(key, joined);
        Ok(Merged::Changed)
    }

    /// The row with the lattice columns of both.
    pub fn join(&self, a: &Row, b: &Row, with: &Evaluator<'_>) -> Result<Row, RowError> {
        let mut joined = a.clone();
        for &(column, ty) in &self.lattices {
            joined[column] = with.join(ty, &a[column], &b[column])?;
        }
        Ok(joined)
    }
}
