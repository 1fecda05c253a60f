//! `bloom fmt`.

use crate::support::Folder;

const LOOSE: &str = "// kept\ntable   a( n:Int ) ;\n";
const TIDY: &str = "// kept\ntable a(n: Int);\n";

#[test]
fn files_are_formatted_in_place_and_stay_so() {
    let folder = Folder::with(LOOSE);
    folder.write("deep/er/b.bloom", LOOSE);
    assert_eq!(folder.bloom("fmt .").fine(), "");
    assert_eq!(folder.read("main.bloom"), TIDY);
    assert_eq!(folder.read("deep/er/b.bloom"), TIDY);
    assert_eq!(folder.bloom("fmt --check .").fine(), "");
    let names: Vec<_> = std::fs::read_dir(folder.path("."))
        .expect("it is there")
        .collect();
    assert_eq!(names.len(), 2, "no copies are left: {names:?}");
}

#[test]
fn check_names_files_and_changes_none() {
    let folder = Folder::with(LOOSE);
    let run = folder.bloom("fmt --check main.bloom");
    assert_eq!((run.code, &*run.out), (Some(1), "main.bloom\n"), "{run:?}");
    assert_eq!(folder.read("main.bloom"), LOOSE);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::new();
    assert_eq!(folder.bloom_with("fmt -", LOOSE).fine(), TIDY);
    assert_eq!(folder.bloom_with("fmt - --check", LOOSE).code, Some(1));
    assert_eq!(folder.bloom_with("fmt - --check", TIDY).fine(), "");
}

#[test]
fn what_has_syntax_errors_is_left_alone() {
    let broken = "table a(n: Int;\n";
    let folder = Folder::with(broken);
    folder.bloom("fmt main.bloom").fails(1, "main.bloom:1");
    assert_eq!(folder.read("main.bloom"), broken);
    let run = folder.bloom_with("fmt -", broken);
    assert_eq!((run.code, &*run.out), (Some(1), ""), "{run:?}");
    folder.bloom("fmt nowhere.bloom").fails(2, "nowhere.bloom");
}
