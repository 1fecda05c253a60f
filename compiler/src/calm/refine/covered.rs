//! A guard that keeps back only what another rule of the same head gives: "from the one, or else from the other".
//!
//! In `o{x} <= cached{x}; o{x} <= stored{x}, not cached{x}` the guard stops a row only in ticks in which the first
//! rule gives that row, so the contents of `o` are the same without it. In general: put what is denied into the
//! body as a row that is there, or, where it is derived in the tick, the body of each rule that derives it; if
//! another rule of the head contains each of the bodies so made ([`super::contained`]), the guard may go. Guards are
//! taken out one after the other, each from what is left.

use crate::calm::body::Basis;
use crate::calm::flow::{Atom, Comparison, RuleSummary, Term, Test};
use crate::calm::model::RuleAt;
use crate::calm::refine::contained::{is_contained, is_simple};
use crate::hir::{Arrow, CollectionKind, VarId};

/// Heads with more rules, and guards with more, are not compared.
const RULES_MAX: usize = 16;
/// Variables of a rule that is put into another one are counted from here.
const FRESH: u32 = 1 << 20;

/// The negated atoms of the rule, by place, without which its head has the same contents.
pub fn covered(basis: Basis<'_, '_>, rule: RuleAt) -> Vec<usize> {
    let model = basis.model;
    let summary = model.rule(rule);
    let Some(writers) = model.few_writers(model.head(rule), RULES_MAX) else {
        return Vec::new();
    };
    if writers.len() < 2 || !is_simple(summary) || !summary.atoms.iter().any(|atom| atom.negated) {
        return Vec::new();
    }
    let node = model.rule_ref(rule).node;
    let others = writers
        .iter()
        .filter(|&&other| other != rule && model.rule_ref(other).node == node)
        .map(|&other| (other, model.rule(other)));
    let others: Vec<(RuleAt, &RuleSummary)> = others
        .filter(|(_, other)| other.arrow == summary.arrow && is_simple(other))
        .collect();
    let mut found: Vec<usize> = Vec::new();
    for (place, guard) in summary.atoms.iter().enumerate() {
        if !guard.negated {
            continue;
        }
        let rest = summary.atoms.iter().enumerate();
        let rest = rest.filter(|(other, _)| *other != place && !found.contains(other));
        let rest: Vec<Atom> = rest.map(|(_, atom)| atom.clone()).collect();
        let denied = |bodies: Vec<(Vec<Atom>, Vec<Test>)>| {
            bodies.into_iter().all(|(atoms, tests)| {
                let atoms = [rest.clone(), atoms].concat();
                let tests = [&summary.tests[..], &tests].concat();
                let mut others = others.iter();
                // The tests of who derives the guard's row are among them.
                let derive = model.writers(model.place(rule, guard.collection));
                others.any(|&(other, of)| {
                    let rules = [&[rule, other], derive].concat();
                    is_contained((model, &rules), of, &summary.columns, &atoms, &tests)
                })
            })
        };
        let as_row = vec![(vec![present(guard)], Vec::new())];
        if denied(as_row) || derivations(basis, rule, guard).is_some_and(denied) {
            found.push(place);
        }
    }
    found
}

/// The guard's row, with a name for each column that it leaves open.
pub fn present(guard: &Atom) -> Atom {
    let term = |(term, fresh): (&Term, u32)| match term {
        Term::Any => Term::Var(VarId(fresh)),
        Term::Var(_) | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => {
            term.clone()
        }
    };
    Atom {
        negated: false,
        terms: guard.terms.iter().zip(FRESH..).map(term).collect(),
        ..guard.clone()
    }
}

/// The bodies of the rules that derive the guard's row in the same tick, in the guard's variables.
fn derivations(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    guard: &Atom,
) -> Option<Vec<(Vec<Atom>, Vec<Test>)>> {
    let model = basis.model;
    let at = model.place(rule, guard.collection);
    let is_derived = model.collection(at).kind == CollectionKind::Scratch;
    let writers = model.few_writers(at, RULES_MAX)?;
    if !is_derived || writers.is_empty() {
        return None;
    }
    let body = |&writer: &RuleAt| {
        let of = model.rule(writer);
        (of.arrow == Arrow::Merge && is_simple(of)).then_some(())?;
        let mut same: Vec<(VarId, Term)> = Vec::new();
        for (asked, column) in guard.terms.iter().zip(&of.columns) {
            match (asked, column) {
                (Term::Any, _) => {}
                (_, Term::Var(var)) if same.iter().all(|(known, _)| known != var) => {
                    same.push((*var, asked.clone()));
                }
                (Term::Of { .. }, _) => return None,
                _ if asked == column && asked.is_fixed() => {}
                _ => return None,
            }
        }
        let renamed = |term: &Term| renamed(term, &same);
        let atoms = of.atoms.iter().map(|atom| {
            Some(Atom {
                terms: atom.terms.iter().map(renamed).collect::<Option<_>>()?,
                ..atom.clone()
            })
        });
        let tests = of.tests.iter().map(|test| match test {
            Test::Compare { left, op, right } => {
                let op: Comparison = *op;
                let (left, right) = (renamed(left)?, renamed(right)?);
                Some(Test::Compare { left, op, right })
            }
            Test::Holds { .. } | Test::Contains { .. } | Test::Other { .. } => None,
        });
        Some((
            atoms.collect::<Option<Vec<Atom>>>()?,
            tests.collect::<Option<Vec<Test>>>()?,
        ))
    };
    writers.iter().map(body).collect()
}

fn renamed(term: &Term, same: &[(VarId, Term)]) -> Option<Term> {
    match term {
        Term::Var(var) => {
            let mut known = same.iter();
            let given = known.find(|(own, _)| own == var);
            Some(given.map_or(Term::Var(VarId(FRESH + var.0)), |(_, term)| term.clone()))
        }
        Term::Any | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => Some(term.clone()),
        Term::Of { .. } => None,
    }
}
