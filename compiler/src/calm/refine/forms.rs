//! What rules are by form alone, whatever properties the fixpoint finds: looked for once, and recalled as long as what
//! is known of the places asked about stays the same.

use thin_vec::ThinVec;

use super::contained::{self, Redundant};
use super::{buried, covered, guard, handled, implied, threshold};
use crate::calm::askers::{Askers, Part};
use crate::calm::asking::{Address, Topic};
use crate::calm::body::Basis;
use crate::calm::model::RuleAt;

/// That of a rule of which there is nothing to say.
static PLAIN: Form = Form {
    guards: Vec::new(),
    redundant: Redundant::No,
    implied: Vec::new(),
    buried: Vec::new(),
    single: false,
    trigger: None,
};

/// The forms of a program's rules, by number.
#[derive(Debug, Default)]
pub struct Forms {
    rules: Vec<Option<Looked>>,
}

/// The form of a rule, and what it follows from.
#[derive(Debug)]
struct Looked {
    /// None of a rule of which there is nothing to say, as of most.
    form: Option<Box<Form>>,
    /// What was asked about.
    asked: ThinVec<Topic>,
    /// Rules of which a literal in a test told something apart.
    told_apart: ThinVec<Address>,
}

#[derive(Debug, PartialEq, Eq)]
struct Form {
    guards: Vec<usize>,
    redundant: Redundant,
    implied: Vec<usize>,
    buried: Vec<usize>,
    single: bool,
    trigger: Option<usize>,
}

impl Forms {
    /// Forgets what was found of a rule.
    pub fn forget(&mut self, rule: RuleAt, askers: &mut Askers) {
        if let Some(looked) = self.rules.get_mut(rule).and_then(Option::take) {
            askers.remove(rule, Part::Form, &looked.asked);
        }
    }

    /// Looks for the form of a rule of which nothing is known.
    pub fn find(&mut self, basis: Basis<'_, '_>, rule: RuleAt, askers: &mut Askers) {
        let (form, noted) = basis.model.asking().noting(|| Form::new(basis, rule));
        askers.add(rule, Part::Form, &noted.topics);
        if self.rules.len() <= rule {
            self.rules.resize_with(basis.model.rule_bound(), || None);
        }
        self.rules[rule] = Some(Looked {
            form: (form != PLAIN).then(|| Box::new(form)),
            asked: noted.topics[..].into(),
            told_apart: noted.told_apart[..].into(),
        });
    }

    /// Rules of which a literal in a test told something apart when the form was looked for.
    pub fn told_apart(&self, rule: RuleAt) -> &[Address] {
        let looked = self.rules[rule].as_ref();
        looked.map_or(&[], |looked| &looked.told_apart)
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
        let looked = self.rules[rule].as_ref();
        let looked = looked.expect("forms are found before they are asked for");
        looked.form.as_deref().unwrap_or(&PLAIN)
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
