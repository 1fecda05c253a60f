//! Rows of a test: those that are fed, sealed and expected.

use super::Steps;
use crate::base::{Span, codes};
use crate::hir::resolve::collection::built_in_of;
use crate::hir::resolve::head::RowShape;
use crate::hir::resolve::scope::Value;
use crate::hir::{Action, CollectionId, CollectionKind, ExprId, HeadColumn, NodeId};
use crate::syntax::ast::{self, ExprKind, LiteralKind};
use smol_str::SmolStr;

impl<'a> Steps<'_, 'a> {
    /// The node and collection that a path means. Expressions that follow see what the node's kind sees.
    fn target(&mut self, path: &ast::Path) -> Option<(u32, NodeId, CollectionId)> {
        let (first, rest) = path.segments.split_first()?;
        let node = self
            .cx
            .test_nodes
            .get(&first.text)
            .copied()
            .filter(|_| !rest.is_empty());
        let (node, names) = match node {
            Some(node) => (node, rest),
            None if self.nodes.len() == 1 && self.nodes[0].0.is_empty() => {
                (0, path.segments.as_slice())
            }
            None => {
                self.node_named(first);
                return None;
            }
        };
        let kind = self.nodes[node as usize].1?;
        self.cx.scope = self.cx.r.kind_scopes[kind.0 as usize];
        let name = names
            .iter()
            .map(ast::Name::as_str)
            .collect::<Vec<_>>()
            .join(".");
        let loc = self.cx.loc(path.span());
        let known = self.cx.r.program.nodes[kind].collection(&name);
        let at = self.cx.r.program.nodes[kind].loc;
        let found = known.or_else(|| built_in_of(&mut self.cx.r.program.nodes[kind], &name, at));
        let Some(id) = found else {
            let node = &self.cx.r.program.nodes[kind];
            let known: Vec<SmolStr> = node.collections.values().map(|c| c.name.clone()).collect();
            let message = format!("undeclared collection {name} of `{}`", node.name);
            let known = known.iter().map(SmolStr::as_str);
            // A name that was declared with a mistake was reported there.
            let broken = self.cx.r.value(self.cx.scope, names[0].as_str()) == Some(Value::Error);
            if !broken {
                self.cx.r.report_unknown(
                    codes::E0201,
                    loc.at(names[0].span.cover(path.span())),
                    &name,
                    known,
                    message,
                    "not declared",
                );
            }
            return None;
        };
        Some((node, kind, id))
    }

    fn shape(&self, kind: NodeId, id: CollectionId) -> RowShape {
        let collection = &self.cx.r.program.nodes[kind].collections[id];
        RowShape {
            name: collection.name.clone(),
            columns: collection
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
            may_lack: collection
                .columns
                .iter()
                .map(|column| column.default.is_some().then_some(HeadColumn::Default))
                .collect(),
            declared: Some(collection.loc),
        }
    }

    pub fn feed(&mut self, feed: &ast::Feed, span: Span) -> Action {
        let Some((node, kind, collection)) = self.target(&feed.path) else {
            return Action::Error;
        };
        let shape = self.shape(kind, collection);
        let row = self.cx.row_columns(&shape, &feed.args, span);
        Action::Feed {
            node,
            collection,
            row,
        }
    }

    pub fn seal(&mut self, feed: &ast::Feed, span: Span) -> Action {
        let Some((node, kind, collection)) = self.target(&feed.path) else {
            return Action::Error;
        };
        let whole = self.shape(kind, collection);
        let of = &self.cx.r.program.nodes[kind].collections[collection];
        if of.sealed_by.is_empty() || !matches!(of.kind, CollectionKind::Input) {
            let loc = self.cx.loc(feed.path.span());
            let message = format!("`{}` is not a sealed input", whole.name);
            self.cx.r.error(
                codes::E0223,
                loc,
                message,
                "a test seals inputs that are `sealed by` columns",
            );
            return Action::Error;
        }
        let columns: Vec<SmolStr> = of
            .sealed_by
            .iter()
            .map(|&place| whole.columns[place as usize].clone())
            .collect();
        let shape = RowShape {
            may_lack: vec![None; columns.len()],
            columns,
            ..whole
        };
        let row = self.cx.row_columns(&shape, &feed.args, span);
        let key = row
            .into_iter()
            .filter_map(|column| match column {
                HeadColumn::Expr(expr) => Some(expr),
                HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => None,
            })
            .collect();
        Action::Seal {
            node,
            collection,
            key,
        }
    }

    pub fn drop_message(
        &mut self,
        from: &ast::Name,
        to: &ast::Name,
        channel: &ast::Path,
    ) -> Action {
        let (Some(from_node), Some(to)) = (self.node_named(from), self.node_named(to)) else {
            return Action::Error;
        };
        let mut path = channel.clone();
        path.segments.insert(0, from.clone());
        match self.target(&path) {
            Some((_, _, channel)) => Action::Drop {
                from: from_node,
                to,
                channel,
            },
            None => Action::Error,
        }
    }

    pub fn expect(&mut self, expect: &'a ast::Expect) -> Action {
        let literal = match expect {
            ast::Expect::Error { text, .. } => return Action::ExpectError { text: text.clone() },
            ast::Expect::Literal(literal) => literal,
        };
        match &literal.kind {
            LiteralKind::Atom(atom) => self.expect_row(atom, false),
            LiteralKind::Not(atom) => self.expect_row(atom, true),
            LiteralKind::Expr(expr) => self.expect_expr(expr),
            LiteralKind::Let { .. } | LiteralKind::In { .. } => self.bad_expect(literal.span),
        }
    }

    fn expect_row(&mut self, atom: &ast::Atom, negated: bool) -> Action {
        let Some((node, kind, collection)) = self.target(&atom.path) else {
            return Action::Error;
        };
        self.cx.vars.clear();
        let shape = self.shape(kind, collection);
        let args = self.cx.row_args(&shape.name, &shape.columns, atom);
        Action::ExpectMatch {
            node,
            collection,
            args,
            negated,
        }
    }

    fn expect_expr(&mut self, expr: &'a ast::Expr) -> Action {
        if let ExprKind::Binary {
            op: ast::BinaryOp::Equal,
            left,
            right,
            ..
        } = &expr.kind
            && let (Some(path), ExprKind::Set(rows)) =
                (left.as_path(), &right.without_parens().kind)
        {
            let Some((node, kind, collection)) = self.target(&path) else {
                return Action::Error;
            };
            let shape = self.shape(kind, collection);
            let rows = rows
                .iter()
                .filter_map(|row| self.row(&shape, row))
                .collect();
            return Action::ExpectRows {
                node,
                collection,
                rows,
            };
        }
        let mut diagnostics = Vec::new();
        match expr.as_atom(&mut diagnostics) {
            Some(atom) => {
                self.cx.r.report_in(self.cx.body.loc.item, diagnostics);
                self.expect_row(&atom, false)
            }
            None => self.bad_expect(expr.span),
        }
    }

    /// A row of a set of rows: `(a, b)`, `(a)`, `()`.
    fn row(&mut self, shape: &RowShape, row: &ast::Expr) -> Option<Vec<ExprId>> {
        let values: Vec<&ast::Expr> = match &row.kind {
            ExprKind::Tuple(parts) => parts.iter().collect(),
            ExprKind::Paren(inner) => vec![inner],
            _ => vec![row],
        };
        if values.len() != shape.columns.len() {
            self.cx
                .report_arity(&shape.name, shape.columns.len(), values.len(), row.span);
            return None;
        }
        Some(
            values
                .into_iter()
                .map(|value| self.cx.expr(value))
                .collect(),
        )
    }

    fn bad_expect(&mut self, span: Span) -> Action {
        let loc = self.cx.loc(span);
        let diagnostic = self
            .cx
            .r
            .diagnostic(
                codes::E0802,
                loc,
                "this is nothing that can be expected",
                "not rows",
            )
            .with_help(
                "expect a row `c{a: 1}`, its absence `not c{a: 1}`, or all rows `c == { (1, 2) }`; \
                 to expect a condition, derive it in a rule",
            );
        self.cx.r.report(diagnostic);
        Action::Error
    }
}
