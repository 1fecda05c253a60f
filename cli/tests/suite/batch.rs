//! `bloom run` as a batch.

use std::io::{BufRead, BufReader, Read};

use crate::support::{Folder, exists, finish, interrupt};
use serde_json::Value as Json;

const CLOSURE: &str = "input edge(a: Int, b: Int);
output path(a: Int, b: Int);
path(a, b) <= edge(a, b);
path(a, c) <= path(a, b), edge(b, c);
";

fn closure() -> Folder {
    let folder = Folder::with(CLOSURE);
    folder.write("in/edge.csv", "1,2\n2,3\n");
    folder
}

#[test]
fn facts_go_in_and_outputs_come_out_in_every_format() {
    let folder = closure();
    folder.bloom("run main.bloom --facts in --out out").fine();
    assert_eq!(folder.read("out/path.csv"), "a,b\n1,2\n1,3\n2,3\n");
    folder
        .bloom("run main.bloom -F in -D out --out-format tsv")
        .fine();
    assert_eq!(folder.read("out/path.tsv"), "a\tb\n1\t2\n1\t3\n2\t3\n");
    folder
        .bloom("run main.bloom -F in -D out --out-format jsonl --dump edge")
        .fine();
    assert_eq!(
        folder.read("out/edge.jsonl"),
        "{\"a\":1,\"b\":2}\n{\"a\":2,\"b\":3}\n"
    );

    // What one run writes another reads.
    folder
        .bloom("run main.bloom -F in -D again --out-format parquet --dump edge")
        .fine();
    std::fs::remove_file(folder.path("again/path.parquet")).expect("it was written");
    folder.bloom("run main.bloom -F again -D out").fine();
    assert_eq!(folder.read("out/path.csv"), "a,b\n1,2\n1,3\n2,3\n");
}

#[test]
fn every_format_is_read() {
    for (name, text) in [
        ("edge.csv", "b,a\n2,1\n3,2\n"),
        ("edge.tsv", "a\tb\n1\t2\n2\t3\n"),
        ("edge.facts", "1\t2\n2\t3\n"),
        ("edge.jsonl", "{\"a\":1,\"b\":2}\n[2,3]\n"),
    ] {
        let folder = Folder::with(CLOSURE);
        folder.write(&format!("in/{name}"), text);
        assert_eq!(
            folder.bloom("run main.bloom -F in").fine(),
            "a,b\n1,2\n1,3\n2,3\n",
            "{name}"
        );
    }
}

#[test]
fn several_outputs_are_printed_under_their_names() {
    let folder = closure();
    let out = folder.bloom("run main.bloom -F in --dump edge").fine();
    assert_eq!(out, "edge:\na,b\n1,2\n2,3\n\npath:\na,b\n1,2\n1,3\n2,3\n");
}

#[test]
fn a_program_that_nothing_reaches_is_a_batch() {
    let folder = Folder::with(
        "table n(x: Int);\noutput top(x: Int);\nn(1);\nn{x: x + 1} <+ n{x}, x < 4;\ntop{x} <= n{x}, x >= 3;\nstdout{line: \"{x}\"} <~ top{x};\n",
    );
    let out = folder.bloom("run main.bloom").fine();
    assert!(out.ends_with("x\n3\n4\n"), "{out}");
    assert!(out.starts_with("3\n"), "{out}");
    let program = "table t(n: Int);\nt(1);\nstdout{line: \"{n}\"} <~ t{n};\n";
    assert_eq!(folder.bloom_with("run -", program).fine(), "1\n");
}

#[test]
fn a_program_halts_with_its_code() {
    let folder = Folder::with(
        "table t(n: Int);\nt(7);\nhalt{code} <~ t{n: code};\nstdout{line: \"bye\"} <~ t{};\n",
    );
    let run = folder.bloom("run main.bloom");
    assert_eq!((run.code, &*run.out), (Some(7), "bye\n"), "{run:?}");
}

