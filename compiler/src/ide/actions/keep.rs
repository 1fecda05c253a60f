//! Rows that live for one tick are kept in a table, so that what they are joined with may come later.

use super::site::{RuleSite, Site};
use super::{Action, ActionKind, replaced};
use crate::base::{Edit, Span};
use crate::calm::fixes::Copied;
use crate::syntax::ast::ItemKind;

/// The side of a join that the selection is in.
pub(super) fn keep(site: &Site<'_>) -> Option<Action> {
    let of = site.rule()?;
    if of.rule.body.len() < 2 || !of.is_lasting() {
        return None;
    }
    let mut rows = of.body().map(|(_, row)| row);
    let row = rows.find(|row| site.holds(of.place(row.span)))?;
    let declared = site.declared_at(site.meant_by(&row.path, of.base)?)?;
    let first = row.path.segments.first()?.span;
    let path = of.place(first.cover(row.path.last().span));
    let written = site.written(path);
    let segments = row.path.segments.iter();
    let segments: Vec<&str> = segments.map(|name| name.as_str()).collect();
    let collection = site.scene.find(&segments)?.collection;
    if !collection.kind.supply().is_passing() {
        return None;
    }
    let kept = site.fresh(&format!("{}_kept", written.replace('.', "_")));
    let program = site.scene.program;
    let copy = declared
        .written(site)
        .copy(program, collection, &kept, written)?;
    let mut edits = vec![before(site, &of, &copy)];
    edits.push(replaced(path, kept));
    Some(Action {
        title: format!("Keep the rows of `{written}` in a table"),
        kind: ActionKind::Rewrite,
        edits,
    })
}

/// Before the item that a rule is or stands in.
fn before(site: &Site<'_>, of: &RuleSite<'_>, copy: &Copied) -> Edit {
    let Copied { table, rule } = copy;
    let start = of.place(of.item.span).start;
    let indent = site.indent(start);
    let text = if let ItemKind::Rules(group) = &of.item.kind {
        format!(
            "{table}\n{indent}rules keep_for_{} {{\n{indent}  {rule}\n{indent}}}\n{indent}",
            group.name
        )
    } else {
        format!("{table}\n{indent}{rule}\n{indent}")
    };
    replaced(Span::at(start), text)
}
