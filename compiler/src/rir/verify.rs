//! What every program of the relational IR holds to:
//!
//! - rules are parallel to their declarations, and ids name what there is;
//! - atoms and heads have a column for each of their relation;
//! - every variable that is read is bound by a literal, and some order of the literals binds each
//!   before it is read;
//! - `not` and group-bys read relations of earlier strata only; every rule stands on the schedule
//!   at most once, `<=` rules in strata and the others at the end.

use std::fmt;

use bloom_plan::plan::{Arrow, RelationId, RuleId};

use super::{Head, Literal, Program, Rule};

/// A property that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub fn verify(program: &Program) -> Result<(), Broken> {
    let declared = &program.declarations;
    if declared.rules.len() != program.rules.len() {
        return Err(Broken(
            "rules are not parallel to their declarations".into(),
        ));
    }
    for (id, rule) in (0..).map(RuleId).zip(&program.rules) {
        columns(program, id, rule).map_err(|what| Broken(format!("{id}: {what}")))?;
        bindable(rule).map_err(|what| Broken(format!("{id}: {what}")))?;
    }
    schedule(program)
}

fn columns(program: &Program, id: RuleId, rule: &Rule) -> Result<(), String> {
    let relations = &program.declarations.relations;
    let width = |relation: RelationId| {
        let declared = relations.get(relation.0 as usize);
        declared
            .map(|declared| declared.columns.len())
            .ok_or_else(|| format!("there is no {relation}"))
    };
    for literal in &rule.literals {
        if let Literal::Atom { relation, columns } | Literal::Not { relation, columns } = literal
            && columns.len() != width(*relation)?
        {
            return Err(format!(
                "an atom of {relation} with {} columns",
                columns.len()
            ));
        }
    }
    let head = program.declarations.rules[id.0 as usize].head;
    let given = match &rule.head {
        Head::Row(columns) => columns.len(),
        Head::Group { columns, .. } => columns.len(),
    };
    match given == width(head)? {
        true => Ok(()),
        false => Err(format!("a head of {head} with {given} columns")),
    }
}

fn bindable(rule: &Rule) -> Result<(), String> {
    let mut bound = vec![false; rule.variables.len()];
    let mut left: Vec<&Literal> = rule.literals.iter().collect();
    loop {
        let before = left.len();
        left.retain(|literal| {
            let ready = literal
                .needs()
                .iter()
                .all(|variable| bound[variable.0 as usize]);
            if ready {
                literal
                    .binds()
                    .iter()
                    .for_each(|variable| bound[variable.0 as usize] = true);
            }
            !ready
        });
        if left.is_empty() {
            break;
        }
        if left.len() == before {
            return Err(format!("no order binds what {:?} needs", left[0]));
        }
    }
    let mut unbound = None;
    for expr in rule.head.exprs() {
        expr.reads(&mut |variable| {
            if !bound[variable.0 as usize] {
                unbound = Some(variable);
            }
        });
    }
    unbound.map_or(Ok(()), |variable| {
        Err(format!("the head reads {variable}, which nothing binds"))
    })
}

fn schedule(program: &Program) -> Result<(), Broken> {
    let mut seen = vec![false; program.rules.len()];
    let merges = program.strata.iter().flatten().map(|&rule| (rule, true));
    for (rule, merge) in merges.chain(program.closing.iter().map(|&rule| (rule, false))) {
        let declared = program.declarations.rules.get(rule.0 as usize);
        if declared.is_none_or(|declared| (declared.arrow == Arrow::Merge) != merge) {
            return Err(Broken(format!("{rule} is scheduled against its arrow")));
        }
        if std::mem::replace(&mut seen[rule.0 as usize], true) {
            return Err(Broken(format!("{rule} is scheduled twice")));
        }
    }
    // The last stratum that derives each relation.
    let mut last = vec![None; program.declarations.relations.len()];
    for (number, stratum) in program.strata.iter().enumerate() {
        for rule in stratum {
            let head = program.declarations.rules[rule.0 as usize].head;
            last[head.0 as usize] = Some(number);
        }
    }
    for (number, stratum) in program.strata.iter().enumerate() {
        for &rule in stratum {
            let body = &program.rules[rule.0 as usize];
            for literal in &body.literals {
                let (relation, whole) = match literal {
                    Literal::Not { relation, .. } => (relation, true),
                    Literal::Atom { relation, .. } => (relation, body.head.is_aggregate()),
                    Literal::Condition(_)
                    | Literal::Let { .. }
                    | Literal::Each { .. }
                    | Literal::Range { .. } => continue,
                };
                let complete = match whole {
                    true => last[relation.0 as usize] < Some(number),
                    // What the own stratum derives comes as deltas.
                    false => last[relation.0 as usize] <= Some(number),
                };
                if !complete {
                    return Err(Broken(format!(
                        "{rule} reads {relation} before it is complete"
                    )));
                }
            }
        }
    }
    Ok(())
}
