//! How runs end. When nothing must arrive any more, ticks without arrivals are all that is left;
//! those of different nodes do not disturb each other, so that there is one way to go: to rest, to a
//! message that is new, or round for ever.

use std::collections::BTreeMap;

use bloom_plan::value::Row;

use crate::machine::Resumable;

use super::frontier::Action;
use super::messages::Content;
use super::outcome::{Arrival, Contents, Outcome, Outcomes, Schedule, Step, Tick, Unexplored};
use super::search::{Ending, Explorer, Found};
use super::state::State;

impl<M: Resumable> Explorer<'_, '_, M> {
    /// Goes on from a state in which nothing is awaited, and notes the outcome.
    pub(super) fn end(&mut self, number: usize, state: &State) -> Result<(), Unexplored> {
        let mut rest = Vec::new();
        let mut met = vec![(state.clone(), 0)];
        loop {
            let (at, _) = met.last().expect("the first state was met").clone();
            let nodes: Vec<usize> = self.nodes().collect();
            let mut stirring = nodes;
            stirring.retain(|&node| self.stirs(&at, node));
            if stirring.is_empty() {
                return self.come_to_rest(number, &at, rest);
            }
            let mut after = at;
            for node in stirring {
                let tick = Action::Tick {
                    node,
                    fires: false,
                    batch: Vec::new(),
                };
                if self.breaks(&after, &tick) {
                    return Ok(());
                }
                after = self.apply(&after, &tick)?;
                rest.push(tick);
            }
            if after.awaits() {
                return Ok(());
            }
            if let Some(place) = met.iter().position(|(before, _)| *before == after) {
                self.note_cycle(number, &met, place, rest);
                return Ok(());
            }
            if met.len() > self.options.states_max {
                return Err(Unexplored::States(self.options.states_max));
            }
            met.push((after, rest.len()));
        }
    }

    /// Time may pass once more now; if not, this is an end.
    fn come_to_rest(
        &mut self,
        number: usize,
        state: &State,
        rest: Vec<Action>,
    ) -> Result<(), Unexplored> {
        let most = self.options.firings + self.options.closings;
        let waiting = self
            .nodes()
            .filter(|&n| self.session.timed[n] && state.fired[n] < most);
        if let Some(node) = waiting.min_by_key(|&node| (state.fired[node], node)) {
            // Only where the state itself is at rest, so that it has one successor for it.
            if rest.is_empty() {
                let tick = Action::Tick {
                    node,
                    fires: true,
                    batch: Vec::new(),
                };
                let after = self.apply(state, &tick)?;
                self.reach(number, after, tick)?;
            }
            return Ok(());
        }
        let mut holds = Vec::new();
        let nodes: Vec<usize> = self.nodes().collect();
        for node in nodes {
            let done = self.transition(state, node, false, &[]);
            holds.extend(done.holds.iter().map(|&(place, held)| (place, Some(held))));
        }
        let found = Found {
            state: number,
            rest,
            repeats_from: None,
        };
        self.note(state.seen, holds, found);
        Ok(())
    }

    /// The states from a place on repeat for ever.
    fn note_cycle(
        &mut self,
        number: usize,
        met: &[(State, usize)],
        from: usize,
        rest: Vec<Action>,
    ) {
        let mut holds: Vec<(usize, Option<u32>)> = Vec::new();
        let nodes: Vec<usize> = self.nodes().collect();
        for (state, _) in &met[from..] {
            for &node in &nodes {
                let done = self.transition(state, node, false, &[]);
                for &(place, held) in &done.holds {
                    match holds.iter_mut().find(|(of, _)| *of == place) {
                        Some((_, there)) if *there != Some(held) => *there = None,
                        Some(_) => {}
                        None => holds.push((place, Some(held))),
                    }
                }
            }
        }
        let found = Found {
            state: number,
            rest,
            repeats_from: Some(met[from].1),
        };
        self.note(met[from].0.seen, holds, found);
    }

    fn note(&mut self, seen: u32, mut holds: Vec<(usize, Option<u32>)>, found: Found) {
        holds.sort_unstable();
        let ending = Ending { seen, holds };
        if self.found.iter().any(|(known, _)| *known == ending) {
            return;
        }
        let contents = self.contents(&ending);
        let differ =
            |group: &Vec<usize>| group.windows(2).any(|w| contents[w[0]] != contents[w[1]]);
        if self.split.is_none() && self.options.replicas.iter().any(differ) {
            self.split = Some(self.found.len());
        }
        self.found.push((ending, found));
    }

