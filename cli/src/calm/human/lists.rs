//! The lists of the report: all outputs, what was inserted, what certificates rest on, the ways.

use super::Page;
use crate::calm::document::{Assumption, Document, Insertion, Path, Subject};
use crate::terminal::Color;

/// Where what was left out can be read.
pub(super) const ELSEWHERE: &str = "--format json and html have them all";
/// Names in one enumeration.
const NAMES_MAX: usize = 6;
/// Rows of a list.
const ROWS_MAX: usize = 16;

/// Every output and view with its label and what that means.
pub(super) fn overview(page: &mut Page, subjects: &[Subject<'_>]) {
    if subjects.is_empty() {
        return;
    }
    page.blank();
    let titles = width(subjects.iter().map(|subject| subject.title.as_str()));
    let names = width(subjects.iter().map(|subject| subject.name.as_str()));
    for subject in subjects {
        let title = padded(&subject.title, titles);
        let color = match (subject.is_good, subject.accepted) {
            (true, _) => Color::Green,
            (false, Some(_)) => Color::Yellow,
            (false, None) => Color::Red,
        };
        let title = page.paint(&title, color);
        let name = padded(&subject.name, names);
        let meaning = match subject.accepted {
            Some(_) => format!("{}; accepted", subject.meaning),
            None => subject.meaning.to_owned(),
        };
        page.line(&format!("  {title}  {name}  {meaning}"));
    }
}

/// What is inserted and what it costs, what is advised, and the labels before and after.
pub(super) fn insertions(page: &mut Page, document: &Document) {
    if !document.coordination.is_empty() {
        page.heading("inserted");
        document
            .coordination
            .iter()
            .for_each(|one| insertion(page, one));
        before_and_after(page, document);
    }
    if !document.advice.is_empty() {
        page.heading("advised, not inserted");
        document.advice.iter().for_each(|one| insertion(page, one));
    }
}

/// Why no coordination makes the program fit to run.
pub(super) fn refusals(page: &mut Page, document: &Document) {
    if document.refused.is_empty() {
        return;
    }
    page.heading("refused, unless it is accepted or runs without coordination");
    for reason in &document.refused {
        page.line(&format!("  {}", page.paint(reason, Color::Red)));
    }
}

fn insertion(page: &mut Page, insertion: &Insertion) {
    let by = match insertion.by.as_slice() {
        [] => String::new(),
        columns => format!(" by {}", columns.join(", ")),
    };
    let names = joined(&insertion.full_names);
    page.line(&format!(
        "  {} {}{by}, for {names}",
        insertion.kind, insertion.on
    ));
    if !insertion.why.is_empty() {
        page.line(&format!("    {}", insertion.why));
    }
    if !insertion.price.is_empty() {
        page.line(&format!(
            "    {}: {}",
            page.paint("price", Color::Yellow),
            insertion.price
        ));
    }
}

fn before_and_after(page: &mut Page, document: &Document) {
    let subjects = document.subjects();
    let changed: Vec<(&Subject<'_>, &str)> = subjects
        .iter()
        .filter_map(|subject| Some((subject, subject.after.as_deref()?)))
        .filter(|(subject, after)| subject.title != *after)
        .collect();
    if changed.is_empty() {
        return;
    }
    let names = width(changed.iter().map(|(subject, _)| subject.name.as_str()));
    let titles =
        width(changed.iter().map(|(subject, _)| subject.title.as_str())).max("as written".len());
    page.blank();
    let head = format!(
        "  {}  {}  coordinated",
        padded("", names),
        padded("as written", titles)
    );
    page.line(&page.paint(&head, Color::Faint));
    for (subject, after) in changed {
        let name = padded(&subject.name, names);
        let title = padded(&subject.title, titles);
        page.line(&format!("  {name}  {title}  {after}"));
    }
}

/// What good labels rest on, each assumption once.
pub(super) fn certificates(page: &mut Page, subjects: &[Subject<'_>]) {
    let mut rests: Vec<(&Assumption, Vec<&str>)> = Vec::new();
    for subject in subjects.iter().filter(|subject| subject.is_good) {
        for assumption in subject.certificate {
            match rests.iter_mut().find(|(known, _)| *known == assumption) {
                Some((_, names)) => names.push(&subject.name),
                None => rests.push((assumption, vec![&subject.name])),
            }
        }
    }
    if rests.is_empty() {
        return;
    }
    page.heading("what this rests on");
    for (assumption, names) in rests.iter().take(ROWS_MAX) {
        page.line(&format!("  {} ({})", assumption.text, joined(names)));
    }
    left_out(page, rests.len(), ROWS_MAX);
}

/// Bud's table: the ways from sources to outputs, the doubtful ones first.
pub(super) fn paths(page: &mut Page, document: &Document) {
    if document.paths.is_empty() {
        return;
    }
    page.heading("ways from sources to outputs");
    let mut paths: Vec<&Path> = document.paths.iter().collect();
    paths.sort_by_key(|path| !(path.asynchronous && path.nonmonotone));
    let shown = &paths[..paths.len().min(ROWS_MAX)];
    let from = width(shown.iter().map(|path| path.from.as_str()));
    let to = width(shown.iter().map(|path| path.to.as_str()));
    for path in shown {
        let kind = path_kind(path);
        let kind = match path.asynchronous && path.nonmonotone {
            true => page.paint(kind, Color::Yellow),
            false => kind.to_owned(),
        };
        page.line(&format!(
            "  {} → {}  {kind}",
            padded(&path.from, from),
            padded(&path.to, to)
        ));
    }
    left_out(page, paths.len(), ROWS_MAX);
}

/// In the words of Bud's table.
pub(in crate::calm) const fn path_kind(path: &Path) -> &'static str {
    match (path.asynchronous, path.nonmonotone) {
        (true, true) => "asynchronous and nonmonotone",
        (true, false) => "asynchronous",
        (false, true) => "nonmonotone",
        (false, false) => "monotone",
    }
}

pub(super) fn left_out(page: &mut Page, all: usize, shown: usize) {
    if let Some(more) = all.checked_sub(shown + 1) {
        page.line(&format!("  {} more: {ELSEWHERE}", more + 1));
    }
}

/// `a, b and 4 more`.
pub(super) fn joined<S: AsRef<str>>(names: &[S]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_MAX).map(AsRef::as_ref).collect();
    let text = shown.join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn width<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

fn padded(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}
