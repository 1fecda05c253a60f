//! `<+`, `<-` and `<+-`: gathered while a tick runs, settled at its end, applied before the next.
//!
//! next = (now minus deletes) plus merges; an upsert is both for its key. Settling finds all key
//! conflicts, so applying cannot fail, and leaves out what would change nothing, so that a node whose
//! rules keep deferring what is already so comes to rest.

use std::borrow::Cow;

use bloom_plan::plan::RowError;

use crate::context::Context;
use crate::pieces::Piece;
use crate::relation::{BATCH_ROWS, Clash, NumberTable, Origin, Relation, Shape, Sieve};
use crate::rows::{each_row, push_row, same_row};

/// Words that there stays room for when all are settled: one large tick is to cost no memory for good.
const KEPT_WORDS_MAX: usize = 1 << 14;

/// Deferred derivations of one relation.
#[derive(Debug, Default)]
pub struct Deferred {
    /// Rows of `<-`, end to end, and for each a bit a column that is given.
    deletes: Vec<u64>,
    given: Vec<u64>,
    /// Rows of `<+` and `<+-`, end to end, and for each which of the two, and where it is from.
    arrivals: Vec<u64>,
    sources: Vec<Source>,
    /// Room for telling arrivals apart by their keys, and for numbers of arrivals by these.
    sieve: Sieve,
    keys: NumberTable,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Source {
    upsert: bool,
    origin: Origin,
}

/// What is different in the next tick; whole rows, end to end. Where those are that go is known from when the change was
/// found until it is made, since nothing else changes a relation in between.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Numbers of rows that go, ascending.
    deletes: Vec<u32>,
    /// Rows that take the place of those with their keys, and the numbers of these.
    replacements: Vec<u64>,
    replaced: Vec<u32>,
    /// Rows whose keys are then free.
    inserts: Vec<u64>,
}

impl Piece for Change {
    fn clear(&mut self) {
        self.deletes.clear();
        self.replacements.clear();
        self.replaced.clear();
        self.inserts.clear();
    }

    fn capacity(&self) -> usize {
        let numbers = self.deletes.capacity() + self.replaced.capacity();
        numbers / 2 + self.replacements.capacity() + self.inserts.capacity()
    }
}

impl Change {
    /// In it these rows of the relation go and those come, whose keys are free then.
    pub fn set(&mut self, relation: &Relation, gone: &[u64], came: &[u64]) {
        let gone = each_row(gone, relation.shape().stride);
        let numbers = gone.map(|row| relation.find(row).expect("a row that is to go is there"));
        self.deletes.extend(numbers);
        self.deletes.sort_unstable();
        self.inserts.extend_from_slice(came);
    }

    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.replacements.is_empty() && self.inserts.is_empty()
    }

    /// Rows that go or are replaced; to be asked for before the change is made.
    pub fn gone<'c>(&'c self, relation: &'c Relation) -> impl Iterator<Item = &'c [u64]> {
        let numbers = self.deletes.iter().chain(&self.replaced);
        numbers.map(|&number| relation.row(number))
    }

    /// Rows that are there then.
    pub fn came(&self, stride: usize) -> impl Iterator<Item = &[u64]> {
        each_row(&self.replacements, stride).chain(each_row(&self.inserts, stride))
    }

    /// Makes the change. Rows go before others come, the last first: one that goes gives its number to the last.
    pub fn apply(&mut self, relation: &mut Relation) {
        let in_place = relation.is_overwritable();
        if in_place {
            let rows = each_row(&self.replacements, relation.shape().stride);
            for (row, &number) in rows.zip(&self.replaced) {
                relation.overwrite(number, row);
            }
        } else if !self.replaced.is_empty() {
            self.deletes.append(&mut self.replaced);
            self.deletes.sort_unstable();
        }
        for numbers in self.deletes.rchunks(BATCH_ROWS) {
            relation.warm_rows(numbers);
            for &number in numbers.iter().rev() {
                relation.take_out(number);
            }
        }
        if !in_place {
            relation.insert_all(&self.replacements);
        }
        relation.insert_all(&self.inserts);
    }
}

/// What stood in the way of a change.
#[derive(Debug, Default)]
pub struct Hindered {
    pub clashes: Vec<Clash>,
    pub failures: Vec<(Vec<u64>, Origin, RowError)>,
}

impl Hindered {
    pub fn is_empty(&self) -> bool {
        self.clashes.is_empty() && self.failures.is_empty()
    }
}

