//! A word of a text, small enough that all words of a large text can be kept.

use crate::base::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordKind {
    Keyword,
    Comment,
    Text,
    Number,
    Operator,
    Collection,
    Column,
    Function,
    Constant,
    Variable,
    Type,
    Variant,
    Module,
    Spec,
}

/// What else is to be told of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordRole {
    Plain,
    Declares,
    /// Rows are derived here.
    Writes,
    /// It comes with the language.
    BuiltIn,
}

/// A stretch of the text, none over another, in order. A comment or text may have several lines, and be several words if
/// it is longer than `Word::LENGTH_MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    pub start: u32,
    length: u16,
    pub kind: WordKind,
    pub role: WordRole,
}

impl Word {
    /// Bytes.
    pub const LENGTH_MAX: u32 = u16::MAX as u32;

    /// The words that a stretch of a text is: one, unless it is long.
    pub fn of(
        text: &str,
        span: Span,
        kind: WordKind,
        role: WordRole,
    ) -> impl Iterator<Item = Word> {
        let mut start = span.start;
        std::iter::from_fn(move || {
            let mut end = span.end.min(start.saturating_add(Word::LENGTH_MAX));
            while !text.is_char_boundary(end as usize) {
                end -= 1;
            }
            let length = u16::try_from(end - start)
                .ok()
                .filter(|&length| length > 0)?;
            let word = Word {
                start,
                length,
                kind,
                role,
            };
            start = end;
            Some(word)
        })
    }

    pub fn span(self) -> Span {
        Span::new(self.start, self.end())
    }

    pub fn end(self) -> u32 {
        self.start + u32::from(self.length)
    }

    /// The same word in another place.
    #[must_use]
    pub fn at(self, start: u32) -> Word {
        Word { start, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Word, WordKind, WordRole};
    use crate::base::Span;

    #[test]
    fn a_word_takes_eight_bytes() {
        assert_eq!(size_of::<Word>(), 8);
    }

    #[test]
    fn what_is_long_is_several_words() {
        let text = "é".repeat(Word::LENGTH_MAX as usize);
        let words = |span| -> Vec<Word> {
            Word::of(&text, span, WordKind::Text, WordRole::Plain).collect()
        };
        for start in [0, 2, 4] {
            let span = Span::new(start, text.len() as u32);
            let words = words(span);
            assert!(words.len() > 1);
            assert!(words.windows(2).all(|two| two[0].end() == two[1].start));
            assert!(
                words
                    .iter()
                    .all(|word| text.is_char_boundary(word.start as usize))
            );
            let ends = (words[0].start, words[words.len() - 1].end());
            assert_eq!(ends, (span.start, span.end));
        }
        assert_eq!(words(Span::at(4)).len(), 0);
    }
}
