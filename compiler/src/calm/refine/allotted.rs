//! A count that cannot pass a number which a row says: as many parts as their list announces, where parts are
//! numbered below it.
//!
//! In `whole{f} <= size{f, n}, have{f, n}` with `have{f, n: count()} <= part{f}` and `part{f, i} <= size{f, n}, i in 0..n,
//! come{f, i}` the row of `size` never changes, and each row that is counted has another number from 0 to below `n`. So
//! there are never more than `n`: to be as many is a threshold upwards, and final. Such numbers are told by a
//! range, or by comparisons with 0 and `n`, in the rule that counts or in every rule from which its rows come.
//!
//! As well a row may say a set, or a list, and what is counted be among its elements: `aboard{t, who} <= crew{t, names},
//! who in names, come{t, who}`. There are never more of those than `names.size()`.
//!
//! Once they are as many, they are all there, and as they stay: they may then be aggregated.

use crate::calm::body::{Basis, Known};
use crate::calm::dependencies::is_fact;
use crate::calm::flow::{Atom, Comparison, RuleSummary, Source, Term, Test};
use crate::calm::found::Found;
use crate::calm::model::{At, RuleAt};
use crate::calm::properties::Props;
use crate::calm::refine::threshold;
use crate::calm::sealing::{groups, same_value};
use crate::hir::{AggregateFunction, CollectionKind, LitKind, VarId};

/// Rows are followed back through so many rules.
const DEPTH_MAX: usize = 8;

/// What limits a count: a value that a row says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// The number itself; what is counted has numbers below it.
    Number,
    /// Elements, as many as the limit is; what is counted is among them.
    Elements,
}

/// The limit that a row says: where, and in which terms of a rule its key stands.
#[derive(Clone)]
struct Allotment {
    at: At,
    column: usize,
    limit: Limit,
    /// By key column of `at`.
    keys: Vec<(usize, Term)>,
}

/// Whether what the atom counts, by the rule `counting`, is never more than `limit`, a term of the reading rule.
pub fn is_at_most(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    counted: &Atom,
    counting: RuleAt,
    limit: &Term,
) -> bool {
    let summary = basis.model.rule(rule);
    let mut parents = summary.positive();
    parents.any(|(_, parent)| {
        let Some(own) = allotment(basis, rule, parent, limit) else {
            return false;
        };
        let inner = basis.model.rule(counting);
        let carried = own.keys.iter().map(|(key, term)| {
            let mut groups = counted.terms.iter().zip(&inner.columns);
            let group = groups.find(|(own, _)| same_value(own, term));
            group.map(|(_, column)| (*key, column.clone()))
        });
        let keys: Option<Vec<(usize, Term)>> = carried.collect();
        keys.is_some_and(|keys| counts_below(basis, counting, &Allotment { keys, ..own }))
    })
}

/// What the parent says by a value of its row, if that never changes.
fn allotment(basis: Basis<'_, '_>, rule: RuleAt, parent: &Atom, limit: &Term) -> Option<Allotment> {
    let model = basis.model;
    let (said, kind) = match elements(model.rule(rule), limit) {
        Some(elements) => (Term::Var(elements), Limit::Elements),
        None => (limit.clone(), Limit::Number),
    };
    let at = model.place(rule, parent.collection);
    let shape = model.shape(at);
    let fits = |column: &usize| {
        let shape = &shape.columns[*column];
        !shape.key && !shape.lattice && (kind == Limit::Number || shape.elements)
    };
    let mut columns = (0..parent.terms.len()).filter(fits);
    let column = columns.find(|&column| same_value(&parent.terms[column], &said))?;
    let keys = shape
        .key_columns()
        .map(|key| (key, parent.terms[key].clone()));
    let keys: Vec<(usize, Term)> = keys.collect();
    let told = keys.iter().all(|(_, term)| matches!(term, Term::Var(_)));
    (told && basis.dependencies.lasts(at)).then_some(Allotment {
        at,
        column,
        limit: kind,
        keys,
    })
}

/// The variable whose elements the term counts, or a `let` that it names.
fn elements(summary: &RuleSummary, term: &Term) -> Option<VarId> {
    let bound = |var: &VarId| {
        let mut bindings = summary.bindings.iter();
        bindings.find_map(|binding| match &binding.source {
            Source::Value(value) if !binding.generates && binding.binds == [*var] => Some(value),
            Source::Value(_) | Source::Range(..) => None,
        })
    };
    match term {
        Term::Var(var) => bound(var)?.counts_elements_of(),
        _ => term.counts_elements_of(),
    }
}

