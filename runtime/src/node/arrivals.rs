//! The beginning of a tick: deferred changes, reclamation, and everything that has arrived.

use std::sync::Arc;

use bloom_plan::plan::{RelationId, RelationKind};
use bloom_plan::types::TypeId;
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

use crate::api::{ErrorRow, Input, Message, Misfit, StartError};
use crate::cells::Fed;
use crate::machine::{Machine, Wanted};
use crate::relation::{Clash, Origin};
use crate::report;

use super::Node;

/// Firings of one timer in one tick; the rest come in the next tick.
const FIRINGS_MAX: usize = 1 << 16;

/// A `periodic` collection.
#[derive(Clone, Debug)]
pub struct Timer {
    relation: RelationId,
    every: i64,
    due: i64,
    /// Of the next firing, from 1.
    id: i64,
}

impl Timer {
    /// The timers of a machine whose constants have their values.
    pub fn all(machine: &Machine, start: i64) -> Result<Vec<Timer>, StartError> {
        let timers = machine.program.schedule().timers.iter();
        timers
            .map(|&(relation, every)| {
                let every = machine.context.constant(every.0 as usize) as i64;
                if every <= 0 {
                    let declaration = &machine.program.plan().relations[relation.0 as usize];
                    return Err(StartError::Period(declaration.name.clone()));
                }
                Ok(Timer {
                    relation,
                    every,
                    due: start.saturating_add(every),
                    id: 1,
                })
            })
            .collect()
    }

    pub fn due(&self) -> i64 {
        self.due
    }

    /// What changes of it from tick to tick.
    pub(super) fn state(&self) -> [u64; 2] {
        [self.due as u64, self.id as u64]
    }

    pub(super) fn set_state(&mut self, state: [u64; 2]) {
        (self.due, self.id) = (state[0] as i64, state[1] as i64);
    }

    /// The rows that are due.
    fn fire(&mut self, now: i64, into: &mut Fed) {
        for _ in 0..FIRINGS_MAX {
            if self.due > now || self.due == i64::MAX {
                return;
            }
            into.last_of(self.relation)
                .extend([self.id as u64, self.due as u64]);
            self.id += 1;
            self.due = self.due.saturating_add(self.every);
        }
    }
}

impl Node {
    /// Reclaims values that nothing holds any more. Between ticks, where no word is on the way.
    pub(super) fn sweep_if_due(&mut self) {
        if self.pinned || !self.machine.context.store.sweep_is_due() {
            return;
        }
        let mut marks = self.machine.context.mark();
        let history = self.history.iter().flatten();
        for relation in self.machine.relations.iter().chain(history) {
            let types = &relation.shape().types;
            // Rows that went are still to be followed.
            let gone = relation.gone().chunks_exact(relation.shape().stride);
            for row in relation.rows().chain(gone) {
                for (&ty, &word) in types.iter().zip(row) {
                    marks.keep(ty, word);
                }
            }
        }
        let plan = Arc::clone(self.machine.program.plan());
        for (aggregate, groups) in plan.aggregates.iter().zip(&self.machine.kept) {
            let relation = &self.machine.relations[aggregate.relation.0 as usize];
            groups.mark(aggregate, &relation.shape().types, &mut marks);
        }
        for (id, rows) in self.fed.iter().chain(self.next.left.loopback.iter()) {
            let types = &self.machine.relations[id.0 as usize].shape().types;
            for row in rows.chunks_exact(types.len().max(1)) {
                for (&ty, &word) in types.iter().zip(row) {
                    marks.keep(ty, word);
                }
            }
        }
        marks.finish();
    }

    /// The words of a row from outside.
    pub(super) fn words(&mut self, id: RelationId, row: &[Value]) -> Result<Vec<u64>, Misfit> {
        let plan = Arc::clone(self.machine.program.plan());
        let columns = &plan.relations[id.0 as usize].columns;
        let mut words = Vec::with_capacity(columns.len().max(1));
        self.machine
            .context
            .words_of_row(columns, row, &mut words)?;
        if columns.is_empty() {
            words.push(0);
        }
        Ok(words)
    }

    /// Gives a relation other contents, between ticks.
    pub(super) fn replace(&mut self, id: RelationId, rows: &[Row]) {
        self.machine.touch(id);
        self.machine.relation(id).clear();
        for row in rows {
            let row = self.words(id, row);
            let row = row.expect("rows of the deployment's collections have their types");
            let relation = self.machine.relation(id);
            if relation.find(&row).is_none() {
                relation.insert(&row);
            }
        }
        self.machine.relation(id).disown();
        self.machine.relation(id).begin_tick();
    }

