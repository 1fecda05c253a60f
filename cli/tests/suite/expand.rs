//! `bloom expand` on the conformance programs: what it prints is Bloom, and passes the same tests.

use std::path::{Path, PathBuf};

use crate::support::Folder;
use serde_json::Value as Json;

/// The conformance programs that are to be accepted and have tests.
fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the corpus is there");
    for path in entries.map(|entry| entry.expect("it can be listed").path()) {
        if path.is_dir() {
            programs(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "bloom")
        {
            let text = std::fs::read_to_string(&path).expect("programs are text");
            if !text.starts_with("//! reject") && text.contains("\ntest \"") {
                found.push(path);
            }
        }
    }
}

/// Names and results of the tests of some files.
fn results(folder: &Folder, files: &[String]) -> Vec<(Json, Json)> {
    results_with(folder, "", files)
}

fn results_with(folder: &Folder, options: &str, files: &[String]) -> Vec<(Json, Json)> {
    let run = folder.bloom(&format!("test --format json {options} {}", files.join(" ")));
    let line = |line| serde_json::from_str::<Json>(line).expect("a line is JSON");
    run.out
        .lines()
        .map(line)
        .map(|l| (l["test"].clone(), l["result"].clone()))
        .collect()
}

#[test]
fn expanded_programs_pass_the_tests_of_the_originals() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance");
    let mut files = Vec::new();
    programs(&corpus, &mut files);
    files.sort();
    assert!(files.len() > 50, "the corpus is there");
    let folder = Folder::new();
    let (mut originals, mut expansions) = (Vec::new(), Vec::new());
    for (number, file) in files.iter().enumerate() {
        let expanded = folder.bloom(&format!("expand {}", file.display())).fine();
        let name = file.file_name().expect("it is a file").to_string_lossy();
        let expansion = format!("{number}/{name}");
        folder.write(&expansion, expanded);
        originals.push(file.display().to_string());
        expansions.push(expansion);
    }
    let expected = results(&folder, &originals);
    let found = results(&folder, &expansions);
    assert!(expected.len() >= files.len(), "{} tests", expected.len());
    for (expected, found) in expected.iter().zip(&found) {
        assert_eq!(expected, found);
    }
    assert_eq!(expected.len(), found.len());
}

/// Names and labels of outputs, from a list of the report.
fn labels(report: &Json, list: &str) -> Vec<(Json, Json)> {
    let all = report[list].as_array().expect("the report has the list");
    let mut all: Vec<(Json, Json)> = all
        .iter()
        .map(|output| (output["name"].clone(), output["label"].clone()))
        .collect();
    all.sort_by_key(|(name, _)| name.to_string());
    all
}

#[test]
fn expanded_examples_are_as_clean_as_the_originals_with_their_coordination() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    programs(&root.join("examples"), &mut files);
    for name in [
        "calm/extern_confluent",
        "verdicts/extern_ordered",
        "verdicts/extern_of_a_sealed_input",
    ] {
        files.push(root.join(format!("tests/{name}.bloom")));
    }
    let folder = Folder::new();
    let mut ordered = 0;
    for file in files {
        let file = file.display();
        let expanded = folder.bloom(&format!("expand {file}")).fine();
        ordered += usize::from(expanded.contains("#[ordered("));
        folder.write("expanded.bloom", expanded);
        let report = |of: &str| -> Json {
            let run = folder.bloom(&format!("calm --format json {of}"));
            serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{of}: {error}"))
        };
        let (original, expansion) = (report(&file.to_string()), report("expanded.bloom"));
        let found = labels(&expansion, "outputs");
        assert_eq!(labels(&original, "after"), found, "{file}");
        assert_eq!(expansion["coordination"], serde_json::json!([]), "{file}");
        let auto = "--coordination auto";
        let expected = results_with(&folder, auto, &[file.to_string()]);
        let found = results(&folder, &["expanded.bloom".to_owned()]);
        assert_eq!(expected, found, "{file}");
    }
    assert!(ordered > 1, "the bank and the dense numbers share a log");
}

#[test]
fn programs_of_the_analysis_expand_to_programs() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/calm");
    let folder = Folder::new();
    let files = std::fs::read_dir(corpus).expect("the corpus is there");
    for file in files.map(|file| file.expect("it can be listed").path()) {
        let expanded = folder.bloom(&format!("expand {}", file.display())).fine();
        let name = file.file_name().expect("it is a file").to_string_lossy();
        let name = format!("program_{name}");
        folder.write(&name, &expanded);
        folder.bloom(&format!("check {name}")).fine();
    }
}

