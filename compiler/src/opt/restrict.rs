//! Binding-driven restriction of recursion: magic sets (Bancilhon, Maier, Sagiv & Ullman 1986).
//!
//! Where all who read a recursive relation bind some of its columns to constants, only rows with wanted values
//! there are derived. A relation of wanted values begins with those constants; a rule that needs another row of
//! the relation to derive a wanted one makes the values of that row wanted, too. A recursive rule that hands the
//! columns on unchanged needs no test, as what it begins with has passed one.
//!
//! A relation is left whole if anybody but the rules can see it, if other relations take part in its recursion,
//! or if a row that is not derived could be missed otherwise: in a row error, a key conflict, a random number.

mod passing;

use bloom_plan::functions::Kind;
use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{
    Arrow, Column, CompareOp, Delivery, Expr, Relation, RelationId, RelationKind, Role, RuleId,
};
use rustc_hash::FxHashSet;

use crate::rir::{Head, Literal, Program, Rule};
use passing::{Passing, Step, reads, values_of};

/// Restricts what it can; `is_seen` tells by name which relations are looked at from outside.
pub fn restrict(program: &mut Program, is_seen: &dyn Fn(&str) -> bool) {
    let fallible = Fallible::of(&program.declarations);
    for id in (0..program.declarations.relations.len() as u32).map(RelationId) {
        let relation = &program.declarations.relations[id.0 as usize];
        if may_lack_rows(relation)
            && !is_seen(&relation.name)
            && let Some(restriction) = Restriction::of(program, &fallible, id)
        {
            restriction.apply(program);
        }
    }
}

fn may_lack_rows(relation: &Relation) -> bool {
    relation.kind == RelationKind::Scratch
        && !relation.public
        && !relation.immutable
        && relation.sealed_by.is_empty()
        && relation
            .columns
            .iter()
            .all(|column| column.role == Role::Key)
}

/// How one relation is restricted.
struct Restriction {
    relation: RelationId,
    /// Its rules, and which of them must test that a row is wanted.
    rules: Vec<(RuleId, bool)>,
    stratum: usize,
    /// The columns that are bound.
    columns: Vec<u32>,
    /// What is wanted from the start, each with who wants it.
    seeds: Vec<(RuleId, Vec<Expr>)>,
    /// What becomes wanted because of what is.
    steps: Vec<(RuleId, Step)>,
}

impl Restriction {
    fn of(program: &Program, fallible: &Fallible, id: RelationId) -> Option<Restriction> {
        let declared = &program.declarations.rules;
        let derives = |rule: &RuleId| declared[rule.0 as usize].head == id;
        let stratum = program.strata.iter().position(|s| s.iter().any(derives))?;
        let rules: Vec<RuleId> = (0..declared.len() as u32)
            .map(RuleId)
            .filter(derives)
            .collect();
        let fine = rules.iter().all(|rule| {
            program.strata[stratum].contains(rule) && is_plain(program, fallible, *rule)
        });
        let source = |rule: &RuleId| &program.rules[rule.0 as usize];
        let recurs = |rule: &RuleId| source(rule).literals.iter().any(|l| reads(l, id));
        if !fine || !rules.iter().any(recurs) || !recurs_alone(program, stratum, id, &rules) {
            return None;
        }
        let uses = uses(program, id);
        let mut columns = uses.iter().map(|(_, bound)| bound_columns(bound));
        let first = columns.next()?;
        let mut columns = columns.fold(first, |all, own| {
            all.into_iter().filter(|c| own.contains(c)).collect()
        });
        let steps = loop {
            if columns.is_empty() {
                return None;
            }
            match steps(program, id, &rules, &columns) {
                Ok(steps) => break steps,
                Err(unbound) => columns.retain(|column| !unbound.contains(column)),
            }
        };
        let mut seeds: Vec<(RuleId, Vec<Expr>)> = Vec::new();
        for (rule, bound) in uses {
            let value = |&column: &u32| bound[column as usize].clone();
            let values: Option<Vec<Expr>> = columns.iter().map(value).collect();
            let values = values.expect("every use binds these columns");
            if !seeds.iter().any(|(_, there)| *there == values) {
                seeds.push((rule, values));
            }
        }
        let rules = rules.iter().map(|&rule| {
            let source = source(&rule);
            let own = head_values(source, &columns);
            let handed_on = source.literals.iter().any(|literal| {
                is_all_variables(&own) && values_of(literal, id, &columns) == Some(own.clone())
            });
            (rule, !handed_on)
        });
        Some(Restriction {
            relation: id,
            rules: rules.collect(),
            stratum,
            seeds,
            steps,
            columns,
        })
    }

