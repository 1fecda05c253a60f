//! Lines of output.

use super::WIDTH;

/// A line without its end.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub indent: usize,
    pub words: Vec<Word>,
    /// A comment at its end.
    pub comment: Option<String>,
    /// How the line is lined up with those around it.
    pub kind: LineKind,
}

/// A token, or a comment amid tokens.
#[derive(Clone, Debug)]
pub struct Word {
    pub text: String,
    /// How many blanks stand before it.
    pub blanks: usize,
    /// How many brackets of the unit are open after it.
    pub depth: usize,
    /// Whether the line may be broken after it.
    pub may_break: bool,
    /// How far in a line is that starts with it.
    pub indent: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineKind {
    /// An empty line.
    #[default]
    Blank,
    /// The first and only line of a rule; the index of its arrow among the words.
    Rule {
        arrow: usize,
    },
    /// The first line of a collection's declaration.
    Declaration,
    Other,
}

impl Line {
    /// How many characters the line has, its comment aside.
    pub fn width(&self) -> usize {
        self.indent + width(&self.words)
    }

    fn text(&self) -> String {
        let mut out = " ".repeat(self.indent);
        for (i, word) in self.words.iter().enumerate() {
            if i > 0 {
                out.push_str(&" ".repeat(word.blanks));
            }
            out.push_str(&word.text);
        }
        if let Some(comment) = &self.comment {
            if !self.words.is_empty() {
                out.push(' ');
            }
            out.push_str(comment);
        }
        out.truncate(out.trim_end().len());
        out
    }

    /// The line cut where it may be, until the parts fit or cannot be cut.
    pub fn broken(self) -> Vec<Line> {
        let mut done = Vec::new();
        let mut todo = vec![self];
        while let Some(mut line) = todo.pop() {
            let at = if line.width() > WIDTH {
                line.break_point()
            } else {
                None
            };
            let Some(at) = at else {
                done.push(line);
                continue;
            };
            let rest = line.words.split_off(at);
            line.kind = LineKind::Other;
            todo.push(Line {
                indent: rest[0].indent,
                words: rest,
                comment: line.comment.take(),
                kind: LineKind::Other,
            });
            todo.push(line);
        }
        done
    }

    /// The index of the word that starts the next line: after the last break of the outermost kind that
    /// fits, else after the first.
    fn break_point(&self) -> Option<usize> {
        let breaks = |depth: usize| {
            let last = self.words.len() - 1;
            let words = self.words[..last].iter().enumerate();
            words.filter(move |(_, word)| word.may_break && word.depth == depth)
        };
        let depths = self.words[..self.words.len().checked_sub(1)?].iter();
        let depth = depths
            .filter(|word| word.may_break)
            .map(|word| word.depth)
            .min()?;
        let fits = breaks(depth)
            .take_while(|(i, _)| self.indent + width(&self.words[..=*i]) <= WIDTH)
            .last();
        let (at, _) = fits.or_else(|| breaks(depth).next())?;
        Some(at + 1)
    }
}

fn width(words: &[Word]) -> usize {
    let texts: usize = words.iter().map(|word| word.text.chars().count()).sum();
    let blanks: usize = words.iter().skip(1).map(|word| word.blanks).sum();
    texts + blanks
}

/// The text that the lines are; it ends with a line's end unless it is empty.
pub fn join(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        out.push_str(&line.text());
        out.push('\n');
    }
    let end = out.trim_end().len();
    out.truncate(end);
    if !out.is_empty() {
        out.push('\n');
    }
    out
}
