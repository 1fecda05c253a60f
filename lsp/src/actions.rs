//! What can be done with what is selected: the fixes of what is wrong there, and rewritings.
//!
//! A rewriting is given only after its trial, which checks the whole program. Editors ask at every movement of the
//! cursor, so a client that can have the edits later gets titles, and the trial is of what it comes back with. Such a
//! client is also offered tests of the recorded runs that lie beside the file.

use std::fs;
use std::path::{Path, PathBuf};

use bloom_compiler::base::{Edit, FileId, Span};
use bloom_compiler::database;
use bloom_compiler::ide::{self, ActionKind, Trial};
use bloom_compiler::syntax::ast::ItemKind;
use serde_json::{Value, json};
use tower_lsp::ls_types as lsp;

use crate::documents::Snapshot;
use crate::translate::{Places, problems};

/// What files of `bloom run --record` end in, and how many are offered.
const RECORDING: &str = "rec";
const RECORDINGS_MAX: usize = 8;

/// An action, and what must pass before it is given.
pub struct Offer {
    action: lsp::CodeAction,
    trial: Option<Trial>,
}

impl Offer {
    /// The action, if it does no harm. It takes its time, and holds up no change.
    pub fn tried(self) -> Option<lsp::CodeAction> {
        let passes = self.trial.is_none_or(|trial| trial.passes());
        passes.then_some(self.action)
    }
}

/// The fixes of what is wrong in a range, then what can be rewritten there: `later` without edits and trials; of `only`
/// these kinds, if there are any.
pub fn offers(
    snapshot: &Snapshot,
    range: lsp::Range,
    later: bool,
    only: &[lsp::CodeActionKind],
) -> Vec<Offer> {
    if snapshot.is_library {
        return Vec::new();
    }
    let mut all = fixes(snapshot, range);
    all.extend(rewritings(snapshot, range, later));
    if later {
        all.extend(recorded_tests(snapshot, range));
    }
    all.retain(|offer| is_wanted(offer.action.kind.as_ref(), only));
    all
}

