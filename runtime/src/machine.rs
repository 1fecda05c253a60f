//! A node's rows and the running of versions over them.
//!
//! Fixpoint of a stratum, with key conflicts: iterations are synchronous, so the set of rows that an
//! iteration derives does not depend on the order of versions. When two unequal rows of this tick
//! claim one key, the stratum goes back to its start with that key poisoned, and runs again without
//! it; so what follows from a row in conflict does not happen either, however it was found out.
//! Poisoned keys only become more, so this ends.

#![expect(unsafe_code, reason = "runs generated code")]

mod interface;
mod memo;

use std::collections::BTreeSet;
use std::sync::Arc;

use bloom_plan::plan::layout::layouts;
use bloom_plan::plan::{AggregateColumn, AggregateId, Arrow, RelationId, RelationKind, VersionId};

use crate::aggregate::Groups;
use crate::api::{ErrorRow, Stats};
use crate::bounds::{Bounds, RULES_NAMED_MAX, Reason, Stopped, Watch};
use crate::code::Frame;
use crate::context::Context;
use crate::deferred::Deferred;
use crate::program::Program;
use crate::relation::{Clash, IndexPlace, Merged, Origin, Relation, Shape, Stamp};
use crate::report::{self, Conflicts};
use crate::rows::RowSet;
use crate::schedule::Target;

use memo::Standing;

/// Derived rows that a version hands over at a time.
const OUT_ROWS: usize = 256;

/// `repr(C)` with the context first, so that a pointer to its frame is one to the machine.
#[repr(C)]
#[derive(Debug)]
pub struct Machine {
    pub context: Context,
    pub program: Arc<Program>,
    pub relations: Vec<Relation>,
    indexes: Vec<(RelationId, IndexPlace)>,
    pub deferred: Vec<Deferred>,
    /// What `<~` derived.
    pub sent: Vec<RowSet>,
    groups: Vec<Groups>,
    /// Room for derived rows.
    out: Vec<u64>,
    /// By stratum: the state of what it read when it last ran.
    seen: Vec<Option<Vec<Stamp>>>,
    /// No tick has taken effect yet.
    pub first_tick: bool,
    /// Durable tables were restored at the start.
    pub restored: bool,
    /// Row errors of the running attempt at a stratum.
    failures: BTreeSet<ErrorRow>,
    pub trouble: Trouble,
    pub stats: Stats,
    pub bounds: Bounds,
    pub watch: Arc<Watch>,
    /// Why the running tick is to be given up.
    pub stopped: Option<Stopped>,
}

/// What went wrong in a tick so far.
#[derive(Debug, Default)]
pub struct Trouble {
    pub errors: BTreeSet<ErrorRow>,
    pub conflicts: Conflicts,
}

impl Machine {
    pub fn new(program: Arc<Program>, address: &str, seed: u64) -> Machine {
        let plan = program.plan();
        let mut relations: Vec<Relation> = plan
            .relations
            .iter()
            .map(|declaration| Relation::new(Shape::new(declaration)))
            .collect();
        let layouts = layouts(plan);
        let indexes = plan.indexes.iter().zip(&layouts).map(|(index, layout)| {
            let relation = &mut relations[index.relation.0 as usize];
            (index.relation, relation.add_index(&index.columns, layout))
        });
        let indexes = indexes.collect();
        let sent = relations.iter().map(|r| RowSet::new(r.shape().stride));
        Machine {
            context: Context::new(
                Arc::clone(plan),
                Arc::clone(program.types()),
                Arc::clone(program.code()),
                &interface::RUNTIME,
                address,
                seed,
            ),
            indexes,
            deferred: relations.iter().map(|_| Deferred::default()).collect(),
            sent: sent.collect(),
            groups: plan.aggregates.iter().map(|_| Groups::default()).collect(),
            out: Vec::new(),
            seen: vec![None; plan.strata.len()],
            first_tick: true,
            restored: false,
            failures: BTreeSet::new(),
            trouble: Trouble::default(),
            stats: Stats::default(),
            bounds: Bounds::default(),
            watch: Arc::default(),
            stopped: None,
            relations,
            program,
        }
    }

