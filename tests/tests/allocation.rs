//! What a node holds and allocates as it ticks on: neither grows with how often rows were overwritten.

use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bloom_runtime::{Config, Input, Node};
use bloom_tests::program::{load, read, root, standard_library};
use cap::Cap;

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// The heap is that of all tests, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A node of a benchmark's program.
fn node(name: &str) -> Node {
    let text = read(&root().join(format!("bench/programs/{name}.bloom")));
    let loaded = load(name, &text, &standard_library()).expect("the program has no errors");
    let (_, program) = &loaded.programs[0];
    let mut node = Node::new(program.clone(), Config::default()).expect("the node starts");
    node.keep_outputs();
    node
}

fn feed(node: &mut Node, collection: &str, rows: impl Iterator<Item = [i64; 2]>) {
    let collection = node.relation(collection).expect("the program has it");
    let mut feed = node.feed(collection);
    rows.for_each(|row| feed.numbers(&row));
}

fn step(node: &mut Node) {
    let output = node.step(Input::default());
    assert_eq!(output.errors, []);
}

/// Texts that nothing holds any more are reclaimed now and then, so what counts is the most of many ticks.
#[test]
fn keys_overwritten_for_ever_take_no_more_memory() {
    let _turn = turn();
    const KEYS: i64 = 1_000;
    const OVERWRITTEN: i64 = 60_000;
    let mut node = node("overwrite");
    let put = node.relation("put").expect("the program has it");
    let mut number = 0;
    let mut most = || {
        let mut most = 0;
        for _ in 0..OVERWRITTEN / KEYS {
            let mut feed = node.feed(put);
            for key in 0..KEYS {
                feed.number(key);
                feed.text(&format!("the value number {number:>12}"));
                feed.end_row();
                number += 1;
            }
            drop(feed);
            step(&mut node);
            most = most.max(HEAP.allocated());
        }
        most
    };
    let first = most();
    for _ in 0..3 {
        let later = most();
        assert!(later <= first + first / 100, "{later} bytes after {first}");
    }
}

/// Ticks that are alike find all the room that they need.
#[test]
fn a_tick_like_the_last_allocates_nothing() {
    let _turn = turn();
    let mut node = node("store");
    feed(&mut node, "put", (0..1_000).map(|key| [key, 0]));
    step(&mut node);
    let mut tick = |number: i64| {
        let key = number % 1_000;
        match number % 2 {
            0 => feed(&mut node, "put", std::iter::once([key, number])),
            _ => feed(&mut node, "get", std::iter::once([number, key])),
        }
        step(&mut node);
    };
    (0..2_000).for_each(&mut tick);
    let before = HEAP.total_allocated();
    assert!(before > 0, "what is allocated is counted");
    (2_000..4_000).for_each(&mut tick);
    assert_eq!(HEAP.total_allocated() - before, 0, "bytes of 2,000 ticks");
}
