//! A message to the user about their program, as data.
//!
//! The primary message stands alone, is lower case and names the construct; labels show the path; help
//! says what to do, and a fix is help that can be applied.

use super::codes::{Code, Severity};
use super::span::{FileId, FileSpan, Span};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub message: String,
    pub primary: Label,
    pub labels: Vec<Label>,
    pub help: Vec<String>,
    pub fixes: Vec<Fix>,
}

/// A place in the source and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    pub file: FileId,
    pub span: Span,
    pub text: String,
}

/// An edit that mends the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fix {
    pub title: String,
    pub edits: Vec<Edit>,
}

/// Puts `new_text` in place of what stands at `span`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    pub file: FileId,
    pub span: Span,
    pub new_text: String,
}

impl Diagnostic {
    /// A diagnostic with the severity of its code. `label` says what is at `place`, beside the source.
    pub fn new(
        code: Code,
        place: FileSpan,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: Label::new(place, label),
            labels: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_label(mut self, place: FileSpan, text: impl Into<String>) -> Self {
        self.labels.push(Label::new(place, text));
        self
    }

    #[must_use]
    pub fn with_help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The diagnostic in `file`, its spans counted from a point `offset` bytes earlier.
    #[must_use]
    pub fn placed(mut self, file: FileId, offset: u32) -> Self {
        let labels = std::iter::once(&mut self.primary).chain(&mut self.labels);
        for label in labels {
            label.file = file;
            label.span = label.span.shifted(offset);
        }
        for edit in self.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.file = file;
            edit.span = edit.span.shifted(offset);
        }
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl Label {
    pub fn new(place: FileSpan, text: impl Into<String>) -> Self {
        Self {
            file: place.file,
            span: place.span,
            text: text.into(),
        }
    }

    pub fn place(&self) -> FileSpan {
        FileSpan::new(self.file, self.span)
    }
}

impl Edit {
    pub fn place(&self) -> FileSpan {
        FileSpan::new(self.file, self.span)
    }
}

impl Fix {
    /// A fix that replaces what stands at `place`; an empty place inserts.
    pub fn replace(title: impl Into<String>, place: FileSpan, new_text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            edits: vec![Edit {
                file: place.file,
                span: place.span,
                new_text: new_text.into(),
            }],
        }
    }
}
