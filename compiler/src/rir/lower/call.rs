//! What names, methods, fields, constructors and lattice operators stand for.

use bloom_plan::functions::lattice::Lattice;
use bloom_plan::functions::{BuiltinId, Entry, generic::Generic, number::Number};
use bloom_plan::plan::{Argument, BinaryOp, CompareOp, Expr, RowError, UnaryOp};
use bloom_plan::types::{BOTTOM, Type, TypeId};

use super::function::{self, Passed};
use super::scope::{BodyLowering, FunctionValue, Place};
use crate::hir::{self, Builtin, ExprId, VarId};
use crate::typing::{InstanceId, Use};

impl BodyLowering<'_, '_> {
    /// An expression of type `ty` whose form alone does not tell what it is.
    pub(super) fn used(&mut self, ty: TypeId, of: &Use) -> Expr {
        match of {
            Use::Call {
                instance,
                arguments,
            } => self.call(*instance, arguments),
            // A function is no word; its uses ask for it by `function_value`.
            Use::Function(_) => Expr::Fail(RowError::Invalid),
            Use::Builtin {
                builtin,
                arguments,
                types,
                result,
            } => self.call_builtin(*builtin, arguments, types, *result),
            Use::Reveal { receiver } => self.reveal(*receiver, ty),
            Use::Field { receiver, field } => Expr::Part(Box::new(self.expr(*receiver)), *field),
            Use::Variant { variant, arguments } => {
                let mut words = vec![Expr::Word((*variant).into())];
                words.extend(self.exprs(arguments));
                Expr::Make(ty, words)
            }
            Use::Fields { arguments } => Expr::Make(ty, self.exprs(arguments)),
            Use::Lattice { builtin, arguments } => self.built_in_lattice(*builtin, arguments, ty),
        }
    }

    fn call(&mut self, instance: InstanceId, arguments: &[ExprId]) -> Expr {
        let (mut words, mut passed) = (Vec::new(), Vec::new());
        let parameters = &self.cx.typed.instances[instance].params;
        for (&argument, &ty) in arguments.iter().zip(parameters) {
            if !self.cx.is_function(ty) {
                words.push(self.expr(argument));
            } else if let Some(value) = self.function_value(argument) {
                let captures = value
                    .captures
                    .iter()
                    .map(|register| self.slots()[register.0 as usize].ty)
                    .collect();
                passed.push(Passed {
                    function: value.function,
                    captures,
                });
                words.extend(value.captures.into_iter().map(Expr::Register));
            }
        }
        let function = match passed.is_empty() {
            true => self.cx.instance(instance),
            false => function::lower(self.cx, instance, &passed),
        };
        Expr::Call(function, words)
    }

    pub(super) fn call_variable(&mut self, var: VarId, arguments: Vec<Expr>) -> Expr {
        match self.look_up(var) {
            Place::Function(value) => {
                let captures = value.captures.into_iter().map(Expr::Register);
                Expr::Call(value.function, captures.chain(arguments).collect())
            }
            Place::Register(_) => Expr::Fail(RowError::Invalid),
        }
    }

    /// The function that an argument of function type is.
    fn function_value(&mut self, id: ExprId) -> Option<FunctionValue> {
        if let Some(Use::Function(instance)) = self.types.uses.get(&id) {
            let function = self.cx.instance(*instance);
            return Some(FunctionValue {
                function,
                captures: Vec::new(),
            });
        }
        match self.body.expr(id) {
            hir::Expr::Var(var) => match self.look_up(*var) {
                Place::Function(value) => Some(value),
                Place::Register(_) => None,
            },
            hir::Expr::Lambda { params, body } => Some(self.lambda(|this| {
                let mut registers = Vec::new();
                let mut bind = Vec::new();
                for &param in params {
                    let (register, parts) = this.bind_whole(param, this.types.pats[param]);
                    registers.push(register);
                    bind.extend(parts);
                }
                let result = this.types.adjusted(*body);
                let value = this.expr(*body);
                (registers, super::scalar::bind_in(bind, value), result)
            })),
            _ => None,
        }
    }

    fn call_builtin(
        &mut self,
        builtin: BuiltinId,
        arguments: &[ExprId],
        types: &[TypeId],
        result: TypeId,
    ) -> Expr {
        if let Some(inline) = self.inline_builtin(builtin.get().entry, arguments, types) {
            return inline;
        }
        let mut words = Vec::new();
        for (&argument, &ty) in arguments.iter().zip(types) {
            words.push(
                match self
                    .cx
                    .is_function(ty)
                    .then(|| self.function_value(argument))
                    .flatten()
                {
                    Some(value) => Argument::Lambda {
                        function: value.function,
                        captures: value.captures.into_iter().map(Expr::Register).collect(),
                    },
                    None => Argument::Value(self.expr(argument)),
                },
            );
        }
        Expr::Builtin(self.cx.site(builtin, types.to_vec(), result), words)
    }

