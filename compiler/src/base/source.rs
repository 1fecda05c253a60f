//! The texts that diagnostics point into.

use super::diagnostic::{Diagnostic, Edit};
use super::span::{FileId, FileSpan, Span};
use std::ops::Range;

/// The source files of one compilation; the index of each is its [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// From where on the text of the first file is that of another, ascending.
    appended: Vec<(u32, FileId)>,
}

#[derive(Clone, Debug)]
struct Source {
    path: String,
    text: String,
    /// Where each line starts.
    lines: Vec<usize>,
}

/// A place as people count: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

impl Sources {
    /// The sources of a single file, which has the default id.
    pub fn single(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut sources = Self::default();
        sources.add(path, text);
        sources
    }

    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        let id = FileId(u32::try_from(self.files.len()).expect("fewer than 2^32 files"));
        self.files.push(Source {
            path: path.into(),
            text,
            lines,
        });
        id
    }

    /// Appends the texts of other files to that of the first, which the compiler then reads as one.
    /// Places in them are the other files' ([`Self::real`]).
    pub fn append(&mut self, others: &[FileId]) {
        let mut text = self.text(FileId::default()).to_owned();
        for &other in others {
            text.push('\n');
            let start = u32::try_from(text.len()).unwrap_or(u32::MAX);
            self.appended.push((start, other));
            text.push_str(self.text(other));
        }
        if let Some(first) = self.files.first_mut() {
            first.text = text;
        }
    }

    /// Whether the text is read as a part of that of the first file.
    pub fn is_appended(&self, file: FileId) -> bool {
        self.appended.iter().any(|(_, own)| *own == file)
    }

    /// The place in the file that it was written in.
    pub fn real(&self, place: FileSpan) -> FileSpan {
        let part = self.appended.iter().rev();
        let mut part = part.filter(|(start, _)| *start <= place.span.start);
        match part.next() {
            Some(&(start, file)) if place.file == FileId::default() => FileSpan {
                file,
                span: Span::new(place.span.start - start, place.span.end - start),
            },
            _ => place,
        }
    }

    /// The diagnostic at places of the files that they were written in.
    pub fn located(&self, diagnostic: &Diagnostic) -> Diagnostic {
        let mut located = diagnostic.clone();
        for label in std::iter::once(&mut located.primary).chain(&mut located.labels) {
            let place = self.real(label.place());
            (label.file, label.span) = (place.file, place.span);
        }
        for edit in located.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            let place = self.real(edit.place());
            (edit.file, edit.span) = (place.file, place.span);
        }
        // Fixes are Bloom, which a Dedalus file is not.
        let is_dedalus = |edit: &Edit| self.path(edit.file).ends_with(".ded");
        located
            .fixes
            .retain(|fix| !fix.edits.iter().any(is_dedalus));
        located
    }

    /// The texts with all the edits made; none if some are of one place, or of no file of these.
    pub fn edited(&self, edits: &[Edit]) -> Option<Sources> {
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        sorted.sort_by_key(|edit| (edit.file, edit.span));
        let overlap =
            |pair: &[&Edit]| pair[0].file == pair[1].file && pair[0].span.end > pair[1].span.start;
        if sorted.windows(2).any(overlap) {
            return None;
        }
        let mut edited = Sources::default();
        for (number, (path, text)) in (0..).zip(self.iter()) {
            let mut text = text.to_owned();
            for edit in sorted.iter().rev().filter(|edit| edit.file.0 == number) {
                text.replace_range(self.range(edit.place()), &edit.new_text);
            }
            edited.add(path, text);
        }
        let known = |edit: &&Edit| self.get(edit.file).is_some();
        edits.iter().all(|edit| known(&edit)).then_some(edited)
    }

    /// The path of `file`, or `?` if it is none of these.
    pub fn path(&self, file: FileId) -> &str {
        self.get(file).map_or("?", |source| &source.path)
    }

    pub fn text(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.text)
    }

    /// All paths with their texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter();
        files.map(|source| (source.path.as_str(), source.text.as_str()))
    }

    /// The bytes of the place, within the text and on boundaries of characters.
    pub fn range(&self, place: FileSpan) -> Range<usize> {
        let text = self.text(place.file);
        let start = boundary(text, place.span.start as usize);
        let end = boundary(text, place.span.end as usize);
        start..end.max(start)
    }

    /// Where the place starts and where it ends.
    pub fn positions(&self, place: FileSpan) -> (Position, Position) {
        let range = self.range(place);
        let at = |offset| self.position(place.file, offset);
        (at(range.start), at(range.end))
    }

    fn position(&self, file: FileId, offset: usize) -> Position {
        let Some(source) = self.get(file) else {
            return Position { line: 1, column: 1 };
        };
        let line = source.lines.partition_point(|start| *start <= offset);
        let start = source.lines[line - 1];
        Position {
            line,
            column: source.text[start..offset].chars().count() + 1,
        }
    }

    fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }
}

/// The last boundary of characters up to `offset`.
fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
