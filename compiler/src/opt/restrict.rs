//! Binding-driven restriction of recursion: magic sets (Bancilhon, Maier, Sagiv & Ullman 1986).
//!
//! Where all who read recursive relations bind some of their columns to constants, only rows with wanted values
//! there are derived. For each relation of a recursion one of wanted values begins with those constants; a rule that
//! needs another row of the recursion to derive a wanted one makes the values of that row wanted, too. A recursive rule
//! that hands the columns on unchanged needs no test, as what it begins with has passed one.
//!
//! Relations that depend on each other are restricted together, by the columns that all who read them can bind, or not
//! at all. They are left whole if anybody but the rules can see one of them, or if a row that is not derived could be
//! missed otherwise: in a row error, a key conflict, a random number.

mod passing;
mod recursion;

use bloom_plan::functions::Kind;
use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{
    Arrow, Column, CompareOp, Delivery, Expr, Relation, RelationId, RelationKind, Role, RuleId,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::rir::{Head, Literal, Program, Rule};
use passing::{Passing, Step, Unknown, Wanted, values_of};
use recursion::Dependencies;

/// Restricts what it can; `is_seen` tells by name which relations are looked at from outside.
pub fn restrict(program: &mut Program, is_seen: &dyn Fn(&str) -> bool) {
    let fallible = Fallible::of(&program.declarations);
    let dependencies = Dependencies::new(program);
    let mut done: FxHashSet<RelationId> = FxHashSet::default();
    for id in (0..program.declarations.relations.len() as u32).map(RelationId) {
        let hidden = |id: &RelationId| {
            let relation = &program.declarations.relations[id.0 as usize];
            may_lack_rows(relation) && !is_seen(&relation.name)
        };
        if done.contains(&id) || !hidden(&id) {
            continue;
        }
        let Some((stratum, members)) = dependencies.recursion(id) else {
            continue;
        };
        done.extend(members.iter().copied());
        if members.iter().all(hidden)
            && let Some(restriction) = Restriction::of(program, &fallible, stratum, &members)
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

/// How the relations of a recursion are restricted.
struct Restriction {
    stratum: usize,
    /// In the order of their numbers.
    members: Vec<RelationId>,
    /// The columns that are bound.
    wanted: Wanted,
    /// Their rules, and which of them must test that a row is wanted.
    rules: Vec<(RuleId, bool)>,
    /// What is wanted from the start, each with who wants it.
    seeds: Vec<(RuleId, RelationId, Vec<Expr>)>,
    /// What becomes wanted because of what is.
    steps: Vec<(RuleId, Step)>,
}

impl Restriction {
    fn of(
        program: &Program,
        fallible: &Fallible,
        stratum: usize,
        members: &[RelationId],
    ) -> Option<Restriction> {
        let declared = &program.declarations.rules;
        let head = |rule: RuleId| declared[rule.0 as usize].head;
        let rules: Vec<RuleId> = (0..declared.len() as u32)
            .map(RuleId)
            .filter(|&rule| members.contains(&head(rule)))
            .collect();
        let fine = rules.iter().all(|rule| {
            program.strata[stratum].contains(rule) && is_plain(program, fallible, *rule)
        });
        if !fine {
            return None;
        }
        let uses: Vec<Use> = uses(program, members);
        // Who nobody else reads is wanted by whatever the recursion can bind.
        let mut wanted: Wanted = members
            .iter()
            .map(|&id| {
                let width = program.declarations.relations[id.0 as usize].columns.len();
                (id, (0..width as u32).collect())
            })
            .collect();
        for Use {
            relation, bound, ..
        } in &uses
        {
            let own = bound_columns(bound);
            let columns = wanted.get_mut(relation).expect("it is a member");
            columns.retain(|column| own.contains(column));
        }
        if uses.is_empty() {
            return None;
        }
        let steps = loop {
            if wanted.values().any(Vec::is_empty) {
                return None;
            }
            match steps(program, &rules, &wanted) {
                Ok(steps) => break steps,
                Err(unbound) => {
                    for (relation, column) in unbound {
                        let columns = wanted.get_mut(&relation).expect("it is a member");
                        columns.retain(|&own| own != column);
                    }
                }
            }
        };
        let mut seeds: Vec<(RuleId, RelationId, Vec<Expr>)> = Vec::new();
        for Use {
            rule,
            relation,
            bound,
        } in uses
        {
            let value = |&column: &u32| bound[column as usize].clone();
            let values: Option<Vec<Expr>> = wanted[&relation].iter().map(value).collect();
            let values = values.expect("every use binds these columns");
            let is_it = |(_, of, there): &(RuleId, RelationId, Vec<Expr>)| {
                *of == relation && *there == values
            };
            if !seeds.iter().any(is_it) {
                seeds.push((rule, relation, values));
            }
        }
        let rules = rules.iter().map(|&rule| {
            let source = &program.rules[rule.0 as usize];
            let own = head_values(source, &wanted[&head(rule)]);
            let same = Some((head(rule), own.clone()));
            let mut literals = source.literals.iter();
            let handed_on = literals
                .any(|literal| is_all_variables(&own) && values_of(literal, &wanted) == same);
            (rule, !handed_on)
        });
        Some(Restriction {
            rules: rules.collect(),
            stratum,
            members: members.to_vec(),
            seeds,
            steps,
            wanted,
        })
    }

    fn apply(self, program: &mut Program) {
        let relations: FxHashMap<RelationId, RelationId> = self
            .members
            .iter()
            .map(|&member| (member, self.declare(program, member)))
            .collect();
        let head =
            |program: &Program, rule: RuleId| program.declarations.rules[rule.0 as usize].head;
        let mut new: Vec<(RuleId, RelationId, Rule)> = Vec::new();
        for (from, relation, values) in &self.seeds {
            let seed = Rule {
                variables: Vec::new(),
                literals: Vec::new(),
                head: Head::Row(values.iter().cloned().map(Some).collect()),
            };
            new.push((*from, relations[relation], seed));
        }
        for (from, step) in &self.steps {
            let rule = &program.rules[from.0 as usize];
            let of = head(program, *from);
            let own = head_values(rule, &self.wanted[&of]);
            let mut all = vec![Literal::Atom {
                relation: relations[&of],
                columns: own.into_iter().map(Some).collect(),
            }];
            all.extend(step.literals.iter().cloned());
            let rule = Rule {
                variables: rule.variables.clone(),
                literals: all,
                head: Head::Row(step.values.iter().cloned().map(Some).collect()),
            };
            new.push((*from, relations[&step.relation], rule));
        }
        for (from, wanted, rule) in new {
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
            let of = head(program, *id);
            let rule = &mut program.rules[id.0 as usize];
            let own = head_values(rule, &self.wanted[&of]);
            rule.literals.push(Literal::Atom {
                relation: relations[&of],
                columns: own.into_iter().map(Some).collect(),
            });
        }
    }

    /// Adds the relation of what is wanted of a member.
    fn declare(&self, program: &mut Program, member: RelationId) -> RelationId {
        let of_member = |(rule, _): &&(RuleId, bool)| {
            program.declarations.rules[rule.0 as usize].head == member
        };
        let first = self.rules.iter().find(of_member).map(|(rule, _)| *rule);
        let first = first.expect("what depends on itself has a rule");
        let relation = &program.declarations.relations[member.0 as usize];
        let columns = self.wanted[&member].iter().map(|&column| Column {
            default: None,
            ..relation.columns[column as usize].clone()
        });
        let wanted = Relation {
            name: format!("{}.wanted.{first}", relation.name).into(),
            kind: RelationKind::Scratch,
            columns: columns.collect(),
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
            delivery: Delivery::Free,
        };
        program.declarations.relations.push(wanted);
        RelationId(program.declarations.relations.len() as u32 - 1)
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

/// A read of a relation by a rule that has no part in its recursion.
struct Use {
    rule: RuleId,
    relation: RelationId,
    /// What its columns are bound to.
    bound: Vec<Option<Expr>>,
}

fn uses(program: &Program, members: &[RelationId]) -> Vec<Use> {
    let declared = &program.declarations.rules;
    let scheduled = program.strata.iter().flatten().chain(&program.closing);
    let others = scheduled.filter(|rule| !members.contains(&declared[rule.0 as usize].head));
    let mut uses = Vec::new();
    for &other in others {
        let rule = &program.rules[other.0 as usize];
        for literal in &rule.literals {
            if let Literal::Atom { relation, columns } | Literal::Not { relation, columns } =
                literal
                && members.contains(relation)
            {
                let bound = columns
                    .iter()
                    .map(|column| constant(rule, column.as_ref()?));
                uses.push(Use {
                    rule: other,
                    relation: *relation,
                    bound: bound.collect(),
                });
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
    rules: &[RuleId],
    wanted: &Wanted,
) -> Result<Vec<(RuleId, Step)>, Unknown> {
    let mut all = Vec::new();
    for &rule in rules {
        let head = program.declarations.rules[rule.0 as usize].head;
        let source = &program.rules[rule.0 as usize];
        let own = head_values(source, &wanted[&head]);
        for step in Passing::new(source, wanted, &own).run()? {
            // What is wanted already need not be wanted again.
            if step.relation != head || step.values != own {
                all.push((rule, step));
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
