//! Expressions: what each form is, and what it expects of its parts.

use super::Infer;
use crate::base::codes;
use crate::hir::{Arm, Builtin, Expr, ExprId, PatId};
use crate::syntax::ast::{LitKind, UnaryOp};
use crate::typing::Use;
use crate::typing::infer::Setting;
use crate::typing::infer::matching::Pending;
use crate::typing::ty::{Con, Ty};

impl Infer<'_, '_> {
    /// The type of an expression; `expected` is only a hint, which the caller coerces to.
    pub(super) fn infer(&mut self, expr: ExprId, expected: Option<Ty>) -> Ty {
        let body = self.body;
        let ty = match body.expr(expr) {
            Expr::Error => Ty::ERROR,
            Expr::Literal(literal) => self.literal(literal, expected),
            Expr::Interpolation(parts) => self.interpolation(parts),
            Expr::SelfAddr | Expr::TestNode(_) => Ty::ADDR,
            Expr::Var(var) => self.var(*var),
            Expr::Constant(constant) => self.cx.constant(*constant),
            Expr::Function(function) => self.function_value(expr, *function),
            Expr::Call { function, args } => self.call(expr, *function, args, expected),
            Expr::CallBuiltin { name, args } => {
                self.call_builtin_function(expr, name, args, expected)
            }
            Expr::CallVar { var, args } => self.call_var(expr, *var, args),
            Expr::Method { receiver, args, .. } => {
                let found = self.infer(*receiver, None);
                self.method(expr, found, args, false)
            }
            Expr::Field { receiver, .. } => {
                let found = self.infer(*receiver, None);
                self.method(expr, found, &[], false)
            }
            Expr::TupleField { receiver, index } => {
                let found = self.infer(*receiver, None);
                self.tuple_field(expr, found, *index, false)
            }
            Expr::Construct { ctor, args } => self.construct(expr, ctor, args, expected),
            Expr::Record { def, fields } => self.record(expr, *def, fields, expected),
            Expr::Tuple(parts) => self.tuple(parts, expected),
            Expr::List(elements) => self.list(elements, expected),
            Expr::Set(elements) => self.set_literal(elements, expected),
            Expr::Map(entries) => self.map_literal(entries, expected),
            Expr::Unary { op, operand } => self.unary(expr, *op, *operand, expected),
            Expr::Binary { op, left, right } => self.binary(expr, *op, *left, *right, expected),
            Expr::Range { start, end } => {
                self.check(*start, Ty::INT);
                self.check(*end, Ty::INT);
                self.cx.store.builtin(Builtin::List, [Ty::INT])
            }
            Expr::If {
                condition,
                then,
                otherwise,
            } => {
                self.check(*condition, Ty::BOOL);
                let joined = self.join_type(expected);
                self.check(*then, joined);
                self.check(*otherwise, joined);
                joined
            }
            Expr::Match { scrutinee, arms } => self.match_(expr, *scrutinee, arms, expected),
            Expr::Let { pat, value, body } => {
                let found = self.infer(*value, None);
                self.pattern(*pat, found);
                self.infer(*body, expected)
            }
            Expr::Lambda { params, body } => self.lambda(params, *body, expected),
        };
        self.set(expr, ty)
    }

    /// The one type of several branches: what is expected, or what the first turns out to be.
    fn join_type(&mut self, expected: Option<Ty>) -> Ty {
        match expected {
            Some(ty) => ty,
            None => self.cx.store.fresh(),
        }
    }

    pub(super) fn literal(&self, literal: &LitKind, expected: Option<Ty>) -> Ty {
        match literal {
            LitKind::Int(_) if self.setting == Setting::Test && self.wants(expected, Ty::REQ) => {
                Ty::REQ
            }
            LitKind::Int(_) => Ty::INT,
            LitKind::Float(_) => Ty::FLOAT,
            LitKind::Str(_) => Ty::STRING,
            LitKind::Bytes(_) => Ty::BYTES,
            LitKind::Bool(_) => Ty::BOOL,
            LitKind::Duration(_) => Ty::DURATION,
            LitKind::Address(_) => Ty::ADDR,
        }
    }

