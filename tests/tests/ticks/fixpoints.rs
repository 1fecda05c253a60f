//! Recursion, lattices, aggregates, row errors.

use std::sync::Arc;

use bloom_plan::plan::{
    AggregateColumn, AggregateFunction, Arrow, BinaryOp, Bind, Expr, Extent, Op, Register,
    RelationKind, Role,
};
use bloom_plan::types::Type;
use bloom_runtime::profile::{Clock, Place};
use bloom_runtime::{ErrorKind, OnConflict};

use crate::build::{Build, TABLE, emit, expect, feed, idle, int, key, r, read, scan};

#[test]
fn transitive_closure() {
    closure(false);
}

#[test]
fn transitive_closure_takes_up_new_edges() {
    closure(true);
}

fn closure(incremental: bool) {
    let mut b = Build::new();
    let edge = b.relation("edge", TABLE, &[key(b.int), key(b.int)]);
    let path = b.relation("path", RelationKind::View, &[key(b.int), key(b.int)]);
    let by_from = b.index(edge, &[0]);
    let base = b.copy(edge, 2, path, Arrow::Merge);
    let join = |part| {
        vec![
            read(path, part, 0..2),
            Op::Probe {
                index: by_from,
                key: vec![r(1)],
                bind: vec![Bind {
                    column: 1,
                    into: Register(2),
                }],
            },
            emit(path, Arrow::Merge, vec![Some(r(0)), Some(r(2))]),
        ]
    };
    let first = b.version(3, None, join(Extent::Total));
    let again = b.version(3, Some(path), join(Extent::Delta));
    let by_to = b.index(path, &[1]);
    b.stratum(&[base, first], &[again]);
    if incremental {
        let copy = vec![
            read(edge, Extent::Delta, 0..2),
            emit(path, Arrow::Merge, vec![Some(r(0)), Some(r(1))]),
        ];
        let bind = Bind {
            column: 0,
            into: Register(2),
        };
        let extend = vec![
            read(edge, Extent::Delta, 0..2),
            Op::Probe {
                index: by_to,
                key: vec![r(0)],
                bind: vec![bind],
            },
            emit(path, Arrow::Merge, vec![Some(r(2)), Some(r(1))]),
        ];
        let versions = [b.again(base, edge, copy), b.again(first, edge, extend)];
        b.incremental(&versions);
    }
    let mut node = b.start(OnConflict::Halt);

    feed(&mut node, "edge", &[&[1, 2], &[2, 3], &[3, 1]]);
    let all: Vec<[i64; 2]> = (1..4).flat_map(|a| (1..4).map(move |b| [a, b])).collect();
    let all: Vec<&[i64]> = all.iter().map(|row| &row[..]).collect();
    expect(&node, "path", &all);
    let output = idle(&mut node);
    expect(&node, "path", &all);
    assert_eq!(output.tick, 2);
    assert!(!node.wants_tick());

    // A chain as long as rows are reallocated often while generated code scans them.
    let chain: Vec<[i64; 2]> = (10..210).map(|n| [n, n + 1]).collect();
    let chain: Vec<&[i64]> = chain.iter().map(|row| &row[..]).collect();
    feed(&mut node, "edge", &chain);
    let path = node.relation("path").expect("the plan has it");
    assert_eq!(node.rows(path).len(), 9 + 200 * 201 / 2);
    let output = feed(&mut node, "edge", &[&[9, 10]]);
    assert_eq!(node.rows(path).len(), 9 + 201 * 202 / 2);
    if incremental {
        assert_eq!(output.stats.merged, 1 + 201, "the edge, and what it adds");
    }
}

/// Says that no time passes.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn nanoseconds(&self) -> u64 {
        0
    }
}

#[test]
fn rows_that_are_new_on_both_sides_of_a_join_meet_once() {
    let mut b = Build::new();
    let edge = b.relation("edge", TABLE, &[key(b.int), key(b.int)]);
    let path = b.relation("path", RelationKind::View, &[key(b.int), key(b.int)]);
    let (by_from, by_to) = (b.index(path, &[0]), b.index(path, &[1]));
    let base = b.copy(edge, 2, path, Arrow::Merge);
    let probe = |index, key, column| Op::Probe {
        index,
        key: vec![r(key)],
        bind: vec![Bind {
            column,
            into: Register(2),
        }],
    };
    let ahead = |part| {
        vec![
            read(path, part, 0..2),
            probe(by_from, 1, 1),
            emit(path, Arrow::Merge, vec![Some(r(0)), Some(r(2))]),
        ]
    };
    let first = b.version(3, None, ahead(Extent::Total));
    let back = vec![
        read(path, Extent::Delta, 0..2),
        probe(by_to, 0, 0),
        emit(path, Arrow::Merge, vec![Some(r(2)), Some(r(1))]),
    ];
    let again = [
        b.again(first, path, ahead(Extent::Delta)),
        b.again(first, path, back),
    ];
    b.stratum(&[base, first], &again);
    let joins = [first, again[0], again[1]];
    let mut node = b.start(OnConflict::Halt);
    node.measure(Arc::new(Stopped));
    let chain: Vec<[i64; 2]> = (0..40).map(|n| [n, n + 1]).collect();
    let chain: Vec<&[i64]> = chain.iter().map(|row| &row[..]).collect();
    feed(&mut node, "edge", &chain);
    let path = node.relation("path").expect("the plan has it");
    assert_eq!(node.rows(path).len(), 40 * 41 / 2);
    let spans = node.profile().expect("it was measured").spans().iter();
    let derived = spans.filter(|span| match span.place {
        Place::Version(version) => joins.contains(&version),
        _ => false,
    });
    // Three nodes of the chain for each.
    assert_eq!(
        derived.map(|span| span.derived).sum::<u64>(),
        41 * 40 * 39 / 6
    );
}

