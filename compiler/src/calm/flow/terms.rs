//! What a rule's expressions and patterns are to the analysis: values that are known, sizes, comparisons, and the variables
//! that the rest depends on.

use super::{Comparison, Form, SELF, Term};
use crate::hir::{BinaryOp, Body, Expr, ExprId, Pat, PatId, VarId};
use crate::typing::walk;

pub(super) const fn comparison(op: BinaryOp) -> Option<Comparison> {
    match op {
        BinaryOp::Equal => Some(Comparison::Equal),
        BinaryOp::NotEqual => Some(Comparison::NotEqual),
        BinaryOp::Less => Some(Comparison::Less),
        BinaryOp::LessEqual => Some(Comparison::LessEqual),
        BinaryOp::Greater => Some(Comparison::Greater),
        BinaryOp::GreaterEqual => Some(Comparison::GreaterEqual),
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder => None,
    }
}

pub(super) fn value_term(body: &Body, expr: ExprId) -> Term {
    match body.expr(expr) {
        Expr::Var(var) => Term::Var(*var),
        Expr::Literal(literal) => Term::Literal(literal.clone()),
        Expr::Constant(constant) => Term::Constant(*constant),
        Expr::SelfAddr => Term::SelfAddr,
        _ => Term::Of {
            vars: reads(body, expr).into(),
            form: match (is_size(body, expr), is_made(body, expr)) {
                (true, _) => Form::Size,
                (false, true) => Form::Made,
                (false, false) => Form::Other,
            },
        },
    }
}

/// `elements.contains(element)` of two variables.
pub(super) fn contains(body: &Body, expr: ExprId) -> Option<(VarId, VarId)> {
    let Expr::Method {
        receiver,
        member,
        args,
    } = body.expr(expr)
    else {
        return None;
    };
    match (member.name.as_str(), body.expr(*receiver), &args[..]) {
        ("contains", Expr::Var(elements), &[element]) => match body.expr(element) {
            Expr::Var(element) => Some((*elements, *element)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the expression is the number of elements of a variable.
fn is_size(body: &Body, expr: ExprId) -> bool {
    match body.expr(expr) {
        Expr::Method {
            receiver,
            member,
            args,
        } => {
            args.is_empty()
                && matches!(member.name.as_str(), "size" | "len")
                && matches!(body.expr(*receiver), Expr::Var(_))
        }
        _ => false,
    }
}

/// Whether the expression puts variables and literals together and does nothing else.
fn is_made(body: &Body, expr: ExprId) -> bool {
    match body.expr(expr) {
        Expr::Var(_) | Expr::Literal(_) => true,
        Expr::Tuple(parts) | Expr::List(parts) | Expr::Set(parts) => {
            parts.iter().all(|&part| is_made(body, part))
        }
        _ => false,
    }
}

/// The variables of the rule that an expression reads, and [`SELF`] if it may depend on the node.
pub(super) fn reads(body: &Body, expr: ExprId) -> Vec<VarId> {
    let mut found = walk::variables(body, expr);
    let mut own = false;
    body.walk_expr(expr, &mut |_, expr| {
        own = own
            || matches!(
                expr,
                Expr::SelfAddr | Expr::Constant(_) | Expr::Call { .. } | Expr::Function(_)
            );
    });
    if own {
        found.push(SELF);
    }
    found
}

/// Whether the variables of a pattern give the value back that it matched.
pub(super) fn is_whole(body: &Body, pat: PatId) -> bool {
    match body.pat(pat) {
        Pat::Wildcard | Pat::Error | Pat::Record { .. } => false,
        Pat::Var(_) | Pat::Constant(_) | Pat::SelfAddr | Pat::TestNode(_) | Pat::Literal(_) => true,
        Pat::Tuple(parts) | Pat::List(parts) | Pat::Variant { args: parts, .. } => {
            parts.iter().all(|&part| is_whole(body, part))
        }
    }
}
