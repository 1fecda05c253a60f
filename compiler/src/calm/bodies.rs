//! How the bodies of rules were judged, each with what was read for it, so that one is judged again only where that
//! differs.

use std::sync::Arc;

use super::asking::Address;
use super::body::{Body, Known};
use super::found::{Found, Read};
use super::model::{At, RuleAt};
use super::remembered::Kept;

/// The bodies of a program's rules, as far as they were judged.
pub struct Bodies {
    rules: Vec<Option<Arc<Judged>>>,
}

/// A body, and what it follows from.
#[derive(Debug)]
pub struct Judged {
    pub body: Body,
    /// The places that were asked about.
    pub asked: Box<[At]>,
    pub reads: Box<[Read]>,
    /// Rules of which a literal in a test told something apart.
    told_apart: Box<[Address]>,
    /// How it was judged before, in a circle that began with better properties.
    before: Option<Arc<Judged>>,
}

/// So many judgements of a body are kept.
const KEPT_MAX: usize = 4;

impl Bodies {
    pub fn new(known: Known<'_, '_>, kept: &Kept<'_>) -> Self {
        let rules = 0..known.model.rule_count();
        Bodies {
            rules: rules.map(|rule| kept.body(rule)).collect(),
        }
    }

    /// The body of a rule.
    pub fn judge(&mut self, known: Known<'_, '_>, rule: RuleAt, found: &Found) -> Arc<Judged> {
        let is_same = |judged: &&Arc<Judged>| {
            let mut reads = judged.reads.iter();
            reads.all(|read| found.is_as_read(known.model, *read))
        };
        let same = self.rules[rule].iter().flat_map(all).find(is_same).cloned();
        if let Some(same) = same {
            known.model.note_addresses(&same.told_apart);
            return same;
        }
        let before = self.rules[rule].take();
        let before = before.filter(|newest| all(newest).count() < KEPT_MAX);
        let ((body, reads), noted) = known
            .model
            .asking()
            .noting(|| found.noting(|| known.body(rule, found)));
        let judged = Arc::new(Judged {
            body,
            asked: noted.places.into(),
            reads: reads.into(),
            told_apart: noted.told_apart.into(),
            before,
        });
        self.rules[rule] = Some(Arc::clone(&judged));
        judged
    }

    pub fn into_rules(self) -> Vec<Option<Arc<Judged>>> {
        self.rules
    }
}

/// A judgement, then those before.
pub fn all(newest: &Arc<Judged>) -> impl Iterator<Item = &Arc<Judged>> {
    std::iter::successors(Some(newest), |judged| judged.before.as_ref())
}
