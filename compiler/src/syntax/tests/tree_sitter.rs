//! The grammar of editors, which is made from that of the parser, held to the parser: on all programs of the
//! repository, on random ones, and on those with tokens left out, doubled, swapped or replaced.
//!
//! Both accept the same programs, up to what no grammar says: the parser also looks at values of literals, at patterns
//! and marks after parsing. A text's tokens stand apart here, since the grammar's lexer takes the longest token that can
//! stand at a place, and ours the longest. Nor does it know which words are reserved where none of them can stand.

use std::collections::BTreeSet;

use bloom_stdx::random::Random;
use proptest::prelude::*;
use tree_sitter::{Node, Parser, Query, Tree};

use super::generate::program;
use crate::base::{Diagnostic, codes};
use crate::check::tests::{bloom_files, root};
use crate::syntax::ast::{ItemKind, ItemNode, Rule, SpecLine};
use crate::syntax::lexer::lex;
use crate::syntax::parse;
use crate::syntax::token::{TokenKind, is_reserved};

/// What the parser finds wrong in what its grammar accepts.
const BEYOND_GRAMMAR: [codes::Code; 8] = [
    codes::E0107,
    codes::E0108,
    codes::E0110,
    codes::E0112,
    codes::E0113,
    codes::E0114,
    codes::E0115,
    codes::E0116,
];

fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    let language = tree_sitter_bloom::LANGUAGE.into();
    parser.set_language(&language).expect("the versions fit");
    parser.parse(text, None).expect("nothing stops it")
}

fn programs() -> Vec<(String, String)> {
    let folders = ["tests", "examples", "stdlib", "bench"];
    let files = folders
        .iter()
        .flat_map(|folder| bloom_files(&root().join(folder)));
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("programs are UTF-8");
        (path.display().to_string(), text)
    };
    files.map(read).collect()
}

/// The leaves of a tree that are no comments, by their extent; and the nodes of a kind.
fn walk(node: Node<'_>, visit: &mut impl FnMut(Node<'_>)) {
    visit(node);
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        walk(child, visit);
    }
}

fn is_comment(node: Node<'_>) -> bool {
    matches!(node.kind(), "line_comment" | "block_comment")
}

fn leaves(tree: &Tree) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    walk(tree.root_node(), &mut |node| {
        if node.child_count() == 0 && !is_comment(node) && node.end_byte() > node.start_byte() {
            found.push((node.start_byte(), node.end_byte()));
        }
    });
    found
}

fn rules(tree: &Tree) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    walk(tree.root_node(), &mut |node| {
        if node.kind() == "rule" {
            found.insert((node.start_byte(), node.end_byte()));
        }
    });
    found
}

/// Where the rules of a program are, by our parser.
fn own_rules(items: &[ItemNode], base: u32, found: &mut BTreeSet<(usize, usize)>) {
    for node in items {
        let start = base + node.offset;
        let mut add = |rule: &Rule| {
            let span = rule.span.shifted(start);
            found.insert((span.start as usize, span.end as usize));
        };
        node.item.rules().for_each(&mut add);
        if let ItemKind::Spec(spec) = &node.item.kind {
            spec.lines.iter().for_each(|line| match line {
                SpecLine::Rule(rule) => add(rule),
                SpecLine::Never(never) => add(&never.rule),
                SpecLine::Checker(_) => {}
            });
        }
        if let ItemKind::Module(module) = &node.item.kind {
            own_rules(&module.items, start, found);
        }
    }
}

fn own_leaves(text: &str) -> Vec<(usize, usize)> {
    let tokens = lex(text).tokens;
    let range = |span: crate::base::Span| (span.start as usize, span.end as usize);
    tokens.iter().map(|token| range(token.span)).collect()
}

/// Whether the grammar of the parser accepts a text.
fn is_accepted(diagnostics: &[Diagnostic]) -> bool {
    let mut errors = diagnostics.iter().filter(|one| one.is_error());
    errors.all(|error| BEYOND_GRAMMAR.contains(&error.code))
}

