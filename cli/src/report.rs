//! Diagnostics on the terminal and for machines.

use bloom_compiler::base::{Diagnostic, Severity, Sources as Texts, codes, render};

use crate::sources::Sources;
use crate::terminal;

/// Prints what is wrong with a program for people, to stderr.
pub(crate) fn problems_to_stderr(sources: &Sources, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        terminal::report(&human(diagnostic, &sources.texts));
    }
}

/// Tells how much there was to report, if anything was.
pub(crate) fn count_to_stderr(diagnostics: &[Diagnostic]) {
    if let Some(summary) = summary(diagnostics) {
        terminal::report(&format!("{summary}\n"));
    }
}

/// A diagnostic for people, as stderr shows it.
pub(crate) fn human(diagnostic: &Diagnostic, texts: &Texts) -> String {
    // Of a file that is too large no line is worth showing, and it may be a single one.
    if diagnostic.code == codes::E0111 {
        let path = texts.path(diagnostic.primary.place().file);
        return format!(
            "error[{}]: {}\n --> {path}\n",
            diagnostic.code, diagnostic.message
        );
    }
    render::human(diagnostic, texts, terminal::colors_stderr())
}

/// A diagnostic for people, without colors.
pub(crate) fn plain(diagnostic: &Diagnostic, texts: &Texts) -> String {
    render::human(diagnostic, texts, false)
}

/// `2 errors, 1 warning`; none if there is nothing to count.
fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let part = |number: usize, noun: &str| match number {
        0 => None,
        1 => Some(format!("1 {noun}")),
        _ => Some(format!("{number} {noun}s")),
    };
    let parts: Vec<String> = [
        part(count(Severity::Error), "error"),
        part(count(Severity::Warning), "warning"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
