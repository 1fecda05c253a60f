//! Places in a text as the protocol counts them: lines, and in a line bytes or UTF-16 units, as client and
//! server agreed.

use bloom_compiler::base::Span;
use tower_lsp::ls_types::{Position, Range};

/// What columns count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    Utf8,
    /// What every client can do.
    #[default]
    Utf16,
}

/// A text and where its lines start.
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    encoding: Encoding,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str, encoding: Encoding) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(newlines).collect(),
            encoding,
        }
    }

    /// The byte at a position. A column behind the end of its line is its end, a line behind the last is the
    /// end of the text, and what is inside a character is its start.
    pub fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.get(line) else {
            return self.text.len();
        };
        let end = self
            .starts
            .get(line + 1)
            .map_or(self.text.len(), |next| next - 1);
        let content = self.text[start..end].trim_end_matches('\r');
        let mut column = 0;
        for (at, c) in content.char_indices() {
            column += self.width(c);
            if column > position.character as usize {
                return start + at;
            }
        }
        start + content.len()
    }

    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.starts[line]..offset];
        let column: usize = before.chars().map(|c| self.width(c)).sum();
        Position::new(line as u32, column as u32)
    }

    pub fn range(&self, span: Span) -> Range {
        let end = span.end.max(span.start);
        Range::new(
            self.position(span.start as usize),
            self.position(end as usize),
        )
    }

    fn width(&self, c: char) -> usize {
        match self.encoding {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Lines};
    use tower_lsp::ls_types::Position;

    const TEXT: &str = "a\u{e9}\u{1f338}b\r\n\r\nlast";

    #[test]
    fn every_place_comes_back() {
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            let lines = Lines::new(TEXT, encoding);
            for (at, _) in TEXT.char_indices().chain([(TEXT.len(), ' ')]) {
                let inside_newline = TEXT[at..].starts_with('\n');
                let found = lines.offset(lines.position(at));
                assert_eq!(found, if inside_newline { at - 1 } else { at });
            }
        }
    }

    #[test]
    fn columns_are_counted_as_agreed() {
        let column = |encoding| Lines::new(TEXT, encoding).position(7).character;
        assert_eq!((column(Encoding::Utf8), column(Encoding::Utf16)), (7, 4));
    }

    #[test]
    fn what_is_outside_is_at_the_end() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        assert_eq!(lines.offset(Position::new(0, 99)), 8);
        assert_eq!(lines.offset(Position::new(99, 0)), TEXT.len());
        assert_eq!(lines.offset(Position::new(0, 3)), 3);
        assert_eq!(
            Lines::new("", Encoding::Utf8).offset(Position::new(0, 1)),
            0
        );
    }
}
