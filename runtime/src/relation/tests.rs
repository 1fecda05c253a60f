//! Relations against a naive model, and what merging, conflicts and undoing do.

use std::collections::BTreeSet;

use bloom_plan::plan::layout::Layout;
use bloom_plan::types::{Type, TypeTable};
use bloom_stdx::random::Random;

use super::{IndexPlace, Origin, Relation, Shape};
use crate::context::Context;
use crate::context::testing::context;

/// Two `Int` keys, or a key and a plain value, or a key and a `Max<Int>`.
pub(crate) fn relation(roles: &str) -> (Context, Relation) {
    let mut types = TypeTable::default();
    let int = types.intern(Type::Int);
    let max = types.intern(Type::Max(int));
    let mut shape = Shape {
        stride: roles.len(),
        keys: Vec::new(),
        prefix: None,
        plain: Vec::new(),
        lattices: Vec::new(),
        chooses: Vec::new(),
        types: Vec::new(),
    };
    for (column, role) in roles.chars().enumerate() {
        match role {
            'k' => shape.keys.push(column),
            'v' => shape.plain.push(column),
            _ => {
                shape.lattices.push((column, max));
                shape.chooses.push(Some(std::cmp::Ordering::Greater));
            }
        }
        shape.types.push(if role == 'l' { max } else { int });
    }
    shape.prefix = Some(shape.keys.len());
    (context(types), Relation::new(shape))
}

fn emit(relation: &mut Relation, context: &mut Context, row: [u64; 2]) {
    let mut failed = Vec::new();
    relation.emit_batch(context, &row, Origin::ARRIVAL, &mut failed);
    assert_eq!(failed, []);
}

pub(super) fn contents(relation: &Relation) -> BTreeSet<Vec<u64>> {
    relation.rows().map(<[u64]>::to_vec).collect()
}

#[test]
fn rows_merge_once_and_make_the_delta() {
    let (mut context, mut r) = relation("kk");
    for row in [[1, 2], [1, 3], [1, 2]] {
        emit(&mut r, &mut context, row);
    }
    assert!(r.is_empty(), "an iteration does not see what it derives");
    assert_eq!(r.merge(None, &mut Vec::new()), 2);
    assert_eq!(r.delta(), [1, 2, 1, 3]);
    emit(&mut r, &mut context, [1, 3]);
    assert_eq!(r.merge(None, &mut Vec::new()), 0);
    assert!(r.delta().is_empty());
}

#[test]
fn lattice_columns_grow_in_place() {
    let (mut context, mut r) = relation("kl");
    emit(&mut r, &mut context, [1, 5]);
    r.merge(None, &mut Vec::new());
    r.begin_tick();
    for row in [[1, 4], [1, 7], [1, 6]] {
        emit(&mut r, &mut context, row);
    }
    assert_eq!(r.merge(None, &mut Vec::new()), 1);
    assert_eq!(r.delta(), [1, 7], "the delta carries the whole new value");
    assert_eq!(r.total(), [1, 7]);
    assert_eq!(r.changed(), BTreeSet::from([0]));
    r.undo_tick();
    assert_eq!(r.total(), [1, 5]);
}

#[test]
fn unequal_new_rows_of_a_key_clash_and_stored_ones_stay() {
    let (mut context, mut r) = relation("kv");
    emit(&mut r, &mut context, [1, 1]);
    r.merge(None, &mut Vec::new());
    r.begin_tick();
    emit(&mut r, &mut context, [1, 2]);
    emit(&mut r, &mut context, [2, 1]);
    emit(&mut r, &mut context, [2, 2]);
    let mut clashes = Vec::new();
    r.merge(None, &mut clashes);
    let poisons: Vec<bool> = clashes.iter().map(|c| c.poisons).collect();
    assert_eq!(poisons, [false, true]);
    r.undo_stratum();
    r.poison(vec![2]);
    emit(&mut r, &mut context, [2, 1]);
    emit(&mut r, &mut context, [3, 1]);
    r.merge(None, &mut Vec::new());
    assert_eq!(contents(&r), BTreeSet::from([vec![1, 1], vec![3, 1]]));
}

