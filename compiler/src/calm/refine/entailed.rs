//! What must be there because other rows are: the rules of a tick, read backwards.
//!
//! Where `t{x} <= p{x}` stands in the program, a tick with a row of `p` has the row of `t`, too: `<=` rules are
//! followed in the tick itself, and what is deleted goes later. So some rows that a body asks for are there whenever
//! the others are, others that it denies are there all the same, and a rule may give only what a chain of others
//! gives: the chase of a conjunctive query by the dependencies that hold (Aho, Beeri and Ullman 1979; Maier,
//! Mendelzon and Sagiv 1979), here the rules themselves. It is done from the goal backwards, with a bound on the
//! steps, so that it costs nothing where no rule fits.
//!
//! A rule is used where it is rows and comparisons alone, and gives rows that nothing of the same tick displaces.

use std::cell::{Cell, OnceCell, RefCell};

use crate::calm::body::Basis;
use crate::calm::dependencies::is_fact;
use crate::calm::flow::{Aggregate, Atom, Form, RuleSummary, Term, Test};
use crate::calm::model::{At, RuleAt};
use crate::calm::refine::contained::has_test;
use crate::calm::refine::leads::Sign;
use crate::calm::sealing::same_value;
use crate::hir::{AggregateFunction, Arrow, CollectionId, LitKind, NodeId, VarId};

/// Rules are followed back so far, collections with more rules not at all, and so many steps are taken for one goal.
pub const DEPTH_MAX: usize = 4;
pub const RULES_MAX: usize = 16;
const STEPS_MAX: u32 = 200;
/// Collections that are looked at for what may lead to a goal are no more than this.
const LEADS_MAX: usize = 32;
/// Variables that stand for some value are counted from here, values that a row has and nothing names from the other.
const SOME: u32 = 1 << 25;
const UNNAMED: u32 = 1 << 26;

/// What is taken to hold in a tick, for the variables of one rule.
pub struct Given<'g, 'k, 'a> {
    basis: Basis<'k, 'a>,
    node: NodeId,
    rule: RuleAt,
    /// Atoms whose rows are there.
    rows: Vec<&'g Atom>,
    /// The same with a name for each value, once they are compared.
    present: OnceCell<Vec<Atom>>,
    /// Rows that are not.
    absent: Vec<&'g Atom>,
    tests: &'g [Test],
    /// Which rules may be used.
    usable: &'g dyn Fn(RuleAt) -> bool,
    steps: Cell<u32>,
    /// Where they are.
    places: Sign,
    /// What [`Given::may_be`] has found, by collection and steps.
    leads: RefCell<Vec<(CollectionId, usize, bool)>>,
}

/// What stands for the variables that stand for some value, in the order of their numbers.
#[derive(Clone, Default)]
struct Values(Vec<Option<Term>>);

/// What is still to be shown.
#[derive(Clone, Default)]
struct Goals {
    rows: Vec<(Atom, usize)>,
    absent: Vec<Atom>,
    tests: Vec<Test>,
    used: Vec<RuleAt>,
}

impl<'g, 'k, 'a> Given<'g, 'k, 'a> {
    /// That the atoms and tests of the rule hold, but for those atoms that are left out.
    pub fn body(
        basis: Basis<'k, 'a>,
        rule: RuleAt,
        left_out: &dyn Fn(usize) -> bool,
        usable: &'g dyn Fn(RuleAt) -> bool,
    ) -> Self
    where
        'a: 'g,
    {
        let summary = basis.model.rule(rule);
        let atoms = summary.atoms.iter().enumerate();
        let kept = atoms.filter(|(place, _)| !left_out(*place));
        let (absent, rows): (Vec<&Atom>, Vec<&Atom>) =
            kept.map(|(_, atom)| atom).partition(|atom| atom.negated);
        let place = |atom: &&Atom| basis.model.place(rule, atom.collection);
        Given {
            basis,
            places: rows.iter().map(place).collect(),
            node: basis.model.rule_ref(rule).node,
            rule,
            rows,
            present: OnceCell::new(),
            absent,
            tests: &summary.tests,
            usable,
            steps: Cell::new(0),
            leads: RefCell::default(),
        }
    }

