//! Semantic tokens: whole, of a range, and as changes of what was sent before.

use bloom_compiler::ide::{self, Word, WordKind};
use salsa::Database as _;
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::positions::Lines;

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

/// The tokens of a document, or of a range of it.
pub fn tokens(snapshot: &Snapshot, within: Option<lsp::Range>) -> Vec<lsp::SemanticToken> {
    let words = ide::words_of(&snapshot.db, snapshot.package);
    let (text, lines) = (snapshot.text(), snapshot.lines());
    let words = match within {
        None => words,
        Some(within) => {
            let (start, end) = (lines.offset(within.start), lines.offset(within.end));
            let first = words.partition_point(|word| word.span.end as usize <= start);
            let last = words.partition_point(|word| (word.span.start as usize) < end);
            &words[first..last.max(first)]
        }
    };
    let mut tokens = Vec::with_capacity(words.len());
    let mut at = Walk::new(&lines, text);
    let mut last = lsp::Position::new(0, 0);
    for (number, word) in words.iter().enumerate() {
        if number % WORDS_AT_ONCE == 0 {
            snapshot.db.unwind_if_revision_cancelled();
        }
        // No token of the protocol has two lines.
        let mut from = word.span.start as usize;
        for line in text[word.span.range()].split('\n') {
            let own = line.trim_end_matches('\r');
            let start = at.position(from);
            from += line.len() + 1;
            if own.is_empty() {
                continue;
            }
            let length = lines.columns(own) as u32;
            let end = start.character + length;
            let is_outside = within.is_some_and(|within| {
                lsp::Position::new(start.line, end) <= within.start || within.end <= start
            });
            if is_outside {
                continue;
            }
            let delta_line = start.line - last.line;
            tokens.push(lsp::SemanticToken {
                delta_line,
                delta_start: match delta_line {
                    0 => start.character - last.character,
                    _ => start.character,
                },
                length,
                token_type: kind(word.kind),
                token_modifiers_bitset: modifiers(*word),
            });
            last = start;
        }
    }
    tokens
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
            let mut next = self.line + 1;
            while starts.get(next + 1).is_some_and(|&start| start <= offset) {
                next += 1;
            }
            self.line = next;
            self.known = (starts[next], 0);
        }
        let (from, column) = self.known;
        let column = column + self.lines.columns(&self.text[from..offset]);
        self.known = (offset, column);
        lsp::Position::new(self.line as u32, column as u32)
    }
}

/// All tokens of a document, and their numbers as the protocol writes them.
pub struct Written {
    pub tokens: Vec<lsp::SemanticToken>,
    pub text: Vec<u8>,
}

pub fn written(snapshot: &Snapshot) -> Written {
    let tokens = tokens(snapshot, None);
    let text = numbers(&tokens);
    Written { tokens, text }
}

/// All tokens of a document, and what differs from those of before.
pub struct Changed {
    pub tokens: Vec<lsp::SemanticToken>,
    pub edits: Vec<lsp::SemanticTokensEdit>,
}

pub fn changed(snapshot: &Snapshot, before: &[lsp::SemanticToken]) -> Changed {
    let tokens = tokens(snapshot, None);
    let edits = delta(before, &tokens);
    Changed { tokens, edits }
}

/// The numbers of tokens in brackets. So many are not worth a tree of values.
fn numbers(tokens: &[lsp::SemanticToken]) -> Vec<u8> {
    // Most numbers have one digit or two.
    let mut text = Vec::with_capacity(2 + 12 * tokens.len());
    let mut digits = itoa::Buffer::new();
    text.push(b'[');
    for token in tokens {
        for number in [
            token.delta_line,
            token.delta_start,
            token.length,
            token.token_type,
            token.token_modifiers_bitset,
        ] {
            text.extend_from_slice(digits.format(number).as_bytes());
            text.push(b',');
        }
    }
    if !tokens.is_empty() {
        text.pop();
    }
    text.push(b']');
    text
}

fn kind(kind: WordKind) -> u32 {
    let at = TYPES.iter().position(|(known, _)| *known == kind);
    at.expect("every kind is in the table") as u32
}

fn modifiers(word: Word) -> u32 {
    let of = |is: bool, bit: u32| if is { bit } else { 0 };
    of(word.declares, DECLARATION)
        | of(
            word.writes && word.kind == WordKind::Collection,
            MODIFICATION,
        )
        | of(word.is_built_in, DEFAULT_LIBRARY)
}

/// What turns the tokens that a client has into those that it should have: one stretch. Numbers, five a token.
fn delta(old: &[lsp::SemanticToken], new: &[lsp::SemanticToken]) -> Vec<lsp::SemanticTokensEdit> {
    let same = |(a, b): &(&lsp::SemanticToken, &lsp::SemanticToken)| a == b;
    let prefix = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let suffix = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(same)
        .count();
    let (deleted, added) = (
        old_rest.len() - suffix,
        &new_rest[..new_rest.len() - suffix],
    );
    if deleted == 0 && added.is_empty() {
        return Vec::new();
    }
    vec![lsp::SemanticTokensEdit {
        start: 5 * prefix as u32,
        delete_count: 5 * deleted as u32,
        data: Some(added.to_vec()),
    }]
}

#[cfg(test)]
mod tests {
    use super::{TYPES, delta, numbers};
    use tower_lsp::ls_types::SemanticToken;

    fn token(length: u32) -> SemanticToken {
        SemanticToken {
            delta_line: 0,
            delta_start: 0,
            length,
            token_type: 0,
            token_modifiers_bitset: 0,
        }
    }

    #[test]
    fn changes_lead_to_what_should_be() {
        for (old, new) in [
            ("1234", "1334"),
            ("", "12"),
            ("12", ""),
            ("11", "111"),
            ("12", "12"),
        ] {
            let tokens = |text: &str| -> Vec<SemanticToken> {
                text.bytes().map(|b| token(u32::from(b))).collect()
            };
            let (old, new) = (tokens(old), tokens(new));
            let mut found = old.clone();
            for edit in delta(&old, &new) {
                let at = edit.start as usize / 5;
                let end = at + edit.delete_count as usize / 5;
                found.splice(at..end, edit.data.unwrap_or_default());
            }
            assert_eq!(found, new);
        }
    }

    #[test]
    fn numbers_are_written_as_the_protocol_does() {
        for count in [0, 1, 3] {
            let all: Vec<SemanticToken> = (0..count).map(|n| token(95 * n)).collect();
            let tokens = tower_lsp::ls_types::SemanticTokens {
                result_id: None,
                data: all.clone(),
            };
            let expected = serde_json::to_value(tokens).expect("it is data");
            let found: serde_json::Value =
                serde_json::from_slice(&numbers(&all)).expect("it is JSON");
            assert_eq!(found, expected["data"]);
        }
    }

    #[test]
    fn no_kind_is_twice_in_the_table() {
        for (at, (kind, _)) in TYPES.iter().enumerate() {
            assert!(TYPES[..at].iter().all(|(other, _)| other != kind));
        }
    }
}
