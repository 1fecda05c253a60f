//! Specs as source. The columns of a spec's own relations are by position.

use super::Source;
use super::expr::Writer;
use super::names::plain;
use super::rule::aggregate_text;
use crate::hir::{AtomArg, HeadColumn, Location, Pat, PatId, Spec, SpecLiteral, SpecRule};

impl<'a> Source<'a> {
    pub fn spec(&self, spec: &'a Spec) -> String {
        let mut text = format!("\nspec {} {{\n", spec.name);
        for rule in &spec.rules {
            text += &self.spec_rule(spec, rule);
        }
        for checker in &spec.checkers {
            text += &format!("{};\n", checker.checker.name());
        }
        text + "}"
    }

    fn spec_rule(&self, spec: &'a Spec, rule: &'a SpecRule) -> String {
        let writer = self.writer(&rule.body);
        let head = &spec.collections[rule.head.collection as usize];
        let column = |column: &HeadColumn| match column {
            HeadColumn::Expr(expr) => writer.expr(*expr),
            HeadColumn::Aggregate(aggregate) => aggregate_text(&writer, aggregate),
            // A relation of a spec has no defaults.
            HeadColumn::Default | HeadColumn::Omitted => "_".to_owned(),
        };
        let columns: Vec<String> = rule.head.columns.iter().map(column).collect();
        let never = if head.never { "never " } else { "" };
        let body = rule.literals.iter();
        let body: Vec<String> = body.map(|l| self.spec_literal(spec, &writer, l)).collect();
        let arrow = if body.is_empty() { "" } else { " <= " };
        let columns = columns.join(", ");
        format!(
            "{never}{}({columns}){arrow}{};\n",
            head.name,
            body.join(", ")
        )
    }

    fn spec_literal(&self, spec: &Spec, writer: &Writer<'_>, literal: &SpecLiteral) -> String {
        let not = |negated: &bool| if *negated { "not " } else { "" };
        match literal {
            SpecLiteral::Error => "true".to_owned(),
            SpecLiteral::At {
                collections,
                at,
                args,
                negated,
            } => {
                let name = collections.first().map_or(String::new(), |&(node, id)| {
                    plain(&self.program.nodes[node].collections[id].name)
                });
                let column = |(name, pat): &(smol_str::SmolStr, PatId)| {
                    format!("{name}: {}", writer.pat(*pat))
                };
                let columns: Vec<String> = args.iter().map(column).collect();
                let at = location(writer, *at);
                format!("{}{name}{at}{{{}}}", not(negated), columns.join(", "))
            }
            SpecLiteral::Up { node, negated } => {
                format!("{}up({})", not(negated), writer.pat(*node))
            }
            SpecLiteral::Crashed {
                node,
                tick,
                negated,
            } => {
                let (node, tick) = (writer.pat(*node), writer.pat(*tick));
                format!("{}crashed({node}, {tick})", not(negated))
            }
            SpecLiteral::Row {
                collection,
                args,
                negated,
            } => {
                let of = &spec.collections[*collection as usize];
                let columns = positional(writer, of.columns.len(), args);
                format!("{}{}({columns})", not(negated), of.name)
            }
            SpecLiteral::Condition(expr) => writer.expr(*expr),
            SpecLiteral::Let { pat, value } => {
                format!("let {} = {}", writer.pat(*pat), writer.expr(*value))
            }
            SpecLiteral::In { pat, source } => {
                format!("{} in {}", writer.pat(*pat), writer.expr(*source))
            }
        }
    }
}

fn location(writer: &Writer<'_>, at: Location) -> String {
    match at {
        Location::Any => "@_".to_owned(),
        Location::Pat(pat) => match writer.body.pat(pat) {
            // An address has its own `@`.
            Pat::Literal(_) => writer.pat(pat),
            Pat::Error
            | Pat::Wildcard
            | Pat::Var(_)
            | Pat::Constant(_)
            | Pat::SelfAddr
            | Pat::TestNode(_)
            | Pat::Tuple(_)
            | Pat::List(_)
            | Pat::Variant { .. }
            | Pat::Record { .. } => format!("@{}", writer.pat(pat)),
        },
        Location::Expr(expr) => format!("@({})", writer.expr(expr)),
    }
}

/// All columns in order, `_` for those that no argument names.
fn positional(writer: &Writer<'_>, count: usize, args: &[AtomArg]) -> String {
    let mut columns = vec!["_".to_owned(); count];
    for arg in args {
        columns[arg.column as usize] = writer.pat(arg.pat);
    }
    columns.join(", ")
}
