//! Deferred changes, messages, timers, durable tables.

use bloom_plan::plan::{Arrow, Constant, ConstantId, Function, FunctionId, RelationKind, Role};
use bloom_plan::types::Type;
use bloom_plan::value::Value;
use bloom_runtime::{Input, OnConflict};

use crate::build::{Build, TABLE, emit, expect, feed, idle, int, ints, key, r, scan};

#[test]
fn deferred_changes_come_in_the_next_tick() {
    let mut b = Build::new();
    let columns = [key(b.int), (Role::Value, b.int)];
    let put = b.relation("put", RelationKind::Input, &columns);
    let del = b.relation("del", RelationKind::Input, &[key(b.int)]);
    let store = b.relation("store", RelationKind::Table { durable: true }, &columns);
    let upsert = b.copy(put, 2, store, Arrow::Upsert);
    let nest = vec![
        scan(del, 0..1),
        emit(store, Arrow::Delete, vec![Some(r(0)), None]),
    ];
    let delete = b.version(1, None, nest);
    b.plan.closing = vec![upsert, delete];
    let mut node = b.start(OnConflict::Halt);

    let output = feed(&mut node, "put", &[&[1, 10], &[2, 20]]);
    expect(&node, "store", &[]);
    assert_eq!(output.durable.len(), 1);
    assert_eq!(output.durable[0].upserts, [ints(&[1, 10]), ints(&[2, 20])]);
    assert!(node.wants_tick());
    idle(&mut node);
    expect(&node, "store", &[&[1, 10], &[2, 20]]);
    assert!(!node.wants_tick());

    feed(&mut node, "put", &[&[1, 10]]);
    assert!(!node.wants_tick(), "nothing would change");
    feed(&mut node, "put", &[&[1, 11]]);
    feed(&mut node, "del", &[&[2]]);
    expect(&node, "store", &[&[1, 11], &[2, 20]]);
    let output = idle(&mut node);
    expect(&node, "store", &[&[1, 11]]);
    assert!(output.durable.is_empty());
}

#[test]
fn loopback_rows_come_back_in_the_next_tick() {
    let mut b = Build::new();
    let input = b.relation("go", RelationKind::Input, &[key(b.int)]);
    let again = b.relation("again", RelationKind::Loopback, &[key(b.int)]);
    let send = b.copy(input, 1, again, Arrow::Async);
    b.plan.closing = vec![send];
    let mut node = b.start(OnConflict::Halt);
    feed(&mut node, "go", &[&[7]]);
    expect(&node, "again", &[]);
    assert!(node.wants_tick());
    idle(&mut node);
    expect(&node, "again", &[&[7]]);
    assert!(!node.wants_tick());
    idle(&mut node);
    expect(&node, "again", &[]);
}

#[test]
fn messages_leave_sorted_and_each_once() {
    let mut b = Build::new();
    let addr = b.plan.types.intern(Type::Addr);
    let input = b.relation("to", RelationKind::Input, &[key(addr), key(b.int)]);
    let channel = b.relation(
        "mail",
        RelationKind::Channel { location: 0 },
        &[key(addr), key(b.int)],
    );
    let twice = [
        b.copy(input, 2, channel, Arrow::Async),
        b.copy(input, 2, channel, Arrow::Async),
    ];
    b.plan.closing = twice.to_vec();
    let mut node = b.start(OnConflict::Halt);
    let row = |to: &str, n| vec![Value::Addr(to.into()), Value::Int(n)];
    let id = node.relation("to").expect("the plan has it");
    let output = node.step(Input {
        rows: vec![(id, row("b", 2)), (id, row("n", 1)), (id, row("b", 1))],
        ..Input::default()
    });
    let sent: Vec<_> = output
        .sends
        .iter()
        .map(|m| (m.to.as_str(), m.row.clone()))
        .collect();
    assert_eq!(
        sent,
        [("b", row("b", 1)), ("b", row("b", 2)), ("n", row("n", 1))]
    );
    let output = node.step(Input {
        messages: output.sends,
        ..Input::default()
    });
    assert!(output.errors.is_empty());
    let mail = node.relation("mail").expect("the plan has it");
    assert_eq!(node.rows(mail).len(), 3);
}