    fn wants(&self, expected: Option<Ty>, ty: Ty) -> bool {
        expected.is_some_and(|expected| self.beneath(expected) == ty)
    }

    /// The type of the plain values that a lattice of one part takes in; of others, the type itself.
    pub(super) fn beneath(&self, ty: Ty) -> Ty {
        let store = &self.cx.store;
        match store.head(ty) {
            Some((Con::Builtin(Builtin::Max | Builtin::Min | Builtin::Once), args)) => {
                store.resolve(args[0])
            }
            _ => store.resolve(ty),
        }
    }

    fn interpolation(&mut self, parts: &[crate::hir::Part]) -> Ty {
        for part in parts {
            if let crate::hir::Part::Expr(part) = part {
                let found = self.infer(*part, None);
                self.bounds.push((self.body.expr_loc(*part), found, false));
            }
        }
        Ty::STRING
    }

    fn tuple(&mut self, parts: &[ExprId], expected: Option<Ty>) -> Ty {
        let expected = expected.map(|ty| self.beneath(ty));
        if let Some(expected) = expected
            && let Some((Con::Tuple, tys)) = self.cx.store.head(expected)
            && tys.len() == parts.len()
        {
            let tys = tys.to_vec();
            for (&part, ty) in parts.iter().zip(tys) {
                self.check(part, ty);
            }
            return expected;
        }
        let tys: Vec<Ty> = parts.iter().map(|&part| self.infer(part, None)).collect();
        self.cx.store.tuple(tys)
    }

    fn list(&mut self, elements: &[ExprId], expected: Option<Ty>) -> Ty {
        let hint = expected.map(|ty| self.beneath(ty));
        let element = match hint.and_then(|ty| self.cx.store.args_of(ty, Builtin::List)) {
            Some(args) => args[0],
            None => self.cx.store.fresh(),
        };
        for &each in elements {
            self.check(each, element);
        }
        self.cx.store.builtin(Builtin::List, [element])
    }

    /// `{a, b}` is of the set that is expected, else frozen; `{}` is also the empty map or bag.
    fn set_literal(&mut self, elements: &[ExprId], expected: Option<Ty>) -> Ty {
        let hint = expected.map(|ty| self.beneath(ty));
        if let Some(hint) = hint
            && let Some((Con::Builtin(builtin), args)) = self.cx.store.head(hint)
        {
            match builtin {
                Builtin::Set | Builtin::PosSet | Builtin::FrozenSet => {
                    let element = args[0];
                    for &each in elements {
                        self.check(each, element);
                    }
                    return hint;
                }
                Builtin::Map | Builtin::FrozenMap | Builtin::Bag | Builtin::FrozenBag
                    if elements.is_empty() =>
                {
                    return hint;
                }
                _ => {}
            }
        }
        if elements.is_empty()
            && let Some(hint) = hint
            && self.cx.store.is_var(hint)
        {
            return hint;
        }
        let element = self.cx.store.fresh();
        for &each in elements {
            self.check(each, element);
        }
        self.cx.store.builtin(Builtin::FrozenSet, [element])
    }

    fn map_literal(&mut self, entries: &[(ExprId, ExprId)], expected: Option<Ty>) -> Ty {
        let hint = expected.map(|ty| self.beneath(ty));
        let (builtin, key, value) = match hint.and_then(|ty| self.cx.store.head(ty)) {
            Some((Con::Builtin(builtin @ (Builtin::Map | Builtin::FrozenMap)), args)) => {
                (*builtin, args[0], args[1])
            }
            _ => {
                let (key, value) = (self.cx.store.fresh(), self.cx.store.fresh());
                (Builtin::FrozenMap, key, value)
            }
        };
        for &(own_key, own_value) in entries {
            self.check(own_key, key);
            self.check(own_value, value);
        }
        self.cx.store.builtin(builtin, [key, value])
    }

