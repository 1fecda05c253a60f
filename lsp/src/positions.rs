//! Places in a text as the protocol counts them: lines, and in a line bytes or UTF-16 units, as client and
//! server agreed.

use std::borrow::Cow;
use std::ops::Range;

use bloom_compiler::base::Span;
use tower_lsp::ls_types::{self as lsp, Position};

/// What columns count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    Utf8,
    /// What every client can do.
    #[default]
    Utf16,
}

/// Where the lines of a text start: kept in step with it while it is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starts(Vec<usize>);

/// A text and where its lines start.
pub struct Lines<'t> {
    text: &'t str,
    starts: Cow<'t, Starts>,
    encoding: Encoding,
}

impl Starts {
    pub fn new(text: &str) -> Self {
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(newlines).collect())
    }

    /// Follows the text, of which these bytes gave way to others.
    pub fn replace(&mut self, bytes: Range<usize>, new: &str) {
        let Self(starts) = self;
        // A line that starts at the end of the bytes starts behind a newline among them.
        let first = starts.partition_point(|&start| start <= bytes.start);
        let last = starts.partition_point(|&start| start <= bytes.end);
        for start in &mut starts[last..] {
            *start = *start - bytes.len() + new.len();
        }
        let newlines = new.match_indices('\n');
        let inside = newlines.map(|(at, _)| bytes.start + at + 1);
        starts.splice(first..last, inside);
    }
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t str, encoding: Encoding) -> Self {
        Self {
            text,
            starts: Cow::Owned(Starts::new(text)),
            encoding,
        }
    }

    /// Of a text of which the lines are known.
    pub fn known(text: &'t str, starts: &'t Starts, encoding: Encoding) -> Self {
        Self {
            text,
            starts: Cow::Borrowed(starts),
            encoding,
        }
    }

    /// The byte at a position. A column behind the end of its line is its end, a line behind the last is the
    /// end of the text, and what is inside a character is its start.
    pub fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(&start) = self.starts.0.get(line) else {
            return self.text.len();
        };
        let end = self
            .starts
            .0
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
        let line = self.starts.0.partition_point(|start| *start <= offset) - 1;
        let before = &self.text[self.starts.0[line]..offset];
        Position::new(line as u32, self.columns(before) as u32)
    }

    pub fn range(&self, span: Span) -> lsp::Range {
        let end = span.end.max(span.start);
        lsp::Range::new(
            self.position(span.start as usize),
            self.position(end as usize),
        )
    }

    /// How wide a stretch of a line is.
    pub fn columns(&self, stretch: &str) -> usize {
        match self.encoding == Encoding::Utf8 || stretch.is_ascii() {
            true => stretch.len(),
            false => stretch.chars().map(|c| self.width(c)).sum(),
        }
    }

    /// The starts of all lines.
    pub fn starts(&self) -> &[usize] {
        &self.starts.0
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
    use super::{Encoding, Lines, Starts};
    use bloom_stdx::random::Random;
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
    #[test]
    fn lines_follow_their_text() {
        let mut random = Random::new(1);
        let mut text = String::new();
        let mut starts = Starts::new(&text);
        for _ in 0..2_000 {
            let mut ends = [random.below(text.len() + 1), random.below(text.len() + 1)];
            ends.sort_unstable();
            let bytes = ends[0]..ends[1].min(ends[0] + 5);
            let new = ["", "a", "\n", "b\nc", "\n\n", "long text"][random.below(6)];
            text.replace_range(bytes.clone(), new);
            starts.replace(bytes, new);
            assert_eq!(starts, Starts::new(&text), "{text:?}");
        }
    }
}
