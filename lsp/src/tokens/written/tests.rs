//! What is kept while a text is edited is what is written of it from nothing.

use std::sync::Arc;

use bloom_compiler::base::Span;
use bloom_compiler::ide::{Word, WordKind, WordRole};
use bloom_stdx::random::Random;
use tower_lsp::ls_types::{SemanticToken, SemanticTokens};

use super::{Written, delta, tokens_of};
use crate::positions::{Encoding, Lines};

fn token(numbers: [u32; 5]) -> SemanticToken {
    let [delta_line, delta_start, length, token_type, bits] = numbers;
    SemanticToken {
        delta_line,
        delta_start,
        length,
        token_type,
        token_modifiers_bitset: bits,
    }
}

fn numbers(tokens: &[SemanticToken]) -> String {
    let all = tokens.iter().map(|token| {
        format!(
            "{},{},{},{},{},",
            token.delta_line,
            token.delta_start,
            token.length,
            token.token_type,
            token.token_modifiers_bitset
        )
    });
    all.collect()
}

#[test]
fn changes_lead_to_what_should_be() {
    let mut random = Random::new(1);
    for _ in 0..5_000 {
        let tokens = |random: &mut Random| -> Vec<SemanticToken> {
            let mut number = || [0, 1, 11, 21][random.below(4)];
            let count = number() % 6;
            (0..count)
                .map(|_| token([0, 0, number(), number() % 2, 0]))
                .collect()
        };
        let (old, new) = (tokens(&mut random), tokens(&mut random));
        let mut found = old.clone();
        let (before, after) = (numbers(&old), numbers(&new));
        for edit in delta(before.as_bytes(), after.as_bytes()) {
            assert_eq!(edit.start % 5 + edit.delete_count % 5, 0);
            let at = edit.start as usize / 5;
            let end = at + edit.delete_count as usize / 5;
            found.splice(at..end, edit.data.unwrap_or_default());
        }
        assert_eq!(found, new, "{before} {after}");
    }
}

/// Words of a text: runs of letters, of kinds that follow from their letters and `turn`, and remarks in brackets, which
/// may have several lines.
fn words(text: &str, turn: u32) -> Arc<Vec<Word>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = match c {
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            _ => rest
                .find(|c: char| !c.is_alphanumeric())
                .unwrap_or(rest.len()),
        };
        if length == 0 {
            at += c.len_utf8();
            continue;
        }
        let span = Span::new(at as u32, (at + length) as u32);
        let kind = match (rest.as_bytes()[0] as u32 + turn) % 3 {
            _ if c == '[' => WordKind::Comment,
            0 => WordKind::Variable,
            1 => WordKind::Column,
            _ => WordKind::Keyword,
        };
        let role = match c {
            'a' => WordRole::Declares,
            'b' => WordRole::BuiltIn,
            _ => WordRole::Plain,
        };
        words.extend(Word::of(text, span, kind, role));
        at += length;
    }
    Arc::new(words)
}

fn edited(text: &str, random: &mut Random) -> String {
    const NEW: [&str; 10] = [
        "",
        "a",
        "\n",
        "bc d",
        "[",
        "]",
        "\u{e9}",
        " \u{1f338} ",
        "x\ny\nz",
        "\r\n",
    ];
    let place = |random: &mut Random| {
        let mut at = random.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = place(random);
    let end = match random.chance(1, 3) {
        true => place(random).clamp(start, (start + 40).min(text.len())),
        false => start,
    };
    let end = (end..=text.len())
        .find(|&end| text.is_char_boundary(end))
        .unwrap_or(text.len());
    format!(
        "{}{}{}",
        &text[..start],
        NEW[random.below(10)],
        &text[end..]
    )
}

/// After every edit, of the text or of what words mean, the tokens are those that are written from nothing.
#[test]
fn tokens_follow_their_text() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let encoding = [Encoding::Utf8, Encoding::Utf16][seed as usize % 2];
        let mut text = Arc::new("aa bb \u{e9}cc [remark\nof two] dd\n".repeat(40));
        let mut turn = 0;
        let lines = Lines::new(&text, encoding);
        let mut warm = Written::new(&text, &lines, &words(&text, turn), &|| {});
        for _ in 0..150 {
            match random.below(12) {
                0 => turn = random.below(3) as u32,
                1 => {
                    let twice = edited(&text, &mut random);
                    text = Arc::new(edited(&twice, &mut random));
                }
                _ => text = Arc::new(edited(&text, &mut random)),
            }
            let (lines, words) = (Lines::new(&text, encoding), words(&text, turn));
            let next = warm.again(&text, &lines, &words, &|| {});
            let cold = Written::new(&text, &lines, &words, &|| {});
            let (was, is) = (&warm.numbers, &next.numbers);
            assert!(*is == cold.numbers, "seed {seed}: {text:?}");
            let mut sent = tokens_of(was);
            for edit in next.since(&warm) {
                let at = edit.start as usize / 5;
                let end = at + edit.delete_count as usize / 5;
                sent.splice(at..end, edit.data.unwrap_or_default());
            }
            assert!(sent == tokens_of(is), "seed {seed}: {text:?}");
            warm = next;
        }
    }
}

#[test]
fn numbers_are_written_as_the_protocol_does() {
    for text in ["", "a", "a b\n\n  [c\nd] e"] {
        let text = Arc::new(text.to_owned());
        let lines = Lines::new(&text, Encoding::Utf8);
        let all = Written::new(&text, &lines, &words(&text, 0), &|| {});
        let tokens = SemanticTokens {
            result_id: None,
            data: tokens_of(&all.numbers),
        };
        let expected = serde_json::to_value(tokens).expect("it is data");
        let found: serde_json::Value = serde_json::from_slice(&all.text()).expect("it is JSON");
        assert_eq!(found, expected["data"]);
    }
}
