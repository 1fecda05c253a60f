//! A module that is named and not imported is imported.

use super::super::names::names_of;
use super::site::Site;
use super::{Action, ActionKind, replaced};
use crate::base::{FileId, Span};
use crate::syntax::ast::{ItemKind, ItemNode};
use crate::syntax::{TokenKind, lex};

pub(super) fn import(site: &Site<'_>, modules: &[String]) -> Vec<Action> {
    let tokens = lex(site.text).tokens;
    let at = tokens.partition_point(|token| token.span.end < site.selected.start);
    let kind = |at: usize| tokens.get(at).map(|token| token.kind);
    let follows = |at: usize| at.checked_sub(1).and_then(kind) == Some(TokenKind::Dot);
    let is_module = |at: &usize| {
        kind(*at).is_some_and(TokenKind::is_lower_name)
            && kind(at + 1) == Some(TokenKind::Dot)
            && !follows(*at)
    };
    let Some(word) = [at, at + 1].into_iter().find(is_module) else {
        return Vec::new();
    };
    let span = tokens[word].span;
    let touches = span.start <= site.selected.end && site.selected.start <= span.end;
    let mut meant = names_of(site.db, site.package).all_at(FileId(0), span.start);
    let name = site.written(span);
    let mut is_variable = || meant.any(|mention| mention.place.span == span);
    let is_imported = |name: &str| site.scene.imports().iter().any(|(own, _)| own == name);
    if !touches || is_variable() || is_imported(name) {
        return Vec::new();
    }
    let last = |module: &&String| module.rsplit('.').next() == Some(name);
    let (start, prefix, suffix) = place(&site.scene.module.items);
    let action = |module: &String| Action {
        title: format!("Import `{module}`"),
        kind: ActionKind::Import,
        edits: vec![replaced(
            Span::at(start),
            format!("{prefix}import {module};{suffix}"),
        )],
    };
    modules.iter().filter(last).map(action).collect()
}

/// Where an import is written, and what stands before and behind it: after those that are there, else first.
fn place(items: &[ItemNode]) -> (u32, &'static str, &'static str) {
    let is_import =
        |node: &&ItemNode| matches!(node.item.kind, ItemKind::Import(_) | ItemKind::Include(_));
    match (items.iter().rev().find(is_import), items.first()) {
        (Some(node), _) => (node.item.span.shifted(node.offset).end, "\n", ""),
        (None, Some(node)) => (node.item.span.shifted(node.offset).start, "", "\n"),
        (None, None) => (0, "", "\n"),
    }
}
