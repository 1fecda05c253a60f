//! `<+`, `<-` and `<+-`: next = (now minus deletes) plus merges; an upsert is both for its key.

use std::collections::{BTreeMap, BTreeSet};

use bloom_compiler::eval::Evaluator;
use bloom_plan::plan::RowError;
use bloom_plan::value::Row;

use super::body::Derived;
use super::relation::Relation;

/// What a tick deferred for one collection.
#[derive(Clone, Debug, Default)]
pub struct Deferred {
    pub deletes: Vec<Derived>,
    pub merges: Vec<Row>,
    pub upserts: Vec<Row>,
}

/// How a collection differs in the next tick from this tick's end.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Change {
    /// Keys.
    pub deletes: BTreeSet<Row>,
    /// Rows, each in place of the one with its key.
    pub inserts: BTreeMap<Row, Row>,
}

/// A key conflict, or a row error in a join.
#[derive(Clone, Debug)]
pub enum Trouble {
    Conflict(Row),
    Error(RowError),
}

impl Deferred {
    /// `stays`: whether the collection's rows are there in the next tick.
    pub fn settle(
        self,
        relation: &Relation,
        stays: bool,
        evaluator: &Evaluator<'_>,
        troubles: &mut Vec<Trouble>,
    ) -> Change {
        let now = |key: &Row| relation.rows.get(key).filter(|_| stays);
        let mut change = Change::default();
        if stays {
            let doomed = relation.rows.iter();
            let doomed = doomed.filter(|(_, row)| self.deletes.iter().any(|d| agrees(d, row)));
            change.deletes = doomed.map(|(key, _)| key.clone()).collect();
        }
        let mut keys: BTreeSet<Row> = self.merges.iter().map(|row| relation.key(row)).collect();
        keys.extend(self.upserts.iter().map(|row| relation.key(row)));
        for key in keys {
            let kept = now(&key).filter(|_| !change.deletes.contains(&key));
            match self.next(relation, &key, kept, evaluator) {
                Ok(row) => {
                    change.inserts.insert(key, row);
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        // What is already so is no change.
        change.inserts.retain(|key, row| {
            now(key) != Some(row) || {
                change.deletes.remove(key);
                false
            }
        });
        change
    }

    /// The row that a key has in the next tick.
    fn next(
        &self,
        relation: &Relation,
        key: &Row,
        kept: Option<&Row>,
        evaluator: &Evaluator<'_>,
    ) -> Result<Row, Trouble> {
        let of_key = |rows: &[Row]| -> Vec<Row> {
            let rows = rows.iter().filter(|row| relation.key(row) == *key);
            rows.cloned().collect()
        };
        let (merges, upserts) = (of_key(&self.merges), of_key(&self.upserts));
        let conflict = || Trouble::Conflict(key.clone());
        if let Some(first) = upserts.first() {
            let mut all = upserts.iter().chain(&merges);
            return match all.all(|row| row == first) {
                true => Ok(first.clone()),
                false => Err(conflict()),
            };
        }
        let mut next = merges[0].clone();
        for row in merges[1..].iter().chain(kept) {
            if !relation.same_plain(&next, row) {
                return Err(conflict());
            }
            next = relation
                .join(&next, row, evaluator)
                .map_err(Trouble::Error)?;
        }
        Ok(next)
    }
}

/// Whether a row has what a `<-` head gives.
fn agrees(given: &Derived, row: &Row) -> bool {
    let mut columns = given.iter().zip(row);
    columns.all(|(given, value)| given.as_ref().is_none_or(|given| given == value))
}
