//! A rule that gives nothing which another rule of the same head does not give.
//!
//! In every tick: there is a substitution of the other rule's variables that makes its head this rule's head
//! and each of its literals one of this rule's (Chandra and Merlin 1977, for literals that match as they
//! stand). Such a rule drops out. So it does where a chain of rules leads from its literals to the other's
//! ([`super::entailed`]): with `s{x} <= p{x}` and `o{x} <= s{x}`, the rule `o{x} <= p{x}, q{y}` gives nothing.
//!
//! Over the run: where this rule reads a row that is kept, each such row was put there by some rule; if
//! the body of each of those, with the row in its place, is contained in the other rule, then the other rule
//! has derived the same head in the tick in which the row came ("send again what was sent"). Nothing is added
//! to the union over all ticks; only U is gained. A rule that is kept back by a row that is kept is the same the
//! other way round: in `o{x} <= in_stock{x}; o{x} <= ordered{x}, not sold{x}` with `sold{x} <= in_stock{x}`, what is
//! kept back was given when the row of `sold` came.

use crate::calm::body::Basis;
use crate::calm::flow::{Atom, Comparison, RuleSummary, Term, Test};
use crate::calm::model::{At, Model, RuleAt};
use crate::calm::refine::entailed::Given;
use crate::calm::sealing::same_value;
use crate::hir::{Arrow, LitKind, VarId};

/// Heads with more rules are not compared, and kept collections with more writers not looked through.
const RULES_MAX: usize = 16;
/// Values that have no variable are numbered from here.
const UNNAMED: u32 = 1 << 24;

/// In which sense a rule adds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Redundant {
    No,
    /// Not to the union over all ticks.
    OverTheRun,
    /// Not in any tick.
    InEveryTick,
}

/// Whether other rules of the head make the rule redundant.
pub fn redundant(basis: Basis<'_, '_>, rule: RuleAt) -> Redundant {
    let model = basis.model;
    let head = model.head(rule);
    let summary = model.rule(rule);
    let at_once = summary.arrow == Arrow::Merge
        || (summary.arrow == Arrow::DeferredMerge && model.only_gains(head));
    if at_once && gives_what_it_reads(summary) {
        return Redundant::InEveryTick;
    }
    let is_compared = |writers: &[RuleAt]| writers.len() > 1 && is_simple(summary);
    if !model.few_writers(head, RULES_MAX).is_some_and(is_compared) {
        return Redundant::No;
    }
    for other in others(basis, rule) {
        let of = model.rule(other);
        if of.arrow == summary.arrow
            && smaller(model, other, rule)
            && is_contained(
                (model, &[rule, other]),
                of,
                &summary.columns,
                &summary.atoms,
                &summary.tests,
            )
        {
            return Redundant::InEveryTick;
        }
    }
    match stands_in(basis, rule) {
        Redundant::No if repeats_others(basis, rule) => Redundant::OverTheRun,
        found => found,
    }
}

/// Whether another rule gives the head's row by a chain of rules, in the same tick or in the next.
fn stands_in(basis: Basis<'_, '_>, rule: RuleAt) -> Redundant {
    let model = basis.model;
    let summary = model.rule(rule);
    let is_named = |term: &Term| !matches!(term, Term::Any | Term::Of { .. });
    if !summary.columns.iter().all(is_named) {
        return Redundant::No;
    }
    // Rules that stand in for others are used in one order only, and not where they are themselves left out for what
    // another one gives in another tick: or each of two could stand in for the other.
    let usable = |other: RuleAt| {
        smaller(model, other, rule)
            && (model.head(other) != model.head(rule) || !repeats_others(basis, other))
    };
    let given = Given::body(basis, rule, &|_| false, &usable);
    let chained = |other: RuleAt, arrow: Arrow| {
        model.rule(other).arrow == arrow
            && smaller(model, other, rule)
            && given.gives(other, &summary.columns)
            && usable(other)
    };
    if others(basis, rule).any(|other| chained(other, summary.arrow)) {
        return Redundant::InEveryTick;
    }
    let later = |other: RuleAt| is_fresh(basis, other) && chained(other, Arrow::DeferredMerge);
    match summary.arrow == Arrow::Merge && others(basis, rule).any(later) {
        true => Redundant::OverTheRun,
        false => Redundant::No,
    }
}

/// The other rules of the head that can be compared.
fn others<'b>(basis: Basis<'b, '_>, rule: RuleAt) -> impl Iterator<Item = RuleAt> + 'b {
    let model = basis.model;
    let node = model.rule_ref(rule).node;
    let writers = model.writers(model.head(rule)).iter().copied();
    writers.filter(move |&other| {
        other != rule && model.rule_ref(other).node == node && is_simple(model.rule(other))
    })
}

