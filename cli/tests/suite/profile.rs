//! `bloom run --profile`: counts by rule and index, and folded stacks.

use std::collections::BTreeMap;

use crate::support::Folder;

const CLOSURE: &str = "input edge(a: Int, b: Int);
output path(a: Int, b: Int);
path(a, b) <= edge(a, b);
path(a, c) <= path(a, b), edge(b, c);
";

/// The numbers of the line of a table that ends with this, but for its times: they differ from run to run.
fn counts(told: &str, end: &str) -> Vec<u64> {
    let line = told.lines().find(|line| line.ends_with(end));
    let line = line.unwrap_or_else(|| panic!("no line ends with `{end}`: {told}"));
    let cells = line.strip_suffix(end).unwrap_or_default();
    let mut cells = cells.split_whitespace();
    for time in cells.by_ref().take(2) {
        assert!(time.parse::<f64>().is_ok_and(|time| time >= 0.0), "{line}");
    }
    let numbers = cells.map(|cell| cell.parse().expect("a number"));
    numbers.collect()
}

/// Nanoseconds by stack.
fn stacks(folded: &str) -> BTreeMap<&str, u64> {
    let line = |line| {
        let (stack, time) = str::rsplit_once(line, ' ').expect("a stack and a number");
        (stack, time.parse().expect("a number"))
    };
    folded.lines().map(line).collect()
}

#[test]
fn a_batch_tells_what_each_rule_and_index_did() {
    let folder = Folder::with(CLOSURE);
    folder.write("in/edge.csv", "1,2\n2,3\n3,1\n");
    let plain = folder.bloom("run main.bloom -F in").fine();
    let run = folder.bloom("run main.bloom -F in --profile");
    assert_eq!((run.code, run.out), (Some(0), plain), "{}", run.err);
    let first = counts(&run.err, "main.bloom:3:1  path(a, b) <= edge(a, b);");
    assert_eq!(first, [1, 3, 3, 3, 0], "{}", run.err);
    // Of nine paths three are edges; each leads to one derivation, and those by three edges are there.
    let second = "main.bloom:4:1  path(a, c) <= path(a, b), edge(b, c);";
    assert_eq!(counts(&run.err, second), [3, 9, 9, 6, 9], "{}", run.err);
    assert_eq!(counts(&run.err, "edge(a)"), [9, 9, 1], "{}", run.err);
    assert_eq!(counts(&run.err, "  tick"), [1], "{}", run.err);
    assert_eq!(counts(&run.err, "generate machine code"), [1]);

    let folded = folder.read("profile.folded");
    let stacks = stacks(&folded);
    for (stack, time) in &stacks {
        assert!(*time > 0, "{stack}");
        let outer = stack.split(';').next();
        let outer = outer.expect("a stack has a part at least");
        assert!(
            ["compile", "load", "tick", "write"].contains(&outer),
            "{stack}"
        );
    }
}

/// An order of joins that is chosen on the way may take an index that the plan did not have.
#[test]
fn plans_that_are_made_on_the_way_are_told_of() {
    let folder = Folder::with(
        "input e(a: Int, b: Int);
input f(a: Int);
output o(a: Int, c: Int);
o(a, c) <= e(a, b), e(b, c), f(c);
",
    );
    let rows: Vec<String> = (0..20_000).map(|n| format!("{n},{}\n", n + 1)).collect();
    folder.write("in/e.csv", rows.concat());
    folder.write("in/f.csv", "7\n");
    let run = folder.bloom("run main.bloom -F in --profile");
    assert_eq!(
        (run.code, &*run.out),
        (Some(0), "a,c\n5,7\n"),
        "{}",
        run.err
    );
    // By what it was not planned to be looked up by.
    assert_eq!(counts(&run.err, "e(a, b)"), [20_000, 1, 0], "{}", run.err);
}

