//! Types of everything: of columns, constants, and of each expression, pattern and variable of
//! each body, as side tables keyed by the ids of `hir`.
//!
//! Inference is unification within a rule ([`ty::Store`]), with declared types at every interface;
//! expected types flow inwards, so that literals, variants and lambdas take their type from where
//! they stand, and a plain value becomes a lattice where one is expected. Generic functions are
//! checked once with opaque parameters, and typed again for each list of type arguments they are
//! called at.
//!
//! Invariants: every id of a body has an entry in its table; types in side tables are closed and
//! interned in [`Typed::types`]; a mistake is one diagnostic, its type a unit that is never
//! reported again. Nothing below may rely on the tables of a program with errors, but every lookup
//! is total.

pub mod exhaustive;
pub mod signature;
pub mod ty;
pub mod walk;

mod context;
mod declarations;
mod dump;
mod finish;
mod infer;
mod program;
mod recall;
mod samples;
mod shared;

pub use program::infer;
pub use recall::{Recall, infer_with};

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bloom_plan::functions::BuiltinId;
use bloom_plan::types::{TypeId, TypeTable};
use bloom_plan::value::Value;
use bloom_stdx::arena::Arena;
use rustc_hash::FxHashMap;

use crate::base::Diagnostic;
use crate::hir::{
    Builtin, CollectionId, ConstantId, ExprId, FunctionId, NodeId, NodeKind, PatId, Program,
    RuleId, TypeDefId, VarId,
};
use crate::syntax::ast::LitKind;

bloom_stdx::ids! {
    /// A function at one list of type arguments.
    InstanceId "inst";
}

/// What [`infer`] found. The arenas run parallel to those of the program.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub types: TypeTable,
    /// Of each type, whether its values may hold values of it.
    pub recursive: Vec<bool>,
    pub constants: Arena<ConstantId, ConstantTypes>,
    pub nodes: Arena<NodeId, NodeTypes>,
    /// Modules that nothing imports, as in [`hir::Program::unused`](crate::hir::Program::unused).
    pub unused: Vec<NodeTypes>,
    /// Parallel to the program's tests.
    pub tests: Vec<BodyTypes>,
    pub fault_tests: Vec<BodyTypes>,
    pub specs: Vec<SpecTypes>,
    pub instances: Arena<InstanceId, Instance>,
    /// The lattices with their own merge that occur, each with its functions.
    pub own_lattices: Vec<OwnLattice>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Typed {
    /// The kinds of node of the program, then the modules that nothing imports, each with its types.
    pub fn kinds<'t>(
        &'t self,
        program: &'t Program,
    ) -> impl Iterator<Item = (&'t NodeKind, Option<&'t NodeTypes>)> + use<'t> {
        let of_nodes = program.nodes.iter();
        let of_nodes = of_nodes.map(|(id, kind)| (kind, self.nodes.get(id)));
        let unused = program.unused.iter().enumerate();
        of_nodes.chain(unused.map(|(at, kind)| (kind, self.unused.get(at))))
    }
}

#[derive(Clone, Debug)]
pub struct ConstantTypes {
    pub ty: TypeId,
    pub init: Option<BodyTypes>,
}

#[derive(Clone, Debug, Default)]
pub struct NodeTypes {
    /// Shared, as they stay while declarations do.
    pub collections: Arc<Arena<CollectionId, Vec<ColumnTypes>>>,
    pub rules: Arena<RuleId, Arc<BodyTypes>>,
}

#[derive(Clone, Debug)]
pub struct ColumnTypes {
    pub ty: TypeId,
    /// Boxed, as few columns have one.
    pub default: Option<Box<BodyTypes>>,
}

/// Relations of a spec have their columns' types from its rules.
#[derive(Clone, Debug, Default)]
pub struct SpecTypes {
    pub collections: Vec<Vec<TypeId>>,
    pub rules: Vec<BodyTypes>,
}

/// A function at one list of type arguments, its body typed for them.
#[derive(Clone, Debug)]
pub struct Instance {
    pub function: FunctionId,
    pub type_args: Vec<TypeId>,
    pub params: Vec<TypeId>,
    pub result: TypeId,
    pub body: BodyTypes,
}