impl Deferred {
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.arrivals.is_empty()
    }

    pub fn clear(&mut self) {
        if self.deletes.capacity() + self.arrivals.capacity() > KEPT_WORDS_MAX {
            *self = Deferred::default();
            return;
        }
        self.deletes.clear();
        self.given.clear();
        self.arrivals.clear();
        self.sources.clear();
    }

    /// Rows of all arrows.
    pub fn rows(&self) -> Vec<u64> {
        [&self.deletes[..], &self.arrivals[..]].concat()
    }

    pub fn delete(&mut self, row: &[u64], given: u64) {
        self.deletes.extend_from_slice(row);
        self.given.push(given);
    }

    /// Takes so many rows that a `<+` derived.
    pub fn merge(&mut self, rows: &[u64], count: usize, origin: Origin) {
        let upsert = false;
        self.take(rows, count, Source { upsert, origin });
    }

    /// Takes so many rows that a `<+-` derived.
    pub fn upsert(&mut self, rows: &[u64], count: usize, origin: Origin) {
        let upsert = true;
        self.take(rows, count, Source { upsert, origin });
    }

    #[inline]
    fn take(&mut self, rows: &[u64], count: usize, source: Source) {
        self.arrivals.extend_from_slice(rows);
        self.sources.resize(self.sources.len() + count, source);
    }

    /// Finds the change to `relation`, whose rows stay into the next tick only if `stays`. `change` is empty before.
    pub fn settle(
        &mut self,
        context: &mut Context,
        relation: &Relation,
        stays: bool,
        change: &mut Change,
    ) -> Hindered {
        let are_alone = self.have_own_keys(relation.shape());
        let mut settling = Settling {
            relation,
            stays,
            doomed: self.doomed(relation, stays),
            spared: Vec::new(),
            change,
            hindered: Hindered::default(),
        };
        let stride = relation.shape().stride;
        if are_alone {
            let mut left = &self.arrivals[..];
            for sources in self.sources.chunks(BATCH_ROWS) {
                let (rows, others) = left.split_at(sources.len() * stride);
                left = others;
                settling.warm(rows);
                for (row, &source) in each_row(rows, stride).zip(sources) {
                    settling.take_alone(context, Candidate { row, source });
                }
            }
        } else {
            let shape = relation.shape();
            let candidates = self.by_key(shape);
            for group in candidates.chunk_by(|a, b| shape.same_key(a.row, b.row)) {
                settling.take(context, group);
            }
        }
        settling.end()
    }

    /// The rows that a `<-` takes away: their numbers, ascending.
    fn doomed(&self, relation: &Relation, stays: bool) -> Vec<u32> {
        let mut doomed = Vec::new();
        if !stays || self.deletes.is_empty() {
            return doomed;
        }
        let stride = relation.shape().stride;
        let given = self.given.chunks(BATCH_ROWS);
        for (rows, given) in self.deletes.chunks(BATCH_ROWS * stride).zip(given) {
            relation.warm(rows);
            for (row, &given) in rows.chunks_exact(stride).zip(given) {
                if let Some(number) = relation.find(row)
                    && matches(relation.row(number), row, given)
                {
                    doomed.push(number);
                }
            }
        }
        doomed.sort_unstable();
        doomed.dedup();
        doomed
    }

    /// Whether no two rows of `<+` and `<+-` have one key, so that they need not be sorted.
    fn have_own_keys(&mut self, shape: &Shape) -> bool {
        let Deferred {
            arrivals,
            sieve,
            keys,
            ..
        } = self;
        if arrivals.len() <= shape.stride {
            return true;
        }
        let (hash, same) = (
            |row: &[u64]| shape.key_hash(row),
            |a: &[u64], b: &[u64]| shape.same_key(a, b),
        );
        if let Some(apart) = sieve.are_apart(arrivals, shape.stride, hash, same) {
            return apart;
        }
        let row = |number: u32| &arrivals[number as usize * shape.stride..][..shape.stride];
        let mut rows = (0..).zip(each_row(arrivals, shape.stride));
        let are_alone = rows.all(|(number, arrived)| {
            let is_same = |other: u32| shape.same_key(row(other), arrived);
            keys.insert_unless(shape.key_hash(arrived), number, is_same)
        });
        keys.clear();
        are_alone
    }

    /// The rows of `<+` and `<+-` such that equal keys stand together, in an order that does not
    /// depend on that of derivation.
    fn by_key(&self, shape: &Shape) -> Vec<Candidate<'_>> {
        let rows = self.arrivals.chunks_exact(shape.stride);
        let mut candidates: Vec<Candidate> = rows
            .zip(&self.sources)
            .map(|(row, &source)| Candidate { row, source })
            .collect();
        candidates.sort_unstable_by(|a, b| {
            let mut keys = shape.keys.iter().map(|&c| a.row[c].cmp(&b.row[c]));
            let unequal = keys.find(|order| order.is_ne());
            unequal.unwrap_or_else(|| (a.row, a.source).cmp(&(b.row, b.source)))
        });
        candidates
    }
}

/// A row that a `<+` or `<+-` derived.
#[derive(Debug)]
struct Candidate<'a> {
    row: &'a [u64],
    source: Source,
}

