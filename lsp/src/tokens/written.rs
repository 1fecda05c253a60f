//! All tokens of a document as the numbers that are sent, kept in step with the document while it is edited.
//!
//! A token is told by how far it is from the one before. So an edit changes the numbers of what it touches and of
//! the first token behind; all others stay as they were written, and are copied: up to a mark before the edit, and
//! from one behind it on.

use std::ops::Range;
use std::sync::Arc;

use bloom_compiler::ide::{self, Word};
use bloom_stdx::{common_end, common_start};
use salsa::Database as _;
use tower_lsp::ls_types as lsp;

use super::{Parts, WORDS_AT_ONCE, token};
use crate::documents::Snapshot;
use crate::positions::Lines;

/// So many words stand between two marks, or fewer.
const WORDS_BETWEEN_MARKS: usize = 64;

/// So many a token.
const NUMBERS: usize = 5;

/// All tokens of a document.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// The text that they are of.
    source: Arc<String>,
    lines: usize,
    words: Arc<Vec<Word>>,
    /// Five a token, each with a comma behind it.
    numbers: Vec<u8>,
    marks: Vec<Mark>,
}

/// A place between two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// How many words are before it,
    word: usize,
    /// how many bytes of numbers,
    byte: usize,
    /// and where the last token before it starts.
    last: lsp::Position,
}

const START: Mark = Mark {
    word: 0,
    byte: 0,
    last: lsp::Position::new(0, 0),
};

/// The tokens of a document; `before` are those of another version of it.
pub fn written(snapshot: &Snapshot, before: Option<&Arc<Written>>) -> Arc<Written> {
    let words = ide::words_of(&snapshot.db, snapshot.package);
    let pause = || snapshot.db.unwind_if_revision_cancelled();
    let (text, lines) = (snapshot.text(), snapshot.lines());
    match before {
        // The very same words are of the same text.
        Some(before) if Arc::ptr_eq(&before.words, words) => Arc::clone(before),
        Some(before) => Arc::new(before.again(text, &lines, words, &pause)),
        None => Arc::new(Written::new(text, &lines, words, &pause)),
    }
}

impl Written {
    fn new(
        text: &Arc<String>,
        lines: &Lines<'_>,
        words: &Arc<Vec<Word>>,
        pause: &dyn Fn(),
    ) -> Self {
        let mut writer = Writer {
            // Most numbers have one digit or two.
            numbers: Vec::with_capacity(12 * words.len()),
            marks: vec![START],
            last: START.last,
        };
        writer.write(text, lines, words, 0..words.len(), pause);
        writer.numbers.shrink_to_fit();
        Self {
            source: Arc::clone(text),
            lines: lines.starts().len(),
            words: Arc::clone(words),
            numbers: writer.numbers,
            marks: writer.marks,
        }
    }

    /// The tokens of what the text has become.
    fn again(
        &self,
        text: &Arc<String>,
        lines: &Lines<'_>,
        words: &Arc<Vec<Word>>,
        pause: &dyn Fn(),
    ) -> Self {
        let (before, behind) = self.stayed(text, words);
        let kept = self.marks.partition_point(|mark| mark.word <= before);
        let from = self.marks[kept - 1];
        let is_touched = |mark: &Mark| mark.word + behind <= self.words.len();
        // Of a mark behind the first word that stayed, the token before it stayed as well, and so did how far it is.
        let rest = &self.marks[self.marks.partition_point(is_touched)..];
        let now = |mark: &Mark| mark.word + words.len() - self.words.len();
        let (end, rest_from) = match rest.first() {
            Some(mark) => (now(mark), mark.byte),
            None => (words.len(), self.numbers.len()),
        };
        let mut writer = Writer {
            numbers: Vec::with_capacity(self.numbers.len() + 12 * (end - from.word)),
            marks: self.marks[..kept].to_vec(),
            last: from.last,
        };
        writer.numbers.extend_from_slice(&self.numbers[..from.byte]);
        writer.write(text, lines, words, from.word..end, pause);
        let Writer {
            mut numbers,
            mut marks,
            ..
        } = writer;
        let count = lines.starts().len();
        marks.extend(rest.iter().map(|mark| Mark {
            word: now(mark),
            byte: mark.byte + numbers.len() - rest_from,
            last: lsp::Position {
                line: (mark.last.line as usize + count - self.lines) as u32,
                ..mark.last
            },
        }));
        numbers.extend_from_slice(&self.numbers[rest_from..]);
        Self {
            source: Arc::clone(text),
            lines: count,
            words: Arc::clone(words),
            numbers,
            marks,
        }
    }

