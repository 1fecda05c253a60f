//! Relations whose rows carry the condition under which they are there, and how such rows merge.
//!
//! A row is one whole row: of a key that may have different values there are several, each with the condition
//! that the key has exactly this value; so reading a row is the same for every relation. Invariant: no condition
//! is false, and of two rows with one key at most one is there.
//!
//! Merging follows the runtime: lattice columns join; of unequal plain values for one key, new in one tick,
//! none merges; one that was there before stays.

use std::hash::BuildHasherDefault;

use bloom_runtime::Interpreter;
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHasher};

use crate::shape::{Shape, Words};

use super::circuit::{Circuit, Lit};
use super::limit::Limit;

/// Different values of one key past which a search gives up.
const VALUES_MAX: usize = 2_048;

pub type FxIndexMap<K, V> = IndexMap<K, V, BuildHasherDefault<FxHasher>>;

/// Rows with their conditions.
pub type Rows = FxIndexMap<Words, Lit>;

/// Rows, and where they are by some of their columns.
#[derive(Debug, Default)]
pub struct Relation {
    rows: Rows,
    indexes: FxHashMap<Box<[u32]>, FxHashMap<Words, Vec<u32>>>,
}

impl Relation {
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    pub fn replace(&mut self, rows: Rows) {
        self.rows = rows;
        self.indexes.clear();
    }

    /// Makes an index on the columns, unless there is one.
    pub fn index(&mut self, columns: &[u32]) {
        if columns.is_empty() || self.indexes.contains_key(columns) {
            return;
        }
        let mut index: FxHashMap<Words, Vec<u32>> = FxHashMap::default();
        for (number, row) in (0..).zip(self.rows.keys()) {
            let key = columns.iter().map(|&column| row[column as usize]).collect();
            index.entry(key).or_default().push(number);
        }
        self.indexes.insert(columns.into(), index);
    }

    /// The rows whose columns, of which there is an index, equal the key.
    pub fn probe<'r>(&'r self, columns: &[u32], key: &[u64]) -> Vec<(&'r Words, Lit)> {
        let at = |number: &u32| {
            let entry = self.rows.get_index(*number as usize);
            entry.map(|(row, &condition)| (row, condition))
        };
        if columns.is_empty() {
            return self.rows.iter().map(|(row, &lit)| (row, lit)).collect();
        }
        let numbers = self.indexes.get(columns).and_then(|index| index.get(key));
        numbers.into_iter().flatten().filter_map(at).collect()
    }
}

/// What rows are merged with.
pub struct Merging<'m> {
    pub circuit: &'m mut Circuit,
    pub interpreter: &'m mut Interpreter,
}

