//! `<+`, `<-` and `<+-`: gathered while a tick runs, settled at its end, applied before the next.
//!
//! next = (now minus deletes) plus merges; an upsert is both for its key. Settling finds all key
//! conflicts, so applying cannot fail, and leaves out what would change nothing, so that a node whose
//! rules keep deferring what is already so comes to rest.

use bloom_plan::plan::RowError;

use crate::context::Context;
use crate::relation::{Clash, Origin, Relation, Shape};

/// Deferred derivations of one relation.
#[derive(Debug, Default)]
pub struct Deferred {
    /// Rows of `<-`, end to end, and for each a bit a column that is given.
    deletes: Vec<u64>,
    given: Vec<u64>,
    /// Rows of `<+` and `<+-`, end to end, and for each which of the two, and where it is from.
    arrivals: Vec<u64>,
    sources: Vec<Source>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Source {
    upsert: bool,
    origin: Origin,
}

/// What is different in the next tick: rows to remove, whole, and rows to add, whose keys are then
/// free.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub deletes: Vec<Vec<u64>>,
    pub inserts: Vec<Vec<u64>>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.deletes.is_empty() && self.inserts.is_empty()
    }

    /// Makes the change.
    pub fn apply(&self, relation: &mut Relation) {
        for row in &self.deletes {
            if let Some(number) = relation.find(row) {
                relation.take_out(number);
            }
        }
        for row in &self.inserts {
            relation.insert(row);
        }
    }
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
        self.arrivals.extend_from_slice(row);
        let upsert = false;
        self.sources.push(Source { upsert, origin });
    }

    pub fn upsert(&mut self, row: &[u64], origin: Origin) {
        self.arrivals.extend_from_slice(row);
        let upsert = true;
        self.sources.push(Source { upsert, origin });
    }

    /// The change to `relation`, whose rows stay into the next tick only if `stays`.
    pub fn settle(&self, context: &mut Context, relation: &Relation, stays: bool) -> Settled {
        let mut settled = Settled::default();
        let now = |row: &[u64]| relation.find(row).filter(|_| stays);
        let shape = relation.shape();
        if stays {
            relation.warm(&self.deletes);
            relation.warm(&self.arrivals);
        }
        let mut doomed: Vec<u32> = Vec::new();
        for (row, &given) in self.deletes.chunks_exact(shape.stride).zip(&self.given) {
            if let Some(number) = now(row)
                && matches(relation.row(number), row, given)
            {
                doomed.push(number);
            }
        }
        doomed.sort_unstable();
        doomed.dedup();

        let candidates = self.by_key(shape);
        for group in candidates.chunk_by(|a, b| shape.same_key(a.row, b.row)) {
            let stored = now(group[0].row);
            let kept = stored.filter(|n| doomed.binary_search(n).is_err());
            match next_row(context, relation, group, kept) {
                Next::Row(row) => {
                    if let Some(number) = kept {
                        let there = relation.row(number);
                        if there == row {
                            continue;
                        }
                        settled.change.deletes.push(there.to_vec());
                    } else if let Some(number) = stored
                        && relation.row(number) == row
                    {
                        // Deleted and inserted: it is there in the next tick.
                        doomed.retain(|&n| n != number);
                        continue;
                    }
                    settled.change.inserts.push(row);
                }
                Next::Clash(clash) => settled.clashes.push(clash),
                Next::Failure(row, origin, error) => settled.failures.push((row, origin, error)),
            }
        }
        let doomed = doomed.iter().map(|&n| relation.row(n).to_vec());
        settled.change.deletes.extend(doomed);
        settled
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

enum Next {
    Row(Vec<u64>),
    Clash(Clash),
    Failure(Vec<u64>, Origin, RowError),
}

/// The row that a key has in the next tick. `group`: what was derived for the key, never empty.
/// `kept`: its row now, unless deleted.
fn next_row(
    context: &mut Context,
    relation: &Relation,
    group: &[Candidate<'_>],
    kept: Option<u32>,
) -> Next {
    let shape = relation.shape();
    let first = &group[0];
    let upserts = group.iter().any(|c| c.source.upsert);
    let differs = |c: &Candidate| match upserts {
        true => c.row != first.row,
        false => !shape.same_plain(c.row, first.row),
    };
    if group.iter().any(differs) {
        let claims = group.iter().map(|c| (c.row.to_vec(), c.source.origin));
        let mut claims: Vec<(Vec<u64>, Origin)> = claims.collect();
        claims.dedup_by(|a, b| a.0 == b.0);
        let poisons = true;
        return Next::Clash(Clash { claims, poisons });
    }
    let mut row = first.row.to_vec();
    if upserts {
        return Next::Row(row);
    }
    for candidate in &group[1..] {
        if let Err(error) = shape.join(context, &mut row, candidate.row) {
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
            (row, first.source.origin),
        ];
        let poisons = false;
        return Next::Clash(Clash { claims, poisons });
    }
    let mut grown = there.to_vec();
    match shape.join(context, &mut grown, &row) {
        Ok(_) => Next::Row(grown),
        Err(error) => Next::Failure(row, first.source.origin, error),
    }
}

/// Whether the given columns of a `<-` equal those of a row. From column 63 on all are given.
fn matches(there: &[u64], row: &[u64], given: u64) -> bool {
    let is_given = |column: usize| column >= 63 || given >> column & 1 == 1;
    (0..there.len()).all(|c| !is_given(c) || there[c] == row[c])
}