    /// How many words at the start stand where they stood, and how many at the end in lines that moved as a whole.
    fn stayed(&self, text: &str, words: &[Word]) -> (usize, usize) {
        let (old, new) = (self.source.as_bytes(), text.as_bytes());
        let start = common_start(old, new);
        let pairs = self.words.iter().zip(words);
        let is_before = |(a, b): &(&Word, &Word)| a == b && a.end() as usize <= start;
        let before = pairs.take_while(is_before).count();
        let end = new.len() - common_end(&old[start..], &new[start..]);
        let line = new[end..].iter().position(|&byte| byte == b'\n');
        let Some(line) = line.map(|at| end + at + 1) else {
            return (before, 0);
        };
        let moved = |word: &Word| word.start as usize + new.len() - old.len();
        let pairs = self.words[before..].iter().rev();
        let pairs = pairs.zip(words[before..].iter().rev());
        let behind = pairs.take_while(|(a, b)| {
            let start = b.start as usize;
            start >= line && moved(a) == start && is_alike(a, b)
        });
        (before, behind.count())
    }

    /// The numbers in brackets.
    pub fn text(&self) -> Vec<u8> {
        let numbers = self.numbers.strip_suffix(b",").unwrap_or_default();
        [b"[", numbers, b"]"].concat()
    }

    /// What turns the tokens that a client has into these: one stretch of numbers.
    pub fn since(&self, before: &Self) -> Vec<lsp::SemanticTokensEdit> {
        delta(&before.numbers, &self.numbers)
    }
}

/// Whether both become the same token where they start at the same place.
fn is_alike(a: &Word, b: &Word) -> bool {
    a.at(b.start) == *b
}

struct Writer {
    numbers: Vec<u8>,
    marks: Vec<Mark>,
    last: lsp::Position,
}

impl Writer {
    fn write(
        &mut self,
        text: &str,
        lines: &Lines<'_>,
        words: &[Word],
        range: Range<usize>,
        pause: &dyn Fn(),
    ) {
        let mut parts = Parts::new(lines, text);
        let mut digits = itoa::Buffer::new();
        let mut marked = range.start;
        for at in range {
            if at % WORDS_AT_ONCE == 0 {
                pause();
            }
            if at - marked == WORDS_BETWEEN_MARKS {
                marked = at;
                self.marks.push(Mark {
                    word: at,
                    byte: self.numbers.len(),
                    last: self.last,
                });
            }
            let word = words[at];
            parts.each(word, |start, length| {
                let lsp::SemanticToken {
                    delta_line,
                    delta_start,
                    length,
                    token_type,
                    token_modifiers_bitset,
                } = token(self.last, start, length, word);
                for number in [
                    delta_line,
                    delta_start,
                    length,
                    token_type,
                    token_modifiers_bitset,
                ] {
                    self.numbers
                        .extend_from_slice(digits.format(number).as_bytes());
                    self.numbers.push(b',');
                }
                self.last = start;
            });
        }
    }
}

fn commas(numbers: &[u8]) -> usize {
    numbers.iter().filter(|&&byte| byte == b',').count()
}

/// One stretch of numbers, of whole tokens.
fn delta(old: &[u8], new: &[u8]) -> Vec<lsp::SemanticTokensEdit> {
    if old == new {
        return Vec::new();
    }
    let same = &old[..common_start(old, new)];
    let before = commas(same) / NUMBERS;
    let place = nth_comma(same.iter().rev(), commas(same) % NUMBERS);
    let start = place.map_or(0, |from_end| same.len() - from_end);
    let (old, new) = (&old[start..], &new[start..]);
    let end = common_end(old, new);
    let same = &new[new.len() - end..];
    // The digits that they begin with may be the end of other numbers.
    let begins = |all: &[u8]| matches!(all[..all.len() - end].last(), None | Some(b','));
    let is_cut = !(begins(old) && begins(new));
    let behind = commas(same).saturating_sub(usize::from(is_cut)) / NUMBERS;
    let further = commas(same) - NUMBERS * behind;
    let further = further
        .checked_sub(1)
        .and_then(|last| nth_comma(same.iter(), last));
    let added = new.len() - end + further.map_or(0, |at| at + 1);
    vec![lsp::SemanticTokensEdit {
        start: (NUMBERS * before) as u32,
        delete_count: (commas(old) - NUMBERS * behind) as u32,
        data: Some(tokens_of(&new[..added])),
    }]
}

/// How many bytes are before a comma, counted from 0.
fn nth_comma<'n>(mut numbers: impl Iterator<Item = &'n u8>, n: usize) -> Option<usize> {
    let mut seen = 0;
    numbers.position(|&byte| {
        let is_it = byte == b',' && seen == n;
        seen += usize::from(byte == b',');
        is_it
    })
}

fn tokens_of(numbers: &[u8]) -> Vec<lsp::SemanticToken> {
    let digit = |number: u32, digit: &u8| 10 * number + u32::from(digit - b'0');
    let all = numbers.split(|&byte| byte == b',');
    let all: Vec<u32> = all.map(|digits| digits.iter().fold(0, digit)).collect();
    let tokens = all.chunks_exact(NUMBERS);
    let token = |token: &[u32]| lsp::SemanticToken {
        delta_line: token[0],
        delta_start: token[1],
        length: token[2],
        token_type: token[3],
        token_modifiers_bitset: token[4],
    };
    tokens.map(token).collect()
}

#[cfg(test)]
mod tests;
