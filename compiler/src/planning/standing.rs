//! Relations that the planner adds, so that upkeep has rows to count: what a group-by derives, where
//! its head does not count derivations itself; what a rule derives whose rows do not lead back to what they
//! come from, likewise; and what a rule of the other arrows derives from what
//! stays. The rule then derives the added relation, and a copy of its rows goes on to the head.

use bloom_plan::plan::{
    Arrow, Column, Delivery, Expr, Register, Relation, RelationId, RelationKind, Role, RuleId, Slot,
};

use super::classes::{Class, Classes};
use super::lead;
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

/// Adds relations for the rules of a stratum that is no good for counting and could not follow them otherwise: its
/// group-bys, and those of its views whose rows do not lead back to what they were derived from. Gives the strata that
/// come before it.
pub(super) fn keep_parts(
    program: &mut Program,
    classes: &mut Classes,
    stratum: &[RuleId],
) -> Vec<Vec<RuleId>> {
    // Where all relations keep their rows, or live for one tick, rules that read events run in every tick as they are.
    let head_of = |id: &RuleId| program.declarations.rules[id.0 as usize].head;
    let mut heads = stratum.iter().map(head_of);
    let has_view = heads.any(|head| classes.of(head) == Class::View);
    let mut before = Vec::new();
    for &id in stratum {
        let declared = &program.declarations.rules[id.0 as usize];
        if declared.bootstrap || classes.is_volatile(program, id) {
            continue;
        }
        let of_view = classes.of(declared.head) == Class::View;
        let rule = &program.rules[id.0 as usize];
        let what = match (rule.head.is_aggregate(), classes.has_event(rule)) {
            (true, false) => "groups",
            (true, true) if has_view => "groups",
            (false, false) if of_view && is_far(program, stratum, id) => "matches",
            _ => continue,
        };
        before.push(vec![part(program, classes, id, what).1]);
    }
    before
}

/// Whether what else supports a row of the rule could be found only by going through all rows of a relation, and rows
/// of what the rule derives would be found by their keys.
fn is_far(program: &Program, stratum: &[RuleId], id: RuleId) -> bool {
    let rule = &program.rules[id.0 as usize];
    let own = rule.literals.iter().any(|literal| match literal {
        Literal::Atom { relation, .. } => program.derives(stratum, *relation),
        _ => false,
    });
    let head = program.declarations.rules[id.0 as usize].head;
    let columns = &program.declarations.relations[head.0 as usize].columns;
    let has_key = columns.iter().any(|column| column.role != Role::Lattice);
    !own && has_key && !lead::leads_back(rule, columns)
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
    classes.push(match classes.has_event(&program.rules[id.0 as usize]) {
        true => Class::Event,
        false => Class::View,
    });
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