/// Whether each row that the rule counts in a group has another number below the allotted one.
fn counts_below(basis: Basis<'_, '_>, counting: RuleAt, allotment: &Allotment) -> bool {
    let summary = basis.model.rule(counting);
    let counts = summary
        .aggregates
        .iter()
        .all(|aggregate| aggregate.function == AggregateFunction::Count);
    let is_told = match number_of_rows(basis, counting) {
        Some(Number::Var(number)) => is_below(basis, counting, number, allotment, DEPTH_MAX),
        Some(Number::Column(place, column)) => {
            let atom = &summary.atoms[place];
            comes_below(basis, counting, atom, column, allotment, DEPTH_MAX)
        }
        None => false,
    };
    counts && is_told
}

/// What tells rows of one group from each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    Var(VarId),
    /// Of an atom, by place, which leaves it open.
    Column(usize, usize),
}

fn number_of_rows(basis: Basis<'_, '_>, rule: RuleAt) -> Option<Number> {
    let summary = basis.model.rule(rule);
    let groups = groups(summary);
    let told = |term: &Term| term.is_fixed() || groups.iter().any(|group| same_value(group, term));
    let mut number: Option<Number> = None;
    let mut is_number = |own: Number| *number.get_or_insert(own) == own;
    for (place, atom) in summary.positive() {
        let at = basis.model.place(rule, atom.collection);
        for key in basis.model.shape(at).key_columns() {
            let is_only = match &atom.terms[key] {
                term if told(term) => true,
                Term::Var(var) => is_number(Number::Var(*var)),
                Term::Any => is_number(Number::Column(place, key)),
                _ => false,
            };
            if !is_only {
                return None;
            }
        }
    }
    let generators = summary.bindings.iter().filter(|binding| binding.generates);
    for generator in generators {
        match generator.binds[..] {
            [var] if told(&Term::Var(var)) || is_number(Number::Var(var)) => {}
            _ => return None,
        }
    }
    number
}

/// Whether the variable is a number from 0 to below the allotted one.
fn is_below(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    number: VarId,
    allotment: &Allotment,
    depth: usize,
) -> bool {
    let summary = basis.model.rule(rule);
    if is_bounded_here(basis, rule, number, allotment) {
        return true;
    }
    depth > 0
        && summary.positive().any(|(_, atom)| {
            let is_number = |term: &Term| *term == Term::Var(number);
            let column = atom.terms.iter().position(is_number);
            column.is_some_and(|column| comes_below(basis, rule, atom, column, allotment, depth))
        })
}

/// Whether every rule that derives the atom's rows gives such a number in the column.
fn comes_below(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    column: usize,
    allotment: &Allotment,
    depth: usize,
) -> bool {
    let model = basis.model;
    let at = model.place(rule, atom.collection);
    let is_derived = !model.is_source(at)
        && matches!(
            model.collection(at).kind,
            CollectionKind::Table | CollectionKind::Scratch | CollectionKind::View
        );
    let places = allotment.keys.iter().map(|(key, term)| {
        let mut terms = atom.terms.iter();
        Some((*key, terms.position(|own| same_value(own, term))?))
    });
    let places: Option<Vec<(usize, usize)>> = places.collect();
    let (Some(places), true) = (places, is_derived) else {
        return false;
    };
    let mut rules = model.inserters(at).peekable();
    rules.peek().is_some()
        && rules.all(|inner| {
            let of = model.rule(inner);
            let keys = places
                .iter()
                .map(|&(key, place)| (key, of.columns[place].clone()));
            let inner_allotment = Allotment {
                keys: keys.collect(),
                ..allotment.clone()
            };
            match &of.columns[column] {
                Term::Var(var) if !is_fact(of) => {
                    is_below(basis, inner, *var, &inner_allotment, depth - 1)
                }
                _ => false,
            }
        })
}

fn is_bounded_here(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    number: VarId,
    allotment: &Allotment,
) -> bool {
    match allotment.limit {
        Limit::Number => is_number_below(basis, rule, number, allotment),
        Limit::Elements => is_element(basis, rule, number, allotment),
    }
}

fn is_element(basis: Basis<'_, '_>, rule: RuleAt, element: VarId, allotment: &Allotment) -> bool {
    let summary = basis.model.rule(rule);
    let is_allotted = |term: &Term| says(basis, rule, term, allotment);
    let drawn = summary
        .bindings
        .iter()
        .any(|binding| match &binding.source {
            Source::Value(elements) => {
                binding.generates && binding.binds == [element] && is_allotted(elements)
            }
            Source::Range(..) => false,
        });
    drawn
        || summary.tests.iter().any(|test| match test {
            Test::Contains {
                elements,
                element: own,
            } => *own == element && is_allotted(&Term::Var(*elements)),
            Test::Compare { .. } | Test::Holds { .. } | Test::Other { .. } => false,
        })
}