impl Merging<'_> {
    /// The rows after a merge of new ones with those that were there before.
    pub fn merge(
        &mut self,
        shape: &Shape,
        earlier: &Rows,
        new: impl IntoIterator<Item = (Words, Lit)>,
    ) -> Result<Rows, Limit> {
        let new = self.gather(new);
        if new.is_empty() {
            return Ok(earlier.clone());
        }
        if shape.is_set() {
            return Ok(self.union(earlier, &new));
        }
        let mut keys: FxIndexMap<Words, (Rows, Rows)> = FxIndexMap::default();
        for (row, &condition) in earlier {
            let of_key = keys.entry(shape.key(row)).or_default();
            of_key.0.insert(row.clone(), condition);
        }
        for (row, condition) in new {
            let of_key = keys.entry(shape.key(&row)).or_default();
            of_key.1.insert(row, condition);
        }
        let mut merged = Rows::default();
        for (earlier, new) in keys.into_values() {
            self.merge_key(shape, &earlier, &new, &mut merged)?;
        }
        merged.retain(|_, condition| *condition != Lit::FALSE);
        Ok(merged)
    }

    /// Each row once, there if one of its conditions holds.
    pub fn gather(&mut self, rows: impl IntoIterator<Item = (Words, Lit)>) -> Rows {
        let mut gathered: FxIndexMap<Words, Vec<Lit>> = FxIndexMap::default();
        for (row, condition) in rows {
            gathered.entry(row).or_default().push(condition);
        }
        let gathered = gathered.into_iter();
        let one = |(row, conditions): (Words, Vec<Lit>)| (row, self.circuit.or(conditions));
        let mut rows: Rows = gathered.map(one).collect();
        rows.retain(|_, condition| *condition != Lit::FALSE);
        rows
    }

    fn union(&mut self, earlier: &Rows, new: &Rows) -> Rows {
        let mut rows = earlier.clone();
        for (row, &condition) in new {
            let there = rows.entry(row.clone()).or_insert(Lit::FALSE);
            *there = self.circuit.or([*there, condition]);
        }
        rows
    }

    fn merge_key(
        &mut self,
        shape: &Shape,
        earlier: &Rows,
        new: &Rows,
        merged: &mut Rows,
    ) -> Result<(), Limit> {
        if new.is_empty() {
            merged.extend(
                earlier
                    .iter()
                    .map(|(row, &condition)| (row.clone(), condition)),
            );
            return Ok(());
        }
        // One representative for each combination of plain values.
        let mut plains: Vec<&Words> = Vec::new();
        for row in earlier.keys().chain(new.keys()) {
            if !plains.iter().any(|known| shape.same_plain(known, row)) {
                plains.push(row);
            }
        }
        for &plain in &plains {
            let is_other = |row: &&Words| !shape.same_plain(plain, row);
            let others = earlier.iter().chain(new);
            let others = others.filter(|(row, _)| is_other(row)).map(|(_, &c)| !c);
            let others: Vec<Lit> = others.collect();
            let unopposed = self.circuit.and(others);
            let start: Vec<(Words, Lit)> = of_plain(shape, plain, earlier).collect();
            let mut added = Vec::new();
            for (row, condition) in of_plain(shape, plain, new) {
                added.push((row, self.circuit.and([condition, unopposed])));
            }
            let values = match shape.lattices.is_empty() {
                true => self.gather(start.into_iter().chain(added)),
                false => self.join_all(shape, &start, &added)?,
            };
            merged.extend(values);
        }
        Ok(())
    }

    /// The values that a key of a relation with lattice columns may have.
    ///
    /// Where they are a chain, the value is the greatest that is present. Otherwise contributions are taken one
    /// by one, and all joins that may come about are told apart.
    fn join_all(
        &mut self,
        shape: &Shape,
        start: &[(Words, Lit)],
        added: &[(Words, Lit)],
    ) -> Result<Rows, Limit> {
        let all = self.gather(start.iter().chain(added).cloned());
        if let Some(descending) = self.as_chain(shape, all.keys().cloned().collect())? {
            let mut values = Rows::default();
            let mut none_greater = Lit::TRUE;
            for row in descending {
                let present = all[&row];
                let exactly = self.circuit.and([present, none_greater]);
                none_greater = self.circuit.and([none_greater, !present]);
                values.insert(row, exactly);
            }
            return Ok(values);
        }
        let absent: Vec<Lit> = start.iter().map(|(_, condition)| !*condition).collect();
        let absent = self.circuit.and(absent);
        let mut values: FxIndexMap<Option<Words>, Lit> = FxIndexMap::default();
        values.insert(None, absent);
        values.extend(start.iter().map(|(row, c)| (Some(row.clone()), *c)));
        for (row, condition) in added {
            let mut next: FxIndexMap<Option<Words>, Vec<Lit>> = FxIndexMap::default();
            for (value, exactly) in &values {
                let stays = self.circuit.and([*exactly, !*condition]);
                let grows = self.circuit.and([*exactly, *condition]);
                let joined = match value {
                    Some(value) => self.join(shape, value, row)?,
                    None => row.clone(),
                };
                next.entry(value.clone()).or_default().push(stays);
                next.entry(Some(joined)).or_default().push(grows);
            }
            if next.len() > VALUES_MAX {
                return Err(Limit::Values(shape.name.clone()));
            }
            let next = next.into_iter();
            values = next
                .map(|(value, conditions)| (value, self.circuit.or(conditions)))
                .collect();
            values.retain(|_, condition| *condition != Lit::FALSE);
        }
        let values = values.into_iter();
        Ok(values.filter_map(|(value, c)| Some((value?, c))).collect())
    }

    /// The rows in descending order, if the join of any two is one of them.
    fn as_chain(
        &mut self,
        shape: &Shape,
        mut rows: Vec<Words>,
    ) -> Result<Option<Vec<Words>>, Limit> {
        let mut descending: Vec<Words> = Vec::with_capacity(rows.len());
        while !rows.is_empty() {
            let mut greatest = rows[0].clone();
            for row in &rows[1..] {
                greatest = self.join(shape, &greatest, row)?;
            }
            let Some(place) = rows.iter().position(|row| *row == greatest) else {
                return Ok(None);
            };
            rows.swap_remove(place);
            descending.push(greatest);
        }
        Ok(Some(descending))
    }

    fn join(&mut self, shape: &Shape, a: &Words, b: &Words) -> Result<Words, Limit> {
        let joined = shape.join(self.interpreter, a, b);
        joined.map_err(|error| {
            let message = format!("joins values of `{}`: {}", shape.name, error.message());
            Limit::Unsupported(message)
        })
    }

    /// What a relation holds in the next tick: the rows that are kept, and what `<+` and `<+-` derived.
    pub fn advance(
        &mut self,
        shape: &Shape,
        kept: &Rows,
        merges: Vec<(Words, Lit)>,
        upserts: Vec<(Words, Lit)>,
    ) -> Result<Rows, Limit> {
        if shape.is_set() {
            let new = self.gather(merges.into_iter().chain(upserts));
            return Ok(self.union(kept, &new));
        }
        if upserts.is_empty() {
            return self.merge(shape, kept, merges);
        }
        let (merges, upserts) = (self.gather(merges), self.gather(upserts));
        let mut keys: FxIndexMap<Words, [Rows; 3]> = FxIndexMap::default();
        for (place, rows) in [kept, &merges, &upserts].into_iter().enumerate() {
            for (row, &condition) in rows {
                let of_key = keys.entry(shape.key(row)).or_default();
                of_key[place].insert(row.clone(), condition);
            }
        }
        let mut next = Vec::new();
        for [kept, merges, upserts] in keys.into_values() {
            next.extend(self.advance_key(shape, &kept, &merges, &upserts)?);
        }
        Ok(self.gather(next))
    }

    /// Where a key is upserted, all that was derived for it must be one row, which then replaces what is kept;
    /// if it is not, what is kept stays.
    fn advance_key(
        &mut self,
        shape: &Shape,
        kept: &Rows,
        merges: &Rows,
        upserts: &Rows,
    ) -> Result<Vec<(Words, Lit)>, Limit> {
        let some_upsert = self.circuit.or(upserts.values().copied());
        let mut merged = Rows::default();
        self.merge_key(shape, kept, merges, &mut merged)?;
        let derived = self.union(merges, upserts);
        let mut next = Vec::new();
        let mut agreed = Vec::new();
        for (row, &condition) in &derived {
            let others = derived.iter().filter(|(other, _)| *other != row);
            let others: Vec<Lit> = others.map(|(_, &other)| !other).collect();
            let alone = self
                .circuit
                .and(others.into_iter().chain([condition, some_upsert]));
            agreed.push(alone);
            next.push((row.clone(), alone));
        }
        let replaced = self.circuit.or(agreed);
        for (row, &condition) in kept {
            let stays = self.circuit.and([condition, some_upsert, !replaced]);
            next.push((row.clone(), stays));
        }
        for (row, condition) in merged {
            next.push((row, self.circuit.and([condition, !some_upsert])));
        }
        Ok(next)
    }
}

fn of_plain<'r>(
    shape: &'r Shape,
    plain: &'r Words,
    rows: &'r Rows,
) -> impl Iterator<Item = (Words, Lit)> + 'r {
    let same = rows.iter().filter(|(row, _)| shape.same_plain(plain, row));
    same.map(|(row, &condition)| (row.clone(), condition))
}