    fn apply(self, program: &mut Program) {
        let wanted = RelationId(program.declarations.relations.len() as u32);
        let relation = &program.declarations.relations[self.relation.0 as usize];
        let columns = self.columns.iter().map(|&column| Column {
            default: None,
            ..relation.columns[column as usize].clone()
        });
        let (first, _) = self.rules[0];
        let wanted_relation = Relation {
            name: format!("{}.wanted.{first}", relation.name).into(),
            kind: RelationKind::Scratch,
            columns: columns.collect(),
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
            delivery: Delivery::Free,
        };
        program.declarations.relations.push(wanted_relation);
        let mut new: Vec<(RuleId, Rule)> = Vec::new();
        for (from, values) in &self.seeds {
            let seed = Rule {
                variables: Vec::new(),
                literals: Vec::new(),
                head: Head::Row(values.iter().cloned().map(Some).collect()),
            };
            new.push((*from, seed));
        }
        for (from, Step { literals, values }) in &self.steps {
            let rule = &program.rules[from.0 as usize];
            let own = head_values(rule, &self.columns);
            let mut all = vec![Literal::Atom {
                relation: wanted,
                columns: own.into_iter().map(Some).collect(),
            }];
            all.extend(literals.iter().cloned());
            let step = Rule {
                variables: rule.variables.clone(),
                literals: all,
                head: Head::Row(values.iter().cloned().map(Some).collect()),
            };
            new.push((*from, step));
        }
        for (from, rule) in new {
            let id = RuleId(program.rules.len() as u32);
            let declared = program.declarations.rules[from.0 as usize].clone();
            program.declarations.rules.push(bloom_plan::plan::Rule {
                head: wanted,
                arrow: Arrow::Merge,
                bootstrap: false,
                ..declared
            });
            program.rules.push(rule);
            program.strata[self.stratum].push(id);
        }
        for (id, _) in self.rules.iter().filter(|(_, tests)| *tests) {
            let rule = &mut program.rules[id.0 as usize];
            let own = head_values(rule, &self.columns);
            rule.literals.push(Literal::Atom {
                relation: wanted,
                columns: own.into_iter().map(Some).collect(),
            });
        }
    }
}

/// Whether a rule does nothing but derive rows, which nobody misses otherwise.
fn is_plain(program: &Program, fallible: &Fallible, id: RuleId) -> bool {
    let declared = &program.declarations.rules[id.0 as usize];
    let rule = &program.rules[id.0 as usize];
    let Head::Row(head) = &rule.head else {
        return false;
    };
    let volatile = program
        .declarations
        .sites
        .iter()
        .any(|site| site.builtin.get().kind == Kind::Nondeterministic);
    let inputs = rule.literals.iter().flat_map(Literal::inputs);
    let mut exprs = inputs.chain(head.iter().flatten());
    declared.arrow == Arrow::Merge
        && !declared.bootstrap
        && !exprs.any(|expr| fallible.expr(expr) || volatile && calls(expr))
}

fn calls(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(..) | Expr::Builtin(..)) || expr.children().into_iter().any(calls)
}

