//! A part of a rule's body as a relation of its own, which rules read instead of those literals.
//!
//! The relation is called `HEAD.WORD.RULE`, and is a set of the variables that its readers go on with. The rule that
//! derives it is said to stand where the one stands that it is a part of.

use bloom_plan::plan::{
    self, Arrow, Column, Delivery, Expr, Register, Relation, RelationId, RelationKind, Role, RuleId,
};

use crate::rir::{Head, Literal, Program, Rule};

/// Adds a relation of these variables of a rule, and the rule that derives it from these literals; which stratum that
/// rule is of, is for the caller to say.
pub(super) fn derive(
    program: &mut Program,
    of: RuleId,
    word: &str,
    places: &[usize],
    variables: &[Register],
) -> (RelationId, RuleId) {
    let source = &program.rules[of.0 as usize];
    let declared = &program.declarations.rules[of.0 as usize];
    let head = &program.declarations.relations[declared.head.0 as usize];
    let column = |variable: &Register| {
        let slot = &source.variables[variable.0 as usize];
        Column {
            name: slot.name.clone(),
            ty: slot.ty,
            role: Role::Key,
            default: None,
        }
    };
    let declaration = Relation {
        name: format!("{}.{word}.{of}", head.name).into(),
        kind: RelationKind::Scratch,
        columns: variables.iter().map(column).collect(),
        immutable: false,
        sealed_by: Vec::new(),
        public: false,
        delivery: Delivery::Free,
    };
    let columns = variables.iter().map(|&v| Some(Expr::Register(v)));
    let literals = places.iter().map(|&place| source.literals[place].clone());
    let rule = Rule {
        variables: source.variables.clone(),
        literals: literals.collect(),
        head: Head::Row(columns.collect()),
    };
    let relation = RelationId(program.declarations.relations.len() as u32);
    let declared = plan::Rule {
        head: relation,
        arrow: Arrow::Merge,
        ..declared.clone()
    };
    let id = RuleId(program.rules.len() as u32);
    program.declarations.relations.push(declaration);
    program.declarations.rules.push(declared);
    program.rules.push(rule);
    (relation, id)
}

/// Has a rule read a relation instead of these literals, with variables of its own in the columns.
pub(super) fn read_instead(
    rule: &mut Rule,
    places: &[usize],
    relation: RelationId,
    variables: impl Iterator<Item = Option<Register>>,
) {
    let atom = Literal::Atom {
        relation,
        columns: variables.map(|v| v.map(Expr::Register)).collect(),
    };
    let literals = (0..).zip(std::mem::take(&mut rule.literals));
    let left = literals.filter(|(place, _)| !places.contains(place));
    rule.literals = std::iter::once(atom)
        .chain(left.map(|(_, literal)| literal))
        .collect();
    free_unread(rule);
}

/// Which variables the rule reads outside of these literals.
pub(super) fn read_beside(rule: &Rule, places: &[usize]) -> Vec<bool> {
    let mut read = vec![false; rule.variables.len()];
    for (place, literal) in rule.literals.iter().enumerate() {
        if !places.contains(&place) {
            for variable in literal.occurrences() {
                read[variable.0 as usize] = true;
            }
        }
    }
    for expr in rule.head.exprs() {
        expr.reads(&mut |variable| read[variable.0 as usize] = true);
    }
    read
}

/// A variable that nothing else of the rule reads needs no column of its first literal.
fn free_unread(rule: &mut Rule) {
    let occurrences = rule.occurrences();
    if let Some(Literal::Atom { columns, .. }) = rule.literals.first_mut() {
        for column in columns {
            if matches!(column, Some(Expr::Register(v)) if occurrences[v.0 as usize] == 1) {
                *column = None;
            }
        }
    }
}