#[test]
fn malformed_input_exits_2_and_names_the_place() {
    let folder = closure();
    for (name, text, message) in [
        (
            "edge.csv",
            "1,2\n2,x\n",
            "in/edge.csv:2: column `b`: expected Int, found `x`",
        ),
        (
            "edge.csv",
            "a,c\n1,2\n",
            "in/edge.csv:1: `edge` has no column `c`; it has `a`, `b`",
        ),
        (
            "edge.csv",
            "1,2\n3\n",
            "in/edge.csv:2: expected 2 fields (`a`, `b`), found 1",
        ),
        (
            "edge.jsonl",
            "{\"a\":1,\"b\":2}\n{\"a\":1\n",
            "in/edge.jsonl:2: ",
        ),
        (
            "edge.jsonl",
            "{\"a\":1,\"z\":2}\n",
            "in/edge.jsonl:1: `edge` has no column `z`",
        ),
        ("edge.parquet", "PAR1 nonsense", "in/edge.parquet: "),
        ("edge.parquet", "", "in/edge.parquet: "),
    ] {
        folder.write(&format!("in/{name}"), text);
        let run = folder.bloom("run main.bloom -F in -D out");
        run.fails(2, message);
        assert!(!exists(&folder.path("out")), "nothing is written");
        std::fs::remove_file(folder.path(&format!("in/{name}"))).expect("it was written");
        folder.write("in/edge.csv", "1,2\n");
    }
    folder.write("in/edge.csv", b"\xff\xfe,\x00\n");
    folder
        .bloom("run main.bloom -F in")
        .fails(2, "in/edge.csv:1: column `a`: not UTF-8");
    folder
        .bloom("run main.bloom -F nowhere")
        .fails(2, "nowhere: No such file");
    folder
        .bloom("run main.bloom -F main.bloom")
        .fails(2, "main.bloom: ");
}

#[test]
fn files_of_no_collection_are_told_and_left_out() {
    let folder = closure();
    folder.write("in/edgy.csv", "1\n");
    folder.write("in/README.md", "not a table");
    let run = folder.bloom("run main.bloom -F in");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.err
            .contains("in/edgy.csv: the program has no collection `edgy`"),
        "{run:?}"
    );
    let told = "warning: in/README.md: no file of rows; not read";
    assert!(run.err.contains(told), "{run:?}");
    let told = "warning: in/edgy.csv: the program has no collection `edgy`";
    assert!(run.err.contains(told), "{run:?}");
}

#[test]
fn a_key_conflict_fails_the_run() {
    let folder = Folder::with(
        "input a(k: Int, v: Int);\noutput b(k: Int => v: Int);\nb{k, v} <= a{k, v};\n",
    );
    folder.write("in/a.csv", "1,2\n1,3\n");
    folder
        .bloom("run main.bloom -F in -D out")
        .fails(1, "key conflict in `b`");
    assert!(!exists(&folder.path("out")), "nothing is written");
    folder.write("in/a.csv", "1,2\n1,3\n2,5\n");
    let run = folder.bloom("run main.bloom -F in --on-conflict continue");
    assert_eq!((run.code, &*run.out), (Some(0), "k,v\n2,5\n"), "{run:?}");
    assert!(run.err.contains("key conflict"), "{run:?}");
}

#[test]
fn a_row_error_drops_its_row_and_is_told() {
    let folder = Folder::with("input a(n: Int);\noutput b(n: Int);\nb{n: 10 / n} <= a{n};\n");
    folder.write("in/a.csv", "0\n2\n");
    let run = folder.bloom("run main.bloom -F in");
    assert_eq!((run.code, &*run.out), (Some(0), "n\n5\n"), "{run:?}");
    assert!(
        run.err.contains("main.bloom:3:1") && run.err.contains("zero"),
        "{run:?}"
    );
}

#[test]
fn stats_are_json_on_stderr() {
    let folder = closure();
    let run = folder.bloom("run main.bloom -F in -D out --stats --workers 2");
    assert_eq!(run.code, Some(0), "{run:?}");
    let stats: Json = serde_json::from_str(&run.err).expect("it is JSON");
    assert_eq!(
        (&stats["rows"]["in"], &stats["rows"]["out"]),
        (&2.into(), &3.into())
    );
    assert_eq!(stats["ticks"], 1);
    for phase in ["compile", "load", "evaluate", "write"] {
        assert!(stats["seconds"][phase].is_f64(), "{stats}");
    }
    assert!(
        stats["peak_memory_bytes"]
            .as_u64()
            .is_some_and(|bytes| bytes > 0),
        "{stats}"
    );
}

