//! The small commands, and what all commands share.

use crate::support::{Folder, exists, finish};

#[test]
fn version_and_help_go_to_stdout() {
    let folder = Folder::new();
    assert_eq!(
        folder.bloom("--version").fine(),
        format!("bloom {}\n", env!("CARGO_PKG_VERSION"))
    );
    let help = folder.bloom("--help").fine();
    for command in [
        "new",
        "check",
        "run",
        "test",
        "fmt",
        "explain",
        "expand",
        "repl",
        "completions",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        assert!(
            folder
                .bloom(&format!("{command} --help"))
                .fine()
                .contains("Usage: bloom ")
        );
    }
}

#[test]
fn wrong_use_exits_2() {
    let folder = Folder::new();
    folder.bloom("").fails(2, "Usage: bloom");
    folder.bloom("chekc").fails(2, "check");
    folder.bloom("check").fails(2, "<PATH>");
    folder
        .bloom("check --format xml a.bloom")
        .fails(2, "possible values: human, json, sarif");
    folder
        .bloom("check nowhere.bloom")
        .fails(2, "error: nowhere.bloom: No such file");
    folder.bloom("check .").fails(2, "without bloom.toml");
}

#[test]
fn what_is_no_text_exits_2_and_tells_where() {
    let folder = Folder::new();
    folder.write("garbage.bloom", b"table a(n: Int);\n\xff\xfe\x00\x01");
    for command in ["check", "run", "test", "fmt", "expand"] {
        let run = folder.bloom(&format!("{command} garbage.bloom"));
        run.fails(2, "garbage.bloom:2: not UTF-8 text");
    }
    folder.write("zeros.bloom", [0u8; 4096]);
    let run = folder.bloom("check zeros.bloom");
    assert_eq!(run.code, Some(1), "{run:?}");
}

#[test]
fn a_new_package_is_formatted_fine_and_its_tests_pass() {
    let folder = Folder::new();
    let said = folder.bloom("new key_store").fine();
    assert!(said.contains("bloom test key_store"), "{said}");
    for file in [
        "bloom.toml",
        "src/key_store.bloom",
        ".gitignore",
        ".editorconfig",
        "example.jsonl",
    ] {
        assert!(exists(&folder.path("key_store").join(file)), "{file}");
    }
    assert_eq!(folder.bloom("fmt --check key_store").fine(), "");
    let check = folder.bloom("check key_store");
    assert_eq!((check.code, check.err.as_str()), (Some(0), ""), "{check:?}");
    assert!(folder.bloom("test key_store").fine().contains("2 passed"));
    let out = folder
        .bloom("run key_store --in key_store/example.jsonl")
        .fine();
    assert!(
        out.contains(r#""collection":"got","row":{"req":1,"val":"hello"}}"#),
        "{out}"
    );

    folder.bloom("new key_store").fails(2, "exists already");
    folder.bloom("new Key").fails(2, "cannot name a package");
    folder.bloom("new if").fails(2, "cannot name a package");
    folder.bloom("new ..").fails(2, "cannot name a package");
}

#[test]
fn codes_are_explained() {
    let folder = Folder::new();
    let list = folder.bloom("explain").fine();
    assert!(list.contains("E0101  error    unexpected token"), "{list}");
    let page = folder.bloom("explain e0101").fine();
    assert!(page.contains("E0101"), "{page}");
    folder
        .bloom("explain E0991")
        .fails(2, "there is no code `E0991`");
}

#[test]
fn every_code_has_its_page() {
    let folder = Folder::new();
    let list = folder.bloom("explain").fine();
    let bare: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|code| {
            folder
                .bloom(&format!("explain {code}"))
                .fine()
                .lines()
                .count()
                < 5
        })
        .collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn every_shell_gets_its_completions() {
    let folder = Folder::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = folder.bloom(&format!("completions {shell}")).fine();
        assert!(
            script.contains("bloom") && script.contains("out-format"),
            "{shell}"
        );
    }
    folder.bloom("completions csh").fails(2, "possible values");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let folder = Folder::new();
    let mut child = folder.start("explain");
    drop(child.stdout.take());
    let run = finish(child);
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
}

#[test]
fn colors_are_used_when_asked_for() {
    let folder = Folder::with("table a(n: Nit);\n");
    let plain = folder.bloom("check main.bloom");
    assert!(!plain.err.contains('\u{1b}'), "{plain:?}");
    let colored = folder.bloom("check main.bloom --color always");
    assert!(colored.err.contains('\u{1b}'), "{colored:?}");
}

#[test]
fn expand_prints_the_program_with_its_imports_and_its_plans() {
    let folder = Folder::with(
        "import relay as r;\ninput a(n: Int);\noutput b(n: Int);\nr.take{n} <= a{n};\nb{n} <= r.give{n};\n",
    );
    folder.write(
        "relay.bloom",
        "input take(n: Int);\noutput give(n: Int);\ngive{n} <= take{n};\n",
    );
    let expanded = folder.bloom("expand main.bloom").fine();
    assert!(
        expanded.contains("r_take") && expanded.contains("r_give"),
        "{expanded}"
    );
    let plan = folder.bloom("expand --plan main.bloom").fine();
    assert!(plan.contains("(plan \"Main\""), "{plan}");
    folder.write("wrong.bloom", "a{n} <= b{n};\n");
    folder.bloom("expand wrong.bloom").fails(1, "E0201");
}

#[test]
fn what_is_too_large_is_refused_at_once_and_not_shown() {
    let folder = Folder::new();
    for command in ["check", "run", "test", "fmt"] {
        let run = folder.bloom(&format!("{command} /dev/zero"));
        assert!(run.err.len() < 1000, "{}", run.err.len());
        run.fails(1, "E0111");
    }
}

#[test]
fn what_is_not_built_says_so() {
    let folder = Folder::with("input a(n: Int);\noutput b(n: Int);\nb{n} <= a{n};\n");
    folder
        .bloom("observe main.bloom")
        .fails(2, "`bloom observe` is not in this version");
    folder
        .bloom("run main.bloom --http 127.0.0.1:80")
        .fails(2, "`--http` is not in this version");
    folder
        .bloom("run main.bloom --workers 0")
        .fails(2, "--workers");
    folder
        .bloom("run main.bloom --seed -1")
        .fails(2, "expected a number from 0");
    folder
        .bloom("run main.bloom --for -1s")
        .fails(2, "expected a duration");
    let run = folder.bloom("run main.bloom --for 1ms");
    assert!(
        run.err.contains("running Main as n1; feed it with --in"),
        "{run:?}"
    );
    folder.write("bad/bloom.toml", "[package]\nname = \"../x\"\n");
    folder
        .bloom("check bad")
        .fails(2, "`../x` cannot name a package");
}
