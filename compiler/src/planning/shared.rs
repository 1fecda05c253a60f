//! Sub-joins that several rules share, evaluated once (common subexpressions of joins; Finkelstein 1982).
//!
//! Where all literals of one rule stand in another, up to the names of variables, what they have in common gets a
//! relation, `HEAD.shared.RULE`, of the variables that either rule goes on with; both rules read that instead. It has no
//! more rows than the smaller rule has derivations, so nothing can cost much more than before, whatever sizes turn
//! out to be: a sub-join that is a part of both rules only could be as large as a product. Keeping a row costs about
//! two look-ups, so that only joins of three atoms and more are worth it.
//!
//! Left as they are: group-bys, which count combinations of rows; rules of the first tick, and such as ask for chance or
//! the time; literals that can fail, which are to be reported for each rule; lattice columns, whose values grow.

use bloom_plan::functions::Kind;
use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{Column, Expr, Register, RelationId, Role, RuleId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::parts;
use crate::rir::{Literal, Program, Rule};

const ATOMS_MIN: usize = 3;
/// Literals of a rule whose sub-join is looked for.
const LITERALS_MAX: usize = 16;
/// Rules that are looked at for each, in programs where many read the same.
const LOOKED_AT_MAX: usize = 64;
/// Ways to match that are tried for two rules.
const TRIES_MAX: usize = 1_000;

/// Gives sub-joins relations of their own.
pub(super) fn share(program: &mut Program) {
    let plain = plain_rules(program);
    let mut reading: FxHashMap<RelationId, Vec<RuleId>> = FxHashMap::default();
    for &(rule, _) in &plain {
        let mut read: Vec<RelationId> = atoms(&program.rules[rule.0 as usize]).collect();
        read.sort_unstable();
        read.dedup();
        for relation in read {
            reading.entry(relation).or_default().push(rule);
        }
    }
    // The largest first, for they share the most.
    let mut parts = plain.clone();
    parts.sort_by_key(|&(rule, _)| {
        let literals = program.rules[rule.0 as usize].literals.len();
        (std::cmp::Reverse(literals), rule)
    });
    let stratum_of: FxHashMap<RuleId, usize> = plain.into_iter().collect();
    let fallible = Fallible::of(&program.declarations);
    let mut taken: FxHashSet<RuleId> = FxHashSet::default();
    let mut shared: Vec<(usize, RuleId)> = Vec::new();
    for (part, stratum) in parts {
        let source = &program.rules[part.0 as usize];
        if taken.contains(&part) || !can_be_shared(program, &fallible, source) {
            continue;
        }
        let rarest = atoms(source).filter_map(|relation| reading.get(&relation));
        let Some(others) = rarest.min_by_key(|rules| rules.len()) else {
            continue;
        };
        let others = others.iter().take(LOOKED_AT_MAX);
        let others = others.filter(|&&other| other != part && !taken.contains(&other));
        let uses: Vec<Use> = others
            .filter_map(|&other| Use::find(source, other, &program.rules[other.0 as usize]))
            .collect();
        if uses.is_empty() {
            continue;
        }
        taken.insert(part);
        taken.extend(uses.iter().map(|found| found.rule));
        let first = uses.iter().map(|found| stratum_of[&found.rule]);
        let first = first.fold(stratum, usize::min);
        if let Some(rule) = part_off(program, part, &uses) {
            shared.push((first, rule));
        }
    }
    // What is shared stands in the first stratum that reads it; strata are cut into components later.
    for (stratum, rule) in shared {
        program.strata[stratum].push(rule);
    }
}

/// Rules that may read another relation instead of literals of theirs, each with its stratum.
pub(super) fn plain_rules(program: &Program) -> Vec<(RuleId, usize)> {
    let declared = &program.declarations;
    let volatile = declared
        .sites
        .iter()
        .any(|site| site.builtin.get().kind == Kind::Nondeterministic);
    if volatile {
        return Vec::new();
    }
    let strata = (0..).zip(&program.strata);
    let all = strata.flat_map(|(stratum, rules)| rules.iter().map(move |&rule| (rule, stratum)));
    let is_plain = |&(rule, _): &(RuleId, usize)| {
        let source = &program.rules[rule.0 as usize];
        !declared.rules[rule.0 as usize].bootstrap
            && !source.head.is_aggregate()
            && atoms(source).count() >= ATOMS_MIN
    };
    all.filter(is_plain).collect()
}

fn atoms(rule: &Rule) -> impl Iterator<Item = RelationId> {
    rule.literals.iter().filter_map(|literal| match literal {
        Literal::Atom { relation, .. } => Some(*relation),
        _ => None,
    })
}

/// Whether all literals of the rule may be evaluated elsewhere.
pub(super) fn can_be_shared(program: &Program, fallible: &Fallible, rule: &Rule) -> bool {
    let relations = &program.declarations.relations;
    let grows = |(column, declared): (&Option<Expr>, &Column)| {
        column.is_some() && declared.role == Role::Lattice
    };
    let is_simple = |literal: &Literal| match literal {
        Literal::Atom { relation, columns } => {
            let declared = &relations[relation.0 as usize].columns;
            !columns.iter().zip(declared).any(grows)
        }
        Literal::Not { .. } | Literal::Condition(_) => true,
        Literal::Let { .. } | Literal::Each { .. } | Literal::Range { .. } => false,
    };
    rule.literals.len() <= LITERALS_MAX
        && rule.literals.iter().all(|literal| {
            let mut inputs = literal.inputs().into_iter();
            is_simple(literal) && inputs.all(|expr| is_closed(expr) && !fallible.expr(expr))
        })
}

/// Whether the expression has no variables of its own.
fn is_closed(expr: &Expr) -> bool {
    !matches!(expr, Expr::Let(..)) && expr.children().into_iter().all(is_closed)
}

/// How a rule contains all literals of another.
struct Use {
    rule: RuleId,
    /// Its literals that are those of the other.
    places: Vec<usize>,
    /// By variable of the other: the variable here.
    variables: Vec<Option<Register>>,
}

/// A search for a way to match.
struct Match<'r> {
    part: &'r Rule,
    whole: &'r Rule,
    /// By variable of the part: in how many literals it stands.
    in_literals: Vec<u32>,
    places: Vec<usize>,
    variables: Vec<Option<Register>>,
    tries: usize,
}

