//! `bloom check`.

use crate::support::Folder;
use serde_json::Value as Json;

const FINE: &str = "table a(n: Int);\nscratch b(n: Int);\nb{n} <= a{n};\n";
const WRONG: &str = "scratch b(n: Int);\nb{n} <= ghost{n};\n";

#[test]
fn a_fine_program_says_nothing() {
    let folder = Folder::with(FINE);
    let run = folder.bloom("check main.bloom");
    assert_eq!(
        (run.code, &*run.out, &*run.err),
        (Some(0), "", ""),
        "{run:?}"
    );
    assert_eq!(folder.bloom_with("check -", FINE).fine(), "");
}

#[test]
fn errors_are_shown_with_their_source_and_counted() {
    let folder = Folder::with(WRONG);
    let run = folder.bloom("check main.bloom");
    assert_eq!(run.code, Some(1));
    for part in ["[E0201]", "ghost", "main.bloom:2:9", "1 error"] {
        assert!(run.err.contains(part), "{run:?} lacks {part}");
    }
    folder.bloom_with("check -", WRONG).fails(1, "<stdin>:2:9");
}

#[test]
fn json_is_an_object_a_line() {
    let folder = Folder::with(WRONG);
    let run = folder.bloom("check main.bloom --format json");
    assert_eq!(run.code, Some(1));
    let diagnostics: Vec<Json> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let [diagnostic] = diagnostics.as_slice() else {
        panic!("{diagnostics:?}")
    };
    assert_eq!(diagnostic["code"], "E0201");
    assert_eq!(diagnostic["severity"], "error");
    assert_eq!(diagnostic["file"], "main.bloom");
    assert_eq!(diagnostic["span"]["start"]["line"], 2);
    assert_eq!(diagnostic["span"]["start"]["column"], 9);
    for list in ["labels", "help", "fixes"] {
        assert!(diagnostic[list].is_array(), "{diagnostic}");
    }
    assert_eq!(
        Folder::with(FINE)
            .bloom("check main.bloom --format json")
            .fine(),
        ""
    );
}

#[test]
fn sarif_is_one_log_for_all_programs() {
    let folder = Folder::with(WRONG);
    folder.write("other.bloom", WRONG);
    let run = folder.bloom("check main.bloom other.bloom --format sarif");
    assert_eq!(run.code, Some(1));
    let log: Json = serde_json::from_str(&run.out).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(2));
    let fine = Folder::with(FINE)
        .bloom("check main.bloom --format sarif")
        .fine();
    assert!(serde_json::from_str::<Json>(&fine).is_ok());
}

#[test]
fn warnings_do_not_fail() {
    let folder = Folder::with(
        "input a(n: Int, m: Int);\noutput b(n: Int => m: Int);\nb{n, m} <= a{n, m};\n",
    );
    let run = folder.bloom("check main.bloom");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("1 warning"), "{run:?}");
}

#[test]
fn points_of_order_are_warnings_with_fixes() {
    let folder = Folder::with(
        "input a(n: Int);\ntable t(n: Int);\noutput b(n: Int);\nt{n} <= a{n};\nb{n: count()} <= t{};\n",
    );
    let text = folder.bloom("check main.bloom --format json").fine();
    let warning: Json = serde_json::from_str(text.trim()).expect("one line of JSON");
    assert_eq!(warning["code"], "W0701");
    assert_eq!(warning["severity"], "warning");
    let fixes = warning["fixes"].as_array().expect("a list");
    let first = &fixes[0]["edits"][0];
    assert_eq!(first["new_text"], "view");
    assert_eq!(
        first["span"]["start"],
        serde_json::json!({"line": 3, "column": 1})
    );
    assert_eq!(
        first["span"]["end"],
        serde_json::json!({"line": 3, "column": 7})
    );
}

