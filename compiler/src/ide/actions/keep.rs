//! Rows that live for one tick are kept in a table, so that what they are joined with may come later.

use super::site::{Declared, RuleSite, Site};
use super::{Action, ActionKind, replaced};
use crate::base::Span;
use crate::syntax::ast::{CollectionKind, Column, ItemKind};

/// The side of a join that the selection is in.
pub(super) fn keep(site: &Site<'_>) -> Option<Action> {
    let of = site.rule()?;
    if of.rule.body.len() < 2 || !of.is_lasting() {
        return None;
    }
    let mut rows = of.body().map(|(_, row)| row);
    let row = rows.find(|row| site.holds(of.place(row.span)))?;
    let declared = site.declared_at(site.meant_by(&row.path, of.base)?)?;
    if !is_passing(declared.decl.kind) {
        return None;
    }
    let first = row.path.segments.first()?.span;
    let path = of.place(first.cover(row.path.last().span));
    let written = site.written(path);
    let kept = site.fresh(&format!("{}_kept", written.replace('.', "_")));
    let segments = row.path.segments.iter();
    let segments: Vec<&str> = segments.map(|name| name.as_str()).collect();
    let seen = site.scene.find(&segments)?;
    let types = seen.types?.collections.get(seen.id)?;
    let types = types.iter().map(|column| column.ty);
    let grows: Vec<bool> = types
        .map(|ty| site.scene.typed.types.is_lattice(ty))
        .collect();
    let (declaration, rule) = parts(site, &declared, &grows, &kept, written)?;
    let mut edits = vec![before(site, &of, &declaration, &rule)];
    edits.push(replaced(path, kept));
    Some(Action {
        title: format!("Keep the rows of `{written}` in a table"),
        kind: ActionKind::Rewrite,
        edits,
    })
}

/// Whether rows come and are gone after a tick.
fn is_passing(kind: CollectionKind) -> bool {
    match kind {
        CollectionKind::Scratch
        | CollectionKind::Input
        | CollectionKind::Channel
        | CollectionKind::Loopback => true,
        CollectionKind::Table
        | CollectionKind::Static
        | CollectionKind::Output
        | CollectionKind::View => false,
    }
}

/// The table, and the rule that fills it. Unless rows are immutable, all plain columns are key: rows that came in
/// different ticks may share a key.
fn parts(
    site: &Site<'_>,
    declared: &Declared<'_>,
    grows: &[bool],
    kept: &str,
    written: &str,
) -> Option<(String, String)> {
    let decl = declared.decl;
    let all = decl.keys.iter().chain(decl.values.iter().flatten());
    let columns: Vec<&Column> = all.collect();
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    for (at, column) in columns.iter().enumerate() {
        let ty = column.ty.as_ref()?.span.shifted(declared.base);
        let text = format!("{}: {}", column.name, site.written(ty).trim());
        let is_value = at >= decl.keys.len() && decl.immutable.is_some();
        match is_value || *grows.get(at)? {
            true => values.push(text),
            false => keys.push(text),
        }
    }
    let mut typed = keys.join(", ");
    if !values.is_empty() {
        typed = format!("{typed} => {}", values.join(", "));
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    let rule = format!("{kept}{{{names}}} <= {written}{{{names}}};");
    Some((format!("table {kept}({typed});"), rule))
}

/// Before the item that a rule is or stands in.
fn before(site: &Site<'_>, of: &RuleSite<'_>, declaration: &str, rule: &str) -> crate::base::Edit {
    let start = of.place(of.item.span).start;
    let indent = site.indent(start);
    let text = match &of.item.kind {
        ItemKind::Rules(group) => format!(
            "{declaration}\n{indent}rules keep_for_{} {{\n{indent}  {rule}\n{indent}}}\n{indent}",
            group.name
        ),
        _ => format!("{declaration}\n{indent}{rule}\n{indent}"),
    };
    replaced(Span::at(start), text)
}
