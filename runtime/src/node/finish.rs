//! The end of a tick: settling what was deferred, and putting the output together.

use std::collections::BTreeSet;

use bloom_plan::plan::{RelationId, RelationKind};
use bloom_plan::types::TypeId;
use bloom_plan::value::{Row, Value};
use smol_str::SmolStr;

use crate::api::{Conflict, DurableChange, ErrorRow, Message, Output};
use crate::deferred::{Change, Hindered};
use crate::machine::{Machine, Trouble};
use crate::report;
use crate::schedule::Filled;

use super::Node;

impl Node {
    /// Leaves to the next tick what `<+`, `<-` and `<+-` change.
    pub(super) fn settle_deferred(&mut self) {
        // In the order in which they are declared.
        self.machine.deferring.sort_unstable();
        for place in 0..self.machine.deferring.len() {
            let id = self.machine.deferring[place];
            let Machine {
                context,
                relations,
                deferred,
                program,
                ..
            } = &mut self.machine;
            let stays = !program.schedule().is_transient(id);
            let relation = &relations[id.0 as usize];
            let deferred = &mut deferred[id.0 as usize];
            let change = self.next.changes.begin(id);
            let hindered = deferred.settle(context, relation, stays, change);
            deferred.clear();
            if change.is_empty() {
                self.next.changes.take_back();
            }
            if !hindered.is_empty() {
                self.report_hindered(id, hindered);
            }
        }
        self.machine.deferring.clear();
    }

    #[cold]
    fn report_hindered(&mut self, id: RelationId, hindered: Hindered) {
        let place = id.0 as usize;
        for clash in hindered.clashes {
            let shape = self.machine.relations[place].shape();
            let key = shape.key_of(&clash.claims[0].0);
            self.machine.looked_at_again[place].insert(key.clone());
            self.machine.attempt.conflicts.add(id, key, clash);
        }
        for (row, origin, error) in hindered.failures {
            let key = self.machine.relations[place].shape().key_of(&row);
            self.machine.looked_at_again[place].insert(key);
            self.machine.fail_row(id, &row, origin, error);
        }
        self.machine.commit();
    }

    /// The output of a tick that takes effect.
    pub(super) fn finish(&mut self, output: &mut Output) {
        if !self.machine.trouble.is_empty() {
            self.tell_errors(output);
        }
        self.remember_arrivals();
        output.tick = self.tick;
        if !self.machine.program.schedule().durable.is_empty() {
            output.durable = self.durable_changes();
        }
        self.hand_out(output);
        self.machine.stats.values = self.machine.context.store.len() as u64;
        output.stats = self.machine.stats;
    }

    #[cold]
    fn tell_errors(&mut self, output: &mut Output) {
        let errors = self.errors_so_far();
        match self.machine.program.schedule().errors.map(|e| e.filled) {
            Some(Filled::Before(_) | Filled::BeforeClosing) => {
                let unseen = errors.iter().filter(|e| !self.reported.contains(e));
                self.next.left.errors = unseen.cloned().collect();
            }
            Some(Filled::Last) => self.load_errors(&errors),
            None => {}
        }
        self.machine.trouble = Trouble::default();
        output.errors = errors;
    }

