//! Groups that stay from tick to tick: matches come and go one by one, and a group's row is made
//! anew only when one of its matches has changed.
//!
//! `count`, `sum` and `avg` of integers, `any` and `all` are undone by subtraction. The others keep
//! their values in order, as a multiset: the best is then the first, and sums of floats are added
//! up in the order in which they would be from the start, so that results are the same words.

use bloom_plan::plan::{Aggregate, AggregateColumn, AggregateFunction, RowError};
use bloom_plan::types::TypeId;
use bloom_plan::value::{canonical_float, compare_floats};
use hashbrown::HashTable;

use super::multiset::Multiset;
use super::{Column, columns};
use crate::context::Context;
use crate::rows::hash;
use crate::store::{Marks, Store};

/// Groups of one aggregate.
#[derive(Debug, Default)]
pub struct KeptGroups {
    table: HashTable<u32>,
    groups: Vec<Group>,
    /// Numbers of groups that have no matches any more.
    free: Vec<u32>,
    /// Groups whose matches have changed.
    touched: Vec<u32>,
}

#[derive(Debug, Default)]
struct Group {
    key: Vec<u64>,
    matches: i64,
    /// One a head column that is a function.
    states: Vec<Kept>,
    /// The row that it gave last.
    shown: Option<Vec<u64>>,
    touched: bool,
}

#[derive(Debug)]
enum Kept {
    /// The number of matches says it all.
    Matches,
    Sum(i128),
    /// How many are true.
    Trues(i64),
    Values(Multiset),
}

/// What a group's row was, and what it is now.
#[derive(Debug)]
pub struct Turn {
    pub before: Option<Vec<u64>>,
    pub after: Option<Vec<u64>>,
}

impl KeptGroups {
    /// Takes in a match, or takes it back: the group's words, then the arguments'.
    pub fn change(&mut self, aggregate: &Aggregate, store: &Store, words: &[u64], sign: i64) {
        let (key, arguments) = words.split_at(aggregate.group.len());
        let number = self.group(aggregate, store, key);
        let group = &mut self.groups[number as usize];
        group.matches += sign;
        if !std::mem::replace(&mut group.touched, true) {
            self.touched.push(number);
        }
        for ((first, column), state) in columns(aggregate).zip(&mut group.states) {
            column.change(
                store,
                state,
                &arguments[first..first + column.width()],
                sign,
            );
        }
    }

    fn group(&mut self, aggregate: &Aggregate, store: &Store, key: &[u64]) -> u32 {
        let hash_of = hash(key.iter().copied());
        let groups = &mut self.groups;
        let found = self.table.find(hash_of, |&n| groups[n as usize].key == key);
        if let Some(&number) = found {
            return number;
        }
        let group = Group {
            key: key.to_vec(),
            states: columns(aggregate).map(|(_, c)| c.keep(store)).collect(),
            ..Group::default()
        };
        let number = match self.free.pop() {
            Some(number) => {
                groups[number as usize] = group;
                number
            }
            None => {
                groups.push(group);
                groups.len() as u32 - 1
            }
        };
        self.table.insert_unique(hash_of, number, |&n| {
            hash(groups[n as usize].key.iter().copied())
        });
        number
    }

    /// The rows of the groups that have changed since the last time; or a group that has none, and
    /// why. Groups without matches are forgotten.
    pub fn turns(
        &mut self,
        aggregate: &Aggregate,
        context: &mut Context,
    ) -> Result<Vec<Turn>, (Vec<u64>, RowError)> {
        let touched = std::mem::take(&mut self.touched);
        let mut turns = Vec::with_capacity(touched.len());
        for &number in &touched {
            let group = &mut self.groups[number as usize];
            group.touched = false;
            let after = match group.matches {
                0 => None,
                _ => {
                    let row = group.row(aggregate, context);
                    Some(row.map_err(|error| (group.key.clone(), error))?)
                }
            };
            let before = std::mem::replace(&mut group.shown, after.clone());
            if group.matches == 0 {
                self.forget(number);
            }
            if before != after {
                turns.push(Turn { before, after });
            }
        }
        Ok(turns)
    }

    fn forget(&mut self, number: u32) {
        let hash_of = hash(self.groups[number as usize].key.iter().copied());
        if let Ok(entry) = self.table.find_entry(hash_of, |&n| n == number) {
            entry.remove();
        }
        self.groups[number as usize] = Group::default();
        self.free.push(number);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = KeptGroups::default();
    }