#[test]
fn parameters_are_given_by_name() {
    let folder = Folder::with(
        "node Scale(by: Int, names: Set<String> = {\"x\"}) {\n  input a(n: Int);\n  output b(n: Int, name: String);\n  b{n: n * by, name} <= a{n}, name in names;\n}\n",
    );
    folder.write("in/a.csv", "2\n");
    assert_eq!(
        folder.bloom("run main.bloom -F in --by 3").fine(),
        "n,name\n6,x\n"
    );
    let given = "run main.bloom -F in --by=-3 --names [\"p\",\"q\"]";
    assert_eq!(folder.bloom(given).fine(), "n,name\n-6,p\n-6,q\n");
    folder.bloom("run main.bloom -F in").fails(2, "by");
    folder
        .bloom("run main.bloom -F in --by x")
        .fails(2, "parameter `by`: expected Int, found `x`");
    folder
        .bloom("run main.bloom -F in --bye 3")
        .fails(2, "did you mean `--by`?");
}

#[test]
fn wrong_use_is_told() {
    let folder = closure();
    folder
        .bloom("run main.bloom -F in --dump pth")
        .fails(2, "did you mean `path`?");
    folder
        .bloom("run main.bloom -F in --node Other")
        .fails(2, "no node `Other`");
    folder
        .bloom("run main.bloom -F in --nodes 3")
        .fails(2, "batch");
    for useless in ["--stats", "--out-format csv", "--rows-max 9", "--workers 1"] {
        folder
            .bloom(&format!("run main.bloom --for 1s {useless}"))
            .fails(2, "for batches");
    }
    folder
        .bloom("run main.bloom -F in --out-format parquet")
        .fails(2, "--out");
    folder
        .bloom("run main.bloom -F in --out-format xml")
        .fails(2, "possible values");
    folder.write(
        "two.bloom",
        "node A {\n  table a(n: Int);\n}\nnode B {\n  table b(n: Int);\n}\n",
    );
    folder
        .bloom("run two.bloom")
        .fails(2, "choose what to run with --node: A, B");
    folder.write("wrong.bloom", "b{n} <= a{n};\n");
    folder.bloom("run wrong.bloom").fails(1, "E0201");
}

