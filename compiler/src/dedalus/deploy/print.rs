//! Terms of Dedalus as Bloom text. Variables get the prefix `v_`, so that none is a word of Bloom.

use bloom_plan::display;

use super::super::ast::{Atom, Comparison, Expr, ExprKind, Operator};
use super::super::schema::ColumnType;

/// Variables and conditions that stand for expressions in the rows of a body.
#[derive(Default)]
pub(super) struct Body {
    pub(super) conditions: Vec<String>,
}

impl Body {
    pub(super) fn argument(&mut self, arg: &Expr) -> String {
        match &arg.kind {
            ExprKind::Binary(..) => {
                let name = format!("e_{}", self.conditions.len());
                self.conditions.push(format!("{name} == {}", expr(arg)));
                name
            }
            ExprKind::Variable(_)
            | ExprKind::Wildcard
            | ExprKind::Int(_)
            | ExprKind::Text(_)
            | ExprKind::Aggregate(..) => expr(arg),
        }
    }
}

pub(super) fn declared(types: &[ColumnType]) -> String {
    let column = |(place, ty): (usize, &ColumnType)| match ty {
        ColumnType::Int => format!("c{place}: Int"),
        ColumnType::Text => format!("c{place}: String"),
    };
    types
        .iter()
        .enumerate()
        .map(column)
        .collect::<Vec<_>>()
        .join(", ")
}

pub(super) fn names(count: usize) -> String {
    let names = (0..count).map(|place| format!("c{place}"));
    names.collect::<Vec<_>>().join(", ")
}

pub(super) fn arguments(atom: &Atom) -> String {
    atom.args.iter().map(expr).collect::<Vec<_>>().join(", ")
}

pub(super) fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Variable(name) => format!("v_{name}"),
        ExprKind::Wildcard => "_".to_owned(),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Text(text) => display::string(text).to_string(),
        ExprKind::Binary(op, left, right) => {
            let op = match op {
                Operator::Add => "+",
                Operator::Subtract => "-",
                Operator::Multiply => "*",
                Operator::Divide => "/",
            };
            format!("({} {op} {})", expr(left), expr(right))
        }
        // Facts are sets, so `count<X>` counts distinct values.
        ExprKind::Aggregate(function, Some(operand)) if function == "count" => {
            format!("count(distinct v_{operand})")
        }
        ExprKind::Aggregate(function, Some(operand)) => format!("{function}(v_{operand})"),
        ExprKind::Aggregate(function, None) => format!("{function}()"),
    }
}

pub(super) fn comparison(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => "==",
        Comparison::NotEqual => "!=",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    }
}
