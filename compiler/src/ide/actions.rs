//! Rewritings that a person may want where nothing is wrong, one file each.
//!
//! As with renaming, an action is tried before it is offered: the rewritten program must have no mistake more than
//! before. Those of [`ActionKind::Rewrite`], [`ActionKind::Extract`] and [`ActionKind::Inline`] that stand in
//! `columns`, `extract` and `inline` keep the meaning, too: every collection that was there before holds the same
//! rows as long as no derivation fails.

use super::complete::Scene;
use crate::base::{Edit, FileId, Span};
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

/// The texts of a program of which rewritings are tried are no longer than this: each is checked as from nothing.
const TRIED_BYTES_MAX: usize = 400_000;

/// What a rewriting does, as editors sort them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    Rewrite,
    Extract,
    Inline,
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
    retain_sound(db, package, &mut found);
    // What would be imported is no part of the program yet, so it cannot be tried.
    found.extend(import::import(&site, modules));
    found
}

/// Keeps those after which the program has no error more.
fn retain_sound(db: &dyn Db, package: Package, actions: &mut Vec<Action>) {
    let bytes: usize = package.files(db).iter().map(|f| f.text(db).len()).sum();
    if actions.is_empty() || bytes > TRIED_BYTES_MAX {
        actions.clear();
        return;
    }
    let diagnostics = database::diagnostics(db, package);
    let before = diagnostics.iter().filter(|one| one.is_error()).count();
    actions.retain(|action| errors_with(db, package, &action.edits) <= before);
}

fn errors_with(db: &dyn Db, package: Package, edits: &[Edit]) -> usize {
    let files = package.files(db);
    let mut texts: Vec<String> = files.iter().map(|file| file.text(db).clone()).collect();
    for edit in edits.iter().rev() {
        texts[edit.file.0 as usize].replace_range(edit.span.range(), &edit.new_text);
    }
    let files: Vec<File<'_>> = files
        .iter()
        .zip(&texts)
        .map(|(file, text)| File {
            name: file.name(db),
            text,
            dedalus: file.language(db) == Language::Dedalus,
        })
        .collect();
    let diagnostics = check(&files).diagnostics;
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
