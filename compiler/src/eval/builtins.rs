//! The built-ins of `bloom_plan::functions`, over [`Value`]s: `bloom_plan::semantics` has what each
//! of them means, and [`Values`] is the domain in which it computes.
//!
//! Invariant: nothing here knows a clock or a source of randomness, so `now()`, `random()` and
//! `fresh_id()` are row errors.

use std::cmp::Ordering;
use std::sync::Arc;

use bloom_plan::functions::BuiltinId;
use bloom_plan::plan::RowError;
use bloom_plan::semantics::{self, Call, Domain};
use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::Value;

use super::lattice::{self, OwnLattices};

/// An argument of a call. `F` is what the evaluator has for a function.
#[derive(Clone, Debug)]
pub enum Argument<F> {
    Value(Value),
    Function(F),
}

/// Calls a function with plain arguments.
pub type Caller<'a, F> = dyn FnMut(&F, &[Value]) -> Result<Value, RowError> + 'a;

/// What the evaluator lends to a call of a built-in.
pub struct Values<'a, F> {
    pub types: &'a TypeTable,
    pub own: &'a dyn OwnLattices,
    /// Calls a function of the program.
    pub call: &'a mut Caller<'a, F>,
}

impl<F> Values<'_, F> {
    /// Calls a built-in: `types` are those of the arguments, receiver first.
    pub fn apply(
        &mut self,
        builtin: BuiltinId,
        arguments: &[Argument<F>],
        types: &[TypeId],
        result: TypeId,
    ) -> Result<Value, RowError> {
        let call = Call {
            arguments,
            types,
            result,
        };
        semantics::apply(self, builtin.get().entry, &call)
    }
}

/// A value of another shape than its type says comes from a program with errors, and reads as the
/// least of its type.
impl<F> Domain for Values<'_, F> {
    type Value = Value;
    type Argument = Argument<F>;

    fn types(&self) -> &TypeTable {
        self.types
    }

    fn value_of(&self, argument: &Argument<F>) -> Value {
        match argument {
            Argument::Value(value) => value.clone(),
            Argument::Function(_) => Value::Bottom,
        }
    }

    fn call(&mut self, function: &Argument<F>, arguments: &[Value]) -> Result<Value, RowError> {
        match function {
            Argument::Function(function) => (self.call)(function, arguments),
            Argument::Value(_) => Err(RowError::Invalid),
        }
    }

    fn bool(&self, value: &Value) -> bool {
        matches!(value, Value::Bool(true))
    }

    fn int(&self, value: &Value) -> i64 {
        match value {
            Value::Int(n) | Value::Time(n) | Value::Duration(n) | Value::Req(n) => *n,
            _ => 0,
        }
    }

    fn float(&self, value: &Value) -> f64 {
        match value {
            Value::Float(x) => *x,
            _ => 0.0,
        }
    }

    fn text<'a>(&'a self, value: &'a Value) -> &'a str {
        match value {
            Value::String(text) | Value::Addr(text) => text,
            _ => "",
        }
    }

    fn bytes<'a>(&'a self, value: &'a Value) -> &'a [u8] {
        match value {
            Value::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    fn parts(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::Tuple(values) | Value::List(values) | Value::Set(values) => values.to_vec(),
            _ => Vec::new(),
        }
    }

    fn counts(&self, value: &Value) -> Vec<(Value, i64)> {
        match value {
            Value::Bag(counts) => counts.to_vec(),
            _ => Vec::new(),
        }
    }

    fn entries(&self, value: &Value) -> Vec<(Value, Value)> {
        match value {
            Value::Map(entries) => entries.to_vec(),
            _ => Vec::new(),
        }
    }

    fn variant(&self, value: &Value) -> (u32, Vec<Value>) {
        match value {
            Value::Variant(number, fields) => (*number, fields.to_vec()),
            _ => (0, Vec::new()),
        }
    }

    fn export(&self, _: TypeId, value: &Value) -> Value {
        value.clone()
    }

    fn make_bool(&mut self, _: TypeId, value: bool) -> Value {
        Value::Bool(value)
    }

    fn make_int(&mut self, ty: TypeId, value: i64) -> Value {
        match self.types.get(ty) {
            Type::Time => Value::Time(value),
            Type::Duration => Value::Duration(value),
            Type::Req => Value::Req(value),
            Type::Max(inner) | Type::Min(inner) => {
                let inner = *inner;
                self.make_int(inner, value)
            }
            _ => Value::Int(value),
        }
    }

    fn make_float(&mut self, _: TypeId, value: f64) -> Value {
        Value::Float(value)
    }

    fn make_text(&mut self, ty: TypeId, value: &str) -> Value {
        match self.types.get(ty) {
            Type::Addr => Value::Addr(value.into()),
            _ => Value::String(value.into()),
        }
    }

    fn make_bytes(&mut self, _: TypeId, value: &[u8]) -> Value {
        Value::Bytes(value.into())
    }

    fn make_tuple(&mut self, _: TypeId, parts: Vec<Value>) -> Value {
        Value::Tuple(parts.into())
    }

    fn make_list(&mut self, _: TypeId, elements: Vec<Value>) -> Value {
        Value::List(elements.into())
    }

    fn make_set(&mut self, _: TypeId, elements: Vec<Value>) -> Value {
        Value::Set(elements.into())
    }

    fn make_bag(&mut self, _: TypeId, counts: Vec<(Value, i64)>) -> Value {
        Value::Bag(counts.into())
    }

    fn make_map(&mut self, _: TypeId, entries: Vec<(Value, Value)>) -> Value {
        Value::Map(entries.into())
    }

    fn make_variant(&mut self, _: TypeId, number: u32, fields: Vec<Value>) -> Value {
        Value::Variant(number, Arc::from(fields))
    }

    fn compare(&self, _: TypeId, a: &Value, b: &Value) -> Ordering {
        a.cmp(b)
    }

    fn bottom(&mut self, ty: TypeId) -> Result<Value, RowError> {
        lattice::bottom(self.types, ty, self.own)
    }

    fn join(&mut self, ty: TypeId, a: &Value, b: &Value) -> Result<Value, RowError> {
        lattice::join(self.types, ty, a, b, self.own)
    }

    fn now(&mut self) -> Result<i64, RowError> {
        Err(RowError::Invalid)
    }

    fn random(&mut self) -> Result<f64, RowError> {
        Err(RowError::Invalid)
    }

    fn fresh_id(&mut self) -> Result<i64, RowError> {
        Err(RowError::Invalid)
    }
}
