//! Joins that a recursive rule keeps, so that what is new of one of its relations finds at once what it joins with.
//!
//! Where two atoms of a rule belong to its recursion, a version begins with the delta of each. One that begins with `b`
//! may have to go through rows of which few are left in the end: in `points{v, o} <= load{v, w}, points{v: w, o: p},
//! points{v: p, o}` new rows of the last atom meet all that points to `p`, and only then `load`, which has
//! hardly any of that. If some other version ends with `b`, it makes the join of all the rest anyway, row by
//! row; so that join gets a relation, `HEAD.joined.RULE`, kept by the same fixpoint, and the rule reads it instead. It has
//! no more rows than that version went through, whatever sizes turn out to be (a materialised view that is a
//! prefix of a join, as in Gupta & Mumick 1995, chosen by the orders of versions alone).
//!
//! Left as they are: what `shared` leaves, for the same reasons, and joins that would be products.

use bloom_plan::plan::fallible::Fallible;
use bloom_plan::plan::{Register, RelationId, RuleId};
use rustc_hash::FxHashSet;

use super::indexes::Indexes;
use super::nest::Nest;
use super::{Form, components, parts, shared};
use crate::rir::{Literal, Program, Rule};

/// Gives joins relations of their own.
pub(super) fn keep(program: &mut Program) {
    let fallible = Fallible::of(&program.declarations);
    let plain: FxHashSet<(RuleId, usize)> = shared::plain_rules(program).into_iter().collect();
    for stratum in 0..program.strata.len() {
        for rules in components::of(program, &program.strata[stratum]) {
            let heads = rules.iter().map(|rule| head(program, *rule));
            let heads: Vec<RelationId> = heads.collect();
            for rule in rules {
                if !plain.contains(&(rule, stratum))
                    || !shared::can_be_shared(program, &fallible, &program.rules[rule.0 as usize])
                {
                    continue;
                }
                if let Some(join) = Join::find(program, &fallible, rule, &heads) {
                    let (relation, kept) =
                        parts::derive(program, rule, "joined", &join.places, &join.columns);
                    let columns = join.columns.iter().copied().map(Some);
                    let reader = &mut program.rules[rule.0 as usize];
                    parts::read_instead(reader, &join.places, relation, columns);
                    program.strata[stratum].push(kept);
                }
            }
        }
    }
}

fn head(program: &Program, rule: RuleId) -> RelationId {
    program.declarations.rules[rule.0 as usize].head
}

/// Literals that are joined, and what of them is kept.
struct Join {
    places: Vec<usize>,
    columns: Vec<Register>,
}

impl Join {
    /// The join of all but one atom of a rule, if it is to be kept.
    fn find(
        program: &Program,
        fallible: &Fallible,
        id: RuleId,
        heads: &[RelationId],
    ) -> Option<Join> {
        let rule = &program.rules[id.0 as usize];
        let recursive: Vec<usize> = (0..rule.literals.len())
            .filter(|&place| atom(rule, place).is_some_and(|relation| heads.contains(&relation)))
            .collect();
        if recursive.len() < 2 {
            return None;
        }
        let orders = recursive.iter().map(|&first| {
            let (plan, mut indexes) = (&program.declarations, Indexes::default());
            let form = Form::delta(first);
            let mut order = Nest::new(plan, fallible, &mut indexes, rule, id, form).place_all();
            order.retain(|&place| atom(rule, place).is_some());
            order
        });
        let orders: Vec<Vec<usize>> = orders.collect();
        let one = orders.iter().find_map(|order| {
            let one = order[0];
            let ends_with = |other: &Vec<usize>| {
                other.last() == Some(&one) && is_connected(rule, &other[..other.len() - 1])
            };
            (goes_through_others(rule, order, &recursive) && orders.iter().any(ends_with))
                .then_some(one)
        })?;
        Join::without(rule, one)
    }

    /// The join of all atoms but this one, with whatever tells its rows apart.
    fn without(rule: &Rule, one: usize) -> Option<Join> {
        let mut bound = vec![false; rule.variables.len()];
        for (place, literal) in rule.literals.iter().enumerate() {
            if place != one {
                mark(&mut bound, literal);
            }
        }
        let is_bound = |variable: &Register| bound[variable.0 as usize];
        let stays_in =
            |&place: &usize| place != one && rule.literals[place].needs().iter().all(is_bound);
        let places: Vec<usize> = (0..rule.literals.len()).filter(stays_in).collect();
        // An atom that waits for the one cannot be found in the join.
        let all_atoms = (0..rule.literals.len())
            .all(|place| place == one || atom(rule, place).is_none() || places.contains(&place));
        let read = parts::read_beside(rule, &places);
        let columns = (0..).map(Register).zip(read);
        let columns = columns.filter(|(variable, read)| *read && is_bound(variable));
        let columns: Vec<Register> = columns.map(|(variable, _)| variable).collect();
        let meets = rule.literals[one].binds().iter().any(is_bound);
        (all_atoms && meets).then_some(Join { places, columns })
    }
}

fn atom(rule: &Rule, place: usize) -> Option<RelationId> {
    match &rule.literals[place] {
        Literal::Atom { relation, .. } => Some(*relation),
        Literal::Not { .. }
        | Literal::Condition(_)
        | Literal::Let { .. }
        | Literal::Each { .. }
        | Literal::Range { .. } => None,
    }
}

/// Marks what a literal binds; how much of that was not bound.
fn mark(bound: &mut [bool], literal: &Literal) -> usize {
    let binds = literal.binds().into_iter();
    binds
        .filter(|variable| !std::mem::replace(&mut bound[variable.0 as usize], true))
        .count()
}

/// Whether each of these atoms but the first has a variable in common with those before it.
fn is_connected(rule: &Rule, atoms: &[usize]) -> bool {
    let mut bound = vec![false; rule.variables.len()];
    atoms.iter().enumerate().all(|(number, &place)| {
        let literal = &rule.literals[place];
        let count = literal.binds().len();
        mark(&mut bound, literal) < count || number == 0
    })
}

/// Whether an order of atoms goes through rows of which another atom is still to tell which matter: through
/// rows of the recursion, or through any where the last atom finds nothing but whether there is a row.
fn goes_through_others(rule: &Rule, order: &[usize], recursive: &[usize]) -> bool {
    let mut bound = vec![false; rule.variables.len()];
    let finds: Vec<bool> = order
        .iter()
        .map(|&place| mark(&mut bound, &rule.literals[place]) > 0)
        .collect();
    let Some((&tests, between)) = finds.split_last() else {
        return false;
    };
    let mut between = order.iter().zip(between).skip(1);
    between.any(|(place, &finds)| finds && (!tests || recursive.contains(place)))
}
