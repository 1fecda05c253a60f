//! `<+`, `<-` and `<+-`: gathered while a tick runs, settled at its end, applied before the next.
//!
//! next = (now minus deletes) plus merges; an upsert is both for its key. Settling finds all key
//! conflicts, so applying cannot fail, and leaves out what would change nothing, so that a node whose
//! rules keep deferring what is already so comes to rest.

use std::borrow::Cow;

use bloom_plan::plan::RowError;

use crate::context::Context;
use crate::relation::{BATCH_ROWS, Clash, NumberTable, Origin, Relation, Shape};
use crate::rows::{push_row, same_row};

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
    /// Room for numbers of arrivals by their keys.
    keys: NumberTable,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Source {
    upsert: bool,
    origin: Origin,
}

/// What is different in the next tick; whole rows, end to end.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Rows that go.
    pub deletes: Vec<u64>,
    /// Rows that take the place of those with their keys.
    pub replacements: Vec<u64>,
    /// Rows whose keys are then free.
    pub inserts: Vec<u64>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.replacements.is_empty() && self.inserts.is_empty()
    }

    pub fn clear(&mut self) {
        self.deletes.clear();
        self.replacements.clear();
        self.inserts.clear();
    }

    /// How many words there is room for without more memory.
    pub fn capacity(&self) -> usize {
        self.deletes.capacity() + self.replacements.capacity() + self.inserts.capacity()
    }

    /// Rows that go or are replaced; to be asked for before the change is made.
    pub fn gone<'c>(&'c self, relation: &'c Relation) -> impl Iterator<Item = &'c [u64]> {
        let stride = relation.shape().stride;
        let replaced = self.replacements.chunks_exact(stride);
        let replaced = replaced.map(|row| relation.row(number_of(relation, row)));
        self.deletes.chunks_exact(stride).chain(replaced)
    }

    /// Rows that are there then.
    pub fn came(&self, stride: usize) -> impl Iterator<Item = &[u64]> {
        let replacements = self.replacements.chunks_exact(stride);
        replacements.chain(self.inserts.chunks_exact(stride))
    }

    /// Makes the change. Rows go before others come.
    pub fn apply(&self, relation: &mut Relation) {
        let batch = BATCH_ROWS * relation.shape().stride;
        for rows in self.deletes.chunks(batch) {
            relation.warm(rows);
            for row in rows.chunks_exact(relation.shape().stride) {
                relation.take_out(number_of(relation, row));
            }
        }
        let in_place = relation.is_overwritable();
        for rows in self.replacements.chunks(batch) {
            relation.warm(rows);
            for row in rows.chunks_exact(relation.shape().stride) {
                let number = number_of(relation, row);
                match in_place {
                    true => relation.overwrite(number, row),
                    false => relation.take_out(number),
                }
            }
        }
        if !in_place {
            relation.insert_all(&self.replacements);
        }
        relation.insert_all(&self.inserts);
    }
}

/// The number of the row that has the key of this one.
fn number_of(relation: &Relation, row: &[u64]) -> u32 {
    let number = relation.find(row);
    number.expect("a row that is to go is there until it does")
}

/// A change, and what stood in the way of more.
#[derive(Debug, Default)]
pub struct Settled {
    pub change: Change,
    pub clashes: Vec<Clash>,
    pub failures: Vec<(Vec<u64>, Origin, RowError)>,
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

    pub fn merge(&mut self, row: &[u64], origin: Origin) {
        push_row(&mut self.arrivals, row);
        let upsert = false;
        self.sources.push(Source { upsert, origin });
    }

    pub fn upsert(&mut self, row: &[u64], origin: Origin) {
        push_row(&mut self.arrivals, row);
        let upsert = true;
        self.sources.push(Source { upsert, origin });
    }

    /// The change to `relation`, whose rows stay into the next tick only if `stays`; in `room`, an empty change.
    pub fn settle(
        &mut self,
        context: &mut Context,
        relation: &Relation,
        stays: bool,
        room: Change,
    ) -> Settled {
        let are_alone = self.have_own_keys(relation.shape());
        let mut settling = Settling {
            relation,
            stays,
            doomed: self.doomed(relation, stays),
            spared: Vec::new(),
            settled: Settled {
                change: room,
                ..Settled::default()
            },
        };
        if are_alone {
            let stride = relation.shape().stride;
            let sources = self.sources.chunks(BATCH_ROWS);
            for (rows, sources) in self.arrivals.chunks(BATCH_ROWS * stride).zip(sources) {
                settling.warm(rows);
                for (row, &source) in rows.chunks_exact(stride).zip(sources) {
                    settling.take(context, &[Candidate { row, source }]);
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
        if !stays {
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
        let Deferred { arrivals, keys, .. } = self;
        if arrivals.len() <= shape.stride {
            return true;
        }
        let row = |number: u32| &arrivals[number as usize * shape.stride..][..shape.stride];
        let mut rows = (0..).zip(arrivals.chunks_exact(shape.stride));
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
    settled: Settled,
}

impl Settling<'_> {
    fn warm(&self, rows: &[u64]) {
        if self.stays {
            self.relation.warm(rows);
        }
    }

    /// Takes all rows of `<+` and `<+-` of one key.
    fn take(&mut self, context: &mut Context, group: &[Candidate<'_>]) {
        let stored = self.relation.find(group[0].row).filter(|_| self.stays);
        let is_doomed = |number: &u32| self.doomed.binary_search(number).is_ok();
        let kept = stored.filter(|number| !is_doomed(number));
        let change = &mut self.settled.change;
        match next_row(context, self.relation, group, kept) {
            Next::Row(row) => match stored {
                None => push_row(&mut change.inserts, &row),
                Some(number) => {
                    if kept.is_none() {
                        self.spared.push(number);
                    }
                    if !same_row(self.relation.row(number), &row) {
                        push_row(&mut change.replacements, &row);
                    }
                }
            },
            Next::Clash(clash) => self.settled.clashes.push(clash),
            Next::Failure(row, origin, error) => self.settled.failures.push((row, origin, error)),
        }
    }

    fn end(mut self) -> Settled {
        self.spared.sort_unstable();
        for number in self.doomed {
            if self.spared.binary_search(&number).is_err() {
                let row = self.relation.row(number);
                self.settled.change.deletes.extend_from_slice(row);
            }
        }
        self.settled
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
