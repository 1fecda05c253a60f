//! A file that is parsed again after an edit gives what it gives from nothing.

use super::corpus;
use crate::syntax::lexer::lex;
use crate::syntax::{Recall, parse, parse_again};
use bloom_stdx::random::Random;

const EDITS: usize = 12;

/// What may be put in anywhere: what begins, ends and hides things.
const PIECES: [&str; 22] = [
    ";",
    "{",
    "}",
    "\n",
    "\n\n",
    " ",
    "//",
    "/*",
    "*/",
    "/// doc\n",
    "//! doc\n",
    "\"",
    "(",
    "]",
    "#[once]\n",
    "node N {\n",
    "table t(a: Int);\n",
    "a{x} <= b{x};\n",
    "a{x} <= b{x}",
    "rules",
    "\u{e9}",
    "fn f(x: Map<Int, Set<Int>>): Int = x.size();\n",
];

/// A place in the text: where a token or a line is cut, or anywhere.
fn place(text: &str, random: &mut Random) -> usize {
    let tokens = lex(text).tokens;
    let lines: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let at = match random.below(4) {
        0 if !tokens.is_empty() => tokens[random.below(tokens.len())].span.start as usize,
        1 if !tokens.is_empty() => tokens[random.below(tokens.len())].span.end as usize,
        2 if !lines.is_empty() => lines[random.below(lines.len())],
        _ => random.below(text.len() + 1),
    };
    boundary(text, at)
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .expect("the start is a boundary")
}

/// A text with a short stretch of it replaced by something else.
fn edited(text: &str, random: &mut Random) -> String {
    let from = place(text, random);
    let upto = match random.below(3) {
        0 => from,
        1 => boundary(text, from + random.below(6)),
        _ => boundary(text, from + random.below(120)),
    };
    let other = place(text, random);
    let put = match random.below(4) {
        0 => "",
        1 => &text[other..boundary(text, other + random.below(80)).max(other)],
        _ => PIECES[random.below(PIECES.len())],
    };
    format!("{}{put}{}", &text[..from], &text[upto.max(from)..])
}

#[test]
fn an_edited_file_is_what_it_is_from_nothing() {
    let mut parsed = 0;
    let mut whole = 0;
    for (seed, (path, text)) in (0..).zip(corpus()) {
        let mut random = Random::new(seed);
        let mut recall = Recall::default();
        let mut now = text.clone();
        for _ in 0..EDITS {
            let warm = parse_again(&now.clone().into(), &mut recall);
            parsed += recall.parsed;
            whole += warm.module.items.len();
            assert_eq!(warm, parse(&now), "{}:\n{now}", path.display());
            now = match random.chance(1, 4) {
                true => text.clone(),
                false => edited(&now, &mut random),
            };
        }
    }
    assert!(
        parsed * 2 < whole,
        "{parsed} fragments parsed for {whole} items"
    );
}

/// What an edit of one line parses.
fn parsed(before: &str, after: &str) -> usize {
    let mut recall = Recall::default();
    parse_again(&before.to_owned().into(), &mut recall);
    let warm = parse_again(&after.to_owned().into(), &mut recall);
    assert_eq!(warm, parse(after));
    recall.parsed
}

#[test]
fn an_edit_parses_what_it_touches() {
    let rules: String = (0..50)
        .map(|n| format!("a{{x}} <= b{{x}}, x > {n};\n"))
        .collect();
    assert_eq!(parsed(&rules, &rules.replace("> 20;", "> 200;")), 1);
    assert_eq!(parsed(&rules, &rules.replace("> 20;", "> 20")), 1);
    assert_eq!(
        parsed(&rules, &rules.replace("> 20;\n", "> 20;\n\n// more\n")),
        0
    );
    assert_eq!(
        parsed(&rules, &rules.replace("> 20;\n", "> 20;\nc{y} <= d{y};\n")),
        1
    );
}
