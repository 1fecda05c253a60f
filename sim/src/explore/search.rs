//! The exploration: breadth first, so that the first schedule that leads to an outcome is a shortest.
//!
//! Explicit-state search (Holzmann's Spin is the model): a state is kept once, by what can follow
//! from it and not by the ticks that led there, with the action by which it was first reached.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bloom_delivery::endpoint::FOLLOW_UP_TICKS_MAX;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::machine::{Kinds, Resumable};

use super::deployment::{Deployment, Fed, Feed, Observed, Options};
use super::frontier::{Action, available, batches};
use super::local::Transition;
use super::messages::{Content, Lane};
use super::outcome::{Outcomes, Unexplored};
use super::session::Session;
use super::state::State;

/// Different parcels of one exploration.
const PARCELS_MAX: usize = 1 << 12;

/// Follows all schedules of a deployment with these feeds until every message has arrived and
/// nothing changes any more, and gives what the observed collections then hold.
pub fn explore<K>(
    kinds: &K,
    deployment: &Deployment,
    feeds: &[Feed],
    observed: &[Observed],
    options: &Options,
) -> Result<Outcomes, Unexplored>
where
    K: Kinds,
    K::Node: Resumable,
{
    Session::new(kinds, deployment, observed, options.free_loopback)?.explore(feeds, options)
}

impl<M: Resumable> Session<'_, M> {
    /// As [`explore`], with the session's deployment.
    pub fn explore(&mut self, feeds: &[Feed], options: &Options) -> Result<Outcomes, Unexplored> {
        let before = self.ticks();
        let (root, fed) = self.root(feeds, options)?;
        let mut states = IndexSet::default();
        states.insert(root);
        let groups = match (self.groups(feeds), options.reduced) {
            (groups, true) => groups,
            (groups, false) => vec![groups.concat()],
        };
        let mut explorer = Explorer {
            groups,
            session: self,
            feeds,
            fed,
            options,
            states,
            parents: Vec::new(),
            found: Vec::new(),
            split: None,
        };
        let complete = explorer.run()?;
        let mut outcomes = explorer.outcomes(complete);
        outcomes.ticks = self.ticks() - before;
        Ok(outcomes)
    }

    fn ticks(&self) -> usize {
        self.locals.iter().map(|local| local.ticks).sum()
    }
}

pub(super) struct Explorer<'s, 'a, M: Resumable> {
    pub(super) session: &'s mut Session<'a, M>,
    feeds: &'s [Feed],
    /// By parcel, which feed it is.
    pub(super) fed: BTreeMap<u32, usize>,
    pub(super) groups: Vec<Vec<usize>>,
    pub(super) options: &'s Options,
    pub(super) states: IndexSet<State, FxBuildHasher>,
    /// By state but the first: where it was reached from, and how.
    parents: Vec<(usize, Action)>,
    pub(super) found: Vec<(Ending, Found)>,
    pub(super) split: Option<usize>,
}

/// What tells outcomes apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ending {
    /// The set of what was seen.
    pub(super) seen: u32,
    /// Of what is read as of now: place, and contents unless they change for ever.
    pub(super) holds: Vec<(usize, Option<u32>)>,
}

/// How an outcome was found.
#[derive(Clone, Debug)]
pub struct Found {
    pub(super) state: usize,
    /// What follows on that state.
    pub(super) rest: Vec<Action>,
    pub(super) repeats_from: Option<usize>,
}

impl<M: Resumable> Explorer<'_, '_, M> {
    /// Whether all schedules were followed.
    fn run(&mut self) -> Result<bool, Unexplored> {
        let mut next = 0;
        while next < self.states.len() {
            let state = self.states[next].clone();
            if !self.awaits(&state) {
                self.end(next, &state)?;
                let wanted = self.options.outcomes_wanted;
                if wanted.is_some_and(|w| self.found.len() >= w) || self.split.is_some() {
                    return Ok(false);
                }
            }
            let actions = self.actions(&state)?;
            if actions.is_empty() && state.awaits() {
                return Err(Unexplored::Stuck);
            }
            for action in actions {
                if self.breaks(&state, &action) {
                    continue;
                }
                let after = self.apply(&state, &action)?;
                self.reach(next, after, action)?;
            }
            next += 1;
        }
        Ok(true)
    }

