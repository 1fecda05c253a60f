//! Operators: arithmetic on numbers and times, comparison, and what is left of both on lattices
//! (thresholds, sums with a plain value), which are calls of built-ins.

use bloom_plan::functions::{BuiltinId, named};

use super::{Deferred, Infer, Setting};
use crate::base::codes;
use crate::hir::{Builtin, Expr, ExprId};
use crate::syntax::ast::BinaryOp;
use crate::typing::Use;
use crate::typing::signature::{Instance, signatures};
use crate::typing::ty::{Con, Ty};

/// A binary operator and its operands, `a` and `b` being the types of `left` and `right`.
#[derive(Clone, Copy)]
struct Operation {
    expr: ExprId,
    op: BinaryOp,
    left: ExprId,
    a: Ty,
    right: ExprId,
    b: Ty,
}

impl Infer<'_, '_> {
    pub(super) fn binary(
        &mut self,
        expr: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        expected: Option<Ty>,
    ) -> Ty {
        let sums = matches!(op, BinaryOp::Add | BinaryOp::Subtract);
        let hint = expected.filter(|_| sums).map(|ty| self.beneath(ty));
        let mut a = self.infer(left, hint.filter(|_| self.takes_hint(left)));
        let hint = is_comparison(op).then(|| self.beneath(a));
        let b = self.infer(right, hint.filter(|_| self.takes_hint(right)));
        if is_comparison(op) && matches!(self.body.expr(left), Expr::Literal(_)) {
            a = self.infer(left, Some(b));
        }
        let operation = Operation {
            expr,
            op,
            left,
            a,
            right,
            b,
        };
        self.operate(operation, false)
    }

    /// Whether an expected type only helps to read the expression. In an `if` or `match` it would
    /// be taken as asked for.
    pub(super) fn takes_hint(&self, expr: ExprId) -> bool {
        matches!(
            self.body.expr(expr),
            Expr::Literal(_)
                | Expr::Tuple(_)
                | Expr::List(_)
                | Expr::Set(_)
                | Expr::Map(_)
                | Expr::Construct { .. }
        )
    }

    pub(super) fn retry_binary(&mut self, expr: ExprId, result: Ty, last: bool) {
        let Expr::Binary { op, left, right } = *self.body.expr(expr) else {
            return;
        };
        let operation = Operation {
            expr,
            op,
            left,
            a: self.type_of(left),
            right,
            b: self.type_of(right),
        };
        let ty = self.operate(operation, last);
        self.settle(expr, ty, result);
    }

    pub(super) fn type_of(&self, expr: ExprId) -> Ty {
        self.found.exprs[expr.0 as usize]
    }

