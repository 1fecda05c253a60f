//! Texts that are meant to hurt: deep, large, or no programs at all.

use crate::base::codes;
use crate::syntax::{DEPTH_MAX, ERRORS_MAX, SOURCE_BYTES_MAX, parse};
use proptest::prelude::*;

const DEPTH: usize = 1_000_000;

/// Parses `text`, which is wrong, and returns how many errors it gives.
fn errors(text: &str) -> usize {
    let parse = parse(text);
    assert!(!parse.diagnostics.is_empty());
    assert!(parse.diagnostics.len() <= ERRORS_MAX + 1);
    parse.diagnostics.len()
}

#[test]
fn deep_nesting_is_one_error() {
    let deep = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("f(", ")"),
        ("!", ""),
        ("- ", ""),
        ("a + ", ""),
        ("a.", ""),
        ("\"{", "}\""),
        ("if a then b else ", ""),
        ("if ", " then a else b"),
        ("let x = 1 in ", ""),
        ("match x { _ => ", " }"),
        ("f(|x| ", ")"),
    ];
    for (open, close) in deep {
        let depth = DEPTH.min(SOURCE_BYTES_MAX / (open.len() + close.len() + 1));
        let (open_all, close_all) = (open.repeat(depth), close.repeat(depth));
        let text = format!("const a = {open_all}b{close_all};\ntable t(x: Int);\n");
        let parse = parse(&text);
        let [error] = parse.diagnostics.as_slice() else {
            panic!("{open}: {:?}", parse.diagnostics.len());
        };
        assert_eq!(error.code, codes::E0110, "{open}");
        assert_eq!(parse.module.items.len(), 2, "{open}");
    }
}

#[test]
fn what_nests_a_little_is_fine() {
    let sum = vec!["a"; DEPTH_MAX / 2].join(" + ");
    assert_eq!(parse(&format!("const a = {sum};")).diagnostics, []);
}

#[test]
fn deep_blocks_and_types_are_errors() {
    errors(&"module a {".repeat(DEPTH));
    errors(&format!("type T = {}Int;", "List<".repeat(DEPTH)));
    errors(&format!("type T = Int{};", "?".repeat(DEPTH)));
    errors(&"/*".repeat(DEPTH));
    errors(&"}".repeat(DEPTH));
    errors(&";".repeat(DEPTH));
    errors(&"#[".repeat(DEPTH));
    errors(&"#[\n".repeat(DEPTH));
    errors(&"module a(\n".repeat(DEPTH / 10));
    errors(&"r#\"\n".repeat(DEPTH));
    errors(&"test \"x\" { ".repeat(DEPTH));
}

#[test]
fn a_file_that_is_too_large_is_one_error() {
    let text = "a(1);\n".repeat(SOURCE_BYTES_MAX / 6 + 1);
    let parse = parse(&text);
    assert_eq!(parse.diagnostics.len(), 1);
    assert_eq!(parse.diagnostics[0].code, codes::E0111);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_parsed_somehow(text in any::<String>()) {
        parse(&text);
    }

    #[test]
    fn any_row_of_tokens_is_parsed_somehow(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..60),
    ) {
        parse(&words.concat());
    }
}

const WORDS: &[&str] = &[
    "table ",
    "node ",
    "N",
    "test ",
    "\"",
    "\"s\"",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "<=",
    "<~",
    "x",
    "Int",
    ":",
    "=>",
    "=",
    "1",
    "1.5",
    "3s",
    "\n",
    " ",
    "/*",
    "*/",
    "//",
    "///",
    "#",
    "@",
    "@\"",
    "b\"",
    "r#\"",
    "é",
    "\\",
    ".",
    "..",
    "in ",
    "let ",
    "match ",
    "if ",
    "then ",
    "else ",
    "not ",
    "rules ",
    "bootstrap ",
    "|",
    "record ",
    "lattice ",
    "fault ",
    "spec ",
    "import ",
    "seal ",
    "?",
    "<",
    ">",
    "fn ",
    "by ",
    "desc",
    "_",
    "!",
];
