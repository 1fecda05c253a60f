//! `bloom run --record` and `bloom replay`.

use crate::support::{Folder, finish};
use std::time::{Duration, Instant};

const GOSSIP: &str = "node Gossip {
  input say(text: String);
  output heard(id: Float, text: String);
  table known(text: String, id: Float);
  channel tell(@to: Addr, text: String, id: Float);

  known{text, id: random()} <= say{text};
  tell{to, text, id} <~ say{text}, known{text, id}, cluster{addr: to}, to != self;
  known{text, id} <= tell{text, id};
  heard{id, text} <= say{text}, known{text, id};
}
";

fn recorded() -> Folder {
    let folder = Folder::with(GOSSIP);
    folder.write(
        "feed.jsonl",
        "{\"node\": \"n1\", \"collection\": \"say\", \"row\": [\"hello\"]}\n{\"settle\": true}\n\
         {\"node\": \"n2\", \"collection\": \"say\", \"row\": [\"good day\"]}\n",
    );
    folder
        .bloom("run main.bloom --nodes 2 --in feed.jsonl --record run.rec")
        .fine();
    folder
}

#[test]
fn a_service_does_the_same_again() {
    let folder = recorded();
    let told = folder.bloom("replay run.rec").fine();
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.lines().all(|line| line.starts_with("same ")), "{told}");
    let json = folder.bloom("replay run.rec --format json").fine();
    assert!(
        json.starts_with(r#"{"run":1,"same":true,"nodes":[{"node":"n1","kind":"Gossip","ticks":"#)
    );
    let rows = folder.bloom("replay run.rec --dump known --node n1").fine();
    assert!(
        rows.contains("hello") && rows.contains("good day"),
        "{rows}"
    );
    let first = folder
        .bloom("replay run.rec --dump known --node n1 --tick 1")
        .fine();
    assert!(!first.contains("good day"), "{first}");
}

#[test]
fn a_second_run_goes_on_in_the_same_file() {
    let folder = recorded();
    folder
        .bloom("run main.bloom --nodes 1 --in feed2.jsonl --record run.rec")
        .fails(2, "feed2.jsonl");
    folder.write(
        "feed2.jsonl",
        "{\"collection\": \"say\", \"row\": [\"more\"]}\n",
    );
    folder
        .bloom("run main.bloom --nodes 1 --in feed2.jsonl --record run.rec")
        .fine();
    let told = folder.bloom("replay run.rec").fine();
    assert!(told.contains("run 2\nsame"), "{told}");
}

#[test]
fn another_program_departs_where_it_does_something_else() {
    let folder = recorded();
    folder.write("same.bloom", format!("// Nothing new.\n{GOSSIP}"));
    folder.bloom("replay run.rec --program same.bloom").fine();
    let other = GOSSIP.replace("heard{id, text} <=", "heard{id, text: text + \"!\"} <=");
    folder.write("other.bloom", other);
    let run = folder.bloom("replay run.rec --program other.bloom");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("departs  n1: after "), "{run:?}");
    assert!(
        run.out.contains("rows of its outputs\n  - shows heard(") && run.out.contains("hello!\")"),
        "{run:?}"
    );
    folder.write("none.bloom", GOSSIP.replace("say", "tell_all"));
    folder
        .bloom("replay run.rec --program none.bloom")
        .fails(2, "takes rows of `say` in");
}

#[test]
fn what_is_no_recording_is_refused() {
    let folder = recorded();
    folder
        .bloom("replay main.bloom")
        .fails(2, "main.bloom: this is no recording");
    folder
        .bloom("run main.bloom --in feed.jsonl --nodes 2 --record main.bloom")
        .fails(2, "this is no recording");
    folder.bloom("replay none.rec").fails(2, "none.rec");
    folder
        .bloom("replay run.rec --dump nothing")
        .fails(2, "there is no collection `nothing`");
    folder
        .bloom("replay run.rec --dump known --node n9")
        .fails(2, "no node `n9`; it has n1, n2");
}

#[test]
fn a_batch_does_the_same_again() {
    let folder = Folder::with(
        "input edge(a: Int, b: Int);\ntable reach(a: Int, b: Int);\ntable later(a: Int);\n\
         reach{a, b} <= edge{a, b};\nreach{a, b} <= reach{a, b: c}, reach{a: c, b};\nlater{a} <+ reach{a};\n",
    );
    folder.write("facts/edge.csv", "a,b\n1,2\n2,3\n");
    folder
        .bloom("run main.bloom --facts facts --dump reach --out out --record run.rec")
        .fine();
    let told = folder.bloom("replay run.rec").fine();
    assert!(told.starts_with("same     local: 2 ticks"), "{told}");
    let rows = folder.bloom("replay run.rec --dump reach").fine();
    assert_eq!(rows.lines().count(), 3, "{rows}");
}

