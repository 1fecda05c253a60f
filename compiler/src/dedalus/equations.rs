//! Equations: `X == Y + 1` says what `X` is where no row of the body does, and is a condition where one does.

use indexmap::IndexSet;
use smol_str::SmolStr;

use super::ast::{Comparison, Expr, ExprKind, Literal, LiteralKind, Rule};

/// The variables of a rule that the literals so far bind.
pub(super) struct Bound(IndexSet<SmolStr>);

impl Bound {
    /// The variables that stand in a row of the body, not negated.
    pub(super) fn by_rows(rule: &Rule) -> Self {
        let rows = rule.body.iter().filter_map(|literal| match &literal.kind {
            LiteralKind::Atom {
                atom,
                negated: false,
                ..
            } => Some(atom),
            LiteralKind::Atom { negated: true, .. } | LiteralKind::Compare { .. } => None,
        });
        let args = rows.flat_map(|atom| &atom.args);
        Bound(args.filter_map(variable).cloned().collect())
    }

    /// The variable that the literal binds, and what it is equal to.
    pub(super) fn definition<'l>(&mut self, literal: &'l Literal) -> Option<(&'l Expr, &'l Expr)> {
        let LiteralKind::Compare {
            op: Comparison::Equal,
            left,
            right,
        } = &literal.kind
        else {
            return None;
        };
        for (free, value) in [(left, right), (right, left)] {
            if let Some(name) = variable(free)
                && self.0.insert(name.clone())
            {
                return Some((free, value));
            }
        }
        None
    }
}

fn variable(e: &Expr) -> Option<&SmolStr> {
    match &e.kind {
        ExprKind::Variable(name) => Some(name),
        ExprKind::Wildcard
        | ExprKind::Int(_)
        | ExprKind::Text(_)
        | ExprKind::Binary(..)
        | ExprKind::Aggregate(..) => None,
    }
}
