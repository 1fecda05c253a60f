//! Expressions and patterns of one rule, function, constant or test, in arenas.

use super::{Builtin, ConstantId, ExprId, FunctionId, Loc, PatId, TypeDefId, TypeRef, VarId};
use crate::base::Span;
use bloom_stdx::arena::Arena;
use smol_str::SmolStr;

pub use crate::syntax::ast::{BinaryOp, LitKind, UnaryOp};

/// What ids of expressions, patterns and variables index. Spans count from the start of `loc`'s item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Body {
    pub exprs: Arena<ExprId, ExprNode>,
    pub pats: Arena<PatId, PatNode>,
    pub vars: Arena<VarId, Var>,
    /// The parameters of a function, in order.
    pub params: Vec<VarId>,
    /// The value of a function, constant or default; none in rules and tests, whose parts name their own.
    pub value: Option<ExprId>,
    /// Whether a mistake in it was reported: what its types say may follow from that.
    pub mistaken: bool,
    /// What the body belongs to; the item of every span in it.
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Var {
    pub name: SmolStr,
    /// Where it is first named.
    pub span: Span,
    /// Of a function's parameter; boxed, as few variables are one.
    pub ty: Option<Box<TypeRef>>,
    /// Whether it is of a lambda, an arm or a `let … in`, not of the whole rule.
    pub local: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExprNode {
    pub expr: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Was reported.
    Error,
    Literal(LitKind),
    Interpolation(Vec<Part>),
    SelfAddr,
    Var(VarId),
    Constant(ConstantId),
    /// A function as a value, for a parameter of function type.
    Function(FunctionId),
    /// The address of a test's node, by its place in [`super::Test::nodes`].
    TestNode(u32),
    Call {
        function: FunctionId,
        args: Vec<CallArg>,
    },
    /// A function of [`bloom_plan::functions::BUILTINS`], by name; also a built-in constant such as
    /// `int_max`, without arguments.
    CallBuiltin {
        name: SmolStr,
        args: Vec<ExprId>,
    },
    /// A call of a parameter of function type.
    CallVar {
        var: VarId,
        args: Vec<ExprId>,
    },
    /// `receiver.name(args)`: what it is, the receiver's type tells.
    Method {
        receiver: ExprId,
        name: SmolStr,
        name_span: Span,
        args: Vec<ExprId>,
    },
    /// `receiver.name`: a field, or a method without arguments such as `reveal`.
    Field {
        receiver: ExprId,
        name: SmolStr,
        name_span: Span,
    },
    TupleField {
        receiver: ExprId,
        index: u32,
    },
    /// A variant, a lattice of the user or a built-in one, with arguments by name or position.
    Construct {
        /// Boxed, as other expressions are smaller, and more.
        ctor: Box<Ctor>,
        args: Vec<CallArg>,
    },
    /// `R{a: 1, b}`; fields in the order written, each named once, all of them the record's.
    Record {
        def: TypeDefId,
        fields: Vec<FieldValue>,
    },
    Tuple(Vec<ExprId>),
    List(Vec<ExprId>),
    /// `{}` is this: the empty set or the empty map, as the expected type says.
    Set(Vec<ExprId>),
    Map(Vec<(ExprId, ExprId)>),
    Unary {
        op: UnaryOp,
        operand: ExprId,
    },
    Binary {
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    },
    Range {
        start: ExprId,
        end: ExprId,
    },
    If {
        condition: ExprId,
        then: ExprId,
        otherwise: ExprId,
    },
    Match {
        scrutinee: ExprId,
        arms: Vec<Arm>,
    },
    Let {
        pat: PatId,
        value: ExprId,
        body: ExprId,
    },
    Lambda {
        params: Vec<PatId>,
        body: ExprId,
    },
}

/// What a constructor's name means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ctor {
    /// `E.Some`
    Variant(VariantRef),
    /// `Some`: the variant of this name of the expected type; where no type is expected, the only candidate.
    /// Candidates are the variants of that name which are in scope.
    Named {
        name: SmolStr,
        candidates: Vec<VariantRef>,
    },
    Lattice(TypeDefId),
    Builtin(Builtin),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariantRef {
    pub def: TypeDefId,
    pub variant: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallArg {
    pub name: Option<SmolStr>,
    pub value: ExprId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldValue {
    /// Place among the fields of the definition.
    pub field: u32,
    pub value: ExprId,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Text(SmolStr),
    Expr(ExprId),
}

/// A key of `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortKey {
    pub key: ExprId,
    pub descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Arm {
    pub pat: PatId,
    pub guard: Option<ExprId>,
    pub body: ExprId,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatNode {
    pub pat: Pat,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pat {
    /// Was reported; matches anything.
    Error,
    Wildcard,
    /// A variable; two of the same id must match equal values.
    Var(VarId),
    Constant(ConstantId),
    SelfAddr,
    /// As [`Expr::TestNode`].
    TestNode(u32),
    Literal(LitKind),
    Tuple(Vec<PatId>),
    List(Vec<PatId>),
    /// By position; the number of arguments is checked where the variant is known.
    Variant {
        /// Boxed, as other patterns are smaller, and more.
        ctor: Box<Ctor>,
        args: Vec<PatId>,
    },
    /// Fields that are not named are free.
    Record {
        def: TypeDefId,
        fields: Vec<(u32, PatId)>,
    },
}

impl Body {
    pub fn new(loc: Loc) -> Self {
        Self {
            exprs: Arena::new(),
            pats: Arena::new(),
            vars: Arena::new(),
            params: Vec::new(),
            value: None,
            mistaken: false,
            loc,
        }
    }

    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id].expr
    }

    pub fn pat(&self, id: PatId) -> &Pat {
        &self.pats[id].pat
    }

    /// Where an expression is.
    pub fn expr_loc(&self, id: ExprId) -> Loc {
        self.loc.at(self.exprs[id].span)
    }

    /// Where a pattern is.
    pub fn pat_loc(&self, id: PatId) -> Loc {
        self.loc.at(self.pats[id].span)
    }
}

impl Body {
    /// Gives back memory that was kept for more than there is.
    pub fn shrink_to_fit(&mut self) {
        self.exprs.shrink_to_fit();
        self.pats.shrink_to_fit();
        self.vars.shrink_to_fit();
    }

    /// Visits an expression and all inside it, parents first. Patterns inside are not visited.
    pub fn walk_expr(&self, id: ExprId, visit: &mut impl FnMut(ExprId, &Expr)) {
        visit(id, self.expr(id));
        for child in self.children(id) {
            self.walk_expr(child, visit);
        }
    }

    /// Visits a pattern and all inside it, parents first.
    pub fn walk_pat(&self, id: PatId, visit: &mut impl FnMut(PatId, &Pat)) {
        visit(id, self.pat(id));
        for child in self.pat_children(id) {
            self.walk_pat(child, visit);
        }
    }

    /// The patterns directly inside a pattern.
    pub fn pat_children(&self, id: PatId) -> Vec<PatId> {
        match self.pat(id) {
            Pat::Tuple(parts) | Pat::List(parts) | Pat::Variant { args: parts, .. } => {
                parts.clone()
            }
            Pat::Record { fields, .. } => fields.iter().map(|&(_, pat)| pat).collect(),
            Pat::Error
            | Pat::Wildcard
            | Pat::Var(_)
            | Pat::Constant(_)
            | Pat::SelfAddr
            | Pat::TestNode(_)
            | Pat::Literal(_) => Vec::new(),
        }
    }

    /// The expressions directly inside an expression, in the order written.
    pub fn children(&self, id: ExprId) -> Vec<ExprId> {
        match self.expr(id) {
            Expr::Error
            | Expr::Literal(_)
            | Expr::SelfAddr
            | Expr::Var(_)
            | Expr::Constant(_)
            | Expr::Function(_)
            | Expr::TestNode(_) => Vec::new(),
            Expr::Interpolation(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Text(_) => None,
                    Part::Expr(expr) => Some(*expr),
                })
                .collect(),
            Expr::Call { args, .. } | Expr::Construct { args, .. } => {
                args.iter().map(|arg| arg.value).collect()
            }
            Expr::CallBuiltin { args, .. }
            | Expr::CallVar { args, .. }
            | Expr::Tuple(args)
            | Expr::List(args)
            | Expr::Set(args) => args.clone(),
            Expr::Method { receiver, args, .. } => std::iter::once(*receiver)
                .chain(args.iter().copied())
                .collect(),
            Expr::Field { receiver, .. } | Expr::TupleField { receiver, .. } => vec![*receiver],
            Expr::Record { fields, .. } => fields.iter().map(|field| field.value).collect(),
            Expr::Map(entries) => entries.iter().flat_map(|&(k, v)| [k, v]).collect(),
            Expr::Unary { operand, .. } => vec![*operand],
            Expr::Binary { left, right, .. } => vec![*left, *right],
            Expr::Range { start, end } => vec![*start, *end],
            Expr::If {
                condition,
                then,
                otherwise,
            } => vec![*condition, *then, *otherwise],
            Expr::Match { scrutinee, arms } => {
                let arms = arms
                    .iter()
                    .flat_map(|arm| arm.guard.into_iter().chain([arm.body]));
                std::iter::once(*scrutinee).chain(arms).collect()
            }
            Expr::Let { value, body, .. } => vec![*value, *body],
            Expr::Lambda { body, .. } => vec![*body],
        }
    }
}