/// An order of rules, by what they ask for.
fn smaller(model: &Model<'_>, one: RuleAt, other: RuleAt) -> bool {
    let (own, of_other) = (size(model.rule(one)), size(model.rule(other)));
    own < of_other || own == of_other && model.is_before(one, other)
}

/// Whether the rule reads nothing that is kept.
fn is_fresh(basis: Basis<'_, '_>, rule: RuleAt) -> bool {
    let model = basis.model;
    let mut atoms = model.rule(rule).atoms.iter();
    atoms.all(|atom| !model.is_kept(model.place(rule, atom.collection)))
}

/// Whether the rule gives only what another one of its head has given, which is itself no repetition, as it reads
/// nothing that is kept.
fn repeats_others(basis: Basis<'_, '_>, rule: RuleAt) -> bool {
    let model = basis.model;
    let repeats = |other: RuleAt| {
        is_fresh(basis, other) && model.rule(other).inserts() && repeats(basis, rule, other)
    };
    model.rule(rule).inserts() && others(basis, rule).any(repeats)
}

/// Whether the row of the head is one that the rule reads: `t{x} <= t{x}, u{x}`.
fn gives_what_it_reads(summary: &RuleSummary) -> bool {
    summary.aggregates.is_empty()
        && summary.positive().any(|(_, atom)| {
            let mut columns = summary.columns.iter().zip(&atom.terms);
            atom.collection == summary.head
                && columns.all(|(column, term)| same_value(column, term))
        })
}

/// Whether the rule is its rows and comparisons, and nothing else.
pub fn is_simple(summary: &RuleSummary) -> bool {
    !summary.bootstrap
        && !summary.chance
        && summary.aggregates.is_empty()
        && summary.bindings.is_empty()
        && !summary.atoms.is_empty()
}

fn size(summary: &RuleSummary) -> usize {
    summary.atoms.len() + summary.tests.len()
}

/// Whether the rule reads a kept row of which every origin is contained in `other`.
fn repeats(basis: Basis<'_, '_>, rule: RuleAt, other: RuleAt) -> bool {
    let model = basis.model;
    let gives = model.rule(other);
    let summary = model.rule(rule);
    let mut atoms = summary.positive();
    atoms.any(|(_, atom)| {
        let at: At = model.place(rule, atom.collection);
        let lattice = model.shape(at).columns.iter().any(|column| column.lattice);
        let writers: Vec<RuleAt> = model.inserters(at).collect();
        model.is_kept(at)
            && !lattice
            && !writers.is_empty()
            && writers.len() <= RULES_MAX
            && writers.iter().all(|&writer| {
                let of = model.rule(writer);
                is_simple(of)
                    && replaced(&summary.columns, atom, of).is_some_and(|head| {
                        let between = (model, &[rule, other, writer][..]);
                        is_contained(between, gives, &head, &of.atoms, &of.tests)
                    })
            })
    })
}

/// Whether where a row of the negated atom keeps the rule back, another rule of the head has given its row when that
/// row came.
pub fn was_given(basis: Basis<'_, '_>, rule: RuleAt, atom: &Atom) -> bool {
    let model = basis.model;
    let summary = model.rule(rule);
    let Some(others) = model.few_writers(model.head(rule), RULES_MAX) else {
        return false;
    };
    let at = model.place(rule, atom.collection);
    let inserters: Vec<RuleAt> = model.inserters(at).collect();
    let lattice = model.shape(at).columns.iter().any(|column| column.lattice);
    if others.len() < 2
        || inserters.is_empty()
        || inserters.len() > RULES_MAX
        || !model.is_kept(at)
        || lattice
        || !is_simple(summary)
    {
        return false;
    }
    let node = model.rule_ref(rule).node;
    inserters.iter().all(|&inserter| {
        let of = model.rule(inserter);
        is_simple(of)
            && replaced(&summary.columns, atom, of).is_some_and(|head| {
                others.iter().any(|&other| {
                    let gives = model.rule(other);
                    other != rule
                        && model.rule_ref(other).node == node
                        && gives.inserts()
                        && is_simple(gives)
                        && is_contained(
                            (model, &[rule, other, inserter]),
                            gives,
                            &head,
                            &of.atoms,
                            &of.tests,
                        )
                })
            })
    })
}

/// The head of a rule in the variables of a rule that put the atom's row there.
fn replaced(head: &[Term], atom: &Atom, writer: &RuleSummary) -> Option<Vec<Term>> {
    let of_term = |term: &Term| match term {
        Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => Some(term.clone()),
        Term::Var(var) => {
            let place = atom.terms.iter().position(|own| *own == Term::Var(*var))?;
            let from = &writer.columns[place];
            (!matches!(from, Term::Any | Term::Of { .. })).then(|| from.clone())
        }
        Term::Any | Term::Of { .. } => None,
    };
    head.iter().map(of_term).collect()
}

