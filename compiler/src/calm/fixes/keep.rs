//! Rows that live for one tick are kept in a table, so that they need not arrive together with others; a row
//! that takes others away, kept, takes them away whenever they come.

use super::{Context, Copied, Effort, Proposal, inserted, replaced};
use crate::base::{Edit, FileSpan, Span};
use crate::calm::violation::Violation;
use crate::hir::{Arrow, CollectionId, Literal, NodeKind, Rule};

pub(super) fn propose(cx: Context<'_>, violation: &Violation) -> Vec<Proposal> {
    let rule = cx.rule(violation.rule);
    let node = cx.node(violation.rule);
    let passing: Vec<usize> = (0..rule.literals.len())
        .filter(|&at| {
            read(rule, at).is_some_and(|of| node.collections[of].kind.supply().is_passing())
        })
        .collect();
    // One side may do; else all.
    let mut choices: Vec<Vec<usize>> = passing.iter().map(|&at| vec![at]).collect();
    if passing.len() > 1 {
        choices.push(passing);
    }
    let proposals = choices
        .iter()
        .filter_map(|choice| keep(cx, node, rule, choice));
    proposals.collect()
}

/// The collection that a literal reads.
fn read(rule: &Rule, at: usize) -> Option<CollectionId> {
    match &rule.literals[at].literal {
        Literal::Atom { collection, .. } | Literal::Not { collection, .. } => Some(*collection),
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => None,
    }
}

/// Reads kept copies at the literals chosen.
fn keep(cx: Context<'_>, node: &NodeKind, rule: &Rule, choice: &[usize]) -> Option<Proposal> {
    let place = cx.place_of(rule.loc);
    let indent = cx.indent(place);
    let mut edits = Vec::new();
    let mut added = String::new();
    let mut names: Vec<String> = Vec::new();
    for &at in choice {
        let collection = &node.collections[read(rule, at)?];
        let (name_place, written) = name(cx, rule, at)?;
        let kept = free_name(node, &format!("{}_kept", collection.name.replace('.', "_")));
        edits.push(replaced(name_place, kept.clone()));
        let shown = format!("`{}`", collection.name);
        if !names.contains(&shown) {
            let declaration = cx.declaration(collection)?;
            let Copied { table, rule } =
                declaration.copy(cx.program, collection, &kept, written)?;
            added += &format!("\n{indent}{table}\n{indent}{rule}");
            names.push(shown);
        }
    }
    edits.push(after(place, &added));
    let names = names.join(" and ");
    let title = match rule.arrow {
        Arrow::DeferredDelete => {
            format!("keep {names} in a table: what was taken away once stays away")
        }
        Arrow::Merge | Arrow::DeferredMerge | Arrow::Upsert | Arrow::AsyncMerge => {
            format!("keep {names} in a table, so that rows need not come together")
        }
    };
    Some(Proposal::new(Effort::Keep, title, edits))
}

fn after(rule: FileSpan, text: &str) -> Edit {
    inserted(rule, rule.span.end, text)
}

/// The collection's name in a literal.
fn name<'a>(cx: Context<'a>, rule: &Rule, at: usize) -> Option<(FileSpan, &'a str)> {
    let loc = rule.loc.at(rule.literals[at].span);
    let text = cx.text_at(loc);
    let path = match text.strip_prefix("not") {
        Some(rest) if matches!(rule.literals[at].literal, Literal::Not { .. }) => rest.trim_start(),
        _ => text,
    };
    let written = path[..path.find(['{', '('])?].trim_end();
    let place = cx.place_of(loc);
    let start = place.span.start + u32::try_from(text.len() - path.len()).ok()?;
    let end = start + u32::try_from(written.len()).ok()?;
    Some((FileSpan::new(place.file, Span::new(start, end)), written))
}

fn free_name(node: &NodeKind, wanted: &str) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while node.collection(&name).is_some() {
        name = format!("{wanted}{number}");
        number += 1;
    }
    name
}
