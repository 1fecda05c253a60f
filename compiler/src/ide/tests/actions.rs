//! What can be done with what is selected: the text before, and the text that each action leaves.

use super::super::{Action, actions, trial};
use super::cursor;
use super::editing::package;
use crate::base::Span;
use crate::database::Database;

/// The titles of what can be done with the part between two cursors, each with the text that it leaves.
fn rewritten(fixture: &str) -> Vec<(String, String)> {
    let (text, start) = cursor(fixture);
    let (text, end) = match text.contains("$0") {
        true => cursor(&text),
        false => (text, start),
    };
    let db = Database::default();
    let modules = ["std.delivery.reliable", "std.voting.agent"].map(str::to_owned);
    let package = package(&db, &text);
    let found = actions(&db, package, Span::new(start, end), &modules);
    let apply = |edits: &[crate::base::Edit]| {
        let mut text = text.clone();
        for edit in edits.iter().rev() {
            text.replace_range(edit.span.range(), &edit.new_text);
        }
        text
    };
    let trial = |action: &Action| trial(&db, package, action);
    found
        .into_iter()
        .filter(|action| trial(action).is_none_or(|trial| trial.passes()))
        .map(|action| (action.title, apply(&action.edits)))
        .collect()
}

/// The text that the action of a title leaves; none if it is not offered.
fn after(fixture: &str, title: &str) -> Option<String> {
    let mut found = rewritten(fixture).into_iter();
    found
        .find(|(known, _)| known == title)
        .map(|(_, text)| text)
}

#[track_caller]
fn gives(fixture: &str, title: &str, expected: &str) {
    let found = after(fixture, title);
    assert_eq!(found.as_deref(), Some(expected), "{:?}", rewritten(fixture));
}

#[track_caller]
fn gives_no(fixture: &str, title: &str) {
    assert_eq!(after(fixture, title), None);
}

#[test]
fn a_scratch_gives_way_to_its_rule() {
    let head = "input a(x: Int, y: Int);\ninput c(y: Int, z: Int);\noutput b(x: Int, y: Int);\n";
    gives(
        &format!(
            "{head}scratch $0found(x, z);\nfound{{x, z}} <= a{{x, y}}, c{{y, z}};\n\
             b{{x, y: z}} <= found{{x, z}}, z > x;\nb(y, p) <= found(y, p);\n"
        ),
        "Inline the scratch `found`",
        &format!(
            "{head}b{{x, y: z}} <= a{{x, y}}, c{{y, z}}, z > x;\n\
             b(y, p) <= a{{x: y, y: y2}}, c{{y: y2, z: p}};\n"
        ),
    );
    let title = "Inline the scratch `s`";
    let inlined = |rest: &str| after(&format!("{head}scratch $0s(x);\n{rest}"), title);
    let plain = inlined("s{x} <= a{x};\nb{x, y: x} <= s{x};\n");
    assert_eq!(plain, Some(format!("{head}b{{x, y: x}} <= a{{x}};\n")));
    for rest in [
        "s{x} <= a{x};\nb{x, y: count()} <= s{x};\n",
        "s{x} <= a{x};\nb{x, y: x} <= c{y: x}, not s{x};\n",
        "s{x} <= a{x};\ns{x} <= c{y: x};\nb{x, y: x} <= s{x};\n",
        "s{x} <= a{x};\ns{x: y} <= c{y}, s{x: y};\nb{x, y: x} <= s{x};\n",
        "s{x} <= a{x}, 10 / x > 1;\nb{x, y: 1 / x} <= s{x};\n",
        "s{x} <= a{x};\nb{x, y: x} <= s{x};\ntest \"t\" { tick; expect s == {}; }\n",
        "s{x} <+ a{x};\nb{x, y: x} <= s{x};\n",
    ] {
        assert_eq!(inlined(rest), None, "{rest}");
    }
}

