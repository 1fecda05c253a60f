//! Projection push-down: a variable that occurs once in a rule, in a column of an atom, is not
//! read, so that column is free; a binding that nothing reads and that cannot fail goes. Free
//! columns let the planner ask whether there is a row rather than for each.

use bloom_plan::plan::Expr;
use bloom_plan::plan::fallible::Fallible;

use crate::rir::{Literal, Program, Rule};

pub(super) fn run(program: &mut Program) {
    let fallible = Fallible::of(&program.declarations);
    for rule in &mut program.rules {
        while prune_bindings(rule, &fallible) {}
        let occurrences = rule.occurrences();
        for literal in &mut rule.literals {
            if let Literal::Atom { columns, .. } = literal {
                for column in columns {
                    if matches!(column, Some(Expr::Register(v)) if occurrences[v.0 as usize] == 1) {
                        *column = None;
                    }
                }
            }
        }
    }
}

/// Whether one went, which may leave another unread.
fn prune_bindings(rule: &mut Rule, fallible: &Fallible) -> bool {
    let occurrences = rule.occurrences();
    let mut changed = false;
    for literal in &mut rule.literals {
        if let Literal::Let { bind, .. } = literal {
            let before = bind.len();
            bind.retain(|(variable, value)| {
                occurrences[variable.0 as usize] > 1 || fallible.expr(value)
            });
            changed |= bind.len() < before;
        }
    }
    rule.literals.retain(
        |literal| !matches!(literal, Literal::Let { guard: None, bind } if bind.is_empty()),
    );
    changed
}