    pub(super) fn reach(
        &mut self,
        from: usize,
        state: State,
        action: Action,
    ) -> Result<(), Unexplored> {
        if !self.states.contains(&state) {
            if self.states.len() >= self.options.states_max {
                return Err(Unexplored::States(self.options.states_max));
            }
            self.states.insert(state);
            self.parents.push((from, action));
        }
        Ok(())
    }

    /// The actions by which a state was first reached.
    pub(super) fn actions_to(&self, state: usize) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut at = state;
        while at > 0 {
            let (from, action) = &self.parents[at - 1];
            actions.push(action.clone());
            at = *from;
        }
        actions.reverse();
        actions
    }

    /// Whether something must still happen: an arrival, or the passing of time.
    pub(super) fn awaits(&self, state: &State) -> bool {
        state.awaits() || self.nodes().any(|node| self.may_fire(state, node))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = usize> {
        self.groups.iter().flatten().copied()
    }

    fn may_fire(&self, state: &State, node: usize) -> bool {
        self.session.timed[node] && state.fired[node] < self.options.firings
    }

    pub(super) fn transition(
        &mut self,
        state: &State,
        node: usize,
        fires: bool,
        batch: &[u32],
    ) -> Rc<Transition> {
        let Session { locals, shared, .. } = &mut *self.session;
        locals[node].transition(state.locals[node], fires, batch, shared)
    }

    /// The state after an action.
    pub(super) fn apply(&mut self, state: &State, action: &Action) -> Result<State, Unexplored> {
        let mut after = state.clone();
        match action {
            Action::Lose { parcel } => {
                after.deliver(&[*parcel], &self.session.shared.parcels);
                after.pending.retain(|p| p.parcel != *parcel);
                after.losses -= 1;
            }
            Action::Tick { node, fires, batch } => {
                let done = self.transition(state, *node, *fires, batch);
                after.locals[*node] = done.to;
                after.fired[*node] += u8::from(*fires);
                after.deliver(batch, &self.session.shared.parcels);
                if let Some(stopped) = &done.stopped {
                    return Err(Unexplored::Endless(stopped.clone()));
                }
                let sent = |parcel: &u32| self.session.sets.contains(state.sent, *parcel);
                let new: Vec<u32> = done.sends.iter().copied().filter(|p| !sent(p)).collect();
                let repeats = self.options.message_repeats;
                after.send(&new, repeats, &self.session.shared.parcels);
                after.sent = self.session.sets.with(state.sent, &done.sends);
                after.seen = self.session.sets.with(state.seen, &done.emits);
            }
        }
        if self.session.shared.parcels.len() > PARCELS_MAX {
            return Err(Unexplored::Messages(PARCELS_MAX));
        }
        Ok(after)
    }

    /// Whether the action only happens if a promise is broken: to say nothing more of a partition
    /// that is sealed. Such runs tell nothing of the program.
    pub(super) fn breaks(&mut self, state: &State, action: &Action) -> bool {
        match action {
            Action::Tick { node, fires, batch } => {
                self.transition(state, *node, *fires, batch).broken
            }
            Action::Lose { .. } => false,
        }
    }

    /// Whether a tick of the node without arrivals changes or shows something.
    pub(super) fn stirs(&mut self, state: &State, node: usize) -> bool {
        let done = self.transition(state, node, false, &[]);
        done.to != state.locals[node] || self.shows(state, &done)
    }

    fn shows(&self, state: &State, done: &Transition) -> bool {
        let is_new =
            |set: u32, items: &[u32]| items.iter().any(|&i| !self.session.sets.contains(set, i));
        is_new(state.sent, &done.sends) || is_new(state.seen, &done.emits)
    }

    /// What is followed from a state; see `frontier` for why that is enough.
    fn actions(&mut self, state: &State) -> Result<Vec<Action>, Unexplored> {
        let mut actions = Vec::new();
        for group in 0..self.groups.len() {
            let nodes = self.groups[group].clone();
            let arrives = |fresh: bool| {
                let mut pending = state.pending.iter().filter(|p| p.fresh == fresh);
                pending.any(|p| nodes.contains(&self.session.shared.parcels.get(p.parcel).to))
            };
            let (fresh, again) = (arrives(true), arrives(false));
            let mut open = fresh || nodes.iter().any(|&node| self.may_fire(state, node));
            for &node in &nodes {
                open = open || self.goes_on(state, node)?;
            }
            if open || again {
                for &node in &nodes {
                    self.actions_of(state, node, &mut actions);
                }
            }
            if open && !actions.is_empty() {
                break;
            }
        }
        Ok(actions)
    }

    /// What must arrive before a parcel or with it; none if it cannot arrive yet.
    fn waits(&self, state: &State, parcel: u32) -> Option<Vec<u32>> {
        let Some(&feed) = self.fed.get(&parcel) else {
            return Some(Vec::new());
        };
        let feed = &self.feeds[feed];
        if feed.after.is_empty() {
            return Some(Vec::new());
        }
        let fresh = state.pending.iter().filter(|p| p.fresh).map(|p| p.parcel);
        let before = |parcel: &u32| {
            let first = self.fed.get(parcel);
            first.is_some_and(|first| feed.after.contains(first))
        };
        let before: Vec<u32> = fresh.filter(before).collect();
        let parcels = &self.session.shared.parcels;
        let here = parcels.get(parcel).to;
        let together = before.iter().all(|&first| parcels.get(first).to == here);
        let alive = matches!(feed.what, Fed::Alive(_));
        (before.is_empty() || together && !alive).then_some(before)
    }

    fn actions_of(&mut self, state: &State, node: usize, actions: &mut Vec<Action>) {
        let entries = self.takes_entries(state, node);
        let parcels = &self.session.shared.parcels;
        let available = available(state, node, parcels, entries, |p| self.waits(state, p));
        if state.losses > 0 {
            let messages = available.free.iter().map(|choice| choice.parcel);
            let lossy = messages.filter(|&parcel| {
                let message = matches!(parcels.get(parcel).what, Content::Message(_));
                message && parcels.lane(parcel) == Lane::Free
            });
            actions.extend(lossy.map(|parcel| Action::Lose { parcel }));
        }
        let batches = batches(&available, self.options.batch_max);
        if self.may_fire(state, node) {
            let none = std::iter::once(Vec::new());
            actions.extend(
                batches
                    .iter()
                    .cloned()
                    .chain(none)
                    .map(|batch| Action::Tick {
                        node,
                        fires: true,
                        batch,
                    }),
            );
        }
        let still = |batch| Action::Tick {
            node,
            fires: false,
            batch,
        };
        actions.extend(batches.into_iter().map(still));
        let local = &self.session.locals[node];
        let ticks = match local.is_logged() {
            true => local.wants_tick(state.locals[node]),
            false => self.stirs(state, node),
        };
        if ticks {
            actions.push(still(Vec::new()));
        }
    }

    /// Whether the node may take the next entry of a log: when it has done what earlier ticks left it to do,
    /// or goes round for ever and shows nothing new (an endpoint lets an entry wait for so many ticks).
    fn takes_entries(&mut self, state: &State, node: usize) -> bool {
        let mut met = BTreeSet::new();
        let mut at = state.clone();
        loop {
            let local = &self.session.locals[node];
            if !local.is_logged() || !local.wants_tick(at.locals[node]) {
                return met.is_empty();
            }
            if !met.insert(at.locals[node]) {
                return at.locals[node] == state.locals[node];
            }
            if met.len() > FOLLOW_UP_TICKS_MAX as usize {
                return true;
            }
            let done = self.transition(&at, node, false, &[]);
            if self.shows(state, &done) {
                return false;
            }
            at.locals[node] = done.to;
        }
    }

    /// Whether ticks without arrivals lead the node somewhere: to rest, or to something new to
    /// send or to show, rather than round for ever.
    fn goes_on(&mut self, state: &State, node: usize) -> Result<bool, Unexplored> {
        let mut met = BTreeSet::new();
        let mut at = state.clone();
        while self.stirs(&at, node) {
            if !met.insert(at.locals[node]) {
                return Ok(false);
            }
            if met.len() > self.options.states_max {
                return Err(Unexplored::States(self.options.states_max));
            }
            let done = self.transition(&at, node, false, &[]);
            if self.shows(&at, &done) {
                return Ok(true);
            }
            at.locals[node] = done.to;
        }
        Ok(!met.is_empty())
    }
}
