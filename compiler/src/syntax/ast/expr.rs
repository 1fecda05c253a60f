//! Expressions.
//!
//! The tree is at most [`DEPTH_MAX`](crate::syntax::DEPTH_MAX) high, so that recursion over it is safe.

use super::{Name, Path, Pattern};
use crate::base::Span;
use smol_str::SmolStr;
use thin_vec::ThinVec;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    Literal(LitKind),
    /// A string with at least one `{expr}` in it.
    Interpolation(Vec<StrPart>),
    /// `_`, which only a pattern may hold.
    Wildcard,
    /// `self`
    SelfAddr,
    /// A lower- or upper-case name.
    Name(Name),
    /// `base.name`; also a qualified name such as `E.Some` ([`Expr::as_path`]).
    Field {
        base: Box<Expr>,
        name: Name,
    },
    /// `base.0`
    TupleField {
        base: Box<Expr>,
        index: u32,
        index_span: Span,
    },
    /// `f(x)`, `Some(x)`, `Cart(adds: a)`; what `f` is, its name tells.
    Call {
        callee: Box<Expr>,
        args: Vec<Arg>,
    },
    /// `receiver.name(args)`; also a call or row by a qualified name ([`Expr::as_path`] of the receiver).
    MethodCall {
        receiver: Box<Expr>,
        /// Boxed, as other expressions are smaller, and more.
        name: Box<Name>,
        args: Vec<Arg>,
    },
    /// `count(distinct e)`, `list(e by k desc)`: a call whose argument is marked as only an aggregate's can.
    Aggregate {
        function: Box<Name>,
        distinct: bool,
        operand: Box<Expr>,
        by: Box<[SortKey]>,
    },
    /// `R{a: 1, b}`
    Record {
        path: Box<Path>,
        fields: Vec<FieldInit>,
    },
    /// `(e)`; kept because a row of one column is written so.
    Paren(Box<Expr>),
    /// `()`, `(a, b)`
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    /// `{a, b}`. `{}` is this too: no rows, the empty set or the empty map.
    Set(Vec<Expr>),
    /// `{k: v}`, never empty.
    Map(Vec<(Expr, Expr)>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `start..end`
    Range {
        start: Box<Expr>,
        end: Box<Expr>,
    },
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Match {
        scrutinee: Box<Expr>,
        arms: Vec<Arm>,
    },
    /// `let pattern = value in body`
    Let {
        pattern: Box<Pattern>,
        value: Box<Expr>,
        body: Box<Expr>,
    },
    /// `|x| e`, only as an argument.
    Lambda(Lambda),
    /// `e desc`, only among sort keys; elsewhere the parser reports it.
    Desc(Box<Expr>),
    /// Did not parse; the error is in the diagnostics.
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LitKind {
    Int(i64),
    Float(FloatBits),
    /// Boxed, as other literals are smaller, and more.
    Str(Box<SmolStr>),
    Bytes(ThinVec<u8>),
    Bool(bool),
    /// In nanoseconds.
    Duration(i64),
    /// `@"host:port"`
    Address(Box<SmolStr>),
}

impl LitKind {
    pub fn text(text: impl Into<SmolStr>) -> Self {
        LitKind::Str(Box::new(text.into()))
    }

    pub fn address(address: impl Into<SmolStr>) -> Self {
        LitKind::Address(Box::new(address.into()))
    }
}

/// A float by its bits, so that trees have an equality and a hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FloatBits(u64);

impl FloatBits {
    pub fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    pub fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl std::fmt::Debug for FloatBits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.value())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StrPart {
    Text(SmolStr),
    Expr(Expr),
}

/// An argument, by name or by position.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arg {
    pub name: Option<Name>,
    pub value: Expr,
}

/// `name: value`; without a value the variable of that name is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldInit {
    pub name: Name,
    /// Boxed, as most fields have none.
    pub value: Option<Box<Expr>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    pub key: Expr,
    pub descending: bool,
}

/// `pattern if guard => body`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arm {
    pub pattern: Pattern,
    pub guard: Option<Expr>,
    pub body: Expr,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lambda {
    pub params: Vec<Pattern>,
    pub body: Box<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    Negate,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The expression inside any parentheses around it.
    pub fn without_parens(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) = &expr.kind {
            expr = inner;
        }
        expr
    }
}

impl BinaryOp {
    pub const fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Or => "||",
            BinaryOp::And => "&&",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
        }
    }
}

impl UnaryOp {
    pub const fn symbol(self) -> &'static str {
        match self {
            UnaryOp::Negate => "-",
            UnaryOp::Not => "!",
        }
    }
}
