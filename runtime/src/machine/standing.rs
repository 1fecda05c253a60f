//! What rules of the other arrows derive in every tick from what stays.
//!
//! Such a rule's derivations are kept as rows of a relation of its own, so that nothing is derived
//! again; still they are derived in every tick, as far as anyone can see. What they change of a table
//! is a function, key by key, of them, of what else was deferred, and of the row that the key has. So
//! in a tick only the keys count for which one of these is other than in the last tick, or for which
//! something went wrong then: it goes wrong again.

use std::sync::Arc;

use bloom_plan::plan::{Arrow, RelationId, Standing};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use crate::relation::{Change, IndexPlace, Origin, Relation};

use super::{Machine, Probed};

/// Keys in the order in which they turned up.
#[derive(Default)]
struct Keys {
    all: Vec<Vec<u64>>,
    seen: HashSet<Vec<u64>, FxBuildHasher>,
}

impl Keys {
    fn add(&mut self, key: Vec<u64>) {
        if self.seen.insert(key.clone()) {
            self.all.push(key);
        }
    }
}

impl Machine {
    /// Defers and sends what stands, as far as it may matter.
    pub(super) fn defer_standing(&mut self) {
        let anew = std::mem::take(&mut self.all_looked_at_again);
        if self.program.plan().standing.is_empty() {
            return;
        }
        let program = Arc::clone(&self.program);
        let schedule = program.schedule();
        for (place, standing) in program.plan().standing.iter().enumerate() {
            // Of rules for one head the first speaks for all.
            if schedule.standing[standing.head.0 as usize].first() != Some(&place) {
                continue;
            }
            let all = schedule.standing[standing.head.0 as usize].iter();
            let all: Vec<&Standing> = all.map(|&n| &program.plan().standing[n]).collect();
            let passes = standing.arrow == Arrow::Async || schedule.is_transient(standing.head);
            let keys = match passes {
                true => None,
                false => self.keys_that_count(standing.head, &all, anew),
            };
            for standing in all {
                match &keys {
                    None => self.defer_all(standing),
                    Some(keys) => keys
                        .all
                        .iter()
                        .for_each(|key| self.defer_key(standing, key)),
                }
            }
        }
    }

    /// The keys of the head for which something may be different; none for all.
    fn keys_that_count(&mut self, head: RelationId, all: &[&Standing], anew: bool) -> Option<Keys> {
        let relations = std::iter::once(head).chain(all.iter().map(|s| s.relation));
        let relations: Vec<RelationId> = relations.collect();
        let mut changes = relations
            .iter()
            .map(|&id| self.relations[id.0 as usize].change());
        let unknown = anew || changes.any(|change| change == Change::Unknown);
        let mut keys = Keys::default();
        let again = std::mem::take(&mut self.looked_at_again[head.0 as usize]);
        again.into_iter().for_each(|key| keys.add(key));
        let shape = self.relations[head.0 as usize].shape().clone();
        let deferred = &self.deferred[head.0 as usize];
        for row in deferred.rows().chunks_exact(shape.stride) {
            let key = shape.key_of(row);
            self.looked_at_again[head.0 as usize].insert(key.clone());
            keys.add(key);
        }
        if unknown || shape.keys.is_empty() {
            return None;
        }
        changed_keys(&mut self.relations[head.0 as usize], &shape.keys, &mut keys);
        for standing in all {
            let column = |&key: &usize| standing.columns[key].map(|column| column as usize);
            let columns: Option<Vec<usize>> = shape.keys.iter().map(column).collect();
            let columns = columns.expect("a head gives its key");
            let relation = &mut self.relations[standing.relation.0 as usize];
            changed_keys(relation, &columns, &mut keys);
        }
        Some(keys)
    }

    fn defer_all(&mut self, standing: &Standing) {
        for number in 0..self.relations[standing.relation.0 as usize].len() as u32 {
            self.defer_row(standing, number);
        }
    }

    fn defer_key(&mut self, standing: &Standing, key: &[u64]) {
        let Probed {
            relation, place, ..
        } = self.indexes[standing.index.0 as usize];
        debug_assert_ne!(
            place,
            IndexPlace::Whole,
            "a relation without key is taken whole"
        );
        let relation = &mut self.relations[relation.0 as usize];
        relation.catch_up(place, relation.len(), None);
        let numbers: Vec<u64> = match place {
            IndexPlace::Primary => relation.find_key(key).map(u64::from).into_iter().collect(),
            IndexPlace::Secondary(_) | IndexPlace::Whole => relation.probe(place, key).to_vec(),
        };
        for number in numbers {
            self.defer_row(standing, number as u32);
        }
    }

    fn defer_row(&mut self, standing: &Standing, number: u32) {
        let row = self.relations[standing.relation.0 as usize].row(number);
        let word = |column: &Option<u32>| column.map_or(0, |column| row[column as usize]);
        let mut whole: Vec<u64> = standing.columns.iter().map(word).collect();
        if whole.is_empty() {
            whole.push(0);
        }
        let given = standing.columns.iter().enumerate().take(63);
        let given = given.filter(|(_, column)| column.is_some());
        let present = given.fold(1 << 63, |bits, (place, _)| bits | 1u64 << place);
        let origin = Origin::version(standing.version);
        match standing.arrow {
            Arrow::Delete => self.deferring(standing.head).delete(&whole, present),
            arrow => self.derive(standing.head, arrow, &whole, origin),
        }
    }
}

/// Adds the keys of rows that came, went or have grown.
fn changed_keys(relation: &mut Relation, columns: &[usize], keys: &mut Keys) {
    if relation.is_unchanged() {
        return;
    }
    let stride = relation.shape().stride;
    for came in [true, false] {
        match came {
            true => relation.set_delta_came(),
            false => relation.set_delta_went(),
        }
        for row in relation.delta().chunks_exact(stride) {
            keys.add(columns.iter().map(|&column| row[column]).collect());
        }
    }
    relation.clear_delta();
}
