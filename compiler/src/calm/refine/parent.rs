//! Nobody of a membership that is fixed when it begins is missing (unanimity per transaction, manifests).
//!
//! In `done{t} <= begun{t, members}, not missing{t}` with `missing{t} <= begun{t, members}, m in members, not
//! vote{t, m}`, the scratch `missing` does not shrink: a new transaction adds to it. But of one transaction
//! it does, from the tick in which that is begun: `begun` only gains rows and has one row a key, so the row
//! is the same in every later tick, and all else in the body of `missing` only shrinks. Where the reading
//! rule holds the row of `begun` under the same key, `not missing` therefore only grows. It settles, too, if all
//! else in that body does: of one transaction nothing depends on when others began, also where they begin one
//! after the other (phases).
//!
//! It is the same where the membership of a transaction is kept in rows of its own, all made in one tick of one
//! row that never has another content: `member{t, m} <= begin{t, members}, m in members` with `begin` `immutable`.
//! Whoever holds a row that was made of that of `begin` too, `started{t} <= begin{t}`, knows that all members are
//! there; from then on they stay the same, and the rows of `missing` that they give only go.
//! And it is the same where seals say that the members are there: `done{t} <= member.sealed{t}, not missing{t}`.

use crate::calm::body::Known;
use crate::calm::flow::{Atom, RuleSummary};
use crate::calm::found::Found;
use crate::calm::model::{At, RuleAt};
use crate::calm::properties::Props;
use crate::calm::sealing::same_value;
use crate::hir::{Arrow, CollectionKind};

/// More rules for what is missing are not looked through.
const RULES_MAX: usize = 8;

/// What a negated atom has besides what its collection's properties give it.
pub fn of_negation(known: &Known<'_, '_>, rule: RuleAt, atom: &Atom, found: &Found) -> Props {
    let rules = missing_rules(known, rule, atom);
    if rules.is_empty() {
        return Props::NONE;
    }
    let of_each = rules
        .iter()
        .map(|&inner| for_parent(known, rule, atom, inner, found));
    of_each.fold(Props::GROWS.with(Props::LIMIT), Props::and)
}

/// The sources whose seals say that all is there of which something negated may be missing.
pub fn seals(known: &Known<'_, '_>, rule: RuleAt, atom: &Atom, found: &Found) -> Vec<At> {
    let mut all = Vec::new();
    if !atom.negated {
        return all;
    }
    for inner in missing_rules(known, rule, atom) {
        for (_, parent) in known.model.rule(inner).positive() {
            if is_sealed(known, rule, atom, inner, parent, found) {
                all.extend(known.sealing.sources(known.model, inner, parent));
            }
        }
    }
    all
}

fn missing_rules(known: &Known<'_, '_>, rule: RuleAt, atom: &Atom) -> Vec<RuleAt> {
    let model = known.model;
    let at = model.place(rule, atom.collection);
    match model.collection(at).kind {
        CollectionKind::Scratch => model
            .few_writers(at, RULES_MAX)
            .unwrap_or_default()
            .to_vec(),
        _ => Vec::new(),
    }
}

/// What there is, of one parent, of the lack of what the rule gives.
fn for_parent(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    inner: RuleAt,
    found: &Found,
) -> Props {
    let summary = known.model.rule(inner);
    if summary.arrow != Arrow::Merge
        || summary.bootstrap
        || summary.chance
        || !summary.aggregates.is_empty()
    {
        return Props::NONE;
    }
    let settles = |other: &Atom| {
        let at = known.model.place(inner, other.collection);
        found.place(at).has(Props::LIMIT)
    };
    let shrinks = |other: &Atom| {
        let props = found.place(known.model.place(inner, other.collection));
        match other.negated {
            true => props.negated().has(Props::SHRINKS),
            false => props.has(Props::SHRINKS) && other.reading_is_plain(),
        }
    };
    let mut parents = summary.positive().filter(|(place, parent)| {
        let mut others = summary.atoms.iter().enumerate();
        (is_held(known, rule, atom, inner, parent, found)
            || is_begun(known, rule, atom, inner, parent)
            || is_sealed(known, rule, atom, inner, parent, found))
            && others.all(|(other, atom)| other == *place || shrinks(atom))
    });
    let Some((place, _)) = parents.next() else {
        return Props::NONE;
    };
    let mut others = summary.atoms.iter().enumerate();
    let limit = others.all(|(other, atom)| other == place || settles(atom));
    Props::GROWS.with(Props::when(limit, Props::LIMIT))
}

