//! The syntax tree of a Dedalus file. Spans inside a statement count from its start.

use crate::base::Span;
use smol_str::SmolStr;

#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Program {
    pub statements: Vec<StatementNode>,
}

/// A statement and where it starts in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementNode {
    pub offset: u32,
    pub span: Span,
    pub statement: Statement,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `include "file";`
    Include(SmolStr),
    /// `head :- body;`, or a fact.
    Rule(Rule),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub head: Atom,
    pub time: Time,
    pub body: Vec<Literal>,
}

/// When the head holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// With the body. For a fact: always.
    Now,
    /// `@next`
    Next,
    /// `@async`
    Async,
    /// `@3`: only of facts.
    At(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    pub kind: LiteralKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralKind {
    /// `p(X, _)`, `notin p(X)`; with `@1`, as it was at that time.
    Atom {
        atom: Atom,
        negated: bool,
        at: Option<i64>,
    },
    /// `X != Y`
    Compare {
        op: Comparison,
        left: Expr,
        right: Expr,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Atom {
    pub relation: SmolStr,
    pub args: Vec<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
    Variable(SmolStr),
    /// `_`
    Wildcard,
    Int(i64),
    /// `"text"`, or a name that starts with a lower-case letter.
    Text(SmolStr),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `count<X>`: only in heads. `count<*>` has no operand.
    Aggregate(SmolStr, Option<SmolStr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}
