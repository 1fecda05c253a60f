//! `bloom repl`, without a terminal.

use crate::support::Folder;

#[test]
fn entries_show_what_follows_from_them() {
    let typed = "\
table edge(a: Int, b: Int);
scratch path(a: Int, b: Int);
path(a, b) <= edge(a, b);
path(a, c) <= path(a, b),
  edge(b, c);
edge(1, 2);
edge(2, 3);
path?
:undo
edge?
:quit
never(read);
";
    let out = Folder::new().bloom_with("repl", typed).fine();
    let expected = "\
+ edge(1, 2)
+ path(1, 2)
+ edge(2, 3)
+ path(1, 3)
+ path(2, 3)
path(1, 2)
path(1, 3)
path(2, 3)
- edge(2, 3)
- path(1, 3)
- path(2, 3)
edge(1, 2)
";
    assert_eq!(out, expected);
}

#[test]
fn what_is_wrong_is_reported_and_not_kept() {
    let typed = "table a(n: Int);\nb(1);\na(1);\nwhat?\n:nonsense\n:list\n";
    let run = Folder::new().bloom_with("repl", typed);
    assert_eq!(run.code, Some(1));
    assert_eq!(run.out, "+ a(1)\ntable a(n: Int);\na(1);\n", "{run:?}");
    for part in [
        "E0201",
        "there is no collection `what`",
        "there is no command `:nonsense`",
    ] {
        assert!(run.err.contains(part), "{run:?} lacks {part}");
    }
}

#[test]
fn deferred_rows_and_printed_lines_are_shown() {
    let typed = "table n(x: Int);\nn(1);\nn{x: x + 1} <+ n{x}, x < 3;\nstdout{line: \"{x}\"} <~ n{x};\nn?\n";
    let out = Folder::new().bloom_with("repl", typed).fine();
    assert!(
        out.contains("+ n(3)") && out.ends_with("n(1)\nn(2)\nn(3)\n"),
        "{out}"
    );
}

#[test]
fn it_starts_from_a_program() {
    let folder = Folder::with("table a(n: Int);\na(1);\n");
    assert_eq!(
        folder.bloom_with("repl main.bloom", "a?\na(2);\n").fine(),
        "a(1)\n+ a(2)\n"
    );
    folder.write("wrong.bloom", "a(1);\n");
    folder.bloom("repl wrong.bloom").fails(1, "E0201");
}

#[test]
fn entries_end_where_their_tokens_say() {
    let typed = "\
table t(a: String); // not yet {
table s(a: String);
t(\"([\");
s{a: x}
  <= t{a: x};
s?
";
    let out = Folder::new().bloom_with("repl", typed).fine();
    assert_eq!(out, "+ t(\"([\")\n+ s(\"([\")\ns(\"([\")\n");
}
