//! What is kept from one analysis of a program to the next, of which only rules may differ.
//!
//! What was found of a rule stands where its summary is the same one, and nothing that is known by form has changed of
//! the places that were asked about. Rules are also told apart by their order, so nothing stands where that changed.

use std::sync::Arc;

use bloom_stdx::aligned::differing;
use rustc_hash::FxHashMap;

use super::asking::{Address, address};
use super::bodies::{self, Bodies, Judged};
use super::body::Basis;
use super::dependencies::Claim;
use super::model::{At, Model, RuleAt};
use super::refine::forms::{Forms, Looked};
use super::refine::leads::Leads;
use super::sealing::Sealing;

/// What was found of the rules and places of the program that was last analysed.
#[derive(Debug, Default)]
pub struct Remembered {
    forms: Vec<Arc<Looked>>,
    bodies: Vec<Option<Arc<Judged>>>,
    places: Option<Places>,
    /// For how many rules the form was looked for then, rather than recalled.
    pub looked_for: usize,
}

#[derive(Debug)]
struct Places {
    sealing: Sealing,
    leads: Leads,
    claims: Vec<(Claim, bool)>,
}

/// What of it stands.
pub struct Kept<'r> {
    remembered: &'r Remembered,
    /// Of each rule, its number in the program before, if its form stands.
    rules: Vec<Option<usize>>,
    /// Places of which something else is known now.
    changed: Vec<bool>,
}

impl Remembered {
    pub fn new(
        forms: Forms,
        bodies: Bodies,
        sealing: Sealing,
        leads: Leads,
        claims: Vec<(Claim, bool)>,
        looked_for: usize,
    ) -> Self {
        Remembered {
            forms: forms.into_rules(),
            bodies: bodies.into_rules(),
            places: Some(Places {
                sealing,
                leads,
                claims,
            }),
            looked_for,
        }
    }
}

impl<'r> Kept<'r> {
    pub fn new(basis: Basis<'_, '_>, remembered: &'r Remembered) -> Self {
        let model = basis.model;
        let places = remembered.places.as_ref();
        let places = places.filter(|of| basis.sealing.has_same_sequences(&of.sealing));
        let was = matched(model, &remembered.forms);
        let (Some(places), Some(was)) = (places, was) else {
            return Kept {
                remembered,
                rules: vec![None; model.rule_count()],
                changed: vec![true; model.place_count()],
            };
        };
        let mut changed: Vec<bool> = (0..model.place_count() as u32)
            .map(At)
            .map(|at| {
                !basis.sealing.is_same(&places.sealing, at)
                    || !basis.leads.is_same(&places.leads, model, at)
            })
            .collect();
        for at in basis.dependencies.changed(&places.claims) {
            changed[at.index()] = true;
        }
        let mut gone = vec![true; remembered.forms.len()];
        for (rule, was) in was.iter().enumerate() {
            match was {
                Some(was) => gone[*was] = false,
                None => changed[model.head(rule).index()] = true,
            }
        }
        for (known, _) in remembered.forms.iter().zip(gone).filter(|(_, gone)| *gone) {
            changed[known.head.index()] = true;
        }
        let stands = |was: &usize| {
            let mut asked = remembered.forms[*was].asked.iter();
            !asked.any(|at| changed[at.index()])
        };
        Kept {
            remembered,
            rules: was.into_iter().map(|was| was.filter(stands)).collect(),
            changed,
        }
    }

    /// How many rules have no form yet.
    pub fn missing(&self) -> usize {
        self.rules.iter().filter(|was| was.is_none()).count()
    }

    pub fn form(&self, rule: RuleAt) -> Option<&'r Arc<Looked>> {
        self.rules[rule].map(|was| &self.remembered.forms[was])
    }

    /// How the body was judged, which stands if what was read is the same.
    pub fn body(&self, rule: RuleAt) -> Option<Arc<Judged>> {
        let judged = self.remembered.bodies[self.rules[rule]?].as_ref()?;
        let mut asked = bodies::all(judged).flat_map(|judged| &judged.asked);
        let is_changed = asked.any(|at| self.changed[at.index()]);
        (!is_changed).then(|| Arc::clone(judged))
    }
}

/// Of each rule of the program, its number among those that are known, if it was there. None if rules changed their
/// order.
fn matched(model: &Model<'_>, known: &[Arc<Looked>]) -> Option<Vec<Option<usize>>> {
    let now: Vec<Address> = (0..model.rule_count())
        .map(|rule| address(model.summary(rule)))
        .collect();
    let was: Vec<Address> = known.iter().map(|known| address(&known.of)).collect();
    let (old, new) = differing(&was, &now);
    let numbers: FxHashMap<Address, usize> =
        was[old.clone()].iter().copied().zip(old.clone()).collect();
    let middle = now[new].iter().map(|rule| numbers.get(rule).copied());
    let middle: Vec<Option<usize>> = middle.collect();
    let in_order = middle.iter().flatten().is_sorted_by(|a, b| a < b);
    let begin = (0..old.start).map(Some);
    let end = (old.end..was.len()).map(Some);
    in_order.then(|| begin.chain(middle).chain(end).collect())
}
