//! Variables of negated rows that stand nowhere else in their rule. `notin log(N, X)` with such an `X` says
//! that there is no row whatever its second column is, as `notin log(N, _)` does; the literature's programs
//! are written so. It may also be a slip of the pen, so it is warned of.

use super::ast::{Expr, ExprKind, LiteralKind, Rule};
use crate::base::{Diagnostic, FileId, FileSpan, Span, codes};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// Makes `_` of them. `offset` is where the rule starts.
pub(super) fn open(rule: &mut Rule, offset: u32, warnings: &mut Vec<Diagnostic>) {
    let mut uses = FxHashMap::default();
    for arg in &rule.head.args {
        count(arg, &mut uses);
    }
    for literal in &rule.body {
        match &literal.kind {
            LiteralKind::Atom { atom, .. } => {
                atom.args.iter().for_each(|arg| count(arg, &mut uses))
            }
            LiteralKind::Compare { left, right, .. } => {
                count(left, &mut uses);
                count(right, &mut uses);
            }
        }
    }
    let negated = rule
        .body
        .iter_mut()
        .filter_map(|literal| match &mut literal.kind {
            LiteralKind::Atom {
                atom,
                negated: true,
                ..
            } => Some(atom),
            LiteralKind::Atom { negated: false, .. } | LiteralKind::Compare { .. } => None,
        });
    for arg in negated.flat_map(|atom| &mut atom.args) {
        if let ExprKind::Variable(name) = &arg.kind
            && uses.get(name) == Some(&1)
        {
            warnings.push(warning(name, arg.span, offset));
            arg.kind = ExprKind::Wildcard;
        }
    }
}

fn count(e: &Expr, uses: &mut FxHashMap<SmolStr, usize>) {
    match &e.kind {
        ExprKind::Variable(name) | ExprKind::Aggregate(_, Some(name)) => {
            *uses.entry(name.clone()).or_default() += 1;
        }
        ExprKind::Binary(_, left, right) => {
            count(left, uses);
            count(right, uses);
        }
        ExprKind::Wildcard
        | ExprKind::Int(_)
        | ExprKind::Text(_)
        | ExprKind::Aggregate(_, None) => {}
    }
}

fn warning(name: &str, span: Span, offset: u32) -> Diagnostic {
    let place = FileSpan::new(FileId::default(), span.shifted(offset));
    let message = format!("`{name}` stands nowhere else in the rule, and means any value");
    Diagnostic::new(codes::W0901, place, message, "as `_` does")
        .with_help("write `_`, or use it in another row if one value is meant")
}
