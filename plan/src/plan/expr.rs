//! Scalar expressions: what operators and functions compute, one word a value.

use serde::{Deserialize, Serialize};

use super::{ConstantId, FunctionId, LiteralId, Register, SiteId};
use crate::types::TypeId;

/// A scalar expression; every value is one word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    /// A word of a type that is a word by itself, or `BOTTOM`.
    Word(u64),
    Literal(LiteralId),
    Register(Register),
    Constant(ConstantId),
    /// Own address.
    SelfAddr,
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// Order by the type; a `Bool`.
    Compare(CompareOp, TypeId, Box<Expr>, Box<Expr>),
    /// Lazy.
    And(Box<Expr>, Box<Expr>),
    /// Lazy.
    Or(Box<Expr>, Box<Expr>),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Let(Register, Box<Expr>, Box<Expr>),
    /// A handle from its words: tuple, record, variant (its number first), list, set and map
    /// (sorted and cleaned by the runtime), lattice.
    Make(TypeId, Vec<Expr>),
    /// The n-th word behind a handle; the shape is known to have it.
    Part(Box<Expr>, u32),
    /// The value under another type of the same shape (`reveal`, injection).
    Retype(TypeId, Box<Expr>),
    /// The join of two values of a lattice type.
    Join(TypeId, Box<Expr>, Box<Expr>),
    Call(FunctionId, Vec<Expr>),
    Builtin(SiteId, Vec<Argument>),
    /// Ends the derivation in a row error.
    Fail(RowError),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Argument {
    Value(Expr),
    /// A function with what it captures.
    Lambda {
        function: FunctionId,
        captures: Vec<Expr>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum UnaryOp {
    Not,
    /// Row error on overflow. Also `Duration`.
    IntNeg,
    FloatNeg,
    IntToFloat,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `Int`, `Time`, `Duration`: row error on overflow.
    IntAdd,
    IntSub,
    IntMul,
    /// Truncates; row error on zero or overflow.
    IntDiv,
    IntRem,
    /// Results are canonical (one NaN, no negative zero).
    FloatAdd,
    FloatSub,
    FloatMul,
    FloatDiv,
    FloatRem,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Why a derivation was dropped (§10); the words are what `expect error` looks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[repr(u64)]
pub enum RowError {
    Overflow = 1,
    DivisionByZero = 2,
    Missing = 3,
    Conversion = 4,
    Conflict = 5,
    /// A pattern, regular expression or format given at run time is malformed, or a result would pass its bound.
    Invalid = 6,
    /// A row of a partition that was declared complete before it came.
    Sealed = 7,
    /// A value that would nest deeper than [`crate::value::NESTING_MAX`].
    Nesting = 8,
}

impl RowError {
    pub fn from_code(code: u64) -> Option<RowError> {
        [
            RowError::Overflow,
            RowError::DivisionByZero,
            RowError::Missing,
            RowError::Conversion,
            RowError::Conflict,
            RowError::Invalid,
            RowError::Sealed,
            RowError::Nesting,
        ]
        .into_iter()
        .find(|e| *e as u64 == code)
    }

    pub fn message(self) -> &'static str {
        match self {
            RowError::Overflow => "arithmetic overflow",
            RowError::DivisionByZero => "division by zero",
            RowError::Missing => "missing key or element",
            RowError::Conversion => "failed conversion",
            RowError::Conflict => "a `Once` in conflict has no value",
            RowError::Invalid => "invalid argument",
            RowError::Sealed => "a row for a partition that is sealed",
            RowError::Nesting => "a value that is nested too deep",
        }
    }
}