    /// That there is the row, too, which the atom denies.
    pub fn and(mut self, atom: &'g Atom) -> Self {
        self.places
            .add(self.basis.model.place(self.rule, atom.collection));
        self.rows.push(atom);
        self
    }

    /// The rows that are there; each value has a name.
    fn present(&self) -> &[Atom] {
        self.present.get_or_init(|| {
            let mut unnamed = UNNAMED..;
            let mut term = |term: &Term| match term {
                Term::Any => Term::Var(VarId(unnamed.next().unwrap_or(u32::MAX))),
                Term::Var(_) | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => {
                    term.clone()
                }
                Term::Of { .. } => Term::Any,
            };
            let mut named = |atom: &Atom| Atom {
                negated: false,
                terms: atom.terms.iter().map(&mut term).collect(),
                ..atom.clone()
            };
            self.rows.iter().map(|&atom| named(atom)).collect()
        })
    }

    /// Whether rules can lead from what is given to rows of a collection within so many steps, as far as their collections
    /// tell. Most cannot, and then no terms are compared.
    fn may_be(&self, collection: CollectionId, depth: usize) -> bool {
        if self.rows.iter().any(|row| row.collection == collection) {
            return true;
        }
        if depth == 0 {
            return false;
        }
        let model = self.basis.model;
        let at = model.place_of(self.node, collection);
        if !self.basis.leads.may_lead(model, self.places, at, depth) {
            return false;
        }
        let known = |leads: &[(CollectionId, usize, bool)]| {
            let mut leads = leads.iter();
            let same = leads.find(|(of, steps, _)| (*of, *steps) == (collection, depth));
            same.map(|(_, _, found)| *found)
        };
        if let Some(known) = known(&self.leads.borrow()) {
            return known;
        }
        if self.leads.borrow().len() >= LEADS_MAX {
            return false;
        }
        let writers = model.few_writers(at, RULES_MAX).unwrap_or_default();
        let found = writers.iter().any(|&writer| {
            model.rule(writer).arrow == Arrow::Merge && self.may_give(writer, depth - 1)
        });
        self.leads.borrow_mut().push((collection, depth, found));
        found
    }

    /// Whether the rows that a rule reads may all be there.
    fn may_give(&self, rule: RuleAt, depth: usize) -> bool {
        let mut rows = self.basis.model.rule(rule).positive();
        rows.all(|(_, atom)| self.may_be(atom.collection, depth))
    }

    /// Whether there is a row as the atom asks for. Variables of which `is_open` holds stand for some value.
    pub fn entails(&self, atom: &Atom, is_open: &dyn Fn(VarId) -> bool) -> bool {
        if !self.may_be(atom.collection, DEPTH_MAX) {
            return false;
        }
        let mut values = Values::default();
        let mut open: Vec<(VarId, Term)> = Vec::new();
        let mut terms = Vec::with_capacity(atom.terms.len());
        for term in &atom.terms {
            terms.push(match term {
                Term::Var(var) if is_open(*var) => {
                    let known = open.iter().find(|(own, _)| own == var);
                    let known = known.map(|(_, term)| term.clone());
                    known.unwrap_or_else(|| {
                        let once = atom.terms.iter().filter(|own| *own == term).count() == 1;
                        let fresh = if once { Term::Any } else { values.fresh() };
                        open.push((*var, fresh.clone()));
                        fresh
                    })
                }
                Term::Of { .. } => return false,
                Term::Any
                | Term::Var(_)
                | Term::Literal(_)
                | Term::Constant(_)
                | Term::SelfAddr => term.clone(),
            });
        }
        let goal = Atom {
            terms: terms.into(),
            ..atom.clone()
        };
        let goals = Goals {
            rows: vec![(goal, DEPTH_MAX)],
            used: vec![self.rule],
            ..Goals::default()
        };
        self.shows(goals, &values)
    }

    /// Whether the other rule gives the head's row, of which all columns are named.
    pub fn gives(&self, other: RuleAt, head: &[Term]) -> bool {
        if !self.may_give(other, DEPTH_MAX) {
            return false;
        }
        let goals = Goals {
            used: vec![self.rule],
            ..Goals::default()
        };
        let by = self.by_rule(other, head, goals, &Values::default(), DEPTH_MAX);
        by.is_some_and(|(goals, values)| self.shows(goals, &values))
    }

