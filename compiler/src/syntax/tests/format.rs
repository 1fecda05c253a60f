//! Formatting loses nothing, and doing it twice is doing it once.

use super::corpus;
use super::generate::program;
use crate::syntax::ast::Module;
use crate::syntax::lexer::lex;
use crate::syntax::{dump, format, parse, print};
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn check(text: &str, expected: &Expect) {
    let formatted = format(text).expect("the program parses");
    expected.assert_eq(&formatted);
    round_trip(text, "the text");
}

/// What must hold of every program.
pub fn round_trip(text: &str, what: &str) {
    let formatted = format(text).unwrap_or_else(|errors| panic!("{what}: {errors:#?}\n{text}"));
    assert_eq!(words(text), words(&formatted), "{what}");
    assert_eq!(comments(text), comments(&formatted), "{what}");
    let (before, after) = (parse(text), parse(&formatted));
    assert_eq!(shape(&before.module), shape(&after.module), "{what}");
    let again = format(&formatted).expect("what was formatted parses");
    assert_eq!(formatted, again, "{what}");
}

fn words(text: &str) -> Vec<&str> {
    let tokens = lex(text).tokens;
    tokens
        .iter()
        .map(|token| &text[token.span.range()])
        .collect()
}

fn comments(text: &str) -> Vec<&str> {
    let comments = lex(text).comments;
    comments
        .iter()
        .map(|comment| text[comment.span.range()].trim_end())
        .collect()
}

/// The tree without its spans.
pub fn shape(module: &Module) -> String {
    let dump = dump::ast(module);
    let lines = dump.lines().filter(|line| {
        let line = line.trim_start();
        ![
            "span: ",
            "offset: ",
            "arrow_span: ",
            "op_span: ",
            "index_span: ",
            "name_span: ",
        ]
        .iter()
        .any(|field| line.starts_with(field))
    });
    let lines = lines.map(|line| match line.rsplit_once('@') {
        Some((name, span)) if span.contains("..") => name,
        _ => line,
    });
    // What is left of an optional span is only its numbers.
    let lines = lines.filter(|line| {
        !line.trim().starts_with(|c: char| c.is_ascii_digit()) || !line.contains("..")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_corpus_survives() {
    for (path, text) in corpus() {
        round_trip(&text, &path.display().to_string());
    }
}

#[test]
fn blanks_are_chosen_here() {
    check(
        "table  t( x:Int=>y : Max < Int > ) ;\ninput get(a:Int);\n\n\n\na{x,y:-1}<=b{x},not c(x,-2),x < -1 ;\ncde{x}<+-b{x}, {x} == { (1),(2) };\n",
        &expect![[r#"
            table t(x: Int => y: Max<Int>);
            input get(a: Int);

            a{x, y: -1} <=  b{x}, not c(x, -2), x < -1;
            cde{x}      <+- b{x}, {x} == { (1), (2) };
        "#]],
    );
}

#[test]
fn a_name_that_begins_a_line_of_an_aggregate_begins_no_declaration() {
    for name in ["node", "table", "seal", "rules", "type", "const"] {
        for aggregate in [
            "least(distinct\nNAME by x)",
            "argmin(x by\nNAME)",
            "argmin(\nNAME by (x))",
            "argmin(x by (\nNAME desc, 1))",
            "argmin(x by (1,\nNAME desc))",
        ] {
            let rule = format!("a{{x, y: {aggregate}}} <= b{{x}};\n").replace("NAME", name);
            round_trip(&rule, &rule);
            let grouped = format!("node N {{ rules g {{ {rule} }} }}\n");
            round_trip(&grouped, &grouped);
        }
    }
}

#[test]
fn a_line_that_ends_as_the_header_of_a_test_may_begin_another_item() {
    for text in [
        "const a = {1}; test \"t\" {\n}\n",
        "const a = match \"b\" {\n  \"b\" => {1},\n  _ => {2}\n};\n",
        "a{x: y} <= b{x}, let y = match \"b\" {\n  _ => x\n};\n",
    ] {
        round_trip(text, text);
    }
}

#[test]
fn what_is_printed_parses_to_the_same_tree() {
    for (path, text) in corpus() {
        let module = parse(&text).module;
        let printed = print::module(&module);
        let parsed = parse(&printed);
        assert_eq!(parsed.diagnostics, [], "{}\n{printed}", path.display());
        assert_eq!(
            shape(&module),
            shape(&parsed.module),
            "{}\n{printed}",
            path.display()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8000))]

    #[test]
    fn random_programs_survive(text in program()) {
        round_trip(&text, "random");
        let module = parse(&text).module;
        let printed = print::module(&module);
        let parsed = parse(&printed);
        prop_assert_eq!(&parsed.diagnostics.iter().filter(|d| d.is_error()).count(), &0, "{}", printed);
        prop_assert_eq!(shape(&module), shape(&parsed.module), "{}", printed);
    }
}
