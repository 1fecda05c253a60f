//! `bloom run` as a service in one process.

use crate::support::{Folder, finish, lines_sorted, terminate};
use std::io::{BufRead, BufReader, Write};

const GOSSIP: &str = "input say(text: String);
input ask(id: Int);
output heard(id: Int, text: String);
table known(text: String);
channel tell(@to: Addr, text: String);

known{text} <= say{text};
tell{to, text} <~ say{text}, cluster{addr: to}, to != self;
known{text} <= tell{text};
heard{id, text} <= ask{id}, known{text};
";

#[test]
fn a_local_cluster_ends_when_its_input_has_ended() {
    let folder = Folder::with(GOSSIP);
    folder.write(
        "feed.jsonl",
        r#"// what one node hears all know
{"node": "n1", "collection": "say", "row": {"text": "hello"}}

{"settle": true}
{"node": "n2", "collection": "ask", "row": [1]}
{"wait": "5ms"}
{"node": "n3", "collection": "ask", "row": {"id": 2}}
"#,
    );
    let out = folder
        .bloom("run main.bloom --nodes 3 --in feed.jsonl")
        .fine();
    let lines: Vec<String> = out.lines().map(without_tick).collect();
    let line = |node, id| {
        format!(r#"{{"node":"{node}","collection":"heard","row":{{"id":{id},"text":"hello"}}}}"#)
    };
    assert_eq!(lines, [line("n2", 1), line("n3", 2)]);
}

/// Ticks depend on how rows are batched.
fn without_tick(line: &str) -> String {
    let (before, after) = line.split_once(r#""tick":"#).expect("a line has its tick");
    let (_, after) = after.split_once(',').expect("a line has its collection");
    format!("{before}{after}")
}

#[test]
fn rows_without_a_node_go_round() {
    let folder = Folder::with("input a(n: Int);\noutput b(n: Int);\nb{n} <= a{n};\n");
    let feed: String = (0..4)
        .map(|n| format!("{{\"collection\": \"a\", \"row\": {{\"n\": {n}}}}}\n"))
        .collect();
    let out = folder
        .bloom_with("run main.bloom --nodes 2 --in -", &feed)
        .fine();
    let lines: Vec<String> = lines_sorted(&out).into_iter().map(without_tick).collect();
    let line = |node, n| format!(r#"{{"node":"{node}","collection":"b","row":{{"n":{n}}}}}"#);
    let mut expected = vec![line("n1", 0), line("n1", 2), line("n2", 1), line("n2", 3)];
    let mut lines = lines;
    lines.sort();
    expected.sort();
    assert_eq!(lines, expected);
}

#[test]
fn kinds_are_counted_apart() {
    let folder = Folder::with(
        "node Ping {\n  output me(a: Addr);\n  input go(n: Int);\n  me{a: self} <= go{};\n}\nnode Pong {\n  output us(a: Addr, kind: String);\n  input list(n: Int);\n  us{a, kind} <= list{}, cluster{addr: a, kind};\n}\n",
    );
    folder.write("feed.jsonl", "{\"collection\": \"list\", \"row\": [1]}\n{\"node\": \"ping2\", \"collection\": \"go\", \"row\": [1]}\n");
    let out = folder
        .bloom("run main.bloom --nodes Ping=2,Pong=1 --in feed.jsonl")
        .fine();
    assert!(out.contains(r#""row":{"a":"ping2"}"#), "{out}");
    assert!(
        out.contains(r#""row":{"a":"ping1","kind":"Ping"}"#),
        "{out}"
    );
    assert!(
        out.contains(r#""row":{"a":"pong1","kind":"Pong"}"#),
        "{out}"
    );
    folder
        .bloom("run main.bloom --nodes Peng=1")
        .fails(2, "no node `Peng`");
    folder
        .bloom("run main.bloom --nodes 0")
        .fails(2, "from 1 to");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_taken_in() {
    let folder = Folder::with(GOSSIP);
    for (line, message) in [
        ("{", "feed.jsonl:2: not JSON"),
        ("[]", "feed.jsonl:2: expected an object"),
        (
            r#"{"collection": "say"}"#,
            "feed.jsonl:2: field `row` is missing",
        ),
        (
            r#"{"row": {}}"#,
            "feed.jsonl:2: field `collection` is missing",
        ),
        (
            r#"{"collection": "say", "row": {"text": 1}}"#,
            "feed.jsonl:2: column `text`: expected String, found `1`",
        ),
        (
            r#"{"collection": "say", "row": {"words": "x"}}"#,
            "`say` has no column `words`",
        ),
        (
            r#"{"collection": "known", "row": {"text": "x"}}"#,
            "`known` is no `input`",
        ),
        (
            r#"{"collection": "sya", "row": {"text": "x"}}"#,
            "there is no collection `sya`",
        ),
        (
            r#"{"node": "n9", "collection": "say", "row": {"text": "x"}}"#,
            "there is no node `n9`; there are n1, n2",
        ),
        (
            r#"{"nodes": "n1", "collection": "say", "row": {}}"#,
            "unknown field `nodes`",
        ),
        (r#"{"wait": "soon"}"#, "field `wait`"),
        (
            r#"{"seal": "say", "row": {}}"#,
            "`say` is not `sealed by` any column",
        ),
    ] {
        folder.write(
            "feed.jsonl",
            format!("{{\"collection\": \"say\", \"row\": [\"x\"]}}\n{line}\n"),
        );
        let run = folder.bloom("run main.bloom --nodes 2 --in feed.jsonl");
        assert_eq!(run.out, "", "{line}");
        run.fails(2, message);
    }
    folder
        .bloom("run main.bloom --in nowhere.jsonl")
        .fails(2, "nowhere.jsonl");
}

#[test]
fn a_refused_line_of_standard_input_stops_no_other() {
    let folder = Folder::with("input a(n: Int);\noutput b(n: Int);\nb{n} <= a{n};\n");
    let feed = "{\"collection\": \"a\", \"row\": [\"x\"]}\n{\"collection\": \"a\", \"row\": [1]}\n";
    let run = folder.bloom_with("run main.bloom --in -", feed);
    assert!(run.out.contains(r#""row":{"n":1}"#), "{run:?}");
    run.fails(2, "-:1: column `n`: expected Int");
}

#[test]
fn lines_of_standard_input_are_read_until_they_end() {
    let folder = Folder::with("stdout{line: \"> {line}\"} <~ stdin{line};\n");
    let out = folder.bloom_with("run main.bloom", "one\ntwo\n").fine();
    assert_eq!(lines_sorted(&out), ["> one", "> two"]);
}

#[test]
fn a_service_runs_until_it_is_told_to_stop() {
    let folder = Folder::with("input a(n: Int);\noutput b(n: Int);\nb{n} <= a{n};\n");
    let mut child = folder.start("run main.bloom --in - --keep-running");
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    for n in 0..3 {
        writeln!(stdin, "{{\"collection\": \"a\", \"row\": [{n}]}}").expect("it reads");
        line.clear();
        stdout.read_line(&mut line).expect("it answers");
        assert!(line.contains(&format!(r#""row":{{"n":{n}}}"#)), "{line}");
    }
    drop(stdin);
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(
        child.try_wait().expect("it is our child").is_none(),
        "it keeps running"
    );
    terminate(&child);
    let run = finish(child);
    assert_eq!((run.code, &*run.err), (Some(0), ""), "{run:?}");
}

#[test]
fn timers_fire_and_time_ends_the_run() {
    let folder =
        Folder::with("periodic beat(every: 20ms);\noutput seen(id: Int);\nseen{id} <= beat{id};\n");
    let out = folder.bloom("run main.bloom --for 500ms").fine();
    assert!(out.lines().count() >= 3, "{out}");
    assert!(
        out.contains(r#""row":{"id":1}"#) && out.contains(r#""row":{"id":2}"#),
        "{out}"
    );
}

#[test]
fn a_service_halts_with_its_code() {
    let folder = Folder::with("input stop(code: Int);\nhalt{code} <~ stop{code};\n");
    let feed = "{\"collection\": \"stop\", \"row\": [5]}\n";
    assert_eq!(
        folder
            .bloom_with("run main.bloom --in - --keep-running", feed)
            .code,
        Some(5)
    );
}

#[test]
fn a_key_conflict_is_dropped_or_stops_the_node() {
    let folder = Folder::with(
        "input a(k: Int, v: Int);\noutput b(k: Int => v: Int);\nb{k, v} <= a{k, v};\n",
    );
    folder.write(
        "feed.jsonl",
        "{\"collection\": \"a\", \"row\": [1, 1]}\n{\"collection\": \"a\", \"row\": [1, 2]}\n",
    );
    let go_on = folder.bloom("run main.bloom --in feed.jsonl");
    assert_eq!(go_on.code, Some(0), "{go_on:?}");
    let halt = folder.bloom("run main.bloom --in feed.jsonl --on-conflict halt");
    // The two rows may have come in ticks of their own, and then there is no conflict.
    if halt.code != Some(0) {
        halt.fails(1, "key conflict");
    }
}

#[test]
fn durable_tables_outlive_a_crash() {
    let folder = Folder::with(
        "input put(k: Int => v: Int);\ninput get(k: Int);\noutput got(k: Int => v: Int);\ntable kept(k: Int => v: Int) durable;\ntable lost(k: Int);\noutput gone(k: Int);\nkept{k, v} <+- put{k, v};\nlost{k} <= put{k};\ngot{k, v} <= get{k}, kept{k, v};\ngone{k} <= get{k}, not lost{k};\n",
    );
    let mut child = folder.start("run main.bloom --in - --data-dir data");
    let mut stdin = child.stdin.take().expect("it is piped");
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    for line in [
        r#"{"collection": "put", "row": {"k": 1, "v": 2}}"#,
        r#"{"settle": true}"#,
        r#"{"collection": "put", "row": {"k": 1, "v": 3}}"#,
        r#"{"settle": true}"#,
        r#"{"collection": "get", "row": [1]}"#,
    ] {
        writeln!(stdin, "{line}").expect("it reads");
    }
    let mut answer = String::new();
    stdout.read_line(&mut answer).expect("it answers");
    assert!(answer.contains(r#""row":{"k":1,"v":3}"#), "{answer}");
    let second = folder.bloom("run main.bloom --data-dir data --until-quiet");
    second.fails(2, "another process");
    child.kill().expect("it is our child");
    child.wait().expect("it is our child");

    let get = "{\"collection\": \"get\", \"row\": [1]}\n";
    let out = folder
        .bloom_with("run main.bloom --in - --data-dir data", get)
        .fine();
    assert!(
        out.contains(r#""collection":"got","row":{"k":1,"v":3}"#),
        "{out}"
    );
    assert!(
        out.contains(r#""collection":"gone","row":{"k":1}"#),
        "{out}"
    );
}
