//! Rows of a list that is known, read when none of them is missing.
//!
//! In `receipt{s, all: list(item)} <= closed{s, n}, not gap{s}, i in 0..n, line{s, at: i, item}` with
//! `gap{s} <= closed{s, n}, i in 0..n, not line{s, at: i}` the rows of `line` that the rule can read are
//! constant: for each number there is a row, since none is missing; it is the only one, since the numbers
//! are its key; and it stays as it is. So they may be aggregated.
//!
//! The rule of what is missing must say just that: the parent's row, a generator over it or rows that are
//! constant (`gap{s} <= asked{s}, judge{j}, not mark{s, j}`), and the missing row under its whole key. Its variables are matched with those of the reading rule through the parent
//! and the generator.

use crate::calm::body::Known;
use crate::calm::flow::{Atom, Binding, RuleSummary, Source, Term};
use crate::calm::found::Found;
use crate::calm::model::RuleAt;
use crate::calm::properties::Props;
use crate::hir::{Arrow, CollectionKind};

/// More ways to pair rows are not tried.
const PAIRINGS_MAX: usize = 16;

/// Whether the rule reads the atom only where none of its rows is missing.
pub fn is_complete(known: &Known<'_, '_>, rule: RuleAt, atom: &Atom, found: &Found) -> bool {
    let model = known.model;
    let at = model.place(rule, atom.collection);
    let lattice = model.shape(at).columns.iter().any(|column| column.lattice);
    if atom.negated || lattice || !model.only_gains(at) || !found.place(at).has(Props::UNION) {
        return false;
    }
    let summary = model.rule(rule);
    let mut gates = summary.atoms.iter().filter(|gate| gate.negated);
    gates.any(|gate| {
        let of = model.place(rule, gate.collection);
        let is_derived = model.collection(of).kind == CollectionKind::Scratch;
        let mut rules = model.writers(of).iter();
        is_derived && rules.any(|&inner| says_missing(known, found, (rule, atom), gate, inner))
    })
}

fn says_missing(
    known: &Known<'_, '_>,
    found: &Found,
    (rule, atom): (RuleAt, &Atom),
    gate: &Atom,
    inner: RuleAt,
) -> bool {
    let model = known.model;
    let (outer, missing) = (model.rule(rule), model.rule(inner));
    let mut absences = missing.atoms.iter().filter(|absent| absent.negated);
    let (Some(absent), None) = (absences.next(), absences.next()) else {
        return false;
    };
    let simple = missing.arrow == Arrow::Merge
        && !missing.bootstrap
        && !missing.chance
        && missing.tests.is_empty()
        && missing.aggregates.is_empty()
        && model.place(inner, absent.collection) == model.place(rule, atom.collection);
    if !simple {
        return false;
    }
    let is_constant = |parent: &Atom| {
        let at = model.place(inner, parent.collection);
        found.place(at).has(Props::CONSTANT)
    };
    let (constant, parents): (Vec<&Atom>, Vec<&Atom>) = missing
        .positive()
        .map(|(_, parent)| parent)
        .partition(|parent| is_constant(parent));
    if parents.len() > 1 {
        return false;
    }
    let twins = |parent: &Atom| -> Vec<&Atom> {
        let at = model.place(inner, parent.collection);
        let held = outer.positive().map(|(_, held)| held);
        held.filter(|held| model.place(rule, held.collection) == at)
            .collect()
    };
    // One after the other, what the rule of what is missing reads is paired with what the reading rule does.
    let mut pairings: Vec<Same> = vec![Vec::new()];
    for parent in parents.into_iter().chain(constant) {
        let twins = twins(parent);
        pairings = pairings
            .iter()
            .flat_map(|same| twins.iter().filter_map(|held| paired(same, parent, held)))
            .take(PAIRINGS_MAX)
            .collect();
    }
    pairings.into_iter().any(|same| {
        matching(missing, outer, same)
            .is_some_and(|same| agrees(known, rule, atom, gate, missing, absent, &same))
    })
}

/// Pairs of terms, of the rule of what is missing and of the reading rule, that have one value.
type Same = Vec<(Term, Term)>;

/// What two rows of one collection say, besides what is known.
fn paired(known: &Same, parent: &Atom, held: &Atom) -> Option<Same> {
    let mut same = known.clone();
    for (inner, own) in parent.terms.iter().zip(&held.terms) {
        match (inner, own) {
            (Term::Any, _) => {}
            _ if is_same(inner, own, &same) => {}
            // A variable that stands twice asks for more than the row.
            (Term::Var(_), Term::Var(_)) if same.iter().all(|(known, _)| known != inner) => {
                same.push((inner.clone(), own.clone()));
            }
            _ => return None,
        }
    }
    Some(same)
}

/// What the generators over these rows say.
fn matching(missing: &RuleSummary, outer: &RuleSummary, mut same: Same) -> Option<Same> {
    for binding in &missing.bindings {
        let twin = outer.bindings.iter().find(|twin| {
            twin.generates == binding.generates && same_source(binding, twin, &same)
        })?;
        let ([inner], [own]) = (&binding.binds[..], &twin.binds[..]) else {
            return None;
        };
        let inner = Term::Var(*inner);
        if same.iter().any(|(known, _)| *known == inner) {
            return None;
        }
        same.push((inner, Term::Var(*own)));
    }
    Some(same)
}

fn same_source(inner: &Binding, own: &Binding, same: &Same) -> bool {
    match (&inner.source, &own.source) {
        (Source::Value(a), Source::Value(b)) => is_same(a, b, same),
        (Source::Range(a, b), Source::Range(c, d)) => is_same(a, c, same) && is_same(b, d, same),
        (Source::Value(_), Source::Range(..)) | (Source::Range(..), Source::Value(_)) => false,
    }
}

fn is_same(inner: &Term, own: &Term, same: &Same) -> bool {
    (inner.is_fixed() && inner == own) || same.iter().any(|(a, b)| a == inner && b == own)
}

/// Whether the gate asks of the reading rule's own parent, and what is missing is what the atom reads.
fn agrees(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    gate: &Atom,
    missing: &RuleSummary,
    absent: &Atom,
    same: &Same,
) -> bool {
    let shape = known.model.shape(known.model.place(rule, atom.collection));
    let asks = missing
        .columns
        .iter()
        .zip(&gate.terms)
        .all(|(inner, own)| own.is_any() || is_same(inner, own, same));
    let reads = shape
        .columns
        .iter()
        .zip(absent.terms.iter().zip(&atom.terms))
        .all(|(column, (inner, own))| match column.key {
            true => is_same(inner, own, same),
            false => inner.is_any(),
        });
    asks && reads
}
