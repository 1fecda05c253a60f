//! How the bodies of rules were judged, each with what was read for it, so that one is judged again only where that
//! differs.

use std::collections::BTreeSet;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::askers::{Askers, Part};
use super::asking::{Address, Noted, Topic};
use super::body::{Body, Known};
use super::found::{Found, Read};
use super::model::{At, Model, RuleAt};

/// The bodies of a program's rules, as far as they were judged, by number.
#[derive(Debug)]
pub struct Bodies {
    rules: Vec<OfRule>,
    pub askers: Askers,
    /// Rules for which a literal in a test told something apart.
    pub tellers: BTreeSet<RuleAt>,
}

#[derive(Debug, Default)]
struct OfRule {
    judged: Option<Arc<Judged>>,
    /// What was asked about, in all judgements.
    asked: ThinVec<Topic>,
    /// Places of which properties were read though no literal reads them.
    beside: ThinVec<At>,
    /// Rules of which a literal in a test told something apart.
    told_apart: ThinVec<Address>,
}

/// A body, and what it follows from.
#[derive(Debug)]
pub struct Judged {
    pub body: Body,
    pub reads: Box<[Read]>,
    /// How it was judged before, in a circle that began with better properties.
    before: Option<Arc<Judged>>,
}

/// So many judgements of a body are kept.
const KEPT_MAX: usize = 4;

impl Bodies {
    pub fn new(model: &Model<'_>) -> Self {
        Bodies {
            rules: Vec::new(),
            askers: Askers::new(model.place_count()),
            tellers: BTreeSet::new(),
        }
    }

    /// There may be so many rules.
    pub fn reserve(&mut self, bound: usize) {
        if self.rules.len() < bound {
            self.rules.resize_with(bound, OfRule::default);
        }
    }

    /// The body of a rule.
    pub fn judge(&mut self, known: Known<'_, '_>, rule: RuleAt, found: &Found) -> Arc<Judged> {
        let is_same = |judged: &&Arc<Judged>| {
            let mut reads = judged.reads.iter();
            reads.all(|read| found.is_as_read(known.model, *read))
        };
        let known_before = &self.rules[rule].judged;
        if let Some(same) = known_before.iter().flat_map(all).find(is_same) {
            return Arc::clone(same);
        }
        let ((body, reads), noted) = known
            .model
            .asking()
            .noting(|| found.noting(|| known.body(rule, found)));
        self.note(known.model, rule, noted, &reads);
        let before = self.rules[rule].judged.take();
        let judged = Arc::new(Judged {
            body,
            reads: reads.into(),
            before: before.filter(|newest| all(newest).count() < KEPT_MAX),
        });
        self.rules[rule].judged = Some(Arc::clone(&judged));
        judged
    }

    /// Keeps what was noted while the rule was looked at, beside what was noted before.
    pub fn note(&mut self, model: &Model<'_>, rule: RuleAt, noted: Noted, reads: &[Read]) {
        let own = &mut self.rules[rule];
        let mut topics = noted.topics;
        topics.retain(|topic| !own.asked.contains(topic));
        if !topics.is_empty() {
            self.askers.add(rule, Part::Body, &topics);
            extend(&mut own.asked, &topics);
        }
        let mut beside: Vec<At> = Vec::new();
        for at in reads.iter().map(|read| read.place()) {
            let is_known = own.beside.contains(&at) || beside.contains(&at);
            if !is_known && !model.reads_of(rule).contains(&at) {
                beside.push(at);
            }
        }
        if !beside.is_empty() {
            self.askers.add_beside(rule, &beside);
            extend(&mut own.beside, &beside);
        }
        let mut told_apart = noted.told_apart;
        told_apart.retain(|address| !own.told_apart.contains(address));
        if !told_apart.is_empty() {
            self.tellers.insert(rule);
            extend(&mut own.told_apart, &told_apart);
        }
    }

    /// Forgets what was found of a rule.
    pub fn forget(&mut self, rule: RuleAt) {
        let own = std::mem::take(&mut self.rules[rule]);
        self.askers.remove(rule, Part::Body, &own.asked);
        self.askers.remove_beside(rule, &own.beside);
    }

    /// Places of which the rule's properties were read though no literal of it reads them.
    pub fn beside(&self, rule: RuleAt) -> &[At] {
        &self.rules[rule].beside
    }

    /// Rules of which a literal in a test told something apart when the body was judged.
    pub fn told_apart(&self, rule: RuleAt) -> &[Address] {
        &self.rules[rule].told_apart
    }
}

/// Adds them, in a list with room for no more.
fn extend<T: Copy>(list: &mut ThinVec<T>, more: &[T]) {
    list.reserve_exact(more.len());
    list.extend(more.iter().copied());
}

/// A judgement, then those before.
fn all(newest: &Arc<Judged>) -> impl Iterator<Item = &Arc<Judged>> {
    std::iter::successors(Some(newest), |judged| judged.before.as_ref())
}
