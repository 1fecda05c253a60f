//! Expressions and patterns of one rule, function, constant or test, in arenas.

use super::{Builtin, ConstantId, ExprId, FunctionId, Loc, PatId, TypeDefId, TypeRef, VarId};
use crate::base::Span;
use bloom_stdx::arena::Arena;
use smol_str::SmolStr;
use thin_vec::ThinVec;

pub use crate::syntax::ast::{BinaryOp, LitKind, UnaryOp};

/// What ids of expressions, patterns and variables index. Spans count from the start of `loc`'s item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Body {
    pub exprs: Arena<ExprId, ExprNode>,
    pub pats: Arena<PatId, PatNode>,
    pub vars: Arena<VarId, Var>,
    /// The parameters of a function, in order.
    pub params: ThinVec<Param>,
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
    /// Whether it is of a lambda, an arm or a `let … in`, not of the whole rule.
    pub local: bool,
}

/// A parameter of a function, with its declared type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    pub var: VarId,
    pub ty: TypeRef,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExprNode {
    pub expr: Expr,
    pub span: Span,
}

/// Small, as every rule has several: what is large in one of them stands in a box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// Was reported.
    Error,
    Literal(LitKind),
    Interpolation(ThinVec<Part>),
    SelfAddr,
    Var(VarId),
    Constant(ConstantId),
    /// A function as a value, for a parameter of function type.
    Function(FunctionId),
    /// The address of a test's node, by its place in [`super::Test::nodes`].
    TestNode(u32),
    Call {
        function: FunctionId,
        args: ThinVec<CallArg>,
    },
    /// A function of [`bloom_plan::functions::BUILTINS`], by name; also a built-in constant such as
    /// `int_max`, without arguments.
    CallBuiltin {
        name: Box<SmolStr>,
        args: ThinVec<ExprId>,
    },
    /// A call of a parameter of function type.
    CallVar {
        var: VarId,
        args: ThinVec<ExprId>,
    },
    /// `receiver.name(args)`: what it is, the receiver's type tells.
    Method {
        receiver: ExprId,
        member: Box<Member>,
        args: ThinVec<ExprId>,
    },
    /// `receiver.name`: a field, or a method without arguments such as `reveal`.
    Field {
        receiver: ExprId,
        member: Box<Member>,
    },
    TupleField {
        receiver: ExprId,
        index: u32,
    },
    /// A variant, a lattice of the user or a built-in one, with arguments by name or position.
    Construct {
        ctor: Box<Ctor>,
        args: ThinVec<CallArg>,
    },
    /// `R{a: 1, b}`; fields in the order written, each named once, all of them the record's.
    Record {
        def: TypeDefId,
        fields: ThinVec<FieldValue>,
    },
    Tuple(ThinVec<ExprId>),
    List(ThinVec<ExprId>),
    /// `{}` is this: the empty set or the empty map, as the expected type says.
    Set(ThinVec<ExprId>),
    Map(ThinVec<(ExprId, ExprId)>),
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
        arms: ThinVec<Arm>,
    },
    Let {
        pat: PatId,
        value: ExprId,
        body: ExprId,
    },
    Lambda {
        params: ThinVec<PatId>,
        body: ExprId,
    },
}

/// What stands behind a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    pub name: SmolStr,
    pub span: Span,
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

/// As small as [`Expr`].
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
    Tuple(ThinVec<PatId>),
    List(ThinVec<PatId>),
    /// By position; the number of arguments is checked where the variant is known.
    Variant {
        ctor: Box<Ctor>,
        args: ThinVec<PatId>,
    },
    /// Fields that are not named are free.
    Record {
        def: TypeDefId,
        fields: ThinVec<(u32, PatId)>,
    },
}

impl Expr {
    /// The name of the built-in function or the method that it calls.
    pub fn called(&self) -> Option<&str> {
        match self {
            Expr::CallBuiltin { name, .. } => Some(name),
            Expr::Method { member, .. } => Some(&member.name),
            _ => None,
        }
    }
}

impl Body {
    pub fn new(loc: Loc) -> Self {
        Self {
            exprs: Arena::new(),
            pats: Arena::new(),
            vars: Arena::new(),
            params: ThinVec::new(),
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
    pub fn fit(&mut self) {
        self.exprs.fit();
        self.pats.fit();
        self.vars.fit();
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
                parts.to_vec()
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
            | Expr::Set(args) => args.to_vec(),
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

#[cfg(test)]
mod tests {
    use super::{Expr, ExprNode, Pat, PatNode, Var};
    use crate::hir::{Literal, Rule};

    /// What an editor keeps for each rule.
    #[test]
    fn nodes_are_small() {
        assert_eq!((size_of::<Expr>(), size_of::<ExprNode>()), (24, 32));
        assert_eq!((size_of::<Pat>(), size_of::<PatNode>()), (24, 32));
        assert_eq!(size_of::<Var>(), 40);
        assert_eq!((size_of::<Literal>(), size_of::<Rule>()), (24, 176));
    }
}
