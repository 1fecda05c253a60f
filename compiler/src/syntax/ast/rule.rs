//! Rules: a head, an arrow, a body of literals; atoms and patterns.

use super::{Attribute, DocLine, Expr, LitKind, Name, Path, SortKey};
use crate::base::Span;
use smol_str::SmolStr;
use thin_vec::ThinVec;

/// `head arrow body;`. A fact has no arrow and no body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Of a rule in a block. What stands before a rule that is an item belongs to the item.
    pub docs: ThinVec<DocLine>,
    pub attributes: Vec<Attribute>,
    pub head: Head,
    pub arrow: Option<Arrow>,
    pub arrow_span: Span,
    pub body: Vec<Literal>,
    pub span: Span,
}

/// `seal head <~ body;`, where the head names only the columns that the seal is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seal {
    pub rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arrow {
    /// `<=`
    Merge,
    /// `<+`
    DeferredMerge,
    /// `<-`
    DeferredDelete,
    /// `<+-`
    Upsert,
    /// `<~`
    AsyncMerge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    pub path: Path,
    pub args: HeadArgs,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HeadArgs {
    /// `{a, b: e}`
    Named(Vec<HeadField>),
    /// `(a, e)`
    Positional(Vec<Expr>),
}

/// `name: value`; without a value the variable of that name is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeadField {
    pub name: Name,
    /// Boxed, as most fields have none.
    pub value: Option<Box<Expr>>,
}

/// An aggregate in a head column, as [`Expr::as_aggregate`] reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Aggregate {
    pub function: Name,
    pub distinct: bool,
    /// `None` only in `count()`.
    pub operand: Option<Expr>,
    pub by: Vec<SortKey>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Literal {
    pub kind: LiteralKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LiteralKind {
    /// Surely a row: named columns, or a location.
    Atom(Atom),
    /// `not atom`
    Not(Atom),
    /// A condition; or, where [`Expr::as_atom`] gives one and its path names a collection, a row.
    Expr(Expr),
    /// `let pattern = value`
    Let { pattern: Box<Pattern>, value: Expr },
    /// `pattern in source`
    In { pattern: Box<Pattern>, source: Expr },
}

/// `path@location{name: pattern}` or `path@location(pattern, …)`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Atom {
    pub path: Path,
    /// Boxed, as only rows of specs have one.
    pub at: Option<Box<Location>>,
    pub args: AtomArgs,
    pub span: Span,
}

/// Where a spec looks for a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    pub kind: LocationKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LocationKind {
    /// `@n`
    Name(Name),
    /// `@_`
    Any,
    /// `@self`
    SelfAddr,
    /// `@(e)`
    Expr(Box<Expr>),
    /// `@"host:port"`
    Address(SmolStr),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AtomArgs {
    Named(Vec<FieldPattern>),
    Positional(Vec<Pattern>),
}

/// `name: pattern`; without a pattern the variable of that name is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPattern {
    pub name: Name,
    /// Boxed, as most fields have none.
    pub pattern: Option<Box<Pattern>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    pub kind: PatternKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PatternKind {
    /// `_`
    Wildcard,
    /// A variable, or the value of the constant or parameter of that name.
    Var(Name),
    /// `self`
    SelfAddr,
    /// A number (perhaps negative), string, … without interpolation.
    Literal(LitKind),
    Tuple(Vec<Pattern>),
    List(Vec<Pattern>),
    /// `Some(p)`, `E.Some(p)`; `None` has no parts.
    Variant {
        path: Path,
        args: Vec<Pattern>,
    },
    /// `R{a: p, b}`
    Record {
        path: Path,
        fields: Vec<FieldPattern>,
    },
    /// Not a pattern; the error is in the diagnostics.
    Error,
}
