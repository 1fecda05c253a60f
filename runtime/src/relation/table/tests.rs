//! Tables against maps.

use std::collections::{BTreeMap, HashMap};

use super::NumberTable;
use crate::rows::{UNIQUE_BITS, hash, key_hash};

impl NumberTable {
    /// How far from its place what an exact table has for a hash stands.
    fn distance_of(&self, hash: u64) -> usize {
        let home = self.form.place(hash);
        let mut place = home;
        while !self.form.agrees(self.slots[place], hash) {
            place = self.next(place);
        }
        place.wrapping_sub(home) & (self.slots.len() - 1)
    }
}

/// Many numbers, at hashes that stand apart, side by side, at the end and at the beginning of the table.
#[test]
fn growing_loses_nothing() {
    for seed in 0..100 {
        let mut table = NumberTable::default();
        let hash_of = |n: u64| match hash([seed, n]) % 4 {
            0 => u64::MAX - (n << 30),
            1 => n << 33,
            2 => n << 50 | seed,
            _ => hash([n, seed]),
        };
        for n in 0..500 {
            table.insert(hash_of(n), n as u32);
        }
        for gone in 0..500 {
            for n in (gone..500).step_by(1 + gone as usize % 7) {
                assert_eq!(
                    table.find(hash_of(n), |m| u64::from(m) == n),
                    Some(n as u32)
                );
            }
            table.remove(hash_of(gone), gone as u32);
        }
    }
}

/// Random operations, against a map. Few hashes, so that searches are long and wrap around.
#[test]
fn holds_what_a_map_holds() {
    for spread in [4_u64, 60, 5000] {
        let mut table = NumberTable::default();
        let mut model: BTreeMap<u32, u64> = BTreeMap::new();
        let mut state = spread;
        for step in 0..20_000_u64 {
            state = hash([state, step]);
            let number = (state >> 20) as u32 % 300;
            match model.get(&number).copied() {
                Some(hash) if state.is_multiple_of(3) => {
                    let other = number + 1000 + step as u32;
                    table.renumber(hash, number, other);
                    model.remove(&number);
                    model.insert(other, hash);
                }
                Some(hash) => {
                    table.remove(hash, number);
                    model.remove(&number);
                }
                None => {
                    // Crowded at the end of the table.
                    let hash = u64::MAX - ((hash([state]) % spread) << 40);
                    table.insert(hash, number);
                    model.insert(number, hash);
                }
            }
            if model.len() > 200 {
                table.clear();
                model.clear();
            }
            for (&number, &hash) in model.iter().take(20) {
                assert_eq!(table.find(hash, |n| n == number), Some(number));
            }
            assert_eq!(table.find(u64::MAX, |n| n == 999), None);
        }
    }
}

/// What a word of a key may be: small, at the edge of what an exact table takes, or anything.
fn word(choice: u64, kind: u64) -> u64 {
    let edges = [
        0,
        1,
        -1_i64 as u64,
        i64::MIN as u64,
        i64::MAX as u64,
        (1 << 13) - 1,
        -(1_i64 << 13) as u64,
        (-(1_i64 << 13) - 1) as u64,
        (1 << 27) - (1 << 13) - 1,
        (1 << 27) - (1 << 13),
        -(1_i64 << 27) as u64,
        (1 << 54) - (1 << 27) - 1,
        (1 << 54) - (1 << 27),
        -512_i64 as u64,
        -513_i64 as u64,
        (1 << 18) - 512,
        1 << 31,
        (1 << 31) - 1,
        1 << 32,
        u64::from(u32::MAX),
        u64::MAX,
    ];
    match kind {
        0 => choice % 90,
        1 => choice % 60_000,
        2 => (choice % 300) << 9,
        3 => edges[choice as usize % edges.len()],
        _ => choice,
    }
}