#[test]
fn columns_with_a_default_may_be_left_out() {
    let folder = Folder::with(
        "input a(n: Int, by: Int = 2 + 3, at: Addr = self);\noutput b(n: Int, at: Addr);\nb{n: n * by, at} <= a{n, by, at};\n",
    );
    folder.write("in/a.csv", "n\n2\n");
    folder.write("in/a.jsonl", "{\"n\": 2, \"by\": 1}\n");
    assert_eq!(
        folder.bloom("run main.bloom -F in").fine(),
        "n,at\n2,local\n10,local\n"
    );
    let feed = "{\"collection\": \"a\", \"row\": {\"n\": 3}}\n";
    let out = folder.bloom_with("run main.bloom --in -", feed).fine();
    assert!(out.contains(r#""row":{"n":15,"at":"n1"}"#), "{out}");
}

#[test]
fn a_batch_ends_when_nothing_changes_any_more() {
    let folder = Folder::new();
    folder.write(
        "main.ded",
        "p(1)@1;\np(X)@next :- p(X);\nq(X)@async :- p(X);\n",
    );
    let out = folder.bloom("run main.ded").fine();
    assert_eq!(out, "p:\nc0\n1\n\nq:\nc0\n1\n");
    assert_eq!(folder.bloom("run main.ded --dump q").fine(), "c0\n1\n");
    folder.write("lost.ded", "include \"nowhere.ded\";\np(1)@1;\n");
    folder
        .bloom("run lost.ded")
        .fails(2, "lost.ded: there is no file `nowhere.ded` to include");
}

const ENDLESS: &str = "scratch n(x: Int);\nn(1);\nn{x: x + 1} <= n{x};\n";

#[test]
fn a_bound_on_rows_ends_a_fixpoint_without_end() {
    let run = Folder::with(ENDLESS).bloom("run main.bloom --rows-max 1000");
    run.fails(
        1,
        "more than 1000 rows in one tick (1001 iterations, 1001 rows so far); \
         the rule at main.bloom:3:1 still derives new rows",
    );
    let enough = format!("{ENDLESS}n(0);\n").replace("<= n{x}", "<= n{x}, x < 999");
    Folder::with(&enough)
        .bloom("run main.bloom --rows-max 1000")
        .fine();
}

#[test]
fn an_interrupt_ends_a_fixpoint_without_end_with_a_report() {
    let deferred = "table n(x: Int);\nn(1);\nn{x: x + 1} <+ n{x};\n";
    let cases = [
        (ENDLESS, "the rule at main.bloom:3:1 still derives new rows"),
        (deferred, "the last one still deferred changes to n"),
    ];
    let runs = cases.map(|(program, message)| {
        let folder = Folder::with(program);
        let child = folder.start("run main.bloom");
        (folder, child, message)
    });
    for (_folder, mut child, message) in runs {
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        // Once it tells how far it is, it listens.
        let mut told = String::new();
        stderr.read_line(&mut told).expect("it tells");
        assert!(told.starts_with("note: "), "{told}");
        assert!(told.contains(" s: tick "), "{told}");
        interrupt(&child);
        let mut run = finish(child);
        stderr.read_to_string(&mut run.err).expect("it reports");
        run.fails(1, message);
    }
}

#[test]
fn chance_is_no_fixpoint() {
    let program = "\
table go();
table done();
go();
done() <+ go(), random() < 0.2;
go() <+- go(), not done();
stdout{line: \"done\"} <~ done(), go();
scratch beat(x: Int);
beat(1);
beat{x} <+ beat{x}, not done();
";
    for _ in 0..5 {
        let out = Folder::with(program).bloom("run main.bloom").fine();
        assert!(out.starts_with("done\n"), "{out}");
    }
}

/// What one thread writes two and three write, to the byte: closures, least values, groups and negation, over
/// enough rows for threads to be asked.
#[test]
fn any_number_of_workers_writes_the_same() {
    let folder = Folder::with(
        "input edge(a: Int, b: Int, length: Int);
input gone(a: Int);
output path(a: Int, b: Int);
output least(a: Int => length: Int, near: Int);
output pairs(a: Int, b: Int);
output group(key: Int => rows: Int, sum: Int, least: Int, all: List<Int>);
output empty(rows: Int);
scratch distance(a: Int => length: Min<Int>);
scratch label(a: Int => least: Min<Int>);

path{a, b} <= edge{a, b}, a < 900;
path{a, b: c} <= path{a, b}, edge{a: b, b: c}, c < 900;
pairs{a, b: c} <= edge{a, b}, edge{a: c, b}, a < c, not gone{a};
distance{a: 0, length: 0} <= edge{};
distance{a: b, length: length + more} <= distance{a, length}, edge{a, b, length: more};
label{a, least: a} <= edge{a};
label{a: b, least: b} <= edge{b};
label{a: b, least} <= label{a, least}, edge{a, b};
label{a, least} <= label{a: b, least}, edge{a, b};
least{a, length: length.reveal, near: near.reveal} <= distance{a, length}, label{a, least: near};
group{key: length, rows: count(), sum: sum(a), least: min(b), all: list(b)} <= edge{a, b, length}, not gone{a};
empty{rows: count()} <= edge{};
",
    );
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let edges = (0..45_000).map(|_| format!("{},{},{}\n", next(9_000), next(9_000), next(3_000)));
    let edges: String = edges.collect();
    folder.write("in/edge.csv", edges);
    let gone: String = (0..9_000).step_by(7).map(|n| format!("{n}\n")).collect();
    folder.write("in/gone.csv", gone);
    for workers in 1..=3 {
        let run = folder.bloom(&format!(
            "run main.bloom -F in -D out{workers} --workers {workers} --stats"
        ));
        assert_eq!(run.code, Some(0), "{run:?}");
    }
    for name in ["path", "least", "pairs", "group", "empty"] {
        let one = folder.read(&format!("out1/{name}.csv"));
        assert!(one.lines().count() > 1, "`{name}` has rows");
        for workers in 2..=3 {
            let other = folder.read(&format!("out{workers}/{name}.csv"));
            assert!(one == other, "{workers} workers write another `{name}`");
        }
    }
}

/// Numbers of any sign and size, in rows that fit words and in such that do not.
fn many_rows(width: usize, below: u64) -> Vec<Vec<i64>> {
    let mut state = 11_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 8) % below) as i64 - (below / 3) as i64
    };
    let mut rows: Vec<Vec<i64>> = (0..70_000)
        .map(|_| (0..width).map(|_| next()).collect())
        .collect();
    rows.extend(rows[..300].to_vec());
    rows
}

