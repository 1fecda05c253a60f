//! An insertion that asks whether what would take the row away has come: `t{x} <= add{x}, not dead{x}` beside
//! `t{x} <- dead{x}`.
//!
//! Where `dead` only gains rows, a row that it never has is put in whenever the rest of the body holds: the guard
//! stops nothing. A row that it has in the end is not put in from then on, and what was put in before is taken
//! away. So the table settles on what the rest of the body gives in all ticks together, less the dead.

use crate::calm::body::Basis;
use crate::calm::flow::{Atom, RuleSummary, Term};
use crate::calm::model::RuleAt;
use crate::calm::refine::contained::{Between, is_contained, is_simple};
use crate::calm::refine::covered::present;
use crate::hir::Arrow;

/// Tables with more rules are not looked through.
const RULES_MAX: usize = 16;

/// The negated atoms of an insertion of which the rows take away what it inserts.
pub fn buried(basis: Basis<'_, '_>, rule: RuleAt) -> Vec<usize> {
    let model = basis.model;
    let summary = model.rule(rule);
    let at = model.head(rule);
    if !model.is_kept(at) || !is_simple(summary) {
        return Vec::new();
    }
    let writers = model.few_writers(at, RULES_MAX).unwrap_or_default();
    let deletions: Vec<(RuleAt, &RuleSummary)> = writers
        .iter()
        .map(|&writer| (writer, model.rule(writer)))
        .filter(|(_, of)| of.arrow == Arrow::DeferredDelete && is_simple(of))
        .collect();
    let atoms = summary.atoms.iter().enumerate();
    let is_taken = |guard: &Atom| {
        deletions
            .iter()
            .any(|&(at, deletion)| takes((model, &[rule, at]), deletion, summary, guard))
    };
    atoms
        .filter(|(_, atom)| atom.negated && is_taken(atom))
        .map(|(place, _)| place)
        .collect()
}

/// Whether the deletion takes away the insertion's row where the guard's row is there.
fn takes(
    between: Between<'_, '_>,
    deletion: &RuleSummary,
    insertion: &RuleSummary,
    guard: &Atom,
) -> bool {
    // A deletion that leaves columns out takes the row with the others.
    let named = (0..deletion.columns.len()).filter(|&column| !deletion.columns[column].is_any());
    let named: Vec<usize> = named.collect();
    let only = |columns: &[Term]| {
        named
            .iter()
            .map(|&column| columns[column].clone())
            .collect()
    };
    let general = RuleSummary {
        columns: only(&deletion.columns),
        ..deletion.clone()
    };
    let head = only(&insertion.columns);
    is_contained(between, &general, &head, &[present(guard)], &[])
}
