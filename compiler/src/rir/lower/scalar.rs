//! Expressions by their form; what stands behind names and operators is in `call`.

use bloom_plan::plan::{BinaryOp, CompareOp, Expr, Register, RowError, UnaryOp};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{Value, canonical_float};

use super::scope::{BodyLowering, Place};
use crate::hir::{self, Arm, ExprId, Part};
use crate::syntax::ast::{self, LitKind};

impl BodyLowering<'_, '_> {
    /// The expression's value where it is used: a plain one is injected where a lattice is expected.
    pub(super) fn expr(&mut self, id: ExprId) -> Expr {
        let value = self.plain(id);
        match self.types.injections.get(&id) {
            Some(&lattice) => self.inject(value, self.types.exprs[id], lattice),
            None => value,
        }
    }

    pub(super) fn exprs(&mut self, ids: &[ExprId]) -> Vec<Expr> {
        ids.iter().map(|&id| self.expr(id)).collect()
    }

    fn plain(&mut self, id: ExprId) -> Expr {
        let ty = self.types.exprs[id];
        if let Some(of) = self.types.uses.get(&id) {
            return self.used(ty, of);
        }
        match self.body.expr(id) {
            hir::Expr::Literal(literal) => self.literal(literal, ty),
            hir::Expr::Interpolation(parts) => self.interpolation(parts),
            hir::Expr::SelfAddr => Expr::SelfAddr,
            hir::Expr::Var(var) => match self.look_up(*var) {
                Place::Register(register) => Expr::Register(register),
                // A function is no word; its uses ask for it by `function_value`.
                Place::Function(_) => Expr::Fail(RowError::Invalid),
            },
            hir::Expr::Constant(constant) => self.constant(*constant),
            hir::Expr::CallVar { var, args } => {
                let args = self.exprs(args);
                self.call_variable(*var, args)
            }
            hir::Expr::TupleField { receiver, index } => {
                Expr::Part(Box::new(self.expr(*receiver)), *index)
            }
            hir::Expr::Tuple(parts) | hir::Expr::List(parts) | hir::Expr::Set(parts) => {
                Expr::Make(ty, self.exprs(parts))
            }
            hir::Expr::Map(entries) => {
                let words = entries.iter().flat_map(|&(key, value)| [key, value]);
                Expr::Make(ty, words.map(|word| self.expr(word)).collect())
            }
            hir::Expr::Unary { op, operand } => self.unary(*op, *operand),
            hir::Expr::Binary { op, left, right } => self.binary(*op, *left, *right),
            hir::Expr::Range { start, end } => {
                let int = self.cx.int();
                let bounds = vec![(int, self.expr(*start)), (int, self.expr(*end))];
                self.cx.builtin("range(Int, Int): List<Int>", bounds, ty)
            }
            hir::Expr::If {
                condition,
                then,
                otherwise,
            } => Expr::If(
                Box::new(self.expr(*condition)),
                Box::new(self.expr(*then)),
                Box::new(self.expr(*otherwise)),
            ),
            hir::Expr::Match { scrutinee, arms } => self.choose(*scrutinee, arms),
            hir::Expr::Let { pat, value, body } => {
                let ty = self.types.adjusted(*value);
                let value = self.expr(*value);
                let (register, bind) = self.bind_whole(*pat, ty);
                let body = self.expr(*body);
                bind_in(
                    std::iter::once((register, value)).chain(bind).collect(),
                    body,
                )
            }
            hir::Expr::Error
            | hir::Expr::Function(_)
            | hir::Expr::TestNode(_)
            | hir::Expr::Lambda { .. }
            | hir::Expr::Call { .. }
            | hir::Expr::CallBuiltin { .. }
            | hir::Expr::Method { .. }
            | hir::Expr::Field { .. }
            | hir::Expr::Construct { .. }
            | hir::Expr::Record { .. } => Expr::Fail(RowError::Invalid),
        }
    }

