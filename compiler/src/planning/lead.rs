//! Whether the rows that a rule derives lead back to those it derived them from, by look-ups alone.

use bloom_plan::plan::{Column, Expr, Register, Role};
use rustc_hash::FxHashSet;

use crate::rir::{Head, Literal, Rule};

/// Whether each atom of the rule has a column that is known once the columns of its head are, which are these, but for
/// lattice columns: many rows have a part in what stands there.
pub(super) fn leads_back(rule: &Rule, head: &[Column]) -> bool {
    let Head::Row(given) = &rule.head else {
        return false;
    };
    let given = given.iter().zip(head);
    let given = given.filter(|(_, column)| column.role != Role::Lattice);
    let mut known: FxHashSet<Register> = given.filter_map(|(expr, _)| variable(expr)).collect();
    let mut open: Vec<&Literal> = rule.literals.iter().collect();
    loop {
        let before = open.len();
        open.retain(|literal| !follow(literal, &mut known));
        if open.len() == before {
            return !open
                .iter()
                .any(|literal| matches!(literal, Literal::Atom { .. }));
        }
    }
}

/// Adds what the literal binds to what is known, if it can be looked up or computed.
fn follow(literal: &Literal, known: &mut FxHashSet<Register>) -> bool {
    let is_found = match literal {
        Literal::Atom { columns, .. } => {
            let mut given = columns.iter().flatten();
            given.any(|column| is_known(column, known))
        }
        Literal::Not { .. } | Literal::Condition(_) => true,
        Literal::Let { .. } | Literal::Each { .. } | Literal::Range { .. } => {
            literal.needs().iter().all(|needed| known.contains(needed))
        }
    };
    if is_found {
        known.extend(literal.binds());
    }
    is_found
}

fn variable(column: &Option<Expr>) -> Option<Register> {
    match column {
        Some(Expr::Register(register)) => Some(*register),
        _ => None,
    }
}

fn is_known(expr: &Expr, known: &FxHashSet<Register>) -> bool {
    let mut all = true;
    expr.reads(&mut |register| all &= known.contains(&register));
    all
}
