//! The checkers of histories, held to their definitions on random histories, good ones and spoiled ones.

use bloom_sim::history::causal::causal;
use bloom_sim::history::linearizable::linearizable;
use bloom_sim::history::sequential::sequential;
use bloom_sim::history::{Act, History, Operation, Verdict};
use bloom_stdx::random::Random;
use bloom_tests::histories::{
    Source, is_causal, is_linearizable, is_sequential, random_history, spoil_one,
};

/// Histories of each source; half of them are spoiled.
const HISTORIES: u64 = 1_000;

type Definition = fn(&History) -> bool;
type Check = fn(&History) -> Verdict;

/// How many of the random histories were good and bad.
#[derive(Default, Debug)]
struct Seen {
    good: u32,
    bad: u32,
}

/// Holds a checker to the definition. What the source promises must hold unless it was spoiled.
fn compare(check: Check, definition: Definition, promises: &[Source], differ: bool) {
    let mut seen = Seen::default();
    for source in [Source::Atomic, Source::Ordered, Source::Copies, Source::Any] {
        for seed in 0..HISTORIES {
            let mut random = Random::split(source as u64, seed);
            let mut history = random_history(source, differ, &mut random);
            let is_spoiled = random.chance(1, 2);
            if is_spoiled {
                (0..3).for_each(|_| spoil_one(&mut history, &mut random));
            }
            let is_good = definition(&history);
            let shown = || history.in_words(&(0..history.operations.len()).collect::<Vec<_>>());
            match check(&history) {
                Verdict::Holds => assert!(is_good, "{source:?} {seed} is bad:{}", shown()),
                Verdict::Broken { why, operations } => {
                    assert!(!is_good, "{source:?} {seed} is good, not {why}:{}", shown());
                    assert!(!operations.is_empty());
                }
                Verdict::Undecided(why) => panic!("{source:?} {seed}: {why}"),
            }
            if promises.contains(&source) && !is_spoiled {
                assert!(is_good, "{source:?} {seed} breaks its promise:{}", shown());
            }
            match is_good {
                true => seen.good += 1,
                false => seen.bad += 1,
            }
        }
    }
    assert!(seen.good > 1_000 && seen.bad > 500, "{seen:?}");
}

#[test]
fn linearizable_is_what_some_order_in_time_explains() {
    compare(linearizable, is_linearizable, &[Source::Atomic], false);
}

#[test]
fn sequential_is_what_some_order_of_each_process_explains() {
    let promises = [Source::Atomic, Source::Ordered];
    compare(sequential, is_sequential, &promises, false);
}

#[test]
fn causal_is_what_an_order_for_each_process_explains() {
    let promises = [Source::Atomic, Source::Ordered, Source::Copies];
    compare(causal, is_causal, &promises, true);
}

/// Where the operations that a report shows are a history by themselves, that one is bad as well.
#[test]
fn what_is_shown_of_a_bad_history_is_bad_by_itself() {
    let mut shown = 0;
    for seed in 0..HISTORIES {
        let history = random_history(Source::Any, false, &mut Random::new(seed));
        if let Verdict::Broken { operations, .. } = linearizable(&history) {
            let few = operations
                .iter()
                .map(|&number| history.operations[number].clone());
            let few = History {
                operations: few.collect(),
            };
            assert!(!is_linearizable(&few), "{seed}");
            shown += u32::from(few.operations.len() < history.operations.len());
        }
    }
    assert!(shown > 200, "{shown} were made smaller");
}

fn operation(process: &str, act: Act, invoked: u32, answered: u32) -> Operation {
    Operation {
        process: process.into(),
        key: "x".into(),
        act,
        invoked,
        answered: Some(answered),
    }
}

fn write(value: &str) -> Act {
    Act::Write(value.into())
}

fn read(value: &str) -> Act {
    Act::Read(Some(value.into()))
}

#[test]
fn a_stale_read_is_sequential_and_not_linearizable() {
    let history = History {
        operations: vec![
            operation("a", write("1"), 1, 2),
            operation("b", Act::Read(None), 3, 4),
        ],
    };
    assert_eq!(sequential(&history), Verdict::Holds);
    assert!(matches!(linearizable(&history), Verdict::Broken { .. }));
}

#[test]
fn two_orders_of_two_writes_are_causal_and_not_sequential() {
    let mut operations = vec![
        operation("a", write("1"), 1, 1),
        operation("b", write("2"), 1, 1),
    ];
    for (process, first, second) in [("c", "1", "2"), ("d", "2", "1")] {
        operations.push(operation(process, read(first), 3, 3));
        operations.push(operation(process, read(second), 5, 5));
    }
    let history = History { operations };
    assert_eq!(causal(&history), Verdict::Holds);
    assert!(matches!(sequential(&history), Verdict::Broken { .. }));
}

#[test]
fn an_answer_before_its_question_is_not_causal() {
    let of = |key: &str, operation: Operation| Operation {
        key: key.into(),
        ..operation
    };
    let history = History {
        operations: vec![
            of("question", operation("a", write("why"), 1, 1)),
            of("question", operation("b", read("why"), 3, 3)),
            of("answer", operation("b", write("so"), 5, 5)),
            of("answer", operation("c", read("so"), 7, 7)),
            of("question", operation("c", Act::Read(None), 9, 9)),
        ],
    };
    assert!(matches!(causal(&history), Verdict::Broken { .. }));
}

#[test]
fn values_that_do_not_tell_writes_apart_leave_causality_open() {
    let history = History {
        operations: vec![
            operation("a", write("1"), 1, 1),
            operation("b", write("1"), 1, 1),
        ],
    };
    assert!(matches!(causal(&history), Verdict::Undecided(_)));
}

/// A thousand operations of one register, as many clients at a time as usual.
#[test]
fn long_histories_are_decided() {
    let mut operations = Vec::new();
    for round in 0..200_u32 {
        for client in 0..5_u32 {
            let (invoked, answered) = (round * 3 + 1, round * 3 + 2);
            let act = match client {
                0 => write(&format!("{round}")),
                // Half of them see it, half what was there before.
                _ if client % 2 == 0 || round == 0 => read(&format!("{round}")),
                _ => read(&format!("{}", round - 1)),
            };
            operations.push(operation(&format!("c{client}"), act, invoked, answered));
        }
    }
    let mut history = History { operations };
    assert_eq!(linearizable(&history), Verdict::Holds);
    let last = history.operations.len() - 1;
    history.operations[last].act = read("0");
    assert!(matches!(linearizable(&history), Verdict::Broken { .. }));
}