/// Whether both say the same of a text; and of what they accept, that tokens and rules are the same.
fn agrees(what: &str, text: &str) -> Result<(), String> {
    let parsed = parse(text);
    let tree = tree(text);
    let (own, other) = (
        is_accepted(&parsed.diagnostics),
        !tree.root_node().has_error(),
    );
    if own != other {
        let said = parsed.diagnostics.iter().find(|one| one.is_error());
        return Err(format!(
            "{what}: the parser accepts it: {own} ({said:?}), the grammar: {other}\n{text}\n{}",
            tree.root_node().to_sexp()
        ));
    }
    if own && parsed.diagnostics.iter().all(|one| !one.is_error()) {
        if leaves(&tree) != own_leaves(text) {
            return Err(format!("{what}: tokens differ\n{text}"));
        }
        let mut found = BTreeSet::new();
        own_rules(&parsed.module.items, 0, &mut found);
        if rules(&tree) != found {
            return Err(format!("{what}: rules differ\n{text}"));
        }
    }
    Ok(())
}

#[test]
fn programs_of_the_repository_are_read_alike() {
    let all = programs();
    for (path, text) in &all {
        agrees(path, text).unwrap_or_else(|why| panic!("{why}"));
    }
    assert!(all.len() > 300, "{} programs", all.len());
}

proptest! {
    #[test]
    fn random_programs_are_read_alike(text in program()) {
        prop_assert_eq!(agrees("random", &text), Ok(()));
    }
}

/// Tokens of a text apart from each other, a few of them out of place.
fn mutated(random: &mut Random, text: &str) -> String {
    let tokens = lex(text).tokens;
    let mut words: Vec<&str> = tokens.iter().map(|t| &text[t.span.range()]).collect();
    for _ in 0..1 + random.below(2) {
        let at = random.below(words.len());
        let other = random.below(words.len());
        match random.below(4) {
            0 => drop(words.remove(at)),
            1 => words.insert(at, words[other]),
            2 => words.swap(at, other),
            _ => words[at] = words[other],
        }
        if words.is_empty() {
            return String::new();
        }
    }
    words.join(" ")
}

/// Whether a reserved word or `_` stands where no grammar wants it: ours refuses it, and that of editors takes it for a
/// name.
fn is_misplaced_word(text: &str, diagnostics: &[Diagnostic]) -> bool {
    let mut errors = diagnostics.iter().filter(|one| one.is_error());
    errors.any(|error| {
        let word = text[error.primary.span.range()].trim();
        word == "_" || is_reserved(word)
    })
}

#[test]
fn programs_with_tokens_out_of_place_are_refused_alike() {
    let mut random = Random::new(11);
    let all = programs();
    let (mut refused, mut accepted) = (0, 0);
    for (path, text) in &all {
        for fragment in parse(text).module.items.iter().take(40) {
            let item = fragment.item.span.shifted(fragment.offset);
            let item = &text[item.range()];
            if item.len() > 1_500 || lex(item).tokens.is_empty() {
                continue;
            }
            let changed = mutated(&mut random, item);
            let parsed = parse(&changed);
            if is_misplaced_word(&changed, &parsed.diagnostics) {
                continue;
            }
            let has_holes = lex(&changed)
                .tokens
                .iter()
                .any(|token| matches!(token.kind, TokenKind::StrBegin | TokenKind::Bad));
            if has_holes {
                continue;
            }
            match is_accepted(&parsed.diagnostics) {
                true => accepted += 1,
                false => refused += 1,
            }
            agrees(path, &changed).unwrap_or_else(|why| panic!("{why}"));
        }
    }
    assert!(
        refused > 500 && accepted > 100,
        "{refused} refused, {accepted} accepted"
    );
}

#[test]
fn queries_fit_the_grammar() {
    let language = tree_sitter_bloom::LANGUAGE.into();
    for (name, text) in [
        ("highlights", tree_sitter_bloom::HIGHLIGHTS),
        ("injections", tree_sitter_bloom::INJECTIONS),
        ("folds", tree_sitter_bloom::FOLDS),
        ("locals", tree_sitter_bloom::LOCALS),
    ] {
        let query = Query::new(&language, text);
        let query = query.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(query.pattern_count() > 0, "{name}");
    }
}
