//! `bloom why`, on recordings and saved counterexamples.

use crate::support::{Folder, Run};

const GOSSIP: &str = "input say(text: String);
input ask(id: Int);
output heard(id: Int, text: String);
output count(n: Int);
table known(text: String);
table top(key: Int => best: Max<Int>);
channel tell(@to: Addr, text: String);

known{text} <= say{text};
tell{to, text} <~ say{text}, cluster{addr: to}, to != self;
known{text} <= tell{text};
heard{id, text} <= ask{id}, known{text};
count{n: count()} <= known{text}, ask{};
top{key: 1, best: id} <= ask{id};
known{text} <- ask{id: 99}, known{text};
";

fn recorded() -> Folder {
    let folder = Folder::with(GOSSIP);
    folder.write(
        "feed.jsonl",
        "{\"node\": \"n1\", \"collection\": \"say\", \"row\": [\"hello\"]}\n{\"settle\": true}\n\
         {\"node\": \"n1\", \"collection\": \"say\", \"row\": [\"bye\"]}\n{\"settle\": true}\n\
         {\"node\": \"n2\", \"collection\": \"ask\", \"row\": [7]}\n{\"settle\": true}\n\
         {\"node\": \"n2\", \"collection\": \"ask\", \"row\": [99]}\n",
    );
    folder
        .bloom("run main.bloom --nodes 2 --in feed.jsonl --record run.rec")
        .fine();
    folder
}

fn asked(folder: &Folder, row: &str) -> Run {
    // The row has no spaces, which part arguments.
    folder.bloom(&format!("why run.rec {row}"))
}

#[test]
fn a_derivation_goes_over_ticks_and_nodes() {
    let folder = recorded();
    let tree = asked(&folder, "heard{id:7,text:\"bye\"}").fine();
    for part in [
        "heard{id: 7, text: \"bye\"} at n2 in tick ",
        "main.bloom:12:1 heard{id, text} <= ask{id}, known{text};",
        "ask{id: 7} at n2 in tick ",
        "fed from outside",
        "known{text: \"bye\"} at n2 in ticks ",
        "tell{to: n2, text: \"bye\"} at n2 in tick ",
        ", sent by n1 in its tick ",
        "say{text: \"bye\"} at n1 in tick ",
        "cluster{addr: n2, kind: \"Main\"} at n1 in tick",
        "there from the start",
    ] {
        assert!(tree.contains(part), "{part:?} in\n{tree}");
    }
}

#[test]
fn groups_and_joins_show_what_they_rest_on() {
    let folder = recorded();
    let count = asked(&folder, "count@n2{n:2}").fine();
    assert!(count.contains("(over 2 matches)"), "{count}");
    assert!(count.contains("hello") && count.contains("bye"), "{count}");
    let top = asked(&folder, "top@n2(1,99)").fine();
    assert!(
        top.contains("ask{id: 99}") && !top.contains("ask{id: 7}"),
        "{top}"
    );
    let json = folder
        .bloom("why run.rec top@n2{best:7} --format json")
        .fine();
    assert!(
        json.starts_with(r#"{"node":"n2","collection":"top","row":{"best":7,"key":1},"tick":"#),
        "{json}"
    );
    let all = folder
        .bloom("why run.rec known{text:\"hello\"} --all")
        .fine();
    assert!(all.contains("known{text: \"hello\"}"), "{all}");
}

#[test]
fn what_cannot_be_asked_is_told() {
    let folder = recorded();
    asked(&folder, "known{text:\"never\"}").fails(1, "is not there; `bloom why-not` says why");
    asked(&folder, "knwon{text:\"never\"}")
        .fails(2, "no collection `knwon`; did you mean `known`?");
    asked(&folder, "known{txt:\"never\"}").fails(2, "`known` has no column for `txt`; it has text");
    asked(&folder, "known@n7").fails(2, "there is no node `n7`; there are n1, n2");
    asked(&folder, "known{").fails(2, "expected a row such as");
    folder.bloom("why main.bloom known").fails(
        2,
        "a program alone has no run to ask about: --recording FILE",
    );
    folder
        .bloom("why main.bloom known --recording run.rec --run 2")
        .fails(2, "the recording has 1 runs");
    let same = folder.bloom("why main.bloom known@n2 --recording run.rec");
    assert!(!same.err.contains("not the program"), "{same:?}");
    same.fine();
    folder.write("other.bloom", GOSSIP.replace("ask{id: 99}", "ask{id: 98}"));
    let other = folder.bloom("why other.bloom known@n2 --recording run.rec");
    assert!(
        other
            .err
            .contains("other.bloom is not the program that was recorded"),
        "{other:?}"
    );
}

const RETRYING: &str = r#"node Node {
  input say(payload: String);
  channel deliver(@to: Addr, payload: String);
  table said(payload: String);
  table log(payload: String);

  said{payload} <= say{payload};
  log{payload}  <= said{payload};
  log{payload}  <= deliver{payload};
  deliver{to: addr, payload} <~ said{payload}, cluster{addr}, addr != self;
}

spec delivered {
  lacking(p) <= log@_{payload: p}, up(n), not log@n{payload: p};
  pre(n, p)  <= log@n{payload: p}, up(n), not said@n{payload: p};
  post(n, p) <= log@n{payload: p}, not lacking(p);
}

fault test "all hear" checks delivered with ticks 6, losses until 3, crashes 1 {
  node a, b, c: Node;
  a.say{payload: "hello"};
}
"#;

