//! Which expressions can end in a row error. A literal with one is evaluated only where all others
//! hold (§6 of the language).

use bloom_plan::types::Type;
use bloom_stdx::arena::Id;
use bloom_stdx::graph::components;

use super::Scope;
use crate::hir::{Body, Expr, ExprId, FunctionId, Pat, Program};
use crate::syntax::ast::{BinaryOp, UnaryOp};
use crate::typing::{BodyTypes, Instance, Typed, Use};

/// Whether each function can fail, by one instance of it; callees come before callers.
pub fn functions(program: &Program, typed: &Typed) -> Vec<bool> {
    let mut fallible = vec![false; program.functions.len()];
    for function in callees_first(program) {
        let Some(instance) = instance_of(typed, function) else {
            continue;
        };
        let body = &program.functions[function].body;
        fallible[function.index()] = body
            .value
            .is_some_and(|value| can_fail(typed, &fallible, body, &instance.body, value));
    }
    fallible
}

/// The functions, each after those that it calls.
pub fn callees_first(program: &Program) -> Vec<FunctionId> {
    let calls: Vec<Vec<usize>> = program
        .functions
        .values()
        .map(|function| {
            let mut called = Vec::new();
            if let Some(value) = function.body.value {
                function.body.walk_expr(value, &mut |expr, _| {
                    if let Expr::Call { function, .. } | Expr::Function(function) =
                        function.body.expr(expr)
                    {
                        called.push(function.index());
                    }
                });
            }
            called
        })
        .collect();
    let order = components(&calls).into_iter().flatten();
    order.map(FunctionId::from_index).collect()
}

/// An instance of a function, by which what holds for all of them is told.
pub fn instance_of(typed: &Typed, function: FunctionId) -> Option<&Instance> {
    typed
        .instances
        .values()
        .find(|instance| instance.function == function)
}

impl Scope<'_> {
    /// Whether evaluating the expression can end in a row error.
    pub(super) fn can_fail(&self, body: &Body, types: &BodyTypes, expr: ExprId) -> bool {
        can_fail(self.typed, self.fallible, body, types, expr)
    }
}

fn can_fail(
    typed: &Typed,
    fallible: &[bool],
    body: &Body,
    types: &BodyTypes,
    expr: ExprId,
) -> bool {
    let mut found = false;
    body.walk_expr(expr, &mut |expr, _| {
        found = found || fails_itself(typed, fallible, body, types, expr);
    });
    found
}

fn fails_itself(
    typed: &Typed,
    fallible: &[bool],
    body: &Body,
    types: &BodyTypes,
    expr: ExprId,
) -> bool {
    match types.uses.get(&expr) {
        Some(Use::Builtin { builtin, .. }) => return builtin.get().fallible,
        Some(Use::Call { instance, .. } | Use::Function(instance)) => {
            return fallible[typed.instances[*instance].function.index()];
        }
        // A chain at its bottom and a `Once` in conflict reveal nothing.
        Some(Use::Reveal { .. }) => return true,
        // It may come to nest too deep.
        Some(Use::Variant { .. } | Use::Fields { .. })
            if typed.recursive[types.exprs[expr].0 as usize] =>
        {
            return true;
        }
        Some(
            Use::Field { .. } | Use::Variant { .. } | Use::Fields { .. } | Use::Lattice { .. },
        )
        | None => {}
    }
    let is_float = |expr: ExprId| matches!(typed.types.get(types.exprs[expr]), Type::Float);
    match body.expr(expr) {
        Expr::Binary { op, left, .. } => match op {
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => !is_float(*left),
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => false,
        },
        Expr::Unary { op, operand } => *op == UnaryOp::Negate && !is_float(*operand),
        // A pattern that does not match ends the derivation, as a row error.
        Expr::Let { pat, .. } => is_refutable(body, *pat),
        Expr::Lambda { params, .. } => params.iter().any(|&pat| is_refutable(body, pat)),
        // What a parameter of function type does is not known here.
        Expr::CallVar { .. } => true,
        _ => false,
    }
}

/// Whether a pattern can fail to match a value of its type, as far as its form tells.
fn is_refutable(body: &Body, pat: crate::hir::PatId) -> bool {
    match body.pat(pat) {
        Pat::Error | Pat::Wildcard | Pat::Var(_) => false,
        Pat::Tuple(_) | Pat::Record { .. } => {
            let parts = body.pat_children(pat);
            parts.into_iter().any(|part| is_refutable(body, part))
        }
        Pat::Constant(_)
        | Pat::SelfAddr
        | Pat::TestNode(_)
        | Pat::Literal(_)
        | Pat::List(_)
        | Pat::Variant { .. } => true,
    }
}
