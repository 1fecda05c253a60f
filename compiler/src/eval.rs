//! Evaluation of typed expressions over [`Value`]s: by the checker of lattice laws, for the
//! constants of tests, and by the reference evaluator of the test suite.
//!
//! Invariant: an expression of a program without errors gives a value of its type or a row error;
//! it never asserts. Of a program with errors, what has no meaning is a row error too.

pub mod lattice;

pub mod builtins;

mod expr;
mod nesting;
mod operator;
mod pattern;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use bloom_plan::functions::BuiltinId;
use bloom_plan::plan::RowError;
use bloom_plan::types::{TypeId, TypeTable};
use bloom_plan::value::Value;
use bloom_stdx::arena::Id;

use crate::hir::{Body, ConstantId, ExprId, NodeKind, PatId, Program, VarId};
use crate::typing::{BodyTypes, InstanceId, OwnLattice, Typed};
use builtins::{Argument, Values};
use lattice::OwnLattices;

/// Calls of functions inside calls of functions, beyond which a derivation is dropped.
const DEPTH_MAX: usize = 200;

/// A typed program, and what its expressions read beside variables.
pub struct Evaluator<'a> {
    pub program: &'a Program,
    pub typed: &'a Typed,
    /// `self`
    pub self_addr: SmolStr,
    /// Addresses of a test's nodes, by place.
    pub nodes: Vec<SmolStr>,
    constants: FxHashMap<ConstantId, Value>,
    own: FxHashMap<TypeId, &'a OwnLattice>,
    depth: std::cell::Cell<usize>,
}

/// The variables of a body, as far as they are bound.
#[derive(Clone)]
pub struct Frame<'a> {
    pub body: &'a Body,
    pub types: &'a BodyTypes,
    slots: Vec<Option<Slot<'a>>>,
}

#[derive(Clone)]
enum Slot<'a> {
    Value(Value),
    Function(Closure<'a>),
}

/// A function as a value.
#[derive(Clone)]
pub enum Closure<'a> {
    Instance(InstanceId),
    Lambda {
        /// What the lambda captures.
        frame: Frame<'a>,
        params: &'a [PatId],
        body: ExprId,
    },
}

impl<'a> Evaluator<'a> {
    pub fn new(program: &'a Program, typed: &'a Typed) -> Self {
        let own = typed.own_lattices.iter().map(|own| (own.ty, own));
        Evaluator {
            program,
            typed,
            self_addr: SmolStr::default(),
            nodes: Vec::new(),
            constants: FxHashMap::default(),
            own: own.collect(),
            depth: std::cell::Cell::new(0),
        }
    }