    /// Built-ins that are one or two instructions.
    fn inline_builtin(
        &mut self,
        entry: Entry,
        arguments: &[ExprId],
        types: &[TypeId],
    ) -> Option<Expr> {
        let on_word = types
            .first()
            .is_some_and(|&ty| self.cx.plan.types.is_word(ty));
        let compare = |op| Some(Inline::Compare(op)).filter(|_| on_word);
        let inline = match entry {
            Entry::Generic(Generic::IntMax) => return Some(Expr::Word(i64::MAX as u64)),
            Entry::Generic(Generic::IntMin) => return Some(Expr::Word(i64::MIN as u64)),
            Entry::Number(Number::IntToFloat) => Some(Inline::ToFloat),
            Entry::Number(Number::BoolToInt) => Some(Inline::Same),
            Entry::Lattice(lattice) => match lattice {
                Lattice::MaxAtLeast => compare(CompareOp::Ge),
                Lattice::MaxAbove => compare(CompareOp::Gt),
                Lattice::MinAtMost => compare(CompareOp::Le),
                Lattice::MinBelow => compare(CompareOp::Lt),
                Lattice::MaxPlusInt | Lattice::MaxPlusDuration | Lattice::MaxPlusTime => {
                    Some(Inline::Plus { bottom: i64::MIN })
                }
                Lattice::MinPlusInt | Lattice::MinPlusDuration | Lattice::MinPlusTime => {
                    Some(Inline::Plus { bottom: i64::MAX })
                }
                Lattice::OrOr | Lattice::AndOr => Some(Inline::Or),
                Lattice::OrAnd | Lattice::AndAnd => Some(Inline::And),
                Lattice::AndIsFalse => Some(Inline::Not),
                _ => None,
            },
            _ => None,
        }?;
        let mut words = self.exprs(arguments).into_iter().map(Box::new);
        let first = words.next()?;
        Some(match inline {
            Inline::Same => *first,
            Inline::ToFloat => Expr::Unary(UnaryOp::IntToFloat, first),
            Inline::Not => Expr::Unary(UnaryOp::Not, first),
            Inline::Compare(op) => Expr::Compare(op, types[0], first, words.next()?),
            Inline::Or => Expr::Or(first, words.next()?),
            Inline::And => Expr::And(first, words.next()?),
            Inline::Plus { bottom } => {
                // Bottom is no number yet, and stays bottom.
                let (int, register) = (self.cx.int(), self.fresh(types[0]));
                let value = || Box::new(Expr::Register(register));
                let is_bottom = Expr::Compare(
                    CompareOp::Eq,
                    int,
                    value(),
                    Box::new(Expr::Word(bottom as u64)),
                );
                let sum = Expr::Binary(BinaryOp::IntAdd, value(), words.next()?);
                Expr::Let(
                    register,
                    first,
                    Box::new(Expr::If(Box::new(is_bottom), value(), Box::new(sum))),
                )
            }
        })
    }

    /// The plain value that a lattice value is now.
    fn reveal(&mut self, receiver: ExprId, result: TypeId) -> Expr {
        let from = self.types.adjusted(receiver);
        let value = self.expr(receiver);
        let types = &self.cx.plan.types;
        match types.get(from) {
            Type::Or | Type::And => value,
            Type::Max(_) | Type::Min(_) if types.is_word(from) => value,
            Type::Max(_) | Type::Min(_) => self.unless_bottom(from, value, |value| value),
            Type::Lww(..) => {
                self.unless_bottom(from, value, |value| Expr::Part(Box::new(value), 1))
            }
            _ => Expr::Retype(result, Box::new(value)),
        }
    }

    /// `then` of the value, or a row error if it is the bottom that is no value.
    fn unless_bottom(&mut self, ty: TypeId, value: Expr, then: impl FnOnce(Expr) -> Expr) -> Expr {
        let (int, register) = (self.cx.int(), self.fresh(ty));
        let read = || Expr::Register(register);
        let is_bottom = Expr::Compare(
            CompareOp::Eq,
            int,
            Box::new(read()),
            Box::new(Expr::Word(BOTTOM)),
        );
        let missing = Expr::Fail(RowError::Missing);
        let choice = Expr::If(
            Box::new(is_bottom),
            Box::new(missing),
            Box::new(then(read())),
        );
        Expr::Let(register, Box::new(value), Box::new(choice))
    }

    fn built_in_lattice(&mut self, builtin: Builtin, arguments: &[ExprId], ty: TypeId) -> Expr {
        let words = self.exprs(arguments);
        let [argument] = arguments else {
            return Expr::Make(ty, words);
        };
        let from = self.types.adjusted(*argument);
        let value = words
            .into_iter()
            .next()
            .unwrap_or(Expr::Fail(RowError::Invalid));
        match (builtin, self.cx.plan.types.get(from)) {
            (Builtin::Bag, &Type::List(element)) => {
                let bag = self.cx.plan.types.intern(Type::FrozenBag(element));
                let value =
                    self.cx
                        .builtin("List<T>.to_bag(): FrozenBag<T>", vec![(from, value)], bag);
                Expr::Retype(ty, Box::new(value))
            }
            (Builtin::Set | Builtin::PosSet, &Type::List(element)) => {
                let set = self.cx.plan.types.intern(Type::FrozenSet(element));
                let value =
                    self.cx
                        .builtin("List<T>.to_set(): FrozenSet<T>", vec![(from, value)], set);
                Expr::Retype(ty, Box::new(value))
            }
            _ => self.inject(value, from, ty),
        }
    }
}

enum Inline {
    Same,
    ToFloat,
    Not,
    Compare(CompareOp),
    Or,
    And,
    Plus { bottom: i64 },
}
