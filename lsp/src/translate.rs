//! The compiler's answers in the protocol's words.

use bloom_compiler::base::{Diagnostic, Edit, FileId, FileSpan, Fix, Severity, Span};
use bloom_compiler::database::{self, Package};
use bloom_compiler::ide;
use rustc_hash::FxHashMap;
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::positions::Lines;

/// What programs of this server call themselves.
const SOURCE: &str = "bloom";

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

    /// None where no editor can go, as in the standard library.
    pub fn location(&mut self, place: FileSpan) -> Option<lsp::Location> {
        let uri = self.snapshot.uris.get(place.file.0 as usize)?.clone()?;
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

    /// A fix as an action; none if it edits what no editor can.
    pub fn action(&mut self, diagnostic: &Diagnostic, fix: &Fix) -> Option<lsp::CodeAction> {
        let mut changes = std::collections::HashMap::default();
        for edit in &fix.edits {
            let (uri, edit) = self.edit(edit)?;
            let edits: &mut Vec<lsp::TextEdit> = changes.entry(uri).or_default();
            edits.push(edit);
        }
        Some(lsp::CodeAction {
            title: fix.title.clone(),
            kind: Some(lsp::CodeActionKind::QUICKFIX),
            diagnostics: Some(vec![self.diagnostic(diagnostic)]),
            edit: Some(lsp::WorkspaceEdit {
                changes: Some(changes),
                ..lsp::WorkspaceEdit::default()
            }),
            ..lsp::CodeAction::default()
        })
    }

    pub fn edit(&mut self, edit: &Edit) -> Option<(lsp::Uri, lsp::TextEdit)> {
        let location = self.location(edit.place())?;
        let new_text = edit.new_text.clone();
        let range = location.range;
        Some((location.uri, lsp::TextEdit { range, new_text }))
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

/// The fixes of what is wrong in a range, then what can be rewritten there.
pub fn actions(snapshot: &Snapshot, range: lsp::Range) -> Vec<lsp::CodeAction> {
    let mut places = Places::new(snapshot);
    let mut all = Vec::new();
    for problem in problems(snapshot) {
        let at = places.range(problem.primary.place());
        if at.start > range.end || range.start > at.end {
            continue;
        }
        let fixes = problem.fixes.iter();
        all.extend(fixes.filter_map(|fix| places.action(&problem, fix)));
    }
    let lines = snapshot.lines();
    let selected = Span::new(
        lines.offset(range.start) as u32,
        lines.offset(range.end) as u32,
    );
    let rewritings = ide::actions(&snapshot.db, snapshot.package, selected, &snapshot.modules);
    all.extend(rewritings.into_iter().filter_map(|action| {
        let uri = snapshot.uris.first()?.clone()?;
        let edits = action.edits.iter().filter_map(|edit| places.edit(edit));
        let edits: Vec<lsp::TextEdit> = edits.map(|(_, edit)| edit).collect();
        Some(lsp::CodeAction {
            title: action.title,
            kind: Some(match action.kind {
                ide::ActionKind::Rewrite => lsp::CodeActionKind::REFACTOR_REWRITE,
                ide::ActionKind::Extract => lsp::CodeActionKind::REFACTOR_EXTRACT,
                ide::ActionKind::Inline => lsp::CodeActionKind::REFACTOR_INLINE,
            }),
            edit: Some(lsp::WorkspaceEdit {
                changes: Some(std::collections::HashMap::from_iter([(uri, edits)])),
                ..lsp::WorkspaceEdit::default()
            }),
            ..lsp::CodeAction::default()
        })
    }));
    all
}

/// The edit that formats the document; none if it has syntax errors or is formatted.
pub fn formatting(snapshot: &Snapshot) -> Vec<lsp::TextEdit> {
    let text = snapshot.text();
    let is_bloom = snapshot.file.language(&snapshot.db) == database::Language::Bloom;
    let formatted = match is_bloom {
        true => bloom_compiler::syntax::format(text).ok(),
        false => None,
    };
    let changed = formatted.filter(|formatted| formatted != text);
    let edit = changed.map(|formatted| minimal(&snapshot.lines(), text, &formatted));
    edit.into_iter().collect()
}

/// The edits that format the items of a range; none of those with syntax errors.
pub fn formatting_of(snapshot: &Snapshot, range: lsp::Range) -> Vec<lsp::TextEdit> {
    if snapshot.file.language(&snapshot.db) != database::Language::Bloom {
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
        let formatted = bloom_compiler::syntax::format(old).ok()?;
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
    let same = |pair: &((usize, char), char)| pair.0.1 == pair.1;
    let prefix = old.char_indices().zip(new.chars()).take_while(same);
    let prefix: usize = prefix.map(|(_, c)| c.len_utf8()).sum();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let ends = old_rest.chars().rev().zip(new_rest.chars().rev());
    let suffix: usize = ends
        .take_while(|(a, b)| a == b)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let end = old.len() - suffix;
    lsp::TextEdit {
        range: lsp::Range::new(lines.position(prefix), lines.position(end)),
        new_text: new_rest[..new_rest.len() - suffix].to_owned(),
    }
}
