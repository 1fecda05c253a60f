//! A guard that only stops a row from being derived a second time: dedupe, "send once", "send until
//! acknowledged".
//!
//! In `out{id, text} <~ note{id, text}, not sent{id}` the row is blocked only when there is a row of `sent`
//! with its id. If each derivation of `sent` goes back to a row of `out` with that id, at this node, and the
//! id determines the whole row of `out`, then the blocked row has been derived before. So the union over
//! all ticks of what the rule gives is the same with and without the guard. (Nothing is said of what it
//! gives in one tick: only U is gained.) It is the same where `sent` follows what triggers the rule, as in
//! `sent{id} <+ note{id}`: the first note with that id found no row of `sent`.
//!
//! Aggregates of the head are determined by its other columns once seals say that they are final: "answer once, when
//! all is there".
//!
//! "Goes back to" is a map from the columns of the guard to columns of one row among its causes, found
//! backwards over all rules of the guard and of what they read, across nodes where messages carry the
//! address of the sender.

use crate::calm::body::Basis;
use crate::calm::dependencies::Span;
use crate::calm::flow::{Atom, SELF, Term};
use crate::calm::model::{At, RuleAt};
use crate::calm::refine::contained::{is_contained, is_simple, was_given};
use crate::calm::sealing::same_value;
use crate::hir::{Arrow, VarId};

/// How many rules back a cause is looked for, how many at each place, and how many causes are kept.
const DEPTH_MAX: usize = 8;
const RULES_MAX: usize = 16;
const CAUSES_MAX: usize = 8;

/// A row of the head among the causes of a row of another collection.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Cause {
    /// Of each column of the caused row, the columns of the cause that have its value.
    columns: Vec<Vec<usize>>,
    /// The columns of the cause that have the address of the node where the caused row is.
    own: Vec<usize>,
    /// Whether the cause is at that node.
    here: bool,
}

/// The negated atoms of the rule that block only what was derived before.
pub fn unneeded(known: Basis<'_, '_>, rule: RuleAt) -> Vec<usize> {
    let summary = known.model.rule(rule);
    let model = known.model;
    let head = model.head(rule);
    let lattice = model
        .shape(head)
        .columns
        .iter()
        .any(|column| column.lattice);
    let fits = !summary.bootstrap
        && !summary.chance
        && (summary.aggregates.is_empty() || known.sealing.is_final(model, rule))
        && summary.arrow != Arrow::DeferredDelete
        && !lattice;
    if !fits {
        return Vec::new();
    }
    let atoms = summary.atoms.iter().enumerate();
    atoms
        .filter(|(place, atom)| {
            atom.negated
                && (repeats(known, rule, head, atom)
                    || follows_trigger(known, rule, *place)
                    || was_given(known, rule, atom))
        })
        .map(|(place, _)| place)
        .collect()
}

/// Whether a row of the guard comes only one tick after all else that the rule asks for was there with
/// the same values. The first time that it was, the guard did not stop the rule.
fn follows_trigger(known: Basis<'_, '_>, rule: RuleAt, place: usize) -> bool {
    let (model, summary) = (known.model, known.model.rule(rule));
    let guard = &summary.atoms[place];
    let mut writers = model.inserters(model.place(rule, guard.collection));
    let deferred = |writer: RuleAt| {
        let of = model.rule(writer);
        of.arrow == Arrow::DeferredMerge && is_simple(of)
    };
    if !is_simple(summary) || !writers.all(deferred) {
        return false;
    }
    let asked: Vec<usize> = (0..guard.terms.len())
        .filter(|&column| !guard.terms[column].is_any())
        .collect();
    let mut trigger = summary.clone();
    trigger.atoms.remove(place);
    trigger.columns = asked.iter().map(|&c| guard.terms[c].clone()).collect();
    let mut writers = model
        .inserters(model.place(rule, guard.collection))
        .peekable();
    let follows = writers.peek().is_some()
        && writers.all(|writer| {
            let of = model.rule(writer);
            let head: Vec<Term> = asked.iter().map(|&c| of.columns[c].clone()).collect();
            let between = (model, &[rule, writer][..]);
            is_contained(between, &trigger, &head, &of.atoms, &of.tests)
        });
    follows && {
        let vars = guard.terms.iter().flat_map(Term::vars).copied();
        let seeds = vars.chain([SELF]).collect();
        let told = known.dependencies.closure(rule, seeds, Span::Run);
        let is_told = |term: &Term| term.vars().iter().all(|var| told.contains(var));
        let mut columns = summary.columns.iter();
        columns.all(|term| !term.is_any() && is_told(term))
    }
}

fn repeats(known: Basis<'_, '_>, rule: RuleAt, head: At, atom: &Atom) -> bool {
    let guard = known.model.place(rule, atom.collection);
    let causes = match guard == head {
        true => vec![itself(known, head)],
        false => causes(known, guard, head, &mut Vec::new()),
    };
    causes
        .iter()
        .any(|cause| tells_row(known, rule, head, atom, cause))
}

