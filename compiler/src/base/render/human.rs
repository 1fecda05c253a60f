//! Diagnostics for people, with the source beside them.

use crate::base::codes::Severity;
use crate::base::diagnostic::{Diagnostic, Fix, Label};
use crate::base::source::Sources;
use ariadne::{Color, Config, IndexType, Report, ReportKind};
use std::ops::Range;

/// Longer lines are not shown: they are no help, and drawing them takes long.
const LINE_BYTES_MAX: usize = 2_000;

/// Of what an excerpt is about.
const HEADLINE: Color = Color::Yellow;

/// The diagnostic with the lines it is about, in colours if `color`.
pub fn human(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let diagnostic = &sources.located(diagnostic);
    if too_long_to_draw(diagnostic, sources) {
        return brief(diagnostic, sources);
    }
    let config = Config::default()
        .with_color(color)
        .with_index_type(IndexType::Byte);
    let (kind, tint) = match diagnostic.severity {
        Severity::Error => (ReportKind::Error, Color::Red),
        Severity::Warning => (ReportKind::Warning, Color::Yellow),
        Severity::Info => (ReportKind::Advice, Color::Cyan),
    };
    let mut report = Report::build(kind, place(&diagnostic.primary, sources))
        .with_config(config)
        .with_code(diagnostic.code)
        .with_message(&diagnostic.message);
    let others = diagnostic.labels.iter().map(|label| (label, Color::Blue));
    let mut labels: Vec<_> = std::iter::once((&diagnostic.primary, tint))
        .chain(others)
        .collect();
    // Labels that follow each other down a file share its excerpt.
    labels.sort_by_key(|(label, _)| {
        let elsewhere = label.file != diagnostic.primary.file;
        (elsewhere, label.file, sources.range(label.place()).end)
    });
    for (order, (label, color)) in (0..).zip(labels) {
        report.add_label(drawn(label, sources, color).with_order(order));
    }
    for help in &diagnostic.help {
        report.add_help(help);
    }
    for fix in &diagnostic.fixes {
        report.add_help(described(fix, sources));
    }
    let mut out = Vec::new();
    let cache = ariadne::sources(sources.iter().map(|(path, text)| (path.to_owned(), text)));
    let written = report.finish().write(cache, &mut out);
    match written {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => brief(diagnostic, sources),
    }
}

/// The lines that `labels` are about, under a headline; the first label is the one that matters.
pub fn excerpt(
    kind: &str,
    message: &str,
    labels: &[Label],
    sources: &Sources,
    color: bool,
) -> String {
    let Some(first) = labels.first() else {
        return format!("{kind}: {message}\n");
    };
    let plain = || {
        let (start, _) = sources.positions(first.place());
        let path = sources.path(first.file);
        format!(
            "{kind}: {message}\n  at {path}:{}:{}\n",
            start.line, start.column
        )
    };
    if labels.iter().any(|label| is_too_long(label, sources)) {
        return plain();
    }
    let config = Config::default()
        .with_color(color)
        .with_index_type(IndexType::Byte);
    let mut report = Report::build(ReportKind::Custom(kind, HEADLINE), place(first, sources))
        .with_config(config)
        .with_message(message);
    // In the order of the text, or the lines would be shown in several frames.
    let mut sorted: Vec<&Label> = labels.iter().collect();
    sorted.sort_by_key(|label| (label.file != first.file, label.file, label.span));
    for label in sorted {
        let tint = if label == first {
            HEADLINE
        } else {
            Color::Blue
        };
        report.add_label(drawn(label, sources, tint));
    }
    let mut out = Vec::new();
    let cache = ariadne::sources(sources.iter().map(|(path, text)| (path.to_owned(), text)));
    if report.finish().write(cache, &mut out).is_err() {
        return plain();
    }
    let text = String::from_utf8_lossy(&out).into_owned();
    match color {
        true => text,
        // The headline of a kind of our own is coloured whatever the configuration says.
        false => text.replace("\x1b[33m", "").replace("\x1b[0m", ""),
    }
}

fn drawn(label: &Label, sources: &Sources, color: Color) -> ariadne::Label<(String, Range<usize>)> {
    let message = if label.text.is_empty() {
        "here"
    } else {
        &label.text
    };
    ariadne::Label::new(place(label, sources))
        .with_message(message)
        .with_color(color)
}

fn place(label: &Label, sources: &Sources) -> (String, Range<usize>) {
    (
        sources.path(label.file).to_owned(),
        sources.range(label.place()),
    )
}

/// What the fix does, in words. One that changes several lines is told by its title.
fn described(fix: &Fix, sources: &Sources) -> String {
    let is_long = fix.edits.len() > 1 || fix.edits.iter().any(|edit| edit.new_text.contains('\n'));
    if is_long && !fix.title.is_empty() {
        return fix.title.clone();
    }
    let edits = fix.edits.iter().map(|edit| {
        let old = &sources.text(edit.file)[sources.range(edit.place())];
        match (old, edit.new_text.as_str()) {
            ("", new) => format!("insert `{new}`"),
            (old, "") => format!("remove `{old}`"),
            (old, new) => format!("replace `{old}` by `{new}`"),
        }
    });
    let edits: Vec<String> = edits.collect();
    if fix.title.is_empty() {
        edits.join(", ")
    } else {
        format!("{}: {}", fix.title, edits.join(", "))
    }
}

fn too_long_to_draw(diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.labels);
    labels.into_iter().any(|label| is_too_long(label, sources))
}

fn is_too_long(label: &Label, sources: &Sources) -> bool {
    let text = sources.text(label.file);
    let range = sources.range(label.place());
    let before = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let after = text[range.end..]
        .find('\n')
        .unwrap_or(text.len() - range.end);
    let longest = text[before..range.end + after].lines().map(str::len).max();
    longest.unwrap_or(0) > LINE_BYTES_MAX
}

/// The diagnostic without its source.
fn brief(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let (start, _) = sources.positions(diagnostic.primary.place());
    let path = sources.path(diagnostic.primary.file);
    let severity = super::severity_name(diagnostic.severity);
    let mut out = format!(
        "{severity}[{}]: {}\n  at {path}:{}:{}\n",
        diagnostic.code, diagnostic.message, start.line, start.column
    );
    for help in &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}
