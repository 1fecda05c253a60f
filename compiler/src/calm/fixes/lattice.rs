//! Aggregates that a lattice column does as well: the greatest, the least, the set, any, all; and rows that
//! replace each other, of which the greatest may stay instead of the last.

use super::{Context, Effort, Proposal, replaced};
use crate::base::{Edit, FileSpan, Span};
use crate::calm::report::Cause;
use crate::calm::violation::{RuleRef, Violation};
use crate::hir::{
    Aggregate, AggregateFunction, Arrow, AtomArg, CollectionId, CollectionKind, Expr, HeadColumn,
    Literal, NodeKind, Pat, Rule, VarId,
};

pub(super) fn propose(cx: Context<'_>, violation: &Violation) -> Vec<Proposal> {
    match violation.cause {
        Cause::Upsert | Cause::KeyConflict => greatest(cx, violation.rule).into_iter().collect(),
        Cause::Negation
        | Cause::Aggregate
        | Cause::Reveal
        | Cause::Delete
        | Cause::Function
        | Cause::Nondeterministic
        | Cause::Batch
        | Cause::Cycle => aggregates(cx, violation),
    }
}

fn aggregates(cx: Context<'_>, violation: &Violation) -> Vec<Proposal> {
    let node = cx.node(violation.rule);
    let rule = cx.rule(violation.rule);
    // The aggregate is in this rule, or in what it reads.
    let mut heads = vec![rule.head.collection];
    heads.extend(rule.literals.iter().filter_map(|node| match &node.literal {
        Literal::Atom { collection, .. } | Literal::Not { collection, .. } => Some(*collection),
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => None,
    }));
    heads.dedup();
    heads
        .into_iter()
        .filter_map(|head| lift(cx, node, head))
        .collect()
}

/// Makes each aggregated column of a collection a lattice, in its declaration and in all its rules.
fn lift(cx: Context<'_>, node: &NodeKind, head: CollectionId) -> Option<Proposal> {
    let collection = &node.collections[head];
    let rules: Vec<&Rule> = node
        .rules
        .iter()
        .map(|(_, rule)| rule.as_ref())
        .filter(|rule: &&Rule| rule.head.collection == head)
        .collect();
    let columns = cx.declaration(collection)?.columns();
    let mut edits = Vec::new();
    let mut words = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let functions: Vec<(&Rule, &Aggregate)> = rules
            .iter()
            .filter_map(|rule| match rule.head.columns.get(at)? {
                HeadColumn::Aggregate(aggregate) => Some((*rule, &**aggregate)),
                HeadColumn::Expr(_) | HeadColumn::Default | HeadColumn::Omitted => None,
            })
            .collect();
        let Some((_, first)) = functions.first() else {
            continue;
        };
        let ty = lattice(first.function, column.ty?)?;
        if functions.len() != rules.len()
            || functions
                .iter()
                .any(|(_, other)| other.function != first.function)
        {
            return None;
        }
        words.push(format!("`{}` be a `{ty}`, which only grows", column.name));
        edits.push(replaced(column.ty_place?, ty));
        for (rule, aggregate) in functions {
            edits.push(plain(cx, rule, aggregate)?);
        }
    }
    let first = words.first()?;
    Some(Proposal::new(
        Effort::Lattice,
        format!("let {first}"),
        edits,
    ))
}

/// Of the values that one key gets, the greatest: value columns become `Max`, what replaced merges, and rules
/// that hand such a value on reveal it.
fn greatest(cx: Context<'_>, rule: RuleRef) -> Option<Proposal> {
    let node = cx.node(rule);
    let head = cx.rule(rule).head.collection;
    if node.collections[head].kind != CollectionKind::Table {
        return None;
    }
    let columns = cx.declaration(&node.collections[head])?.columns();
    let mut edits = Vec::new();
    let mut values = Vec::new();
    for (at, column) in (0..).zip(&columns).filter(|(_, column)| !column.is_key) {
        let ty = column.ty?;
        edits.push(replaced(column.ty_place?, format!("Max<{ty}>")));
        values.push((at, format!("`{}` be a `Max<{ty}>`", column.name)));
    }
    let (_, words) = values.first()?.clone();
    for (_, rule) in node.rules.iter() {
        if rule.head.collection == head && rule.arrow == Arrow::Upsert {
            edits.push(merged(cx, rule)?);
        }
        for literal in &rule.literals {
            if let Literal::Atom { collection, args } = &literal.literal
                && *collection == head
            {
                edits.extend(revealed(cx, rule, args, &values));
            }
        }
    }
    let title = format!("let {words}: the greatest stays, not the last to come");
    Some(Proposal::new(Effort::Lattice, title, edits))
}

