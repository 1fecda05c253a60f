//! The variables of expressions and patterns.
//!
//! Bodies are as deep as their syntax trees, whose depth is bounded, so recursion is safe.

use crate::hir::{Body, Expr, ExprId, Pat, PatId, VarId};

/// The variables of the rule that an expression reads: those that are not its own.
pub fn variables(body: &Body, expr: ExprId) -> Vec<VarId> {
    let mut found = Vec::new();
    body.walk_expr(expr, &mut |_, expr| {
        let var = match expr {
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
            _ => open.extend(body.pat_children(pat).into_iter().rev()),
        }
    }
    found
}
