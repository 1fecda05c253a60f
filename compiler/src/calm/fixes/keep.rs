//! Rows that live for one tick are kept in a table, so that they need not arrive together with others; a row
//! that takes others away, kept, takes them away whenever they come.

use super::{Context, Effort, Proposal, inserted, replaced};
use crate::base::{Edit, FileSpan, Span};
use crate::calm::violation::Violation;
use crate::hir::{Arrow, Collection, CollectionId, Literal, NodeKind, Rule, Supply};

pub(super) fn propose(cx: Context<'_>, violation: &Violation) -> Vec<Proposal> {
    let rule = cx.rule(violation.rule);
    let node = cx.node(violation.rule);
    let passing: Vec<usize> = (0..rule.literals.len())
        .filter(|&at| read(rule, at).is_some_and(|of| is_passing(&node.collections[of])))
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

/// Whether rows come and are gone after a tick.
fn is_passing(collection: &Collection) -> bool {
    match collection.kind.supply() {
        Supply::Input | Supply::Messages | Supply::Rules { kept: false } => true,
        Supply::Rules { kept: true }
        | Supply::Seals
        | Supply::Fixed
        | Supply::Happening
        | Supply::Effects => false,
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
            added.push_str(&declared(cx, collection, &kept, written, indent)?);
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
    let written = &path[..path.find(['{', '('])?];
    let place = cx.place_of(loc);
    let start = place.span.start + u32::try_from(text.len() - path.len()).ok()?;
    let end = start + u32::try_from(written.len()).ok()?;
    Some((FileSpan::new(place.file, Span::new(start, end)), written))
}

/// The table and the rule that fills it.
fn declared(
    cx: Context<'_>,
    of: &Collection,
    kept: &str,
    written: &str,
    indent: &str,
) -> Option<String> {
    let columns = cx.declaration(of)?.columns();
    // A key that is none over the whole stream would make rows conflict that came in different ticks.
    let keys = match of.immutable {
        true => columns.iter().filter(|column| column.is_key).count(),
        false => columns.len(),
    };
    let column = |at: usize| Some(format!("{}: {}", columns[at].name, columns[at].ty?));
    let part = |range: std::ops::Range<usize>| {
        let texts: Option<Vec<String>> = range.map(column).collect();
        Some(texts?.join(", "))
    };
    let mut parts = part(0..keys)?;
    if keys < columns.len() {
        parts.push_str(" => ");
        parts.push_str(&part(keys..columns.len())?);
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(", ");
    Some(format!(
        "\n{indent}table {kept}({parts});\n{indent}{kept}{{{names}}} <= {}{{{names}}};",
        written.trim()
    ))
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
