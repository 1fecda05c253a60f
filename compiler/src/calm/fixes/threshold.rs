//! Comparisons that stay true once they are: of a lattice value itself in place of its present value, and `at
//! least` in place of `exactly`.

use super::{Context, Effort, Proposal, replaced};
use crate::base::{Edit, FileSpan, Span};
use crate::calm::violation::{RuleRef, Violation};
use crate::hir::{BinaryOp, Expr, ExprId, Literal, Rule};

pub(super) fn propose(cx: Context<'_>, violation: &Violation) -> Vec<Proposal> {
    let mut rules: Vec<RuleRef> = vec![violation.rule];
    if violation.capture != violation.rule {
        rules.push(violation.capture);
    }
    let mut proposals = Vec::new();
    for rule in rules {
        let rule = cx.rule(rule);
        let reveals = reveals(cx, rule);
        if !reveals.is_empty() {
            let title = "compare the lattice value itself: once true, it stays true".to_owned();
            proposals.push(Proposal::new(Effort::Threshold, title, reveals));
        }
        for edit in equalities(cx, rule) {
            let title = "ask for at least that much: once true, it stays true".to_owned();
            proposals.push(Proposal::new(Effort::Threshold, title, vec![edit]));
        }
    }
    proposals
}

/// The conditions of a rule with all that is inside them.
fn in_conditions(rule: &Rule) -> Vec<ExprId> {
    let mut exprs = Vec::new();
    for node in &rule.literals {
        if let Literal::Condition(condition) = node.literal {
            rule.body.walk_expr(condition, &mut |id, _| exprs.push(id));
        }
    }
    exprs
}

/// Edits that take each `.reveal` out of the conditions.
fn reveals(cx: Context<'_>, rule: &Rule) -> Vec<Edit> {
    let edit = |id: ExprId| {
        let (Expr::Field { receiver, member }
        | Expr::Method {
            receiver, member, ..
        }) = rule.body.expr(id)
        else {
            return None;
        };
        (member.name == "reveal").then(|| {
            let whole = cx.place_of(rule.body.expr_loc(id));
            let receiver = cx.place_of(rule.body.expr_loc(*receiver));
            replaced(between(receiver.span.end, whole.span.end, whole), "")
        })
    };
    in_conditions(rule).into_iter().filter_map(edit).collect()
}

/// Both ways to weaken each `==`.
fn equalities(cx: Context<'_>, rule: &Rule) -> Vec<Edit> {
    let mut edits = Vec::new();
    for id in in_conditions(rule) {
        let Expr::Binary {
            op: BinaryOp::Equal,
            left,
            right,
        } = *rule.body.expr(id)
        else {
            continue;
        };
        let left = cx.place_of(rule.body.expr_loc(left));
        let right = cx.place_of(rule.body.expr_loc(right));
        let gap = between(left.span.end, right.span.start, left);
        let text = &cx.sources.text(gap.file)[cx.sources.range(gap)];
        let Some(at) = text.find("==").and_then(|at| u32::try_from(at).ok()) else {
            continue;
        };
        let start = gap.span.start + at;
        let operator = between(start, start + 2, gap);
        edits.extend([replaced(operator, ">="), replaced(operator, "<=")]);
    }
    edits
}

fn between(start: u32, end: u32, of: FileSpan) -> FileSpan {
    FileSpan::new(of.file, Span::new(start, end))
}
