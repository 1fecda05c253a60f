//! Key conflicts: neither row merges, whatever the order, and nothing that follows from either.

use bloom_plan::plan::{Arrow, BinaryOp, CompareOp, Expr, Extent, Op, RelationKind, Role};
use bloom_plan::value::Value;
use bloom_runtime::{ErrorKind, Node, OnConflict};

use crate::build::{Build, TABLE, emit, expect, feed, idle, int, key, r, read};

/// `a` and `b` are copied into the table `t(k => v)`; `t` counts on: `t(k + 1, v) <= t(k, v), k < 9`.
fn node(on_conflict: OnConflict, swapped: bool) -> Node {
    let mut b = Build::new();
    let columns = [key(b.int), (Role::Value, b.int)];
    let a = b.relation("a", RelationKind::Scratch, &[key(b.int), key(b.int)]);
    let c = b.relation("b", RelationKind::Scratch, &[key(b.int), key(b.int)]);
    let t = b.relation("t", TABLE, &columns);
    let one = b.copy(a, 2, t, Arrow::Merge);
    let two = b.copy(c, 2, t, Arrow::Merge);
    let on = |part| {
        let next = Expr::Binary(BinaryOp::IntAdd, Box::new(r(0)), Box::new(int(1)));
        let low = Expr::Compare(
            CompareOp::Lt,
            bloom_plan::types::TypeId(0),
            Box::new(r(0)),
            Box::new(int(9)),
        );
        vec![
            read(t, part, 0..2),
            Op::Filter { condition: low },
            emit(t, Arrow::Merge, vec![Some(next), Some(r(1))]),
        ]
    };
    let first = b.version(2, None, on(Extent::Total));
    let again = b.version(2, Some(t), on(Extent::Delta));
    let initial = if swapped {
        [first, two, one]
    } else {
        [one, two, first]
    };
    b.stratum(&initial, &[again]);
    b.start(on_conflict)
}

#[test]
fn what_follows_from_a_row_in_conflict_does_not_happen() {
    for swapped in [false, true] {
        let mut node = node(OnConflict::Continue, swapped);
        // From 7 the first chain reaches 8 and 9; the second starts at 8 with another value. Both
        // claim 8 in different iterations.
        let a = node.relation("a").expect("the plan has it");
        let b = node.relation("b").expect("the plan has it");
        let output = node.step(bloom_runtime::Input {
            rows: vec![
                (a, crate::build::ints(&[7, 1])),
                (b, crate::build::ints(&[8, 2])),
                (b, crate::build::ints(&[3, 5])),
            ],
            ..Default::default()
        });
        expect(&node, "t", &[&[3, 5], &[4, 5], &[5, 5], &[6, 5]]);
        assert!(output.halted_by_conflict.is_none());
        let keys: Vec<&str> = output.errors.iter().map(|e| e.row.as_str()).collect();
        assert!(keys.contains(&"t{c0: 8, c1: 1}"), "{keys:?}");
        assert!(keys.contains(&"t{c0: 8, c1: 2}"), "{keys:?}");
        for error in &output.errors {
            assert_eq!(error.kind, ErrorKind::KeyConflict);
            assert!(error.message.contains("key conflict"));
        }
    }
}

#[test]
fn a_stored_row_stays_and_the_new_one_is_dropped() {
    let mut node = node(OnConflict::Continue, false);
    feed(&mut node, "a", &[&[9, 1]]);
    let output = feed(&mut node, "a", &[&[9, 2]]);
    expect(&node, "t", &[&[9, 1]]);
    assert_eq!(output.errors.len(), 1);
    assert_eq!(output.errors[0].row, "t{c0: 9, c1: 2}");
    assert_eq!(
        output.errors[0].message,
        "key conflict in `t`: t{c0: 9, c1: 1} from before, and t{c0: 9, c1: 2} from example.bloom:1:1"
    );
}

#[test]
fn halting_takes_the_tick_back() {
    let mut node = node(OnConflict::Halt, false);
    feed(&mut node, "a", &[&[9, 1]]);
    let output = feed(&mut node, "a", &[&[4, 1], &[9, 2]]);
    let conflict = output.halted_by_conflict.expect("the tick is halted");
    assert_eq!(conflict.collection, "t");
    assert_eq!(conflict.first.row, crate::build::ints(&[9, 1]));
    expect(&node, "t", &[&[9, 1]]);
    assert_eq!(node.tick(), 1);
    assert!(idle(&mut node).halted_by_conflict.is_none());
}

#[test]
fn arrivals_can_conflict_among_themselves() {
    let mut node = node(OnConflict::Continue, false);
    let output = feed(&mut node, "t", &[&[9, 1], &[9, 2], &[8, 4]]);
    // Nor does a rule's row take the key that is contested.
    expect(&node, "t", &[&[8, 4]]);
    assert_eq!(output.errors.len(), 2);
    assert_eq!(output.errors[0].rule, "an arrival");
}

#[test]
fn what_does_not_fit_is_refused_and_the_rest_is_taken() {
    let mut node = node(OnConflict::Continue, false);
    let t = node.relation("t").expect("the plan has it");
    let output = node.step(bloom_runtime::Input {
        rows: vec![
            (t, vec![Value::Int(9), Value::string("x")]),
            (t, crate::build::ints(&[8])),
            (t, crate::build::ints(&[9, 3])),
        ],
        ..Default::default()
    });
    expect(&node, "t", &[&[9, 3]]);
    let messages: Vec<&str> = output.errors.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "refused a row of `t`: column `c1`: expected Int, found a String",
            "refused a row of `t`: expected 2 columns, found 1",
        ]
    );
    assert_eq!(output.errors[0].row, "(9, \"x\")");
}