    fn shows(&self, mut goals: Goals, values: &Values) -> bool {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS_MAX {
            return false;
        }
        let Some((goal, depth)) = goals.rows.pop() else {
            return self.shows_rest(&goals, values);
        };
        for row in self.present() {
            if row.collection != goal.collection {
                continue;
            }
            let mut values = values.clone();
            let mut columns = goal.terms.iter().zip(&row.terms);
            if columns.all(|(asked, own)| values.unify(asked, own))
                && self.shows(goals.clone(), &values)
            {
                return true;
            }
        }
        if depth == 0 {
            return false;
        }
        let model = self.basis.model;
        let at = model.place_of(self.node, goal.collection);
        let writers = model.few_writers(at, RULES_MAX).unwrap_or_default();
        if writers.is_empty() || !self.are_rows_kept(at, &goal) {
            return false;
        }
        writers.iter().any(|&writer| {
            let merges = model.rule(writer).arrow == Arrow::Merge;
            if !merges
                || model.rule_ref(writer).node != self.node
                || !self.may_give(writer, depth - 1)
                || !(self.usable)(writer)
            {
                return false;
            }
            let by = self.by_rule(writer, &goal.terms, goals.clone(), values, depth - 1);
            by.is_some_and(|(goals, values)| self.shows(goals, &values))
        })
    }

    /// Whether a row that a rule derives is there in that tick, as far as the goal asks.
    fn are_rows_kept(&self, at: At, goal: &Atom) -> bool {
        let model = self.basis.model;
        let columns = model.shape(at).columns.iter().zip(&goal.terms);
        let mut lattices = columns.into_iter().filter(|(column, _)| column.lattice);
        !model.is_source(at)
            && lattices.all(|(_, term)| term.is_any())
            && !self.basis.dependencies.has_conflict(at)
    }

    /// The goals that are left when the rule is to give the row.
    fn by_rule(
        &self,
        writer: RuleAt,
        row: &[Term],
        mut goals: Goals,
        values: &Values,
        depth: usize,
    ) -> Option<(Goals, Values)> {
        let model = self.basis.model;
        let of = model.rule(writer);
        let stays = is_fact(of) && model.only_gains(model.head(writer));
        let may_fail = of.columns.iter().any(may_fail) || of.aggregates.iter().any(is_partial);
        if of.chance || may_fail || !of.bindings.is_empty() || (of.bootstrap && !stays) {
            return None;
        }
        let mut values = values.clone();
        let mut named: Vec<(VarId, Term)> = Vec::new();
        for (place, (column, asked)) in of.columns.iter().zip(row).enumerate() {
            let aggregate = of.aggregates.iter().any(|a| a.column as usize == place);
            let agrees = match (asked, column) {
                (Term::Any, _) => true,
                _ if aggregate => false,
                (_, Term::Any | Term::Of { .. }) => false,
                (_, Term::Var(var)) => {
                    let own = values.named(&mut named, *var);
                    values.unify(&own, asked)
                }
                (_, Term::Literal(_) | Term::Constant(_) | Term::SelfAddr) => {
                    values.unify(asked, column)
                }
            };
            if !agrees {
                return None;
            }
        }
        for atom in &of.atoms {
            let mut terms = Vec::with_capacity(atom.terms.len());
            for term in &atom.terms {
                terms.push(match term {
                    Term::Of { .. } => return None,
                    Term::Var(var) if is_lone(of, row, *var) => Term::Any,
                    Term::Var(var) => values.named(&mut named, *var),
                    Term::Any | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => {
                        term.clone()
                    }
                });
            }
            let atom = Atom {
                terms: terms.into(),
                ..atom.clone()
            };
            match atom.negated {
                true => goals.absent.push(atom),
                false => goals.rows.push((atom, depth)),
            }
        }
        for test in &of.tests {
            let Test::Compare { left, op, right } = test else {
                return None;
            };
            goals.tests.push(Test::Compare {
                left: values.renamed(&mut named, left)?,
                op: *op,
                right: values.renamed(&mut named, right)?,
            });
        }
        goals.used.push(writer);
        Some((goals, values))
    }

