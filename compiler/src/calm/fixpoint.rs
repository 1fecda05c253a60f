//! The greatest fixpoint of properties over a program's rules.
//!
//! All places start with every property; rules and places are looked at again when something that they
//! depend on lost one. Transfer functions are monotone, so the order does not matter, and each place changes
//! at most as often as it has properties: the work is linear in the size of the program. Places are taken in
//! the order in which rows flow, so that most are looked at once.
//!
//! After an edit ([`again`]) the places that depend on each other start with every property again where a rule of theirs has
//! changed, or something that they read; all that they depend on besides is known by then. If they end as before, what is
//! derived from them need not be looked at. This asks that rules read places before their heads only, as all do that
//! depend on no more than what flows to them; where one does not, all places start anew.

mod contents;

use super::bodies::Bodies;
use super::body::{Body, Known, Share};
use super::found::Found;
use super::graph::Due;
use super::model::{At, RuleAt};
use super::properties::Props;
use contents::{contents, source};

/// What an edit asks to look at again.
#[derive(Debug, Default)]
pub struct Asked {
    pub rules: Vec<RuleAt>,
    pub places: Vec<At>,
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct Seen {
    /// Rules of which something has changed that they depend on.
    pub rules: Vec<RuleAt>,
    /// Places that have other properties now, or of which a rule gives something else.
    pub changed: Vec<At>,
}

/// Computes the properties of all places and rules.
pub fn solve(known: Known<'_, '_>, bodies: &mut Bodies) -> Found {
    let model = known.model;
    let mut found = Found::new(
        vec![Props::ALL; model.place_count()],
        vec![START; model.rule_bound()],
    );
    for at in model.places() {
        if model.is_source(at) {
            found.places[at.index()] = source(known, &found, at);
        }
    }
    let mut pass = Pass::new(known, bodies, &mut found, true);
    let mut is_done = false;
    while !is_done {
        is_done = true;
        for component in model.components().iter() {
            // What is derived from it sees it only when it is done, unless that is looked at some other way.
            while component
                .iter()
                .fold(false, |changed, &at| pass.look_at(at) | changed)
            {
                is_done = false;
            }
        }
    }
    found
}

/// Computes what an edit has changed of the properties. None if a rule depends on what does not flow to it: then nothing of
/// what was found so far stands.
pub fn again(
    known: Known<'_, '_>,
    bodies: &mut Bodies,
    found: &mut Found,
    asked: &Asked,
) -> Option<Seen> {
    let (model, components) = (known.model, known.model.components());
    let mut due = Due::new(components);
    let mut pass = Pass::new(known, bodies, found, false);
    for &rule in &asked.rules {
        pass.open.rules[rule] = true;
        due.push(components.rank(model.head(rule)));
    }
    for &at in &asked.places {
        pass.open.places[at.index()] = true;
        due.push(components.rank(at));
    }
    let mut seen = Seen::default();
    while let Some(rank) = due.pop() {
        let component = components.component(rank);
        match component {
            &[at] if !pass.is_circle(at) => pass.look_at_alone(at, &mut seen, &mut due)?,
            _ => pass.look_at_circle(component, &mut seen, &mut due)?,
        }
    }
    Some(seen)
}

/// Looks at places, one after the other.
struct Pass<'p, 'k, 'a> {
    known: Known<'k, 'a>,
    bodies: &'p mut Bodies,
    found: &'p mut Found,
    open: Open,
}

impl<'p, 'k, 'a> Pass<'p, 'k, 'a> {
    fn new(
        known: Known<'k, 'a>,
        bodies: &'p mut Bodies,
        found: &'p mut Found,
        is_open: bool,
    ) -> Self {
        let model = known.model;
        Pass {
            known,
            bodies,
            found,
            open: Open {
                rules: vec![is_open; model.rule_bound()],
                places: vec![is_open; model.place_count()],
            },
        }
    }

    /// Looks at the place and the rules that write it, where that is due. Whether something has changed.
    fn look_at(&mut self, at: At) -> bool {
        let model = self.known.model;
        let mut has_changed = false;
        for &rule in model.writers(at) {
            if !std::mem::take(&mut self.open.rules[rule]) {
                continue;
            }
            let body = self.bodies.judge(self.known, rule, self.found).body;
            if self.found.rules[rule] != body {
                let looked_through = self.found.rules[rule].plain != body.plain;
                self.found.rules[rule] = body;
                self.open.places[at.index()] = true;
                if looked_through {
                    self.mark_readers(at);
                    has_changed = true;
                }
            }
        }
        if !std::mem::take(&mut self.open.places[at.index()]) {
            return has_changed;
        }
        let before = self.found.place(at);
        let now = contents(self.known, self.found, at).and(before);
        if now != before {
            self.found.places[at.index()] = now;
            self.mark_readers(at);
            for other in model.follow(at) {
                self.open.places[other.index()] = true;
            }
            has_changed = true;
        }
        has_changed
    }

