//! Expressions over values, by walking the typed tree.
//!
//! Invariant: evaluation ends, for functions do not recurse; and it asserts nothing: an expression
//! of a program with errors ends in a row error.

use std::sync::Arc;

use bloom_plan::functions;
use bloom_plan::plan::RowError;
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{Value, canonical_float};
use bloom_stdx::arena::Arena;
use smol_str::SmolStr;

use super::arithmetic;
use super::builtins::{Argument, Values};
use super::lattice::{self, OwnLattices};
use crate::hir::{Body, Builtin, ConstantId, Expr, ExprId, Part, PatId, Program, VarId};
use crate::syntax::ast::{BinaryOp, LitKind, UnaryOp};
use crate::typing::{BodyTypes, InstanceId, Typed, Use};

/// What expressions are evaluated in.
#[derive(Clone, Debug)]
pub struct Interpreter<'p> {
    pub program: &'p Program,
    pub typed: &'p Typed,
    /// Values of the constants that are known; reading another is a row error.
    pub constants: Arena<ConstantId, Option<Value>>,
    /// What `self` is.
    pub address: SmolStr,
    /// Addresses of the test's nodes, in order.
    pub test_nodes: Vec<SmolStr>,
}

/// A body with its types: what ids of expressions, patterns and variables index.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'p> {
    pub body: &'p Body,
    pub types: &'p BodyTypes,
}

/// What a variable is bound to, if it is.
#[derive(Clone, Debug)]
pub enum Binding<'p> {
    Value(Value),
    Function(Closure<'p>),
}

/// The variables of a body.
#[derive(Clone, Debug)]
pub struct Env<'p>(Vec<Option<Binding<'p>>>);

/// A function as a value.
#[derive(Clone, Debug)]
pub enum Closure<'p> {
    Instance(InstanceId),
    Lambda {
        scope: Scope<'p>,
        params: &'p [PatId],
        body: ExprId,
        env: Env<'p>,
    },
}

pub type Outcome = Result<Value, RowError>;

impl<'p> Env<'p> {
    /// No variable of the body is bound.
    pub fn new(body: &Body) -> Self {
        Env(vec![None; body.vars.len()])
    }

    pub fn get(&self, var: VarId) -> Option<&Value> {
        match self.0.get(var.0 as usize)? {
            Some(Binding::Value(value)) => Some(value),
            Some(Binding::Function(_)) | None => None,
        }
    }

    pub fn set(&mut self, var: VarId, binding: Option<Binding<'p>>) {
        if let Some(place) = self.0.get_mut(var.0 as usize) {
            *place = binding;
        }
    }

    fn function(&self, var: VarId) -> Option<&Closure<'p>> {
        match self.0.get(var.0 as usize)? {
            Some(Binding::Function(closure)) => Some(closure),
            Some(Binding::Value(_)) | None => None,
        }
    }
}

impl<'p> Interpreter<'p> {
    /// The value of an expression where it is used: of a lattice type if it stands where one is
    /// expected.
    pub fn eval(&self, scope: Scope<'p>, expr: ExprId, env: &Env<'p>) -> Outcome {
        let value = match scope.types.uses.get(&expr) {
            Some(used) => self.used(scope, expr, used, env)?,
            None => self.plain(scope, expr, env)?,
        };
        Ok(match scope.types.injections.get(&expr) {
            Some(&lattice) => lattice::inject(&self.typed.types, lattice, &value),
            None => value,
        })
    }

    /// Calls a function of the program.
    pub fn call(&self, function: &Closure<'p>, arguments: Vec<Binding<'p>>) -> Outcome {
        match function {
            Closure::Instance(instance) => {
                let instance = &self.typed.instances[*instance];
                let body = &self.program.functions[instance.function].body;
                let mut env = Env::new(body);
                for (&param, argument) in body.params.iter().zip(arguments) {
                    env.set(param, Some(argument));
                }
                let types = &instance.body;
                let value = body.value.ok_or(RowError::Invalid)?;
                self.eval(Scope { body, types }, value, &env)
            }
            Closure::Lambda {
                scope,
                params,
                body,
                env,
            } => {
                let mut env = env.clone();
                for (&param, argument) in params.iter().zip(arguments) {
                    match argument {
                        Binding::Value(value) => {
                            if !self.matches_anew(*scope, param, &value, &mut env) {
                                return Err(RowError::Invalid);
                            }
                        }
                        Binding::Function(_) => return Err(RowError::Invalid),
                    }
                }
                self.eval(*scope, *body, &env)
            }
        }
    }

