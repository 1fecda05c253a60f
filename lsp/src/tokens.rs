//! Semantic tokens: of a range here, whole and as changes of what was sent before in `written`.

use bloom_compiler::ide::{self, Word, WordKind, WordRole};
use salsa::Database as _;
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::positions::Lines;

mod written;

pub use written::{Written, written};

/// A kind of word is the number of its type.
const TYPES: [(WordKind, lsp::SemanticTokenType); 14] = [
    (WordKind::Keyword, lsp::SemanticTokenType::KEYWORD),
    (WordKind::Comment, lsp::SemanticTokenType::COMMENT),
    (WordKind::Text, lsp::SemanticTokenType::STRING),
    (WordKind::Number, lsp::SemanticTokenType::NUMBER),
    (WordKind::Operator, lsp::SemanticTokenType::OPERATOR),
    (WordKind::Collection, lsp::SemanticTokenType::CLASS),
    (WordKind::Column, lsp::SemanticTokenType::PROPERTY),
    (WordKind::Function, lsp::SemanticTokenType::FUNCTION),
    (WordKind::Constant, lsp::SemanticTokenType::ENUM),
    (WordKind::Variable, lsp::SemanticTokenType::VARIABLE),
    (WordKind::Type, lsp::SemanticTokenType::TYPE),
    (WordKind::Variant, lsp::SemanticTokenType::ENUM_MEMBER),
    (WordKind::Module, lsp::SemanticTokenType::NAMESPACE),
    (WordKind::Spec, lsp::SemanticTokenType::INTERFACE),
];

/// How many words become tokens before it is asked whether anybody still waits.
const WORDS_AT_ONCE: usize = 4096;

/// So many lines are looked at one by one before a line is searched for.
const LINES_NEAR: usize = 8;

const DECLARATION: u32 = 1;
const MODIFICATION: u32 = 1 << 1;
const DEFAULT_LIBRARY: u32 = 1 << 2;

pub fn legend() -> lsp::SemanticTokensLegend {
    lsp::SemanticTokensLegend {
        token_types: TYPES.iter().map(|(_, name)| name.clone()).collect(),
        token_modifiers: vec![
            lsp::SemanticTokenModifier::DECLARATION,
            lsp::SemanticTokenModifier::MODIFICATION,
            lsp::SemanticTokenModifier::DEFAULT_LIBRARY,
        ],
    }
}

/// The tokens of a range of a document.
pub fn tokens(snapshot: &Snapshot, within: lsp::Range) -> Vec<lsp::SemanticToken> {
    let words = ide::words_of(&snapshot.db, snapshot.package);
    let (text, lines) = (snapshot.text(), snapshot.lines());
    let (start, end) = (lines.offset(within.start), lines.offset(within.end));
    let first = words.partition_point(|word| word.end() as usize <= start);
    let last = words.partition_point(|word| (word.start as usize) < end);
    let mut tokens = Vec::new();
    let mut parts = Parts::new(&lines, text);
    let mut last_start = lsp::Position::new(0, 0);
    for (number, &word) in words[first..last.max(first)].iter().enumerate() {
        if number % WORDS_AT_ONCE == 0 {
            snapshot.db.unwind_if_revision_cancelled();
        }
        parts.each(word, |start, length| {
            let end = lsp::Position::new(start.line, start.character + length);
            if within.start < end && start < within.end {
                tokens.push(token(last_start, start, length, word));
                last_start = start;
            }
        });
    }
    tokens
}

/// The token of a part of a word that stands in one line; `last` is where the token before it starts.
fn token(last: lsp::Position, start: lsp::Position, length: u32, word: Word) -> lsp::SemanticToken {
    let delta_line = start.line - last.line;
    lsp::SemanticToken {
        delta_line,
        delta_start: match delta_line {
            0 => start.character - last.character,
            _ => start.character,
        },
        length,
        token_type: word.kind as u32,
        token_modifiers_bitset: modifiers(word),
    }
}

/// Where words stand that come in order: no token of the protocol has two lines.
struct Parts<'l> {
    lines: &'l Lines<'l>,
    text: &'l str,
    at: Walk<'l>,
}

impl<'l> Parts<'l> {
    fn new(lines: &'l Lines<'l>, text: &'l str) -> Self {
        Self {
            lines,
            text,
            at: Walk::new(lines, text),
        }
    }

    /// Gives the start and the length of each part of the word.
    fn each(&mut self, word: Word, mut give: impl FnMut(lsp::Position, u32)) {
        let mut from = word.start as usize;
        for line in self.text[word.span().range()].split('\n') {
            let own = line.trim_end_matches('\r');
            if !own.is_empty() {
                give(self.at.position(from), self.lines.columns(own) as u32);
            }
            from += line.len() + 1;
        }
    }
}

/// Positions of places that come in order.
struct Walk<'l> {
    lines: &'l Lines<'l>,
    text: &'l str,
    line: usize,
    /// A place in the line, and its column.
    known: (usize, usize),
}

impl<'l> Walk<'l> {
    fn new(lines: &'l Lines<'l>, text: &'l str) -> Self {
        Self {
            lines,
            text,
            line: 0,
            known: (0, 0),
        }
    }

    fn position(&mut self, offset: usize) -> lsp::Position {
        let starts = self.lines.starts();
        if starts
            .get(self.line + 1)
            .is_some_and(|&next| next <= offset)
        {
            // Mostly it is on one of the next lines.
            let near = (self.line + 1..self.line + 1 + LINES_NEAR)
                .find(|&line| starts.get(line + 1).is_none_or(|&next| offset < next));
            self.line =
                near.unwrap_or_else(|| starts.partition_point(|&start| start <= offset) - 1);
            self.known = (starts[self.line], 0);
        }
        let (from, column) = self.known;
        let column = column + self.lines.columns(&self.text[from..offset]);
        self.known = (offset, column);
        lsp::Position::new(self.line as u32, column as u32)
    }
}

fn modifiers(word: Word) -> u32 {
    match word.role {
        WordRole::Declares => DECLARATION,
        WordRole::Writes if word.kind == WordKind::Collection => MODIFICATION,
        WordRole::Writes | WordRole::Plain => 0,
        WordRole::BuiltIn => DEFAULT_LIBRARY,
    }
}

#[cfg(test)]
mod tests {
    use super::TYPES;

    #[test]
    fn kinds_are_the_numbers_of_their_types() {
        for (number, (kind, _)) in TYPES.iter().enumerate() {
            assert_eq!(*kind as usize, number);
        }
    }
}
