//! `--coordination` in each command that has it.

use crate::support::Folder;

const SHOP: &str = r#"input  item(order: Int, name: String) sealed by order;
input  ship(order: Int);
output parcel(order: Int, items: Int);
table  packed(order: Int, name: String);

packed{order, name}           <= item{order, name};
parcel{order, items: count()} <= ship{order}, packed{order};

test "what is there is sent" {
  item{order: 1, name: "pen"};
  ship{order: 1};
  tick;
  expect parcel == { (1, 1) };
}
"#;

const ARRIVALS: &str = r#"{"collection": "item", "row": {"order": 1, "name": "pen"}}
{"collection": "ship", "row": {"order": 1}}
{"settle": true}
{"collection": "item", "row": {"order": 1, "name": "ink"}}
{"settle": true}
{"seal": "item", "row": {"order": 1}}
"#;

const PRESS: &str = "channel page(@to: Addr, from: Addr = self, job: Int, text: String);
channel done(@to: Addr, from: Addr = self, job: Int);

node Author(press: Addr) {
  input   write(job: Int => pages: List<String>) immutable;
  scratch written(job: Int);

  page{to: press, job, text} <~ write{job, pages}, text in pages;
  written{job}               <+ write{job};
  done{to: press, job}       <~ written{job};
}

node Press {
  output bound(from: Addr, job: Int, pages: Int);
  table  pages(from: Addr, job: Int, text: String);
  table  jobs(from: Addr, job: Int);

  pages{from, job, text}           <= page{from, job, text};
  jobs{from, job}                  <= done{from, job};
  bound{from, job, pages: count()} <= jobs{from, job}, pages{from, job};
}
";

const REPLICAS: &str = "node Desk replicated {
  input  ask(id: Int);
  output answer(id: Int, at: Time);
  answer{id, at: now()} <= ask{id};
}
";

#[test]
fn a_service_waits_for_seals_unless_it_is_told_not_to() {
    let folder = Folder::with(SHOP);
    folder.write("in.jsonl", ARRIVALS);
    let waits = folder.bloom("run main.bloom --in in.jsonl").fine();
    assert!(waits.contains(r#""row":{"order":1,"items":2}"#), "{waits}");
    assert!(!waits.contains(r#""items":1}"#), "{waits}");
    let run = folder.bloom("run main.bloom --in in.jsonl --coordination off");
    assert!(
        run.out.contains(r#""row":{"order":1,"items":1}"#),
        "{}",
        run.out
    );
    assert!(run.err.contains("`parcel` may differ"), "{}", run.err);
}

#[test]
fn one_producers_order_stands_for_a_seal() {
    let folder = Folder::with(PRESS);
    let dump = folder.bloom("check main.bloom --emit coord").fine();
    assert!(
        dump.starts_with("insert fifo \"page-done\" on page, done"),
        "{dump}"
    );
    assert!(
        dump.ends_with("output Press.bound: run -> async\n"),
        "{dump}"
    );
    let expanded = folder.bloom("expand main.bloom").fine();
    assert_eq!(
        expanded.matches("#[fifo(\"page-done\")]\nchannel ").count(),
        2
    );
    folder.write("expanded.bloom", &expanded);
    let report = folder
        .bloom("calm expanded.bloom --coordination off")
        .fine();
    assert!(report.contains("async  Press.bound"), "{report}");
}

#[test]
fn a_batch_has_all_its_input_and_waits_for_nothing() {
    let folder = Folder::with(SHOP);
    folder.write("in/item.csv", "1,pen\n1,ink\n");
    folder.write("in/ship.csv", "1\n");
    let printed = folder.bloom("run main.bloom -F in").fine();
    assert!(
        printed.contains("{ 1, 2 }") || printed.contains("1,2"),
        "{printed}"
    );
}

#[test]
fn tests_run_as_written_and_with_coordination_when_asked() {
    let folder = Folder::with(SHOP);
    folder.bloom("test main.bloom").fine();
    folder
        .bloom("test main.bloom --coordination auto")
        .fails(1, "");
}

#[test]
fn expand_shows_what_is_inserted() {
    let folder = Folder::with(SHOP);
    let expanded = folder.bloom("expand main.bloom").fine();
    assert!(expanded.contains("item.sealed{order: order}"), "{expanded}");
    assert!(
        expanded.contains("table ship_kept(order: Int)") || expanded.contains("ship_kept"),
        "{expanded}"
    );
    let written = folder.bloom("expand main.bloom --coordination off").fine();
    assert!(!written.contains(".sealed{"), "{written}");
}

#[test]
fn replicas_that_would_differ_are_refused() {
    let folder = Folder::with(REPLICAS);
    folder.bloom("check main.bloom").fails(1, "E0701");
    folder.bloom("expand main.bloom").fails(1, "E0701");
    folder
        .bloom("run main.bloom --until-quiet")
        .fails(1, "E0701");
    folder.bloom("expand main.bloom --coordination off").fine();
}

#[test]
fn only_logs_where_only_logs_are_asked_for() {
    let folder = Folder::with(
        "node Desk replicated {
  input  bid(lot: Int, sum: Int) sealed by lot;
  input  close(lot: Int);
  output sold(lot: Int, sum: Int);
  table  bids(lot: Int, sum: Int);
  table  closing(lot: Int);
  bids{lot, sum}           <= bid{lot, sum};
  closing{lot}             <= close{lot};
  sold{lot, sum: max(sum)} <= closing{lot}, bids{lot, sum};
}
",
    );
    let auto = folder.bloom("expand main.bloom").fine();
    assert!(
        auto.contains("bid.sealed") && !auto.contains("#[ordered"),
        "{auto}"
    );
    let order = folder
        .bloom("expand main.bloom --coordination order")
        .fine();
    assert!(
        !order.contains("bid.sealed") && order.contains("#[ordered"),
        "{order}"
    );
}
