//! An order in which the literals of a rule can be evaluated: each after those that bind what it
//! reads. There is one, since what is bound nowhere is refused when names are resolved.

use super::Scope;
use crate::hir::{AtomArg, Body, ExprId, Literal, Location, Rule, SpecLiteral, SpecRule, VarId};
use crate::typing::{BodyTypes, walk};

/// What a literal does with variables.
struct Step {
    /// Whether it is a positive row.
    is_row: bool,
    binds: Vec<VarId>,
    /// Read, so bound elsewhere.
    needs: Vec<VarId>,
    fallible: bool,
}

impl Scope<'_> {
    /// The order of a rule's literals.
    pub(super) fn order_of(&self, rule: &Rule, types: &BodyTypes) -> Vec<u32> {
        let body = &rule.body;
        let steps: Vec<Step> = rule
            .literals
            .iter()
            .map(|node| match &node.literal {
                Literal::Error => Step::error(),
                Literal::Atom { args, .. } => Step::row(body, args, false),
                Literal::Not { args, .. } => Step::row(body, args, true),
                Literal::Condition(expr) => self.condition(body, types, *expr),
                Literal::Let { pat, value: expr } | Literal::In { pat, source: expr } => {
                    self.binder(body, types, *pat, *expr)
                }
            })
            .collect();
        order(&steps)
    }

    pub(super) fn spec_order(&self, rule: &SpecRule, types: &BodyTypes) -> Vec<u32> {
        let body = &rule.body;
        let steps: Vec<Step> = rule
            .literals
            .iter()
            .map(|literal| match literal {
                SpecLiteral::Error => Step::error(),
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
                    let mut step = Step::pats(body, pats, *negated);
                    step.needs.extend(needs);
                    step
                }
                SpecLiteral::Up { node, negated } => Step::pats(body, [*node], *negated),
                SpecLiteral::Crashed {
                    node,
                    tick,
                    negated,
                } => Step::pats(body, [*node, *tick], *negated),
                SpecLiteral::Row { args, negated, .. } => Step::row(body, args, *negated),
                SpecLiteral::Condition(expr) => self.condition(body, types, *expr),
                SpecLiteral::Let { pat, value: expr } | SpecLiteral::In { pat, source: expr } => {
                    self.binder(body, types, *pat, *expr)
                }
            })
            .collect();
        order(&steps)
    }

    fn condition(&self, body: &Body, types: &BodyTypes, expr: ExprId) -> Step {
        Step {
            is_row: false,
            binds: Vec::new(),
            needs: walk::variables(body, expr),
            fallible: self.can_fail(body, types, expr),
        }
    }

    fn binder(&self, body: &Body, types: &BodyTypes, pat: crate::hir::PatId, expr: ExprId) -> Step {
        Step {
            is_row: false,
            binds: walk::pat_variables(body, pat),
            needs: walk::variables(body, expr),
            fallible: self.can_fail(body, types, expr),
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
        let sure = |place: &usize| !steps[*place].is_row && !steps[*place].fallible;
        let next = open
            .iter()
            .position(|place| ready(place) && sure(place))
            .or_else(|| {
                open.iter()
                    .position(|place| ready(place) && steps[*place].is_row)
            })
            .or_else(|| open.iter().position(ready))
            // Only in a program with errors.
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
    fn error() -> Self {
        Step {
            is_row: false,
            binds: Vec::new(),
            needs: Vec::new(),
            fallible: false,
        }
    }

    fn row(body: &Body, args: &[AtomArg], negated: bool) -> Self {
        Step::pats(body, args.iter().map(|arg| arg.pat), negated)
    }

    fn pats(body: &Body, pats: impl IntoIterator<Item = crate::hir::PatId>, negated: bool) -> Self {
        let vars: Vec<VarId> = pats
            .into_iter()
            .flat_map(|pat| walk::pat_variables(body, pat))
            .collect();
        let (binds, needs) = match negated {
            true => (Vec::new(), vars),
            false => (vars, Vec::new()),
        };
        Step {
            is_row: !negated,
            binds,
            needs,
            fallible: false,
        }
    }
}
