//! Group-by: matches of a body gathered by group, one head row a group at the end.
//!
//! Groups of one run are gathered here; those that stay from tick to tick are in `kept`.
//! A result depends on the matches, never on their order: integers add up in 128 bits before the
//! overflow check, floats are sorted before they are added, ties go to the least value.

mod kept;
mod multiset;

use std::cmp::Ordering;
use std::collections::BTreeSet;

use bloom_plan::plan::{Aggregate, AggregateColumn, AggregateFunction, OrderBy, RowError};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{canonical_float, compare_floats};

use crate::context::Context;
use crate::relation::NumberTable;
use crate::rows::hash;
use crate::store::Store;

pub use kept::{KeptGroups, Turn};

/// Matches that are looked up together.
const BATCH_ROWS: usize = 64;

/// Groups of one aggregate, in order of first match.
#[derive(Debug, Default)]
pub struct Groups {
    table: NumberTable,
    count: u32,
    /// Keys of the groups, end to end.
    keys: Vec<u64>,
    /// For each group one a head column that is a function, end to end.
    states: Vec<State>,
}

/// A head row, or the group whose aggregate failed.
pub type GroupRow = Result<Vec<u64>, (Vec<u64>, RowError)>;

#[derive(Debug)]
enum State {
    Count(u64),
    Distinct(BTreeSet<u64>),
    Integers {
        sum: i128,
        count: u64,
    },
    Floats(Vec<f64>),
    /// The best value, where nothing else decides.
    Value(Option<u64>),
    /// The value, then what `by` names.
    Best(Option<Vec<u64>>),
    /// Values, each with what `by` names.
    Items(Vec<Vec<u64>>),
    Flag(bool),
}

/// A function column of an aggregate, taken apart.
struct Column<'a> {
    function: AggregateFunction,
    value: Option<TypeId>,
    by: &'a [OrderBy],
    result: TypeId,
}

impl Groups {
    /// Words a match: the group's and the arguments'.
    pub fn width(aggregate: &Aggregate) -> usize {
        let ends = columns(aggregate).map(|(first, column)| first + column.width());
        aggregate.group.len() + ends.max().unwrap_or(0)
    }

    /// Adds matches of so many words, end to end: each has the group's words, then the arguments'. As with derived rows, the
    /// memory that a batch needs is on its way before the first of it is looked at.
    pub fn accumulate(
        &mut self,
        aggregate: &Aggregate,
        store: &Store,
        matches: &[u64],
        width: usize,
    ) {
        let columns: Vec<(usize, Column)> = columns(aggregate).collect();
        let key_width = aggregate.group.len();
        for matches in matches.chunks(BATCH_ROWS * width) {
            let mut hashes = [0; BATCH_ROWS];
            let mut slots = [0; BATCH_ROWS];
            let each = matches.chunks_exact(width);
            for ((words, hash_of), slot) in each.zip(&mut hashes).zip(&mut slots) {
                *hash_of = hash(words[..key_width].iter().copied());
                *slot = self.table.first_slot(*hash_of);
            }
            let mut seen = 0;
            for (&slot, &hash) in slots.iter().zip(&hashes).take(matches.len() / width) {
                if let Some(number) = self.table.candidate(slot, hash) {
                    let number = number as usize;
                    seen ^= self.keys.get(number * key_width).copied().unwrap_or(0);
                    let state = self.states.get(number * columns.len());
                    seen ^= u64::from(matches!(state, Some(State::Count(_))));
                }
            }
            std::hint::black_box(seen);
            for (words, &hash) in matches.chunks_exact(width).zip(&hashes) {
                self.add(&columns, store, hash, words.split_at(key_width));
            }
        }
    }

    /// Adds a match.
    #[inline]
    fn add(
        &mut self,
        columns: &[(usize, Column)],
        store: &Store,
        hash: u64,
        (key, arguments): (&[u64], &[u64]),
    ) {
        let width = key.len();
        let same = |n: u32| {
            let there = &self.keys[n as usize * width..][..width];
            there.iter().zip(key).all(|(a, b)| a == b)
        };
        let number = self.table.find(hash, same).unwrap_or_else(|| {
            let number = self.count;
            self.count += 1;
            self.keys.extend_from_slice(key);
            let states = columns.iter().map(|(_, column)| column.start(store));
            self.states.extend(states);
            self.table.insert(hash, number);
            number
        });
        let states = &mut self.states[number as usize * columns.len()..];
        for ((first, column), state) in columns.iter().zip(states) {
            column.add(store, state, &arguments[*first..first + column.width()]);
        }
    }

    /// The head rows; the groups are empty again.
    pub fn finish(&mut self, aggregate: &Aggregate, context: &mut Context) -> Vec<GroupRow> {
        let count = std::mem::take(&mut self.count) as usize;
        let keys = std::mem::take(&mut self.keys);
        let mut states = std::mem::take(&mut self.states).into_iter();
        self.table.clear();
        let width = aggregate.group.len();
        let groups = (0..count).map(|n| &keys[n * width..(n + 1) * width]);
        groups
            .map(|key| finish_group(aggregate, context, key, &mut states))
            .collect()
    }
}