    /// Once all rows are there: what must not be, and the tests.
    fn shows_rest(&self, goals: &Goals, values: &Values) -> bool {
        let is_denied = |asked: &Atom| {
            self.absent.iter().any(|own| {
                let mut columns = own.terms.iter().zip(&asked.terms);
                own.collection == asked.collection
                    && columns.all(|(own, asked)| {
                        own.is_any() || same_value(own, &values.resolved(asked))
                    })
            })
        };
        let model = self.basis.model;
        let is_tested = |test: &Test| {
            has_test(
                (model, &goals.used),
                test,
                |term| values.given(term),
                self.tests,
            )
        };
        goals.absent.iter().all(is_denied) && goals.tests.iter().all(is_tested)
    }
}

/// Whether a value may be missing, so that there is no row: `x / y`.
fn may_fail(term: &Term) -> bool {
    match term {
        Term::Of { form, .. } => !matches!(form, Form::Made | Form::Size),
        Term::Any | Term::Var(_) | Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => false,
    }
}

/// Whether a group may have no value: a sum that is too large.
fn is_partial(aggregate: &Aggregate) -> bool {
    let sums = matches!(
        aggregate.function,
        AggregateFunction::Sum | AggregateFunction::Avg
    );
    sums || aggregate.operand.iter().chain(&aggregate.by).any(may_fail)
}

/// Whether nothing asks for the variable's value but one column of one row.
fn is_lone(of: &RuleSummary, row: &[Term], var: VarId) -> bool {
    let in_rows = of.atoms.iter().flat_map(|atom| &atom.terms);
    let uses = in_rows.filter(|term| term.vars().contains(&var)).count();
    let mut heads = of.columns.iter().zip(row);
    uses == 1
        && !heads.any(|(column, asked)| !asked.is_any() && column.vars().contains(&var))
        && !of.tests.iter().any(|test| test.reads(var))
}

impl Values {
    fn fresh(&mut self) -> Term {
        self.0.push(None);
        Term::Var(VarId(SOME + self.0.len() as u32 - 1))
    }

    /// What stands for a variable of a rule that is used.
    fn named(&mut self, named: &mut Vec<(VarId, Term)>, var: VarId) -> Term {
        let known = named.iter().find(|(own, _)| *own == var);
        match known.map(|(_, term)| term.clone()) {
            Some(term) => term,
            None => {
                let fresh = self.fresh();
                named.push((var, fresh.clone()));
                fresh
            }
        }
    }

    fn renamed(&mut self, named: &mut Vec<(VarId, Term)>, term: &Term) -> Option<Term> {
        match term {
            Term::Var(var) => Some(self.named(named, *var)),
            Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => Some(term.clone()),
            Term::Any | Term::Of { .. } => None,
        }
    }

    /// Whether the asked term can be the other one; what stands for some value is bound to it.
    fn unify(&mut self, asked: &Term, own: &Term) -> bool {
        if asked.is_any() {
            return true;
        }
        let (asked, own) = (self.resolved(asked), self.resolved(own));
        match (place(&asked), place(&own)) {
            _ if same_value(&asked, &own) => true,
            (Some(place), _) if !own.is_any() => {
                self.0[place] = Some(own);
                true
            }
            (_, Some(place)) => {
                self.0[place] = Some(asked);
                true
            }
            _ => false,
        }
    }

    fn resolved(&self, term: &Term) -> Term {
        let mut term = term;
        while let Some(Some(bound)) = place(term).map(|place| self.0[place].as_ref()) {
            term = bound;
        }
        term.clone()
    }

    /// The term in the variables of what is given, if it has a value there.
    fn given(&self, term: &Term) -> Option<Term> {
        let term = self.resolved(term);
        let is_told = match &term {
            Term::Literal(LitKind::Float(_)) | Term::Any | Term::Of { .. } => false,
            Term::Var(_) => place(&term).is_none(),
            Term::Literal(_) | Term::Constant(_) | Term::SelfAddr => true,
        };
        is_told.then_some(term)
    }
}

/// Which of the variables it is that stand for some value.
fn place(term: &Term) -> Option<usize> {
    match term {
        Term::Var(VarId(number)) if (SOME..UNNAMED).contains(number) => {
            Some((number - SOME) as usize)
        }
        Term::Any
        | Term::Var(_)
        | Term::Literal(_)
        | Term::Constant(_)
        | Term::SelfAddr
        | Term::Of { .. } => None,
    }
}
