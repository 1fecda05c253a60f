//! What declarations must be, whatever the rules: columns, locations, type arguments.

use super::context::Context;
use super::program::check_periods;
use super::ty::{Con, Term, Ty};
use crate::base::codes;
use crate::hir::{Builtin, Column, Field, Loc};

/// Checks all that does not depend on inferred columns.
pub fn check(cx: &mut Context<'_>) {
    check_periods(cx);
    let program = cx.program;
    for (id, def) in program.types.iter() {
        let is_lattice = def.is_lattice();
        let params: Vec<Ty> = def
            .params
            .iter()
            .map(|param| {
                let con = Con::Opaque {
                    name: param.name.clone(),
                    lattice: param.lattice,
                };
                cx.store.app(con, [])
            })
            .collect();
        let merges = matches!(
            def.kind,
            crate::hir::TypeDefKind::Lattice {
                form: crate::hir::LatticeForm::Product | crate::hir::LatticeForm::Lexicographic,
                ..
            }
        );
        let ty = cx.def(id, params.clone());
        for ((_, field), declared) in cx.fields(ty).into_iter().zip(def.fields()) {
            well_formed(cx, field, declared.loc);
            if !is_lattice {
                plain_field(cx, field, declared);
            }
            if merges && !cx.store.is_lattice(field) && !cx.store.holds_error(field) {
                let shown = cx.show(field);
                let diagnostic = cx
                    .diagnostic(
                        codes::E0407,
                        declared.loc,
                        format!("`{shown}` is not a lattice"),
                        format!("a field of lattice `{}` merges", def.name),
                    )
                    .with_help("use a lattice such as `Max`, or give the lattice its own `merge`");
                cx.diagnostics.push(diagnostic);
            }
        }
        for (place, variant) in def.variants().iter().enumerate() {
            let fields = cx.variant_fields(id, place as u32, &params);
            for (field, declared) in fields.into_iter().zip(&variant.fields) {
                well_formed(cx, field, declared.loc);
                plain_field(cx, field, declared);
            }
        }
    }
}

/// Records and variants are plain values, so what is in them is.
fn plain_field(cx: &mut Context<'_>, ty: Ty, field: &Field) {
    if !cx.store.is_lattice(ty) {
        return;
    }
    let shown = cx.show(ty);
    let diagnostic = cx
        .diagnostic(
            codes::E0404,
            field.loc,
            format!("field `{}` is of the lattice type `{shown}`", field.name),
            "does not merge in a plain value",
        )
        .with_help("declare a `lattice` with these fields, which merges each");
    cx.diagnostics.push(diagnostic);
}

/// Checks columns once the types of all are known.
pub fn check_columns(cx: &mut Context<'_>) {
    for (place, kind) in cx.kinds.clone().into_iter().enumerate() {
        for (id, collection) in kind.collections.iter() {
            for (column, declared) in collection.columns.iter().enumerate() {
                let ty = cx.columns(place, id)[column];
                check_column(cx, declared, ty);
            }
        }
    }
}

fn check_column(cx: &mut Context<'_>, column: &Column, ty: Ty) {
    if cx.store.holds_error(ty) {
        return;
    }
    let (loc, name) = (column.loc, &column.name);
    let shown = cx.show(ty);
    if cx.store.is_var(ty) {
        let diagnostic = cx
            .diagnostic(
                codes::E0306,
                loc,
                format!("the type of column `{name}` cannot be inferred"),
                "no rule tells it",
            )
            .with_help(format!("declare it: `{name}: Int`"));
        cx.diagnostics.push(diagnostic);
        return;
    }
    if column.key && cx.store.is_lattice(ty) {
        let diagnostic = cx
            .diagnostic(
                codes::E0401,
                loc,
                format!("key column `{name}` is of the lattice type `{shown}`"),
                "a key does not grow",
            )
            .with_help(format!(
                "move it behind `=>`, where it merges: `(… => {name}: {shown})`"
            ));
        cx.diagnostics.push(diagnostic);
        return;
    }
    if column.location && !cx.store.is_error(ty) && ty != Ty::ADDR {
        let diagnostic = cx.diagnostic(
            codes::E0301,
            loc,
            format!("type mismatch: location column `{name}` must be `Addr`, found `{shown}`"),
            "names the node that a row is for",
        );
        cx.diagnostics.push(diagnostic);
        return;
    }
    if column.ty.is_some() {
        well_formed(cx, ty, loc);
    }
}

/// Lattices stand in lattices only, and where a lattice is asked for.
fn well_formed(cx: &mut Context<'_>, ty: Ty, loc: Loc) {
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        let Term::App(con, args) = cx.store.term(ty) else {
            continue;
        };
        let args = args.to_vec();
        let wants: Vec<bool> = match con {
            Con::Builtin(Builtin::Map) => vec![false, true],
            Con::Builtin(Builtin::Lex) => vec![true, true],
            Con::Builtin(Builtin::Sealed) => vec![true],
            Con::Builtin(_) => vec![false; args.len()],
            Con::Tuple => vec![cx.store.is_lattice(ty); args.len()],
            Con::Def { def, .. } => {
                let params = &cx.program.types[*def].params;
                params.iter().map(|param| param.lattice).collect()
            }
            Con::Function | Con::Opaque { .. } => continue,
        };
        for (&arg, lattice) in args.iter().zip(wants) {
            if cx.store.holds_error(arg) || cx.store.is_lattice(arg) == lattice {
                open.push(arg);
                continue;
            }
            let (inner, outer) = (cx.show(arg), cx.show(ty));
            let (message, label) = match lattice {
                true => (format!("`{inner}` is not a lattice"), "must merge"),
                false => (
                    format!("the lattice `{inner}` stands inside the plain part of `{outer}`"),
                    "does not merge there",
                ),
            };
            let code = match lattice {
                true => codes::E0407,
                false => codes::E0404,
            };
            let diagnostic = cx.diagnostic(code, loc, message, label);
            cx.diagnostics.push(diagnostic);
            return;
        }
    }
}