#[test]
fn what_is_not_there_has_rules_that_lack_something() {
    let folder = recorded();
    let asked = |row: &str| folder.bloom(&format!("why-not run.rec {row}")).fine();
    let tree = asked("heard@n1{id:7}");
    for part in [
        "no heard{id: 7} at n1 in tick ",
        "main.bloom:12:1 heard{id, text} <= ask{id}, known{text}; at n1 in tick ",
        "no ask{id: 7} at n1 in tick ",
        "it comes from outside only, and was not given",
    ] {
        assert!(tree.contains(part), "{part:?} in\n{tree}");
    }
    let gone = asked("heard@n2{id:7}");
    assert!(gone.contains(" was there in tick "), "{gone}");
    let json = folder
        .bloom("why-not run.rec known@n2{text:\"never\"} --format json")
        .fine();
    assert!(
        json.contains(r#""why":"rule""#) && json.contains(r#"{"why":"outside"}"#),
        "{json}"
    );
    folder
        .bloom("why-not run.rec known@n1{text:\"hello\"}")
        .fails(1, "is there in tick ");
    folder
        .bloom("why-not run.rec heard{id:\"x\"}")
        .fails(2, "column `id`: `\"x\"` is no Int");
    folder
        .bloom("why-not run.rec known --tick 900")
        .fails(2, "no node with that collection ran so long");
}

#[test]
fn what_a_fault_took_away_is_told() {
    let folder = Folder::with(RETRYING);
    let run = folder.bloom("faults main.bloom --save broken.fault");
    assert_eq!(run.code, Some(1), "{run:?}");
    let log = folder.bloom("why-not broken.fault log@c(\"hello\")").fine();
    let lost =
        "deliver{to: c, payload: \"hello\"} was sent by a in its tick 1; it was never taken in";
    assert!(log.contains(lost), "{log}");
    let post = folder
        .bloom("why-not broken.fault post(b,\"hello\")")
        .fine();
    assert!(
        post.contains("in tick 6") && post.contains("there is lacking(\"hello\")"),
        "{post}"
    );
}

#[test]
fn a_certificate_is_written_with_its_proof() {
    let folder = Folder::with(&RETRYING.replace("crashes 1", "crashes 0"));
    folder.bloom("faults main.bloom --proof found").fine();
    let (cnf, drat) = (folder.read("found.cnf"), folder.read("found.drat"));
    assert!(cnf.lines().any(|line| line.starts_with("p cnf ")), "{cnf}");
    assert!(drat.ends_with("0\n"), "{drat}");
}

#[test]
fn a_saved_counterexample_can_be_asked_about() {
    let folder = Folder::with(RETRYING);
    let run = folder.bloom("faults main.bloom --save broken.fault");
    assert_eq!(run.code, Some(1), "{run:?}");
    let tree = folder.bloom("why broken.fault lacking(\"hello\")").fine();
    for part in [
        "lacking(\"hello\") at ",
        "no ",
        ", told to the spec",
        ", seen by the spec",
        "log{payload: \"hello\"} at ",
        ", sent by a in its tick 1",
        "say{payload: \"hello\"} at a in tick 1, fed from outside",
    ] {
        assert!(tree.contains(part), "{part:?} in\n{tree}");
    }
}

/// A voter that forgets in a crash whom it voted for.
const VOTES: &str = r#"input stand(voter: Addr);
channel call(@to: Addr, candidate: Addr);
channel vote(@to: Addr, by: Addr);
table voted(candidate: Addr);
table votes(by: Addr);
scratch choice(candidate: Addr);

call{to: voter, candidate: self} <~ stand{voter};
choice{candidate: min(candidate)} <= call{candidate}, not voted(_);
voted{candidate} <+ choice{candidate};
vote{to: candidate, by: self} <~ choice{candidate};
votes{by} <= vote{by};

spec one_vote {
  never twice(v) <= votes@n{by: v}, votes@m{by: v}, n != m;
  pre(v)  <= votes@_{by: v};
  post(v) <= votes@_{by: v};
}

fault test "votes" checks one_vote with ticks 8, losses until 0, crashes 1, restarts 1 {
  node a, b, v: Main;
  a.stand{voter: v};
  tick 4;
  b.stand{voter: v};
}
"#;

#[test]
fn a_saved_counterexample_in_which_a_node_comes_back_can_be_asked_about() {
    let folder = Folder::with(VOTES);
    let run = folder.bloom("faults main.bloom --save broken.fault");
    assert!(run.out.contains("needs 1 crash and 1 restart"), "{run:?}");
    let tree = folder.bloom("why broken.fault twice(_)").fine();
    for part in ["votes{by: v} at a", "votes{by: v} at b", "no voted"] {
        assert!(tree.contains(part), "{part}:\n{tree}");
    }
    let run = folder.bloom("test broken.fault");
    assert_eq!(run.code, Some(1), "{run:?}");
}

#[test]
fn a_row_that_was_given_and_lost_to_a_key_conflict_is_told_as_such() {
    let folder = Folder::with(
        "input put(key: Int => val: Int);\ntable kept(key: Int, val: Int);\nkept{key, val} <= put{key, val};\n",
    );
    folder.write("facts/put.csv", "key,val\n1,2\n1,3\n");
    folder
        .bloom("run main.bloom --facts facts --out out --on-conflict continue --record run.rec")
        .fine();
    let told = folder
        .bloom("why-not run.rec put{key:1,val:2} --tick 1")
        .fine();
    assert!(
        told.contains("was given in tick 1, and lost to a key conflict"),
        "{told}"
    );
}