    pub(super) fn replace_alive(&mut self, alive: &[SmolStr]) {
        let rows: Vec<Row> = alive.iter().map(|a| vec![Value::Addr(a.clone())]).collect();
        let plan = Arc::clone(self.machine.program.plan());
        for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
            if relation.kind == RelationKind::Alive {
                self.replace(id, &rows);
            }
        }
    }

    /// Loads what has arrived; what does not fit is refused and reported.
    pub(super) fn load_arrivals(&mut self, input: &Input) {
        let mut arrivals = std::mem::take(&mut self.fed);
        for (id, rows) in self.left.loopback.iter() {
            arrivals.last_of(*id).extend_from_slice(rows);
        }
        for timer in &mut self.timers {
            timer.fire(input.now, &mut arrivals);
        }
        if input.brings_values() {
            self.take_values(input, &mut arrivals);
        }
        if !self.machine.program.schedule().immutable.is_empty() {
            for (id, rows) in arrivals.iter_mut() {
                self.keep_agreeing(*id, rows);
            }
        }
        self.machine.load(&mut arrivals);
        self.machine.look_out(&arrivals, Wanted::Rows);
        arrivals.clear();
        self.fed = arrivals;
    }

    /// Takes what comes as values.
    fn take_values(&mut self, input: &Input, arrivals: &mut Fed) {
        for (id, row) in &input.rows {
            self.take(*id, row, arrivals);
        }
        for (number, message) in (0..).zip(&input.messages) {
            match self.channel(&message.channel) {
                Some(id) => self.take_message(id, number, message, arrivals),
                None => self.refuse(&message.channel, &message.row, "there is no such channel"),
            }
        }
        for (id, key) in &input.seals {
            match self.machine.program.schedule().seals[id.0 as usize] {
                Some(seals) => self.take(seals, key, arrivals),
                None => {
                    let plan = Arc::clone(self.machine.program.plan());
                    let name = &plan.relations[id.0 as usize].name;
                    self.refuse(name, key, "it is not sealed by anything");
                }
            }
        }
        if !input.stdin.is_empty() {
            let plan = Arc::clone(self.machine.program.plan());
            for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
                if relation.kind == RelationKind::Stdin {
                    for line in &input.stdin {
                        self.take(id, &[Value::string(line)], arrivals);
                    }
                }
            }
        }
    }

    fn channel(&self, name: &str) -> Option<RelationId> {
        let id = self.relation(name)?;
        let kind = self.machine.program.plan().relations[id.0 as usize].kind;
        matches!(kind, RelationKind::Channel { .. }).then_some(id)
    }

    /// Takes a row, if it fits.
    fn take(&mut self, id: RelationId, row: &[Value], into: &mut Fed) {
        if let Some(words) = self.fitting(id, row) {
            into.of(id).extend_from_slice(&words);
        }
    }

    /// The words of a row; what does not fit is refused.
    fn fitting(&mut self, id: RelationId, row: &[Value]) -> Option<Vec<u64>> {
        match self.words(id, row) {
            Ok(words) => Some(words),
            Err(misfit) => {
                let plan = Arc::clone(self.machine.program.plan());
                self.refuse(&plan.relations[id.0 as usize].name, row, misfit);
                None
            }
        }
    }

    /// Takes a message; where the channel's rows are counted, also with who sent it, and its number among this
    /// tick's messages.
    fn take_message(&mut self, id: RelationId, number: i64, message: &Message, into: &mut Fed) {
        let Some(words) = self.fitting(id, &message.row) else {
            return;
        };
        into.of(id).extend_from_slice(&words);
        if let Some(arrived) = self.machine.program.schedule().arrived[id.0 as usize] {
            let context = &mut self.machine.context;
            let ty = context.store.types().addr();
            let from = context.store.word(ty, &Value::Addr(message.from.clone()));
            let from = from.expect("an address fits where one is expected");
            let rows = into.of(arrived);
            rows.extend([from, number as u64]);
            rows.extend_from_slice(&words);
        }
    }

    fn refuse(&mut self, collection: &str, row: &[Value], why: impl std::fmt::Display) {
        let plan = self.machine.program.plan();
        let declared = plan.relations.iter().find(|r| r.name == collection);
        let columns = declared.map_or(&[][..], |r| &r.columns);
        let types: Vec<TypeId> = columns.iter().map(|c| c.ty).collect();
        let store = &self.machine.context.store;
        let error = report::refused(store, &types, collection, row, why);
        self.machine.trouble.errors.insert(error);
    }

    /// Leaves out rows whose `immutable` key had other contents.
    fn keep_agreeing(&mut self, id: RelationId, rows: &mut Vec<u64>) {
        if self.history[id.0 as usize].is_none() {
            return;
        }
        let stride = self.machine.relations[id.0 as usize].shape().stride;
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows.chunks_exact(stride) {
            if self.agrees_with_history(id, row) {
                kept.extend_from_slice(row);
            }
        }
        *rows = kept;
    }

    /// Whether an `immutable` key comes with the contents it always had; reports it if not.
    fn agrees_with_history(&mut self, id: RelationId, row: &[u64]) -> bool {
        let Some(history) = &self.history[id.0 as usize] else {
            return true;
        };
        let Some(number) = history.find(row) else {
            return true;
        };
        let there = history.row(number);
        if history.shape().same_plain(there, row) {
            return true;
        }
        let clash = Clash {
            claims: vec![
                (there.to_vec(), Origin::EARLIER),
                (row.to_vec(), Origin::ARRIVAL),
            ],
            poisons: false,
        };
        let key = history.shape().key_of(row);
        self.machine.trouble.conflicts.add(id, key, clash);
        false
    }

    /// Adds this tick's rows of `immutable` relations to their history.
    pub(super) fn remember_arrivals(&mut self) {
        for &id in &self.machine.program.schedule().immutable {
            let place = id.0 as usize;
            let Some(history) = &mut self.history[place] else {
                continue;
            };
            for row in self.machine.relations[place].rows() {
                if history.find(row).is_none() {
                    history.insert(row);
                }
            }
        }
    }

    /// Fills the relation of errors.
    pub(super) fn load_errors(&mut self, errors: &[ErrorRow]) {
        let Some(into) = self.machine.program.schedule().errors else {
            return;
        };
        if !errors.is_empty() {
            self.machine.touch(into.relation);
        }
        for error in errors {
            let row = [
                Value::String(error.rule.clone()),
                Value::string(&error.message),
                Value::string(&error.row),
            ];
            let row = self.words(into.relation, &row);
            let row = row.expect("`errors` has three columns of text");
            let relation = self.machine.relation(into.relation);
            if relation.find(&row).is_none() {
                relation.insert(&row);
            }
        }
    }
}
