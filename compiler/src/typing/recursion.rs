//! Functions that call themselves and types that hold themselves, which the language has not.

use std::collections::BTreeSet;

use bloom_stdx::arena::Id;
use bloom_stdx::graph::components;

use super::context::Context;
use super::walk;
use crate::base::codes;
use crate::hir::{Expr, FunctionId, TypeDefId, TypeRef};

/// What was refused; its bodies and fields are not followed by later steps.
#[derive(Default)]
pub struct Recursive {
    pub functions: BTreeSet<FunctionId>,
    pub types: BTreeSet<TypeDefId>,
}

pub fn check(cx: &mut Context<'_>) -> Recursive {
    Recursive {
        functions: functions(cx),
        types: types(cx),
    }
}

fn functions(cx: &mut Context<'_>) -> BTreeSet<FunctionId> {
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

fn types(cx: &mut Context<'_>) -> BTreeSet<TypeDefId> {
    let program = cx.program;
    let holds: Vec<Vec<usize>> = program
        .types
        .values()
        .map(|def| {
            let variants = def.variants().iter().flat_map(|variant| &variant.fields);
            let mut held = Vec::new();
            for field in def.fields().iter().chain(variants) {
                defs_in(&field.ty, &mut held);
            }
            held
        })
        .collect();
    let mut refused = BTreeSet::new();
    for cycle in cycles(&holds) {
        let first = &program.types[TypeDefId::from_index(cycle[0])];
        let diagnostic = cx
            .diagnostic(
                codes::E0313,
                first.loc,
                format!("type `{}` holds itself", first.name),
                "values of it would be without end",
            )
            .with_help("keep the parts as rows of a collection, and refer to them by key");
        cx.diagnostics.push(diagnostic);
        refused.extend(cycle.into_iter().map(TypeDefId::from_index));
    }
    refused
}

/// The components that lead back to themselves.
fn cycles(graph: &[Vec<usize>]) -> impl Iterator<Item = Vec<usize>> + '_ {
    components(graph)
        .into_iter()
        .filter(|component| component.len() > 1 || graph[component[0]].contains(&component[0]))
}

fn defs_in(ty: &TypeRef, found: &mut Vec<usize>) {
    match ty {
        TypeRef::Error | TypeRef::Param(_) | TypeRef::Opaque { .. } => {}
        TypeRef::Builtin(_, args) | TypeRef::Tuple(args) => {
            args.iter().for_each(|arg| defs_in(arg, found));
        }
        TypeRef::Def(def, args) => {
            found.push(def.index());
            args.iter().for_each(|arg| defs_in(arg, found));
        }
        TypeRef::Function { params, result } => {
            params.iter().for_each(|param| defs_in(param, found));
            defs_in(result, found);
        }
    }
}