/// Whether no other relation of the stratum that the rules read depends on theirs.
fn recurs_alone(program: &Program, stratum: usize, id: RelationId, rules: &[RuleId]) -> bool {
    let declared = &program.declarations.rules;
    let mut seen: FxHashSet<RelationId> = FxHashSet::default();
    let mut open: Vec<RelationId> = Vec::new();
    let mut follow = |rules: &mut dyn Iterator<Item = RuleId>, open: &mut Vec<RelationId>| {
        for rule in rules {
            for literal in &program.rules[rule.0 as usize].literals {
                if let Literal::Atom { relation, .. } | Literal::Not { relation, .. } = literal
                    && seen.insert(*relation)
                {
                    open.push(*relation);
                }
            }
        }
    };
    follow(&mut rules.iter().copied(), &mut open);
    open.retain(|&relation| relation != id);
    while let Some(relation) = open.pop() {
        if relation == id {
            return false;
        }
        let own = program.strata[stratum].iter().copied();
        let mut own = own.filter(|rule| declared[rule.0 as usize].head == relation);
        // A relation that leads back was seen before only if it is the one that is asked about.
        for rule in own.by_ref() {
            let literals = &program.rules[rule.0 as usize].literals;
            if literals.iter().any(|literal| reads(literal, id)) {
                return false;
            }
            follow(&mut std::iter::once(rule), &mut open);
        }
    }
    true
}

/// Each read of the relation outside of its own rules: by whom, and what its columns are bound to.
fn uses(program: &Program, id: RelationId) -> Vec<(RuleId, Vec<Option<Expr>>)> {
    let declared = &program.declarations.rules;
    let scheduled = program.strata.iter().flatten().chain(&program.closing);
    let others = scheduled.filter(|rule| declared[rule.0 as usize].head != id);
    let mut uses = Vec::new();
    for &other in others {
        let rule = &program.rules[other.0 as usize];
        for literal in &rule.literals {
            if let Literal::Atom { relation, columns } | Literal::Not { relation, columns } =
                literal
                && *relation == id
            {
                let bound = columns
                    .iter()
                    .map(|column| constant(rule, column.as_ref()?));
                uses.push((other, bound.collect()));
            }
        }
    }
    uses
}

/// The constant that the expression is, or that the rule compares it with.
fn constant(rule: &Rule, expr: &Expr) -> Option<Expr> {
    if is_constant(expr) {
        return Some(expr.clone());
    }
    rule.literals.iter().find_map(|literal| match literal {
        Literal::Condition(Expr::Compare(CompareOp::Eq, _, a, b)) => {
            let other = match (**a == *expr, **b == *expr) {
                (true, _) => b,
                (_, true) => a,
                (false, false) => return None,
            };
            is_constant(other).then(|| (**other).clone())
        }
        _ => None,
    })
}

fn is_constant(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Word(_) | Expr::Literal(_) | Expr::Constant(_) | Expr::SelfAddr
    )
}

fn bound_columns(bound: &[Option<Expr>]) -> Vec<u32> {
    let columns = (0..).zip(bound);
    let columns = columns.filter_map(|(column, value): (u32, _)| value.as_ref().map(|_| column));
    columns.collect()
}

/// What stands in these columns of a rule's head.
fn head_values(rule: &Rule, columns: &[u32]) -> Vec<Expr> {
    let Head::Row(head) = &rule.head else {
        unreachable!("a group-by is not restricted");
    };
    let value = |&column: &u32| head[column as usize].clone();
    let values: Option<Vec<Expr>> = columns.iter().map(value).collect();
    values.expect("a `<=` gives every column")
}

fn is_all_variables(values: &[Expr]) -> bool {
    values
        .iter()
        .all(|value| matches!(value, Expr::Register(_)))
}

/// For each row that a rule needs, how the rule finds out what is wanted of it; or the columns of which it
/// cannot.
fn steps(
    program: &Program,
    id: RelationId,
    rules: &[RuleId],
    columns: &[u32],
) -> Result<Vec<(RuleId, Step)>, Vec<u32>> {
    let mut all = Vec::new();
    for &rule in rules {
        let source = &program.rules[rule.0 as usize];
        let own = head_values(source, columns);
        for step in Passing::new(source, id, columns, &own).run()? {
            // What is wanted already need not be wanted again.
            if step.values != own {
                all.push((rule, step));
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
