//! Selected literals as a scratch of their own, which has the columns that the rest of the rule needs.
//!
//! The scratch has each combination of those columns once. So nothing is taken out of a rule that aggregates, since
//! it counts combinations; no lattice value leaves, since two that come with one key would merge; and nothing that
//! can fail does, since it would then be evaluated for more.

use std::collections::BTreeSet;

use super::site::{RuleSite, Site, has_aggregate, is_total_literal, row_of, variables};
use super::{Action, ActionKind, replaced};
use crate::base::Span;
use crate::syntax::ast::{ItemKind, Literal};

pub(super) fn extract(site: &Site<'_>) -> Option<Action> {
    let of = site.rule()?;
    let touches = |literal: &&Literal| {
        let span = of.place(literal.span);
        span.start < site.selected.end && site.selected.start < span.end
    };
    let inside: Vec<&Literal> = of.rule.body.iter().filter(touches).collect();
    let (first, last) = (inside.first()?, inside.last()?);
    if inside.len() == of.rule.body.len() || inside.len() < 2 || has_aggregate(&of.rule.head) {
        return None;
    }
    let is_row = |literal: &Literal| {
        row_of(literal).is_some_and(|row| site.meant_by(&row.path, of.base).is_some())
    };
    if !inside
        .iter()
        .all(|literal| is_total_literal(literal, is_row(literal)))
    {
        return None;
    }
    let moved = of.place(first.span.cover(last.span));
    let rule = of.place(of.rule.span);
    let around = [
        Span::new(rule.start, moved.start),
        Span::new(moved.end, rule.end),
    ];
    let words = |span: Span| variables(site.written(span));
    let outside: BTreeSet<&str> = around.into_iter().flat_map(words).collect();
    let shared: Vec<&str> = words(moved).intersection(&outside).copied().collect();
    if shared.iter().any(|name| site.may_grow(&of, name)) {
        return None;
    }
    let name = site.fresh("found");
    let columns = shared.join(", ");
    let row = format!("{name}{{{columns}}}");
    let rule = format!("{row} <= {};", site.written(moved));
    let mut edits = added(site, &of, &format!("scratch {name}({columns});"), &rule);
    edits.push(replaced(moved, row));
    Some(Action {
        title: format!("Take {} literals out into a scratch", inside.len()),
        kind: ActionKind::Extract,
        edits,
    })
}

/// A declaration before the item that a rule is in, and a rule before it, in its block.
fn added(
    site: &Site<'_>,
    of: &RuleSite<'_>,
    declaration: &str,
    rule: &str,
) -> Vec<crate::base::Edit> {
    let item = of.place(of.item.span).start;
    let first = of.rule.attributes.first();
    let start = first.map_or(of.rule.span, |attribute| attribute.span);
    let start = of.place(start).start.max(item);
    let indent = site.indent(item);
    let (at_item, at_rule) = (Span::at(item), Span::at(start));
    // Of a rule that is an item, the item begins with its attributes, or with `seal`.
    if let ItemKind::Rule(_) | ItemKind::Seal(_) = of.item.kind {
        let both = format!("{declaration}\n{indent}{rule}\n{indent}");
        return vec![replaced(at_item, both)];
    }
    vec![
        replaced(at_item, format!("{declaration}\n{indent}")),
        replaced(at_rule, format!("{rule}\n{}", site.indent(start))),
    ]
}