    pub fn constant(&self, constant: ConstantId) -> Outcome {
        let known = self.constants.get(constant).and_then(Option::as_ref);
        known.cloned().ok_or(RowError::Invalid)
    }

    /// The address of a test's node.
    pub fn test_node(&self, node: u32) -> Value {
        let name = self.test_nodes.get(node as usize);
        Value::Addr(name.cloned().unwrap_or_default())
    }

    /// A literal as a value of its type.
    pub fn literal(&self, literal: &LitKind, ty: TypeId) -> Value {
        match literal {
            LitKind::Int(n) if matches!(self.typed.types.get(ty), Type::Req) => Value::Req(*n),
            LitKind::Int(n) => Value::Int(*n),
            LitKind::Float(x) => Value::Float(canonical_float(x.value())),
            LitKind::Str(text) => Value::String(text.clone()),
            LitKind::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
            LitKind::Bool(b) => Value::Bool(*b),
            LitKind::Duration(n) => Value::Duration(*n),
            LitKind::Address(text) => Value::Addr(text.clone()),
        }
    }

    /// An expression whose form tells what it does.
    fn plain(&self, scope: Scope<'p>, expr: ExprId, env: &Env<'p>) -> Outcome {
        let ty = scope
            .types
            .exprs
            .get(expr)
            .copied()
            .ok_or(RowError::Invalid)?;
        match scope.body.expr(expr) {
            Expr::Literal(literal) => Ok(self.literal(literal, ty)),
            Expr::Interpolation(parts) => self.interpolation(scope, parts, env),
            Expr::SelfAddr => Ok(Value::Addr(self.address.clone())),
            Expr::Var(var) => env.get(*var).cloned().ok_or(RowError::Invalid),
            Expr::Constant(constant) => self.constant(*constant),
            Expr::TestNode(node) => Ok(self.test_node(*node)),
            Expr::CallVar { var, args } => {
                let function = env.function(*var).ok_or(RowError::Invalid)?;
                let arguments = self.bindings(scope, args, env)?;
                self.call(function, arguments)
            }
            Expr::TupleField { receiver, index } => {
                part(&self.eval(scope, *receiver, env)?, *index)
            }
            Expr::Tuple(parts) => Ok(Value::Tuple(self.all(scope, parts, env)?.into())),
            Expr::List(elements) => Ok(Value::List(self.all(scope, elements, env)?.into())),
            Expr::Set(elements) if elements.is_empty() => Ok(self.empty(ty)),
            Expr::Set(elements) => Ok(Value::set(self.all(scope, elements, env)?)),
            Expr::Map(entries) => {
                let entries: Result<Vec<_>, _> = entries
                    .iter()
                    .map(|&(k, v)| Ok((self.eval(scope, k, env)?, self.eval(scope, v, env)?)))
                    .collect();
                Ok(Value::map(entries?))
            }
            Expr::Unary { op, operand } => {
                let value = self.eval(scope, *operand, env)?;
                match op {
                    UnaryOp::Negate => arithmetic::negate(&value),
                    UnaryOp::Not => Ok(Value::Bool(value != Value::Bool(true))),
                }
            }
            Expr::Binary { op, left, right } => self.binary(scope, *op, (*left, *right), ty, env),
            Expr::Range { start, end } => {
                let ends = (self.eval(scope, *start, env)?, self.eval(scope, *end, env)?);
                let (Value::Int(start), Value::Int(end)) = ends else {
                    return Err(RowError::Invalid);
                };
                Ok(Value::List((start..end).map(Value::Int).collect()))
            }
            Expr::If {
                condition,
                then,
                otherwise,
            } => match self.eval(scope, *condition, env)? == Value::Bool(true) {
                true => self.eval(scope, *then, env),
                false => self.eval(scope, *otherwise, env),
            },
            Expr::Match { scrutinee, arms } => {
                let value = self.eval(scope, *scrutinee, env)?;
                for arm in arms {
                    let mut env = env.clone();
                    if !self.matches_anew(scope, arm.pat, &value, &mut env) {
                        continue;
                    }
                    let guard = arm.guard.map(|guard| self.eval(scope, guard, &env));
                    if guard
                        .transpose()?
                        .is_none_or(|held| held == Value::Bool(true))
                    {
                        return self.eval(scope, arm.body, &env);
                    }
                }
                Err(RowError::Invalid)
            }
            Expr::Let { pat, value, body } => {
                let value = self.eval(scope, *value, env)?;
                let mut env = env.clone();
                match self.matches_anew(scope, *pat, &value, &mut env) {
                    true => self.eval(scope, *body, &env),
                    false => Err(RowError::Invalid),
                }
            }
            // These have an entry in `uses`, or are no values.
            Expr::Error
            | Expr::Function(_)
            | Expr::Call { .. }
            | Expr::CallBuiltin { .. }
            | Expr::Method { .. }
            | Expr::Field { .. }
            | Expr::Construct { .. }
            | Expr::Record { .. }
            | Expr::Lambda { .. } => Err(RowError::Invalid),
        }
    }

