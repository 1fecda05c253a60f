//! The report for a person at a terminal: the verdict, a line for each output, then what there is to say
//! about each bad one, then what was inserted.
//!
//! It stays readable with many outputs: those that are bad for one reason are told of together, and lists
//! have a length, past which the formats that have everything are named.

mod lists;
mod schedule;

use schedule::Watched;

use super::document::{Blame, Document, Fix, Subject};
use crate::terminal::Color;

pub(super) use lists::path_kind;

/// Reasons that are told in full.
const FULL_MAX: usize = 5;
/// Reasons that have a line after those.
const REASONS_MAX: usize = 40;
/// Fixes that are shown for one reason.
const FIXES_MAX: usize = 5;

/// Lines, in a terminal's colours or without.
pub(super) struct Page {
    text: String,
    colors: bool,
}

pub(super) fn render(document: &Document, colors: bool) -> String {
    let mut page = Page {
        text: String::new(),
        colors,
    };
    let color = match document.confluent {
        true => Color::Green,
        false => Color::Bold,
    };
    page.line(&page.paint(&document.verdict(), color));
    if let Some(after) = document.verdict_after() {
        page.line(&after);
    }
    let subjects = document.subjects();
    lists::overview(&mut page, &subjects);
    let reasons = reasons(&subjects);
    let (full, brief) = reasons.split_at(reasons.len().min(FULL_MAX));
    for reason in full {
        tell(&mut page, reason);
    }
    if !brief.is_empty() {
        mention(&mut page, brief);
    }
    lists::insertions(&mut page, document);
    lists::refusals(&mut page, document);
    lists::certificates(&mut page, &subjects);
    lists::paths(&mut page, document);
    page.text
}

/// Bad outputs and views, those with one cause together, in the order of the report.
fn reasons<'s, 'd>(subjects: &'s [Subject<'d>]) -> Vec<Vec<&'s Subject<'d>>> {
    let mut reasons: Vec<Vec<&Subject<'_>>> = Vec::new();
    for subject in subjects.iter().filter(|subject| !subject.is_good) {
        let same = |other: &Vec<&Subject<'_>>| {
            let first = other[0];
            !subject.because.is_empty()
                && first.title == subject.title
                && first.accepted == subject.accepted
                && cause(first) == cause(subject)
        };
        match reasons.iter_mut().find(|reason| same(reason)) {
            Some(reason) => reason.push(subject),
            None => reasons.push(vec![subject]),
        }
    }
    reasons
}

fn cause<'d>(subject: &Subject<'d>) -> Option<(&'d str, &'d str, &'d str)> {
    let first = subject.because.first()?;
    Some((&first.rule, first.kind, &first.over))
}

/// All about one reason. What it says in full it says of the first output that has it.
fn tell(page: &mut Page, reason: &[&Subject<'_>]) {
    let first = reason[0];
    page.blank();
    let names: Vec<&str> = reason.iter().map(|subject| &*subject.name).collect();
    let title = page.paint(&first.title, Color::Red);
    let head = page.paint(&lists::joined(&names), Color::Bold);
    page.line(&format!("{head}: {title}, {}", first.meaning));
    if let Some(why) = first.accepted {
        let accepted = page.paint("accepted", Color::Yellow);
        page.line(&format!("  {accepted}: {why}"));
    }
    if let Some((shortest, others)) = first.because.split_first() {
        blame(page, shortest);
        if !others.is_empty() {
            page.line(&format!("  also: {}", lists::joined(&also(others))));
        }
    }
    // What was accepted needs no proof and no mending.
    if first.accepted.is_some() {
        return;
    }
    if let Some(witness) = first.witness {
        page.line(&page.paint(&format!("  {}", witness.title()), Color::Bold));
        let watched = Watched {
            name: &first.name,
            is_view: first.is_view,
        };
        for row in schedule::diagram(witness, watched) {
            page.line(&format!("    {row}"));
        }
    }
    fixes(page, first.fixes);
}

/// A line for each of the reasons that are left.
fn mention(page: &mut Page, reasons: &[Vec<&Subject<'_>>]) {
    page.heading("and further");
    for reason in reasons.iter().take(REASONS_MAX) {
        let names: Vec<&str> = reason.iter().map(|subject| &*subject.name).collect();
        let cause = reason[0].because.first().map(|blame| {
            let Blame {
                kind, over, rule, ..
            } = blame;
            format!(", {kind} over {over} at {rule}")
        });
        let cause = cause.unwrap_or_default();
        page.line(&format!(
            "  {}: {}{cause}",
            lists::joined(&names),
            reason[0].title
        ));
    }
    lists::left_out(page, reasons.len(), REASONS_MAX);
}

fn blame(page: &mut Page, blame: &Blame) {
    let excerpt = match blame.excerpt.as_str() {
        "" => format!("because: {}\n  at {}\n", blame.text, blame.rule),
        drawn => drawn.to_owned(),
    };
    for row in excerpt.trim_end().lines() {
        page.line(&format!("  {row}"));
    }
    if blame.path.len() > 1 {
        page.line(&format!("  way: {}", blame.path.join(" → ")));
    }
}

fn also(others: &[Blame]) -> Vec<String> {
    let place = |other: &Blame| format!("{} over {} at {}", other.kind, other.over, other.rule);
    others.iter().map(place).collect()
}

fn fixes(page: &mut Page, fixes: &[Fix]) {
    if fixes.is_empty() {
        return;
    }
    page.line(&page.paint("  ways to mend it, the cheapest first", Color::Bold));
    for (number, fix) in (1..).zip(fixes.iter().take(FIXES_MAX)) {
        page.line(&format!("  {number}. {}", fix.title));
        for change in &fix.diff {
            let color = match change.starts_with('-') {
                true => Color::Red,
                false => Color::Green,
            };
            page.line(&format!("       {}", page.paint(change, color)));
        }
    }
    if let Some(more) = fixes.len().checked_sub(FIXES_MAX + 1) {
        page.line(&format!("     {} more: {}", more + 1, lists::ELSEWHERE));
    }
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        self.line(&self.paint(text, Color::Bold));
    }

    fn paint(&self, text: &str, color: Color) -> String {
        match self.colors {
            true => color.paint(text),
            false => text.to_owned(),
        }
    }
}
