//! What syntax errors say, word for word.

use crate::syntax::parse;
use expect_test::{Expect, expect};

/// The errors of `text`, a line each, with the text that they point at.
fn check(text: &str, expected: Expect) {
    let errors = parse(text).diagnostics.into_iter().map(|d| {
        let at = &text[d.primary.span.range()];
        let help: Vec<String> = d
            .help
            .iter()
            .map(|help| format!("\n  help: {help}"))
            .collect();
        format!("{} at `{at}`: {}{}\n", d.code, d.message, help.concat())
    });
    expected.assert_eq(&errors.collect::<String>());
}

#[test]
fn a_missing_semicolon_keeps_both_rules() {
    let text = "a{x} <= b{x}\nc{x} <= d{x};\n";
    assert_eq!(parse(text).module.items.len(), 2);
    check(
        text,
        expect![[r#"
        E0102 at `}`: a `;` is missing here
    "#]],
    );
}

#[test]
fn arrows_in_comparisons_are_explained() {
    check(
        "a{x} <= b{x}, x <-1;",
        expect![[r#"
        E0101 at `<-`: expected `;` or `,`, found `<-`
          help: `<-` is an arrow; write `x < -1` with spaces
    "#]],
    );
}

#[test]
fn words_and_arrows_of_other_languages_are_translated() {
    check(
        "a{x} <= b{x} and c{x};\na{x} <= b{x} or c{x};\na(x) :- b(x);\na(x) := b(x);\na(x) = b(x);",
        expect![[r#"
            E0101 at `and`: expected `;` or `,`, found `and`
              help: the literals of a body are parted by commas
            E0101 at `or`: expected `;` or `,`, found `or`
              help: each alternative is a rule of its own, with the same head; of two conditions, `||` makes one
            E0101 at `:`: expected `;`, `<=`, `<+`, `<-`, `<+-` or `<~`, found `:`
              help: a rule is written `head <= body`, or with another arrow where it is not about now
            E0101 at `:`: expected `;`, `<=`, `<+`, `<-`, `<+-` or `<~`, found `:`
              help: a rule is written `head <= body`, or with another arrow where it is not about now
            E0101 at `=`: expected `;`, `<=`, `<+`, `<-`, `<+-` or `<~`, found `=`
              help: a rule is written `head <= body`, or with another arrow where it is not about now
        "#]],
    );
}

#[test]
fn a_column_wants_its_type() {
    check(
        "table t(x: );",
        expect![[r#"
            E0101 at `)`: expected a type, found `)`
        "#]],
    );
}

#[test]
fn a_type_in_lower_case_is_explained() {
    check(
        "table t(x: int);\ntable u(x: number);",
        expect![[r#"
        E0101 at `int`: expected a type, found `int`
          help: types start upper-case: `Int`
        E0101 at `number`: expected a type, found `number`
          help: types start upper-case, as `Int` and `String` do
    "#]],
    );
}

#[test]
fn a_condition_after_not_is_explained() {
    check(
        "s(x) <= t(x), not x > 3;\ns(x) <= t(x), not f(g(x), 1) > 3;\ns(x) <= t(x), not (x > 3);",
        expect![[r#"
            E0101 at `>`: expected a row of a collection after `not`, found `>`
              help: a condition is negated with `!`, as in `!(x > 3)`
            E0101 at `>`: expected a row of a collection after `not`, found `>`
              help: a condition is negated with `!`, as in `!(x > 3)`
            E0113 at `(x > 3)`: this is not a row
              help: `not` takes a row, `not seen{id}`; negate a condition with `!`
        "#]],
    );
}

#[test]
fn each_broken_step_is_reported() {
    check(
        "test \"t\" {\n  tick x y;\n  expect a == ;\n  settle;\n}",
        expect![[r#"
            E0101 at `y`: expected `;` or `,`, found `y`
            E0101 at `;`: expected an expression, found `;`
        "#]],
    );
}

#[test]
fn a_missing_brace_is_found_by_indentation() {
    check(
        "node N {\n  table t(x: Int);\n  t(1);\ntable u(x: Int);\nu(2);\n",
        expect![[r#"
            E0103 at `{`: this `{` is never closed
              help: add a `}` where the block ends
        "#]],
    );
}

#[test]
fn names_of_the_wrong_case_are_explained() {
    check(
        "record point { x: Int }\ntable T(x: Int);",
        expect![[r#"
            E0101 at `point`: expected an upper-case name, `(`, `{` or `.`, found `point`
              help: names of types, variants, nodes and protocols are upper-case
            E0101 at `T`: expected a name, `(`, `{` or `.`, found `T`
              help: names of collections, columns, variables and functions are lower-case
        "#]],
    );
}

#[test]
fn comparisons_that_chain_are_explained() {
    check(
        "s(x) <= t(x), 1 < x < 5;",
        expect![[r#"
            E0101 at `<`: comparisons do not chain: `<` after another one
              help: compare twice, as in `1 < x && x < 5`, or put one in parentheses
        "#]],
    );
}

#[test]
fn what_is_left_of_a_rule_with_a_bad_string_means_nothing() {
    let text = "table t(s: String, n: Int);\nt(\"abc, 3);\nt('x', 4);\nu(s) <= t(s, _), s == 'y;\n";
    let module = parse(text).module;
    let mut rules = module.items.iter().map(|node| &node.item.kind);
    assert!(!rules.any(|kind| matches!(kind, crate::syntax::ast::ItemKind::Rule(_))));
    check(
        text,
        expect![[r#"
        E0106 at `"abc, 3`: this string has no end
        E0105 at `'x'`: `'` is not part of the language
        E0105 at `'`: `'` is not part of the language
    "#]],
    );
}