#[test]
fn shortest_paths_on_a_lattice() {
    let mut b = Build::new();
    let min = b.plan.types.intern(Type::Min(b.int));
    let edge = b.relation("edge", TABLE, &[key(b.int), key(b.int), key(b.int)]);
    let best = b.relation(
        "best",
        RelationKind::View,
        &[key(b.int), (Role::Lattice, min)],
    );
    let by_from = b.index(edge, &[0]);
    let source = b.version(
        0,
        None,
        vec![emit(best, Arrow::Merge, vec![Some(int(1)), Some(int(0))])],
    );
    let step = |part| {
        let bind = |column, into| Bind {
            column,
            into: Register(into),
        };
        let sum = Expr::Binary(BinaryOp::IntAdd, Box::new(r(1)), Box::new(r(3)));
        vec![
            read(best, part, 0..2),
            Op::Probe {
                index: by_from,
                key: vec![r(0)],
                bind: vec![bind(1, 2), bind(2, 3)],
            },
            emit(best, Arrow::Merge, vec![Some(r(2)), Some(sum)]),
        ]
    };
    let first = b.version(4, None, step(Extent::Total));
    let again = b.version(4, Some(best), step(Extent::Delta));
    b.stratum(&[source, first], &[again]);
    let mut node = b.start(OnConflict::Halt);
    feed(
        &mut node,
        "edge",
        &[&[1, 2, 10], &[1, 3, 1], &[3, 2, 2], &[2, 4, 1], &[4, 1, 5]],
    );
    expect(&node, "best", &[&[1, 0], &[2, 3], &[3, 1], &[4, 4]]);
}

#[test]
fn aggregates_group_and_overflow_is_a_row_error() {
    let mut b = Build::new();
    let input = b.relation(
        "click",
        RelationKind::Input,
        &[key(b.int), key(b.int), key(b.int)],
    );
    let plain = (Role::Value, b.int);
    let out = b.relation("total", RelationKind::Output, &[key(b.int), plain, plain]);
    let function = |function, value, first| AggregateColumn::Function {
        function,
        first,
        value,
        by: Vec::new(),
        result: b.int,
    };
    let columns = vec![
        AggregateColumn::Group(0),
        function(AggregateFunction::Count, None, 0),
        function(AggregateFunction::Sum, Some(b.int), 0),
    ];
    let aggregate = b.aggregate(out, columns);
    let nest = vec![
        scan(input, 0..3),
        Op::Accumulate {
            aggregate,
            group: vec![r(0)],
            arguments: vec![r(2)],
        },
    ];
    let version = b.version(3, None, nest);
    b.stratum(&[version], &[]);
    let mut node = b.start(OnConflict::Halt);
    let output = feed(
        &mut node,
        "click",
        &[
            &[1, 1, 5],
            &[1, 2, 5],
            &[2, 1, 7],
            &[3, 1, i64::MAX],
            &[3, 2, 1],
        ],
    );
    expect(&node, "total", &[&[1, 2, 10], &[2, 1, 7]]);
    assert_eq!(output.outputs.len(), 1);
    assert_eq!(output.errors.len(), 1);
    assert_eq!(output.errors[0].message, "arithmetic overflow");
    assert_eq!(output.errors[0].row, "total{c0: 3}");
}

#[test]
fn a_row_error_drops_one_derivation() {
    let mut b = Build::new();
    let input = b.relation("a", RelationKind::Input, &[key(b.int), key(b.int)]);
    let out = b.relation("q", RelationKind::Output, &[key(b.int)]);
    let quotient = Expr::Binary(BinaryOp::IntDiv, Box::new(r(0)), Box::new(r(1)));
    let nest = vec![
        scan(input, 0..2),
        emit(out, Arrow::Merge, vec![Some(quotient)]),
    ];
    let version = b.version(2, None, nest);
    b.stratum(&[version], &[]);
    let mut node = b.start(OnConflict::Halt);
    let output = feed(&mut node, "a", &[&[6, 2], &[1, 0]]);
    expect(&node, "q", &[&[3]]);
    let [error] = &output.errors[..] else {
        panic!("one error, not {:?}", output.errors);
    };
    assert_eq!(error.rule, "example.bloom:1:1");
    assert_eq!(error.message, "division by zero");
    assert_eq!(error.row, "{x0: 1, x1: 0}");
    assert_eq!(error.kind, ErrorKind::RowError);
}