#[test]
fn what_counts_or_may_fail_stays_in_its_rule() {
    let head = "input a(x: Int, y: Int);\ninput c(y: Int => m: Max<Int>);\noutput b(x: Int);\n";
    let title = "Take 2 literals out into a scratch";
    gives_no(
        &format!("{head}b{{x: count()}} <= $0a{{x, y}}, c{{y}}$0, x > 1;\n"),
        title,
    );
    gives_no(
        &format!("{head}b{{x}} <= $0a{{x, y}}, 10 / y > 1$0, y != 0;\n"),
        title,
    );
    gives_no(
        &format!("{head}b{{x}} <= $0a{{x, y}}, c{{y, m}}$0, m >= x;\n"),
        title,
    );
    gives(
        &format!("{head}rules g {{\n  b{{x}} <= $0a{{x, y}}, c{{y}}$0, x > 1;\n}}\n"),
        title,
        &format!(
            "{head}scratch found(x);\nrules g {{\n  found{{x}} <= a{{x, y}}, c{{y}};\n  \
             b{{x}} <= found{{x}}, x > 1;\n}}\n"
        ),
    );
}

#[test]
fn one_side_of_a_join_is_kept() {
    let head = "input a(x: Int => n: Int);\nchannel c(@to: Addr, x: Int => m: Max<Int>);\ntable b(x: Int);\n";
    let title = "Keep the rows of `a` in a table";
    gives(
        &format!("{head}b{{x}} <= a$0{{x, n}}, c{{x}};\n"),
        title,
        &format!(
            "{head}table a_kept(x: Int, n: Int);\na_kept{{x, n}} <= a{{x, n}};\nb{{x}} <= a_kept{{x, n}}, c{{x}};\n"
        ),
    );
    gives(
        &format!("{head}b{{x}} <= a{{x, n}}, c$0{{x}};\n"),
        "Keep the rows of `c` in a table",
        &format!(
            "{head}table c_kept(to: Addr, x: Int => m: Max<Int>);\nc_kept{{to, x, m}} <= c{{to, x, m}};\n\
             b{{x}} <= a{{x, n}}, c_kept{{x}};\n"
        ),
    );
    gives_no(&format!("{head}b{{x}} <= a$0{{x, n}};\n"), title);
    gives(
        "input t(m: Max<Int>);\ninput a(x: Int);\ntable b(x: Int);\nb{x} <= a{x}, t$0{m}, m >= x;\n",
        "Keep the rows of `t` in a table",
        "input t(m: Max<Int>);\ninput a(x: Int);\ntable b(x: Int);\ntable t_kept(=> m: Max<Int>);\n\
         t_kept{m} <= t{m};\nb{x} <= a{x}, t_kept{m}, m >= x;\n",
    );
}

#[test]
fn declarations_change_their_ways() {
    let rest = "input a(x: Int, y: Int);\nb{x, n: y} <= a{x, y};\n";
    gives(
        &format!("output $0b(x: Int => n: Int);\n{rest}"),
        "Turn the output `b` into a view",
        &format!("view b(x: Int => n: Int);\n{rest}"),
    );
    gives(
        &format!("table b(x: Int => $0n: Int);\n{rest}"),
        "Make `n` a lattice: `Max<Int>`",
        &format!("table b(x: Int => n: Max<Int>);\n{rest}"),
    );
    gives(
        &format!("table b(x: Int => $0n: Int);\n{rest}b{{x, n}} <= a{{x, y: n}};\n"),
        "Make `n` a lattice: `Set<Int>`",
        &format!(
            "table b(x: Int => n: Set<Int>);\n{}b{{x, n: {{n}}}} <= a{{x, y: n}};\n",
            rest.replace("n: y", "n: {y}")
        ),
    );
    let read = "output o(n: Int);\no{n} <= b{n};\n";
    let title = "Make `n` a lattice: `Max<Int>`";
    gives_no(
        &format!("table b(x: Int => $0n: Int);\n{rest}{read}"),
        title,
    );
    gives_no(&format!("table b($0x: Int => n: Int);\n{rest}"), title);
    gives(
        "input a($0x: Int, y: Int) immutable;\n",
        "Seal `a` by `x`",
        "input a(x: Int, y: Int) immutable sealed by x;\n",
    );
    gives(
        "input a(x: Int, $0y: Int) sealed by x;\n",
        "Seal `a` by `y`",
        "input a(x: Int, y: Int) sealed by x, y;\n",
    );
    gives_no("input a($0x: Int) sealed by x;\n", "Seal `a` by `x`");
}

