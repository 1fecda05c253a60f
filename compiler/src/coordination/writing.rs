//! Writes rules into a resolved program: variables by name, atoms by column.

use std::sync::Arc;

use smol_str::SmolStr;
use thin_vec::ThinVec;

use crate::hir::{
    Arrow, AtomArg, BinaryOp, Body, Collection, CollectionId, CollectionKind, Column, Delivery,
    Expr, ExprId, ExprNode, Head, HeadColumn, LitKind, Literal, LiteralNode, Loc, Member, NodeKind,
    Origin, Pat, PatId, PatNode, Rule, TypeRef, Var, VarId,
};

/// A column of an atom or a head.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// The variable of that name.
    Var(SmolStr),
    Int(i64),
}

/// A rule that is being written. Its variables are those of its body.
pub(super) struct RuleWriter {
    body: Body,
    loc: Loc,
    literals: Vec<LiteralNode>,
}

impl RuleWriter {
    pub fn new(loc: Loc) -> Self {
        Self {
            body: Body::new(loc),
            loc,
            literals: Vec::new(),
        }
    }

    /// A row whose columns are these, in order; columns beyond them are free.
    pub fn row(mut self, collection: CollectionId, cells: &[Cell]) -> Self {
        let args = self.args(cells).into();
        self.push(Literal::Atom { collection, args });
        self
    }

    pub fn no_row(mut self, collection: CollectionId, cells: &[Cell]) -> Self {
        let args = self.args(cells).into();
        self.push(Literal::Not { collection, args });
        self
    }

    pub fn condition(mut self, left: &str, op: BinaryOp, right: &str) -> Self {
        let (left, right) = (self.read(left), self.read(right));
        let condition = self.expr(Expr::Binary { op, left, right });
        self.push(Literal::Condition(condition));
        self
    }

    /// The built-in predicate, of these variables as a list of values.
    pub fn call(mut self, name: &str, args: &[&str]) -> Self {
        let args: Vec<ExprId> = args.iter().map(|name| self.read(name)).collect();
        let args = match args.as_slice() {
            [_] => args,
            _ => vec![self.expr(Expr::Tuple(args.into()))],
        };
        let call = self.expr(Expr::CallBuiltin {
            name: Box::new(SmolStr::new(name)),
            args: args.into(),
        });
        self.push(Literal::Condition(call));
        self
    }

    /// The sum of two variables.
    pub fn sum(&mut self, left: &str, right: &str) -> HeadColumn {
        let (left, right) = (self.read(left), self.read(right));
        let op = BinaryOp::Add;
        HeadColumn::Expr(self.expr(Expr::Binary { op, left, right }))
    }

    /// The expression that reads a variable.
    pub fn read(&mut self, name: &str) -> ExprId {
        let var = self.var(name);
        self.expr(Expr::Var(var))
    }

    /// `name.reveal.to_string()`: what a lattice value is now, as a value that can be a key.
    pub fn content(&mut self, name: &str) -> ExprId {
        let receiver = self.read(name);
        let span = self.loc.span;
        let member = |name| {
            let name = SmolStr::new_static(name);
            Box::new(Member { name, span })
        };
        let revealed = self.expr(Expr::Field {
            receiver,
            member: member("reveal"),
        });
        self.expr(Expr::Method {
            receiver: revealed,
            member: member("to_string"),
            args: ThinVec::new(),
        })
    }

    pub fn cells(&mut self, cells: &[Cell]) -> Vec<HeadColumn> {
        let column = |cell: &Cell| match cell {
            Cell::Var(name) => HeadColumn::Expr(self.read(name)),
            Cell::Int(n) => HeadColumn::Expr(self.int(*n)),
        };
        cells.iter().map(column).collect()
    }

    /// The rule with these head columns.
    pub fn head(
        self,
        collection: CollectionId,
        columns: Vec<HeadColumn>,
        arrow: Arrow,
        origin: Origin,
    ) -> Arc<Rule> {
        let head = Head {
            collection,
            columns: columns.into(),
            span: self.loc.span,
        };
        Arc::new(Rule {
            head,
            arrow,
            literals: self.literals.into(),
            bootstrap: false,
            group: None,
            origin,
            nondeterministic: None,
            body: self.body,
            loc: self.loc,
        })
    }

    fn push(&mut self, literal: Literal) {
        let span = self.loc.span;
        self.literals.push(LiteralNode { literal, span });
    }

    fn args(&mut self, cells: &[Cell]) -> Vec<AtomArg> {
        let arg = |(column, cell): (u32, &Cell)| {
            let pat = match cell {
                Cell::Var(name) => Pat::Var(self.var(name)),
                Cell::Int(n) => Pat::Literal(LitKind::Int(*n)),
            };
            let pat = self.pat(pat);
            AtomArg { column, pat }
        };
        (0..).zip(cells).map(arg).collect()
    }

    fn var(&mut self, name: &str) -> VarId {
        let known = self.body.vars.iter().find(|(_, var)| var.name == name);
        known.map(|(id, _)| id).unwrap_or_else(|| {
            self.body.vars.push(Var {
                name: SmolStr::new(name),
                span: self.loc.span,
                local: false,
            })
        })
    }

    fn int(&mut self, n: i64) -> ExprId {
        self.expr(Expr::Literal(LitKind::Int(n)))
    }

    fn expr(&mut self, expr: Expr) -> ExprId {
        let span = self.loc.span;
        self.body.exprs.push(ExprNode { expr, span })
    }

    fn pat(&mut self, pat: Pat) -> PatId {
        let span = self.loc.span;
        self.body.pats.push(PatNode { pat, span })
    }
}

/// Declares a collection beside another: of its place, and hidden.
pub(super) fn declare(
    node: &mut NodeKind,
    beside: CollectionId,
    name: SmolStr,
    kind: CollectionKind,
    columns: Vec<Column>,
) -> CollectionId {
    let of = &node.collections[beside];
    let collection = Collection {
        name,
        kind,
        columns,
        durable: false,
        immutable: false,
        sealed_by: Vec::new(),
        public: false,
        imported: of.imported,
        nondeterministic: None,
        delivery: Delivery::Free,
        doc: SmolStr::default(),
        loc: of.loc,
    };
    node.collections_mut().push(collection)
}

/// A column without a default.
pub(super) fn column(name: &str, ty: Option<TypeRef>, key: bool, loc: Loc) -> Column {
    Column {
        name: SmolStr::new(name),
        ty,
        key,
        location: false,
        default: None,
        doc: SmolStr::default(),
        loc,
    }
}
