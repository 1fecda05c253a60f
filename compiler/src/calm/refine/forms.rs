//! What rules are by form alone, whatever properties the fixpoint finds: looked for once, and recalled as long as what
//! is known of the places asked about stays the same.

use std::sync::Arc;

use super::contained::{self, Redundant};
use super::{buried, covered, guard, handled, implied, threshold};
use crate::calm::asking::Address;
use crate::calm::body::Basis;
use crate::calm::flow::RuleSummary;
use crate::calm::model::{At, RuleAt};
use crate::calm::remembered::Kept;

/// The forms of a program's rules.
pub struct Forms {
    rules: Vec<Arc<Looked>>,
}

/// The form of a rule, and what it follows from.
#[derive(Debug)]
pub struct Looked {
    pub of: Arc<RuleSummary>,
    pub head: At,
    form: Form,
    /// The places that were asked about.
    pub asked: Box<[At]>,
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
    pub fn new(basis: Basis<'_, '_>, kept: &Kept<'_>) -> Self {
        let form = |rule| match kept.form(rule) {
            Some(known) => {
                basis.model.note_addresses(&known.told_apart);
                Arc::clone(known)
            }
            None => Arc::new(Looked::new(basis, rule)),
        };
        Forms {
            rules: (0..basis.model.rule_count()).map(form).collect(),
        }
    }

    pub fn into_rules(self) -> Vec<Arc<Looked>> {
        self.rules
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

impl Looked {
    fn new(basis: Basis<'_, '_>, rule: RuleAt) -> Self {
        let model = basis.model;
        let (form, noted) = model.asking().noting(|| Form::new(basis, rule));
        Looked {
            of: Arc::clone(model.summary(rule)),
            head: model.head(rule),
            form,
            asked: noted.places.into(),
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
