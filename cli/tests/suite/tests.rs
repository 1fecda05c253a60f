//! `bloom test`.

use crate::support::Folder;
use serde_json::Value as Json;

const PROGRAM: &str = r#"input a(n: Int);
output b(n: Int);
b{n: n + 1} <= a{n};

test "adds one" {
  a{n: 1};
  tick;
  expect b == { (2) };
}

test "adds <two>" {
  a{n: 1};
  tick;
  expect b == { (3) };
}
"#;

#[test]
fn a_failure_tells_what_was_expected_where_and_the_seed() {
    let folder = Folder::with(PROGRAM);
    let run = folder.bloom("test main.bloom --seeds 3");
    assert_eq!(run.code, Some(1));
    for part in [
        "pass adds one",
        "FAIL adds <two>",
        "main.bloom:14:3",
        "expect b ==",
        "--seed 0",
        "1 passed, 1 failed",
    ] {
        assert!(run.out.contains(part), "{run:?} lacks {part}");
    }
}

#[test]
fn tests_are_chosen_by_name() {
    let folder = Folder::with(PROGRAM);
    assert_eq!(
        folder.bloom("test main.bloom --filter one").fine(),
        "pass adds one\n1 passed\n"
    );
    assert_eq!(
        folder.bloom("test main.bloom --filter nothing").fine(),
        "0 passed\n"
    );
    assert_eq!(
        folder.bloom_with("test - --filter one", PROGRAM).fine(),
        "pass adds one\n1 passed\n"
    );
}

#[test]
fn json_is_an_object_a_line() {
    let folder = Folder::with(PROGRAM);
    let run = folder.bloom("test main.bloom --format json");
    assert_eq!(run.code, Some(1));
    let lines: Vec<Json> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (&lines[0]["test"], &lines[0]["result"]),
        (&"adds one".into(), &"passed".into())
    );
    assert_eq!(
        (&lines[1]["result"], &lines[1]["seed"]),
        (&"failed".into(), &0.into())
    );
    assert_eq!(lines[1]["file"], "main.bloom");
    assert_eq!(lines[1]["at"], "main.bloom:14:3");
    assert!(lines[1]["message"].is_string());
}

#[test]
fn junit_escapes_names() {
    let run = Folder::with(PROGRAM).bloom("test main.bloom --format junit");
    assert_eq!(run.code, Some(1));
    assert!(run.out.starts_with("<?xml"), "{run:?}");
    assert!(run.out.contains("tests=\"2\" failures=\"1\""), "{run:?}");
    assert!(run.out.contains("name=\"adds &lt;two&gt;\""), "{run:?}");
}

#[test]
fn a_program_with_errors_fails() {
    let folder = Folder::with("b{n} <= a{n};\n");
    folder.bloom("test main.bloom").fails(1, "E0201");
    folder.bloom("test nowhere.bloom").fails(2, "nowhere.bloom");
    folder
        .bloom("test main.bloom --seeds 0")
        .fails(2, "--seeds");
}

#[test]
fn a_step_without_a_value_fails() {
    let folder = Folder::with("input a(n: Int);\ntest \"divides\" {\n  a{n: 1 / 0};\n  tick;\n}\n");
    folder.bloom("test main.bloom").fails(1, "main.bloom:3:");
}

#[test]
fn reports_for_machines_tell_what_does_not_compile() {
    let folder = Folder::with(PROGRAM);
    folder.write("wrong.bloom", "b{n} <= a{n};\n");
    let run = folder.bloom("test main.bloom wrong.bloom --format json --filter one");
    assert_eq!(run.code, Some(1), "{run:?}");
    let last = run.out.lines().last().expect("two lines");
    let line: Json = serde_json::from_str(last).expect("a line is JSON");
    assert_eq!((&line["test"], &line["seed"]), (&Json::Null, &Json::Null));
    assert_eq!(line["file"], "wrong.bloom");
    assert_eq!(line["result"], "failed");
    assert_eq!(line["at"], "wrong.bloom:1:1");
    let message = line["message"].as_str().expect("a message");
    assert!(message.starts_with("E0201: "), "{message}");

    let run = folder.bloom("test main.bloom wrong.bloom --format junit --filter one");
    assert_eq!(run.code, Some(1), "{run:?}");
    for part in [
        "<testsuites tests=\"2\" failures=\"0\" errors=\"1\">",
        "<testsuite name=\"wrong.bloom\" tests=\"1\" failures=\"0\" errors=\"1\">",
        "<error message=\"E0201: ",
    ] {
        assert!(run.out.contains(part), "{run:?} lacks {part}");
    }
}

#[test]
fn what_did_not_run_is_told() {
    let folder = Folder::with(PROGRAM);
    let run = folder.bloom("test main.bloom --filter nothing");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("no test has `nothing` in its name"));
    folder.write(
        "faults.bloom",
        "input a(n: Int);\noutput b(n: Int);\nb{n} <= a{n};\nspec s {\n  pre held(n: n) <= b{n};\n  post held(n: n) <= b{n};\n}\nfault test \"survives\" checks s with eot 3, eff 1, crashes 0 {\n  tick;\n}\n",
    );
    let run = folder.bloom("test faults.bloom");
    assert!(run.err.contains("1 fault test not run"), "{run:?}");
}

#[test]
fn a_fixpoint_without_end_fails_its_test() {
    let program = "scratch n(x: Int);\nn(1);\nn{x: x + 1} <= n{x};\ntest \"a\" { tick; }\n";
    let run = Folder::with(program).bloom("test main.bloom");
    assert_eq!(run.code, Some(1), "{run:?}");
    for part in [
        "at main.bloom:4:12",
        "a fixpoint did not end in 1000000 iterations",
        "the rule at main.bloom:3:1 still derives new rows",
    ] {
        assert!(run.out.contains(part), "{run:?} lacks {part}");
    }
}