fn lines(rows: &[Vec<i64>], separator: &str) -> String {
    let line = |row: &Vec<i64>| {
        let cells: Vec<String> = row.iter().map(i64::to_string).collect();
        cells.join(separator) + "\n"
    };
    rows.iter().map(line).collect()
}

#[test]
fn many_rows_are_read_and_written_the_same_by_any_number_of_workers() {
    let folder = Folder::with(
        "input i_one(a: Int);
input i_two(a: Int, b: Int);
input i_five(a: Int, b: Int, c: Int, d: Int, e: Int);
output one(a: Int);
output two(a: Int, b: Int);
output five(a: Int, b: Int, c: Int, d: Int, e: Int);
output texts(b: String, a: Int);
output none(a: Int, b: Int);
one{a} <= i_one{a};
two{a, b} <= i_two{a, b};
five{a, b, c, d, e} <= i_five{a, b, c, d, e};
texts{b: \"{b}, {a}\", a} <= i_two{a, b};
none{a, b} <= i_two{a, b}, i_one{a}, not i_one{a};
",
    );
    let mut expected = Vec::new();
    for (name, header, width, below) in [
        ("one", "a", 1, 1 << 40),
        ("two", "a,b", 2, 3_000),
        ("five", "a,b,c,d,e", 5, 1 << 50),
    ] {
        let mut rows = many_rows(width, below);
        folder.write(&format!("in/i_{name}.tsv"), lines(&rows, "\t"));
        rows.sort();
        rows.dedup();
        expected.push((name, format!("{header}\n{}", lines(&rows, ","))));
        if name == "two" {
            let texts = rows
                .iter()
                .map(|row| (format!("{}, {}", row[1], row[0]), row[0]));
            let mut texts: Vec<(String, i64)> = texts.collect();
            texts.sort();
            let texts: String = texts
                .iter()
                .map(|(b, a)| format!("\"{b}\",{a}\n"))
                .collect();
            expected.push(("texts", format!("b,a\n{texts}")));
        }
    }
    expected.push(("none", "a,b\n".to_owned()));
    for workers in [1, 2, 3, 5] {
        let run = folder.bloom(&format!("run main.bloom -F in -D out --workers {workers}"));
        assert_eq!(run.code, Some(0), "{run:?}");
        let printed = folder
            .bloom(&format!("run main.bloom -F in --workers {workers}"))
            .fine();
        for (name, text) in &expected {
            let file = folder.read(&format!("out/{name}.csv"));
            assert!(file == *text, "{workers} workers write `{name}`");
            let part = format!("{name}:\n{text}");
            assert!(printed.contains(&part), "{workers} workers print `{name}`");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once_by_any_number_of_workers() {
    let folder =
        Folder::with("input a(n: Int, m: Int);\noutput b(n: Int, m: Int);\nb{n, m} <= a{n, m};\n");
    folder.write("in/a.csv", lines(&many_rows(2, 1 << 20), ","));
    folder.write("out/other", "");
    std::os::unix::fs::symlink("/dev/full", folder.path("out/b.csv")).expect("a link is made");
    for workers in 1..=3 {
        let run = folder.bloom(&format!("run main.bloom -F in -D out --workers {workers}"));
        assert_eq!(run.err.matches("No space left").count(), 1, "{run:?}");
        run.fails(2, "b.csv: No space left on device");
    }
}
