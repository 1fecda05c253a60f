//! Rewritings that a person may want where nothing is wrong, one file each.
//!
//! An action is found by what is around the selection alone. Whether the rewritten program then has a mistake more, a
//! [`Trial`] finds out, which checks the whole program anew: who asks at every movement of a cursor tries only what is
//! chosen. Those of [`ActionKind::Rewrite`], [`ActionKind::Extract`] and [`ActionKind::Inline`] that stand in
//! `columns`, `extract` and `inline` keep the meaning, too: every collection that was there before holds the same
//! rows as long as no derivation fails.

use super::complete::Scene;
use crate::base::{Diagnostic, Edit, FileId, Span};
use crate::check::{File, check};
use crate::database::{self, Db, Language, Package};

mod columns;
mod extract;
mod import;
mod inline;
mod keep;
mod lattice;
mod sealed;
mod site;
mod view;

use site::Site;

/// The texts of a program in which rewritings are offered are no longer than this, since each may be tried, and is then
/// checked as from nothing.
const TRIED_BYTES_MAX: usize = 400_000;

/// What a rewriting does, as editors sort them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    Rewrite,
    Extract,
    Inline,
    /// What it imports is no part of the program yet, so it cannot be tried.
    Import,
}

/// A rewriting of the root file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub title: String,
    pub kind: ActionKind,
    /// By place; none over another.
    pub edits: Vec<Edit>,
}

/// What can be done with what is selected. `modules` are the paths of what can be imported.
pub fn actions(db: &dyn Db, package: Package, selected: Span, modules: &[String]) -> Vec<Action> {
    let Some(&root) = package.files(db).first() else {
        return Vec::new();
    };
    if root.language(db) == Language::Dedalus {
        return Vec::new();
    }
    let Some(scene) = Scene::new(db, package, selected.start) else {
        return Vec::new();
    };
    let site = Site {
        db,
        package,
        scene,
        text: root.text(db),
        selected,
    };
    let mut found = Vec::new();
    found.extend(columns::name_columns(&site));
    found.extend(extract::extract(&site));
    found.extend(inline::inline(&site));
    found.extend(keep::keep(&site));
    found.extend(view::to_view(&site));
    found.extend(lattice::to_lattice(&site));
    found.extend(sealed::seal_by(&site));
    let bytes: usize = package.files(db).iter().map(|f| f.text(db).len()).sum();
    if bytes > TRIED_BYTES_MAX {
        found.clear();
    }
    found.extend(import::import(&site, modules));
    found
}

/// The program as an action leaves it; it needs no database, so that trying it holds up nobody.
pub struct Trial {
    files: Vec<TriedFile>,
    /// How many the program has as it is.
    errors: usize,
}

struct TriedFile {
    name: String,
    text: String,
    dedalus: bool,
}

/// None of what cannot be tried.
pub fn trial(db: &dyn Db, package: Package, action: &Action) -> Option<Trial> {
    if action.kind == ActionKind::Import {
        return None;
    }
    let mut files: Vec<TriedFile> = package
        .files(db)
        .iter()
        .map(|file| TriedFile {
            name: file.name(db).clone(),
            text: file.text(db).to_string(),
            dedalus: file.language(db) == Language::Dedalus,
        })
        .collect();
    for edit in action.edits.iter().rev() {
        let text = &mut files[edit.file.0 as usize].text;
        text.replace_range(edit.span.range(), &edit.new_text);
    }
    let errors = errors_of(&database::diagnostics(db, package));
    Some(Trial { files, errors })
}

impl Trial {
    /// Whether the program has no error more than before.
    pub fn passes(&self) -> bool {
        let files = self.files.iter().map(|file| File {
            name: &file.name,
            text: &file.text,
            dedalus: file.dedalus,
        });
        let files: Vec<File<'_>> = files.collect();
        errors_of(&check(&files).diagnostics) <= self.errors
    }
}

fn errors_of(diagnostics: &[Diagnostic]) -> usize {
    diagnostics.iter().filter(|one| one.is_error()).count()
}

/// An edit of the root file.
fn replaced(span: Span, new_text: impl Into<String>) -> Edit {
    Edit {
        file: FileId(0),
        span,
        new_text: new_text.into(),
    }
}
