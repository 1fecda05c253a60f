//! Semantic tokens: whole, of a range, and as changes of what was sent before.

use bloom_compiler::base::FileId;
use bloom_compiler::ide::{self, Word, WordKind};
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
    let names = ide::names_of(&snapshot.db, snapshot.package);
    let lines = snapshot.lines();
    let words = ide::words(names, FileId(0), snapshot.text());
    let mut tokens = Vec::new();
    let mut last = lsp::Position::new(0, 0);
    for word in words {
        for range in by_line(&lines, snapshot.text(), word) {
            if within.is_some_and(|within| range.end <= within.start || within.end <= range.start) {
                continue;
            }
            let start = range.start;
            let delta_line = start.line - last.line;
            tokens.push(lsp::SemanticToken {
                delta_line,
                delta_start: match delta_line {
                    0 => start.character - last.character,
                    _ => start.character,
                },
                length: range.end.character - start.character,
                token_type: kind(word.kind),
                token_modifiers_bitset: modifiers(word),
            });
            last = start;
        }
    }
    tokens
}

/// No token of the protocol has two lines.
fn by_line(lines: &Lines<'_>, text: &str, word: Word) -> Vec<lsp::Range> {
    let mut start = word.span.start as usize;
    let parts = text[word.span.range()].split('\n').map(|line| {
        let from = start;
        start += line.len() + 1;
        lsp::Range::new(
            lines.position(from),
            lines.position(from + line.trim_end_matches('\r').len()),
        )
    });
    parts.filter(|range| range.start < range.end).collect()
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
pub fn delta(
    old: &[lsp::SemanticToken],
    new: &[lsp::SemanticToken],
) -> Vec<lsp::SemanticTokensEdit> {
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
    use super::{TYPES, delta};
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
    fn no_kind_is_twice_in_the_table() {
        for (at, (kind, _)) in TYPES.iter().enumerate() {
            assert!(TYPES[..at].iter().all(|(other, _)| other != kind));
        }
    }
}
