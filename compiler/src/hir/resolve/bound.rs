//! Which variables of a rule are bound.
//!
//! A positive row binds its variables; a binding or generator binds those of its pattern once all that its
//! expression reads are bound. Whatever else names a variable only reads it. A variable that is read but not
//! bound is reported once: at the negation if it stands in one, else at the head, else where it is read.

use super::bodies::BodyCx;
use crate::base::{Diagnostic, codes};
use crate::hir::{Body, Expr, ExprId, HeadColumn, Literal, LiteralNode, Pat, PatId, VarId};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

/// What a literal does with variables.
#[derive(Default)]
pub(super) struct Uses {
    pub binds: Vec<VarId>,
    pub reads: Vec<VarId>,
    pub negated: bool,
}

impl BodyCx<'_, '_> {
    /// `before` is how many mistakes there were before the rule.
    pub fn check_bound(&mut self, literals: &[LiteralNode], head: &[HeadColumn], before: usize) {
        let uses: Vec<Uses> = literals
            .iter()
            .map(|node| literal_uses(&self.body, node))
            .collect();
        let head = head_reads(&self.body, head);
        self.check_uses(&uses, &head, before);
    }

    /// Reports what is read and not bound, and makes an error of it.
    ///
    /// One report at a time: what follows from a mistake is none. First comes what nothing binds, then
    /// negations and the head, then bindings that wait for each other.
    /// If another mistake was met in the rule, that is why; and a second variable is a label of the first's report.
    pub fn check_uses(&mut self, uses: &[Uses], head: &[VarId], before: usize) {
        let sound = bound_vars(uses, &FxHashSet::default());
        let silent = self.r.mistakes > before;
        let mut report: Option<Diagnostic> = None;
        loop {
            let bound = bound_vars(uses, &self.excused);
            let Some((var, place)) = first_unbound(uses, head, &bound) else {
                break;
            };
            let unbound = self.unbound(var, place, &bound);
            report = Some(match report {
                Some(first) => {
                    let name = &self.body.vars[var].name;
                    first.with_label(unbound.primary.place(), format!("nor is `{name}` bound"))
                }
                None => unbound,
            });
            self.excused.insert(var);
        }
        if let Some(report) = report.filter(|_| !silent) {
            self.r.report(report);
        }
        let unsound: Vec<VarId> = self
            .excused
            .iter()
            .copied()
            .filter(|var| !sound.contains(var))
            .collect();
        self.forget(&unsound);
    }

    fn unbound(&self, var: VarId, place: Where, bound: &FxHashSet<VarId>) -> Diagnostic {
        let name = self.body.vars[var].name.clone();
        let read = self
            .body
            .exprs
            .values()
            .find(|node| node.expr == Expr::Var(var));
        let matched = self
            .body
            .pats
            .values()
            .find(|node| node.pat == Pat::Var(var));
        let span = match place {
            Where::Negation => matched.map(|node| node.span),
            Where::Head | Where::Body => read.map(|node| node.span),
        };
        let loc = self.loc(span.unwrap_or(self.body.vars[var].span));
        let (code, message, label, help) = match place {
            Where::Negation => (
                codes::E0502,
                format!("unbound variable in negation: {name}"),
                "`not` binds nothing",
                format!(
                    "bind `{name}` in a row outside `not`, or write `_` where any value will do"
                ),
            ),
            Where::Head => (
                codes::E0501,
                format!("unbound variable {name} in the head"),
                "no row, binding or generator of the body binds it",
                format!("bind `{name}` in the body"),
            ),
            Where::Body => (
                codes::E0501,
                format!("unbound variable {name}"),
                "no row, binding or generator binds it",
                format!("bind `{name}` in a row, by `let` or by `in`"),
            ),
        };
        let mut names: Vec<SmolStr> = bound
            .iter()
            .map(|&var| self.body.vars[var].name.clone())
            .collect();
        names.extend(self.r.value_names(self.scope));
        names.sort_unstable();
        let mut diagnostic = self.r.diagnostic(code, loc, message, label).with_help(help);
        if let Some(near) = bloom_stdx::nearest(&name, names.iter().map(SmolStr::as_str)) {
            diagnostic = self.r.did_you_mean(diagnostic, loc, near);
        }
        diagnostic
    }
}