/// Whether the reading rule holds the parent's row, under the key by which the atom asks.
fn is_held(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    inner: RuleAt,
    parent: &Atom,
    found: &Found,
) -> bool {
    let model = known.model;
    let at = model.place(inner, parent.collection);
    let shape = model.shape(at);
    let reads_lattice = shape
        .columns
        .iter()
        .zip(&parent.terms)
        .any(|(column, term)| column.lattice && !term.is_any());
    let stays = model.only_gains(at)
        && found.place(at).has(Props::GROWS)
        && known.dependencies.lasts(at)
        && !reads_lattice;
    let (outer, inner) = (model.rule(rule), model.rule(inner));
    stays
        && outer.positive().any(|(_, held)| {
            model.place(rule, held.collection) == at
                && shape
                    .key_columns()
                    .all(|key| same_key(inner, atom, &parent.terms[key], &held.terms[key]))
        })
}

/// Whether the parent's rows are all made of one row that never changes, and the reading rule holds something that
/// was made of the same row, under the key by which the atom asks.
fn is_begun(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    inner: RuleAt,
    parent: &Atom,
) -> bool {
    let model = known.model;
    let at = model.place(inner, parent.collection);
    let &[making] = model.writers(at) else {
        return false;
    };
    let made = model.rule(making);
    let [begin] = &made.atoms[..] else {
        return false;
    };
    let source = model.place(making, begin.collection);
    let lattice = model
        .shape(source)
        .columns
        .iter()
        .any(|column| column.lattice);
    let whole = made.arrow == Arrow::Merge
        && model.is_kept(at)
        && !made.bootstrap
        && !made.chance
        && made.aggregates.is_empty()
        && !begin.negated
        && !lattice
        && known.dependencies.lasts(source)
        && !model.shape(at).columns.iter().any(|column| column.lattice)
        && !known.dependencies.has_conflict(at);
    let keys: Vec<usize> = model.shape(source).key_columns().collect();
    let Some(columns) = carried(made, begin, &keys) else {
        return false;
    };
    let (outer, summary) = (model.rule(rule), model.rule(inner));
    whole
        && outer.positive().any(|(_, held)| {
            let at = model.place(rule, held.collection);
            let from = begun_from(known, at, source, &keys);
            from.is_some_and(|own| {
                own.iter().zip(&columns).all(|(&own, &column)| {
                    same_key(summary, atom, &parent.terms[column], &held.terms[own])
                })
            })
        })
}

/// Whether the reading rule waits for seals of the parent's rows, in partitions by which the atom asks.
fn is_sealed(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    inner: RuleAt,
    parent: &Atom,
    found: &Found,
) -> bool {
    let at = known.model.place(inner, parent.collection);
    known.is_settled_once_sealed(at, found)
        && known
            .sealing
            .is_frozen_through(known.model, (rule, atom), (inner, parent))
}

/// Of a collection that only gains rows, each of them made of a row of the source: the columns with its key.
fn begun_from(known: &Known<'_, '_>, at: At, source: At, keys: &[usize]) -> Option<Vec<usize>> {
    let model = known.model;
    let writers = model.few_writers(at, RULES_MAX)?;
    if !model.only_gains(at) || writers.is_empty() {
        return None;
    }
    let mut common: Option<Vec<usize>> = None;
    for &writer in writers {
        let summary = model.rule(writer);
        let own = summary.positive().find_map(|(_, begin)| {
            let is_source = model.place(writer, begin.collection) == source;
            is_source.then(|| carried(summary, begin, keys)).flatten()
        })?;
        if common.get_or_insert_with(|| own.clone()) != &own {
            return None;
        }
    }
    common
}

/// The head's columns that have the values of the atom's key columns.
fn carried(summary: &RuleSummary, atom: &Atom, keys: &[usize]) -> Option<Vec<usize>> {
    let column = |&key: &usize| {
        let mut heads = summary.columns.iter();
        heads.position(|head| same_value(head, &atom.terms[key]))
    };
    keys.iter().map(column).collect()
}

/// Whether the parent's key column in the inner rule reaches a head column that the outer atom binds to the
/// same term as its own parent's.
fn same_key(
    inner: &RuleSummary,
    atom: &Atom,
    parent: &crate::calm::flow::Term,
    held: &crate::calm::flow::Term,
) -> bool {
    if parent.is_fixed() {
        return same_value(parent, held);
    }
    let mut columns = inner.columns.iter().enumerate();
    columns
        .any(|(place, column)| same_value(column, parent) && same_value(&atom.terms[place], held))
}