    fn contents(&self, ending: &Ending) -> Vec<Contents> {
        let mut contents: Vec<Contents> = Vec::new();
        for place in 0..self.session.observed {
            let held = ending.holds.iter().find(|(of, _)| *of == place);
            contents.push(match held {
                Some((_, None)) => Contents::Oscillates,
                Some((_, Some(rows))) => {
                    Contents::Rows(self.session.shared.contents[*rows as usize].clone())
                }
                None => Contents::Rows(self.seen_at(ending.seen, place)),
            });
        }
        contents
    }

    fn seen_at(&self, seen: u32, place: usize) -> Vec<Row> {
        let seen = self.session.sets.get(seen).iter();
        let seen = seen.map(|&n| &self.session.shared.emitted[n as usize]);
        let mut rows: Vec<Row> = seen
            .filter(|(of, _)| *of == place)
            .map(|(_, row)| row.clone())
            .collect();
        rows.sort();
        rows
    }

    pub(super) fn outcomes(&mut self, complete: bool) -> Outcomes {
        let states = self.states.len();
        let found = std::mem::take(&mut self.found);
        let outcomes = found.into_iter().map(|(ending, found)| Outcome {
            contents: self.contents(&ending),
            schedule: self.schedule(&found),
        });
        Outcomes {
            outcomes: outcomes.collect(),
            complete,
            split: self.split,
            states,
            ticks: 0,
        }
    }

    fn schedule(&mut self, found: &Found) -> Schedule {
        let mut actions = self.actions_to(found.state);
        let repeats_from = found.repeats_from.map(|from| actions.len() + from);
        actions.extend(found.rest.iter().cloned());
        let mut state = self.states[0].clone();
        let mut steps = Vec::new();
        let mut held = BTreeMap::new();
        for action in &actions {
            steps.push(self.step(&state, action, &mut held));
            let after = self.apply(&state, action);
            state = after.expect("the exploration has been here");
        }
        Schedule {
            steps,
            repeats_from,
        }
    }

    /// What an action does, for a reader. `held`: by place in what is observed, what it last held.
    fn step(&mut self, state: &State, action: &Action, held: &mut BTreeMap<usize, u32>) -> Step {
        let (node, fires, batch) = match action {
            Action::Tick { node, fires, batch } => (*node, *fires, batch),
            Action::Lose { parcel } => match &self.session.shared.parcels.get(*parcel).what {
                Content::Message(message) => return Step::Loss(message.clone()),
                Content::Feed(..) | Content::Loopback(..) => {
                    unreachable!("only the network loses something")
                }
            },
        };
        let done = self.transition(state, node, fires, batch);
        let new = |set: u32, items: &[u32]| -> Vec<u32> {
            let items = items.iter().copied();
            items
                .filter(|&item| !self.session.sets.contains(set, item))
                .collect()
        };
        let sends = new(state.sent, &done.sends).into_iter().filter_map(|n| {
            match &self.session.shared.parcels.get(n).what {
                Content::Message(message) => Some(message.clone()),
                Content::Feed(..) | Content::Loopback(..) => None,
            }
        });
        let emits = new(state.seen, &done.emits).into_iter();
        let contents = &self.session.shared.contents;
        let mut holds = Vec::new();
        for &(place, now) in &done.holds {
            let before = held.insert(place, now);
            if before.map_or(!contents[now as usize].is_empty(), |before| before != now) {
                holds.push((place, contents[now as usize].clone()));
            }
        }
        Step::Tick(Tick {
            node,
            now: done.now,
            fires,
            arrivals: batch.iter().map(|&n| self.arrival(node, n)).collect(),
            sends: sends.collect(),
            emits: emits
                .map(|n| self.session.shared.emitted[n as usize].clone())
                .collect(),
            holds,
            errors: done.errors.clone(),
        })
    }

    fn arrival(&self, node: usize, parcel: u32) -> Arrival {
        match &self.session.shared.parcels.get(parcel).what {
            Content::Feed(..) => Arrival::Feed(self.fed[&parcel]),
            Content::Message(message) => Arrival::Message(message.clone()),
            Content::Loopback(id, row) => Arrival::Loopback {
                collection: self.session.locals[node].collection(*id),
                row: row.clone(),
            },
        }
    }
}