    pub(super) fn constant(&mut self, constant: hir::ConstantId) -> Expr {
        match self.cx.constants.get(&constant) {
            Some(&constant) => Expr::Constant(constant),
            None => Expr::Fail(RowError::Missing),
        }
    }

    pub(super) fn literal(&mut self, literal: &LitKind, ty: TypeId) -> Expr {
        match literal {
            LitKind::Int(n) | LitKind::Duration(n) => Expr::Word(*n as u64),
            LitKind::Float(x) => Expr::Word(canonical_float(x.value()).to_bits()),
            LitKind::Bool(b) => Expr::Word(u64::from(*b)),
            LitKind::Str(text) => self.cx.literal(ty, Value::String((**text).clone())),
            LitKind::Bytes(bytes) => self.cx.literal(ty, Value::Bytes(bytes.as_slice().into())),
            LitKind::Address(text) => self.cx.literal(ty, Value::Addr((**text).clone())),
        }
    }

    fn interpolation(&mut self, parts: &[Part]) -> Expr {
        let string = self.cx.string();
        let mut texts = Vec::new();
        for part in parts {
            texts.push(match part {
                Part::Text(text) => self.cx.literal(string, Value::String(text.clone())),
                Part::Expr(expr) => {
                    let (ty, value) = (self.types.adjusted(*expr), self.expr(*expr));
                    match ty == string {
                        true => value,
                        false => {
                            self.cx
                                .builtin("T.to_string(): String", vec![(ty, value)], string)
                        }
                    }
                }
            });
        }
        match texts.len() {
            0 => self.cx.literal(string, Value::string("")),
            1 => texts.remove(0),
            2 => {
                let texts = texts.into_iter().map(|text| (string, text)).collect();
                self.cx
                    .builtin("String.concat(String): String", texts, string)
            }
            _ => {
                let list = self.cx.plan.types.intern(Type::List(string));
                let nothing = self.cx.literal(string, Value::string(""));
                let arguments = vec![(list, Expr::Make(list, texts)), (string, nothing)];
                self.cx
                    .builtin("List<String>.join(String): String", arguments, string)
            }
        }
    }

    fn unary(&mut self, op: ast::UnaryOp, operand: ExprId) -> Expr {
        let ty = self.types.adjusted(operand);
        let value = self.expr(operand);
        let op = match op {
            ast::UnaryOp::Not => UnaryOp::Not,
            ast::UnaryOp::Negate if *self.cx.plan.types.get(ty) == Type::Float => UnaryOp::FloatNeg,
            ast::UnaryOp::Negate => UnaryOp::IntNeg,
        };
        Expr::Unary(op, Box::new(value))
    }

    fn binary(&mut self, op: ast::BinaryOp, left: ExprId, right: ExprId) -> Expr {
        let ty = self.types.adjusted(left);
        let (a, b) = (Box::new(self.expr(left)), Box::new(self.expr(right)));
        let float = *self.cx.plan.types.get(ty) == Type::Float;
        let arithmetic = |int, of_float| if float { of_float } else { int };
        let op = match op {
            ast::BinaryOp::Or => return Expr::Or(a, b),
            ast::BinaryOp::And => return Expr::And(a, b),
            ast::BinaryOp::Equal => return Expr::Compare(CompareOp::Eq, ty, a, b),
            ast::BinaryOp::NotEqual => return Expr::Compare(CompareOp::Ne, ty, a, b),
            ast::BinaryOp::Less => return Expr::Compare(CompareOp::Lt, ty, a, b),
            ast::BinaryOp::LessEqual => return Expr::Compare(CompareOp::Le, ty, a, b),
            ast::BinaryOp::Greater => return Expr::Compare(CompareOp::Gt, ty, a, b),
            ast::BinaryOp::GreaterEqual => return Expr::Compare(CompareOp::Ge, ty, a, b),
            ast::BinaryOp::Add => arithmetic(BinaryOp::IntAdd, BinaryOp::FloatAdd),
            ast::BinaryOp::Subtract => arithmetic(BinaryOp::IntSub, BinaryOp::FloatSub),
            ast::BinaryOp::Multiply => arithmetic(BinaryOp::IntMul, BinaryOp::FloatMul),
            ast::BinaryOp::Divide => arithmetic(BinaryOp::IntDiv, BinaryOp::FloatDiv),
            ast::BinaryOp::Remainder => arithmetic(BinaryOp::IntRem, BinaryOp::FloatRem),
        };
        Expr::Binary(op, a, b)
    }

