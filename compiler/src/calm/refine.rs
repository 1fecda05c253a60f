//! Refinements of the properties: forms of rules that are better than their literals look, each with the
//! argument why.

pub mod allotted;
pub mod bounded;
pub mod buried;
pub mod contained;
pub mod covered;
pub mod double;
pub mod entailed;
pub mod guard;
pub mod handled;
pub mod implied;
pub mod manifest;
pub mod newest;
pub mod parent;
pub mod threshold;

use super::body::{Basis, Known};
use super::model::{At, RuleAt};
use contained::Redundant;

/// What rules are by form alone, whatever properties the fixpoint finds: looked for once.
pub struct Forms {
    rules: Vec<Form>,
}

struct Form {
    guards: Vec<usize>,
    redundant: Redundant,
    implied: Vec<usize>,
    buried: Vec<usize>,
    single: bool,
    trigger: Option<usize>,
}

impl Forms {
    pub fn new(basis: Basis<'_, '_>) -> Self {
        let form = |rule| Form {
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
        };
        Forms {
            rules: (0..basis.model.rule_count()).map(form).collect(),
        }
    }

    /// The negated atoms that block only what was derived before.
    pub fn guards(&self, rule: RuleAt) -> &[usize] {
        &self.rules[rule].guards
    }

    pub fn redundant(&self, rule: RuleAt) -> Redundant {
        self.rules[rule].redundant
    }

    /// Whether the head has the same contents without the atom: it holds whenever another one of the rule does,
    /// or keeps back only what another rule gives.
    pub fn is_implied(&self, rule: RuleAt, place: usize) -> bool {
        self.rules[rule].implied.contains(&place)
    }

    /// The negated atoms of which the rows take away what the rule inserts.
    pub fn buried(&self, rule: RuleAt) -> &[usize] {
        &self.rules[rule].buried
    }

    /// Whether a group of the rule's aggregates has at most one row over the whole run.
    pub fn is_single(&self, rule: RuleAt) -> bool {
        self.rules[rule].single
    }

    /// The atom whose rows go when the rule has handled them.
    pub fn trigger(&self, rule: RuleAt) -> Option<usize> {
        self.rules[rule].trigger
    }
}

/// The places that a rule's properties depend on through refinements, besides those it reads.
pub fn looks_at(known: &Known<'_, '_>, rule: RuleAt) -> Vec<At> {
    [parent::looks_at(known, rule), newest::looks_at(known, rule)].concat()
}
