//! Expressions, form by form.

use bloom_plan::functions::find;
use bloom_plan::plan::RowError;
use bloom_plan::semantics::ELEMENTS_MAX;
use bloom_plan::types::Type;
use bloom_plan::value::Value;
use bloom_stdx::arena::Id;

use super::builtins::Argument;
use super::{Closure, Evaluator, Frame, Slot, lattice};
use crate::hir::{Arm, Builtin, Expr, ExprId, Part, VarId};
use crate::typing::{Use, literal_value};

impl<'a> Evaluator<'a> {
    /// The value of an expression where it is used: injected, where a lattice is expected.
    pub fn expr(&self, frame: &mut Frame<'a>, expr: ExprId) -> Result<Value, RowError> {
        let value = self.plain(frame, expr)?;
        if self.nests_too_deep(frame.types.exprs[expr], &value) {
            return Err(RowError::Nesting);
        }
        Ok(match frame.types.injections.get(&expr) {
            Some(&to) => lattice::inject(self.types(), to, &value),
            None => value,
        })
    }

    fn plain(&self, frame: &mut Frame<'a>, expr: ExprId) -> Result<Value, RowError> {
        let types = frame.types;
        if let Some(of) = types.uses.get(&expr) {
            return self.used(frame, expr, of);
        }
        let body = frame.body;
        match body.expr(expr) {
            Expr::Literal(literal) => Ok(match (literal_value(literal), self.ty(frame, expr)) {
                (Value::Int(n), Type::Req) => Value::Req(n),
                (value, _) => value,
            }),
            Expr::Interpolation(parts) => self.interpolation(frame, parts),
            Expr::SelfAddr => Ok(Value::Addr(self.self_addr.clone())),
            Expr::TestNode(place) => {
                let node = self.nodes.get(*place as usize).ok_or(RowError::Invalid)?;
                Ok(Value::Addr(node.clone()))
            }
            Expr::Var(var) => frame.get(*var).cloned().ok_or(RowError::Invalid),
            Expr::Constant(constant) => self.constant(*constant),
            Expr::CallVar { var, args } => self.call_var(frame, *var, args),
            Expr::TupleField { receiver, index } => match self.expr(frame, *receiver)? {
                Value::Tuple(parts) => part(&parts, *index),
                _ => Err(RowError::Invalid),
            },
            Expr::Tuple(parts) => Ok(Value::Tuple(self.exprs(frame, parts)?.into())),
            Expr::List(elements) => Ok(Value::List(self.exprs(frame, elements)?.into())),
            Expr::Set(elements) => self.set(frame, expr, elements),
            Expr::Map(entries) => self.map(frame, expr, entries),
            Expr::Unary { op, operand } => {
                let operand = self.expr(frame, *operand)?;
                super::operator::unary(*op, operand)
            }
            Expr::Binary { op, left, right } => self.binary(frame, *op, *left, *right),
            Expr::Range { start, end } => {
                let (start, end) = (self.expr(frame, *start)?, self.expr(frame, *end)?);
                range(start, end)
            }
            Expr::If {
                condition,
                then,
                otherwise,
            } => match self.expr(frame, *condition)? {
                Value::Bool(true) => self.expr(frame, *then),
                _ => self.expr(frame, *otherwise),
            },
            Expr::Match { scrutinee, arms } => self.match_(frame, *scrutinee, arms),
            Expr::Let { pat, value, body } => {
                let value = self.expr(frame, *value)?;
                frame.forget(*pat);
                match self.matches(frame, *pat, &value)? {
                    true => self.expr(frame, *body),
                    false => Err(RowError::Missing),
                }
            }
            // Errors, functions outside arguments, and what is always in `uses`.
            Expr::Error
            | Expr::Function(_)
            | Expr::Lambda { .. }
            | Expr::Call { .. }
            | Expr::CallBuiltin { .. }
            | Expr::Method { .. }
            | Expr::Field { .. }
            | Expr::Construct { .. }
            | Expr::Record { .. } => Err(RowError::Invalid),
        }
    }