    fn unary(&mut self, expr: ExprId, op: UnaryOp, operand: ExprId, expected: Option<Ty>) -> Ty {
        match op {
            UnaryOp::Not => {
                self.check(operand, Ty::BOOL);
                Ty::BOOL
            }
            UnaryOp::Negate => {
                let found = self.infer(operand, expected);
                let found = self.cx.store.resolve(found);
                let store = &self.cx.store;
                if [Ty::INT, Ty::FLOAT, Ty::DURATION, Ty::ERROR].contains(&found) {
                    return found;
                }
                if store.is_var(found) {
                    self.cx.store.unify(found, Ty::INT);
                    return Ty::INT;
                }
                let diagnostic = self.at(
                    codes::E0307,
                    self.body.expr_loc(expr),
                    format!("`-` is not defined for `{}`", self.cx.show(found)),
                    "cannot be negated",
                );
                self.fail(diagnostic)
            }
        }
    }

    fn match_(
        &mut self,
        expr: ExprId,
        scrutinee: ExprId,
        arms: &[Arm],
        expected: Option<Ty>,
    ) -> Ty {
        let found = self.infer(scrutinee, None);
        let joined = self.join_type(expected);
        for arm in arms {
            self.pattern(arm.pat, found);
            if let Some(guard) = arm.guard {
                self.check(guard, Ty::BOOL);
            }
            self.check(arm.body, joined);
        }
        let arms = arms.iter().map(|arm| (arm.pat, arm.guard.is_some()));
        self.matches.push(Pending {
            expr,
            scrutinee: found,
            arms: arms.collect(),
        });
        joined
    }

    fn lambda(&mut self, params: &[PatId], body: ExprId, expected: Option<Ty>) -> Ty {
        let signature = expected.and_then(|ty| match self.cx.store.head(ty) {
            Some((Con::Function, args)) if args.len() == params.len() + 1 => Some(args.to_vec()),
            _ => None,
        });
        let args = match signature {
            Some(args) => args,
            None => (0..=params.len()).map(|_| self.cx.store.fresh()).collect(),
        };
        for (&param, &ty) in params.iter().zip(&args) {
            self.pattern(param, ty);
        }
        self.check(body, args[params.len()]);
        self.cx.store.app(Con::Function, args)
    }

    /// `t.0`
    pub(super) fn tuple_field(&mut self, expr: ExprId, found: Ty, index: u32, last: bool) -> Ty {
        let place = index as usize;
        let part = match self.cx.store.head(found) {
            Some((Con::Tuple, parts)) => parts.get(place).copied(),
            Some(_) => None,
            None if self.cx.store.is_error(found) => Some(Ty::ERROR),
            None if last => return self.uninferred(expr),
            None => {
                let result = self.cx.store.fresh();
                self.deferred
                    .push(super::Deferred::TupleField { expr, result });
                return result;
            }
        };
        if let Some(part) = part {
            return part;
        }
        let diagnostic = self.at(
            codes::E0302,
            self.body.expr_loc(expr),
            format!("`{}` has no part `{index}`", self.cx.show(found)),
            "no such part",
        );
        self.fail(diagnostic)
    }

    pub(super) fn retry_tuple_field(&mut self, expr: ExprId, result: Ty, last: bool) {
        let Expr::TupleField { receiver, index } = self.body.expr(expr) else {
            return;
        };
        let found = self.found.exprs[receiver.0 as usize];
        let ty = self.tuple_field(expr, found, *index, last);
        self.settle(expr, ty, result);
    }

    /// Gives a deferred expression the type that came out, which others know as `result`.
    pub(super) fn settle(&mut self, expr: ExprId, ty: Ty, result: Ty) {
        self.unify_or_report(expr, ty, result);
        self.set(expr, ty);
    }

    /// The type of this is needed, and nothing tells it.
    pub(super) fn uninferred(&mut self, expr: ExprId) -> Ty {
        let diagnostic = self
            .at(
                codes::E0306,
                self.body.expr_loc(expr),
                "the type of this cannot be inferred",
                "needs a type that is known",
            )
            .with_help("declare the types of the columns that the rule reads");
        self.fail(diagnostic)
    }

    /// Accepts its use of a `Use` and returns the type, for brevity at the callers.
    pub(super) fn used(&mut self, expr: ExprId, of: Use<Ty, super::Draft>, ty: Ty) -> Ty {
        self.found.uses.insert(expr, of);
        ty
    }
}