    /// An expression that typing has found a use for.
    fn used(&self, scope: Scope<'p>, expr: ExprId, used: &'p Use, env: &Env<'p>) -> Outcome {
        match used {
            Use::Call {
                instance,
                arguments,
            } => {
                let arguments = self.bindings(scope, arguments, env)?;
                self.call(&Closure::Instance(*instance), arguments)
            }
            Use::Function(_) => Err(RowError::Invalid),
            Use::Builtin {
                builtin,
                arguments,
                types,
                result,
            } => {
                let arguments: Vec<Argument<Closure<'p>>> = self
                    .bindings(scope, arguments, env)?
                    .into_iter()
                    .map(|argument| match argument {
                        Binding::Value(value) => Argument::Value(value),
                        Binding::Function(function) => Argument::Function(function),
                    })
                    .collect();
                self.builtin(*builtin, &arguments, types, *result)
            }
            Use::Reveal { receiver } => {
                let value = self.eval(scope, *receiver, env)?;
                lattice::reveal(&self.typed.types, scope.types.adjusted(*receiver), &value)
            }
            Use::Field { receiver, field } => part(&self.eval(scope, *receiver, env)?, *field),
            Use::Variant { variant, arguments } => {
                let fields = self.all(scope, arguments, env)?;
                Ok(Value::Variant(*variant, fields.into()))
            }
            Use::Fields { arguments } => Ok(Value::Tuple(self.all(scope, arguments, env)?.into())),
            Use::Lattice { builtin, arguments } => {
                let parts = self.all(scope, arguments, env)?;
                Ok(self.built_lattice(*builtin, parts, scope.types.exprs[expr]))
            }
        }
    }

    /// `Lww(s, v)`, `Bag([…])`, `Max(x)`.
    fn built_lattice(&self, builtin: Builtin, mut parts: Vec<Value>, ty: TypeId) -> Value {
        match builtin {
            Builtin::Lww | Builtin::Lex => Value::Tuple(parts.into()),
            Builtin::Bag => match parts.pop() {
                Some(Value::List(elements) | Value::Set(elements)) => bag(&elements),
                Some(other) => other,
                None => Value::Bag(Arc::new([])),
            },
            Builtin::Set | Builtin::PosSet => match parts.pop() {
                Some(Value::List(elements)) => Value::set(elements.iter().cloned()),
                Some(other) => other,
                None => Value::Set(Arc::new([])),
            },
            _ => match parts.pop() {
                Some(part) => lattice::inject(&self.typed.types, ty, &part),
                None => lattice::bottom(&self.typed.types, ty, self).unwrap_or(Value::Bottom),
            },
        }
    }

    fn builtin(
        &self,
        builtin: functions::BuiltinId,
        arguments: &[Argument<Closure<'p>>],
        types: &[TypeId],
        result: TypeId,
    ) -> Outcome {
        let mut call = |function: &Closure<'p>, values: &[Value]| {
            let arguments = values.iter().cloned().map(Binding::Value);
            self.call(function, arguments.collect())
        };
        let mut values = Values {
            types: &self.typed.types,
            own: self,
            call: &mut call,
        };
        values.apply(builtin, arguments, types, result)
    }

