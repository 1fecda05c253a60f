//! The resolved program: every name looked up, every module expanded.
//!
//! [`Program`] holds one [`NodeKind`] for each kind of process. A kind is flat: the collections and rules of
//! its file, of its own items and of every import are side by side in it, with names qualified by the imports
//! that lead to them (`wire.buffer`). Type parameters of modules are substituted; value parameters are
//! constants. Types, constants and functions are shared by the kinds of a file where they are declared
//! outside nodes.
//!
//! Invariants:
//! - Ids in a kind (`coll3`, `rule7`) index that kind; ids of types, constants and functions index the
//!   program; ids of expressions, patterns and variables (`e4`, `p1`, `v2`) index one [`Body`].
//! - A mistake is one diagnostic. What could not be resolved is an `Error` node, and later stages say nothing
//!   about it.
//! - Locations count from the start of their item, so that a line inserted above an item changes only
//!   [`Program::places`].

mod body;
mod dump;
mod kind;
mod program;
mod resolve;
mod source;
mod test;
#[cfg(test)]
mod tests;
mod ty;

pub use body::{
    Arm, BinaryOp, Body, CallArg, Ctor, Expr, ExprNode, FieldValue, LitKind, Member, Param, Part,
    Pat, PatNode, SortKey, UnaryOp, Var, VariantRef,
};
pub use kind::Supply;
pub use program::{
    Aggregate, AggregateFunction, Arrow, AtomArg, Collection, CollectionKind, Column, Constant,
    Delivery, ExternPath, Function, FunctionKind, Head, HeadColumn, Literal, LiteralNode, Loc,
    Location, NodeKind, Origin, OwnLattice, Place, Program, Rule,
};
pub use resolve::{Again, PRELUDE, Recall, Resolved, Source, resolve, resolve_again};
pub(crate) use resolve::{is_rule, same_header};
pub use test::{
    Action, Checker, FaultBounds, FaultTest, Spec, SpecCollection, SpecHead, SpecLiteral, SpecRule,
    Step, Test, TestNode,
};
pub use ty::{
    Builtin, Field, LatticeForm, OPTION, TypeDef, TypeDefKind, TypeParam, TypeRef, Variant,
};

bloom_stdx::ids! {
    /// An item of some file, for [`Loc`].
    ItemRef "item";
    /// A record, enum or lattice.
    TypeDefId "type";
    FunctionId "fn";
    ConstantId "const";
    NodeId "node";
    /// A collection of one kind of node.
    CollectionId "coll";
    /// A rule of one kind of node.
    RuleId "rule";
    ExprId "e";
    PatId "p";
    VarId "v";
}