#[test]
fn indexes_follow_inserts_removals_and_undoing() {
    // Keys that stand close together, far apart, and now and then one that is far from the others.
    follow_changes(|chance| chance & 7);
    follow_changes(|chance| (chance & 7) << 40);
    follow_changes(|chance| match chance & 0x7f {
        0x7f => chance >> 8 << 20,
        _ => chance & 7,
    });
}

fn follow_changes(key: impl Fn(u64) -> u64) {
    let (mut context, mut r) = relation("kk");
    let by_second = r.add_index(&[1], &Layout::Numbers, &mut Vec::new());
    let copies = r.add_index(&[1], &Layout::Columns(vec![0]), &mut Vec::new());
    assert_eq!(
        r.add_index(&[0, 1], &Layout::Key, &mut Vec::new()),
        IndexPlace::Primary
    );
    let mut model: BTreeSet<Vec<u64>> = BTreeSet::new();
    let mut state = 1_u64;
    for step in 0..2000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let row = [state >> 33 & 7, key(state >> 40)];
        match r.find(&row) {
            Some(number) => {
                r.remove(number);
                model.remove(row.as_slice());
            }
            None => {
                r.insert(&row);
                model.insert(row.to_vec());
            }
        }
        if step % 50 == 0 {
            r.begin_tick();
            emit(&mut r, &mut context, [100, row[1]]);
            emit(&mut r, &mut context, [101, row[1]]);
            r.merge(None, &mut Vec::new());
            r.undo_tick();
        }
        assert_eq!(contents(&r), model);
        // Removals and undoing meet indexes that lag behind by different numbers of rows.
        if state >> 50 & 3 == 0 {
            r.catch_up(by_second, r.len(), None);
            continue;
        }
        if state >> 52 & 3 == 0 {
            continue;
        }
        r.catch_up(by_second, r.len(), None);
        r.catch_up(copies, r.len(), None);
        let seconds: BTreeSet<u64> = model.iter().map(|row| row[1]).collect();
        for second in seconds.into_iter().chain([3, 1 << 50]) {
            let mut found: Vec<u64> = r
                .probe(by_second, &[second])
                .iter()
                .map(|&n| r.row(n as u32)[0])
                .collect();
            found.sort_unstable();
            let mut copied = r.probe(copies, &[second]).to_vec();
            copied.sort_unstable();
            assert_eq!(found, copied);
            let expected = model
                .iter()
                .filter(|row| row[1] == second)
                .map(|row| row[0]);
            assert_eq!(found, expected.collect::<Vec<u64>>());
        }
    }
}

/// Some keys are told apart by their words alone, others have hashes that more than one may have.
#[test]
fn indexes_of_several_columns_hold_the_rows_of_each_key() {
    let (_, mut r) = relation("kkk");
    let numbers = r.add_index(&[0, 2], &Layout::Numbers, &mut Vec::new());
    let copies = r.add_index(&[0, 2], &Layout::Columns(vec![1]), &mut Vec::new());
    let mut random = Random::new(1);
    for _ in 0..3000 {
        let large = (random.below(2) as u64) << 50;
        let row = [4, 16, 4].map(|bound| random.below(bound) as u64);
        let row = [row[0] | large, row[1], row[2]];
        match r.find(&row) {
            Some(number) => r.remove(number),
            None => r.insert(&row),
        }
        if !random.chance(1, 16) {
            continue;
        }
        for index in [numbers, copies] {
            r.catch_up(index, r.len(), None);
        }
        for key in (0..4).flat_map(|a| (0..4).flat_map(move |b| [[a, b], [a | 1 << 50, b]])) {
            let rows = r.rows().filter(|row| [row[0], row[2]] == key);
            let expected: BTreeSet<u64> = rows.map(|row| row[1]).collect();
            let found = r.probe(numbers, &key).iter();
            let found: BTreeSet<u64> = found.map(|&n| r.row(n as u32)[1]).collect();
            assert_eq!(found, expected, "{key:?}");
            let copied = r.probe(copies, &key);
            assert_eq!(copied.len(), expected.len(), "{key:?}");
            assert!(copied.iter().all(|word| expected.contains(word)), "{key:?}");
        }
    }
}
