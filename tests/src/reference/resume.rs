//! Going back to an earlier state, so that the explorer of schedules can run on the reference too.

use std::collections::BTreeMap;

use bloom_compiler::hir::{CollectionId, CollectionKind};
use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_runtime::Bounds;
use bloom_sim::Resumable;

use super::Reference;
use super::deferred::Change;

/// What bears on later ticks.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    first: bool,
    /// Rows that stay, by collection; of others none.
    rows: Vec<BTreeMap<Row, Row>>,
    ever: Vec<Option<BTreeMap<Row, Row>>>,
    changes: Vec<(CollectionId, Change)>,
    looped: Vec<(CollectionId, Row)>,
    /// When each timer falls due, and the number of its next firing.
    timers: Vec<(i64, i64)>,
    /// Rows of `cluster` that the first tick takes in.
    cluster: Vec<Row>,
    late_errors: Vec<Row>,
}

impl Resumable for Reference<'_> {
    type State = State;

    fn state(&mut self) -> State {
        let collections = self.kind.collections.iter();
        let rows = collections.map(|(id, collection)| {
            let stays = !collection.is_transient() || collection.kind == CollectionKind::Alive;
            match stays {
                true => self.relations[id].rows.clone(),
                false => BTreeMap::new(),
            }
        });
        State {
            first: self.ticks == 0,
            rows: rows.collect(),
            ever: self
                .relations
                .iter()
                .map(|(_, relation)| relation.ever.clone())
                .collect(),
            changes: self.changes.clone(),
            looped: self.looped.clone(),
            timers: self
                .timers
                .iter()
                .map(|timer| (timer.due, timer.fired))
                .collect(),
            cluster: self.cluster.clone(),
            late_errors: self.late_errors.clone(),
        }
    }

    fn resume(&mut self, state: &State) {
        self.ticks = u64::from(!state.first);
        for (place, id) in super::ids(&self.relations).enumerate() {
            self.relations[id].rows = state.rows[place].clone();
            self.relations[id].ever = state.ever[place].clone();
        }
        self.changes = state.changes.clone();
        self.looped = state.looped.clone();
        for (timer, &(due, fired)) in self.timers.iter_mut().zip(&state.timers) {
            (timer.due, timer.fired) = (due, fired);
        }
        self.cluster = state.cluster.clone();
        self.late_errors = state.late_errors.clone();
    }

    fn take_loopback(&mut self) -> Vec<(RelationId, Row)> {
        let looped = std::mem::take(&mut self.looped).into_iter();
        let relation = |of: CollectionId| {
            let place = self.relations_of_plan.iter().position(|c| *c == Some(of));
            RelationId(place.expect("a loopback is a relation of the plan") as u32)
        };
        looped.map(|(of, row)| (relation(of), row)).collect()
    }

    /// The reference knows no bounds: its programs are finite.
    fn limit(&mut self, _bounds: Bounds) {}
}
