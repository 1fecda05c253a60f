//! The parts of expressions and patterns, for whoever must see all of them.
//!
//! Bodies are as deep as their syntax trees, whose depth is bounded, so recursion is safe.

use crate::hir::{Arm, Body, Expr, ExprId, Part, Pat, PatId, VarId};

/// The expressions directly inside an expression, in the order written.
pub fn children(body: &Body, expr: ExprId) -> Vec<ExprId> {
    match body.expr(expr) {
        Expr::Error
        | Expr::Literal(_)
        | Expr::SelfAddr
        | Expr::Var(_)
        | Expr::Constant(_)
        | Expr::Function(_)
        | Expr::TestNode(_) => Vec::new(),
        Expr::Interpolation(parts) => {
            let inner = |part: &Part| match part {
                Part::Expr(expr) => Some(*expr),
                Part::Text(_) => None,
            };
            parts.iter().filter_map(inner).collect()
        }
        Expr::Call { args, .. } | Expr::Construct { args, .. } => {
            args.iter().map(|arg| arg.value).collect()
        }
        Expr::CallBuiltin { args, .. } | Expr::CallVar { args, .. } => args.clone(),
        Expr::Method { receiver, args, .. } => {
            [*receiver].into_iter().chain(args.clone()).collect()
        }
        Expr::Field { receiver, .. } | Expr::TupleField { receiver, .. } => vec![*receiver],
        Expr::Record { fields, .. } => fields.iter().map(|field| field.value).collect(),
        Expr::Tuple(parts) | Expr::List(parts) | Expr::Set(parts) => parts.clone(),
        Expr::Map(entries) => entries.iter().flat_map(|&(k, v)| [k, v]).collect(),
        Expr::Unary { operand, .. } => vec![*operand],
        Expr::Binary { left, right, .. } => vec![*left, *right],
        Expr::Range { start, end } => vec![*start, *end],
        Expr::If {
            condition,
            then,
            otherwise,
        } => vec![*condition, *then, *otherwise],
        Expr::Match { scrutinee, arms } => {
            let inner = |arm: &Arm| arm.guard.into_iter().chain([arm.body]).collect::<Vec<_>>();
            [*scrutinee]
                .into_iter()
                .chain(arms.iter().flat_map(inner))
                .collect()
        }
        Expr::Let { value, body, .. } => vec![*value, *body],
        Expr::Lambda { body, .. } => vec![*body],
    }
}

/// The patterns directly inside a pattern.
pub fn pat_children(body: &Body, pat: PatId) -> Vec<PatId> {
    match body.pat(pat) {
        Pat::Error
        | Pat::Wildcard
        | Pat::Var(_)
        | Pat::Constant(_)
        | Pat::SelfAddr
        | Pat::TestNode(_)
        | Pat::Literal(_) => Vec::new(),
        Pat::Tuple(parts) | Pat::List(parts) | Pat::Variant { args: parts, .. } => parts.clone(),
        Pat::Record { fields, .. } => fields.iter().map(|&(_, pat)| pat).collect(),
    }
}

/// Calls `visit` with the expression and all inside it, outer first.
pub fn each_expr(body: &Body, expr: ExprId, visit: &mut dyn FnMut(ExprId)) {
    visit(expr);
    for child in children(body, expr) {
        each_expr(body, child, visit);
    }
}

/// The variables of the rule that an expression reads: those that are not its own.
pub fn variables(body: &Body, expr: ExprId) -> Vec<VarId> {
    let mut found = Vec::new();
    each_expr(body, expr, &mut |expr| {
        let var = match body.expr(expr) {
            Expr::Var(var) | Expr::CallVar { var, .. } => *var,
            _ => return,
        };
        if !body.vars[var].local && !found.contains(&var) {
            found.push(var);
        }
    });
    found
}

/// The variables that a pattern names, each once.
pub fn pat_variables(body: &Body, pat: PatId) -> Vec<VarId> {
    let mut found = Vec::new();
    let mut open = vec![pat];
    while let Some(pat) = open.pop() {
        match body.pat(pat) {
            Pat::Var(var) if !found.contains(var) => found.push(*var),
            _ => open.extend(pat_children(body, pat).into_iter().rev()),
        }
    }
    found
}