    /// Sends, lines, the exit code, and the rows of outputs.
    fn hand_out(&mut self, output: &mut Output) {
        if self.hands_out_rows {
            for &id in &self.machine.program.schedule().outputs {
                if !self.machine.relations[id.0 as usize].is_empty() {
                    output.outputs.push((id, self.rows(id)));
                }
            }
        }
        if self.machine.sending.is_empty() {
            return;
        }
        // In the order in which they are declared.
        self.machine.sending.sort_unstable();
        for place in 0..self.machine.sending.len() {
            let program = &self.machine.program;
            let id = self.machine.sending[place];
            let relation = &program.plan().relations[id.0 as usize];
            match relation.kind {
                RelationKind::Channel { location } => {
                    let context = &self.machine.context;
                    let from = SmolStr::new(context.store.text(context.self_addr()));
                    for row in self.sent_rows(id) {
                        let Value::Addr(to) = row[location as usize].clone() else {
                            unreachable!("a location column holds addresses");
                        };
                        output.sends.push(Message {
                            from: from.clone(),
                            to,
                            channel: relation.name.clone(),
                            row,
                        });
                    }
                }
                RelationKind::Loopback => {
                    let into = self.next.left.loopback.begin(id);
                    for row in self.machine.sent[id.0 as usize].iter() {
                        into.extend_from_slice(row);
                    }
                }
                RelationKind::Stdout => output.stdout.extend(lines(self.sent_rows(id))),
                RelationKind::Stderr => output.stderr.extend(lines(self.sent_rows(id))),
                RelationKind::Halt => {
                    let codes = self.sent_rows(id).into_iter().map(|row| match row[..] {
                        [Value::Int(code)] => code,
                        _ => unreachable!("`halt` has one column, an `Int`"),
                    });
                    output.halt = output.halt.into_iter().chain(codes).min();
                }
                RelationKind::Output
                | RelationKind::Table { .. }
                | RelationKind::Scratch
                | RelationKind::Static
                | RelationKind::Input
                | RelationKind::View
                | RelationKind::Periodic { .. }
                | RelationKind::Stdin
                | RelationKind::Cluster
                | RelationKind::Alive
                | RelationKind::Errors => unreachable!("nothing leaves a node by it"),
            }
            self.machine.sent[id.0 as usize].clear();
        }
        self.machine.sending.clear();
        output.sends.sort();
    }

    /// What `<~` derived into a relation, sorted.
    fn sent_rows(&self, id: RelationId) -> Vec<Row> {
        let types = &self.machine.relations[id.0 as usize].shape().types;
        let sent = self.machine.sent[id.0 as usize].iter();
        let mut rows: Vec<Row> = sent.map(|row| self.values(types, row)).collect();
        rows.sort();
        rows
    }

    pub(super) fn values(&self, types: &[TypeId], words: &[u64]) -> Row {
        report::values(&self.machine.context.store, types, words)
    }

    /// What of durable tables this tick changes, deferred changes included.
    fn durable_changes(&self) -> Vec<DurableChange> {
        let nothing = Change::default();
        let plan = self.machine.program.plan();
        let mut durable = Vec::new();
        for &id in &self.machine.program.schedule().durable {
            let declaration = &plan.relations[id.0 as usize];
            let relation = &self.machine.relations[id.0 as usize];
            let change = self.next.changes.iter().find(|(of, _)| *of == id);
            let change = change.map_or(&nothing, |(_, change)| change);
            let deleted: BTreeSet<&[u64]> = change.gone(relation).collect();
            let changed = relation.changed();
            let stays = changed
                .iter()
                .map(|&n| relation.row(n))
                .filter(|row| !deleted.contains(row));
            let upserts = stays.chain(change.came(relation.shape().stride));
            let types = &relation.shape().types;
            let rows = |rows: &mut dyn Iterator<Item = &[u64]>| {
                let mut rows: Vec<Row> = rows.map(|row| self.values(types, row)).collect();
                rows.sort();
                rows
            };
            let (deletes, upserts) = (
                rows(&mut deleted.iter().copied()),
                rows(&mut upserts.into_iter()),
            );
            if !deletes.is_empty() || !upserts.is_empty() {
                durable.push(DurableChange {
                    table: declaration.name.clone(),
                    deletes,
                    upserts,
                });
            }
        }
        durable
    }

    /// The tick's conflicts so far, as reports.
    pub(super) fn conflict_reports(&self) -> Vec<(Conflict, ErrorRow)> {
        let (store, plan) = (&self.machine.context.store, self.machine.program.plan());
        self.machine.trouble.conflicts.report(store, plan)
    }

    /// The tick's errors so far, sorted.
    pub(super) fn errors_so_far(&self) -> Vec<ErrorRow> {
        let trouble = &self.machine.trouble;
        if trouble.is_empty() {
            return Vec::new();
        }
        let mut errors = trouble.errors.clone();
        errors.extend(self.conflict_reports().into_iter().map(|(_, error)| error));
        errors.into_iter().collect()
    }
}

fn lines(rows: Vec<Row>) -> impl Iterator<Item = String> {
    rows.into_iter().map(|row| match &row[..] {
        [Value::String(line)] => line.to_string(),
        _ => unreachable!("standard output has one column, a `String`"),
    })
}
