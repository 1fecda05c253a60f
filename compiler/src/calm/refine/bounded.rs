//! A count that cannot pass a number: `n == 3` over members of whom there are three is `n >= 3`.
//!
//! What is counted is the rows of one collection. Of its key columns those that group have one value; of each
//! other the values are among those of facts, because every rule that derives it takes the value from a
//! collection of facts, or names a constant. The product of these numbers, one for each variable, bounds the
//! count. Where the bound
//! is the number that is asked for, the count is a threshold upwards, and final once it holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::calm::body::Basis;
use crate::calm::flow::Term;
use crate::calm::model::{At, RuleAt};
use crate::calm::sealing::{groups, same_value};
use crate::hir::{AggregateFunction, CollectionKind, LitKind, VarId};

/// Values of a column are followed back through so many rules, and so many values are told apart.
const DEPTH_MAX: usize = 8;
const VALUES_MAX: usize = 4_096;

/// Whether the only aggregate of the rule is a count that is never more than `least`.
pub fn is_at_most(basis: Basis<'_, '_>, rule: RuleAt, least: i64) -> bool {
    rows_max(basis, rule).is_some_and(|most| i64::try_from(most).is_ok_and(|most| most <= least))
}

fn rows_max(basis: Basis<'_, '_>, rule: RuleAt) -> Option<usize> {
    let summary = basis.model.rule(rule);
    let counts = summary
        .aggregates
        .iter()
        .all(|aggregate| aggregate.function == AggregateFunction::Count);
    let generates = summary.bindings.iter().any(|binding| binding.generates);
    if !counts || generates {
        return None;
    }
    let groups = groups(summary);
    let mut product: usize = 1;
    // A variable in two places has the values that both allow; none where no place says which.
    let mut vars: BTreeMap<VarId, Option<usize>> = BTreeMap::new();
    for (_, atom) in summary.positive() {
        let at = basis.model.place(rule, atom.collection);
        for key in basis.model.shape(at).key_columns() {
            let term = &atom.terms[key];
            let told = term.is_fixed() || groups.iter().any(|group| same_value(group, term));
            if told {
                continue;
            }
            let values = values(basis, at, key, &mut Vec::new()).map(|values| values.len());
            match term {
                Term::Var(var) => {
                    let known = vars.entry(*var).or_insert(values);
                    *known = known.iter().copied().chain(values).min();
                }
                _ => product = product.checked_mul(values?)?,
            }
        }
    }
    for values in vars.into_values() {
        product = product.checked_mul(values?)?;
    }
    Some(product)
}

/// The values that the column can have, as they are written.
fn values(
    basis: Basis<'_, '_>,
    at: At,
    column: usize,
    open: &mut Vec<(At, usize)>,
) -> Option<BTreeSet<String>> {
    let model = basis.model;
    let is_derived = !model.is_source(at)
        && !matches!(
            model.collection(at).kind,
            CollectionKind::Channel { .. } | CollectionKind::Seal { .. }
        );
    if !is_derived || open.len() > DEPTH_MAX || open.contains(&(at, column)) {
        return None;
    }
    open.push((at, column));
    let mut all = BTreeSet::new();
    for rule in model.inserters(at) {
        let summary = model.rule(rule);
        match &summary.columns[column] {
            Term::Literal(literal) => {
                all.insert(shown(literal));
            }
            Term::Var(var) => {
                let own = summary.positive().find_map(|(_, atom)| {
                    let mut terms = atom.terms.iter();
                    let place = terms.position(|term| *term == Term::Var(*var))?;
                    values(basis, model.place(rule, atom.collection), place, open)
                })?;
                all.extend(own);
            }
            Term::Any | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => return None,
        }
        if all.len() > VALUES_MAX {
            return None;
        }
    }
    open.pop();
    Some(all)
}

fn shown(literal: &LitKind) -> String {
    format!("{literal:?}")
}
