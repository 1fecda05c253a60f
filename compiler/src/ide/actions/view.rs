//! An output becomes a view: its readers get the rows of now, and see them change.

use super::site::Site;
use super::{Action, ActionKind, replaced};
use crate::base::Span;
use crate::syntax::ast::CollectionKind;

pub(super) fn to_view(site: &Site<'_>) -> Option<Action> {
    let declared = site.declaration()?;
    if declared.decl.kind != CollectionKind::Output {
        return None;
    }
    let name = declared.name().start as usize;
    let word = site.text[..name].trim_end();
    let start = word.strip_suffix("output")?.len();
    let span = Span::new(start as u32, word.len() as u32);
    Some(Action {
        title: format!("Turn the output `{}` into a view", declared.decl.name),
        kind: ActionKind::Rewrite,
        edits: vec![replaced(span, "view")],
    })
}