/// Rules that begin with many rows are shared among threads, which count as one does.
#[test]
fn threads_count_as_one_does() {
    let folder = Folder::with(CLOSURE);
    let edges = (0..12_000).flat_map(|n| (0..3).map(move |at| (n * 4 + at, n * 4 + at + 1)));
    let edges: Vec<String> = edges.map(|(a, b)| format!("{a},{b}\n")).collect();
    folder.write("in/edge.csv", edges.concat());
    let counted = |workers| {
        let run = folder.bloom(&format!(
            "run main.bloom -F in -D out --workers {workers} --profile=p{workers}"
        ));
        assert_eq!(run.code, Some(0), "{run:?}");
        let rule = counts(
            &run.err,
            "main.bloom:4:1  path(a, c) <= path(a, b), edge(b, c);",
        );
        (rule, counts(&run.err, "edge(a)"))
    };
    let one = counted(1);
    let paths = 12_000 * (3 + 2 + 1);
    assert_eq!(one.0[1..], [paths, paths / 2, paths / 2, paths]);
    assert_eq!(one.1, [paths, paths / 2, 1]);
    assert_eq!(counted(2), one);
    // So many take time that can be measured.
    let folded = folder.read("p1");
    let stacks = stacks(&folded);
    let rule =
        "tick;stratum 0;main.bloom:4:1  path(a, c) <= path(a, b), edge(b, c) [changes of path]";
    // What the rule itself takes is what is left of its time, which may be nothing where probes are timed by samples.
    for part in ["into path", "probe edge(a)", "bring edge(a) up to date"] {
        let stack = format!("{rule};{part}");
        assert!(
            stacks.contains_key(stack.as_str()),
            "no `{stack}`: {folded}"
        );
    }
}

#[test]
fn what_is_deleted_and_grouped_is_counted() {
    let folder = Folder::with(
        "table t(n: Int);
output left(n: Int);
output many(count: Int);
t(1);
t(2);
t(3);
t{n} <- t{n}, n > 1;
left{n} <= t{n};
many{count: count()} <= t{};
",
    );
    let run = folder.bloom("run main.bloom --profile");
    let told = &run.err;
    assert_eq!(run.code, Some(0), "{told}");
    // Two ticks: in the first two rows go, in the second one is left.
    let deleted = counts(told, "main.bloom:7:1  t{n} <- t{n}, n > 1;");
    assert_eq!(deleted[2], 2, "{told}");
    let grouped = counts(told, "main.bloom:9:1  many{count: count()} <= t{};");
    assert!(grouped[2] >= 3, "{told}");
}

#[test]
fn nodes_of_a_service_are_told_apart_in_stacks_and_summed_in_tables() {
    let folder = Folder::with(
        "input say(text: String);
channel tell(@to: Addr, text: String);
table known(text: String);
known{text} <= say{text};
tell{to, text} <~ say{text}, cluster{addr: to}, to != self;
known{text} <= tell{text};
",
    );
    let feed = r#"{"node": "n1", "collection": "say", "row": {"text": "hello"}}"#;
    folder.write("feed.jsonl", format!("{feed}\n"));
    let run = folder.bloom("run main.bloom --nodes 3 --in feed.jsonl --profile=p.folded");
    assert_eq!(run.code, Some(0), "{run:?}");
    let heard = counts(&run.err, "main.bloom:6:1  known{text} <= tell{text};");
    assert_eq!(heard, [2, 2, 2, 2, 0], "{}", run.err);
    let folded = folder.read("p.folded");
    let stacks = stacks(&folded);
    let rule = "main.bloom:6:1  known{text} <= tell{text}";
    let of = |node| {
        let stack = format!("{node};tick;stratum 0;{rule}");
        stacks.contains_key(&*stack)
    };
    assert_eq!(["n1", "n2", "n3"].map(of), [false, true, true], "{folded}");
}

#[test]
fn a_built_program_takes_the_option() {
    let folder = Folder::with(CLOSURE);
    folder.write("in/edge.csv", "1,2\n");
    folder.bloom("build main.bloom -o main").fine();
    let mut command = std::process::Command::new(folder.path("main"));
    command.args(["--facts", "in", "--profile=p.folded"]);
    command.current_dir(folder.path(".")).env_clear();
    let output = command.output().expect("what was built can be started");
    assert!(output.status.success(), "{output:?}");
    assert!(folder.read("p.folded").contains("tick;stratum 0;"));
    assert!(String::from_utf8_lossy(&output.stderr).contains("edge(a)"));
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let folder = Folder::with(CLOSURE);
    folder.write("in/edge.csv", "1,2\n");
    folder
        .bloom("run main.bloom -F in --profile=nowhere/p.folded")
        .fails(2, "nowhere/p.folded");
}