fn finish_group(
    aggregate: &Aggregate,
    context: &mut Context,
    key: &[u64],
    states: &mut impl Iterator<Item = State>,
) -> GroupRow {
    let mut row = Vec::with_capacity(aggregate.columns.len().max(1));
    let mut failed = None;
    let mut functions = columns(aggregate).zip(states);
    for column in &aggregate.columns {
        row.push(match column {
            AggregateColumn::Group(n) => key[*n as usize],
            AggregateColumn::Function { .. } => {
                let ((_, column), state) = functions.next().expect("a state a function");
                column.finish(context, state).unwrap_or_else(|error| {
                    failed.get_or_insert(error);
                    0
                })
            }
        });
    }
    match failed {
        None => Ok(row),
        Some(error) => Err((key.to_vec(), error)),
    }
}

/// The function columns, each with the place of its first argument.
fn columns(aggregate: &Aggregate) -> impl Iterator<Item = (usize, Column<'_>)> {
    aggregate.columns.iter().filter_map(|column| match column {
        AggregateColumn::Group(_) => None,
        AggregateColumn::Function {
            function,
            first,
            value,
            by,
            result,
        } => Some((
            *first as usize,
            Column {
                function: *function,
                value: *value,
                by,
                result: *result,
            },
        )),
    })
}

impl Column<'_> {
    fn width(&self) -> usize {
        usize::from(self.value.is_some()) + self.by.len()
    }

    fn is_float(&self, store: &Store) -> bool {
        let types = store.types();
        self.value
            .is_some_and(|ty| *types.get(types.class(ty)) == Type::Float)
    }

    fn start(&self, store: &Store) -> State {
        match self.function {
            AggregateFunction::Count => State::Count(0),
            AggregateFunction::CountDistinct | AggregateFunction::Set => {
                State::Distinct(BTreeSet::new())
            }
            AggregateFunction::Sum | AggregateFunction::Avg if self.is_float(store) => {
                State::Floats(Vec::new())
            }
            AggregateFunction::Sum | AggregateFunction::Avg => State::Integers { sum: 0, count: 0 },
            AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::First
                if self.by.is_empty() =>
            {
                State::Value(None)
            }
            AggregateFunction::Min
            | AggregateFunction::Max
            | AggregateFunction::ArgMin
            | AggregateFunction::ArgMax
            | AggregateFunction::First => State::Best(None),
            AggregateFunction::List => State::Items(Vec::new()),
            AggregateFunction::Any => State::Flag(false),
            AggregateFunction::All => State::Flag(true),
        }
    }

    fn add(&self, store: &Store, state: &mut State, words: &[u64]) {
        match state {
            State::Count(count) => *count += 1,
            State::Distinct(values) => {
                values.insert(words[0]);
            }
            State::Integers { sum, count } => {
                *sum += i128::from(words[0] as i64);
                *count += 1;
            }
            State::Floats(values) => values.push(f64::from_bits(words[0])),
            State::Value(best) => {
                if best.is_none_or(|there| self.compare(store, words, &[there]).is_lt()) {
                    *best = Some(words[0]);
                }
            }
            State::Best(best) => {
                let better = |there: &Vec<u64>| self.compare(store, words, there).is_lt();
                if best.as_ref().is_none_or(better) {
                    *best = Some(words.to_vec());
                }
            }
            State::Items(items) => items.push(words.to_vec()),
            State::Flag(flag) => match self.function {
                AggregateFunction::Any => *flag |= words[0] != 0,
                _ => *flag &= words[0] != 0,
            },
        }
    }

    /// Which of two matches comes first: by what `by` names, then the least value. The best of a
    /// `max` is the greatest value, of an `argmax` the one whose `by` comes last.
    fn compare(&self, store: &Store, a: &[u64], b: &[u64]) -> Ordering {
        let ty = self.value.expect("a function that compares has a value");
        let mut by = Ordering::Equal;
        for (place, order) in self.by.iter().enumerate() {
            let parts = store.compare(order.ty, a[1 + place], b[1 + place]);
            by = by.then(if order.descending {
                parts.reverse()
            } else {
                parts
            });
        }
        let value = store.compare(ty, a[0], b[0]);
        match self.function {
            AggregateFunction::Max => value.reverse(),
            AggregateFunction::ArgMax => by.reverse().then(value),
            _ => by.then(value),
        }
    }

    fn finish(&self, context: &mut Context, state: State) -> Result<u64, RowError> {
        Ok(match state {
            State::Count(count) => count,
            State::Distinct(values) if self.function == AggregateFunction::CountDistinct => {
                values.len() as u64
            }
            State::Distinct(values) => {
                let words: Vec<u64> = values.into_iter().collect();
                context.store.make(self.result, &words)
            }
            State::Integers { sum, count } if self.function == AggregateFunction::Avg => {
                (sum as f64 / count as f64).to_bits()
            }
            State::Integers { sum, .. } => {
                i64::try_from(sum).map_err(|_| RowError::Overflow)? as u64
            }
            State::Floats(mut values) => {
                values.sort_by(|&a, &b| compare_floats(a, b));
                let sum: f64 = values.iter().sum();
                let result = match self.function {
                    AggregateFunction::Avg => sum / values.len() as f64,
                    _ => sum,
                };
                canonical_float(result).to_bits()
            }
            State::Value(best) => best.expect("a group has a match"),
            State::Best(best) => best.expect("a group has a match")[0],
            State::Items(mut items) => {
                items.sort_by(|a, b| self.compare(&context.store, a, b));
                let words: Vec<u64> = items.iter().map(|item| item[0]).collect();
                context.store.make(self.result, &words)
            }
            State::Flag(flag) => u64::from(flag),
        })
    }
}
