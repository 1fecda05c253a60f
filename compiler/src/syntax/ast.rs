//! The syntax tree: what was written, before any name is looked up.
//!
//! Every span inside an item counts from the start of that item ([`ItemNode::offset`] says where it is), so
//! that a line inserted above an item leaves its tree equal. An item nested in a module, node or protocol
//! is again placed by its own offset, counted from the start of the item around it.
//!
//! What only a name can tell apart is not told apart here: `f(x)` as a literal is an expression
//! ([`Expr::as_atom`] reads it as a row), `sum(x)` in a head is a call ([`Expr::as_aggregate`]), and the name
//! of a constant in a pattern is a variable.

mod expr;
mod item;
mod reading;
mod rule;
mod rule_item;
mod test;

pub use expr::{
    Arg, Arm, BinaryOp, Expr, ExprKind, FieldInit, FloatBits, Lambda, LitKind, SortKey, StrPart,
    UnaryOp,
};
pub use item::{
    Attribute, Block, Broken, Collection, CollectionKind, Column, Const, DocLine, Enum, ExternNode,
    ExternPath, Field, Function, FunctionKind, GroupName, Import, Include, Item, ItemKind,
    ItemNode, Lattice, LatticeForm, Merge, ModuleItem, ModuleKind, ModuleRef, OwnMerge, Param,
    Periodic, Record, RuleGroup, Type, TypeAlias, TypeKind, TypeParam, ValueParam, Variant,
};
pub use rule::{
    Aggregate, Arrow, Atom, AtomArgs, FieldPattern, Head, HeadArgs, HeadField, Literal,
    LiteralKind, Location, LocationKind, Pattern, PatternKind, Rule, Seal,
};
pub use rule_item::RuleItem;
pub use test::{
    Checker, Expect, FaultBounds, FaultOption, FaultTest, Feed, Never, NodeDecl, Spec, SpecLine,
    Step, StepKind, Test,
};

use crate::base::Span;
use smol_str::SmolStr;
use std::fmt;

/// A file, or the body of a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Module {
    /// The lines of `//!` at the top of the file.
    pub docs: Vec<DocLine>,
    pub items: Vec<ItemNode>,
}

/// A name as written, with its place.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name {
    pub text: SmolStr,
    pub span: Span,
}

/// Names parted by dots: `std.delivery.reliable`. Never empty.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Path {
    pub segments: Vec<Name>,
}

impl Name {
    pub fn new(text: impl Into<SmolStr>, span: Span) -> Self {
        Self {
            text: text.into(),
            span,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this names a type, lattice, variant, node or protocol.
    pub fn is_upper(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_uppercase())
    }
}

impl Path {
    pub fn single(name: Name) -> Self {
        Self {
            segments: vec![name],
        }
    }

    pub fn last(&self) -> &Name {
        self.segments.last().expect("a path has a segment")
    }

    /// The name, if the path is just one.
    pub fn as_name(&self) -> Option<&Name> {
        match self.segments.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }

    pub fn span(&self) -> Span {
        self.segments[0].span.cover(self.last().span)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:?}", self.text, self.span)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.segments.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            write!(f, "{dot}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}@{:?}", self.span())
    }
}