impl Use {
    fn find(part: &Rule, id: RuleId, whole: &Rule) -> Option<Use> {
        if whole.literals.len() < part.literals.len() {
            return None;
        }
        let mut in_literals = vec![0; part.variables.len()];
        for variable in part.literals.iter().flat_map(Literal::occurrences) {
            in_literals[variable.0 as usize] += 1;
        }
        let mut search = Match {
            part,
            whole,
            in_literals,
            places: Vec::new(),
            variables: vec![None; part.variables.len()],
            tries: 0,
        };
        // Atoms first: they say what variables stand for.
        let is_atom = |&place: &usize| matches!(part.literals[place], Literal::Atom { .. });
        let (mut order, others): (Vec<usize>, Vec<usize>) =
            (0..part.literals.len()).partition(is_atom);
        order.extend(others);
        search.place(&order).then_some(Use {
            rule: id,
            places: search.places,
            variables: search.variables,
        })
    }
}

impl Match<'_> {
    /// Finds a literal of the whole for each of these of the part.
    fn place(&mut self, left: &[usize]) -> bool {
        let Some((&next, left)) = left.split_first() else {
            return true;
        };
        for place in 0..self.whole.literals.len() {
            self.tries += 1;
            if self.tries > TRIES_MAX {
                return false;
            }
            if self.places.contains(&place) {
                continue;
            }
            let before = self.variables.clone();
            if self.is_same(next, place) {
                self.places.push(place);
                if self.place(left) {
                    return true;
                }
                self.places.pop();
            }
            self.variables = before;
        }
        false
    }

    fn is_same(&mut self, of_part: usize, of_whole: usize) -> bool {
        let (part, whole) = (self.part, self.whole);
        match (&part.literals[of_part], &whole.literals[of_whole]) {
            (
                Literal::Atom { relation, columns },
                Literal::Atom {
                    relation: other,
                    columns: others,
                },
            ) => {
                relation == other
                    && columns.iter().zip(others).all(|pair| match pair {
                        (Some(Expr::Register(own)), Some(Expr::Register(other))) => {
                            self.bind(*own, *other)
                        }
                        (Some(own), Some(other)) => self.is_same_expr(own, other),
                        // What the one reads there, and the other does not, changes nothing else.
                        (Some(Expr::Register(own)), None) => self.in_literals[own.0 as usize] == 1,
                        (None, None) => true,
                        (Some(_), None) | (None, Some(_)) => false,
                    })
            }
            (
                Literal::Not { relation, columns },
                Literal::Not {
                    relation: other,
                    columns: others,
                },
            ) => {
                relation == other
                    && columns.iter().zip(others).all(|pair| match pair {
                        (Some(own), Some(other)) => self.is_same_expr(own, other),
                        (own, other) => own.is_none() && other.is_none(),
                    })
            }
            (Literal::Condition(own), Literal::Condition(other)) => self.is_same_expr(own, other),
            _ => false,
        }
    }

    fn bind(&mut self, own: Register, other: Register) -> bool {
        match self.variables[own.0 as usize] {
            Some(there) => there == other,
            None => {
                let is_free = !self.variables.contains(&Some(other));
                self.variables[own.0 as usize] = Some(other);
                is_free
            }
        }
    }

    fn is_same_expr(&self, own: &Expr, other: &Expr) -> bool {
        let mut known = true;
        own.reads(&mut |variable| known &= self.variables[variable.0 as usize].is_some());
        if !known {
            return false;
        }
        let mut renamed = own.clone();
        renamed.rename(&mut |variable| {
            let there = self.variables[variable.0 as usize];
            there.expect("all of them are known")
        });
        renamed == *other
    }
}

/// Puts the literals of a rule into one of their own, which it and those who share them read; none if nothing of
/// theirs is read.
fn part_off(program: &mut Program, part: RuleId, uses: &[Use]) -> Option<RuleId> {
    let source = &program.rules[part.0 as usize];
    let mut wanted = vec![false; source.variables.len()];
    for expr in source.head.exprs() {
        expr.reads(&mut |variable| wanted[variable.0 as usize] = true);
    }
    for found in uses {
        let read = parts::read_beside(&program.rules[found.rule.0 as usize], &found.places);
        for (variable, there) in found.variables.iter().enumerate() {
            wanted[variable] |= there.is_some_and(|there| read[there.0 as usize]);
        }
    }
    let columns = (0..).map(Register).zip(wanted);
    let columns = columns.filter_map(|(variable, wanted)| wanted.then_some(variable));
    let columns: Vec<Register> = columns.collect();
    if columns.is_empty() {
        return None;
    }
    let all: Vec<usize> = (0..source.literals.len()).collect();
    let (relation, rule) = parts::derive(program, part, "shared", &all, &columns);
    for found in uses {
        let there = columns.iter().map(|v| found.variables[v.0 as usize]);
        let whole = &mut program.rules[found.rule.0 as usize];
        parts::read_instead(whole, &found.places, relation, there);
    }
    let own = &mut program.rules[part.0 as usize];
    parts::read_instead(own, &all, relation, columns.iter().copied().map(Some));
    Some(rule)
}