    /// The type of an operator's result, its operands inferred.
    fn operate(&mut self, operation: Operation, last: bool) -> Ty {
        let Operation { expr, op, .. } = operation;
        let store = &self.cx.store;
        let (a, b) = (store.resolve(operation.a), store.resolve(operation.b));
        let operation = Operation { a, b, ..operation };
        if store.is_error(a) || store.is_error(b) {
            return match is_comparison(op) {
                true => Ty::BOOL,
                false => Ty::ERROR,
            };
        }
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logical(operation);
        }
        if store.is_var(a) || store.is_var(b) {
            if !last {
                let result = self.cx.store.fresh();
                self.deferred.push(Deferred::Binary { expr, result });
                return result;
            }
            return self.operate_unknown(operation);
        }
        if store.is_lattice(a) || store.is_lattice(b) {
            return self.lattice_operator(operation);
        }
        if is_comparison(op) {
            self.unify_or_report(operation.right, b, a);
            return Ty::BOOL;
        }
        match arithmetic(op, a, b) {
            Some(ty) => ty,
            None => self.concatenation(operation),
        }
    }

    /// One operand's type is still unknown when all else is done: it is taken to be the other's.
    fn operate_unknown(&mut self, operation: Operation) -> Ty {
        let Operation { expr, op, a, b, .. } = operation;
        let (plain_a, plain_b) = (self.beneath(a), self.beneath(b));
        if !self.cx.store.unify(plain_a, plain_b) || self.cx.store.is_var(plain_a) {
            if is_comparison(op) && self.cx.store.is_var(plain_a) {
                return Ty::BOOL;
            }
            return self.uninferred(expr);
        }
        self.operate(operation, true)
    }

    /// `&&` and `||`, of `Bool`s, or of `Or`s or `And`s, which stay what they are.
    fn logical(&mut self, operation: Operation) -> Ty {
        let Operation {
            expr,
            op,
            left,
            a,
            right,
            b,
        } = operation;
        let lattice = [Ty::OR, Ty::AND]
            .into_iter()
            .find(|lattice| a == *lattice || b == *lattice);
        let ty = lattice.unwrap_or(Ty::BOOL);
        self.coerce(left, a, ty);
        self.coerce(right, b, ty);
        if lattice.is_some() {
            let method = match op {
                BinaryOp::And => "and",
                _ => "or",
            };
            self.use_method(expr, method, ty, vec![left, right], vec![ty, ty]);
        }
        ty
    }

    /// `+` on strings and lists is their method `concat`.
    fn concatenation(&mut self, operation: Operation) -> Ty {
        let Operation {
            expr,
            op,
            left,
            a,
            right,
            b,
        } = operation;
        let joins = matches!(
            self.cx.store.head(a),
            Some((
                Con::Builtin(Builtin::String | Builtin::List | Builtin::Bytes),
                _
            ))
        );
        if op == BinaryOp::Add && joins && self.cx.store.compatible(a, b) {
            self.unify_or_report(right, b, a);
            self.use_method(expr, "concat", a, vec![left, right], vec![a, b]);
            return a;
        }
        self.undefined(expr, op, a, b)
    }

    fn undefined(&mut self, expr: ExprId, op: BinaryOp, a: Ty, b: Ty) -> Ty {
        let (a_text, b_text) = (self.cx.show(a), self.cx.show(b));
        let mut diagnostic = self.at(
            codes::E0307,
            self.body.expr_loc(expr),
            format!(
                "type mismatch: `{}` is not defined for `{a_text}` and `{b_text}`",
                op.symbol()
            ),
            format!("`{a_text}` {} `{b_text}`", op.symbol()),
        );
        if [a, b].contains(&Ty::INT) && [a, b].contains(&Ty::FLOAT) {
            diagnostic = diagnostic.with_help("convert the `Int` by `.to_float()`");
        }
        if [a, b].contains(&Ty::STRING) {
            diagnostic = diagnostic.with_help("interpolate: `\"{a}{b}\"`");
        }
        self.fail(diagnostic)
    }

    /// Thresholds, and sums with a plain value. What else asks about a growing lattice would have
    /// to take its answer back.
    fn lattice_operator(&mut self, operation: Operation) -> Ty {
        let Operation {
            expr,
            op,
            left,
            a,
            right,
            b,
        } = operation;
        let compares = matches!(self.setting, Setting::Test | Setting::Spec | Setting::Merge);
        if compares && is_comparison(op) {
            let (a, b) = (self.beneath(a), self.beneath(b));
            self.unify_or_report(right, b, a);
            return Ty::BOOL;
        }
        if op == BinaryOp::Add
            && self.method_named("add", a).is_some()
            && self.cx.store.compatible(a, b)
        {
            self.unify_or_report(right, b, a);
            self.use_method(expr, "add", a, vec![left, right], vec![a, a]);
            return a;
        }
        let store = &self.cx.store;
        // The lattice is the receiver, so `3 <= m` reads as `m >= 3`.
        let (turned, receiver, plain) = match (store.is_lattice(a), store.is_lattice(b)) {
            (true, false) => (op, (left, a), (right, b)),
            (false, true) => (turn(op), (right, b), (left, a)),
            _ => return self.not_monotone(expr, op, a, b),
        };
        let method = match (store.head(receiver.1), turned) {
            (Some((Con::Builtin(Builtin::Max), _)), BinaryOp::GreaterEqual) => "at_least",
            (Some((Con::Builtin(Builtin::Max), _)), BinaryOp::Greater) => "above",
            (Some((Con::Builtin(Builtin::Min), _)), BinaryOp::LessEqual) => "at_most",
            (Some((Con::Builtin(Builtin::Min), _)), BinaryOp::Less) => "below",
            (Some((Con::Builtin(Builtin::Max | Builtin::Min), _)), BinaryOp::Add) => "plus",
            _ => return self.not_monotone(expr, op, a, b),
        };
        let Some(builtin) = self.method_named(method, receiver.1) else {
            return self.undefined(expr, op, a, b);
        };
        let signature = signatures().get(builtin);
        let mut instance = Instance::default();
        let store = &mut self.cx.store;
        if let Some(of) = &signature.receiver {
            let of = of.instantiate(&mut instance, store);
            store.unify(of, receiver.1);
        }
        let parameter = signature.parameters[0].instantiate(&mut instance, store);
        let result = signature.result.instantiate(&mut instance, store);
        self.coerce(plain.0, plain.1, parameter);
        let of = Use::Builtin {
            builtin,
            arguments: vec![receiver.0, plain.0],
            types: vec![receiver.1, parameter],
            result,
        };
        self.used(expr, of, result)
    }

    fn not_monotone(&mut self, expr: ExprId, op: BinaryOp, a: Ty, b: Ty) -> Ty {
        let lattice = match self.cx.store.is_lattice(a) {
            true => a,
            false => b,
        };
        let shown = self.cx.show(lattice);
        if !is_comparison(op) {
            let diagnostic = self
                .at(
                    codes::E0402,
                    self.body.expr_loc(expr),
                    format!("`{}` is not monotone on `{shown}`", op.symbol()),
                    "the lattice may still grow",
                )
                .with_help(
                    "reveal the lattice first: `.reveal` gives its plain value as it is now",
                );
            return self.fail(diagnostic);
        }
        let mut diagnostic = self.at(
            codes::E0402,
            self.body.expr_loc(expr),
            format!(
                "comparison `{}` of the growing lattice `{shown}` is not monotone",
                op.symbol()
            ),
            "the lattice may still grow, and the answer change",
        );
        let threshold = match self.cx.store.head(lattice) {
            Some((Con::Builtin(Builtin::Max), _)) => Some("`>=` or `>`"),
            Some((Con::Builtin(Builtin::Min), _)) => Some("`<=` or `<`"),
            _ => None,
        };
        if let Some(threshold) = threshold {
            diagnostic = diagnostic.with_help(format!(
                "a monotone threshold compares it with a plain value by {threshold}, and stays true once it is"
            ));
        }
        diagnostic = diagnostic.with_help(
            "its `.reveal` is the plain value as it is now; to compare that is a point of order",
        );
        self.report(diagnostic);
        Ty::BOOL
    }

    /// The method of that name that a receiver of the type has.
    pub(super) fn method_named(&self, name: &str, receiver: Ty) -> Option<BuiltinId> {
        let own = named(name).find(|(id, _)| {
            let of = signatures().get(*id).receiver.as_ref();
            of.is_some_and(|of| of.admits(receiver, &self.cx.store))
        });
        own.map(|(id, _)| id)
    }

    /// Records that the expression is a method of its first argument.
    fn use_method(
        &mut self,
        expr: ExprId,
        name: &str,
        result: Ty,
        arguments: Vec<ExprId>,
        types: Vec<Ty>,
    ) {
        if let Some(builtin) = self.method_named(name, types[0]) {
            let of = Use::Builtin {
                builtin,
                arguments,
                types,
                result,
            };
            self.found.uses.insert(expr, of);
        }
    }
}