    fn mark_readers(&mut self, at: At) {
        self.open.mark(self.known.model.readers(at));
        self.open.mark(self.bodies.askers.beside(at));
    }

    /// Whether what the place has depends on what it has.
    fn is_circle(&self, at: At) -> bool {
        let model = self.known.model;
        let others = self.bodies.askers.beside(at);
        let mut readers = model.readers(at).iter().chain(others);
        readers.any(|&rule| model.head(rule) == at) || model.follow(at).any(|other| other == at)
    }

    /// Looks again at a place that does not depend on itself.
    fn look_at_alone(&mut self, at: At, seen: &mut Seen, due: &mut Due) -> Option<()> {
        let model = self.known.model;
        let (mut has_changed, mut is_looked_through) = (false, false);
        for &rule in model.writers(at) {
            if !std::mem::take(&mut self.open.rules[rule]) {
                continue;
            }
            let body = self.bodies.judge(self.known, rule, self.found).body;
            seen.rules.push(rule);
            self.reads_before(rule)?;
            let before = std::mem::replace(&mut self.found.rules[rule], body);
            has_changed |= before != body;
            is_looked_through |= before.plain != body.plain;
        }
        let mut is_other = false;
        if std::mem::take(&mut self.open.places[at.index()]) || has_changed {
            let now = contents(self.known, self.found, at);
            is_other = std::mem::replace(&mut self.found.places[at.index()], now) != now;
        }
        if has_changed || is_other {
            seen.changed.push(at);
        }
        if is_looked_through || is_other {
            self.hand_on(at, due)?;
        }
        // Now it may depend on itself.
        match self.is_circle(at) {
            true => None,
            false => Some(()),
        }
    }

    /// Looks again at places that depend on each other: they start with every property.
    fn look_at_circle(&mut self, component: &[At], seen: &mut Seen, due: &mut Due) -> Option<()> {
        let (known, model) = (self.known, self.known.model);
        let mut before: Vec<(Props, Vec<Body>)> = Vec::new();
        for &at in component {
            let writers = model.writers(at);
            let bodies = writers.iter().map(|&rule| self.found.rules[rule]);
            before.push((self.found.places[at.index()], bodies.collect()));
            for &rule in writers {
                self.found.rules[rule] = START;
            }
            self.open.mark(writers);
            self.open.places[at.index()] = true;
            self.found.places[at.index()] = Props::ALL;
        }
        for &at in component {
            if model.is_source(at) {
                self.found.places[at.index()] = source(known, self.found, at);
            }
        }
        while component
            .iter()
            .fold(false, |changed, &at| self.look_at(at) | changed)
        {}
        for (&at, (props, bodies)) in component.iter().zip(before) {
            let writers = model.writers(at);
            seen.rules.extend(writers);
            let (mut has_changed, mut is_looked_through) = (false, false);
            for (&rule, before) in writers.iter().zip(bodies) {
                self.reads_before(rule)?;
                has_changed |= before != self.found.rules[rule];
                is_looked_through |= before.plain != self.found.rules[rule].plain;
            }
            let is_other = props != self.found.places[at.index()];
            if has_changed || is_other {
                seen.changed.push(at);
            }
            if is_looked_through || is_other {
                self.hand_on(at, due)?;
            }
        }
        Some(())
    }

    /// None if the rule reads a place that does not flow to it.
    fn reads_before(&self, rule: RuleAt) -> Option<()> {
        let model = self.known.model;
        let rank = |at: At| model.components().rank(at);
        let own = rank(model.head(rule));
        let mut beside = self.bodies.beside(rule).iter();
        beside.all(|&at| rank(at) <= own).then_some(())
    }

    /// Has looked at what depends on the place. None if that should have been looked at later.
    fn hand_on(&mut self, at: At, due: &mut Due) -> Option<()> {
        let model = self.known.model;
        let components = model.components();
        let own = components.rank(at);
        let mut push = |to: At| {
            let rank = components.rank(to);
            if rank > own {
                due.push(rank);
            }
            rank >= own
        };
        let others = self.bodies.askers.beside(at);
        for &rule in model.readers(at).iter().chain(others) {
            self.open.rules[rule] = true;
            if !push(model.head(rule)) {
                return None;
            }
        }
        for to in model.follow(at) {
            self.open.places[to.index()] = true;
            if !push(to) {
                return None;
            }
        }
        Some(())
    }
}

pub const START: Body = Body {
    props: Props::ALL,
    constant: true,
    plain: Share {
        props: Props::ALL,
        distributes: true,
        positive: true,
    },
    buried: true,
};

/// What is to be looked at again.
struct Open {
    rules: Vec<bool>,
    places: Vec<bool>,
}

impl Open {
    fn mark(&mut self, rules: &[RuleAt]) {
        for &rule in rules {
            self.rules[rule] = true;
        }
    }
}
