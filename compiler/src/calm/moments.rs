//! At which ticks of a node something is derived: what a log must carry besides the rows that race.
//!
//! One entry of a log is one tick, and every replica goes through these ticks alike. But a replica also ticks
//! for arrivals that are in no log, each at its own moment. What needs a row of a logged collection is derived
//! in logged ticks only. What holds because rows that live for one tick are *not* there is derived in the
//! next tick, whatever makes it: in `alarm{x} <= armed{x}, not ok{x}` with a scratch `ok`. So of each place two
//! things are found, as least fixpoints over the rules of its kind: whether it can lose rows, and whether it can
//! gain some, in a tick that takes nothing in.
//!
//! A node that changes by itself for ever takes an entry at a moment of its own, and no log helps.

use std::collections::BTreeSet;

use bloom_stdx::graph::components;

use super::flow::{Atom, RuleSummary};
use super::found::Found;
use super::model::{At, Model, RuleAt};
use super::properties::Props;
use super::violation::Moments;
use crate::analysis::Reading;
use crate::hir::{Arrow, CollectionKind};

/// What ticks without arrivals do, for all places of a program.
pub struct IdleTicks<'m, 'a> {
    model: &'m Model<'a>,
    /// Whether the place is empty in ticks that follow on nothing that has arrived.
    event: Vec<bool>,
    loses: Vec<bool>,
    gains: Vec<bool>,
    /// Whether it may go round for ever without arrivals.
    endless: Vec<bool>,
}

impl<'m, 'a> IdleTicks<'m, 'a> {
    pub fn new(model: &'m Model<'a>, found: &Found) -> Self {
        let places = model.place_count();
        let mut ticks = IdleTicks {
            model,
            event: vec![false; places],
            loses: vec![false; places],
            gains: vec![false; places],
            endless: vec![false; places],
        };
        ticks.find_events();
        ticks.find_changes();
        ticks.find_endless(found);
        ticks
    }

    /// What decides when the rule derives something that is captured.
    pub fn moments(&self, capture: RuleAt) -> Moments {
        let mut seen = BTreeSet::new();
        let mut open = vec![capture];
        while let Some(rule) = open.pop() {
            for atom in &self.model.rule(rule).atoms {
                let at = self.model.place(rule, atom.collection);
                if self.endless[at.index()] {
                    return Moments::Endless;
                }
                if seen.insert(at) && !self.arrives(at) {
                    open.extend(self.model.writers(at));
                }
            }
        }
        match self.endless[self.model.head(capture).index()] {
            true => Moments::Endless,
            false if self.rule_gains(capture) => Moments::AnyTick,
            false => Moments::Racing,
        }
    }

    fn arrives(&self, at: At) -> bool {
        self.model.is_asynchronous(at) && self.model.collection(at).kind != CollectionKind::Loopback
    }

    /// Least fixpoint: every rule has a row that arrives, or one that follows on such a row.
    fn find_events(&mut self) {
        let model = self.model;
        for at in model.places() {
            self.event[at.index()] = self.arrives(at);
        }
        self.until_stable(|ticks, at| {
            let rules = model.writers(at);
            let now = ticks.event[at.index()]
                || (!model.is_kept(at)
                    && !model.is_source(at)
                    && rules.iter().all(|&rule| ticks.is_driven(rule)));
            std::mem::replace(&mut ticks.event[at.index()], now) != now
        });
    }

    /// Whether the rule needs a row that is there in some ticks after an arrival only.
    fn is_driven(&self, rule: RuleAt) -> bool {
        let mut atoms = self.model.rule(rule).positive();
        atoms.any(|(_, atom)| self.event[self.model.place(rule, atom.collection).index()])
    }

    fn find_changes(&mut self) {
        let model = self.model;
        for at in model.places() {
            self.loses[at.index()] = model.is_asynchronous(at)
                || matches!(
                    model.collection(at).kind,
                    CollectionKind::Periodic { .. }
                        | CollectionKind::Alive
                        | CollectionKind::Errors
                );
        }
        self.until_stable(|ticks, at| {
            let kept = model.is_kept(at);
            let rules = model.writers(at);
            let deferred = |rule: RuleAt| model.rule(rule).arrow != Arrow::Merge;
            let loses = ticks.loses[at.index()]
                || rules.iter().any(|&rule| match kept {
                    true => {
                        model.rule(rule).arrow == Arrow::DeferredDelete && ticks.rule_gains(rule)
                    }
                    false => deferred(rule) || ticks.rule_loses(rule),
                });
            let gains = ticks.gains[at.index()] || rules.iter().any(|&rule| ticks.rule_gains(rule));
            let now = (loses, gains);
            let before = (
                std::mem::replace(&mut ticks.loses[at.index()], loses),
                std::mem::replace(&mut ticks.gains[at.index()], gains),
            );
            before != now
        });
    }

    /// Whether the body can hold in a tick without arrivals where it did not in the one before.
    fn rule_gains(&self, rule: RuleAt) -> bool {
        let summary = self.model.rule(rule);
        !self.is_driven(rule)
            && summary.atoms.iter().any(|atom| {
                let at = self.model.place(rule, atom.collection).index();
                self.gains[at] && !atom.negated || self.loses[at] && is_whole(summary, atom)
            })
    }

    fn rule_loses(&self, rule: RuleAt) -> bool {
        let summary = self.model.rule(rule);
        summary.atoms.iter().any(|atom| {
            let at = self.model.place(rule, atom.collection).index();
            self.loses[at] && !atom.negated || self.gains[at] && is_whole(summary, atom)
        })
    }

    /// Places that depend on themselves over ticks by rules that need no arrival, and do not only grow.
    fn find_endless(&mut self, found: &Found) {
        let model = self.model;
        let mut successors = vec![Vec::new(); model.place_count()];
        let mut temporal = Vec::new();
        for rule in model.rules().filter(|&rule| !self.is_driven(rule)) {
            let (head, summary) = (model.head(rule), model.rule(rule));
            for atom in &summary.atoms {
                let from = model.place(rule, atom.collection);
                let takes_itself =
                    summary.arrow == Arrow::DeferredDelete && from == head && !atom.negated;
                if takes_itself {
                    continue;
                }
                successors[from.index()].push(head.index());
                if summary.arrow != Arrow::Merge {
                    temporal.push((from.index(), head.index()));
                }
            }
        }
        let components = components(&successors);
        let mut component_of = vec![0; model.place_count()];
        for (number, component) in components.iter().enumerate() {
            for &place in component {
                component_of[place] = number;
            }
        }
        let turns = temporal
            .into_iter()
            .filter(|&(from, to)| component_of[from] == component_of[to]);
        for (place, _) in turns {
            for &place in &components[component_of[place]] {
                let props = found.place(At(place as u32));
                self.endless[place] = !props.has(Props::GROWS) && !props.has(Props::LIMIT);
            }
        }
    }

    fn until_stable(&mut self, mut step: impl FnMut(&mut Self, At) -> bool) {
        let model = self.model;
        let mut open: Vec<At> = model.places().collect();
        while let Some(at) = open.pop() {
            if step(self, at) {
                let readers = model.readers(at).iter();
                open.extend(readers.map(|&rule| model.head(rule)));
            }
        }
    }
}

/// Whether the rule may give more when rows of the atom are gone.
fn is_whole(summary: &RuleSummary, atom: &Atom) -> bool {
    atom.negated || summary.aggregates_whole() || atom.reading == Reading::Complete
}
