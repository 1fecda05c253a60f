//! One mistake, one error, through all stages: programs with one token changed at random.

use std::collections::BTreeMap;
use std::fs;

use bloom_stdx::random::Random;

use super::tests::{bloom_files, check_text, root, stdlib};
use crate::base::{Diagnostic, FileId, Span};
use crate::syntax::lexer::lex;

const MUTANTS: usize = 5_000;

/// Of the mutants that are refused, so many in a hundred give exactly one error.
const ONE_ERROR_PERCENT_MIN: usize = 90;

/// And so many have an error, or a label of one, within one line of the change.
const NEAR_PERCENT_MIN: usize = 95;

/// Of the commonest causes of several errors, and of the errors far from their change, so many are shown.
const CAUSES_SHOWN: usize = 10;

/// A program with one token changed, and the first and the last byte that differ.
struct Mutant {
    text: String,
    from: usize,
    to: usize,
    what: String,
}

/// The parts in a row, with a space where two words would become one.
fn joined(parts: &[&str]) -> String {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut text = String::new();
    for part in parts {
        if text.ends_with(in_word) && part.starts_with(in_word) {
            text.push(' ');
        }
        text.push_str(part);
    }
    text
}

fn mutate(text: &str, random: &mut Random) -> Mutant {
    let tokens = lex(text).tokens;
    let at = random.below(tokens.len());
    let range = tokens[at].span.range();
    let other = &text[tokens[random.below(tokens.len())].span.range()];
    let (from, token) = (range.start, &text[range.clone()]);
    let (before, after) = (&text[..from], &text[range.end..]);
    let (text, to, what) = match random.below(4) {
        0 => (joined(&[before, after]), from, format!("without `{token}`")),
        1 => (
            joined(&[before, token, token, after]),
            from,
            format!("`{token}` twice"),
        ),
        2 if at + 1 < tokens.len() => {
            let next = tokens[at + 1].span.range();
            let (between, after) = (&text[range.end..next.start], &text[next.end..]);
            let (to, next) = (next.start, &text[next]);
            (
                joined(&[before, next, between, token, after]),
                to,
                format!("`{token}` after `{next}`"),
            )
        }
        _ => (
            joined(&[before, other, after]),
            from,
            format!("`{other}` for `{token}`"),
        ),
    };
    Mutant {
        text,
        from,
        to,
        what,
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

impl Mutant {
    /// Whether the error or one of its labels starts within one line of the change.
    fn is_near(&self, error: &Diagnostic) -> bool {
        let first = line(&self.text, self.from).saturating_sub(1);
        let last = line(&self.text, self.to) + 1;
        let near = |span: Span| (first..=last).contains(&line(&self.text, span.start as usize));
        let mut labels = [&error.primary].into_iter().chain(&error.labels);
        labels.any(|label| label.file == FileId(0) && near(label.span))
    }

    fn shown(&self, name: &str, errors: &[Diagnostic]) -> String {
        let mut lines = vec![format!(
            "{name}:{}: {}",
            line(&self.text, self.from) + 1,
            self.what
        )];
        lines.extend(errors.iter().map(|error| {
            let at = line(&self.text, error.primary.span.start as usize) + 1;
            format!("    {at}: {} {}", error.code, error.message)
        }));
        lines.join("\n")
    }
}

/// The programs that are accepted, those of the library among them.
fn corpus() -> Vec<(String, String)> {
    let folders = ["tests/conformance", "tests/calm", "examples"];
    let paths = folders
        .iter()
        .flat_map(|folder| bloom_files(&root().join(folder)));
    let programs = paths.map(|path| {
        let name = path.file_stem().expect("a file has a name");
        let text = fs::read_to_string(&path).expect("programs are UTF-8");
        (name.display().to_string(), text)
    });
    let programs = programs.filter(|(_, text)| !text.starts_with("//! reject:"));
    programs.chain(stdlib()).collect()
}

/// The errors of a program; it is checked with no more of the library than it may name.
fn errors(name: &str, text: &str, library: &[(String, String)]) -> Vec<Diagnostic> {
    let imported = |(module, _): &&(String, String)| {
        module != name && (module == "std.prelude" || text.contains("std"))
    };
    let library: Vec<_> = library.iter().filter(imported).cloned().collect();
    let mut diagnostics = check_text(name, text, &library).diagnostics;
    diagnostics.retain(Diagnostic::is_error);
    diagnostics
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are worth a look")]
fn a_changed_token_gives_one_error_near_it() {
    let library = stdlib();
    let corpus = corpus();
    for (name, text) in &corpus {
        let errors = errors(name, text, &library);
        assert_eq!(errors, [], "{name}: an error before any change");
    }
    let mut random = Random::new(7);
    let (mut broken, mut one, mut near) = (0, 0, 0);
    let mut causes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut far = Vec::new();
    for _ in 0..MUTANTS {
        let (name, text) = &corpus[random.below(corpus.len())];
        let mutant = mutate(text, &mut random);
        let errors = errors(name, &mutant.text, &library);
        if errors.is_empty() {
            continue;
        }
        broken += 1;
        if errors.len() == 1 {
            one += 1;
        } else {
            let mut codes: Vec<&str> = errors.iter().map(|error| error.code.id()).collect();
            codes.sort_unstable();
            codes.dedup();
            let shown = mutant.shown(name, &errors);
            causes.entry(codes.join(" ")).or_default().push(shown);
        }
        if errors.iter().any(|error| mutant.is_near(error)) {
            near += 1;
        } else {
            far.push(mutant.shown(name, &errors));
        }
    }
    let percent = |count: usize| count * 100 / broken;
    let figures = format!(
        "of {broken} broken mutants {one} give one error and {near} give one near the change"
    );
    let mut causes: Vec<_> = causes.into_iter().collect();
    causes.sort_by_key(|(_, mutants)| std::cmp::Reverse(mutants.len()));
    let causes = causes
        .iter()
        .take(CAUSES_SHOWN)
        .map(|(codes, mutants)| format!("{} times {codes}, as in\n{}", mutants.len(), mutants[0]));
    let causes = causes.collect::<Vec<_>>().join("\n");
    let far = far
        .iter()
        .take(CAUSES_SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    let report = format!("{figures}\n\n{causes}\n\nfar from the change:\n{far}");
    eprintln!("{report}");
    assert!(percent(one) >= ONE_ERROR_PERCENT_MIN, "{report}");
    assert!(percent(near) >= NEAR_PERCENT_MIN, "{report}");
}