    pub fn relation(&mut self, id: RelationId) -> &mut Relation {
        &mut self.relations[id.0 as usize]
    }

    /// Merges rows from outside; their keys must not conflict among themselves, nor with what is
    /// there.
    pub fn load(&mut self, arrivals: &[(RelationId, Vec<u64>)]) {
        let touched: BTreeSet<RelationId> = arrivals.iter().map(|(id, _)| *id).collect();
        let touched: Vec<RelationId> = touched.into_iter().collect();
        for &id in &touched {
            self.expect_rows(id);
        }
        loop {
            for (id, row) in arrivals {
                self.merge_rows(*id, row, Origin::ARRIVAL);
            }
            let (conflicts, poisoned) = self.merge_all(&touched);
            if !poisoned {
                self.commit(conflicts);
                break;
            }
        }
        for &id in &touched {
            self.relation(id).clear_delta();
        }
    }

    /// Runs a stratum to its fixpoint.
    pub fn run_stratum(&mut self, number: usize) {
        match self.standing(number) {
            Standing::Same => return,
            Standing::Grown(deltas) => {
                if self.run_increment(number, &deltas) {
                    self.note(number);
                    return;
                }
            }
            Standing::Other => {}
        }
        self.forget_stratum(number);
        let program = Arc::clone(&self.program);
        let stratum = &program.plan().strata[number];
        let heads = &program.schedule().heads[number];
        let mut smooth = !self.has_other_rows(number);
        for &id in heads {
            self.relation(id).begin_stratum();
        }
        let conflicts = loop {
            self.run_all(&stratum.initial);
            if let Some(conflicts) = self.iterate(&stratum.recursive, heads) {
                break conflicts;
            }
            smooth = false;
        };
        for &id in heads {
            self.relation(id).end_stratum();
        }
        if smooth && conflicts.is_empty() && self.failures.is_empty() {
            self.note(number);
        }
        self.commit(conflicts);
    }

    /// Merges and derives until nothing new comes; none if the stratum must start over.
    fn iterate(&mut self, recursive: &[VersionId], heads: &[RelationId]) -> Option<Conflicts> {
        let mut all = Conflicts::default();
        loop {
            let merged = self.stats.merged;
            let (conflicts, poisoned) = self.merge_all(heads);
            let goes_on = self.count_iteration(merged, recursive);
            if poisoned && goes_on {
                return None;
            }
            all.append(conflicts);
            if !goes_on || !self.run_on_deltas(recursive) {
                return Some(all);
            }
        }
    }

    /// Counts an iteration that began with so many rows merged; false if the tick is to be given up.
    fn count_iteration(&mut self, merged_before: u64, recursive: &[VersionId]) -> bool {
        self.stats.iterations += 1;
        self.watch.count(1, self.stats.merged - merged_before);
        let beyond = |max: Option<u64>, used: u64| max.filter(|&max| used > max);
        let reason = if self.watch.is_stopped() {
            Reason::Asked
        } else if let Some(max) = beyond(self.bounds.iterations_max, self.stats.iterations) {
            Reason::Iterations(max)
        } else if let Some(max) = beyond(self.bounds.rows_max, self.stats.merged) {
            Reason::Rows(max)
        } else {
            let used = self.context.store.contents_bytes();
            match beyond(self.bounds.contents_max, used) {
                Some(max) => Reason::Contents(max),
                None => return true,
            }
        };
        let plan = self.program.plan();
        let mut rules = BTreeSet::new();
        for version in recursive.iter().map(|v| &plan.versions[v.0 as usize]) {
            let delta = version
                .delta
                .map(|id| self.relations[id.0 as usize].delta());
            if delta.is_some_and(|delta| !delta.is_empty()) {
                rules.insert(plan.rules[version.rule.0 as usize].at.clone());
            }
        }
        // A fixpoint that is about to end is not cut short.
        if reason == Reason::Asked && rules.is_empty() {
            return true;
        }
        self.stopped = Some(Stopped {
            reason,
            iterations: self.stats.iterations,
            rows: self.stats.merged,
            other_rules: rules.len().saturating_sub(RULES_NAMED_MAX),
            rules: rules.into_iter().take(RULES_NAMED_MAX).collect(),
        });
        false
    }