/// Where an unbound variable stands.
#[derive(Clone, Copy)]
enum Where {
    Negation,
    Head,
    Body,
}

fn first_unbound(
    uses: &[Uses],
    head: &[VarId],
    bound: &FxHashSet<VarId>,
) -> Option<(VarId, Where)> {
    let never = |var: &VarId| uses.iter().all(|uses| !uses.binds.contains(var));
    let unbound = |vars: &[VarId]| vars.iter().copied().find(|var| !bound.contains(var));
    let positive = uses.iter().filter(|uses| !uses.negated);
    let missing = positive
        .flat_map(|uses| &uses.reads)
        .find(|var| !bound.contains(var) && never(var));
    let negations = uses.iter().filter(|uses| uses.negated);
    missing
        .map(|&var| (var, Where::Body))
        .or_else(|| {
            Some((
                negations
                    .filter_map(|uses| unbound(&uses.reads))
                    .find(never)?,
                Where::Negation,
            ))
        })
        .or_else(|| Some((unbound(head).filter(never)?, Where::Head)))
        .or_else(|| {
            Some((
                uses.iter().find_map(|uses| unbound(&uses.reads))?,
                Where::Body,
            ))
        })
}

/// The least set closed under what the literals bind.
fn bound_vars(uses: &[Uses], excused: &FxHashSet<VarId>) -> FxHashSet<VarId> {
    let mut bound = excused.clone();
    let mut waiting: Vec<&Uses> = uses.iter().collect();
    loop {
        let before = waiting.len();
        waiting.retain(|uses| {
            let ready = !uses.negated && uses.reads.iter().all(|var| bound.contains(var));
            if ready {
                bound.extend(uses.binds.iter().copied());
            }
            !ready
        });
        if waiting.len() == before {
            return bound;
        }
    }
}

fn literal_uses(body: &Body, node: &LiteralNode) -> Uses {
    let mut uses = Uses::default();
    match &node.literal {
        Literal::Error => {}
        Literal::Atom { args, .. } => uses.binds = args_vars(body, args.iter().map(|arg| arg.pat)),
        Literal::Not { args, .. } => {
            uses.negated = true;
            uses.reads = args_vars(body, args.iter().map(|arg| arg.pat));
        }
        Literal::Condition(expr) => uses.reads = expr_vars(body, *expr),
        Literal::Let { pat, value: source } | Literal::In { pat, source } => {
            uses.binds = args_vars(body, [*pat]);
            uses.reads = expr_vars(body, *source);
        }
    }
    uses
}

/// The variables of patterns.
pub(super) fn args_vars(body: &Body, pats: impl IntoIterator<Item = PatId>) -> Vec<VarId> {
    let mut vars = Vec::new();
    for pat in pats {
        body.walk_pat(pat, &mut |_, pat| {
            if let Pat::Var(var) = pat {
                vars.push(*var);
            }
        });
    }
    vars
}

/// The variables of the rule that an expression reads.
pub(super) fn expr_vars(body: &Body, expr: ExprId) -> Vec<VarId> {
    let mut vars = Vec::new();
    body.walk_expr(expr, &mut |_, expr| {
        if let Expr::Var(var) = expr
            && !body.vars[*var].local
        {
            vars.push(*var);
        }
    });
    vars
}

pub(super) fn head_reads(body: &Body, head: &[HeadColumn]) -> Vec<VarId> {
    let exprs = head.iter().flat_map(|column| match column {
        HeadColumn::Expr(expr) => vec![*expr],
        HeadColumn::Aggregate(aggregate) => {
            let by = aggregate.by.iter().map(|key| key.key);
            aggregate.operand.into_iter().chain(by).collect()
        }
        HeadColumn::Default | HeadColumn::Omitted => Vec::new(),
    });
    exprs.flat_map(|expr| expr_vars(body, expr)).collect()
}
