//! Diagnostics as a SARIF 2.1.0 log, which code hosts and editors read.

use crate::base::codes::{Code, Severity};
use crate::base::diagnostic::{Diagnostic, Edit, Fix, Label};
use crate::base::source::Sources;
use crate::base::span::FileSpan;
use serde_json::{Value, json};

/// All of `diagnostics` as one log.
pub fn sarif(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let located = diagnostics.iter().map(|own| sources.located(own));
    let diagnostics: Vec<Diagnostic> = located.collect();
    let diagnostics = &diagnostics[..];
    let mut codes: Vec<Code> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect();
    codes.sort_by_key(|code| code.id());
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| result(diagnostic, sources))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "bloom",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "shortDescription": { "text": code.title() },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

fn result(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let mut text = diagnostic.message.clone();
    for help in &diagnostic.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let related: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| location(label, sources))
        .collect();
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| fix_value(fix, sources))
        .collect();
    json!({
        "ruleId": diagnostic.code.id(),
        "level": level(diagnostic.severity),
        "message": { "text": text },
        "locations": [location(&diagnostic.primary, sources)],
        "relatedLocations": related,
        "fixes": fixes,
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn location(label: &Label, sources: &Sources) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(sources.path(label.file)) },
            "region": region(label.place(), sources),
        },
        "message": { "text": label.text },
    })
}

fn region(place: FileSpan, sources: &Sources) -> Value {
    let (start, end) = sources.positions(place);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn fix_value(fix: &Fix, sources: &Sources) -> Value {
    let changes: Vec<Value> = fix.edits.iter().map(|edit| change(edit, sources)).collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

fn change(edit: &Edit, sources: &Sources) -> Value {
    json!({
        "artifactLocation": { "uri": uri(sources.path(edit.file)) },
        "replacements": [{
            "deletedRegion": region(edit.place(), sources),
            "insertedContent": { "text": edit.new_text },
        }],
    })
}

/// The path as a relative reference: what is not plain is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'\\' => out.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