    fn run_all(&mut self, versions: &[VersionId]) {
        for &version in versions {
            if self.is_due(version) {
                self.run(version);
            }
        }
    }

    /// Runs the versions whose delta has rows; whether there were any.
    fn run_on_deltas(&mut self, versions: &[VersionId]) -> bool {
        let program = Arc::clone(&self.program);
        let mut ran = false;
        for &version in versions {
            let delta = program.plan().versions[version.0 as usize].delta;
            let delta = delta.expect("the version reads a delta");
            if !self.relation(delta).delta().is_empty() && self.is_due(version) {
                self.run(version);
                ran = true;
            }
        }
        ran
    }

    /// Runs the versions that come after all strata.
    pub fn run_closing(&mut self) {
        let program = Arc::clone(&self.program);
        self.run_all(&program.plan().closing);
        self.commit(Conflicts::default());
    }

    /// Bootstrap rules run in the first tick; after a crash not into what was restored.
    fn is_due(&self, version: VersionId) -> bool {
        let plan = self.program.plan();
        let rule = &plan.rules[plan.versions[version.0 as usize].rule.0 as usize];
        let durable = RelationKind::Table { durable: true };
        !rule.bootstrap
            || self.first_tick
                && !(self.restored && plan.relations[rule.head.0 as usize].kind == durable)
    }

    fn run(&mut self, version: VersionId) {
        let code = self.context.code().version(version);
        self.begin_out(version);
        let frame: *mut Frame = (&raw mut *self).cast();
        // SAFETY: the frame is the first field of the context, which is the first of this machine,
        // which is of the code's own plan; no reference into the machine is in use while it runs.
        unsafe { code(frame) };
        self.flush(version);
        if let Target::Groups(aggregate) = self.program.schedule().targets[version.0 as usize] {
            self.finish_groups(version, aggregate);
        }
    }

    /// Gives the version room for what it derives.
    fn begin_out(&mut self, version: VersionId) {
        let mut words = 0;
        if let Target::Rows { relation, .. } = self.target(version) {
            words = OUT_ROWS * self.relation(relation).shape().stride;
        }
        if self.out.len() < words {
            self.out.resize(words, 0);
        }
        self.context.set_out(self.out[..words].as_mut_ptr_range());
    }

    fn target(&self, version: VersionId) -> Target {
        self.program.schedule().targets[version.0 as usize]
    }

    /// Takes the rows that a version has put into `out`.
    fn flush(&mut self, version: VersionId) {
        let Target::Rows { relation, arrow } = self.target(version) else {
            return;
        };
        let words = (self.context.out() as usize - self.out.as_ptr() as usize) / size_of::<u64>();
        if words == 0 {
            return;
        }
        let out = std::mem::take(&mut self.out);
        self.derive(relation, arrow, &out[..words], Origin::version(version));
        self.out = out;
        self.begin_out(version);
    }

    /// Takes derived rows, of all arrows but `<-`.
    fn derive(&mut self, id: RelationId, arrow: Arrow, rows: &[u64], origin: Origin) {
        let place = id.0 as usize;
        let each = rows.chunks_exact(self.relations[place].shape().stride);
        match arrow {
            Arrow::Merge => self.merge_rows(id, rows, origin),
            Arrow::Deferred => each.for_each(|row| self.deferred[place].merge(row, origin)),
            Arrow::Upsert => each.for_each(|row| self.deferred[place].upsert(row, origin)),
            Arrow::Async => each.for_each(|row| {
                self.sent[place].insert(row);
            }),
            Arrow::Delete => unreachable!("a `<-` derives rows one by one"),
        }
    }