    fn used(&self, frame: &mut Frame<'a>, expr: ExprId, of: &Use) -> Result<Value, RowError> {
        match of {
            Use::Call {
                instance,
                arguments,
            } => {
                let mut slots = Vec::with_capacity(arguments.len());
                for &argument in arguments {
                    slots.push(match self.argument(frame, argument)? {
                        Argument::Value(value) => Slot::Value(value),
                        Argument::Function(closure) => Slot::Function(closure),
                    });
                }
                self.call_slots(*instance, slots)
            }
            Use::Function(_) => Err(RowError::Invalid),
            Use::Builtin {
                builtin,
                arguments,
                types,
                result,
            } => {
                let mut own = Vec::with_capacity(arguments.len());
                for &argument in arguments {
                    own.push(self.argument(frame, argument)?);
                }
                self.builtin(*builtin, &own, types, *result)
            }
            Use::Reveal { receiver } => {
                let value = self.expr(frame, *receiver)?;
                lattice::reveal(self.types(), frame.types.adjusted(*receiver), &value)
            }
            Use::Field { receiver, field } => match self.expr(frame, *receiver)? {
                Value::Tuple(parts) => part(&parts, *field),
                _ => Err(RowError::Invalid),
            },
            Use::Variant { variant, arguments } => {
                let fields = self.exprs(frame, arguments)?;
                Ok(Value::Variant(*variant, fields.into()))
            }
            Use::Fields { arguments } => Ok(Value::Tuple(self.exprs(frame, arguments)?.into())),
            Use::Lattice { builtin, arguments } => {
                let parts = self.exprs(frame, arguments)?;
                self.lattice(frame, expr, *builtin, parts)
            }
        }
    }

    fn lattice(
        &self,
        frame: &Frame<'a>,
        expr: ExprId,
        builtin: Builtin,
        parts: Vec<Value>,
    ) -> Result<Value, RowError> {
        match builtin {
            Builtin::Lww | Builtin::Lex => Ok(Value::Tuple(parts.into())),
            Builtin::Sealed => Ok(Value::Tuple(
                [Value::Bool(false)].into_iter().chain(parts).collect(),
            )),
            Builtin::Bag | Builtin::FrozenBag => match parts.first() {
                Some(Value::List(elements)) => Ok(bag(elements)),
                _ => Err(RowError::Invalid),
            },
            _ => {
                let value = parts.first().ok_or(RowError::Invalid)?;
                Ok(lattice::inject(
                    self.types(),
                    frame.types.exprs[expr],
                    value,
                ))
            }
        }
    }