#[test]
fn a_module_that_is_named_is_imported() {
    let text = "input a(x: Int);\nreliable.send{x} <= a{x};\n";
    gives(
        &text.replace("reliable", "reli$0able"),
        "Import `std.delivery.reliable`",
        &format!("import std.delivery.reliable;\n{text}"),
    );
    gives_no(
        &format!(
            "import other as reliable;\n{}",
            text.replace("reliable", "reli$0able")
        ),
        "Import `std.delivery.reliable`",
    );
}

#[test]
fn rows_can_be_written_by_name() {
    let head = "input a(x: Int, y: Int);\noutput b(x: Int, y: Int);\n";
    let found = rewritten(&format!("{head}b(x, y) <= a$0$0(x, y), a(_, x);\n"));
    assert_eq!(found[0].0, "Name the columns of `a`");
    assert_eq!(
        found[0].1,
        format!("{head}b(x, y) <= a{{x, y}}, a(_, x);\n")
    );
    let found = rewritten(&format!("{head}b(x, y) <= a(x, y), a(_, $0$0x);\n"));
    assert_eq!(
        found[0].1,
        format!("{head}b(x, y) <= a(x, y), a{{y: x}};\n")
    );
    let found = rewritten(&format!("{head}b$0$0{{x, y: x}} <= a{{x}};\n"));
    assert!(found.is_empty(), "all columns are named: {found:?}");
    let found = rewritten(&format!("{head}b{{x, y: x}} <= a$0$0{{x}};\n"));
    assert_eq!(found[0].1, format!("{head}b{{x, y: x}} <= a{{x, y}};\n"));
}

#[test]
fn literals_can_be_taken_out() {
    let head = "input a(x: Int, y: Int);\ninput c(y: Int, z: Int);\noutput b(x: Int);\n";
    let found = rewritten(&format!(
        "{head}b{{x}} <= $0a{{x, y}}, c{{y, z}}$0, z > x;\n"
    ));
    let expected =
        "scratch found(x, z);\nfound{x, z} <= a{x, y}, c{y, z};\nb{x} <= found{x, z}, z > x;\n";
    let (title, text) = found.last().expect("it is offered");
    assert_eq!(title, "Take 2 literals out into a scratch");
    assert_eq!(*text, format!("{head}{expected}"));
}

/// The text after the fixes of all errors of a program.
fn mended(text: &str) -> String {
    let db = Database::default();
    let found = crate::database::problems(&db, package(&db, text));
    let errors = found.iter().filter(|one| one.is_error());
    let mut edits: Vec<_> = errors
        .flat_map(|one| &one.fixes)
        .flat_map(|fix| &fix.edits)
        .collect();
    edits.sort_by_key(|edit| edit.span);
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(edit.span.range(), &edit.new_text);
    }
    text
}

#[test]
fn what_is_left_out_is_added() {
    let head = "enum E { None, One(n: Int), Two }\nrecord R { a: Int, b: Int }\n\
                input i(x: Int, y: Int);\noutput o(x: Int, y: Int);\n";
    for (before, after) in [
        ("o{x} <= i{x, y};\n", "o{x, y} <= i{x, y};\n"),
        ("o{} <= i{x, y};\n", "o{x, y} <= i{x, y};\n"),
        (
            "o{x: y + 1, } <= i{x, y};\n",
            "o{x: y + 1, y, } <= i{x, y};\n",
        ),
        (
            "fn f(b: Int): R = R{a: 1};\n",
            "fn f(b: Int): R = R{a: 1, b};\n",
        ),
        (
            "fn f(e: E): Int = match e { Two => 1, };\n",
            "fn f(e: E): Int = match e { Two => 1, None => 0, One(_) => 0, };\n",
        ),
        (
            "fn f(e: Bool): String = match e { true => \"a\" /* b */ };\n",
            "fn f(e: Bool): String = match e { true => \"a\", false => \"\" /* b */ };\n",
        ),
    ] {
        assert_eq!(mended(&format!("{head}{before}")), format!("{head}{after}"));
    }
}