    pub fn types(&self) -> &'a TypeTable {
        &self.typed.types
    }

    /// Sets the constants of a kind of node, its parameters to `arguments` where they are given.
    pub fn start(
        &mut self,
        kind: &NodeKind,
        arguments: &[Option<Value>],
    ) -> Result<(), (ConstantId, RowError)> {
        self.constants.clear();
        let given = kind.parameters.iter().zip(arguments);
        for (&parameter, value) in given {
            if let Some(value) = value {
                self.constants.insert(parameter, value.clone());
            }
        }
        for &constant in &kind.constants {
            let value = self.constant(constant).map_err(|error| (constant, error))?;
            self.constants.insert(constant, value);
        }
        Ok(())
    }

    /// The value of a constant: what was set, else that of its declaration.
    pub fn constant(&self, id: ConstantId) -> Result<Value, RowError> {
        if let Some(value) = self.constants.get(&id) {
            return Ok(value.clone());
        }
        let init = self.program.constants[id].init.as_ref();
        let types = self.typed.constants[id].init.as_ref();
        let (body, types) = init.zip(types).ok_or(RowError::Invalid)?;
        self.deeper(|| self.value(body, types))
    }

    /// The value of the body of a constant or default.
    pub fn value(&self, body: &'a Body, types: &'a BodyTypes) -> Result<Value, RowError> {
        let value = body.value.ok_or(RowError::Invalid)?;
        self.expr(&mut Frame::new(body, types), value)
    }

    /// Calls an instance of a function of the program.
    pub fn call(&self, instance: InstanceId, arguments: &[Value]) -> Result<Value, RowError> {
        let arguments = arguments.iter().cloned().map(Slot::Value).collect();
        self.call_slots(instance, arguments)
    }

    fn call_slots(
        &self,
        instance: InstanceId,
        arguments: Vec<Slot<'a>>,
    ) -> Result<Value, RowError> {
        let instance = &self.typed.instances[instance];
        let body = &self.program.functions[instance.function].body;
        let value = body.value.ok_or(RowError::Invalid)?;
        let mut frame = Frame::new(body, &instance.body);
        for (param, argument) in body.params.iter().zip(arguments) {
            frame.slots[param.var.index()] = Some(argument);
        }
        self.deeper(|| self.expr(&mut frame, value))
    }

    fn call_closure(&self, closure: &Closure<'a>, arguments: &[Value]) -> Result<Value, RowError> {
        match closure {
            Closure::Instance(instance) => self.call(*instance, arguments),
            Closure::Lambda {
                frame,
                params,
                body,
            } => {
                let mut frame = frame.clone();
                for (&param, argument) in params.iter().zip(arguments) {
                    frame.forget(param);
                    if !self.matches(&mut frame, param, argument)? {
                        return Err(RowError::Missing);
                    }
                }
                self.deeper(|| self.expr(&mut frame, *body))
            }
        }
    }

    /// Calls a built-in at the types of its site.
    fn builtin(
        &self,
        builtin: BuiltinId,
        arguments: &[Argument<Closure<'a>>],
        types: &[TypeId],
        result: TypeId,
    ) -> Result<Value, RowError> {
        let mut call =
            |closure: &Closure<'a>, arguments: &[Value]| self.call_closure(closure, arguments);
        let mut values = Values {
            types: self.types(),
            own: self,
            call: &mut call,
        };
        values.apply(builtin, arguments, types, result)
    }

    /// The least upper bound of two values of a lattice type.
    pub fn join(&self, ty: TypeId, a: &Value, b: &Value) -> Result<Value, RowError> {
        lattice::join(self.types(), ty, a, b, self)
    }

    pub fn bottom(&self, ty: TypeId) -> Result<Value, RowError> {
        lattice::bottom(self.types(), ty, self)
    }

    fn deeper<T>(&self, inner: impl FnOnce() -> Result<T, RowError>) -> Result<T, RowError> {
        if self.depth.get() >= DEPTH_MAX {
            return Err(RowError::Invalid);
        }
        self.depth.set(self.depth.get() + 1);
        let result = inner();
        self.depth.set(self.depth.get() - 1);
        result
    }
}

impl OwnLattices for Evaluator<'_> {
    fn own_bottom(&self, ty: TypeId) -> Result<Value, RowError> {
        let bottom = self.own.get(&ty).and_then(|own| own.bottom);
        self.call(bottom.ok_or(RowError::Invalid)?, &[])
    }

    fn own_merge(&self, ty: TypeId, a: &Value, b: &Value) -> Result<Value, RowError> {
        let merge = self.own.get(&ty).and_then(|own| own.merge);
        self.call(merge.ok_or(RowError::Invalid)?, &[a.clone(), b.clone()])
    }
}

impl<'a> Frame<'a> {
    /// Nothing is bound.
    pub fn new(body: &'a Body, types: &'a BodyTypes) -> Self {
        Frame {
            body,
            types,
            slots: vec![None; body.vars.len()],
        }
    }

    /// What a variable is bound to, unless nothing or a function.
    pub fn get(&self, var: VarId) -> Option<&Value> {
        match &self.slots[var.index()] {
            Some(Slot::Value(value)) => Some(value),
            Some(Slot::Function(_)) | None => None,
        }
    }

    pub fn set(&mut self, var: VarId, value: Value) {
        self.slots[var.index()] = Some(Slot::Value(value));
    }

    /// Unbinds a variable.
    pub fn clear(&mut self, var: VarId) {
        self.slots[var.index()] = None;
    }

    /// Unbinds the variables of a pattern that binds them anew.
    fn forget(&mut self, pat: PatId) {
        for var in crate::typing::walk::pat_variables(self.body, pat) {
            self.clear(var);
        }
    }
}