#[test]
fn timers_fire_one_period_after_the_start() {
    let mut b = Build::new();
    let duration = b.plan.types.intern(Type::Duration);
    let time = b.plan.types.intern(Type::Time);
    b.plan.functions.push(Function {
        name: "every".into(),
        parameters: Vec::new(),
        result: duration,
        registers: Vec::new(),
        body: int(100),
    });
    b.plan.constants.push(Constant {
        name: "every".into(),
        ty: duration,
        parameter: false,
        init: Some(FunctionId(0)),
    });
    let every = ConstantId(0);
    let beat = b.relation(
        "beat",
        RelationKind::Periodic { every },
        &[key(b.int), key(time)],
    );
    let seen = b.relation("seen", TABLE, &[key(b.int)]);
    let nest = vec![scan(beat, 0..1), emit(seen, Arrow::Merge, vec![Some(r(0))])];
    let version = b.version(1, None, nest);
    b.stratum(&[version], &[]);
    let mut node = b.start(OnConflict::Halt);
    assert_eq!(node.next_timer(), Some(100));
    let at = |now| Input {
        now,
        ..Input::default()
    };
    node.step(at(99));
    expect(&node, "seen", &[]);
    node.step(at(250));
    expect(&node, "seen", &[&[1], &[2]]);
    assert_eq!(node.next_timer(), Some(300));
}

/// `shown(k) <= store(k, v), v > 0` beside a scratch that is fed too.
#[test]
fn what_is_derived_follows_every_change_of_what_it_is_derived_from() {
    let mut b = Build::new();
    let columns = [key(b.int), (Role::Value, b.int)];
    let put = b.relation("put", RelationKind::Input, &columns);
    let del = b.relation("del", RelationKind::Input, &[key(b.int)]);
    let store = b.relation("store", TABLE, &columns);
    let shown = b.relation("shown", RelationKind::View, &[key(b.int)]);
    let copied = b.relation("copied", RelationKind::Scratch, &[key(b.int)]);
    let show = b.copy(store, 1, shown, Arrow::Merge);
    let copy = b.copy(shown, 1, copied, Arrow::Merge);
    b.stratum(&[show], &[]);
    b.stratum(&[copy], &[]);
    let upsert = b.copy(put, 2, store, Arrow::Upsert);
    let nest = vec![
        scan(del, 0..1),
        emit(store, Arrow::Delete, vec![Some(r(0)), None]),
    ];
    let delete = b.version(1, None, nest);
    b.plan.closing = vec![upsert, delete];
    let mut node = b.start(OnConflict::Halt);
    feed(&mut node, "put", &[&[1, 1], &[2, 1]]);
    for _ in 0..3 {
        idle(&mut node);
        expect(&node, "shown", &[&[1], &[2]]);
        expect(&node, "copied", &[&[1], &[2]]);
    }
    feed(&mut node, "copied", &[&[7]]);
    expect(&node, "copied", &[&[1], &[2], &[7]]);
    feed(&mut node, "del", &[&[1]]);
    expect(&node, "copied", &[&[1], &[2]]);
    for _ in 0..2 {
        idle(&mut node);
        expect(&node, "shown", &[&[2]]);
        expect(&node, "copied", &[&[2]]);
    }
    feed(&mut node, "store", &[&[5, 0]]);
    expect(&node, "copied", &[&[2], &[5]]);
    assert_eq!(idle(&mut node).stats.iterations, 0, "nothing runs again");
    expect(&node, "copied", &[&[2], &[5]]);
}

#[test]
fn memory_stays_flat_under_overwriting() {
    let mut b = Build::new();
    let string = b.plan.types.intern(Type::String);
    let columns = [key(b.int), (Role::Value, string)];
    let put = b.relation("put", RelationKind::Input, &columns);
    let store = b.relation("store", TABLE, &columns);
    let upsert = b.copy(put, 2, store, Arrow::Upsert);
    b.plan.closing = vec![upsert];
    let mut node = b.start(OnConflict::Halt);
    let put = node.relation("put").expect("the plan has it");
    let mut most = 0;
    for n in 0..30_000 {
        let value = Value::string(format!("value {n}"));
        let output = node.step(Input {
            rows: vec![(put, vec![Value::Int(n % 10), value])],
            ..Input::default()
        });
        most = most.max(output.stats.values);
    }
    assert!(most < 5_000, "{most} values at once for 10 rows");
    idle(&mut node);
    let store = node.relation("store").expect("the plan has it");
    let last = Value::string("value 29999");
    assert_eq!(node.rows(store)[9][1], last);
}
