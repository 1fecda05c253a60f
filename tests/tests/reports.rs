//! What a failed test of a program says.

use bloom_sim::{Options, Programs, TestResult, run, run_suite};
use bloom_tests::program::{Loaded, load, standard_library};

fn loaded(text: &str) -> Loaded {
    load("kept", text, &standard_library()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The results of the program's tests under seed 0.
fn results(text: &str) -> Vec<TestResult> {
    let loaded = loaded(text);
    let programs = Programs(&loaded.programs);
    let tests = loaded.tests.iter();
    tests
        .map(|test| run(&programs, &loaded.programs, test, 0))
        .collect()
}

/// Where the only test of the program fails, and what it says.
fn failure(text: &str) -> String {
    let result = results(text).remove(0);
    let failure = result.failure.expect("the test fails");
    format!("{}: {}\n{}", failure.at, failure.step, failure.message)
}

const KEPT: &str = "\
input put(k: Int => v: String, l: Int?);
table kept(k: Int => v: String, l: Int?);
scratch q(n: Int);
kept{k, v, l} <= put{k, v, l};
q{n: 6 / k} <= put{k};
";

fn with_steps(steps: &str) -> String {
    format!("{KEPT}test \"t\" {{\n{steps}\n}}\n")
}

#[test]
fn rows_are_shown_as_literals_of_their_types() {
    let text = with_steps(
        "put(2, \"b\", Some(1));\nput(3, \"{{c}}\", None);\ntick;\n\
         expect kept == { (1, \"a\", None), (2, \"b\", Some(1)) };",
    );
    let expected = "kept.bloom:10:1: expect kept == { (1, \"a\", None), (2, \"b\", Some(1)) };
`kept` does not hold exactly these rows
  missing    (1, \"a\", None)
  unexpected (3, \"{{c}}\", None)
  holds      (2, \"b\", Some(1))
             (3, \"{{c}}\", None)";
    assert_eq!(failure(&text), expected);
}

#[test]
fn a_match_that_fails_shows_what_there_is() {
    let text = with_steps("put(2, \"b\", None);\ntick;\nexpect kept{k: 1};");
    let expected = "no row of `kept` matches\n  holds      (2, \"b\", None)";
    assert!(failure(&text).ends_with(expected), "{}", failure(&text));
    let text = with_steps("put(2, \"b\", None);\ntick;\nexpect not kept{v: \"b\"};");
    let expected = "`kept` holds what it should not\n  matching   (2, \"b\", None)";
    assert!(failure(&text).ends_with(expected), "{}", failure(&text));
}

#[test]
fn an_unexpected_row_error_fails_the_step_that_raised_it() {
    let text = with_steps("put(0, \"b\", None);\ntick;\nexpect kept{k: 0};\ntick;");
    let failure = failure(&text);
    assert!(failure.starts_with("kept.bloom:8:1: tick;"), "{failure}");
    assert!(failure.contains("division by zero"), "{failure}");
}

#[test]
fn an_unexpected_key_conflict_names_both_rows_and_rules() {
    let text = with_steps("put(1, \"b\", None);\ntick;\nput(1, \"c\", None);\ntick;");
    let failure = failure(&text);
    for part in ["key conflict in `kept`", "\"b\"", "\"c\"", "kept.bloom:4:1"] {
        assert!(failure.contains(part), "{part} in {failure}");
    }
}

#[test]
fn an_error_that_does_not_come_is_a_failure() {
    let text = with_steps("put(1, \"b\", None);\ntick;\nexpect error \"zero\";");
    assert!(
        failure(&text).contains("there was none"),
        "{}",
        failure(&text)
    );
}

#[test]
fn a_program_that_does_not_settle_is_a_failure() {
    let text = "table n(=> i: Int);\nn(0);\nn{i: i + 1} <+- n{i};\ntest \"t\" {\nsettle;\n}\n";
    assert!(
        failure(text).contains("does not settle"),
        "{}",
        failure(text)
    );
}

#[test]
fn a_program_that_repeats_itself_settles() {
    let text = "\
node Peer(peers: Set<Addr>) {
  input   put(x: Int);
  channel gossip(@to: Addr, x: Int);
  table   seen(x: Int);
  seen{x} <= put{x};
  seen{x} <= gossip{x};
  gossip{to, x} <~ seen{x}, to in peers;
}
test \"t\" {
  node a: Peer({b});
  node b: Peer({a});
  a.put{x: 1};
  settle;
  expect b.seen == { (1) };
}
";
    for seed in 0..20 {
        let loaded = loaded(text);
        let result = run(
            &Programs(&loaded.programs),
            &loaded.programs,
            &loaded.tests[0],
            seed,
        );
        assert!(result.passed(), "{result:#?}");
    }
}

#[test]
fn a_test_that_checks_a_spec_tells_the_history_that_breaks_it() {
    let text = "\
input put(id: Int, v: Int);
input ask(id: Int);
table kept(v: Int);
scratch done(id: Int);
scratch got(id: Int, v: Int);
done{id} <= put{id};
kept{v} <+ put{v};
got{id, v: min(v)} <= ask{id}, kept{v};
spec register {
  write(n, id, \"x\", v) <= put@n{id, v};
  wrote(n, id) <= done@n{id};
  read(n, id, \"x\") <= ask@n{id};
  got(n, id, v) <= got@n{id, v};
  never three(n) <= kept@n{v: 3};
  linearizable;
}
test \"reads the least\" checks register {
  node n: Kept;
  n.put{id: 1, v: 1};
  tick;
  n.put{id: 2, v: 2};
  tick;
  n.ask{id: 3};
  tick;
}
";
    assert_eq!(
        failure(text),
        "kept.bloom:17:6: test \"reads the least\"
at the end, after tick 3 spec register fails at linearizable: no order of these operations, each between its request and its answer, explains the reads
tick 1: n writes \"x\" = 1
tick 2: n writes \"x\" = 2
tick 3: n reads \"x\" = 1"
    );
    let never = text.replace("v: 2}", "v: 3}");
    assert_eq!(
        failure(&never),
        "kept.bloom:24:3: tick;
after tick 3 spec register has three(n), which must never be"
    );
}

#[test]
fn a_suite_gives_its_results_in_the_order_of_the_tests() {
    let mut text = KEPT.to_owned();
    for number in 0..20 {
        let expected = if number % 3 == 0 { "{ (1) }" } else { "{}" };
        text.push_str(&format!(
            "test \"number {number}\" {{ tick; expect q == {expected}; }}\n"
        ));
    }
    let loaded = loaded(&text);
    let options = Options::default();
    let results = run_suite(&loaded.programs, &loaded.tests, &options, &|_| ());
    assert_eq!(results.len(), 20);
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result.test, format!("number {number}"));
        assert_eq!(result.passed(), number % 3 != 0, "{result:#?}");
    }
}
