//! A conjunction as a condition becomes one condition a part, so that each is placed as early as
//! its own variables allow. Only parts that cannot fail are taken out: the others rely on the order
//! in which `&&` is evaluated. Conditions that always hold go.

use bloom_plan::plan::Expr;
use bloom_plan::plan::fallible::Fallible;

use crate::rir::{Literal, Program};

pub(super) fn run(program: &mut Program) {
    let fallible = Fallible::of(&program.declarations);
    for rule in &mut program.rules {
        let mut literals = Vec::with_capacity(rule.literals.len());
        for literal in rule.literals.drain(..) {
            match literal {
                Literal::Condition(condition) => {
                    let mut parts = Vec::new();
                    split(condition, &fallible, &mut parts);
                    literals.extend(parts.into_iter().map(Literal::Condition));
                }
                other => literals.push(other),
            }
        }
        literals.retain(|literal| !matches!(literal, Literal::Condition(Expr::Word(1))));
        rule.literals = literals;
    }
}

fn split(condition: Expr, fallible: &Fallible, parts: &mut Vec<Expr>) {
    match condition {
        Expr::And(a, b) if !fallible.expr(&a) => {
            split(*a, fallible, parts);
            split(*b, fallible, parts);
        }
        other => parts.push(other),
    }
}