#[test]
fn a_package_is_checked_whole_and_shared_files_are_reported_once() {
    let folder = Folder::new();
    folder.write(
        "p/bloom.toml",
        "[package]\nname = \"p\"\nversion = \"0.1.0\"\n\n[dependencies]\nq = { path = \"../q\" }\n",
    );
    folder.write("p/src/p.bloom", "import shared;\nimport q.tool as tool;\n");
    folder.write("p/src/other.bloom", "import shared;\n");
    folder.write("p/src/shared.bloom", WRONG);
    folder.write("p/tests/more.bloom", "import p;\n");
    folder.write("q/bloom.toml", "[package]\nname = \"q\"\n");
    folder.write("q/src/q/tool.bloom", FINE);
    let run = folder.bloom("check p");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.err.matches("[E0201]").count(), 1, "{run:?}");
    assert!(run.err.contains("shared.bloom:2:9"), "{run:?}");
}

#[test]
fn broken_packages_exit_2() {
    let folder = Folder::new();
    folder.write("p/bloom.toml", "[package]\nnam = \"p\"\n");
    folder.bloom("check p").fails(2, "unknown field `nam`");
    folder.write("p/bloom.toml", "[package]\nname = \"p\"\n");
    folder
        .bloom("check p")
        .fails(2, "p/src/p.bloom: No such file");
    folder.write(
        "p/bloom.toml",
        "[package]\nname = \"p\"\n[dependencies]\nq = { path = \"../q\" }\n",
    );
    folder.write("p/src/p.bloom", FINE);
    folder.bloom("check p").fails(2, "dependency `q`");
}

#[test]
fn unknown_imports_are_the_compilers_to_report() {
    let folder = Folder::with("import nowhere.at_all as x;\n");
    folder.bloom("check main.bloom").fails(1, "nowhere");
    let std = Folder::with("import std.delivery.best_effort<Int> as wire;\n");
    let run = std.bloom("check main.bloom");
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn every_stage_can_be_printed() {
    let folder = Folder::with(FINE);
    let stages = [
        ("tokens", "table"),
        ("ast", "a"),
        ("hir", "coll0"),
        ("rir", "rel"),
        ("rir-opt", "rel"),
        ("plan", "(plan"),
        ("clif", "function"),
    ];
    for (stage, part) in stages {
        let dump = folder
            .bloom(&format!("check main.bloom --emit {stage}"))
            .fine();
        assert!(dump.contains(part), "{stage}: {dump}");
    }
    let wrong = Folder::with(WRONG);
    wrong
        .bloom("check main.bloom --emit plan")
        .fails(1, "E0201");
    wrong
        .bloom("check main.bloom main.bloom --emit plan")
        .fails(2, "one program");
}

#[test]
fn dedalus_files_are_programs_too() {
    let folder = Folder::new();
    folder.write(
        "p.ded",
        "q(X, Y)@next :- p(X, Y);\np(X, Y)@next :- p(X, Y);\np(\"a\", \"b\")@1;\n",
    );
    let run = folder.bloom("check p.ded");
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn of_a_folder_without_a_manifest_every_file_is_a_program() {
    let folder = Folder::new();
    folder.write("all/a.bloom", "table a(n: Int);\na(1);\n");
    folder.write("all/deep/b.bloom", "table a(n: Int);\nwrong{n} <= a{n};\n");
    folder.write("all/c.ded", "p(1)@1;\nq(X) :- p(X);\n");
    folder.write("all/.hidden/d.bloom", "nonsense");
    let run = folder.bloom("check all");
    assert!(!run.err.contains("a.bloom"), "{run:?}");
    assert!(!run.err.contains("hidden"), "{run:?}");
    run.fails(1, "all/deep/b.bloom:2:");
    folder.write(
        "all/deep/b.bloom",
        "table b(n: Int);\nb(1);\ntest \"none\" {\n  tick;\n}\n",
    );
    folder.bloom("check all").fine();
    assert!(folder.bloom("test all").fine().contains("1 passed"));
    folder.write("empty/readme.md", "");
    folder
        .bloom("check empty")
        .fails(2, "no .bloom or .ded file");
}
