//! Functions that call themselves, alone or in turns, which the language has not. (Types that hold
//! themselves are refused when their names are resolved.)

use std::collections::BTreeSet;

use bloom_stdx::arena::Id;
use bloom_stdx::graph::components;

use super::context::Context;
use super::walk;
use crate::base::codes;
use crate::hir::{Expr, FunctionId};

/// Reports recursion, and gives the functions in it: their bodies are not followed by later steps.
pub fn check(cx: &mut Context<'_>) -> BTreeSet<FunctionId> {
    let program = cx.program;
    let calls: Vec<Vec<usize>> = program
        .functions
        .values()
        .map(|function| {
            let mut called = Vec::new();
            if let Some(value) = function.body.value {
                walk::each_expr(&function.body, value, &mut |expr| {
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
    let mut refused = BTreeSet::new();
    for cycle in cycles(&calls) {
        let named = |place: usize| &program.functions[FunctionId::from_index(place)];
        let names: Vec<String> = cycle
            .iter()
            .map(|&place| format!("`{}`", named(place).name))
            .collect();
        let first = named(cycle[0]);
        let message = match cycle.len() {
            1 => format!("function {} calls itself", names[0]),
            _ => format!("functions {} call each other", names.join(" and ")),
        };
        let diagnostic = cx
            .diagnostic(
                codes::E0311,
                first.loc,
                message,
                "recursion is refused, so that functions are total",
            )
            .with_help("write the recursion as rules over a collection, or use a fold");
        cx.diagnostics.push(diagnostic);
        refused.extend(cycle.into_iter().map(FunctionId::from_index));
    }
    refused
}

/// The components that lead back to themselves.
fn cycles(graph: &[Vec<usize>]) -> impl Iterator<Item = Vec<usize>> + '_ {
    components(graph)
        .into_iter()
        .filter(|component| component.len() > 1 || graph[component[0]].contains(&component[0]))
}
