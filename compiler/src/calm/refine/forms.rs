//! What rules are by form alone, whatever properties the fixpoint finds: looked for once, and kept from one analysis of
//! a program to the next.
//!
//! The form of a rule follows from its summary and from what is asked of the rest ([`crate::calm::asking`]). It is
//! recalled where the summary is the same one and all of that is answered as before: who writes a place, which is so
//! unless one of the rules there came or went; claims and seals, which are looked up. Rules are also told apart by their
//! order, so nothing is recalled where that changed.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::contained::{self, Redundant};
use super::leads::Leads;
use super::{buried, covered, guard, handled, implied, threshold};
use crate::calm::asking::{Address, Asked, address};
use crate::calm::body::Basis;
use crate::calm::flow::RuleSummary;
use crate::calm::model::{At, Model, RuleAt};
use crate::calm::sealing::Sealing;

/// The forms of a program's rules.
pub struct Forms {
    rules: Vec<Arc<Looked>>,
}

/// The forms of the program that was last analysed.
#[derive(Debug, Default)]
pub struct Remembered {
    rules: Vec<Arc<Looked>>,
    /// What was known of its places.
    places: Option<(Sealing, Leads)>,
    /// How many were looked for then, rather than recalled.
    pub looked_for: usize,
}

/// The form of a rule, and what it follows from.
#[derive(Debug)]
struct Looked {
    of: Arc<RuleSummary>,
    head: At,
    form: Form,
    asked: Box<[Asked]>,
    /// Rules of which a literal in a test told something apart.
    told_apart: Box<[Address]>,
}

#[derive(Debug)]
struct Form {
    guards: Vec<usize>,
    redundant: Redundant,
    implied: Vec<usize>,
    buried: Vec<usize>,
    single: bool,
    trigger: Option<usize>,
}

impl Forms {
    pub fn new(basis: Basis<'_, '_>, remembered: &mut Remembered) -> Self {
        let stands = Standing::new(basis, remembered);
        let mut looked_for = 0;
        let form = |rule| match stands.recalled(basis, rule) {
            Some(known) => {
                basis.model.note_addresses(&known.told_apart);
                Arc::clone(known)
            }
            None => {
                looked_for += 1;
                Arc::new(Looked::new(basis, rule))
            }
        };
        let rules = (0..basis.model.rule_count()).map(form).collect();
        remembered.looked_for = looked_for;
        Forms { rules }
    }

    /// The negated atoms that block only what was derived before.
    pub fn guards(&self, rule: RuleAt) -> &[usize] {
        &self.of(rule).guards
    }

    pub fn redundant(&self, rule: RuleAt) -> Redundant {
        self.of(rule).redundant
    }

    /// Whether the head has the same contents without the atom: it holds whenever another one of the rule does,
    /// or keeps back only what another rule gives.
    pub fn is_implied(&self, rule: RuleAt, place: usize) -> bool {
        self.of(rule).implied.contains(&place)
    }

    /// The negated atoms of which the rows take away what the rule inserts.
    pub fn buried(&self, rule: RuleAt) -> &[usize] {
        &self.of(rule).buried
    }

    /// Whether a group of the rule's aggregates has at most one row over the whole run.
    pub fn is_single(&self, rule: RuleAt) -> bool {
        self.of(rule).single
    }

    /// The atom whose rows go when the rule has handled them.
    pub fn trigger(&self, rule: RuleAt) -> Option<usize> {
        self.of(rule).trigger
    }

    fn of(&self, rule: RuleAt) -> &Form {
        &self.rules[rule].form
    }
}

impl Remembered {
    /// Keeps what the analysis of a program found.
    pub fn keep(&mut self, forms: Forms, sealing: Sealing, leads: Leads) {
        self.rules = forms.rules;
        self.places = Some((sealing, leads));
    }
}

impl Looked {
    fn new(basis: Basis<'_, '_>, rule: RuleAt) -> Self {
        let model = basis.model;
        let (form, mut noted) = model.asking().noting(|| Form::new(basis, rule));
        noted.asked.sort_unstable();
        noted.asked.dedup();
        noted.told_apart.sort_unstable();
        noted.told_apart.dedup();
        Looked {
            of: Arc::clone(model.summary(rule)),
            head: model.head(rule),
            form,
            asked: noted.asked.into(),
            told_apart: noted.told_apart.into(),
        }
    }
}

