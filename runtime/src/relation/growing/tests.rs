//! Rows that grow by ranges against rows that grow one after the other.

use std::collections::BTreeMap;

use crate::context::Context;
use crate::crew::Backwards;
use crate::relation::tests::relation;
use crate::relation::{Origin, Parts, Relation};
use crate::rows::hash;

use super::RANGES_MAX;

/// Takes these rows in by threads; all of them in chunks.
fn emit_shared(r: &mut Relation, context: &mut Context, rows: &[u64], crew: &Backwards) {
    let ranges = r.part_growing(crew);
    let mut kept: Vec<Parts> = Vec::new();
    for chunk in rows.chunks(14) {
        let mut parts = vec![Vec::new(); ranges + 1];
        r.keep_growing(chunk, &mut parts);
        kept.push(parts);
    }
    if ranges > 0 {
        r.grow_by(crew, &kept);
    }
    for parts in &kept {
        let others = parts.last().expect("there is a last part");
        let mut failed = Vec::new();
        r.emit_batch(context, others, Origin::ARRIVAL, &mut failed);
        assert_eq!(failed, []);
    }
}

fn values(r: &Relation) -> BTreeMap<u64, u64> {
    r.rows().map(|row| (row[0], row[1])).collect()
}

#[test]
fn rows_grow_by_ranges_as_one_after_the_other() {
    for (keys, rows) in [(1, 5), (30, 40), (700, 500), (90_000, 40_000)] {
        let crew = Backwards(2);
        let (mut context, mut r) = relation("kl");
        let mut model = BTreeMap::new();
        let mut before = BTreeMap::new();
        for step in 0..9_u64 {
            if step == 5 {
                // From here on it is known how rows were.
                r.begin_stratum();
                before = model.clone();
            }
            let mut expected = BTreeMap::new();
            for version in 0..2 {
                let words = (0..rows).flat_map(|row| {
                    let chance = hash([step, version, row]);
                    [chance % keys, (chance >> 32) % 1000]
                });
                let rows: Vec<u64> = words.collect();
                for row in rows.chunks_exact(2) {
                    let there = model.get(&row[0]);
                    if there.is_none_or(|&there| row[1] > there) {
                        model.insert(row[0], row[1]);
                        expected.insert(row[0], row[1]);
                    }
                }
                match (step + version) % 4 {
                    0 => r.emit_batch(&mut context, &rows, Origin::ARRIVAL, &mut Vec::new()),
                    _ => emit_shared(&mut r, &mut context, &rows, &crew),
                }
            }
            let changed = match step % 3 {
                0 => r.merge(None, &mut Vec::new()),
                _ => r.merge(Some(&crew), &mut Vec::new()),
            };
            assert_eq!(values(&r), model);
            let delta = r.delta().chunks_exact(2).map(|row| (row[0], row[1]));
            assert_eq!(delta.collect::<BTreeMap<_, _>>(), expected);
            assert_eq!(changed, expected.len());
        }
        r.undo_stratum();
        assert_eq!(values(&r), before);
    }
}

/// Rows that were few when threads took them on, and then became many by one thread.
#[test]
fn ranges_do_not_become_many() {
    let crew = Backwards(2);
    let (mut context, mut r) = relation("kl");
    let rows = |count: u64, value: u64| (0..count).flat_map(move |key| [key, value]);
    let (few, many): (Vec<u64>, Vec<u64>) = (rows(100, 1).collect(), rows(50_000, 2).collect());
    r.emit_batch(&mut context, &few, Origin::ARRIVAL, &mut Vec::new());
    r.merge(None, &mut Vec::new());
    emit_shared(&mut r, &mut context, &many, &crew);
    r.merge(Some(&crew), &mut Vec::new());
    assert!(r.new.growing.ranges.len() > 1);
    let more: Vec<u64> = rows(50_000, 3).collect();
    for rows in [&more[..60_000], &more[60_000..]] {
        r.emit_batch(&mut context, rows, Origin::ARRIVAL, &mut Vec::new());
        assert!(r.new.growing.ranges.len() <= RANGES_MAX);
    }
    assert_eq!(r.merge(None, &mut Vec::new()), 50_000);
    assert!(r.rows().all(|row| row[1] == 3));
    r.clear();
    r.emit_batch(&mut context, &few, Origin::ARRIVAL, &mut Vec::new());
    r.merge(None, &mut Vec::new());
    assert!(
        r.part_growing(&crew) <= 16,
        "few rows have few ranges again"
    );
}
