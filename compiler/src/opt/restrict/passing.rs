//! How bindings pass through a rule's body, from wanted values of its head to the rows that it needs (sideways
//! information passing; Beeri & Ramakrishnan 1987): through atoms that share a bound variable, and what computes
//! from bound ones. Rows of the relations that are restricted are passed through as soon as it is known what of them is
//! wanted.

use bloom_plan::plan::{Expr, Register, RelationId};
use rustc_hash::FxHashMap;

use crate::rir::{Literal, Rule};

/// The columns by which rows are wanted, of each relation that is restricted.
pub(super) type Wanted = FxHashMap<RelationId, Vec<u32>>;

/// Columns by which rows cannot be wanted.
pub(super) type Unknown = Vec<(RelationId, u32)>;

/// What of a row that a rule needs is wanted, and the literals that lead there.
pub(super) struct Step {
    pub(super) relation: RelationId,
    pub(super) literals: Vec<Literal>,
    pub(super) values: Vec<Expr>,
}

/// Passes bindings through a rule's body, from wanted values of its head (sideways information passing).
pub(super) struct Passing<'p> {
    rule: &'p Rule,
    wanted: &'p Wanted,
    bound: Vec<bool>,
    from_head: Vec<bool>,
    /// Literals in the order in which they bind.
    used: Vec<usize>,
    found: Vec<Step>,
}

impl<'p> Passing<'p> {
    pub(super) fn new(rule: &'p Rule, wanted: &'p Wanted, own: &[Expr]) -> Self {
        let mut bound = vec![false; rule.variables.len()];
        for value in own {
            if let Expr::Register(variable) = value {
                bound[variable.0 as usize] = true;
            }
        }
        Passing {
            rule,
            wanted,
            from_head: bound.clone(),
            bound,
            used: Vec::new(),
            found: Vec::new(),
        }
    }

    /// The steps; or columns by which rows cannot be wanted, as the rule does not know them beforehand.
    pub(super) fn run(mut self) -> Result<Vec<Step>, Unknown> {
        while let Some(next) = self.next() {
            if let Some((relation, values)) = values_of(&self.rule.literals[next], self.wanted) {
                let literals = self.leading_to(&values);
                self.found.push(Step {
                    relation,
                    literals,
                    values,
                });
            }
            for variable in self.rule.literals[next].binds() {
                self.bound[variable.0 as usize] = true;
            }
            self.used.push(next);
        }
        let left = (0..self.rule.literals.len()).filter(|place| !self.used.contains(place));
        let mut unbound = Vec::new();
        for place in left {
            if let Literal::Atom { relation, columns } = &self.rule.literals[place]
                && let Some(wanted) = self.wanted.get(relation)
            {
                let is_open = |column: &&u32| match &columns[**column as usize] {
                    None => true,
                    Some(expr) => !self.is_bound(expr),
                };
                let open = wanted.iter().filter(is_open);
                unbound.extend(open.map(|&column| (*relation, column)));
            }
        }
        match unbound.is_empty() {
            true => Ok(self.found),
            false => Err(unbound),
        }
    }

    fn is_bound(&self, expr: &Expr) -> bool {
        let mut all = true;
        expr.reads(&mut |variable| all &= self.bound[variable.0 as usize]);
        all
    }

    /// The literal to pass through next: one on a restricted relation as soon as its columns are bound, then what has
    /// something to do with what is bound.
    fn next(&self) -> Option<usize> {
        let left = (0..self.rule.literals.len()).filter(|place| !self.used.contains(place));
        let left: Vec<usize> = left.collect();
        let is_own = |place: usize| {
            let literal = &self.rule.literals[place];
            self.wanted.keys().any(|&id| reads(literal, id))
        };
        let own = left.iter().copied().filter(|&place| is_own(place));
        let ready = |&place: &usize| {
            let values = values_of(&self.rule.literals[place], self.wanted);
            values.is_some_and(|(_, values)| values.iter().all(|value| self.is_bound(value)))
        };
        let others = left.iter().copied().filter(|&place| !is_own(place));
        let passes = |&place: &usize| {
            let literal = &self.rule.literals[place];
            let needs = literal.needs();
            let needs = needs.iter().all(|v| self.bound[v.0 as usize]);
            let binds = literal.binds();
            let connects = match literal {
                Literal::Atom { .. } => binds.iter().any(|v| self.bound[v.0 as usize]),
                Literal::Let { .. } | Literal::Each { .. } | Literal::Range { .. } => true,
                Literal::Condition(_) => true,
                Literal::Not { .. } => false,
            };
            needs && connects
        };
        let mut own = own.filter(ready);
        own.next().or_else(|| others.filter(passes).min())
    }

    /// Of the literals so far, those that are needed for the values.
    fn leading_to(&self, values: &[Expr]) -> Vec<Literal> {
        let mut needed = vec![false; self.rule.variables.len()];
        let need = |variable: Register, needed: &mut Vec<bool>| {
            needed[variable.0 as usize] |= !self.from_head[variable.0 as usize];
        };
        for value in values {
            value.reads(&mut |variable| need(variable, &mut needed));
        }
        let mut kept = Vec::new();
        for &place in self.used.iter().rev() {
            let literal = &self.rule.literals[place];
            let binds = literal.binds();
            if binds.iter().any(|v| needed[v.0 as usize]) {
                for variable in literal.occurrences() {
                    need(variable, &mut needed);
                }
                kept.push(literal.clone());
            }
        }
        kept.reverse();
        kept
    }
}

pub(super) fn reads(literal: &Literal, id: RelationId) -> bool {
    matches!(literal, Literal::Atom { relation, .. } | Literal::Not { relation, .. } if *relation == id)
}

/// Of an atom on a restricted relation: which, and what stands in the columns by which its rows are wanted; none if
/// some are free.
pub(super) fn values_of(literal: &Literal, wanted: &Wanted) -> Option<(RelationId, Vec<Expr>)> {
    let Literal::Atom { relation, columns } = literal else {
        return None;
    };
    let values = wanted.get(relation)?.iter();
    let values: Option<Vec<Expr>> = values.map(|&c| columns[c as usize].clone()).collect();
    Some((*relation, values?))
}
