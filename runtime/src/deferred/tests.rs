//! Deferred changes against a model: a map, of which rows are deleted before others are put.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Deferred};
use crate::pieces::Piece;
use crate::relation::Origin;
use crate::relation::tests::relation;
use crate::rows::hash;

/// Bits of a `<-` that gives the first column, or both.
const KEY: u64 = 1 << 63 | 1;
const ROW: u64 = KEY | 2;

fn pairs<'r>(rows: impl Iterator<Item = &'r [u64]>) -> BTreeSet<[u64; 2]> {
    rows.map(|row| [row[0], row[1]]).collect()
}

/// Changes that are made where they were found, one after the other, in a relation whose rows are overwritten and in one
/// of which it is remembered which rows went.
#[test]
fn changes_do_what_was_deferred() {
    for watched in [false, true] {
        let (mut context, mut r) = relation("kv");
        if watched {
            r.watch();
        }
        let mut model = BTreeMap::<u64, u64>::new();
        let mut deferred = Deferred::default();
        let mut change = Change::default();
        for step in 0..3_000_u64 {
            let chance = |salt: u64, below: u64| hash([step, salt, u64::from(watched)]) % below;
            let mut next = model.clone();
            for n in 0..chance(0, 5) {
                let key = chance(10 + n, 40);
                let (value, given) = match chance(20 + n, 2) {
                    0 => (0, KEY),
                    _ => (chance(30 + n, 3), ROW),
                };
                deferred.delete(&[key, value], given);
                if given == KEY || model.get(&key) == Some(&value) {
                    next.remove(&key);
                }
            }
            let few = [4, 4, 4, 100][chance(1, 4) as usize];
            for n in 0..chance(2, few) {
                let key = chance(40 + n, 60);
                let value = hash([step, key]) % 3;
                // Now and then once more.
                for _ in 0..=chance(200 + n, 8) / 7 {
                    deferred.upsert(&[key, value], 1, Origin::ARRIVAL);
                }
                next.insert(key, value);
            }
            let hindered = deferred.settle(&mut context, &r, true, &mut change);
            deferred.clear();
            assert!(hindered.is_empty());
            let differs = |(key, value): (&u64, &u64), other: &BTreeMap<u64, u64>| {
                (other.get(key) != Some(value)).then_some([*key, *value])
            };
            let gone: BTreeSet<_> = model.iter().filter_map(|row| differs(row, &next)).collect();
            let came: BTreeSet<_> = next.iter().filter_map(|row| differs(row, &model)).collect();
            assert_eq!(pairs(change.gone(&r)), gone);
            assert_eq!(pairs(change.came(2)), came);
            assert_eq!(change.is_empty(), model == next);
            r.open_tick();
            change.apply(&mut r);
            change.clear();
            if watched {
                assert_eq!(pairs(r.gone().chunks_exact(2)), gone);
            }
            r.begin_tick();
            r.close_tick();
            model = next;
            assert_eq!(
                pairs(r.rows()),
                model.iter().map(|(k, v)| [*k, *v]).collect()
            );
            assert!(model.iter().all(|(k, v)| r.find(&[*k, *v]).is_some()));
        }
    }
}
