//! Safety: every variable that is read is bound by a positive literal, a binding or a generator
//! (range restriction, Ullman 1988, §3.2), whatever the order of the literals; and an order in
//! which they can be evaluated.

use super::Scope;
use crate::base::{Code, Diagnostic, codes};
use crate::hir::{
    AtomArg, Body, Expr, ExprId, HeadColumn, Literal, Loc, Location, Rule, SpecLiteral, SpecRule,
    VarId,
};
use crate::typing::{BodyTypes, walk};

/// What a literal does with variables.
struct Step {
    kind: Kind,
    binds: Vec<VarId>,
    /// Read, so bound elsewhere.
    needs: Vec<VarId>,
    fallible: bool,
    /// The expression that reads them, to point into.
    expr: Option<ExprId>,
    loc: Loc,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Row,
    Not,
    Binder,
    Condition,
}

impl Scope<'_> {
    /// The order of a rule's literals; what cannot be bound is reported.
    pub(super) fn order_of(
        &self,
        rule: &Rule,
        types: &BodyTypes,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<u32> {
        let body = &rule.body;
        let steps: Vec<Step> = rule
            .literals
            .iter()
            .map(|node| {
                let loc = body.loc.at(node.span);
                match &node.literal {
                    Literal::Error => Step::error(loc),
                    Literal::Atom { args, .. } => Step::row(body, args, loc, false),
                    Literal::Not { args, .. } => Step::row(body, args, loc, true),
                    Literal::Condition(expr) => self.condition(body, types, *expr, loc),
                    Literal::Let { pat, value: expr } | Literal::In { pat, source: expr } => {
                        self.binder(body, types, *pat, *expr, loc)
                    }
                }
            })
            .collect();
        self.check(body, &steps, &rule.head.columns, diagnostics);
        order(&steps)
    }

    pub(super) fn spec_order(
        &self,
        rule: &SpecRule,
        types: &BodyTypes,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<u32> {
        let body = &rule.body;
        let loc = rule.loc;
        let steps: Vec<Step> = rule
            .literals
            .iter()
            .map(|literal| match literal {
                SpecLiteral::Error => Step::error(loc),
                SpecLiteral::At {
                    at, args, negated, ..
                } => {
                    let mut pats: Vec<_> = args.iter().map(|(_, pat)| *pat).collect();
                    let mut needs = Vec::new();
                    match at {
                        Location::Any => {}
                        Location::Pat(pat) => pats.push(*pat),
                        Location::Expr(expr) => needs = walk::variables(body, *expr),
                    }
                    let mut step = Step::pats(body, pats, loc, *negated);
                    step.needs.extend(needs);
                    step
                }
                SpecLiteral::Up { node, negated } => Step::pats(body, [*node], loc, *negated),
                SpecLiteral::Row { args, negated, .. } => Step::row(body, args, loc, *negated),
                SpecLiteral::Condition(expr) => self.condition(body, types, *expr, loc),
                SpecLiteral::Let { pat, value: expr } | SpecLiteral::In { pat, source: expr } => {
                    self.binder(body, types, *pat, *expr, loc)
                }
            })
            .collect();
        self.check(body, &steps, &rule.head.columns, diagnostics);
        order(&steps)
    }

    fn condition(&self, body: &Body, types: &BodyTypes, expr: ExprId, loc: Loc) -> Step {
        Step {
            kind: Kind::Condition,
            binds: Vec::new(),
            needs: walk::variables(body, expr),
            fallible: self.can_fail(body, types, expr),
            expr: Some(expr),
            loc,
        }
    }

    fn binder(
        &self,
        body: &Body,
        types: &BodyTypes,
        pat: crate::hir::PatId,
        expr: ExprId,
        loc: Loc,
    ) -> Step {
        Step {
            kind: Kind::Binder,
            binds: walk::pat_variables(body, pat),
            needs: walk::variables(body, expr),
            fallible: self.can_fail(body, types, expr),
            expr: Some(expr),
            loc,
        }
    }

    /// Reports each variable that is read and bound nowhere, once.
    fn check(
        &self,
        body: &Body,
        steps: &[Step],
        head: &[HeadColumn],
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let bound = bound(body, steps);
        let is_bound = |var: &VarId| bound[var.0 as usize];
        let mut reported: Vec<VarId> = Vec::new();
        let mut report = |code: Code, message: String, var: VarId, loc: Loc, label: &str| {
            if reported.contains(&var) {
                return;
            }
            reported.push(var);
            let place = self.program.file_span(loc);
            let name = &body.vars[var].name;
            let diagnostic = Diagnostic::new(code, place, message, label);
            diagnostics.push(match code == codes::E0502 {
                true => diagnostic.with_help(format!(
                    "bind `{name}` in a positive literal, or write `_` for any value"
                )),
                false => diagnostic.with_help(format!(
                    "bind `{name}` in a row, by `let {name} = …` or by `{name} in …`"
                )),
            });
        };
        for step in steps.iter().filter(|step| step.kind == Kind::Not) {
            for var in step.needs.iter().filter(|var| !is_bound(var)) {
                let message = format!("unbound variable in negation: {}", body.vars[*var].name);
                let label = "`not` reads it, and nothing binds it";
                report(codes::E0502, message, *var, step.loc, label);
            }
        }
        let exprs = steps.iter().filter(|step| step.kind != Kind::Not);
        let exprs = exprs.filter_map(|step| step.expr).chain(read_by(head));
        for expr in exprs {
            for var in walk::variables(body, expr) {
                if !is_bound(&var) {
                    let message = format!("unbound variable {}", body.vars[var].name);
                    let loc = body.loc.at(use_of(body, expr, var));
                    report(
                        codes::E0501,
                        message,
                        var,
                        loc,
                        "nothing in the body binds it",
                    );
                }
            }
        }
    }
}

/// The expressions of a head.
fn read_by(head: &[HeadColumn]) -> Vec<ExprId> {
    let mut exprs = Vec::new();
    for column in head {
        match column {
            HeadColumn::Expr(expr) => exprs.push(*expr),
            HeadColumn::Aggregate(aggregate) => {
                exprs.extend(aggregate.operand);
                exprs.extend(aggregate.by.iter().map(|key| key.key));
            }
            HeadColumn::Default | HeadColumn::Omitted => {}
        }
    }
    exprs
}

/// Where in an expression the variable is first read.
fn use_of(body: &Body, expr: ExprId, var: VarId) -> crate::base::Span {
    let mut found = None;
    walk::each_expr(body, expr, &mut |expr| match body.expr(expr) {
        Expr::Var(own) | Expr::CallVar { var: own, .. } if *own == var && found.is_none() => {
            found = Some(body.exprs[expr].span);
        }
        _ => {}
    });
    found.unwrap_or(body.vars[var].span)
}

/// Which variables are bound. One whose binder reads what is unbound counts as bound: the mistake
/// is in what it reads.
fn bound(body: &Body, steps: &[Step]) -> Vec<bool> {
    let mut bound = vec![false; body.vars.len()];
    for step in steps {
        for var in &step.binds {
            bound[var.0 as usize] = true;
        }
    }
    // A binder may not bind what it reads itself, nor two each other's: see which can ever run.
    let runs = |bound: &[bool], step: &Step| step.needs.iter().all(|var| bound[var.0 as usize]);
    let mut able = vec![false; body.vars.len()];
    let rows = steps.iter().filter(|step| step.kind == Kind::Row);
    for var in rows.flat_map(|step| &step.binds) {
        able[var.0 as usize] = true;
    }
    loop {
        let before = able.clone();
        for step in steps.iter().filter(|step| step.kind == Kind::Binder) {
            let hopeless = step.needs.iter().any(|var| !bound[var.0 as usize]);
            if hopeless || runs(&able, step) {
                for var in &step.binds {
                    able[var.0 as usize] = true;
                }
            }
        }
        if able == before {
            return able;
        }
    }
}

/// What cannot fail comes as soon as it can, and before more rows; what can fail comes last.
fn order(steps: &[Step]) -> Vec<u32> {
    let vars = steps
        .iter()
        .flat_map(|step| step.binds.iter().chain(&step.needs));
    let mut bound = vec![false; vars.map(|var| var.0 as usize + 1).max().unwrap_or(0)];
    let mut open: Vec<usize> = (0..steps.len()).collect();
    let mut order = Vec::with_capacity(steps.len());
    while !open.is_empty() {
        let ready = |&place: &usize| steps[place].needs.iter().all(|var| bound[var.0 as usize]);
        let sure = |place: &usize| steps[*place].kind != Kind::Row && !steps[*place].fallible;
        let next = open
            .iter()
            .position(|place| ready(place) && sure(place))
            .or_else(|| {
                open.iter()
                    .position(|place| ready(place) && steps[*place].kind == Kind::Row)
            })
            .or_else(|| open.iter().position(ready))
            // Unsafe, and reported.
            .unwrap_or(0);
        let place = open.remove(next);
        for var in &steps[place].binds {
            bound[var.0 as usize] = true;
        }
        order.push(place as u32);
    }
    order
}

impl Step {
    fn error(loc: Loc) -> Self {
        Step {
            kind: Kind::Condition,
            binds: Vec::new(),
            needs: Vec::new(),
            fallible: false,
            expr: None,
            loc,
        }
    }

    fn row(body: &Body, args: &[AtomArg], loc: Loc, negated: bool) -> Self {
        Step::pats(body, args.iter().map(|arg| arg.pat), loc, negated)
    }

    fn pats(
        body: &Body,
        pats: impl IntoIterator<Item = crate::hir::PatId>,
        loc: Loc,
        negated: bool,
    ) -> Self {
        let vars: Vec<VarId> = pats
            .into_iter()
            .flat_map(|pat| walk::pat_variables(body, pat))
            .collect();
        let (kind, binds, needs) = match negated {
            true => (Kind::Not, Vec::new(), vars),
            false => (Kind::Row, vars, Vec::new()),
        };
        Step {
            kind,
            binds,
            needs,
            fallible: false,
            expr: None,
            loc,
        }
    }
}