    /// Arguments of a call, of which some may be functions.
    fn bindings(
        &self,
        scope: Scope<'p>,
        exprs: &'p [ExprId],
        env: &Env<'p>,
    ) -> Result<Vec<Binding<'p>>, RowError> {
        let binding = |&expr: &ExprId| {
            if let Some(Use::Function(instance)) = scope.types.uses.get(&expr) {
                return Ok(Binding::Function(Closure::Instance(*instance)));
            }
            match scope.body.expr(expr) {
                Expr::Lambda { params, body } => Ok(Binding::Function(Closure::Lambda {
                    scope,
                    params,
                    body: *body,
                    env: env.clone(),
                })),
                Expr::Var(var) if let Some(function) = env.function(*var) => {
                    Ok(Binding::Function(function.clone()))
                }
                _ => self.eval(scope, expr, env).map(Binding::Value),
            }
        };
        exprs.iter().map(binding).collect()
    }

    fn all(
        &self,
        scope: Scope<'p>,
        exprs: &[ExprId],
        env: &Env<'p>,
    ) -> Result<Vec<Value>, RowError> {
        exprs
            .iter()
            .map(|&expr| self.eval(scope, expr, env))
            .collect()
    }

    fn interpolation(&self, scope: Scope<'p>, parts: &[Part], env: &Env<'p>) -> Outcome {
        let to_string = functions::find("T.to_string(): String").ok_or(RowError::Invalid)?;
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Expr(expr) => {
                    let argument = Argument::Value(self.eval(scope, *expr, env)?);
                    let types = [scope.types.adjusted(*expr)];
                    // The result's type is only asked by built-ins that build compound values.
                    match self.builtin(to_string, &[argument], &types, types[0])? {
                        Value::String(part) | Value::Addr(part) => text.push_str(&part),
                        _ => return Err(RowError::Invalid),
                    }
                }
            }
        }
        Ok(Value::string(text))
    }

    fn binary(
        &self,
        scope: Scope<'p>,
        op: BinaryOp,
        (left, right): (ExprId, ExprId),
        ty: TypeId,
        env: &Env<'p>,
    ) -> Outcome {
        let left = self.eval(scope, left, env)?;
        match (op, &left) {
            (BinaryOp::And, Value::Bool(false)) => return Ok(Value::Bool(false)),
            (BinaryOp::Or, Value::Bool(true)) => return Ok(Value::Bool(true)),
            _ => {}
        }
        let right = self.eval(scope, right, env)?;
        match op {
            BinaryOp::And | BinaryOp::Or => Ok(right),
            BinaryOp::Equal => Ok(Value::Bool(left == right)),
            BinaryOp::NotEqual => Ok(Value::Bool(left != right)),
            BinaryOp::Less => Ok(Value::Bool(left < right)),
            BinaryOp::LessEqual => Ok(Value::Bool(left <= right)),
            BinaryOp::Greater => Ok(Value::Bool(left > right)),
            BinaryOp::GreaterEqual => Ok(Value::Bool(left >= right)),
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => {
                arithmetic::binary(op, &left, &right, self.typed.types.get(ty))
            }
        }
    }

    /// `{}` of its type.
    fn empty(&self, ty: TypeId) -> Value {
        match self.typed.types.get(ty) {
            Type::Map(..) | Type::FrozenMap(..) => Value::Map(Arc::new([])),
            Type::Bag(_) | Type::FrozenBag(_) => Value::Bag(Arc::new([])),
            _ => Value::Set(Arc::new([])),
        }
    }
}

impl OwnLattices for Interpreter<'_> {
    fn own_bottom(&self, ty: TypeId) -> Outcome {
        let own = self.typed.own_lattices.iter().find(|own| own.ty == ty);
        let bottom = own.and_then(|own| own.bottom).ok_or(RowError::Invalid)?;
        self.call(&Closure::Instance(bottom), Vec::new())
    }

    fn own_merge(&self, ty: TypeId, a: &Value, b: &Value) -> Outcome {
        let own = self.typed.own_lattices.iter().find(|own| own.ty == ty);
        let merge = own.and_then(|own| own.merge).ok_or(RowError::Invalid)?;
        let arguments = [a, b].map(|value| Binding::Value(value.clone()));
        self.call(&Closure::Instance(merge), arguments.into())
    }
}

/// A part of a tuple, record or declared lattice.
fn part(value: &Value, place: u32) -> Outcome {
    match value {
        Value::Tuple(parts) => parts.get(place as usize).cloned().ok_or(RowError::Invalid),
        _ => Err(RowError::Invalid),
    }
}

fn bag(elements: &[Value]) -> Value {
    let mut sorted = elements.to_vec();
    sorted.sort();
    let groups = sorted.chunk_by(|a, b| a == b);
    Value::Bag(
        groups
            .map(|group| (group[0].clone(), group.len() as i64))
            .collect(),
    )
}
