//! An aggregate that is only compared with a bound is a threshold: `n >= 2` of a `count()` asks whether there
//! are two rows, and stays true while rows only come.
//!
//! The reading rule then depends on the rows that are aggregated, not on the value: it grows where they grow
//! and shrinks where they shrink. One row is enough for `max`, `min`, `any` and `all` to pass their bound,
//! for `count() >= 1`, and for a value that is not used at all; such a threshold is a join homomorphism, and
//! holds in some tick exactly if it holds for the union of all ticks. The other direction (`n < 2`) does
//! not even shrink as the rows grow, since a group without rows gives no row.
//!
//! A group has a row, so that `n >= 1` and `n != 0` always hold of its count, `n != 1` is `n >= 2`, and what asks for
//! `n < 1` asks in vain.
//!
//! Conditions: one rule derives the aggregate, in the same tick; the value is used in comparisons with
//! something else only.

use std::collections::BTreeSet;

use crate::calm::body::{Basis, Known, Share};
use crate::calm::dependencies::is_fact;
use crate::calm::flow::{Atom, Comparison, RuleSummary, Term, Test};
use crate::calm::found::Found;
use crate::calm::model::RuleAt;
use crate::calm::properties::Props;
use crate::calm::refine::{allotted, bounded};
use crate::calm::sealing::same_value;
use crate::hir::{AggregateFunction, Arrow, CollectionKind, Expr, LitKind, VarId};

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
    let inner = aggregating_rule(known.basis(), rule, place)?;
    let at = known
        .model
        .place(rule, known.model.rule(rule).atoms[place].collection);
    let plain = found.plain(at, inner);
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
pub fn aggregating_rule(known: Basis<'_, '_>, rule: RuleAt, place: usize) -> Option<RuleAt> {
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
        && !known.dependencies.has_conflict(at);
    fits.then_some(inner)
}