pub(super) fn is_comparison(op: BinaryOp) -> bool {
    match op {
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual => true,
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder => false,
    }
}

/// The operator with its operands exchanged.
fn turn(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        // `3 - m` does not grow with `m`; the rest commutes or is refused either way.
        other => other,
    }
}

/// The result of arithmetic on plain values.
fn arithmetic(op: BinaryOp, a: Ty, b: Ty) -> Option<Ty> {
    use BinaryOp::{Add, Divide, Multiply, Remainder, Subtract};
    let result = match (op, a, b) {
        (Add | Subtract | Multiply | Divide | Remainder, Ty::INT, Ty::INT) => Ty::INT,
        (Add | Subtract | Multiply | Divide | Remainder, Ty::FLOAT, Ty::FLOAT) => Ty::FLOAT,
        (Add | Subtract | Remainder, Ty::DURATION, Ty::DURATION) => Ty::DURATION,
        (Divide, Ty::DURATION, Ty::DURATION) => Ty::INT,
        (Multiply | Divide, Ty::DURATION, Ty::INT) => Ty::DURATION,
        (Multiply, Ty::INT, Ty::DURATION) => Ty::DURATION,
        (Add | Subtract, Ty::TIME, Ty::DURATION) => Ty::TIME,
        (Add, Ty::DURATION, Ty::TIME) => Ty::TIME,
        (Subtract, Ty::TIME, Ty::TIME) => Ty::DURATION,
        _ => return None,
    };
    Some(result)
}