#[test]
fn a_process_that_is_killed_leaves_a_recording() {
    let folder = Folder::with(
        "periodic beat(every: 1ms);\ntable beats(id: Int);\noutput last(id: Int);\n\
         beats{id} <= beat{id};\nlast{id: max(id)} <= beats{id};\n",
    );
    let mut child = folder.start("run main.bloom --record run.rec");
    let start = Instant::now();
    let size = || std::fs::metadata(folder.path("run.rec")).map_or(0, |file| file.len());
    let mut sizes = Vec::new();
    while sizes.len() < 20 && start.elapsed() < Duration::from_secs(60) {
        if sizes.last() != Some(&size()) {
            sizes.push(size());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(sizes.len(), 20, "it grows with every tick");
    child.kill().expect("it is our child");
    let run = finish(child);
    let shown = run.out.lines().filter(|line| line.ends_with('}')).count();
    let told = folder.bloom("replay run.rec").fine();
    let ticks: usize = told
        .strip_prefix("same     n1: ")
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .unwrap_or_else(|| panic!("{told}"));
    // What was shown to anybody was recorded before.
    assert!(ticks >= shown && shown > 0, "{ticks} ticks, {shown} shown");
}

const CHAT: &str = "node Chat(limit: Int) {
  input say(text: String, n: Int);
  output heard(from: Addr, text: String);
  view size(n: Int);
  table known(text: String);
  channel tell(@to: Addr, from: Addr, text: String);

  tell{to, from: self, text} <~ say{text, n}, cluster{addr: to}, n < limit;
  known{text} <= tell{text};
  heard{from, text} <= tell{from, text};
  size{n: count()} <= known{};
}
";

#[test]
fn a_run_becomes_tests_that_pass() {
    let folder = Folder::with(CHAT);
    folder.write(
        "feed.jsonl",
        "{\"node\": \"n1\", \"collection\": \"say\", \"row\": [\"a \\\"quoted\\\" {word}\", 1]}\n\
         {\"settle\": true}\n{\"node\": \"n2\", \"collection\": \"say\", \"row\": [\"more\", 9]}\n",
    );
    folder
        .bloom("run main.bloom --nodes 2 --param limit=5 --in feed.jsonl --record run.rec")
        .fine();
    let tests = folder
        .bloom("replay run.rec --test --program main.bloom")
        .fine();
    assert_eq!(tests.matches("test \"run.rec: n").count(), 2, "{tests}");
    for part in [
        "node n1: Chat(5);",
        "n1.say(\"a \\\"quoted\\\" {{word}}\", 1);",
        "n2.tell(n2, n1, \"a \\\"quoted\\\" {{word}}\");",
        "expect n2.heard == { (n1, \"a \\\"quoted\\\" {{word}}\") };",
        "expect n1.size == { (1) };",
    ] {
        assert!(tests.contains(part), "{part} of\n{tests}");
    }
    folder.write("main.bloom", format!("{CHAT}\n{tests}"));
    let told = folder.bloom("test main.bloom").fine();
    assert!(told.contains("2 passed"), "{told}");
    // They hold the program to what it did.
    let other = CHAT.replace("heard{from, text}", "heard{from, text: text + \"!\"}");
    folder.write("main.bloom", format!("{other}\n{tests}"));
    folder.bloom("test main.bloom").fails(1, "");
    folder.write("main.bloom", other);
    folder
        .bloom("replay run.rec --test --program main.bloom --node n2")
        .fails(2, "the program does something else now");
}

#[test]
fn a_run_that_hangs_on_chance_becomes_no_test() {
    let folder = recorded();
    folder
        .bloom("replay run.rec --test --program main.bloom")
        .fails(2, "would fail at `expect n1.heard ==");
    folder
        .bloom("replay run.rec --test --program main.bloom --node n9")
        .fails(2, "no node `n9`");
    folder
        .bloom("replay run.rec --test")
        .fails(2, "--program <PATH>");
}

#[test]
fn timers_become_tests() {
    let folder = Folder::with(
        "input put(x: Int);\nperiodic beat(every: 20ms);\ntable kept(x: Int);\n\
         output shown(x: Int);\nkept{x} <= put{x};\nshown{x} <= kept{x}, beat{};\n",
    );
    folder.write("feed.jsonl", "{\"collection\": \"put\", \"row\": [7]}\n");
    folder
        .bloom("run main.bloom --in feed.jsonl --for 90ms --record run.rec")
        .fine();
    let test = folder
        .bloom("replay run.rec --test --program main.bloom")
        .fine();
    for part in [
        "node n1: Main;",
        "n1.put(7);",
        "advance ",
        "expect n1.shown == { (7) };",
    ] {
        assert!(test.contains(part), "{part} of\n{test}");
    }
}
