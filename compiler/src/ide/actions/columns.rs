//! A row by position becomes one by name; of a row by name, all columns are named.

use super::site::{Columns, Row, Simple, Site, row_of_head};
use super::{Action, ActionKind, replaced};
use crate::base::Span;

/// What can be done with the row that the selection is in.
pub(super) fn name_columns(site: &Site<'_>) -> Vec<Action> {
    let Some(of) = site.rule() else {
        return Vec::new();
    };
    let body = of.body().map(|(_, row)| row);
    let rows = [row_of_head(&of.rule.head)].into_iter().chain(body);
    let selected = rows.filter(|row| site.holds(of.place(row.span)));
    selected
        .filter_map(|row| named(site, &row, of.base))
        .collect()
}

fn named(site: &Site<'_>, row: &Row<'_>, base: u32) -> Option<Action> {
    let path: Vec<&str> = row.path.segments.iter().map(|name| name.as_str()).collect();
    let seen = site.scene.find(&path)?;
    let columns = seen.collection.columns.iter();
    let columns: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
    let span = row.span.shifted(base);
    let whole = site.written(span);
    let by_position = match &row.columns {
        Columns::ByPosition(values) => values,
        Columns::ByName(given) => {
            let bracket = whole.find('{')?;
            let opened = Span::new(span.start + bracket as u32, span.end);
            let given: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
            return all_named(site, &path, &columns, &given, opened);
        }
    };
    let bracket = whole.find('(')?;
    let opened = Span::new(span.start + bracket as u32, span.end);
    if columns.len() != by_position.len() {
        return None;
    }
    let values = columns.iter().zip(by_position);
    let fields = values.filter_map(|(column, value)| match value.is {
        Simple::Wildcard => None,
        Simple::Name(name) if name == *column => Some(name.to_owned()),
        Simple::Name(_) | Simple::Other => {
            let written = site.written(value.span.shifted(base));
            Some(format!("{column}: {}", written.trim()))
        }
    });
    let fields: Vec<String> = fields.collect();
    Some(Action {
        title: format!("Name the columns of `{}`", path.join(".")),
        kind: ActionKind::Rewrite,
        edits: vec![replaced(opened, format!("{{{}}}", fields.join(", ")))],
    })
}

/// Columns that are not named yet become variables of their names.
fn all_named(
    site: &Site<'_>,
    path: &[&str],
    columns: &[&str],
    given: &[&str],
    opened: Span,
) -> Option<Action> {
    let missing = columns.iter().filter(|column| !given.contains(column));
    let missing: Vec<&str> = missing.copied().collect();
    let inside = site.written(opened).trim_end();
    let inside = inside.strip_prefix('{')?.strip_suffix('}')?;
    let inside = inside.trim().trim_end_matches(',');
    let rest = missing.join(", ");
    let new_text = match inside.is_empty() {
        true => format!("{{{rest}}}"),
        false => format!("{{{inside}, {rest}}}"),
    };
    (!missing.is_empty()).then(|| Action {
        title: format!("Name all columns of `{}`", path.join(".")),
        kind: ActionKind::Rewrite,
        edits: vec![replaced(opened, new_text)],
    })
}
