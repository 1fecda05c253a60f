//! A stream whose producers say when the part of it with one value in the selected column is complete.

use super::site::Site;
use super::{Action, ActionKind};
use crate::syntax::ast::{Collection, CollectionKind, Column};

pub(super) fn seal_by(site: &Site<'_>) -> Option<Action> {
    let declared = site.declaration()?;
    let Collection {
        kind,
        keys,
        values,
        sealed_by,
        ..
    } = declared.decl;
    if !matches!(kind, CollectionKind::Input | CollectionKind::Channel) {
        return None;
    }
    let mut columns = keys.iter().chain(values.iter().flatten());
    let is_selected = |column: &&Column| site.holds(column.span.shifted(declared.base));
    let column = columns.find(is_selected)?;
    let is_known = sealed_by.iter().any(|known| known.text == column.name.text);
    if is_known || column.at.is_some() {
        return None;
    }
    let name = column.name.as_str();
    Some(Action {
        title: format!("Seal `{}` by `{name}`", declared.decl.name),
        kind: ActionKind::Rewrite,
        edits: vec![declared.written(site).sealed_by(&[name])?],
    })
}
