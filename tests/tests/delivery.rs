//! The programs of `conformance/delivery` hold because of their attributes: with them under every seed, and
//! without them not.

use bloom_compiler::compile::Optimization;
use bloom_sim::{Programs, run};
use bloom_tests::program::{load_with, module_name, read, root, standard_library};

const SEEDS: u64 = 100;

/// How many seeds a test fails under, by the test's name.
fn failures(file: &str, with_attributes: bool) -> Vec<(String, u64)> {
    let path = root().join("tests/conformance/delivery").join(file);
    let mut text = read(&path);
    if !with_attributes {
        let lines = text.lines().filter(|line| !line.trim().starts_with("#["));
        text = lines.map(|line| format!("{line}\n")).collect();
    }
    let loaded = load_with(
        &module_name(&path),
        &text,
        &standard_library(),
        Optimization::On,
    );
    let loaded = loaded.expect("it is a program");
    let fails = |test| {
        let programs = Programs(&loaded.programs);
        let results = (0..SEEDS).map(|seed| run(&programs, &[], test, seed));
        results.filter(|result| !result.passed()).count() as u64
    };
    let tests = loaded.tests.iter();
    tests.map(|test| (test.name.clone(), fails(test))).collect()
}

fn hold_only_with_attributes(file: &str, tests: &[&str]) {
    for (test, failures) in failures(file, true) {
        assert_eq!(failures, 0, "{file}: {test}");
    }
    let without = failures(file, false);
    for name in tests {
        let (_, failures) = without
            .iter()
            .find(|(test, _)| test == name)
            .expect("there is such a test");
        assert!(*failures > 0, "{file}: {name} holds without its attributes");
    }
}

#[test]
fn replicas_agree_because_of_the_log() {
    hold_only_with_attributes(
        "ordered_replicas.bloom",
        &[
            "rows fed at different replicas",
            "messages from clients, and a later row",
            "a replica that was down takes in what it has missed",
            "a minority waits until the network is mended",
        ],
    );
    hold_only_with_attributes("ordered_durable.bloom", &["the sum survives a crash"]);
}

#[test]
fn senders_keep_their_order_because_of_the_group() {
    hold_only_with_attributes(
        "fifo.bloom",
        &[
            "the last that was sent is the last that is taken in",
            "over all channels of the group, though one message was lost",
            "through a partition",
            "to a receiver that was down",
        ],
    );
}

#[test]
fn lost_messages_come_because_of_once() {
    hold_only_with_attributes(
        "once.bloom",
        &["lost messages come again, and are not counted twice"],
    );
}
