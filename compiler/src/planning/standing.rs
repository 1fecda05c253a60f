//! Relations that the planner adds, so that upkeep has rows to count: what a group-by derives, where
//! its head does not count derivations itself, and what a rule of the other arrows derives from what
//! stays. The rule then derives the added relation, and a copy of its rows goes on to the head.

use bloom_plan::plan::{
    Arrow, Column, Delivery, Expr, Register, Relation, RelationId, RelationKind, Role, RuleId, Slot,
};

use super::classes::{Class, Classes};
use crate::rir::{Head, Literal, Program, Rule};

/// A closing rule whose derivations are kept.
pub(super) struct Kept {
    /// Copies them to the head.
    pub rule: RuleId,
    /// The rule as it was.
    pub whole: Rule,
    pub relation: RelationId,
}

/// Adds relations for the closing rules that read nothing that lives for one tick.
pub(super) fn keep_closing(program: &mut Program, classes: &mut Classes) -> Vec<Kept> {
    let mut kept = Vec::new();
    for id in std::mem::take(&mut program.closing) {
        let rule = &program.rules[id.0 as usize];
        let bootstrap = program.declarations.rules[id.0 as usize].bootstrap;
        if bootstrap || classes.has_event(rule) || classes.is_volatile(program, id) {
            program.closing.push(id);
            continue;
        }
        let whole = rule.clone();
        let (relation, from) = part(program, classes, id, "kept");
        program.strata.push(vec![from]);
        kept.push(Kept {
            rule: id,
            whole,
            relation,
        });
    }
    kept
}

/// Adds relations for the group-bys of a stratum that is no good for counting; gives the strata
/// that come before it.
pub(super) fn keep_groups(
    program: &mut Program,
    classes: &mut Classes,
    stratum: &[RuleId],
) -> Vec<Vec<RuleId>> {
    let mut before = Vec::new();
    for &id in stratum {
        let rule = &program.rules[id.0 as usize];
        let bootstrap = program.declarations.rules[id.0 as usize].bootstrap;
        let keeps = rule.head.is_aggregate() && !bootstrap && !classes.has_event(rule);
        if keeps && !classes.is_volatile(program, id) {
            before.push(vec![part(program, classes, id, "groups").1]);
        }
    }
    before
}

/// Parts a rule in two, by a relation with the columns that it gives.
fn part(
    program: &mut Program,
    classes: &mut Classes,
    id: RuleId,
    what: &str,
) -> (RelationId, RuleId) {
    let declared = program.declarations.rules[id.0 as usize].clone();
    let head = &program.declarations.relations[declared.head.0 as usize];
    let rule = &program.rules[id.0 as usize];
    let gives: Vec<bool> = match &rule.head {
        Head::Row(columns) => columns.iter().map(Option::is_some).collect(),
        Head::Group { columns, .. } => vec![true; columns.len()],
    };
    let columns = head.columns.iter().zip(&gives).filter(|(_, given)| **given);
    let columns: Vec<Column> = columns
        .map(|(column, _)| Column {
            role: Role::Key,
            default: None,
            ..column.clone()
        })
        .collect();
    let relation = RelationId(program.declarations.relations.len() as u32);
    let variables = columns.iter().map(|column| Slot {
        name: column.name.clone(),
        ty: column.ty,
    });
    let variables: Vec<Slot> = variables.collect();
    let mut given = (0..).map(|v| Expr::Register(Register(v)));
    let atom = (0..columns.len()).map(|_| given.next()).collect();
    let mut given = (0..).map(|v| Expr::Register(Register(v)));
    let row = gives
        .iter()
        .map(|&gives| if gives { given.next() } else { None });
    let copy = Rule {
        variables,
        literals: vec![Literal::Atom {
            relation,
            columns: atom,
        }],
        head: Head::Row(row.collect()),
    };
    program.declarations.relations.push(Relation {
        name: format!("{}.{what}.{id}", head.name).into(),
        kind: RelationKind::Scratch,
        columns,
        immutable: false,
        sealed_by: Vec::new(),
        public: false,
        delivery: Delivery::Free,
    });
    classes.push(Class::View);
    let mut whole = std::mem::replace(&mut program.rules[id.0 as usize], copy);
    if let Head::Row(columns) = &mut whole.head {
        columns.retain(Option::is_some);
    }
    let from = RuleId(program.rules.len() as u32);
    program.rules.push(whole);
    program.declarations.rules.push(bloom_plan::plan::Rule {
        head: relation,
        arrow: Arrow::Merge,
        ..declared
    });
    (relation, from)
}