/// A lattice type with its own merge. A part that the declaration left out is an error already.
#[derive(Clone, Debug)]
pub struct OwnLattice {
    pub ty: TypeId,
    pub def: TypeDefId,
    pub bottom: Option<InstanceId>,
    pub merge: Option<InstanceId>,
}

/// The types of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyTypes {
    /// Of an expression by itself, before its adjustment.
    pub exprs: Arena<ExprId, TypeId>,
    pub pats: Arena<PatId, TypeId>,
    pub vars: Arena<VarId, TypeId>,
    /// What the expressions do whose form alone does not tell.
    pub uses: FxHashMap<ExprId, Use>,
    /// Plain values that stand where a lattice is expected, and that lattice.
    pub injections: FxHashMap<ExprId, TypeId>,
    /// The number of the variant that a pattern names.
    pub variants: FxHashMap<PatId, u32>,
    /// Of a rule's head columns that are aggregates, by place, the aggregate's own plain result,
    /// which a lattice column then takes in.
    pub aggregates: FxHashMap<u32, TypeId>,
}

/// What a call, method, field, constructor or operator is. Arguments are in the order of what they
/// are for, whatever the order they were written in.
///
/// While a body is being inferred, `T` and `F` are types and instances with variables in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use<T = TypeId, F = InstanceId> {
    /// A call of a function of the program, with one argument a parameter.
    Call { instance: F, arguments: Vec<ExprId> },
    /// A function of the program as a value.
    Function(F),
    /// A built-in, its receiver first among the arguments. Also an operator on lattices, such as
    /// `m + 1` and `m >= 3`, and `+` on strings and lists. Argument types are after injection;
    /// those of lambdas are function types.
    Builtin {
        builtin: BuiltinId,
        arguments: Vec<ExprId>,
        types: Vec<T>,
        result: T,
    },
    /// `x.reveal`: from the receiver's type to the expression's.
    Reveal { receiver: ExprId },
    /// A field of a record or declared lattice, by place.
    Field { receiver: ExprId, field: u32 },
    /// A variant of the expression's type, with one argument a field.
    Variant {
        variant: u32,
        arguments: Vec<ExprId>,
    },
    /// A declared lattice or record, with one argument a field.
    Fields { arguments: Vec<ExprId> },
    /// A built-in lattice by its name: `Lww(s, v)`, `Bag([…])`, `Max(x)`.
    Lattice {
        builtin: Builtin,
        arguments: Vec<ExprId>,
    },
}

impl<T, F> Use<T, F> {
    /// The same use with other types and instances, which `state` serves to find.
    fn map<S, U, G>(
        self,
        state: &mut S,
        ty: impl Fn(&mut S, T) -> U,
        instance: impl FnOnce(&mut S, F) -> G,
    ) -> Use<U, G> {
        match self {
            Use::Call {
                instance: of,
                arguments,
            } => Use::Call {
                instance: instance(state, of),
                arguments,
            },
            Use::Function(of) => Use::Function(instance(state, of)),
            Use::Builtin {
                builtin,
                arguments,
                types,
                result,
            } => Use::Builtin {
                builtin,
                arguments,
                types: types.into_iter().map(|own| ty(state, own)).collect(),
                result: ty(state, result),
            },
            Use::Reveal { receiver } => Use::Reveal { receiver },
            Use::Field { receiver, field } => Use::Field { receiver, field },
            Use::Variant { variant, arguments } => Use::Variant { variant, arguments },
            Use::Fields { arguments } => Use::Fields { arguments },
            Use::Lattice { builtin, arguments } => Use::Lattice { builtin, arguments },
        }
    }
}

impl BodyTypes {
    /// The type of an expression's value where it is used: after injection.
    pub fn adjusted(&self, expr: ExprId) -> TypeId {
        match self.injections.get(&expr) {
            Some(&lattice) => lattice,
            None => self.exprs[expr],
        }
    }
}

/// A literal of the source as a value.
pub fn literal_value(literal: &LitKind) -> Value {
    match literal {
        LitKind::Int(n) => Value::Int(*n),
        LitKind::Float(x) => Value::Float(x.value()),
        LitKind::Str(text) => Value::String((**text).clone()),
        LitKind::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
        LitKind::Bool(b) => Value::Bool(*b),
        LitKind::Duration(n) => Value::Duration(*n),
        LitKind::Address(addr) => Value::Addr((**addr).clone()),
    }
}
