//! Inference of one body: the state that the files below share, coercion, and what is put off
//! until more is known.
//!
//! [`Infer::check`] flows an expected type inwards, [`Infer::infer`] a found one outwards (Pierce
//! and Turner, "Local type inference", 2000); both meet in [`Infer::coerce`]. What depends on the
//! head of a type that is still a variable is deferred and taken up again when the rest of the body
//! is done.

mod aggregate;
mod call;
mod construct;
mod expr;
mod lattice;
mod matching;
mod operator;
mod pattern;
mod rule;
mod spec;
mod synonym;
mod test;

use rustc_hash::FxHashMap;

use super::Use;
use super::context::Context;
use super::ty::Ty;
use crate::base::{Code, Diagnostic, FileSpan, codes};
use crate::hir::{Body, ExprId, FunctionId, Loc, PatId, VarId};
use bloom_stdx::arena::Id;

/// A function at type arguments that may have variables in them.
pub type Draft = (FunctionId, Vec<Ty>);

/// The side tables of a body while types have variables.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub exprs: Vec<Ty>,
    pub pats: Vec<Ty>,
    pub vars: Vec<Ty>,
    pub uses: FxHashMap<ExprId, Use<Ty, Draft>>,
    pub injections: FxHashMap<ExprId, Ty>,
    pub variants: FxHashMap<PatId, u32>,
    pub aggregates: FxHashMap<u32, Ty>,
}

/// Where a body stands, as far as that changes what is allowed in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Setting {
    /// A rule: lattices are neither joined on nor matched.
    Rule,
    /// A function, constant or default: no rows.
    Value,
    /// The bottom or merge of a lattice: looks inside the lattice's values.
    Merge,
    /// A test: `Req` columns take integers, and lattices are compared as they are.
    Test,
    /// A spec: sees finished ticks, and compares lattices as they are.
    Spec,
}

pub struct Infer<'c, 'a> {
    cx: &'c mut Context<'a>,
    body: &'a Body,
    setting: Setting,
    found: Found,
    deferred: Vec<Deferred>,
    /// Types that a signature wants to be lattices, or not to be.
    bounds: Vec<(Loc, Ty, bool)>,
    matches: Vec<matching::Pending>,
    /// Variables that a pattern has bound, to tell a join.
    bound: Vec<bool>,
    /// The head column that an expression is for: where it is declared, and what to say of it.
    column: Option<(ExprId, FileSpan, String)>,
    /// Instances of generic functions are typed again without a word.
    silent: bool,
}

/// What waits for the head of a type.
enum Deferred {
    Coerce {
        expr: ExprId,
        found: Ty,
        expected: Ty,
    },
    Binary {
        expr: ExprId,
        result: Ty,
    },
    Method {
        expr: ExprId,
        result: Ty,
    },
    TupleField {
        expr: ExprId,
        result: Ty,
    },
}

impl<'c, 'a> Infer<'c, 'a> {
    /// `params` stand for the type parameters of the function that the body is of.
    pub fn new(cx: &'c mut Context<'a>, body: &'a Body, setting: Setting, params: &[Ty]) -> Self {
        let mut vars = vec![Ty::ERROR; body.vars.len()];
        for param in &body.params {
            vars[param.var.index()] = cx.lower(&param.ty, params);
        }
        for own in body.vars.ids() {
            if !body.params.iter().any(|param| param.var == own) {
                vars[own.index()] = cx.store.fresh();
            }
        }
        Infer {
            cx,
            body,
            setting,
            found: Found {
                exprs: vec![Ty::ERROR; body.exprs.len()],
                pats: vec![Ty::ERROR; body.pats.len()],
                vars,
                ..Found::default()
            },
            deferred: Vec::new(),
            bounds: Vec::new(),
            matches: Vec::new(),
            bound: vec![false; body.vars.len()],
            column: None,
            silent: body.mistaken,
        }
    }

    /// Says nothing about mistakes: they were reported where the body was checked first.
    pub fn silent(mut self) -> Self {
        self.silent = true;
        self
    }

    /// Checks the value of a constant, default or function, and closes the body.
    pub fn value(mut self, expected: Ty) -> Found {
        if let Some(value) = self.body.value {
            self.check(value, expected);
        }
        self.finish()
    }

    /// Takes up what was deferred, checks what needs final types, and gives the tables.
    fn finish(mut self) -> Found {
        while self.retry(false) {}
        while self.retry(true) {}
        self.check_bounds();
        self.check_matches();
        self.found
    }

