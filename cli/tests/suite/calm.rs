//! `bloom calm` and `bloom graph`.

use crate::support::Folder;
use serde_json::Value as Json;

/// One output that nothing harms, and one that counts too early.
const SHOP: &str = "\
input  add(session: Int, item: String) sealed by session;
input  checkout(session: Int);
output seen(item: String);
output receipt(session: Int, lines: Int);
table cart(session: Int, item: String);
table leaving(session: Int);
cart{session, item} <= add{session, item};
leaving{session} <= checkout{session};
seen{item} <= cart{item};
receipt{session, lines: count()} <= leaving{session}, cart{session};
";

fn json(folder: &Folder, arguments: &str) -> Json {
    let text = folder
        .bloom(&format!("calm {arguments} --format json"))
        .fine();
    serde_json::from_str(&text).expect("it is one JSON document")
}

#[test]
fn json_names_labels_and_causes() {
    let folder = Folder::with(SHOP);
    let report = json(&folder, "main.bloom");
    assert_eq!(report["program"], "main.bloom");
    assert_eq!(report["confluent"], false);
    assert_eq!(report["outputs"][0]["name"], "seen");
    assert_eq!(report["outputs"][0]["label"], "async");
    assert_eq!(report["outputs"][0]["deterministic"], true);
    let receipt = &report["outputs"][1];
    assert_eq!(receipt["label"], "run");
    assert_eq!(receipt["node"], "Main");
    let because = &receipt["because"][0];
    assert_eq!(because["rule"], "main.bloom:10:1");
    assert_eq!(because["kind"], "aggregate");
    assert_eq!(because["over"], "cart");
    assert_eq!(
        because["path"],
        serde_json::json!(["add", "cart", "receipt"])
    );
    assert_eq!(report["after"][1]["name"], "receipt");
}

#[test]
fn coordination_is_inserted_or_left_out() {
    let folder = Folder::with(SHOP);
    let report = json(&folder, "main.bloom");
    let inserted = &report["coordination"][0];
    assert_eq!(inserted["kind"], "seal");
    assert_eq!(inserted["on"], "add");
    assert_eq!(inserted["by"], serde_json::json!(["session"]));
    assert_eq!(inserted["for"], serde_json::json!(["receipt"]));
    assert_eq!(report["after"][1]["label"], "seal");
    assert_eq!(report["after"][1]["by"], serde_json::json!(["session"]));
    assert_eq!(report["after"][1]["deterministic"], true);

    let off = json(&folder, "main.bloom --coordination off");
    assert_eq!(off["coordination"], serde_json::json!([]));
    assert_eq!(off["advice"][0]["kind"], "seal");
    assert_eq!(off["after"][1]["label"], "run");
    let text = folder.bloom("calm main.bloom").fine();
    for part in [
        "inserted\n  seal add by session, for receipt",
        "price: ",
        "as written",
    ] {
        assert!(text.contains(part), "{text}\nlacks {part}");
    }
}

#[test]
fn people_see_the_verdict_first() {
    let folder = Folder::with(SHOP);
    let text = folder.bloom("calm main.bloom").fine();
    let first = text.lines().next();
    assert_eq!(
        first,
        Some("main.bloom: 1 of 2 outputs are the same in every run")
    );
    for part in ["main.bloom:10:", "make `receipt` a view", "two runs"] {
        assert!(text.contains(part), "{text}\nlacks {part}");
    }
    assert!(!text.contains('\x1b'));
    assert!(
        folder
            .bloom("calm main.bloom --color always")
            .fine()
            .contains('\x1b')
    );
    let without = folder.bloom("calm main.bloom --no-witness").fine();
    assert!(!without.contains("two runs"), "{without}");
}

#[test]
fn programs_with_errors_have_no_report() {
    let folder = Folder::with("output a(n: Int);\na{n} <= ghost{n};\n");
    let run = folder.bloom("calm main.bloom --format json");
    assert_eq!(run.out, "");
    run.fails(1, "E0201");
    folder.bloom("calm nowhere.bloom").fails(2, "nowhere.bloom");
    folder.bloom("calm main.bloom --update").fails(2, "--lock");
}

#[test]
fn a_program_without_outputs_is_told_so() {
    let folder = Folder::with("table a(n: Int);\na(1);\n");
    assert_eq!(
        folder.bloom("calm main.bloom").fine(),
        "main.bloom: it has no outputs and no views\n"
    );
}

#[test]
fn graphs_and_pages_are_made_from_the_program() {
    let folder = Folder::with(SHOP);
    let dot = folder.bloom("calm main.bloom --format dot").fine();
    assert_eq!(dot, folder.bloom("graph main.bloom --format dot").fine());
    for part in [
        "digraph",
        "subgraph cluster_0",
        "receipt",
        "aggregate",
        "seal by session",
    ] {
        assert!(dot.contains(part), "{dot}\nlacks {part}");
    }
    let svg = folder.bloom("graph main.bloom").fine();
    assert!(
        svg.starts_with("<?xml") && svg.ends_with("</svg>\n"),
        "{svg}"
    );
    let page = folder.bloom("calm main.bloom --format html").fine();
    assert!(
        page.starts_with("<!doctype html>") && page.contains("<svg"),
        "{page}"
    );
}

#[test]
fn a_lock_is_written_and_then_held() {
    let sealed = SHOP.replace(
        "leaving{session},",
        "leaving{session}, add.sealed{session},",
    );
    let folder = Folder::with(&sealed);
    let wrote = folder.bloom("calm main.bloom --lock");
    assert!(wrote.err.contains("wrote main.calm.lock"), "{wrote:?}");
    wrote.fine();
    let lock = folder.read("main.calm.lock");
    assert!(lock.contains("coordinated = \"seal(session)\""), "{lock}");
    assert_eq!(folder.bloom("calm main.bloom --lock").err, "");

    // A receipt that does not wait promises less.
    folder.write("main.bloom", SHOP.replace(" sealed by session", ""));
    folder
        .bloom("calm main.bloom --lock")
        .fails(1, "`Main.receipt` was seal(session), and is run now");
    assert_eq!(
        folder.read("main.calm.lock"),
        lock,
        "checking writes nothing"
    );
    folder.bloom("calm main.bloom --lock --update").fine();

    // And one that does, more than the file that was written in between.
    folder.write("main.bloom", sealed);
    let stronger = folder.bloom("calm main.bloom --lock");
    assert!(stronger.err.contains("note: "), "{stronger:?}");
    stronger.fine();
}

#[test]
fn a_lock_stands_beside_the_manifest_or_where_it_is_told() {
    let folder = Folder::new();
    folder.write("p/bloom.toml", "[package]\nname = \"p\"\n");
    folder.write("p/src/p.bloom", SHOP);
    folder.bloom("calm p --lock").fine();
    assert!(folder.read("p/calm.lock").contains("receipt"));
    folder.bloom("calm p --lock=else.toml").fine();
    assert_eq!(folder.read("else.toml"), folder.read("p/calm.lock"));
    folder
        .bloom_with("calm - --lock", SHOP)
        .fails(2, "--lock=FILE");
    folder.write("else.toml", "version = 1\nnonsense = 2\n");
    folder
        .bloom("calm p --lock=else.toml")
        .fails(2, "else.toml");
    folder.bloom("calm p --lock=else.toml --update").fine();
}
