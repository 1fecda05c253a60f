//! An output becomes a view: its readers get the rows of now, and see them change.

use super::site::Site;
use super::{Action, ActionKind};
use crate::syntax::ast::CollectionKind;

pub(super) fn to_view(site: &Site<'_>) -> Option<Action> {
    let declared = site.declaration()?;
    if declared.decl.kind != CollectionKind::Output {
        return None;
    }
    Some(Action {
        title: format!("Turn the output `{}` into a view", declared.decl.name),
        kind: ActionKind::Rewrite,
        edits: vec![declared.written(site).as_view()?],
    })
}
