//! Sorting in shares and merging against a sort of all words.

use super::{Packing, Runs, bounds, sort_words};
use crate::cells::SHARE_ROWS_MIN;
use crate::crew::{Backwards, Crew};
use crate::rows::hash;

#[test]
fn words_of_any_spread_are_sorted() {
    let mut state = 5;
    for count in [0, 1, 900, 1 << 10, 40_000, 100_000] {
        for bits in [0, 1, 9, 14, 25, 40, 63, 64] {
            // Most of them have the same uppermost digits.
            for skewed in [false, true] {
                let mut words: Vec<u64> = (0..count)
                    .map(|step| {
                        state = hash([state, step]);
                        let word = if bits == 0 { 0 } else { state >> (64 - bits) };
                        if skewed && step % 8 > 0 {
                            word >> (bits / 2)
                        } else {
                            word
                        }
                    })
                    .collect();
                let mut sorted = words.clone();
                sorted.sort_unstable();
                let mut spare = vec![7; words.len()];
                sort_words(&mut words, &mut spare, bits);
                assert!(words == sorted, "{count} words of {bits} bits");
            }
        }
    }
}

#[test]
fn shares_are_sorted_and_parts_of_all_are_merged_from_them() {
    let mut state = 3;
    // Of one spread many words are the same.
    for (width, spread) in [(1, 1 << 40), (2, 1 << 20), (2, 30), (3, 1 << 21)] {
        let rows = 3 * SHARE_ROWS_MIN + 17;
        let mut total = Vec::new();
        for step in 0..rows * width {
            state = hash([state, step as u64]);
            total.push((state % spread).wrapping_sub(spread / 2));
        }
        let alone = bounds(width, &total, None);
        for size in [1, 2, 3, 5] {
            let crew: Option<&dyn Crew> = Some(&Backwards(size));
            assert_eq!(bounds(width, &total, crew), alone);
            let packing = Packing::of_bounds(&alone).expect("it fits");
            let mut sorted: Vec<u64> = total
                .chunks_exact(width)
                .map(|row| packing.pack(row))
                .collect();
            sorted.sort_unstable();
            let runs = Runs::of_own(&packing, total.clone(), crew);
            assert_eq!(runs.runs.len(), size.min(3));
            assert_eq!(runs.len(), rows);
            for (from, to) in [(0, 0), (0, 1), (7, 5000), (rows / 2, rows), (rows, rows)] {
                assert!(*runs.part(from..to) == sorted[from..to], "{from}..{to}");
            }
            let starts = (0..rows).step_by(9_999);
            let parts = starts.map(|start| runs.part(start..rows.min(start + 9_999)));
            assert!(parts.collect::<Vec<_>>().concat() == sorted);
        }
    }
}
