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
    assert!(!out.contains("kept"), "what the engine keeps: {out}");
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

#[test]
fn inputs_are_fed_and_ticks_are_taken() {
    let typed = "\
input put(key: String, val: Int);
table store(key: String => val: Int);
output told(key: String);
store{key, val} <+- put{key, val};
told{key} <= put{key};
put{key: \"a\", val: 1};
put(\"b\", 2);
tick;
settle
tick 2;
store?
";
    let out = Folder::new().bloom_with("repl", typed).fine();
    let expected = "\
(waits for `tick;`)
(waits for `tick;`)
+ put(\"a\", 1)
+ put(\"b\", 2)
+ told(\"a\")
+ told(\"b\")
+ store(\"a\", 1)
+ store(\"b\", 2)
store(\"a\", 1)
store(\"b\", 2)
";
    assert_eq!(out, expected);
}

#[test]
fn a_changed_program_takes_the_same_steps_and_tells_only_what_is_new() {
    let typed = "\
input put(n: Int);
table kept(n: Int);
kept{n} <= put{n};
scratch part(n: Int => q: Int);
part{n, q: 12 / n} <= kept{n};
stdout{line: \"got {n}\"} <~ put{n};
put(0);
tick;
tick;
scratch twice(n: Int);
twice{n: n * 2} <= part{n: m, q: n};
put(3);
tick;
:undo
";
    let out = Folder::new().bloom_with("repl", typed).fine();
    let expected = "\
(waits for `tick;`)
got 0
! <repl>:5:1: division by zero: {n: 0}
+ kept(0)
+ put(0)
(waits for `tick;`)
got 3
+ kept(3)
+ part(3, 4)
+ put(3)
+ twice(8)
- kept(3)
- part(3, 4)
- twice(8)
";
    assert_eq!(out, expected);
}

#[test]
fn a_tick_that_fails_takes_no_effect() {
    let typed = "\
input put(k: Int, v: Int);
table t(k: Int => v: Int);
t{k, v} <= put{k, v};
put(1, 1);
put(1, 2); tick;
:undo
put(1, 3); tick;
advance 1s; crash repl;
";
    let run = Folder::new().bloom_with("repl", typed);
    assert_eq!(run.code, Some(1), "{run:?}");
    let expected = "(waits for `tick;`)\n+ put(1, 3)\n+ t(1, 3)\n";
    assert_eq!(run.out, expected, "{run:?}");
    assert!(run.err.contains("key conflict in `t`"), "{run:?}");
}

#[test]
fn timers_and_messages_to_oneself_come() {
    let typed = "\
periodic beat(every: 2s);
channel c(@to: Addr, n: Int);
c{to: self, n: id} <~ beat{id};
c{to: self, n: n - 1} <~ c{n}, n > 0;
advance 1s; settle;
advance 1s; settle;
";
    let out = Folder::new().bloom_with("repl", typed).fine();
    assert!(out.ends_with("+ c(local, 1)\n+ c(local, 0)\n"), "{out}");
    assert!(out.starts_with("+ beat(1"), "{out}");
}
