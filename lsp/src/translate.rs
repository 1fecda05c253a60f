//! The compiler's answers in the protocol's words.

use bloom_compiler::base::{Diagnostic, Edit, FileId, FileSpan, Severity};
use bloom_compiler::database::{self, Package};
use bloom_stdx::common_text;
use rustc_hash::FxHashMap;
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::positions::Lines;

/// What programs of this server call themselves.
pub const SOURCE: &str = "bloom";

/// Files of a program as places are told in them.
pub struct Places<'s> {
    snapshot: &'s Snapshot,
    lines: FxHashMap<FileId, Lines<'s>>,
}

impl<'s> Places<'s> {
    pub fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            snapshot,
            lines: FxHashMap::default(),
        }
    }

    pub fn range(&mut self, place: FileSpan) -> lsp::Range {
        let snapshot = self.snapshot;
        let lines = self
            .lines
            .entry(place.file)
            .or_insert_with(|| match place.file == FileId(0) {
                true => snapshot.lines(),
                false => {
                    let text = text(snapshot, snapshot.package, place.file);
                    Lines::new(text, snapshot.encoding)
                }
            });
        lines.range(place.span)
    }

    /// None where no editor can go, as where the standard library could not be written to a disk.
    pub fn location(&mut self, place: FileSpan) -> Option<lsp::Location> {
        let uri = self.snapshot.uri(place.file)?;
        let range = self.range(place);
        Some(lsp::Location { uri, range })
    }

    pub fn diagnostic(&mut self, diagnostic: &Diagnostic) -> lsp::Diagnostic {
        let labels: Vec<lsp::DiagnosticRelatedInformation> = diagnostic
            .labels
            .iter()
            .filter_map(|label| {
                let location = self.location(label.place())?;
                let message = label.text.clone();
                Some(lsp::DiagnosticRelatedInformation { location, message })
            })
            .collect();
        let mut message = diagnostic.message.clone();
        let label = &diagnostic.primary.text;
        if !label.is_empty() {
            message += &format!("\n{label}");
        }
        for help in &diagnostic.help {
            message += &format!("\nhelp: {help}");
        }
        lsp::Diagnostic {
            range: self.range(diagnostic.primary.place()),
            severity: Some(match diagnostic.severity {
                Severity::Error => lsp::DiagnosticSeverity::ERROR,
                Severity::Warning => lsp::DiagnosticSeverity::WARNING,
                Severity::Info => lsp::DiagnosticSeverity::INFORMATION,
            }),
            code: Some(lsp::NumberOrString::String(diagnostic.code.id().to_owned())),
            source: Some(SOURCE.to_owned()),
            message,
            related_information: (!labels.is_empty()).then_some(labels),
            ..lsp::Diagnostic::default()
        }
    }

    /// None if some of it is in a file that nobody is to change.
    pub fn edits(&mut self, edits: &[Edit]) -> Option<lsp::WorkspaceEdit> {
        let mut changes = std::collections::HashMap::default();
        if !edits
            .iter()
            .all(|edit| self.snapshot.is_editable(edit.file))
        {
            return None;
        }
        for edit in edits {
            let lsp::Location { uri, range } = self.location(edit.place())?;
            let new_text = edit.new_text.clone();
            let known: &mut Vec<lsp::TextEdit> = changes.entry(uri).or_default();
            known.push(lsp::TextEdit { range, new_text });
        }
        Some(lsp::WorkspaceEdit {
            changes: Some(changes),
            ..lsp::WorkspaceEdit::default()
        })
    }
}

fn text(snapshot: &Snapshot, package: Package, file: FileId) -> &str {
    let files = package.files(&snapshot.db);
    files
        .get(file.0 as usize)
        .map_or("", |file| file.text(&snapshot.db))
}

/// What there is to say of the document itself; what is wrong with another file is said there.
pub fn problems(snapshot: &Snapshot) -> Vec<Diagnostic> {
    if snapshot.is_library {
        return Vec::new();
    }
    let mut all = database::problems(&snapshot.db, snapshot.package);
    all.retain(|diagnostic| diagnostic.primary.file == FileId(0));
    all
}

pub fn diagnostics(snapshot: &Snapshot) -> Vec<lsp::Diagnostic> {
    let mut places = Places::new(snapshot);
    let problems = problems(snapshot);
    let problems = problems.iter();
    problems.map(|problem| places.diagnostic(problem)).collect()
}

/// The edit that formats the document; none if it has syntax errors or is formatted.
pub fn formatting(snapshot: &Snapshot) -> Vec<lsp::TextEdit> {
    let text = snapshot.text();
    let formatted = match is_formatted(snapshot) {
        true => formatted(text, text),
        false => None,
    };
    let changed = formatted.filter(|formatted| formatted != &**text);
    let edit = changed.map(|formatted| minimal(&snapshot.lines(), text, &formatted));
    edit.into_iter().collect()
}

/// A part of a text laid out, with the ends of lines that the whole has: of files that others share, no line is to change
/// for its end alone.
fn formatted(part: &str, whole: &str) -> Option<String> {
    let formatted = bloom_compiler::syntax::format(part).ok()?;
    let lines = whole.matches('\n').count();
    let is_crlf = lines > 0 && whole.matches("\r\n").count() == lines;
    Some(match is_crlf {
        true => formatted.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => formatted,
    })
}

fn is_formatted(snapshot: &Snapshot) -> bool {
    let is_bloom = snapshot.file.language(&snapshot.db) == database::Language::Bloom;
    is_bloom && !snapshot.is_library
}

/// The edits that format the items of a range; none of those with syntax errors.
pub fn formatting_of(snapshot: &Snapshot, range: lsp::Range) -> Vec<lsp::TextEdit> {
    if !is_formatted(snapshot) {
        return Vec::new();
    }
    let (text, lines) = (snapshot.text(), snapshot.lines());
    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
    let module = database::module(&snapshot.db, snapshot.file);
    let items = module
        .items
        .iter()
        .map(|node| node.item.span.shifted(node.offset).range());
    let touched = items.filter(|item| item.start <= end && start <= item.end);
    let edits = touched.filter_map(|item| {
        let old = &text[item.clone()];
        let formatted = formatted(old, text)?;
        let new = formatted.trim_end();
        (new != old).then(|| lsp::TextEdit {
            range: lsp::Range::new(lines.position(item.start), lines.position(item.end)),
            new_text: new.to_owned(),
        })
    });
    edits.collect()
}

/// One edit of what differs, so that a cursor outside of it stays where it is.
fn minimal(lines: &Lines<'_>, old: &str, new: &str) -> lsp::TextEdit {
    let (prefix, suffix) = common_text(old, new);
    let end = old.len() - suffix;
    lsp::TextEdit {
        range: lsp::Range::new(lines.position(prefix), lines.position(end)),
        new_text: new[prefix..new.len() - suffix].to_owned(),
    }
}
