//! Diagnostics as JSON, one object a line.

use super::severity_name;
use crate::base::diagnostic::{Diagnostic, Edit, Fix, Label};
use crate::base::source::{Position, Sources};
use crate::base::span::FileSpan;
use serde_json::{Value, json};

/// The diagnostic as one line of JSON, without the line's end.
pub fn json_line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let diagnostic = &sources.located(diagnostic);
    let primary = &diagnostic.primary;
    let labels: Vec<Value> = diagnostic
        .labels
        .iter()
        .map(|label| label_value(label, sources))
        .collect();
    let fixes: Vec<Value> = diagnostic
        .fixes
        .iter()
        .map(|fix| fix_value(fix, sources))
        .collect();
    json!({
        "code": diagnostic.code.id(),
        "severity": severity_name(diagnostic.severity),
        "message": diagnostic.message,
        "file": sources.path(primary.file),
        "span": span_value(primary.place(), sources),
        "label": primary.text,
        "labels": labels,
        "help": diagnostic.help,
        "fixes": fixes,
    })
    .to_string()
}

fn label_value(label: &Label, sources: &Sources) -> Value {
    json!({
        "message": label.text,
        "file": sources.path(label.file),
        "span": span_value(label.place(), sources),
    })
}

fn fix_value(fix: &Fix, sources: &Sources) -> Value {
    let edits: Vec<Value> = fix
        .edits
        .iter()
        .map(|edit| edit_value(edit, sources))
        .collect();
    json!({ "title": fix.title, "edits": edits })
}

fn edit_value(edit: &Edit, sources: &Sources) -> Value {
    json!({
        "file": sources.path(edit.file),
        "span": span_value(edit.place(), sources),
        "new_text": edit.new_text,
    })
}

fn span_value(place: FileSpan, sources: &Sources) -> Value {
    let (start, end) = sources.positions(place);
    json!({ "start": position_value(start), "end": position_value(end) })
}

fn position_value(position: Position) -> Value {
    json!({ "line": position.line, "column": position.column })
}