/// A change that is being put together, key by key.
struct Settling<'r> {
    relation: &'r Relation,
    stays: bool,
    /// Numbers of rows that a `<-` takes away, ascending.
    doomed: Vec<u32>,
    /// Those of them whose keys have a row in the next tick all the same.
    spared: Vec<u32>,
    change: &'r mut Change,
    hindered: Hindered,
}

impl Settling<'_> {
    fn warm(&self, rows: &[u64]) {
        if self.stays {
            self.relation.warm(rows);
        }
    }

    fn is_doomed(&self, number: u32) -> bool {
        self.doomed.binary_search(&number).is_ok()
    }

    /// The number of the row that has the key now, if it stays.
    #[inline]
    fn stored(&self, row: &[u64]) -> Option<u32> {
        match self.stays {
            true => self.relation.find(row),
            false => None,
        }
    }

    /// Takes the only row of `<+` and `<+-` of its key.
    #[inline]
    fn take_alone(&mut self, context: &mut Context, candidate: Candidate<'_>) {
        if !candidate.source.upsert {
            return self.take(context, &[candidate]);
        }
        let stored = self.stored(candidate.row);
        self.put(stored, candidate.row);
    }

    /// Takes all rows of `<+` and `<+-` of one key.
    fn take(&mut self, context: &mut Context, group: &[Candidate<'_>]) {
        let stored = self.stored(group[0].row);
        let kept = stored.filter(|&number| !self.is_doomed(number));
        match next_row(context, self.relation, group, kept) {
            Next::Row(row) => self.put(stored, &row),
            Next::Clash(clash) => self.hindered.clashes.push(clash),
            Next::Failure(row, origin, error) => self.hindered.failures.push((row, origin, error)),
        }
    }

    /// The key of a row, which that with this number has now, has this row in the next tick.
    #[inline]
    fn put(&mut self, stored: Option<u32>, row: &[u64]) {
        let Some(number) = stored else {
            return push_row(&mut self.change.inserts, row);
        };
        if !self.doomed.is_empty() && self.is_doomed(number) {
            self.spared.push(number);
        }
        if !same_row(self.relation.row(number), row) {
            push_row(&mut self.change.replacements, row);
            self.change.replaced.push(number);
        }
    }

    fn end(mut self) -> Hindered {
        if !self.doomed.is_empty() {
            self.spared.sort_unstable();
            let is_spared = |number: &u32| self.spared.binary_search(number).is_ok();
            self.doomed.retain(|number| !is_spared(number));
            self.change.deletes.append(&mut self.doomed);
        }
        self.hindered
    }
}

enum Next<'a> {
    Row(Cow<'a, [u64]>),
    Clash(Clash),
    Failure(Vec<u64>, Origin, RowError),
}

/// The row that a key has in the next tick. `group`: what was derived for the key, never empty.
/// `kept`: its row now, unless deleted.
fn next_row<'a>(
    context: &mut Context,
    relation: &Relation,
    group: &[Candidate<'a>],
    kept: Option<u32>,
) -> Next<'a> {
    let shape = relation.shape();
    let first = &group[0];
    let upserts = group.iter().any(|c| c.source.upsert);
    let differs = |c: &Candidate| match upserts {
        true => c.row != first.row,
        false => !shape.same_plain(c.row, first.row),
    };
    if group[1..].iter().any(differs) {
        let claims = group.iter().map(|c| (c.row.to_vec(), c.source.origin));
        let mut claims: Vec<(Vec<u64>, Origin)> = claims.collect();
        claims.dedup_by(|a, b| a.0 == b.0);
        let poisons = true;
        return Next::Clash(Clash { claims, poisons });
    }
    let mut row = Cow::Borrowed(first.row);
    if upserts {
        return Next::Row(row);
    }
    for candidate in &group[1..] {
        if let Err(error) = shape.join(context, row.to_mut(), candidate.row) {
            return Next::Failure(candidate.row.to_vec(), candidate.source.origin, error);
        }
    }
    let Some(number) = kept else {
        return Next::Row(row);
    };
    let there = relation.row(number);
    if !shape.same_plain(there, &row) {
        let claims = vec![
            (there.to_vec(), Origin::EARLIER),
            (row.into_owned(), first.source.origin),
        ];
        let poisons = false;
        return Next::Clash(Clash { claims, poisons });
    }
    let mut grown = there.to_vec();
    match shape.join(context, &mut grown, &row) {
        Ok(_) => Next::Row(Cow::Owned(grown)),
        Err(error) => Next::Failure(row.into_owned(), first.source.origin, error),
    }
}

/// Whether the given columns of a `<-` equal those of a row. From column 63 on all are given.
fn matches(there: &[u64], row: &[u64], given: u64) -> bool {
    let is_given = |column: usize| column >= 63 || given >> column & 1 == 1;
    (0..there.len()).all(|c| !is_given(c) || there[c] == row[c])
}

#[cfg(test)]
mod tests;