fn asked(known: &Known<'_, '_>, rule: RuleAt, place: usize, inner: RuleAt) -> Asks {
    let summary = known.model.rule(rule);
    let atom = &summary.atoms[place];
    let mut all = Asks::Nothing;
    for aggregate in &known.model.rule(inner).aggregates {
        let asks = match &atom.terms[aggregate.column as usize] {
            Term::Any => Asks::Nothing,
            Term::Var(var) => {
                let of = (aggregate.function, inner);
                of_variable(known, (rule, summary), place, *var, of)
            }
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
    (rule, summary): (RuleAt, &RuleSummary),
    place: usize,
    var: VarId,
    (function, inner): (AggregateFunction, RuleAt),
) -> Asks {
    let occurrences = summary.atoms[place].terms.iter();
    let once = occurrences
        .filter(|term| term.vars().contains(&var))
        .count()
        == 1;
    // Where only one value passes, it is no matter where else that is used.
    if once && exactly_known(known, rule, (place, var), inner) {
        return Asks::Enough;
    }
    if !once || summary.is_used_beside(var, place) {
        return Asks::Other;
    }
    // An aggregate of the reading rule could use it, which its summary does not tell.
    if !summary.aggregates.is_empty() {
        return Asks::Other;
    }
    let asks = |test: &Test| passes_upwards(test, var, function);
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

/// Whether the variable of the atom is held to be a number that is known, and there cannot be more rows than that.
fn exactly_known(
    known: &Known<'_, '_>,
    rule: RuleAt,
    (place, var): (usize, VarId),
    inner: RuleAt,
) -> bool {
    let summary = known.model.rule(rule);
    let allotted = |limit: &Term| {
        let counted = &summary.atoms[place];
        allotted::is_at_most(known.basis(), rule, counted, inner, limit)
    };
    let enough = |number: Option<i64>| {
        number.is_some_and(|least| exactly(known, inner, least) == Asks::Enough)
    };
    let is_own = |term: &Term| *term == Term::Var(var);
    let compared = summary.tests.iter().any(|test| match test {
        Test::Compare {
            left,
            op: Comparison::Equal,
            right,
        } => {
            let other = match (is_own(left), is_own(right)) {
                (true, false) => right,
                (false, true) => left,
                (true, true) | (false, false) => return false,
            };
            enough(number(known, inner, summary, other)) || allotted(other)
        }
        Test::Compare { .. } | Test::Holds { .. } | Test::Contains { .. } | Test::Other { .. } => {
            false
        }
    });
    let mut joined = summary.positive().filter(|(other, _)| *other != place);
    compared
        || allotted(&Term::Var(var))
        || joined.any(|(_, atom)| {
            atom.terms.iter().enumerate().any(|(column, term)| {
                is_own(term) && enough(count_of_facts(known, inner, atom, column))
            })
        })
}

/// Whether the rule holds the count that the atom reads to be as many as there can be.
pub fn is_exact(known: &Known<'_, '_>, rule: RuleAt, place: usize, counting: RuleAt) -> bool {
    let summary = known.model.rule(rule);
    let [aggregate] = &known.model.rule(counting).aggregates[..] else {
        return false;
    };
    match &summary.atoms[place].terms[aggregate.column as usize] {
        Term::Var(var) => exactly_known(known, rule, (place, *var), counting),
        Term::Literal(LitKind::Int(least)) => exactly(known, counting, *least) == Asks::Enough,
        _ => false,
    }
}

/// The number that the term stands for, if it is the same in every run.
fn number(
    known: &Known<'_, '_>,
    beside: RuleAt,
    summary: &RuleSummary,
    term: &Term,
) -> Option<i64> {
    match term {
        Term::Literal(LitKind::Int(number)) => Some(*number),
        Term::Constant(constant) => {
            let constant = &known.model.program.constants[*constant];
            let init = constant.init.as_ref().filter(|_| !constant.parameter)?;
            match init.expr(init.value?) {
                Expr::Literal(LitKind::Int(number)) => Some(*number),
                _ => None,
            }
        }
        Term::Var(_) => summary.positive().find_map(|(_, atom)| {
            let column = atom.terms.iter().position(|own| own == term)?;
            count_of_facts(known, beside, atom, column)
        }),
        Term::Any | Term::Literal(_) | Term::SelfAddr | Term::Of { .. } => None,
    }
}

/// The value of a column that counts all rows of a collection of facts. The atom is read by a rule of the same
/// kind of node as `beside`.
fn count_of_facts(
    known: &Known<'_, '_>,
    beside: RuleAt,
    atom: &Atom,
    column: usize,
) -> Option<i64> {
    let model = known.model;
    let &[counting] = model.writers(model.place(beside, atom.collection)) else {
        return None;
    };
    let of = model.rule(counting);
    let ([aggregate], [facts]) = (&of.aggregates[..], &of.atoms[..]) else {
        return None;
    };
    let counts = aggregate.column as usize == column
        && aggregate.function == AggregateFunction::Count
        && of.columns.len() == 1
        && of.arrow == Arrow::Merge
        && !of.bootstrap
        && of.tests.is_empty()
        && of.bindings.is_empty()
        && !facts.negated
        && facts.terms.iter().all(Term::is_any);
    let at = model.place(counting, facts.collection);
    let writers = model.writers(at);
    let fixed = !model.is_source(at)
        && model.is_kept(at)
        && !model.shape(at).has_plain_values()
        && !model.shape(at).columns.iter().any(|column| column.lattice)
        && writers
            .iter()
            .all(|&writer| is_plain_fact(model.rule(writer)));
    if !counts || !fixed {
        return None;
    }
    let rows: BTreeSet<String> = writers
        .iter()
        .map(|&writer| format!("{:?}", model.rule(writer).columns))
        .collect();
    i64::try_from(rows.len()).ok()
}

/// A fact whose columns are written out, in a form in which two are equal only if they look so.
fn is_plain_fact(summary: &RuleSummary) -> bool {
    let plain = |term: &Term| {
        matches!(
            term,
            Term::Literal(LitKind::Int(_) | LitKind::Bool(_) | LitKind::Str(_))
        )
    };
    is_fact(summary) && summary.arrow == Arrow::Merge && summary.columns.iter().all(plain)
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
        Test::Contains { .. } | Test::Other { .. } => Asks::Other,
    }
}

/// Whether the rule asks for a count that no group has: `n < 1`.
pub fn asks_in_vain(basis: Basis<'_, '_>, rule: RuleAt) -> bool {
    let summary = basis.model.rule(rule);
    let too_few = |term: &Term, op: Comparison| match (term, op) {
        (Term::Literal(LitKind::Int(number)), Comparison::Less) => *number <= 1,
        (Term::Literal(LitKind::Int(number)), Comparison::LessEqual | Comparison::Equal) => {
            *number <= 0
        }
        _ => false,
    };
    let is_vain = |count: &Term| {
        too_few(count, Comparison::Equal)
            || summary.tests.iter().any(|test| match test {
                Test::Compare { left, op, right } => {
                    (same_value(left, count) && too_few(right, *op))
                        || (same_value(right, count) && too_few(left, op.flipped()))
                }
                Test::Holds { .. } | Test::Contains { .. } | Test::Other { .. } => false,
            })
    };
    let mut atoms = summary.positive();
    atoms.any(|(place, atom)| {
        let counting = aggregating_rule(basis, rule, place);
        counting.is_some_and(|counting| {
            let aggregates = basis.model.rule(counting).aggregates.iter();
            aggregates
                .filter(|aggregate| aggregate.function == AggregateFunction::Count)
                .any(|aggregate| is_vain(&atom.terms[aggregate.column as usize]))
        })
    })
}

fn passes(op: Comparison, bound: &Term, function: AggregateFunction) -> Asks {
    let above = matches!(op, Comparison::Greater | Comparison::GreaterEqual);
    let below = matches!(op, Comparison::Less | Comparison::LessEqual);
    let truth =
        |wanted: bool| op == Comparison::Equal && *bound == Term::Literal(LitKind::Bool(wanted));
    let no_less = op == Comparison::NotEqual && matches!(bound, Term::Literal(LitKind::Int(..=1)));
    let is_upwards = match function {
        AggregateFunction::Max => above,
        AggregateFunction::Count => above || no_less,
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
        // A group has a row, so that its count is no less than one.
        (Comparison::NotEqual, Term::Literal(LitKind::Int(number))) => *number <= 0,
        _ => false,
    };
    match (is_upwards, function) {
        (false, _) => Asks::Other,
        (true, AggregateFunction::Count) if !one_is_enough => Asks::Enough,
        (true, _) => Asks::One,
    }
}