#[test]
fn specs_tests_and_fault_tests_are_part_of_the_program() {
    let folder = Folder::with(
        "channel note(@to: Addr, text: String);\n\nnode Board(others: Set<Addr>) {\n  input post(text: String);\n  table seen(text: String);\n\n  seen{text} <= post{text};\n  seen{text} <= note{text};\n  note{to, text} <~ post{text}, to in others;\n}\n\nspec shown {\n  lost(t) <= seen@_{text: t}, up(n), not seen@n{text: t};\n  pre(n, t) <= seen@n{text: t}, up(n);\n  post(n, t) <= seen@n{text: t}, not lost(t);\n  never mixed(t) <= seen@a{text: t}, seen@\"z\"{text: u}, t != u;\n}\n\nfault test \"all see it\" checks shown with ticks 6, losses until 4, crashes 1 {\n  node a, b: Board({a, b});\n  a.post{text: \"x\"};\n}\n\ntest \"all steps\" {\n  node a, b: Board({a, b});\n  partition {a} | {b};\n  a.post{text: \"x\"};\n  tick;\n  heal;\n  tick a, b;\n  drop a -> b note;\n  a.post(\"y\");\n  settle;\n  expect not b.seen{text: \"y\"};\n  crash b;\n  restart b;\n  advance 5s;\n  expect a.seen == { (\"x\"), (\"y\") };\n  expect b.seen == {};\n}\n",
    );
    let expanded = folder.bloom("expand main.bloom").fine();
    for part in [
        "lost(t)        <= seen@_{text: t}, up(n), not seen@n{text: t};",
        "checks shown with ticks 6, losses until 4, crashes 1 {",
        "node b: Board(others: {a, b});",
        "drop a -> b note;",
    ] {
        assert!(expanded.contains(part), "{expanded} lacks {part}");
    }
    folder.write("again/main.bloom", &expanded);
    assert_eq!(folder.bloom("expand again/main.bloom").fine(), expanded);
    folder.bloom("test again/main.bloom").fine();
}

#[test]
fn what_an_import_brings_is_flat_and_keeps_its_meaning() {
    let folder = Folder::with(
        "import relay.relay<Int>(add: 2) as r;\n\nrecord Pair { a: Int, b: String }\n\ninput  take(n: Int);\noutput give(n: Int, p: Pair);\n\nr.feed{x: n} <= take{n};\ngive{n, p: Pair{a: n, b: \"{{ {n} }}\"}} <= r.made{x: n};\n",
    );
    folder.write(
        "relay.bloom",
        "module relay<T>(add: Int = 1) {\n  input  feed(x: Int);\n  output made(x: Int);\n  scratch extra(t: T);\n  made{x: x + add} <= feed{x};\n}\n",
    );
    let expanded = folder.bloom("expand main.bloom").fine();
    for part in [
        "node Main {",
        "scratch r_feed(x: Int);",
        "const r_add: Int = 2;",
        "r_feed{",
    ] {
        assert!(expanded.contains(part), "{expanded} lacks {part}");
    }
    assert!(!expanded.contains("import"), "{expanded}");
    folder.write("in/take.csv", "3\n");
    let original = folder.bloom("run main.bloom -F in").fine();
    folder.write("flat.bloom", expanded);
    assert_eq!(folder.bloom("run flat.bloom -F in").fine(), original);
    assert!(original.contains("{ 5 }"), "{original}");
}

#[test]
fn deliveries_stay_where_they_mean_something() {
    let folder = Folder::with(
        "#[fifo(\"steps\")]\nchannel step(@to: Addr, n: Int);\n#[ordered(\"log\")]\ninput set(x: Int);\n\nnode One {\n  #[once]\n  loopback again(x: Int);\n}\n\nnode Many replicated {\n  output seen(x: Int);\n\n  seen{x} <= set{x};\n}\n",
    );
    let expanded = folder.bloom("expand main.bloom").fine();
    for (part, count) in [
        ("#[fifo(\"steps\")]\nchannel step(", 1),
        ("#[once]\n  loopback again(", 1),
        // Only replicas agree.
        ("#[ordered(\"log\")]\n  input set(", 1),
        ("input set(", 2),
    ] {
        assert_eq!(expanded.matches(part).count(), count, "{part}: {expanded}");
    }
    folder.write("flat.bloom", expanded);
    folder.bloom("check flat.bloom").fine();
}