/// Random insertions, searches, removals, renumberings and clearings of keys of so many words, against a map.
fn keys_are_those_of_a_map<const N: usize>(seed: u64, foreign_from: usize) -> bool {
    let mut table = NumberTable::of_keys();
    let mut model: HashMap<[u64; N], u32> = HashMap::new();
    let mut there: Vec<[u64; N]> = Vec::new();
    let mut state = seed;
    let steps = 400 << (seed % 5);
    for step in 0..steps {
        state = hash([state, step as u64]);
        let kinds = if step < foreign_from { 3 } else { 5 };
        let key: [u64; N] = std::array::from_fn(|place| {
            let choice = hash([state, place as u64]);
            word(choice, (choice >> 50) % kinds)
        });
        // Numbers are those of rows that stand close.
        let next = there.len() as u32;
        let same = |n: u32| there[n as usize] == key;
        match state >> 60 {
            0..8 => {
                let added = table.insert_unless(key_hash(&key), next, same);
                assert_eq!(added, !model.contains_key(&key));
                if added {
                    model.insert(key, next);
                    there.push(key);
                }
            }
            8..10 if !model.contains_key(&key) => {
                table.insert(key_hash(&key), next);
                model.insert(key, next);
                there.push(key);
            }
            10..14 if !there.is_empty() => {
                let gone = (state >> 20) as usize % there.len();
                let key = there[gone];
                table.remove(key_hash(&key), gone as u32);
                model.remove(&key);
                let last = there.len() - 1;
                if gone != last {
                    let moved = there[last];
                    table.renumber(key_hash(&moved), last as u32, gone as u32);
                    model.insert(moved, gone as u32);
                }
                there.swap_remove(gone);
            }
            14 if state.is_multiple_of(50) => table.reserve((state >> 30) as usize % 3000),
            15 if state.is_multiple_of(200) => {
                table.clear();
                model.clear();
                there.clear();
            }
            _ => {}
        }
        let same = |n: u32| there[n as usize] == key;
        assert_eq!(table.find(key_hash(&key), same), model.get(&key).copied());
        if step % 97 == 0 {
            let hashes: Vec<u64> = there.iter().take(200).map(|key| key_hash(key)).collect();
            let mut missing = [0; 200];
            let count = table.sift(&hashes, &mut missing);
            assert!(count <= hashes.len());
            for (number, key) in there.iter().enumerate() {
                let found = table.find(key_hash(key), |n| there[n as usize] == *key);
                assert_eq!(found, Some(number as u32), "{key:?}");
            }
        }
    }
    assert_eq!(model.len(), there.len());
    table.is_exact()
}

#[test]
fn keys_of_all_lengths_are_found_by_their_hashes() {
    for seed in 0..15 {
        for foreign_from in [0, 300, 2000, usize::MAX] {
            let mut exact = vec![
                keys_are_those_of_a_map::<1>(seed, foreign_from),
                keys_are_those_of_a_map::<2>(seed, foreign_from),
                keys_are_those_of_a_map::<3>(seed, foreign_from),
            ];
            if foreign_from == usize::MAX {
                assert_eq!(
                    exact, [true; 3],
                    "small numbers need no rows to tell them apart"
                );
            }
            exact.push(keys_are_those_of_a_map::<4>(seed, foreign_from));
            assert!(!exact[3], "there is no exact table of four words");
        }
    }
}

/// Keys whose hashes are neighbours, as many as crowd a place: the table goes over to tags, and loses none.
#[test]
fn crowded_places_become_tagged() {
    let near = |n: u64| 0x1234_5678_0000_0000 | n << (u64::BITS - UNIQUE_BITS);
    for far in [0, 5, 3000] {
        let mut table = NumberTable::of_keys();
        let mut hashes: Vec<u64> = (0..far).map(|n| hash([n]) & !0x3ff).collect();
        hashes.extend((0..3000).map(near));
        for (number, &hash) in hashes.iter().enumerate() {
            let at = |n: u32| hashes[n as usize] == hash;
            assert!(table.insert_unless(hash, number as u32, at));
            assert!(!table.insert_unless(hash, number as u32, at));
        }
        assert!(!table.is_exact());
        for (number, &hash) in hashes.iter().enumerate() {
            let found = table.find(hash, |n| hashes[n as usize] == hash);
            assert_eq!(found, Some(number as u32));
        }
    }
}

/// Rows of a grid stand near the place at which they are looked for.
#[test]
fn hashes_of_small_numbers_spread() {
    for (rows, columns, step) in [
        (1000, 200, 1),
        (2, 100_000, 1),
        (400, 500, 64),
        (600, 300, 1000),
    ] {
        let mut table = NumberTable::of_keys();
        let mut number = 0;
        for row in 0..rows {
            for column in 0..columns {
                table.insert(key_hash(&[row * step, column * step]), number);
                number += 1;
            }
        }
        assert!(table.is_exact());
        let distance =
            |row: u64, column: u64| table.distance_of(key_hash(&[row * step, column * step]));
        let all = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let sum: usize = all.map(|(row, column)| distance(row, column)).sum();
        let mean = sum as f64 / f64::from(number);
        // Knuth 6.4: (1 / (1 - load) - 1) / 2 of chance.
        assert!(mean < 1.2, "{rows} x {columns}, {step}: {mean}");
    }
}