    /// `match` as a chain of tests; the last arm needs none, for matches are exhaustive.
    fn choose(&mut self, scrutinee: ExprId, arms: &[Arm]) -> Expr {
        let ty = self.types.adjusted(scrutinee);
        let value = self.expr(scrutinee);
        let register = self.fresh(ty);
        let lowered: Vec<(Option<Expr>, Expr)> =
            arms.iter().map(|arm| self.arm(arm, register)).collect();
        let chain = lowered.into_iter().rev().fold(None, |rest, (test, body)| {
            Some(match (rest, test) {
                (Some(rest), Some(test)) => {
                    Expr::If(Box::new(test), Box::new(body), Box::new(rest))
                }
                (_, None) | (None, Some(_)) => body,
            })
        });
        let chain = chain.unwrap_or(Expr::Fail(RowError::Invalid));
        Expr::Let(register, Box::new(value), Box::new(chain))
    }

    fn arm(&mut self, arm: &Arm, scrutinee: Register) -> (Option<Expr>, Expr) {
        let matched = self.matching(arm.pat, Expr::Register(scrutinee));
        let mut test = all_of(matched.tests);
        if let Some(guard) = arm.guard {
            let guard = self.expr(guard);
            let guard = bind_in(matched.bind.clone(), guard);
            test = Some(match test {
                Some(test) => Expr::And(Box::new(test), Box::new(guard)),
                None => guard,
            });
        }
        let body = self.expr(arm.body);
        (test, bind_in(matched.bind, body))
    }

    /// A plain value as a value of a lattice (§4 of the language).
    pub(super) fn inject(&mut self, value: Expr, from: TypeId, lattice: TypeId) -> Expr {
        match self.cx.plan.types.get(lattice) {
            _ if from == lattice => value,
            Type::Max(_) | Type::Min(_) | Type::Or | Type::And => value,
            Type::Once(_) => Expr::Make(lattice, vec![Expr::Word(1), value]),
            &Type::Sealed(inner) => {
                let inner = self.inject(value, from, inner);
                Expr::Make(lattice, vec![Expr::Word(0), inner])
            }
            Type::Tuple(parts) => {
                let parts = parts.clone();
                let Type::Tuple(own) = self.cx.plan.types.get(from) else {
                    return Expr::Retype(lattice, Box::new(value));
                };
                let own = own.clone();
                let whole = self.fresh(from);
                let words = (0..)
                    .zip(own.into_iter().zip(parts))
                    .map(|(place, (own, part))| {
                        let word = Expr::Part(Box::new(Expr::Register(whole)), place);
                        self.inject(word, own, part)
                    });
                let words = words.collect();
                Expr::Let(whole, Box::new(value), Box::new(Expr::Make(lattice, words)))
            }
            _ => Expr::Retype(lattice, Box::new(value)),
        }
    }
}

/// The conjunction, evaluated from the first on; none if there is nothing to test.
pub(super) fn all_of(tests: Vec<Expr>) -> Option<Expr> {
    tests
        .into_iter()
        .rev()
        .reduce(|rest, test| Expr::And(Box::new(test), Box::new(rest)))
}

/// The body where the registers hold their expressions, the first outermost.
pub(super) fn bind_in(bind: Vec<(Register, Expr)>, body: Expr) -> Expr {
    bind.into_iter()
        .rev()
        .fold(body, |body, (register, value)| {
            Expr::Let(register, Box::new(value), Box::new(body))
        })
}
