//! `<+`, `<-` and `<+-`: gathered while a tick runs, settled at its end, applied before the next.
//!
//! next = (now minus deletes) plus merges; an upsert is both for its key. Settling finds all key
//! conflicts, so applying cannot fail, and leaves out what would change nothing, so that a node whose
//! rules keep deferring what is already so comes to rest.

use bloom_plan::plan::RowError;

use crate::context::Context;
use crate::relation::{Clash, Origin, Relation};

/// Deferred derivations of one relation.
#[derive(Debug, Default)]
pub struct Deferred {
    /// Rows with a bit for each column that is given.
    deletes: Vec<(Vec<u64>, u64)>,
    arrivals: Vec<Candidate>,
}

/// A row that a `<+` or `<+-` derived.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Candidate {
    row: Vec<u64>,
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
                relation.remove(number);
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
        self.arrivals.clear();
    }

    pub fn delete(&mut self, row: &[u64], present: u64) {
        self.deletes.push((row.to_vec(), present));
    }

    pub fn merge(&mut self, row: &[u64], origin: Origin) {
        self.arrive(row, false, origin);
    }

    pub fn upsert(&mut self, row: &[u64], origin: Origin) {
        self.arrive(row, true, origin);
    }

    fn arrive(&mut self, row: &[u64], upsert: bool, origin: Origin) {
        let row = row.to_vec();
        self.arrivals.push(Candidate {
            row,
            upsert,
            origin,
        });
    }

    /// The change to `relation`, whose rows stay into the next tick only if `stays`.
    pub fn settle(mut self, context: &mut Context, relation: &Relation, stays: bool) -> Settled {
        let mut settled = Settled::default();
        let now = |row: &[u64]| relation.find(row).filter(|_| stays);
        let mut doomed: Vec<u32> = Vec::new();
        for (row, present) in &self.deletes {
            if let Some(number) = now(row)
                && matches(relation.row(number), row, *present)
            {
                doomed.push(number);
            }
        }
        doomed.sort_unstable();
        doomed.dedup();

        let shape = relation.shape();
        self.arrivals
            .sort_by_cached_key(|c| (shape.key_of(&c.row), c.clone()));
        for group in self
            .arrivals
            .chunk_by(|a, b| shape.same_key(&a.row, &b.row))
        {
            let stored = now(&group[0].row);
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
    group: &[Candidate],
    kept: Option<u32>,
) -> Next {
    let shape = relation.shape();
    let first = &group[0];
    let upserts = group.iter().any(|c| c.upsert);
    let differs = |c: &Candidate| match upserts {
        true => c.row != first.row,
        false => !shape.same_plain(&c.row, &first.row),
    };
    if group.iter().any(differs) {
        let mut claims: Vec<(Vec<u64>, Origin)> =
            group.iter().map(|c| (c.row.clone(), c.origin)).collect();
        claims.dedup_by(|a, b| a.0 == b.0);
        let poisons = true;
        return Next::Clash(Clash { claims, poisons });
    }
    let mut row = first.row.clone();
    if upserts {
        return Next::Row(row);
    }
    for candidate in &group[1..] {
        if let Err(error) = shape.join(context, &mut row, &candidate.row) {
            return Next::Failure(candidate.row.clone(), candidate.origin, error);
        }
    }
    if let Some(number) = kept {
        let there = relation.row(number);
        if !shape.same_plain(there, &row) {
            let claims = vec![(there.to_vec(), Origin::EARLIER), (row, first.origin)];
            let poisons = false;
            return Next::Clash(Clash { claims, poisons });
        }
        let mut grown = there.to_vec();
        return match shape.join(context, &mut grown, &row) {
            Ok(_) => Next::Row(grown),
            Err(error) => Next::Failure(row, first.origin, error),
        };
    }
    Next::Row(row)
}

/// Whether the given columns of a `<-` equal those of a row. From column 63 on all are given.
fn matches(there: &[u64], row: &[u64], present: u64) -> bool {
    let given = |column: usize| column >= 63 || present >> column & 1 == 1;
    (0..there.len()).all(|c| !given(c) || there[c] == row[c])
}
