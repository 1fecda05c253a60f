//! Rules and heads as source.

use super::expr::Writer;
use super::{Source, names, reason};
use crate::hir::{
    Aggregate, Arrow, CollectionKind, Column, HeadColumn, Literal, LiteralNode, NodeKind, Rule,
    SortKey,
};

impl<'a> Source<'a> {
    pub fn rule(&self, node: &NodeKind, rule: &'a Rule) -> String {
        let writer = self.writer(&rule.body);
        let head = &node.collections[rule.head.collection];
        let seal = match head.kind {
            CollectionKind::Seal { of } => Some(&node.collections[of]),
            _ => None,
        };
        let column = |(column, value): (&Column, &HeadColumn)| {
            let value = match value {
                HeadColumn::Expr(expr) => writer.expr(*expr),
                HeadColumn::Aggregate(aggregate) => aggregate_text(&writer, aggregate),
                HeadColumn::Default | HeadColumn::Omitted => return None,
            };
            // Of a seal, who sends it is not written.
            let written = seal.is_none_or(|of| of.column(&column.name).is_some());
            written.then(|| format!("{}: {value}", column.name))
        };
        let columns: Vec<String> = head
            .columns
            .iter()
            .zip(&rule.head.columns)
            .filter_map(column)
            .collect();
        let name = match seal {
            Some(of) => format!("seal {}", names::plain(&of.name)),
            None => names::plain(&head.name),
        };
        let mut text = reason(rule.nondeterministic.as_ref().map(|reason| reason.as_str()));
        text += &format!("{name}{{{}}}", columns.join(", "));
        if !rule.literals.is_empty() {
            let literal = |node_: &LiteralNode| match &node_.literal {
                Literal::Error => "true".to_owned(),
                Literal::Atom { collection, args } => {
                    writer.row(&node.collections[*collection], args)
                }
                Literal::Not { collection, args } => {
                    format!("not {}", writer.row(&node.collections[*collection], args))
                }
                Literal::Condition(expr) => writer.expr(*expr),
                Literal::Let { pat, value } => {
                    format!("let {} = {}", writer.pat(*pat), writer.expr(*value))
                }
                Literal::In { pat, source } => {
                    format!("{} in {}", writer.pat(*pat), writer.expr(*source))
                }
            };
            let body: Vec<String> = rule.literals.iter().map(literal).collect();
            text += &format!(" {} {}", arrow(rule.arrow), body.join(", "));
        }
        // A fact is of the first tick anyway.
        if rule.bootstrap && !rule.literals.is_empty() {
            format!("bootstrap {{ {text}; }}\n")
        } else {
            format!("{text};\n")
        }
    }
}

pub(super) fn aggregate_text(writer: &Writer<'_>, aggregate: &Aggregate) -> String {
    let distinct = if aggregate.distinct { "distinct " } else { "" };
    let operand = aggregate
        .operand
        .map(|operand| writer.expr(operand))
        .unwrap_or_default();
    let key = |key: &SortKey| {
        let descending = if key.descending { " desc" } else { "" };
        format!("{}{descending}", writer.expr(key.key))
    };
    let by = match aggregate.by.as_slice() {
        [] => String::new(),
        [one] => format!(" by {}", key(one)),
        keys => format!(
            " by ({})",
            keys.iter().map(key).collect::<Vec<_>>().join(", ")
        ),
    };
    format!("{}({distinct}{operand}{by})", aggregate.function.name())
}

fn arrow(arrow: Arrow) -> &'static str {
    match arrow {
        Arrow::Merge => "<=",
        Arrow::DeferredMerge => "<+",
        Arrow::DeferredDelete => "<-",
        Arrow::Upsert => "<+-",
        Arrow::AsyncMerge => "<~",
    }
}