fn is_number_below(
    basis: Basis<'_, '_>,
    rule: RuleAt,
    number: VarId,
    allotment: &Allotment,
) -> bool {
    let summary = basis.model.rule(rule);
    let is_allotted = |term: &Term| says(basis, rule, term, allotment);
    let ranges = summary
        .bindings
        .iter()
        .any(|binding| match &binding.source {
            Source::Range(from, to) => {
                binding.generates
                    && binding.binds == [number]
                    && is_natural(from)
                    && is_allotted(to)
            }
            Source::Value(_) => false,
        });
    ranges
        || (compares(summary, number, |op, other| match op {
            Comparison::GreaterEqual => is_natural(other),
            Comparison::Greater => is_natural(other) || is_minus_one(other),
            _ => false,
        }) && compares(summary, number, |op, other| {
            op == Comparison::Less && is_allotted(other)
        }))
}

/// Whether the rule holds the variable to a comparison of this kind.
fn compares(
    summary: &RuleSummary,
    number: VarId,
    fits: impl Fn(Comparison, &Term) -> bool,
) -> bool {
    summary.tests.iter().any(|test| match test {
        Test::Compare { left, op, right } => {
            (*left == Term::Var(number) && fits(*op, right))
                || (*right == Term::Var(number) && fits(op.flipped(), left))
        }
        Test::Holds { .. } | Test::Contains { .. } | Test::Other { .. } => false,
    })
}

const fn is_natural(term: &Term) -> bool {
    matches!(term, Term::Literal(LitKind::Int(0..)))
}

const fn is_minus_one(term: &Term) -> bool {
    matches!(term, Term::Literal(LitKind::Int(-1)))
}

/// Whether the term is what the allotment says, from a row that the rule reads.
fn says(basis: Basis<'_, '_>, rule: RuleAt, term: &Term, allotment: &Allotment) -> bool {
    let model = basis.model;
    let mut atoms = model.rule(rule).positive();
    matches!(term, Term::Var(_))
        && atoms.any(|(_, atom)| {
            model.place(rule, atom.collection) == allotment.at
                && atom.terms[allotment.column] == *term
                && allotment
                    .keys
                    .iter()
                    .all(|(key, own)| same_value(&atom.terms[*key], own))
        })
}

/// Whether the rule reads the atom only where as many of its rows are there as there can be.
pub fn is_complete(known: &Known<'_, '_>, rule: RuleAt, atom: &Atom, found: &Found) -> bool {
    let model = known.model;
    let at = model.place(rule, atom.collection);
    let shape = model.shape(at);
    let stays = !atom.negated
        && !shape.columns.iter().any(|column| column.lattice)
        && found.place(at).has(Props::GROWS.with(Props::UNION))
        && known.dependencies.lasts(at);
    let summary = model.rule(rule);
    stays
        && summary.positive().any(|(place, gate)| {
            let counting = threshold::aggregating_rule(known.basis(), rule, place);
            counting.is_some_and(|counting| {
                counts_all(known, rule, atom, gate, counting)
                    && threshold::is_exact(known, rule, place, counting)
            })
        })
}

/// Whether the atom reads a count of the group, held to be as many as there can be: it only says whether they are.
pub fn is_gate(known: &Known<'_, '_>, rule: RuleAt, place: usize, groups: &[Term]) -> bool {
    let atom = &known.model.rule(rule).atoms[place];
    let shape = known.model.shape(known.model.place(rule, atom.collection));
    let told = |term: &Term| term.is_fixed() || groups.iter().any(|group| same_value(group, term));
    !atom.negated
        && shape.key_columns().all(|key| told(&atom.terms[key]))
        && threshold::aggregating_rule(known.basis(), rule, place)
            .is_some_and(|counting| threshold::is_exact(known, rule, place, counting))
}

/// Whether what is counted are the rows of the atom's collection that it can read.
fn counts_all(
    known: &Known<'_, '_>,
    rule: RuleAt,
    atom: &Atom,
    gate: &Atom,
    counting: RuleAt,
) -> bool {
    let model = known.model;
    let of = model.rule(counting);
    let [counted] = &of.atoms[..] else {
        return false;
    };
    let groups = groups(of);
    let mut vars: Vec<VarId> = Vec::new();
    let plain = counted.terms.iter().all(|term| match term {
        Term::Any => true,
        Term::Var(var) if !vars.contains(var) => {
            vars.push(*var);
            true
        }
        _ => false,
    });
    let is_whole = !counted.negated
        && plain
        && of.tests.is_empty()
        && of.bindings.is_empty()
        && of
            .aggregates
            .iter()
            .all(|aggregate| aggregate.operand.is_none())
        && model.place(counting, counted.collection) == model.place(rule, atom.collection);
    // Of each column by which it counts, the atom asks for the group of the gate.
    let mut asked = counted.terms.iter().zip(&atom.terms);
    is_whole
        && asked.all(|(inner, own)| match groups.contains(inner) {
            true => {
                let mut columns = of.columns.iter().zip(&gate.terms);
                columns.any(|(column, term)| column == inner && same_value(term, own))
            }
            false => true,
        })
}
