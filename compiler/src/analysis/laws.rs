//! The laws of lattices with their own merge: associative, commutative, idempotent, and the bottom
//! its identity. Tested, not proved: exhaustively over the least values of the fields, then over
//! random ones from a fixed seed. The first counterexample of the enumeration is the smallest.

mod samples;

use std::collections::BTreeMap;

use bloom_plan::display;
use bloom_plan::plan::RowError;
use bloom_plan::value::Value;
use bloom_stdx::random::Random;

use crate::base::{Diagnostic, codes};
use crate::eval::Evaluator;
use crate::hir::{Program, TypeDefId};
use crate::typing::{OwnLattice, Typed};
use samples::{VALUES_MAX, random_value, smallest};

/// Instances of one generic lattice that are tried.
const INSTANCES_MAX: usize = 4;
const RANDOM_TRIPLES: usize = 300;
const SEED: u64 = 0x0062_6c6f_6f6d;

/// Reports the first law that each declared lattice breaks.
pub(super) fn check(program: &Program, typed: &Typed, diagnostics: &mut Vec<Diagnostic>) {
    if typed.diagnostics.iter().any(Diagnostic::is_error) {
        return;
    }
    // How many instances of each were tried; as many as are enough, once one is found wrong.
    let mut tried: BTreeMap<TypeDefId, usize> = BTreeMap::new();
    for own in &typed.own_lattices {
        let tried = tried.entry(own.def).or_default();
        if own.bottom.is_none() || own.merge.is_none() || *tried == INSTANCES_MAX {
            continue;
        }
        *tried += 1;
        let trial = Trial {
            evaluator: Evaluator::new(program, typed),
            own,
        };
        if let Some((law, shown)) = trial.broken_law() {
            *tried = INSTANCES_MAX;
            let def = &program.types[own.def];
            let place = program.file_span(def.loc);
            diagnostics.push(
                Diagnostic::new(
                    codes::E0405,
                    place,
                    format!("merge not {law}: {shown}"),
                    format!("`{}` is no lattice", def.name),
                )
                .with_help(format!(
                    "{}; else replicas that see the same may differ",
                    rule_of(law)
                )),
            );
        }
    }
}

fn rule_of(law: &str) -> &'static str {
    match law {
        "commutative" => "merge(a, b) must equal merge(b, a)",
        "associative" => "merge(merge(a, b), c) must equal merge(a, merge(b, c))",
        "idempotent" => "merge(a, a) must equal a",
        _ => "merge(bottom, a) must equal a",
    }
}

struct Trial<'a> {
    evaluator: Evaluator<'a>,
    own: &'a OwnLattice,
}

impl Trial<'_> {
    /// The law and the smallest counterexample found.
    fn broken_law(&self) -> Option<(&'static str, String)> {
        let values = self.values();
        let bottom = self.evaluator.bottom(self.own.ty).ok()?;
        for a in &values {
            if let Some(found) = self.one(&bottom, a) {
                return Some(found);
            }
        }
        // By the greater of the two, so that small ones come first.
        for (place, b) in values.iter().enumerate() {
            for a in &values[..=place] {
                if let Some(found) = self.two(a, b) {
                    return Some(found);
                }
            }
        }
        for (place, c) in values.iter().enumerate() {
            for b in &values[..=place] {
                for a in &values[..=place] {
                    let found = self.three(a, b, c).or_else(|| self.three(c, a, b));
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        self.random(&bottom)
    }

    fn random(&self, bottom: &Value) -> Option<(&'static str, String)> {
        let mut random = Random::new(SEED);
        let types = self.evaluator.types();
        for _ in 0..RANDOM_TRIPLES {
            let [a, b, c] = [(); 3].map(|()| random_value(types, self.own.ty, &mut random, 0));
            let found = self
                .one(bottom, &a)
                .or_else(|| self.two(&a, &b))
                .or_else(|| self.three(&a, &b, &c));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn one(&self, bottom: &Value, a: &Value) -> Option<(&'static str, String)> {
        let same = self.merge(a, a).ok()?;
        if same != *a {
            let shown = format!(
                "merge(a, a) is {} for a = {}",
                self.show(&same),
                self.show(a)
            );
            return Some(("idempotent", shown));
        }
        for grown in [self.merge(bottom, a).ok()?, self.merge(a, bottom).ok()?] {
            if grown != *a {
                let (grown, a) = (self.show(&grown), self.show(a));
                let shown = format!("merge(bottom, a) is {grown} for a = {a}");
                return Some(("neutral for its bottom, which must be the identity", shown));
            }
        }
        None
    }

    fn two(&self, a: &Value, b: &Value) -> Option<(&'static str, String)> {
        let (one, other) = (self.merge(a, b).ok()?, self.merge(b, a).ok()?);
        (one != other).then(|| {
            let shown = format!(
                "merge(a, b) is {} and merge(b, a) is {} for a = {}, b = {}",
                self.show(&one),
                self.show(&other),
                self.show(a),
                self.show(b)
            );
            ("commutative", shown)
        })
    }

    fn three(&self, a: &Value, b: &Value, c: &Value) -> Option<(&'static str, String)> {
        let left = self.merge(&self.merge(a, b).ok()?, c).ok()?;
        let right = self.merge(a, &self.merge(b, c).ok()?).ok()?;
        (left != right).then(|| {
            let shown = format!(
                "merge(merge(a, b), c) is {} and merge(a, merge(b, c)) is {} for a = {}, b = {}, c = {}",
                self.show(&left),
                self.show(&right),
                self.show(a),
                self.show(b),
                self.show(c)
            );
            ("associative", shown)
        })
    }

    /// A merge that ends in a row error on these says nothing about the laws.
    fn merge(&self, a: &Value, b: &Value) -> Result<Value, RowError> {
        self.evaluator.join(self.own.ty, a, b)
    }

    fn show(&self, value: &Value) -> String {
        display::value(self.evaluator.types(), self.own.ty, value).to_string()
    }

    /// Values of the lattice, small ones first.
    fn values(&self) -> Vec<Value> {
        let mut values = smallest(self.evaluator.types(), self.own.ty);
        values.truncate(VALUES_MAX);
        values
    }
}