    fn merge_rows(&mut self, id: RelationId, rows: &[u64], origin: Origin) {
        let relation = &mut self.relations[id.0 as usize];
        let stride = relation.shape().stride;
        let mut failed = Vec::new();
        relation.emit_batch(&mut self.context, rows, origin, &mut failed);
        for (place, error) in failed {
            self.fail_row(id, &rows[place * stride..][..stride], origin, error);
        }
    }

    /// Drops a head row whose lattices do not join.
    pub fn fail_row(
        &mut self,
        id: RelationId,
        row: &[u64],
        origin: Origin,
        error: bloom_plan::plan::RowError,
    ) {
        let columns = self.relations[id.0 as usize].shape().types.len();
        let row: Vec<(usize, u64)> = row.iter().copied().enumerate().take(columns).collect();
        let (store, plan) = (&self.context.store, self.program.plan());
        let error = report::head_error(store, plan, id, &row, origin, error);
        self.failures.insert(error);
    }

    fn finish_groups(&mut self, version: VersionId, id: AggregateId) {
        let program = Arc::clone(&self.program);
        let aggregate = &program.plan().aggregates[id.0 as usize];
        let rows = self.groups[id.0 as usize].finish(aggregate, &mut self.context);
        let origin = Origin::version(version);
        for row in rows {
            match row {
                Ok(row) => {
                    let (relation, arrow) = (aggregate.relation, aggregate.arrow);
                    match arrow {
                        Arrow::Delete => self.deferred[relation.0 as usize].delete(&row, u64::MAX),
                        _ => self.derive(relation, arrow, &row, origin),
                    }
                }
                Err((group, error)) => {
                    let columns = aggregate.columns.iter().enumerate();
                    let columns = columns.filter_map(|(place, column)| match column {
                        AggregateColumn::Group(n) => Some((place, group[*n as usize])),
                        AggregateColumn::Function { .. } => None,
                    });
                    let columns: Vec<(usize, u64)> = columns.collect();
                    let (store, plan) = (&self.context.store, program.plan());
                    let relation = aggregate.relation;
                    let error = report::head_error(store, plan, relation, &columns, origin, error);
                    self.failures.insert(error);
                }
            }
        }
    }

    /// Merges what was derived into the relations. Where rows of this tick conflict, poisons their
    /// keys, takes everything since the stratum's start back, and says so.
    fn merge_all(&mut self, heads: &[RelationId]) -> (Conflicts, bool) {
        let mut kept = Conflicts::default();
        let mut poison: Vec<(RelationId, Vec<u64>, Clash)> = Vec::new();
        for &id in heads {
            let relation = &mut self.relations[id.0 as usize];
            let Merged { rows, clashes } = relation.merge();
            self.stats.merged += rows as u64;
            for clash in clashes {
                let key = relation.shape().key_of(&clash.claims[0].0);
                if clash.poisons {
                    poison.push((id, key, clash));
                } else {
                    kept.add(id, key, clash);
                }
            }
        }
        let poisoned = !poison.is_empty();
        if poisoned {
            for &id in heads {
                self.relation(id).undo_stratum();
            }
            self.failures.clear();
            for (id, key, clash) in poison {
                self.relation(id).poison(key.clone());
                self.trouble.conflicts.add(id, key, clash);
            }
        }
        (kept, poisoned)
    }

    /// The attempt stands, and so does what went wrong in it.
    pub fn commit(&mut self, conflicts: Conflicts) {
        self.trouble.conflicts.append(conflicts);
        self.trouble.errors.append(&mut self.failures);
    }

    /// Forgets what the tick derived but did not merge.
    fn clear_derived(&mut self) {
        self.deferred.iter_mut().for_each(Deferred::clear);
        self.sent.iter_mut().for_each(RowSet::clear);
        self.failures.clear();
    }
}