/// Whether what the guard shares with its cause makes the cause the row that is blocked.
fn tells_row(known: Basis<'_, '_>, rule: RuleAt, head: At, atom: &Atom, cause: &Cause) -> bool {
    let summary = known.model.rule(rule);
    let matched = |place: usize, term: &Term| {
        let asked = atom.terms.iter().zip(&cause.columns);
        let by_column = asked
            .into_iter()
            .any(|(own, columns)| columns.contains(&place) && same_value(own, term));
        by_column || (*term == Term::SelfAddr && cause.own.contains(&place))
    };
    let places: Vec<usize> = (0..summary.columns.len())
        .filter(|&place| matched(place, &summary.columns[place]))
        .collect();
    if places.len() == summary.columns.len() {
        return true;
    }
    if known.model.inserters(head).count() != 1 {
        return false;
    }
    let mut seeds: Vec<VarId> = places
        .iter()
        .flat_map(|&place| summary.columns[place].vars().to_vec())
        .filter(|&var| var != SELF)
        .collect();
    let at_this_node = cause.here
        || places
            .iter()
            .any(|&place| summary.columns[place] == Term::SelfAddr);
    if at_this_node {
        seeds.push(SELF);
    }
    let determined = known.dependencies.closure(rule, seeds, Span::Run);
    // Aggregates, if there are any, are final for the group.
    let is_aggregate = |place: usize| {
        let mut aggregates = summary.aggregates.iter();
        aggregates.any(|aggregate| aggregate.column as usize == place)
    };
    let mut columns = summary.columns.iter().enumerate();
    columns.all(|(place, term)| match term {
        Term::Any => is_aggregate(place),
        _ => term.vars().iter().all(|var| determined.contains(var)),
    })
}

/// A row as its own cause.
fn itself(known: Basis<'_, '_>, at: At) -> Cause {
    let columns = known.model.shape(at).columns.len();
    let location = known.model.location(at);
    Cause {
        columns: (0..columns).map(|column| vec![column]).collect(),
        own: location.into_iter().collect(),
        here: location.is_none(),
    }
}

/// Rows of `head` of which each row of `at` has one among its causes, each with what they share.
fn causes(known: Basis<'_, '_>, at: At, head: At, open: &mut Vec<At>) -> Vec<Cause> {
    let model = known.model;
    let rules: Vec<RuleAt> = model.inserters(at).collect();
    if open.contains(&at)
        || open.len() > DEPTH_MAX
        || rules.is_empty()
        || rules.len() > RULES_MAX
        || model.is_source(at)
    {
        return Vec::new();
    }
    open.push(at);
    let mut common: Option<Vec<Cause>> = None;
    for rule in rules {
        let own = by_rule(known, at, rule, head, open);
        let joined = match common {
            None => own,
            Some(before) => shared(&before, &own),
        };
        common = Some(joined);
        if common.as_ref().is_some_and(Vec::is_empty) {
            break;
        }
    }
    open.pop();
    common.unwrap_or_default()
}

fn by_rule(known: Basis<'_, '_>, at: At, rule: RuleAt, head: At, open: &mut Vec<At>) -> Vec<Cause> {
    let summary = known.model.rule(rule);
    let mut found = Vec::new();
    for (_, atom) in summary.positive() {
        let from = known.model.place(rule, atom.collection);
        let of_atom = match from == head {
            true => vec![itself(known, head)],
            false => causes(known, from, head, open),
        };
        for cause in of_atom {
            if found.len() < CAUSES_MAX {
                found.push(handed_on(known, at, &summary.columns, atom, &cause));
            }
        }
    }
    found
}

/// A cause of an atom's row as a cause of the head's.
fn handed_on(known: Basis<'_, '_>, at: At, columns: &[Term], atom: &Atom, cause: &Cause) -> Cause {
    let of_term = |term: &Term| -> Vec<usize> {
        if *term == Term::SelfAddr {
            return cause.own.clone();
        }
        let terms = atom.terms.iter().zip(&cause.columns);
        let same = terms.filter(|(own, _)| same_value(own, term));
        same.flat_map(|(_, columns)| columns.clone()).collect()
    };
    let columns: Vec<Vec<usize>> = columns.iter().map(of_term).collect();
    match known.model.location(at) {
        // It will be at the node that it names.
        Some(location) => Cause {
            own: columns[location].clone(),
            columns,
            here: false,
        },
        None => Cause {
            columns,
            own: cause.own.clone(),
            here: cause.here,
        },
    }
}

/// What holds by either rule.
fn shared(one: &[Cause], other: &[Cause]) -> Vec<Cause> {
    let both = |a: &[usize], b: &[usize]| -> Vec<usize> {
        a.iter()
            .copied()
            .filter(|place| b.contains(place))
            .collect()
    };
    let mut found = Vec::new();
    for a in one {
        for b in other {
            if found.len() == CAUSES_MAX {
                return found;
            }
            let columns = a.columns.iter().zip(&b.columns);
            found.push(Cause {
                columns: columns.map(|(a, b)| both(a, b)).collect(),
                own: both(&a.own, &b.own),
                here: a.here && b.here,
            });
        }
    }
    found
}
