//! How a rule reads each of its literals: from the growth of its conditions, generators and head
//! with the lattice values that the literals bind.

use bloom_plan::types::Type;

use super::factors::in_several;
use super::growth::{Dependence, Growths, holds_lattice, join, join_each};
use super::{Growth, Reading, Scope};
use crate::hir::{Body, Expr, ExprId, HeadColumn, Literal, PatId, Rule, VarId};
use crate::typing::{BodyTypes, walk};

impl Scope<'_> {
    pub(super) fn readings(&self, rule: &Rule, types: &BodyTypes) -> Vec<Reading> {
        let aggregates = rule
            .head
            .columns
            .iter()
            .any(|column| matches!(column, HeadColumn::Aggregate(_)));
        let total = self.dependence(rule, types);
        let reading = |(literal, growth): (&Literal, Growth)| match literal {
            Literal::Not { .. } => Reading::Complete,
            Literal::Atom { .. } if aggregates => Reading::Complete,
            Literal::Atom { .. } => match growth {
                Growth::Constant | Growth::Morphism => Reading::Morphism,
                Growth::Monotone => Reading::Monotone,
                Growth::Neither => Reading::Complete,
            },
            Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => {
                Reading::Variables
            }
        };
        let literals = rule.literals.iter().map(|node| &node.literal);
        literals.zip(total).map(reading).collect()
    }

    /// How what the rule derives depends on the lattice values of each literal.
    fn dependence(&self, rule: &Rule, types: &BodyTypes) -> Dependence {
        let body = &rule.body;
        let sources = rule.literals.len();
        let mut growths = Growths::new(self.typed, self.growth, body, types, sources);
        let mut total = vec![Growth::Constant; sources];
        let mut binders: Vec<(PatId, ExprId, bool)> = Vec::new();
        for (place, node) in rule.literals.iter().enumerate() {
            match &node.literal {
                Literal::Atom { args, .. } => {
                    let vars = args
                        .iter()
                        .flat_map(|arg| walk::pat_variables(body, arg.pat));
                    for var in vars {
                        growths.grow(var, place);
                    }
                }
                Literal::Let { pat, value } => binders.push((*pat, *value, false)),
                Literal::In { pat, source } => {
                    binders.push((*pat, ranged_over(body, types, self, *source), true));
                }
                Literal::Error | Literal::Not { .. } | Literal::Condition(_) => {}
            }
        }
        // Each round carries dependences over one more binder, whatever order they stand in.
        for _ in 0..binders.len() {
            for &(pat, value, generates) in &binders {
                let value = growths.of(value);
                let whether = growths.bind(pat, &value);
                total = join(&total, &whether);
                if generates {
                    total = join(&total, &value);
                }
            }
        }
        for node in &rule.literals {
            if let Literal::Condition(condition) = &node.literal {
                total = join(&total, &growths.of(*condition));
            }
        }
        for column in &rule.head.columns {
            match column {
                HeadColumn::Expr(expr) => total = join(&total, &growths.of(*expr)),
                HeadColumn::Aggregate(aggregate) => {
                    let by = aggregate.by.iter().map(|key| key.key);
                    for expr in aggregate.operand.into_iter().chain(by) {
                        total = join(&total, &join_each(&growths.of(expr), Growth::Neither));
                    }
                }
                HeadColumn::Default | HeadColumn::Omitted => {}
            }
        }
        let is_lattice = |var: VarId| holds_lattice(&self.typed.types, types.vars[var]);
        for (growth, several) in total.iter_mut().zip(in_several(rule, is_lattice)) {
            if several && *growth != Growth::Constant {
                *growth = (*growth).max(Growth::Monotone);
            }
        }
        total
    }
}

/// What a generator ranges over: the elements of `s.reveal` are those of `s`, so of a set that grows they only
/// become more.
fn ranged_over(body: &Body, types: &BodyTypes, scope: &Scope<'_>, source: ExprId) -> ExprId {
    match body.expr(source) {
        Expr::Field { receiver, member } if member.name == "reveal" => {
            match scope.typed.types.get(types.exprs[*receiver]) {
                Type::Set(_) => *receiver,
                _ => source,
            }
        }
        _ => source,
    }
}