    /// One round over what was deferred; whether any of it got done. `last` settles what is left by
    /// the likeliest reading.
    fn retry(&mut self, last: bool) -> bool {
        let deferred = std::mem::take(&mut self.deferred);
        let before = deferred.len();
        for item in deferred {
            match item {
                Deferred::Coerce {
                    expr,
                    found,
                    expected,
                } if last && self.cx.store.is_var(found) => {
                    self.unify_or_report(expr, found, expected)
                }
                Deferred::Coerce {
                    expr,
                    found,
                    expected,
                } => self.coerce(expr, found, expected),
                Deferred::Binary { expr, result } => self.retry_binary(expr, result, last),
                Deferred::Method { expr, result } => self.retry_method(expr, result, last),
                Deferred::TupleField { expr, result } => self.retry_tuple_field(expr, result, last),
            }
        }
        self.deferred.len() < before
    }

    /// Infers the expression and makes it fit.
    fn check(&mut self, expr: ExprId, expected: Ty) {
        let found = self.infer(expr, Some(expected));
        self.coerce(expr, found, expected);
    }

    /// Makes a value of type `found` stand where `expected` is asked for, injecting a plain value
    /// into a lattice.
    fn coerce(&mut self, expr: ExprId, found: Ty, expected: Ty) {
        let store = &self.cx.store;
        if store.is_lattice(expected) && !store.is_lattice(found) {
            if store.is_var(found) {
                self.deferred.push(Deferred::Coerce {
                    expr,
                    found,
                    expected,
                });
                return;
            }
            if self.injects(found, expected) {
                self.found.injections.insert(expr, expected);
                return;
            }
        }
        self.unify_or_report(expr, found, expected);
    }

    fn unify_or_report(&mut self, expr: ExprId, found: Ty, expected: Ty) {
        if !self.cx.store.unify(found, expected) {
            self.mismatch(expr, found, expected);
        }
    }

    fn mismatch(&mut self, expr: ExprId, found: Ty, expected: Ty) {
        if self.cx.store.holds_error(found) || self.cx.store.holds_error(expected) {
            return;
        }
        let (found_text, expected_text) = (self.cx.show(found), self.cx.show(expected));
        let mut diagnostic = self.at(
            codes::E0301,
            self.body.expr_loc(expr),
            format!("type mismatch: expected `{expected_text}`, found `{found_text}`"),
            format!("this is `{found_text}`"),
        );
        if let Some((of, place, text)) = &self.column
            && *of == expr
        {
            diagnostic = diagnostic.with_label(*place, text.clone());
        }
        if let Some(help) = self.mismatch_help(found, expected) {
            diagnostic = diagnostic.with_help(help);
        }
        self.report(diagnostic);
    }

    fn mismatch_help(&mut self, found: Ty, expected: Ty) -> Option<&'static str> {
        if found == Ty::INT && expected == Ty::FLOAT {
            return Some(
                "write the number with a point, as in `1.0`, or convert it by `.to_float()`",
            );
        }
        if let Some(revealed) = self.cx.revealed(found)
            && self.cx.store.compatible(revealed, expected)
        {
            return Some("`.reveal` gives its plain value as it is now, which is a point of order");
        }
        (expected == Ty::STRING)
            .then_some("a string of any value is written by interpolation: `\"{value}\"`")
    }

    fn set(&mut self, expr: ExprId, ty: Ty) -> Ty {
        self.found.exprs[expr.index()] = ty;
        ty
    }

    fn var(&self, var: VarId) -> Ty {
        self.found.vars[var.index()]
    }

    fn at(
        &self,
        code: Code,
        loc: Loc,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        self.cx.diagnostic(code, loc, message, label)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.silent {
            self.cx.diagnostics.push(diagnostic);
        }
    }

    /// Reports a mistake in an expression, whose type is then unknown.
    fn fail(&mut self, diagnostic: Diagnostic) -> Ty {
        self.report(diagnostic);
        Ty::ERROR
    }

    /// What is wrong with a type that must, or must not, be a lattice.
    fn check_bounds(&mut self) {
        for (loc, ty, lattice) in std::mem::take(&mut self.bounds) {
            let store = &self.cx.store;
            if store.is_var(ty) || store.holds_error(ty) || store.is_lattice(ty) == lattice {
                continue;
            }
            let shown = self.cx.show(ty);
            let diagnostic = match lattice {
                true => self.at(
                    codes::E0407,
                    loc,
                    format!("`{shown}` is not a lattice"),
                    "a lattice is expected here",
                ),
                false => self
                    .at(
                        codes::E0407,
                        loc,
                        format!("`{shown}` is a lattice that may still grow"),
                        "a plain value is expected here",
                    )
                    .with_help(
                        "`.reveal` gives its plain value as it is now, which is a point of order",
                    ),
            };
            self.report(diagnostic);
        }
    }
}