impl Form {
    fn new(basis: Basis<'_, '_>, rule: RuleAt) -> Self {
        Form {
            guards: guard::unneeded(basis, rule),
            redundant: match implied::is_contradiction(basis, rule)
                || implied::takes_nothing(basis.model.rule(rule))
                || threshold::asks_in_vain(basis, rule)
            {
                true => Redundant::InEveryTick,
                false => contained::redundant(basis, rule),
            },
            implied: [implied::implied(basis, rule), covered::covered(basis, rule)].concat(),
            buried: buried::buried(basis, rule),
            single: basis.dependencies.is_single(rule),
            trigger: handled::trigger(basis, rule),
        }
    }
}

/// What of the program that was last analysed is as it was.
struct Standing<'r> {
    /// Of each rule that was there, what is known of it.
    rules: Vec<Option<&'r Arc<Looked>>>,
    places: Option<&'r (Sealing, Leads)>,
    /// Places of which rules came or went.
    changed: Vec<bool>,
}

impl<'r> Standing<'r> {
    fn new(basis: Basis<'_, '_>, remembered: &'r Remembered) -> Self {
        let model = basis.model;
        let nothing = Standing {
            rules: vec![None; model.rule_count()],
            places: None,
            changed: Vec::new(),
        };
        let places = remembered.places.as_ref();
        let places = places.filter(|(sealing, _)| basis.sealing.has_same_sequences(sealing));
        if places.is_none() {
            return nothing;
        }
        let Some(was) = matched(model, &remembered.rules) else {
            return nothing;
        };
        let mut changed = vec![false; model.place_count()];
        let mut gone = vec![true; remembered.rules.len()];
        let mut rules = Vec::with_capacity(was.len());
        for (rule, was) in was.into_iter().enumerate() {
            rules.push(was.map(|was| &remembered.rules[was]));
            match was {
                Some(was) => gone[was] = false,
                None => changed[model.head(rule).index()] = true,
            }
        }
        for (known, _) in remembered.rules.iter().zip(gone).filter(|(_, gone)| *gone) {
            changed[known.head.index()] = true;
        }
        Standing {
            rules,
            places,
            changed,
        }
    }

    /// What is known of the rule, if it follows still.
    fn recalled(&self, basis: Basis<'_, '_>, rule: RuleAt) -> Option<&'r Arc<Looked>> {
        let known = self.rules[rule]?;
        let (sealing, leads) = self.places?;
        let is_same = |asked: &Asked| match *asked {
            Asked::Writers(at) => !self.changed[at.index()],
            Asked::Claim(claim, held) => basis.dependencies.holds(claim) == held,
            Asked::Leads(at, depth) => basis.leads.is_same(leads, basis.model, at, depth),
            Asked::Sealing(at) => basis.sealing.is_same(sealing, at),
        };
        known.asked.iter().all(is_same).then_some(known)
    }
}

/// Of each rule of the program, its place among those that are known, if it was there. None if rules changed their
/// order.
fn matched(model: &Model<'_>, known: &[Arc<Looked>]) -> Option<Vec<Option<usize>>> {
    let now = |rule: RuleAt| address(model.summary(rule));
    let was = |rule: usize| address(&known[rule].of);
    let shorter = model.rule_count().min(known.len());
    let first = (0..shorter)
        .take_while(|&rule| now(rule) == was(rule))
        .count();
    let ends = (1..=shorter - first)
        .take_while(|back| now(model.rule_count() - back) == was(known.len() - back))
        .count();
    let (now_end, was_end) = (model.rule_count() - ends, known.len() - ends);
    let between: FxHashMap<Address, usize> =
        (first..was_end).map(|rule| (was(rule), rule)).collect();
    let middle: Vec<Option<usize>> = (first..now_end)
        .map(|rule| between.get(&now(rule)).copied())
        .collect();
    let in_order = middle.iter().flatten().is_sorted_by(|a, b| a < b);
    let begin = (0..first).map(Some);
    let end = (was_end..known.len()).map(Some);
    in_order.then(|| begin.chain(middle).chain(end).collect())
}
