//! Pieces of Bloom's syntax tree, built from those of Dedalus.

use thin_vec::ThinVec;

use super::ast::{Atom, Comparison, Expr, ExprKind, Operator};
use super::schema::ColumnType;
use crate::base::Span;
use crate::syntax::ast as bloom;

pub(super) fn name(text: &str, span: Span) -> bloom::Name {
    bloom::Name::new(text, span)
}

/// Dedalus' variables start with an upper-case letter, Bloom's with a lower-case one.
fn variable(text: &str, span: Span) -> bloom::Name {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    name(&first.into_iter().chain(chars).collect::<String>(), span)
}

pub(super) fn column(index: usize, ty: ColumnType) -> bloom::Column {
    let span = Span::at(0);
    let ty = match ty {
        ColumnType::Int => "Int",
        ColumnType::Text => "String",
    };
    let path = bloom::Path::single(name(ty, span));
    bloom::Column {
        docs: ThinVec::new(),
        at: None,
        name: name(&format!("c{index}"), span),
        ty: Some(bloom::Type {
            kind: bloom::TypeKind::Path {
                path,
                args: ThinVec::new(),
            },
            span,
        }),
        default: None,
        span,
    }
}

pub(super) fn rule_of(
    head: &str,
    args: Vec<bloom::Expr>,
    arrow: Option<bloom::Arrow>,
    body: Vec<bloom::Literal>,
    span: Span,
) -> bloom::ItemKind {
    bloom::ItemKind::Rule(bloom::RuleItem::new(bloom::Rule {
        docs: ThinVec::new(),
        attributes: Vec::new(),
        head: bloom::Head {
            path: bloom::Path::single(name(head, span)),
            args: bloom::HeadArgs::Positional(args),
            span,
        },
        arrow,
        arrow_span: span,
        body,
        span,
    }))
}

pub(super) fn row(relation: &str, args: Vec<bloom::Pattern>, span: Span) -> bloom::Literal {
    let atom = bloom::Atom {
        path: bloom::Path::single(name(relation, span)),
        at: None,
        args: bloom::AtomArgs::Positional(args),
        span,
    };
    bloom::Literal {
        kind: bloom::LiteralKind::Atom(atom),
        span,
    }
}

pub(super) fn body_atom(relation: &str, atom: &Atom) -> bloom::Atom {
    bloom::Atom {
        path: bloom::Path::single(name(relation, atom.span)),
        at: None,
        args: bloom::AtomArgs::Positional(atom.args.iter().map(argument).collect()),
        span: atom.span,
    }
}

/// An argument in a body. Arithmetic there was reported.
pub(super) fn argument(arg: &Expr) -> bloom::Pattern {
    let kind = match &arg.kind {
        ExprKind::Variable(text) => bloom::PatternKind::Var(variable(text, arg.span)),
        ExprKind::Wildcard => bloom::PatternKind::Wildcard,
        ExprKind::Int(n) => bloom::PatternKind::Literal(bloom::LitKind::Int(*n)),
        ExprKind::Text(text) => bloom::PatternKind::Literal(bloom::LitKind::text(text.clone())),
        ExprKind::Binary(..) | ExprKind::Aggregate(..) => bloom::PatternKind::Error,
    };
    pattern(kind, arg.span)
}

pub(super) fn pattern(kind: bloom::PatternKind, span: Span) -> bloom::Pattern {
    bloom::Pattern { kind, span }
}

pub(super) fn int_pattern(n: i64, span: Span) -> bloom::Pattern {
    pattern(bloom::PatternKind::Literal(bloom::LitKind::Int(n)), span)
}

pub(super) fn int(n: i64, span: Span) -> bloom::Expr {
    bloom::Expr::new(bloom::ExprKind::Literal(bloom::LitKind::Int(n)), span)
}

pub(super) fn binary(
    op: bloom::BinaryOp,
    left: bloom::Expr,
    right: bloom::Expr,
    span: Span,
) -> bloom::Expr {
    let (left, right) = (Box::new(left), Box::new(right));
    bloom::Expr::new(
        bloom::ExprKind::Binary {
            op,
            op_span: span,
            left,
            right,
        },
        span,
    )
}

pub(super) fn expr(e: &Expr) -> bloom::Expr {
    let kind = match &e.kind {
        ExprKind::Variable(text) => bloom::ExprKind::Name(variable(text, e.span)),
        ExprKind::Wildcard => bloom::ExprKind::Wildcard,
        ExprKind::Int(n) => bloom::ExprKind::Literal(bloom::LitKind::Int(*n)),
        ExprKind::Text(text) => bloom::ExprKind::Literal(bloom::LitKind::text(text.clone())),
        ExprKind::Binary(op, left, right) => {
            return binary(operator(*op), expr(left), expr(right), e.span);
        }
        ExprKind::Aggregate(function, operand) => {
            return aggregate(function, operand.as_deref(), e.span);
        }
    };
    bloom::Expr::new(kind, e.span)
}

/// Facts are sets, so `count<X>` counts distinct values of `X`; so does `sum<X>` add them as rows give them.
fn aggregate(function: &str, operand: Option<&str>, span: Span) -> bloom::Expr {
    let callee = bloom::Expr::new(bloom::ExprKind::Name(name(function, span)), span);
    let operand =
        operand.map(|text| bloom::Expr::new(bloom::ExprKind::Name(variable(text, span)), span));
    let kind = match operand {
        Some(operand) if function == "count" => bloom::ExprKind::Aggregate {
            function: Box::new(name(function, span)),
            distinct: true,
            operand: Box::new(operand),
            by: Box::default(),
        },
        operand => {
            let args = operand
                .into_iter()
                .map(|value| bloom::Arg { name: None, value })
                .collect();
            bloom::ExprKind::Call {
                callee: Box::new(callee),
                args,
            }
        }
    };
    bloom::Expr::new(kind, span)
}

pub(super) fn comparison(op: Comparison) -> bloom::BinaryOp {
    match op {
        Comparison::Equal => bloom::BinaryOp::Equal,
        Comparison::NotEqual => bloom::BinaryOp::NotEqual,
        Comparison::Less => bloom::BinaryOp::Less,
        Comparison::LessEqual => bloom::BinaryOp::LessEqual,
        Comparison::Greater => bloom::BinaryOp::Greater,
        Comparison::GreaterEqual => bloom::BinaryOp::GreaterEqual,
    }
}

fn operator(op: Operator) -> bloom::BinaryOp {
    match op {
        Operator::Add => bloom::BinaryOp::Add,
        Operator::Subtract => bloom::BinaryOp::Subtract,
        Operator::Multiply => bloom::BinaryOp::Multiply,
        Operator::Divide => bloom::BinaryOp::Divide,
    }
}
