//! Literals that stand twice in a body hold or fail together, so the second goes. In a group-by an
//! atom counts each of its rows, so there one with a free column stays.

use crate::rir::{Literal, Program};

pub(super) fn run(program: &mut Program) {
    for rule in &mut program.rules {
        let counts = rule.head.is_aggregate();
        let mut kept: Vec<Literal> = Vec::with_capacity(rule.literals.len());
        for literal in rule.literals.drain(..) {
            let goes = kept.contains(&literal) && !(counts && has_free_column(&literal));
            if !goes {
                kept.push(literal);
            }
        }
        rule.literals = kept;
    }
}

fn has_free_column(literal: &Literal) -> bool {
    match literal {
        Literal::Atom { columns, .. } => columns.iter().any(Option::is_none),
        // A generator gives the same element more than once where it is a list or bag.
        Literal::Each { .. } | Literal::Range { .. } => true,
        Literal::Not { .. } | Literal::Condition(_) | Literal::Let { .. } => false,
    }
}