    fn argument(
        &self,
        frame: &mut Frame<'a>,
        argument: ExprId,
    ) -> Result<Argument<Closure<'a>>, RowError> {
        let (body, types) = (frame.body, frame.types);
        let closure = match body.expr(argument) {
            Expr::Lambda { params, body } => Closure::Lambda {
                frame: frame.clone(),
                params,
                body: *body,
            },
            Expr::Function(_) => match types.uses.get(&argument) {
                Some(Use::Function(instance)) => Closure::Instance(*instance),
                _ => return Err(RowError::Invalid),
            },
            Expr::Var(var) => match &frame.slots[var.index()] {
                Some(Slot::Function(closure)) => closure.clone(),
                _ => return self.expr(frame, argument).map(Argument::Value),
            },
            _ => return self.expr(frame, argument).map(Argument::Value),
        };
        Ok(Argument::Function(closure))
    }

    fn call_var(
        &self,
        frame: &mut Frame<'a>,
        var: VarId,
        args: &[ExprId],
    ) -> Result<Value, RowError> {
        let Some(Slot::Function(closure)) = frame.slots[var.index()].clone() else {
            return Err(RowError::Invalid);
        };
        let args = self.exprs(frame, args)?;
        self.call_closure(&closure, &args)
    }

    fn exprs(&self, frame: &mut Frame<'a>, exprs: &[ExprId]) -> Result<Vec<Value>, RowError> {
        exprs.iter().map(|&expr| self.expr(frame, expr)).collect()
    }

    fn interpolation(&self, frame: &mut Frame<'a>, parts: &[Part]) -> Result<Value, RowError> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Expr(part) => text.push_str(&self.text(frame, *part)?),
            }
        }
        Ok(Value::string(text))
    }

    /// The value as text, as `to_string` has it.
    fn text(&self, frame: &mut Frame<'a>, expr: ExprId) -> Result<smol_str::SmolStr, RowError> {
        let value = self.expr(frame, expr)?;
        if let Value::String(text) = value {
            return Ok(text);
        }
        let to_string = find("T.to_string(): String").expect("`to_string` is a built-in");
        let ty = frame.types.adjusted(expr);
        // Only the receiver's type matters to it.
        match self.builtin(to_string, &[Argument::Value(value)], &[ty], ty)? {
            Value::String(text) => Ok(text),
            _ => Err(RowError::Invalid),
        }
    }

    /// `{a, b}`; empty also a map or bag.
    fn set(
        &self,
        frame: &mut Frame<'a>,
        expr: ExprId,
        elements: &[ExprId],
    ) -> Result<Value, RowError> {
        match self.ty(frame, expr) {
            Type::Map(..) | Type::FrozenMap(..) => Ok(Value::Map([].into())),
            Type::Bag(_) | Type::FrozenBag(_) => Ok(Value::Bag([].into())),
            _ => Ok(Value::set(self.exprs(frame, elements)?)),
        }
    }

    /// `{k: v}`. Of equal keys a lattice map joins the values, and a frozen one keeps the last.
    fn map(
        &self,
        frame: &mut Frame<'a>,
        expr: ExprId,
        entries: &[(ExprId, ExprId)],
    ) -> Result<Value, RowError> {
        let mut map = std::collections::BTreeMap::new();
        for &(key, value) in entries {
            let (key, mut value) = (self.expr(frame, key)?, self.expr(frame, value)?);
            if let (Type::Map(_, inner), Some(known)) = (self.ty(frame, expr), map.get(&key)) {
                value = self.join(*inner, known, &value)?;
            }
            map.insert(key, value);
        }
        Ok(Value::Map(map.into_iter().collect()))
    }

    fn match_(
        &self,
        frame: &mut Frame<'a>,
        scrutinee: ExprId,
        arms: &[Arm],
    ) -> Result<Value, RowError> {
        let value = self.expr(frame, scrutinee)?;
        for arm in arms {
            frame.forget(arm.pat);
            if !self.matches(frame, arm.pat, &value)? {
                continue;
            }
            let guard = match arm.guard {
                Some(guard) => self.expr(frame, guard)?,
                None => Value::Bool(true),
            };
            if guard == Value::Bool(true) {
                return self.expr(frame, arm.body);
            }
        }
        Err(RowError::Missing)
    }

    fn ty(&self, frame: &Frame<'a>, expr: ExprId) -> &'a Type {
        self.types().get(frame.types.exprs[expr])
    }
}

fn part(parts: &[Value], place: u32) -> Result<Value, RowError> {
    parts.get(place as usize).cloned().ok_or(RowError::Invalid)
}

fn bag(elements: &[Value]) -> Value {
    let mut counts: std::collections::BTreeMap<Value, i64> = std::collections::BTreeMap::new();
    for element in elements {
        *counts.entry(element.clone()).or_default() += 1;
    }
    Value::Bag(counts.into_iter().collect())
}

fn range(start: Value, end: Value) -> Result<Value, RowError> {
    let (Value::Int(start), Value::Int(end)) = (start, end) else {
        return Err(RowError::Invalid);
    };
    if end.saturating_sub(start) > ELEMENTS_MAX as i64 {
        return Err(RowError::Invalid);
    }
    Ok(Value::List((start..end).map(Value::Int).collect()))
}
