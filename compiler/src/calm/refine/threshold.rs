//! An aggregate that is only compared with a bound is a threshold: `n >= 2` of a `count()` asks whether there
//! are two rows, and stays true while rows only come.
//!
//! The reading rule then depends on the rows that are aggregated, not on the value: it grows where they grow
//! and shrinks where they shrink. One row is enough for `max`, `min`, `any` and `all` to pass their bound,
//! for `count() >= 1`, and for a value that is not used at all; such a threshold is a join homomorphism, and
//! holds in some tick exactly if it holds for the union of all ticks. The other direction (`n < 2`) does
//! not even shrink as the rows grow, since a group without rows gives no row.
//!
//! Conditions: one rule derives the aggregate, in the same tick; the value is used in comparisons with
//! something else only.

use crate::calm::body::{Found, Known, Share};
use crate::calm::flow::{Comparison, RuleSummary, Term, Test};
use crate::calm::model::RuleAt;
use crate::calm::properties::Props;
use crate::calm::refine::bounded;
use crate::hir::{AggregateFunction, Arrow, CollectionKind, LitKind, VarId};

/// What a rule asks of an aggregate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asks {
    Nothing,
    /// Whether there is one row of a kind.
    One,
    /// Whether there are enough.
    Enough,
    Other,
}

/// The share of an atom that reads an aggregate, where its rule only asks for a threshold.
pub fn share(known: &Known<'_, '_>, rule: RuleAt, place: usize, found: &Found) -> Option<Share> {
    let inner = aggregating_rule(known, rule, place)?;
    let plain = found.rules[inner].plain;
    match asked(known, rule, place, inner) {
        Asks::Nothing | Asks::One => Some(plain),
        Asks::Enough => Some(Share {
            props: plain.props.without(Props::UNION).closed(),
            distributes: false,
            positive: true,
        }),
        Asks::Other => None,
    }
}

/// The only rule of the collection that the atom reads, if it aggregates.
pub fn aggregating_rule(known: &Known<'_, '_>, rule: RuleAt, place: usize) -> Option<RuleAt> {
    let model = known.model;
    let atom = &model.rule(rule).atoms[place];
    let at = model.place(rule, atom.collection);
    if !matches!(
        model.collection(at).kind,
        CollectionKind::Scratch | CollectionKind::View
    ) {
        return None;
    }
    let &[inner] = model.writers(at) else {
        return None;
    };
    let summary = model.rule(inner);
    let fits = summary.aggregates_whole()
        && summary.arrow == Arrow::Merge
        && !summary.bootstrap
        && !summary.chance
        && known.dependencies.conflict(at).is_none();
    fits.then_some(inner)
}

fn asked(known: &Known<'_, '_>, rule: RuleAt, place: usize, inner: RuleAt) -> Asks {
    let summary = known.model.rule(rule);
    let atom = &summary.atoms[place];
    let mut all = Asks::Nothing;
    for aggregate in &known.model.rule(inner).aggregates {
        let asks = match &atom.terms[aggregate.column as usize] {
            Term::Any => Asks::Nothing,
            Term::Var(var) => of_variable(known, summary, place, *var, aggregate.function, inner),
            Term::Literal(LitKind::Int(least)) => exactly(known, inner, *least),
            Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => Asks::Other,
        };
        all = match (all, asks) {
            (Asks::Other, _) | (_, Asks::Other) => Asks::Other,
            (Asks::Nothing, one) | (one, Asks::Nothing) => one,
            // Two rows may pass one bound each.
            (Asks::One | Asks::Enough, Asks::One | Asks::Enough) => Asks::Enough,
        };
    }
    all
}

/// Whether there are `least` rows, of which there cannot be more.
fn exactly(known: &Known<'_, '_>, inner: RuleAt, least: i64) -> Asks {
    match bounded::is_at_most(known.basis(), inner, least) {
        true => Asks::Enough,
        false => Asks::Other,
    }
}

