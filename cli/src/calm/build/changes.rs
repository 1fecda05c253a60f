//! A fix as a document has it: its edits by lines and columns, and the lines that change.

use bloom_compiler::base::{self, Sources};

use crate::calm::document::{Edit, Fix, Position, Span};

pub(super) fn fix(fix: &base::Fix, sources: &Sources) -> Fix {
    Fix {
        title: fix.title.clone(),
        edits: fix.edits.iter().map(|edit| placed(edit, sources)).collect(),
        diff: diff(&fix.edits, sources),
    }
}

fn placed(edit: &base::Edit, sources: &Sources) -> Edit {
    let (start, end) = sources.positions(edit.place());
    let position = |at: base::Position| Position {
        line: at.line,
        column: at.column,
    };
    Edit {
        file: sources.path(edit.file).to_owned(),
        span: Span {
            start: position(start),
            end: position(end),
        },
        new_text: edit.new_text.clone(),
    }
}

/// The lines that the edits change, before and after, each after `- ` or `+ `.
fn diff(edits: &[base::Edit], sources: &Sources) -> Vec<String> {
    let mut sorted: Vec<&base::Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.file, edit.span));
    let mut lines = Vec::new();
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first() {
        let (start, mut end) = line_range(first, sources);
        let mut count = 1;
        while let Some(next) = rest.get(count).filter(|next| next.file == first.file) {
            let (next_start, next_end) = line_range(next, sources);
            if next_start > end {
                break;
            }
            end = end.max(next_end);
            count += 1;
        }
        let text = sources.text(first.file);
        let before = &text[start..end];
        let mut after = before.to_owned();
        for edit in rest[..count].iter().rev() {
            let range = sources.range(edit.place());
            after.replace_range(range.start - start..range.end - start, &edit.new_text);
        }
        lines.extend(changed(before, &after));
        rest = &rest[count..];
    }
    lines
}

/// From the start of the edit's first line to the end of its last.
fn line_range(edit: &base::Edit, sources: &Sources) -> (usize, usize) {
    let text = sources.text(edit.file);
    let range = sources.range(edit.place());
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..]
        .find('\n')
        .map_or(text.len(), |at| range.end + at);
    (start, end)
}

/// Lines of two texts without those at the start and end that are the same.
fn changed(before: &str, after: &str) -> Vec<String> {
    let before: Vec<&str> = before.lines().collect();
    let after: Vec<&str> = after.lines().collect();
    let same =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = same(&mut before.iter().zip(&after));
    let shorter = before.len().min(after.len()) - head;
    let tail = same(&mut before.iter().rev().zip(after.iter().rev())).min(shorter);
    let removed = before[head..before.len() - tail]
        .iter()
        .map(|line| format!("- {}", line.trim_start()));
    let added = after[head..after.len() - tail]
        .iter()
        .map(|line| format!("+ {}", line.trim_start()));
    removed.chain(added).collect()
}