/// The program, and the rules that are compared.
pub type Between<'b, 'a> = (&'b Model<'a>, &'b [RuleAt]);

/// Whether `other` gives the head wherever the atoms and tests hold.
pub fn is_contained(
    between: Between<'_, '_>,
    other: &RuleSummary,
    head: &[Term],
    atoms: &[Atom],
    tests: &[Test],
) -> bool {
    // Most rules read something else altogether.
    let is_read = |general: &Atom| {
        let mut atoms = atoms.iter();
        atoms.any(|atom| atom.collection == general.collection && atom.negated == general.negated)
    };
    if !other.atoms.iter().all(is_read) {
        return false;
    }
    let mut bound = Substitution::default();
    let heads = other.columns.iter().zip(head);
    for (general, special) in heads {
        if !bound.unify(general, special) {
            return false;
        }
    }
    let is_open = |atom: &Atom| !atom.negated && atom.terms.contains(&Term::Any);
    match atoms.iter().any(is_open) {
        true => every_atom(between, other, 0, &bound, &named(atoms), tests),
        false => every_atom(between, other, 0, &bound, atoms, tests),
    }
}

/// The atoms with a name for each value that a row has and nothing asks for.
fn named(atoms: &[Atom]) -> Vec<Atom> {
    let mut fresh = UNNAMED..;
    let mut term = |term: &Term| match term {
        Term::Any => fresh.next().map_or(Term::Any, |var| Term::Var(VarId(var))),
        Term::Var(_) | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr | Term::Of { .. } => {
            term.clone()
        }
    };
    let mut of_atom = |atom: &Atom| match atom.negated {
        true => atom.clone(),
        false => Atom {
            terms: atom.terms.iter().map(&mut term).collect(),
            ..atom.clone()
        },
    };
    atoms.iter().map(&mut of_atom).collect()
}

fn every_atom(
    between: Between<'_, '_>,
    other: &RuleSummary,
    number: usize,
    bound: &Substitution,
    atoms: &[Atom],
    tests: &[Test],
) -> bool {
    let Some(general) = other.atoms.get(number) else {
        let mut asked = other.tests.iter();
        return asked.all(|test| has_test(between, test, |term| bound.apply(term), tests));
    };
    atoms.iter().any(|special| {
        let mut bound = bound.clone();
        special.collection == general.collection
            && special.negated == general.negated
            && general
                .terms
                .iter()
                .zip(&special.terms)
                .all(|(general_term, special_term)| match general_term {
                    Term::Any => !general.negated || special_term.is_any(),
                    _ => bound.unify(general_term, special_term),
                })
            && every_atom(between, other, number + 1, &bound, atoms, tests)
    })
}

/// Whether the test is one of those, in terms that stand for its own.
pub fn has_test(
    (model, rules): Between<'_, '_>,
    test: &Test,
    stands_for: impl Fn(&Term) -> Option<Term>,
    tests: &[Test],
) -> bool {
    let Test::Compare { left, op, right } = test else {
        return false;
    };
    let (Some(left), Some(right)) = (stands_for(left), stands_for(right)) else {
        return false;
    };
    tests.iter().any(|own| match own {
        Test::Compare {
            left: own_left,
            op: own_op,
            right: own_right,
        } => {
            let same = |op: Comparison, left: &Term, right: &Term| {
                let alike = *own_op == op && own_left.is_alike(left) && own_right.is_alike(right);
                if alike {
                    model.note_literals(rules);
                }
                alike && own_left == left && own_right == right
            };
            same(*op, &left, &right) || same(op.flipped(), &right, &left)
        }
        Test::Holds { .. } | Test::Contains { .. } | Test::Other { .. } => false,
    })
}

/// What stands for each variable of the general rule.
#[derive(Clone, Default)]
struct Substitution(Vec<(VarId, Term)>);

impl Substitution {
    fn unify(&mut self, general: &Term, special: &Term) -> bool {
        match (general, special) {
            (Term::Var(_), Term::Any | Term::Of { .. }) => false,
            (Term::Var(var), _) => match self.of(*var) {
                Some(known) => known == special,
                None => {
                    self.0.push((*var, special.clone()));
                    true
                }
            },
            (Term::Literal(_) | Term::Constant(_) | Term::SelfAddr, _) => general == special,
            (Term::Any | Term::Of { .. }, _) => false,
        }
    }

    fn of(&self, var: VarId) -> Option<&Term> {
        let mut bound = self.0.iter();
        bound.find(|(own, _)| *own == var).map(|(_, term)| term)
    }

    fn apply(&self, term: &Term) -> Option<Term> {
        match term {
            Term::Var(var) => self.of(*var).cloned(),
            Term::Literal(LitKind::Float(_)) | Term::Any | Term::Of { .. } => None,
            Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => Some(term.clone()),
        }
    }
}
