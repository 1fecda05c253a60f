//! Literals that other literals of the same body decide.
//!
//! A row that is there whenever another one of the body is, changes nothing: `p(x, y), p(x, _)` is
//! `p(x, y)`, so the body depends on one use of `p` and not on two (the core of a conjunctive query,
//! Chandra and Merlin 1977, one literal at a time). A row that must be there and must not be there
//! makes a rule dead: `p(x, y), not p(x, _)`, and `not s(_)` where `s` has a fact that nothing takes away.
//!
//! So it is where rules of the same tick make the row of the others: with `t(x) <= p(x)` in the program, `p(x), t(_)`
//! is `p(x)`, and nothing matches `p(x), not t(x)` (see [`super::entailed`]). And where `r(x) <= p(x)`, `not r(x),
//! not p(x)` is `not r(x)`.
//!
//! A deletion that reads the row which it takes away asks for nothing by that: in `t(k, v) <- t(k, v), gone(k)` each
//! row of `t` with such a key goes, and where there is none there is nothing to take.

use crate::calm::body::Basis;
use crate::calm::dependencies::is_fact;
use crate::calm::flow::{Atom, RuleSummary, Term};
use crate::calm::model::RuleAt;
use crate::calm::refine::entailed::Given;
use crate::calm::sealing::same_value;
use crate::hir::{Arrow, VarId};

/// Bodies with more rows are not looked at.
const ATOMS_MAX: usize = 32;

/// The atoms of the rule, by place, that hold whenever another one does.
pub fn implied(basis: Basis<'_, '_>, rule: RuleAt) -> Vec<usize> {
    let summary = basis.model.rule(rule);
    let mut implied: Vec<usize> = Vec::new();
    if summary.arrow == Arrow::DeferredDelete {
        let own = summary.atoms.iter().enumerate();
        let own = own.filter(|(_, atom)| summary.takes_row_of(atom));
        implied.extend(own.map(|(place, _)| place));
    }
    // An aggregate ranges over the combinations of rows, so that each use of a row counts.
    if !summary.aggregates.is_empty() || summary.atoms.len() > ATOMS_MAX {
        return implied;
    }
    for (place, general) in summary.positive() {
        let mut others = summary
            .positive()
            .filter(|(other, _)| *other != place && !implied.contains(other));
        if others.any(|(_, special)| implies(special, general, summary, place)) {
            implied.push(place);
        }
    }
    for (place, atom) in summary.atoms.iter().enumerate() {
        if !implied.contains(&place) && is_entailed(basis, rule, (place, atom), &implied) {
            implied.push(place);
        }
    }
    implied
}

/// Whether rules make the atom hold wherever the others do, of which some are not to be counted on.
fn is_entailed(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    (place, atom): (usize, &Atom),
    gone: &[usize],
) -> bool {
    let summary = basis.model.rule(rule);
    let left_out = |other: usize| other == place || gone.contains(&other);
    if !atom.negated {
        if !may_follow(basis, rule, atom) {
            return false;
        }
        let given = Given::body(basis, rule, &left_out, &|_| true);
        let is_open = |var: VarId| is_free(&Term::Var(var), summary, place);
        return given.entails(atom, &is_open);
    }
    // Denied already, if its row would bring about another one that is denied.
    let mut others = summary.atoms.iter().enumerate();
    others.any(|(other, denied)| {
        denied.negated && !left_out(other) && may_follow(basis, rule, denied) && {
            let given = Given::body(basis, rule, &left_out, &|_| true).and(atom);
            given.entails(denied, &|_| false)
        }
    })
}

/// Whether other rows may say that there is this one: rows of its collection, or those that its rules read.
fn may_follow(basis: Basis<'_, '_>, rule: RuleAt, atom: &Atom) -> bool {
    let model = basis.model;
    let at = model.place(rule, atom.collection);
    let same = model.rule(rule).positive();
    let merges = |&writer: &RuleAt| model.rule(writer).arrow == Arrow::Merge;
    model.writers(at).iter().any(merges)
        || same
            .filter(|(_, of)| of.collection == atom.collection)
            .count()
            > 1
}

fn implies(special: &Atom, general: &Atom, summary: &RuleSummary, place: usize) -> bool {
    let terms = general.terms.iter().zip(&special.terms);
    general.collection == special.collection
        && terms.into_iter().all(|(general_term, special_term)| {
            is_lone(general_term, general, summary, place) || same_value(general_term, special_term)
        })
}

/// Whether the term takes any value, and nothing asks which.
fn is_lone(term: &Term, atom: &Atom, summary: &RuleSummary, place: usize) -> bool {
    let uses = |var| {
        atom.terms
            .iter()
            .filter(move |own| own.vars().contains(var))
    };
    is_free(term, summary, place) && term.vars().iter().all(|var| uses(var).count() == 1)
}

/// Whether the term takes any value, and nothing beside the atom asks which.
fn is_free(term: &Term, summary: &RuleSummary, place: usize) -> bool {
    match term {
        Term::Any => true,
        Term::Var(var) => {
            !summary.is_used_beside(*var, place)
                && !summary.tests.iter().any(|test| test.reads(*var))
        }
        Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => false,
    }
}

/// Whether the rule takes away rows only where they are not there.
pub fn takes_nothing(summary: &RuleSummary) -> bool {
    let is_absent = |atom: &Atom| {
        let mut columns = summary.columns.iter().zip(&atom.terms);
        atom.negated
            && atom.collection == summary.head
            && columns.all(|(column, term)| term.is_any() || same_value(column, term))
    };
    summary.arrow == Arrow::DeferredDelete && summary.atoms.iter().any(is_absent)
}

/// Whether no rows can match the body, whatever the collections hold.
pub fn is_contradiction(basis: Basis<'_, '_>, rule: RuleAt) -> bool {
    let summary = basis.model.rule(rule);
    let mut absent = summary.atoms.iter().filter(|atom| atom.negated);
    absent.any(|absent| {
        let mut present = summary.positive();
        let denied = present.any(|(_, present)| {
            present.collection == absent.collection && matches(basis, rule, absent, &present.terms)
        });
        denied
            || is_given(basis, rule, absent)
            || (may_follow(basis, rule, absent)
                && Given::body(basis, rule, &|_| false, &|_| true).entails(absent, &|_| false))
    })
}

/// Whether a fact that stays matches the atom.
fn is_given(basis: Basis<'_, '_>, rule: RuleAt, absent: &Atom) -> bool {
    let model = basis.model;
    let at = model.place(rule, absent.collection);
    model.only_gains(at)
        && !basis.dependencies.has_conflict(at)
        && model.writers(at).iter().any(|&writer| {
            let fact = model.rule(writer);
            is_fact(fact) && fact.inserts() && matches(basis, rule, absent, &fact.columns)
        })
}

/// Whether a row with these terms is one that the negated atom speaks of.
fn matches(basis: Basis<'_, '_>, rule: RuleAt, absent: &Atom, present: &[Term]) -> bool {
    let model = basis.model;
    let shape = model.shape(model.place(rule, absent.collection));
    let columns = shape.columns.iter().zip(&absent.terms).zip(present);
    columns.into_iter().all(|((column, absent), present)| {
        absent.is_any() || (!column.lattice && same_value(absent, present))
    })
}
