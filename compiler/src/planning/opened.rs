//! Rules in another form, so that a version can begin where a rule does not: with the key of a `not`,
//! or with its own head.

use bloom_plan::plan::{CompareOp, Expr, Plan, Register, RelationId, Role, Slot};

use crate::rir::{Head, Literal, Rule};

/// The rule with the literal as an atom that binds whatever stands in its columns. An expression
/// there is compared with, once its variables are bound.
pub(super) fn from_literal(plan: &Plan, rule: &Rule, place: usize) -> Rule {
    let mut rule = rule.clone();
    let (relation, columns) = match &rule.literals[place] {
        Literal::Atom { relation, columns } | Literal::Not { relation, columns } => {
            (*relation, columns.clone())
        }
        Literal::Condition(_)
        | Literal::Let { .. }
        | Literal::Each { .. }
        | Literal::Range { .. } => return rule,
    };
    let columns = open(plan, &mut rule, relation, columns);
    rule.literals[place] = Literal::Atom { relation, columns };
    rule
}

/// The rule with one more literal, the last: the row of its head, but for lattice columns.
pub(super) fn from_head(plan: &Plan, rule: &Rule, head: RelationId) -> Rule {
    let mut rule = rule.clone();
    let Head::Row(columns) = &rule.head else {
        unreachable!("a group-by is counted");
    };
    let declared = &plan.relations[head.0 as usize].columns;
    let columns = columns.iter().zip(declared);
    let columns = columns.map(|(column, declared)| match declared.role {
        Role::Key | Role::Value => column.clone(),
        Role::Lattice => None,
    });
    let columns = columns.collect();
    let columns = open(plan, &mut rule, head, columns);
    rule.literals.push(Literal::Atom {
        relation: head,
        columns,
    });
    rule
}

fn open(
    plan: &Plan,
    rule: &mut Rule,
    relation: RelationId,
    columns: Vec<Option<Expr>>,
) -> Vec<Option<Expr>> {
    let declared = &plan.relations[relation.0 as usize].columns;
    let columns = columns.into_iter().zip(declared);
    let opened = columns.map(|(column, declared)| {
        let expr = column?;
        let mut reads = false;
        expr.reads(&mut |_| reads = true);
        if !reads || matches!(expr, Expr::Register(_)) {
            return Some(expr);
        }
        let variable = Register(rule.variables.len() as u32);
        rule.variables.push(Slot {
            name: Default::default(),
            ty: declared.ty,
        });
        let variable = Expr::Register(variable);
        let (a, b) = (Box::new(variable.clone()), Box::new(expr));
        let equal = Expr::Compare(CompareOp::Eq, declared.ty, a, b);
        rule.literals.push(Literal::Condition(equal));
        Some(variable)
    });
    opened.collect()
}
