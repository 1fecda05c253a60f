//! Rows put in by ranges against rows put in one after the other.

use std::collections::BTreeSet;

use crate::crew::Backwards;
use crate::relation::tests::{contents, relation};
use crate::rows::hash;

#[test]
fn rows_by_ranges_are_those_one_after_the_other() {
    for (ranges, spread) in [(1, 50), (4, 3), (4, 400), (8, 3000), (16, 60_000)] {
        let (mut context, mut r) = relation("kk");
        let mut model: BTreeSet<Vec<u64>> = BTreeSet::new();
        let mut state = spread;
        for step in 0..12 {
            let mut kept = Vec::new();
            for chunk in 0..5_u64 {
                let mut rows = Vec::new();
                for row in 0..400 {
                    state = hash([state, step, chunk, row]);
                    rows.extend([state % spread, state >> 20 & 3]);
                }
                model.extend(rows.chunks_exact(2).map(<[u64]>::to_vec));
                let mut by_range = vec![Vec::new(); ranges];
                match step % 4 {
                    3 => r.keep_all(&rows, &mut by_range),
                    _ => r.keep_missing(&rows, &mut by_range),
                }
                kept.push(by_range);
            }
            r.merge_ranges(&Backwards(2), &kept, [0, 90, 2000][step as usize % 3]);
            if step % 3 == 0 {
                let mut failed = Vec::new();
                let row = [state % spread, 9];
                r.emit_batch(
                    &mut context,
                    &row,
                    crate::relation::Origin::ARRIVAL,
                    &mut failed,
                );
                model.insert(row.to_vec());
            }
            if step % 2 == 1 {
                r.merge(None, &mut Vec::new());
                assert_eq!(contents(&r), model);
                assert_eq!(r.len(), model.len(), "each row once");
                for (number, row) in model.iter().enumerate() {
                    let found = r.find(row).map(|n| r.row(n).to_vec());
                    assert_eq!(found.as_ref(), Some(row), "row {number}");
                }
            }
        }
        r.merge(None, &mut Vec::new());
        // The table is one that single rows can be taken from.
        while let Some(row) = model.pop_first() {
            let number = r.find(&row).expect("it is there");
            r.remove(number);
        }
        assert!(r.is_empty());
    }
}

#[test]
fn many_rows_at_once_are_those_one_after_the_other() {
    for (columns, spread) in [("kk", 900), ("kkk", 30_000), ("k", 1 << 20)] {
        let (mut context, mut r) = relation(columns);
        let mut model: BTreeSet<Vec<u64>> = BTreeSet::new();
        for step in 0..3 {
            let words = (0..70_000 * columns.len() as u64).map(|n| hash([step, n]) % spread);
            let rows: Vec<u64> = words.collect();
            model.extend(rows.chunks_exact(columns.len()).map(<[u64]>::to_vec));
            r.emit_by(&Backwards(2), &rows);
            r.emit_batch(
                &mut context,
                &rows,
                crate::relation::Origin::ARRIVAL,
                &mut Vec::new(),
            );
            r.merge(None, &mut Vec::new());
            assert_eq!(contents(&r), model);
            assert_eq!(r.len(), model.len(), "each row once");
        }
    }
}