fn of_variable(
    known: &Known<'_, '_>,
    summary: &RuleSummary,
    place: usize,
    var: VarId,
    function: AggregateFunction,
    inner: RuleAt,
) -> Asks {
    let occurrences = summary.atoms[place].terms.iter();
    let once = occurrences
        .filter(|term| term.vars().contains(&var))
        .count()
        == 1;
    if !once || summary.is_used_beside(var, place) {
        return Asks::Other;
    }
    // An aggregate of the reading rule could use it, which its summary does not tell.
    if !summary.aggregates.is_empty() {
        return Asks::Other;
    }
    let asks = |test: &Test| match (passes_upwards(test, var, function), equal_to(test, var)) {
        (Asks::Other, Some(least)) => exactly(known, inner, least),
        (asks, _) => asks,
    };
    let mut all = Asks::Nothing;
    for test in summary.tests.iter().filter(|test| test.reads(var)) {
        all = match (all, asks(test)) {
            (Asks::Nothing, one) => one,
            (Asks::Other, _) | (_, Asks::Other) => Asks::Other,
            (Asks::One | Asks::Enough, _) => Asks::Enough,
        };
    }
    all
}

/// The number that the variable is compared with by `==`.
fn equal_to(test: &Test, var: VarId) -> Option<i64> {
    let Test::Compare {
        left,
        op: Comparison::Equal,
        right,
    } = test
    else {
        return None;
    };
    match (left, right) {
        (Term::Var(own), Term::Literal(LitKind::Int(n)))
        | (Term::Literal(LitKind::Int(n)), Term::Var(own))
            if *own == var =>
        {
            Some(*n)
        }
        _ => None,
    }
}

/// Whether the test, once passed, stays passed when rows come.
fn passes_upwards(test: &Test, var: VarId, function: AggregateFunction) -> Asks {
    match test {
        Test::Holds { negated, .. } => match (function, negated) {
            (AggregateFunction::Any, false) | (AggregateFunction::All, true) => Asks::One,
            _ => Asks::Other,
        },
        Test::Compare { left, op, right } => {
            let own = |term: &Term| *term == Term::Var(var);
            let (op, bound) = match (own(left), own(right)) {
                (true, false) => (*op, right),
                (false, true) => (op.flipped(), left),
                (true, true) | (false, false) => return Asks::Other,
            };
            if bound.vars().contains(&var) {
                return Asks::Other;
            }
            passes(op, bound, function)
        }
        Test::Other { .. } => Asks::Other,
    }
}

fn passes(op: Comparison, bound: &Term, function: AggregateFunction) -> Asks {
    let above = matches!(op, Comparison::Greater | Comparison::GreaterEqual);
    let below = matches!(op, Comparison::Less | Comparison::LessEqual);
    let truth =
        |wanted: bool| op == Comparison::Equal && *bound == Term::Literal(LitKind::Bool(wanted));
    let is_upwards = match function {
        AggregateFunction::Max | AggregateFunction::Count => above,
        AggregateFunction::Min => below,
        AggregateFunction::Any => truth(true),
        AggregateFunction::All => truth(false),
        AggregateFunction::Sum
        | AggregateFunction::Avg
        | AggregateFunction::List
        | AggregateFunction::Set
        | AggregateFunction::Argmin
        | AggregateFunction::Argmax
        | AggregateFunction::First => false,
    };
    let one_is_enough = match (op, bound) {
        (Comparison::GreaterEqual, Term::Literal(LitKind::Int(least))) => *least <= 1,
        (Comparison::Greater, Term::Literal(LitKind::Int(least))) => *least <= 0,
        _ => false,
    };
    match (is_upwards, function) {
        (false, _) => Asks::Other,
        (true, AggregateFunction::Count) if !one_is_enough => Asks::Enough,
        (true, _) => Asks::One,
    }
}