/// `<=` in place of `<+-`.
fn merged(cx: Context<'_>, rule: &Rule) -> Option<Edit> {
    let text = cx.text_at(rule.loc);
    let at = u32::try_from(text.find("<+-")?).ok()?;
    let place = cx.place_of(rule.loc);
    let start = place.span.start + at;
    Some(replaced(
        FileSpan::new(place.file, Span::new(start, start + 3)),
        "<=",
    ))
}

/// Edits that reveal the values where they are columns of the head by themselves.
fn revealed(cx: Context<'_>, rule: &Rule, args: &[AtomArg], values: &[(u32, String)]) -> Vec<Edit> {
    let of_value = |arg: &&AtomArg| values.iter().any(|(at, _)| *at == arg.column);
    let vars: Vec<VarId> = args
        .iter()
        .filter(of_value)
        .filter_map(|arg| match rule.body.pat(arg.pat) {
            Pat::Var(var) => Some(*var),
            Pat::Error
            | Pat::Wildcard
            | Pat::Constant(_)
            | Pat::SelfAddr
            | Pat::TestNode(_)
            | Pat::Literal(_)
            | Pat::Tuple(_)
            | Pat::List(_)
            | Pat::Variant { .. }
            | Pat::Record { .. } => None,
        })
        .collect();
    let mut edits = Vec::new();
    for column in &rule.head.columns {
        let HeadColumn::Expr(expr) = column else {
            continue;
        };
        if !matches!(rule.body.expr(*expr), Expr::Var(var) if vars.contains(var)) {
            continue;
        }
        let place = cx.place_of(rule.body.expr_loc(*expr));
        let name = cx.text_at(rule.body.expr_loc(*expr));
        let before = cx.sources.text(place.file)[..place.span.start as usize].trim_end();
        let is_short =
            !before.ends_with(':') && cx.text_at(rule.loc.at(rule.head.span)).ends_with('}');
        edits.push(match is_short {
            true => replaced(place, format!("{name}: {name}.reveal")),
            false => replaced(place, format!("{name}.reveal")),
        });
    }
    edits
}

/// The lattice that joins as the aggregate does, over what the column held.
fn lattice(function: AggregateFunction, ty: &str) -> Option<String> {
    match function {
        AggregateFunction::Max => Some(format!("Max<{ty}>")),
        AggregateFunction::Min => Some(format!("Min<{ty}>")),
        AggregateFunction::Any => Some("Or".to_owned()),
        AggregateFunction::All => Some("And".to_owned()),
        AggregateFunction::Set => {
            let element = ty.strip_prefix("FrozenSet<")?.strip_suffix('>')?;
            Some(format!("Set<{element}>"))
        }
        AggregateFunction::Count
        | AggregateFunction::Sum
        | AggregateFunction::Avg
        | AggregateFunction::List
        | AggregateFunction::Argmin
        | AggregateFunction::Argmax
        | AggregateFunction::First => None,
    }
}

/// The aggregate's operand in its place.
fn plain(cx: Context<'_>, rule: &Rule, aggregate: &Aggregate) -> Option<Edit> {
    let operand = cx.text_at(rule.body.expr_loc(aggregate.operand?));
    let text = match aggregate.function {
        AggregateFunction::Set => format!("{{{operand}}}"),
        AggregateFunction::Max
        | AggregateFunction::Min
        | AggregateFunction::Any
        | AggregateFunction::All
        | AggregateFunction::Count
        | AggregateFunction::Sum
        | AggregateFunction::Avg
        | AggregateFunction::List
        | AggregateFunction::Argmin
        | AggregateFunction::Argmax
        | AggregateFunction::First => operand.to_owned(),
    };
    Some(replaced(cx.place_of(rule.loc.at(aggregate.span)), text))
}
