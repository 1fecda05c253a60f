//! Triggers that wait for seals and go when they were handled: `done{k, n: count()} <= asked{k}, item{k}, item.sealed{k}`
//! beside `asked{k} <- asked{k}, item.sealed{k}`.
//!
//! A row of `asked` goes only after a tick in which all that the rule waits for had come. In that tick the rule
//! read it together with everything that it will ever read with it, since the rest is frozen by these seals or constant. So over
//! the run the rule gives what it would give if the rows stayed; in a single tick it may give less.

use crate::calm::body::{Basis, Known, Share};
use crate::calm::flow::{Atom, RuleSummary};
use crate::calm::model::{Model, RuleAt};
use crate::calm::properties::Props;
use crate::calm::sealing::same_value;
use crate::hir::{Arrow, CollectionKind};

use crate::calm::found::Found;

/// The atom that reads such triggers, by form alone.
pub fn trigger(basis: Basis<'_, '_>, rule: RuleAt) -> Option<usize> {
    let summary = basis.model.rule(rule);
    if summary.bootstrap || summary.chance {
        return None;
    }
    let mut triggers = summary.positive().filter(|(_, atom)| {
        let seals = summary.positive();
        let seals = seals.filter(|(_, seal)| basis.sealing.is_seal(basis.model, rule, seal));
        let seals: Vec<&Atom> = seals.map(|(_, seal)| seal).collect();
        goes_when_handled(basis.model, rule, atom, &seals)
    });
    let (place, _) = triggers.next()?;
    triggers.next().is_none().then_some(place)
}

/// Whether rows go only once the rule's seals have come.
fn goes_when_handled(model: &Model<'_>, rule: RuleAt, atom: &Atom, seals: &[&Atom]) -> bool {
    let at = model.place(rule, atom.collection);
    let is_table = matches!(model.collection(at).kind, CollectionKind::Table);
    if !is_table || !model.shape(at).columns.iter().all(|column| column.key) {
        return false;
    }
    let writers = model.writers(at).iter().map(|&writer| model.rule(writer));
    let mut deletions = writers
        .clone()
        .filter(|of| of.arrow == Arrow::DeferredDelete)
        .peekable();
    let replaces = writers.clone().any(|of| of.arrow == Arrow::Upsert);
    !replaces
        && deletions.peek().is_some()
        && deletions.all(|deletion| awaits_all(deletion, atom, seals))
}

/// Whether the deletion reads the row that it takes away, and every one of the seals.
fn awaits_all(deletion: &RuleSummary, atom: &Atom, seals: &[&Atom]) -> bool {
    deletion.positive().any(|(_, taken)| {
        let is_awaited = |seal: &&Atom| {
            deletion
                .positive()
                .any(|(_, own)| is_same_seal((seal, atom), (own, taken)))
        };
        deletion.takes_row_of(taken) && seals.iter().all(is_awaited)
    })
}

/// Whether two seals of two rules are of the same partition, as each rule's row of one table tells it.
fn is_same_seal((a, row_a): (&Atom, &Atom), (b, row_b): (&Atom, &Atom)) -> bool {
    a.collection == b.collection
        && a.terms.iter().zip(&b.terms).all(|(a, b)| {
            let mut columns = row_a.terms.iter().zip(&row_b.terms);
            (a.is_fixed() && same_value(a, b))
                || columns.any(|(of_a, of_b)| same_value(of_a, a) && same_value(of_b, b))
        })
}

/// What the rule reads of its trigger over the whole run, if it has one and the rest stays as it is.
pub fn share(
    known: &Known<'_, '_>,
    rule: RuleAt,
    shares: &[Share],
    found: &Found,
) -> Option<(usize, Share)> {
    let place = known.forms.trigger(rule)?;
    let summary = known.model.rule(rule);
    let at = known.model.place(rule, summary.atoms[place].collection);
    let mut rest = summary.atoms.iter().enumerate();
    let rest_stays = rest.all(|(other, atom)| {
        other == place
            || known.is_frozen_by_seals(rule, atom, found)
            || found
                .place(known.model.place(rule, atom.collection))
                .has(Props::CONSTANT)
            || (!atom.negated && known.sealing.is_seal(known.model, rule, atom))
    });
    let union = found.place(at).has(Props::UNION);
    (rest_stays && union).then_some((
        place,
        Share {
            props: Props::GROWS.with(Props::UNION).closed(),
            ..shares[place]
        },
    ))
}