/// Kinds are parted by dots, and one is wanted with those under it.
fn is_wanted(kind: Option<&lsp::CodeActionKind>, only: &[lsp::CodeActionKind]) -> bool {
    let kind = kind.map_or("", lsp::CodeActionKind::as_str);
    let is_under = |wanted: &lsp::CodeActionKind| {
        let rest = kind.strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    only.is_empty() || only.iter().any(is_under)
}

fn fixes(snapshot: &Snapshot, range: lsp::Range) -> Vec<Offer> {
    let mut places = Places::new(snapshot);
    let mut all = Vec::new();
    for problem in problems(snapshot) {
        let at = places.range(problem.primary.place());
        if at.start > range.end || range.start > at.end {
            continue;
        }
        for fix in &problem.fixes {
            let Some(edit) = places.edits(&fix.edits) else {
                continue;
            };
            all.push(Offer {
                action: lsp::CodeAction {
                    title: fix.title.clone(),
                    kind: Some(lsp::CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![places.diagnostic(&problem)]),
                    edit: Some(edit),
                    ..lsp::CodeAction::default()
                },
                trial: None,
            });
        }
    }
    all
}

fn rewritings(snapshot: &Snapshot, range: lsp::Range, later: bool) -> Vec<Offer> {
    let (db, package) = (&snapshot.db, snapshot.package);
    let offer = |action: ide::Action| {
        let trial = match later {
            true => None,
            false => ide::trial(db, package, &action),
        };
        let (edit, data) = match later {
            true => (None, Some(origin_of(snapshot, range))),
            false => (Some(Places::new(snapshot).edits(&action.edits)?), None),
        };
        let action = lsp::CodeAction {
            title: action.title,
            kind: Some(kind(action.kind)),
            edit,
            data,
            ..lsp::CodeAction::default()
        };
        Some(Offer { action, trial })
    };
    let found = ide::actions(db, package, selected(snapshot, range), &snapshot.modules);
    found.into_iter().filter_map(offer).collect()
}

/// One for each recording beside the file, where the selection is in a test or behind all items.
fn recorded_tests(snapshot: &Snapshot, range: lsp::Range) -> Vec<Offer> {
    let module = database::module(&snapshot.db, snapshot.file);
    let at = selected(snapshot, range);
    let touched = module.items.iter().rev().find(|node| node.offset <= at.end);
    let is_wanted = touched.is_none_or(|node| {
        let is_test = matches!(node.item.kind, ItemKind::Test(_) | ItemKind::FaultTest(_));
        is_test || node.item.span.shifted(node.offset).end < at.start
    });
    let path = snapshot.uris.first().and_then(Option::as_ref);
    let path = path.and_then(lsp::Uri::to_file_path);
    let folder = path.as_ref().and_then(|path| path.parent());
    let (Some(folder), true) = (folder, is_wanted) else {
        return Vec::new();
    };
    let mut data = origin_of(snapshot, range);
    let offer = |recording: PathBuf| {
        let name = recording.file_name()?.to_string_lossy();
        data["recording"] = json!(recording.to_str()?);
        let action = lsp::CodeAction {
            title: format!("Write tests from the run in `{name}`"),
            kind: Some(lsp::CodeActionKind::REFACTOR),
            data: Some(data.clone()),
            ..lsp::CodeAction::default()
        };
        Some(Offer {
            action,
            trial: None,
        })
    };
    recordings(folder).into_iter().filter_map(offer).collect()
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_recording = |path: &PathBuf| path.extension().is_some_and(|ending| ending == RECORDING);
    let mut found: Vec<PathBuf> = paths.filter(is_recording).collect();
    found.sort();
    found.truncate(RECORDINGS_MAX);
    found
}

/// The document with the tests at its end; none if it has changed.
pub fn with_tests(snapshot: &Snapshot, origin: &Origin, tests: &str) -> Option<lsp::WorkspaceEdit> {
    let text = snapshot.text();
    let end = u32::try_from(text.len()).ok()?;
    let edit = Edit {
        file: FileId(0),
        span: Span::at(end),
        new_text: format!("\n{tests}"),
    };
    let is_same = snapshot.version == origin.version;
    Places::new(snapshot).edits(&[edit]).filter(|_| is_same)
}

fn selected(snapshot: &Snapshot, range: lsp::Range) -> Span {
    let lines = snapshot.lines();
    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
    Span::new(start as u32, end as u32)
}

fn kind(kind: ActionKind) -> lsp::CodeActionKind {
    match kind {
        ActionKind::Rewrite => lsp::CodeActionKind::REFACTOR_REWRITE,
        ActionKind::Extract => lsp::CodeActionKind::REFACTOR_EXTRACT,
        ActionKind::Inline => lsp::CodeActionKind::REFACTOR_INLINE,
        ActionKind::Import => lsp::CodeActionKind::QUICKFIX,
    }
}

/// What an action is found by again.
pub struct Origin {
    pub uri: lsp::Uri,
    version: i32,
    range: lsp::Range,
    /// What the tests are to be of, where it is not a rewriting.
    pub recording: Option<PathBuf>,
}

fn origin_of(snapshot: &Snapshot, range: lsp::Range) -> Value {
    json!({ "uri": snapshot.uris.first(), "version": snapshot.version, "range": range })
}

/// Where an action without its edits was offered.
pub fn origin(action: &lsp::CodeAction) -> Option<Origin> {
    let data = action.data.as_ref()?;
    Some(Origin {
        uri: serde_json::from_value(data.get("uri")?.clone()).ok()?,
        version: serde_json::from_value(data.get("version")?.clone()).ok()?,
        range: serde_json::from_value(data.get("range")?.clone()).ok()?,
        recording: data
            .get("recording")
            .and_then(Value::as_str)
            .map(PathBuf::from),
    })
}

/// The action with its edits; none if the document is no longer that in which it was offered.
pub fn whole(snapshot: &Snapshot, origin: &Origin, title: &str) -> Option<Offer> {
    if snapshot.version != origin.version {
        return None;
    }
    let mut all = rewritings(snapshot, origin.range, false).into_iter();
    all.find(|offer| offer.action.title == title)
}