    /// Keeps the values of all groups through a sweep.
    pub fn mark(&self, aggregate: &Aggregate, types: &[TypeId], marks: &mut Marks<'_>) {
        for group in &self.groups {
            for (&ty, &word) in aggregate.group.iter().zip(&group.key) {
                marks.keep(ty, word);
            }
            if let Some(row) = &group.shown {
                for (&ty, &word) in types.iter().zip(row) {
                    marks.keep(ty, word);
                }
            }
            for ((_, column), state) in columns(aggregate).zip(&group.states) {
                let Kept::Values(values) = state else {
                    continue;
                };
                let by = column.by.iter().map(|order| order.ty);
                let types: Vec<TypeId> = column.value.into_iter().chain(by).collect();
                for (item, _) in values.iter() {
                    for (&ty, &word) in types.iter().zip(item) {
                        marks.keep(ty, word);
                    }
                }
            }
        }
    }
}

impl Group {
    fn row(&self, aggregate: &Aggregate, context: &mut Context) -> Result<Vec<u64>, RowError> {
        let mut results = Vec::with_capacity(self.states.len());
        for ((_, column), state) in columns(aggregate).zip(&self.states) {
            results.push(column.result(context, state, self.matches)?);
        }
        let mut results = results.into_iter();
        let word = |column: &AggregateColumn| match column {
            AggregateColumn::Group(n) => self.key[*n as usize],
            AggregateColumn::Function { .. } => results.next().expect("one result a function"),
        };
        Ok(aggregate.columns.iter().map(word).collect())
    }
}

impl Column<'_> {
    fn keep(&self, store: &Store) -> Kept {
        match self.function {
            AggregateFunction::Count => Kept::Matches,
            AggregateFunction::Sum | AggregateFunction::Avg if !self.is_float(store) => {
                Kept::Sum(0)
            }
            AggregateFunction::Any | AggregateFunction::All => Kept::Trues(0),
            AggregateFunction::CountDistinct
            | AggregateFunction::Set
            | AggregateFunction::Sum
            | AggregateFunction::Avg
            | AggregateFunction::Min
            | AggregateFunction::Max
            | AggregateFunction::ArgMin
            | AggregateFunction::ArgMax
            | AggregateFunction::First
            | AggregateFunction::List => Kept::Values(Multiset::new(self.width())),
        }
    }

    fn change(&self, store: &Store, state: &mut Kept, words: &[u64], sign: i64) {
        match state {
            Kept::Matches => {}
            Kept::Sum(sum) => *sum += i128::from(words[0] as i64) * i128::from(sign),
            Kept::Trues(trues) => *trues += i64::from(words[0] != 0) * sign,
            Kept::Values(values) => match self.function {
                AggregateFunction::CountDistinct | AggregateFunction::Set => {
                    values.add(words, sign, &|a, b| a.cmp(b));
                }
                AggregateFunction::Sum | AggregateFunction::Avg => {
                    let float = |words: &[u64]| f64::from_bits(words[0]);
                    values.add(words, sign, &|a, b| {
                        compare_floats(float(a), float(b)).then(a.cmp(b))
                    });
                }
                AggregateFunction::Count
                | AggregateFunction::Min
                | AggregateFunction::Max
                | AggregateFunction::ArgMin
                | AggregateFunction::ArgMax
                | AggregateFunction::First
                | AggregateFunction::List
                | AggregateFunction::Any
                | AggregateFunction::All => {
                    values.add(words, sign, &|a, b| self.compare(store, a, b));
                }
            },
        }
    }

    fn result(&self, context: &mut Context, state: &Kept, matches: i64) -> Result<u64, RowError> {
        Ok(match (self.function, state) {
            (AggregateFunction::Avg, Kept::Sum(sum)) => (*sum as f64 / matches as f64).to_bits(),
            (_, Kept::Sum(sum)) => i64::try_from(*sum).map_err(|_| RowError::Overflow)? as u64,
            (_, Kept::Matches) => matches as u64,
            (AggregateFunction::Any, Kept::Trues(trues)) => u64::from(*trues > 0),
            (_, Kept::Trues(trues)) => u64::from(*trues == matches),
            (AggregateFunction::CountDistinct, Kept::Values(values)) => values.len() as u64,
            (AggregateFunction::Set, Kept::Values(values)) => {
                let words: Vec<u64> = values.iter().map(|(item, _)| item[0]).collect();
                context.store.make(self.result, &words)
            }
            (AggregateFunction::List, Kept::Values(values)) => {
                let words = values
                    .iter()
                    .flat_map(|(item, times)| (0..times).map(move |_| item[0]));
                let words: Vec<u64> = words.collect();
                context.store.make(self.result, &words)
            }
            (AggregateFunction::Sum | AggregateFunction::Avg, Kept::Values(values)) => {
                let floats = values
                    .iter()
                    .flat_map(|(item, times)| (0..times).map(move |_| f64::from_bits(item[0])));
                let sum: f64 = floats.sum();
                let result = match self.function {
                    AggregateFunction::Avg => sum / matches as f64,
                    _ => sum,
                };
                canonical_float(result).to_bits()
            }
            (_, Kept::Values(values)) => values.first().expect("a group has a match")[0],
        })
    }
}
