//! A node and its ticks.
//!
//! One step, in order: the last tick's deferred changes are made and its transient rows forgotten;
//! arrivals are loaded; strata run to their fixpoints; the closing versions run; what they deferred
//! is settled; the output is put together. Nothing of a tick is visible from outside before it is
//! complete, and a tick that a key conflict halts leaves no trace but the report.

mod arrivals;
mod finish;
mod snapshot;

use std::sync::Arc;

use bloom_plan::plan::{RelationId, RelationKind};
use bloom_plan::value::{Row, Value};
use bloom_stdx::random::Random;

use crate::api::{Config, ErrorRow, Input, Misfit, OnConflict, Output, Pending, StartError, Stats};
use crate::bounds::{Bounds, Stopped, Watch};
use crate::cells::{Fed, Feed, Form, Packing, Rows};
use crate::crew::Crew;
use crate::deferred::Change;
use crate::machine::{Machine, Trouble, Wanted};
use crate::pieces::Pieces;
use crate::planner::Planner;
use crate::profile::{Clock, Place, Profile};
use crate::program::Program;
use crate::relation::{Relation, Shape};
use crate::report;
use crate::rows::each_row;
use crate::schedule::Filled;

use arrivals::Timer;
pub use snapshot::Snapshot;

/// One running node.
#[derive(Debug)]
pub struct Node {
    machine: Machine,
    on_conflict: OnConflict,
    /// Number of the last finished tick.
    tick: u64,
    timers: Vec<Timer>,
    /// What the last tick left for the next.
    next: Next,
    /// What the running tick was left of that, but for changes.
    left: Left,
    /// The errors that `errors` was filled with.
    reported: Vec<ErrorRow>,
    /// Every arrival ever of relations that are `immutable`, by relation.
    history: Vec<Option<Relation>>,
    /// A snapshot was taken, so that no value may be reclaimed.
    pinned: bool,
    /// Rows fed for the next tick.
    fed: Fed,
    /// By relation: what its cells look like from outside.
    forms: Vec<Box<[Form]>>,
    /// Whether a tick's output has the rows of outputs.
    hands_out_rows: bool,
}

/// What one tick leaves for the next.
#[derive(Clone, Debug, Default)]
struct Next {
    changes: Pieces<Change>,
    left: Left,
}

#[derive(Clone, Debug, Default)]
struct Left {
    /// Rows of loopbacks.
    loopback: Fed,
    /// Errors raised after `errors` was filled.
    errors: Vec<ErrorRow>,
}

/// What a halted tick gives back, beside what was left for it.
struct Before {
    random: Random,
    timers: Vec<Timer>,
}

impl Left {
    #[inline]
    fn clear(&mut self) {
        self.loopback.clear();
        self.errors.clear();
    }
}

impl Node {
    pub fn new(program: Arc<Program>, config: Config) -> Result<Node, StartError> {
        let mut machine = Machine::new(program, &config.address, config.seed);
        machine.context.set_now(config.start);
        machine.context.start(&config.parameters)?;
        machine.restored = config.durable.is_some();
        let timers = Timer::all(&machine, config.start)?;
        let plan = Arc::clone(machine.program.plan());
        let types = Arc::clone(machine.program.types());
        let history = plan.relations.iter().map(|relation| {
            let checked = relation.immutable;
            checked.then(|| Relation::new(Shape::new(&types, relation)))
        });
        let forms = plan.relations.iter().map(|relation| {
            let columns = relation.columns.iter();
            columns.map(|c| Form::of(types.table(), c.ty)).collect()
        });
        let mut node = Node {
            machine,
            on_conflict: config.on_conflict,
            tick: 0,
            timers,
            next: Next::default(),
            left: Left::default(),
            reported: Vec::new(),
            history: history.collect(),
            pinned: false,
            fed: Fed::default(),
            forms: forms.collect(),
            hands_out_rows: true,
        };
        node.settle_in(config)?;
        Ok(node)
    }

    /// Fills what the deployment and an earlier life of the node give.
    fn settle_in(&mut self, config: Config) -> Result<(), StartError> {
        let plan = Arc::clone(self.machine.program.plan());
        let addr = |address: &smol_str::SmolStr| Value::Addr(address.clone());
        for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
            let rows: Vec<Row> = match relation.kind {
                RelationKind::Cluster => config
                    .cluster
                    .iter()
                    .map(|m| vec![addr(&m.address), Value::String(m.kind.clone())])
                    .collect(),
                // Trusted until the failure detector says otherwise.
                RelationKind::Alive => {
                    let members = config.cluster.iter();
                    members.map(|m| vec![addr(&m.address)]).collect()
                }
                _ => continue,
            };
            self.replace(id, &rows);
        }
        for (table, rows) in config.durable.unwrap_or_default() {
            let durable = RelationKind::Table { durable: true };
            let is_it = |id: &RelationId| plan.relations[id.0 as usize].kind == durable;
            let Some(id) = self.relation(&table).filter(is_it) else {
                return Err(StartError::UnknownTable(table));
            };
            for row in &rows {
                let row = self.words(id, row).map_err(|error| {
                    let table = table.clone();
                    StartError::Durable { table, error }
                })?;
                let relation = self.machine.relation(id);
                if relation.find(&row).is_none() {
                    relation.insert(&row);
                }
            }
        }
        Ok(())
    }

    /// Runs one tick.
    pub fn step(&mut self, input: Input) -> Output {
        let mut output = Output::default();
        self.step_into(&input, &mut output);
        output
    }

    /// As [`Node::step`], with the output of an earlier tick, whose place that of this one takes: both are large, and
    /// stay where they are.
    pub fn step_into(&mut self, input: &Input, output: &mut Output) {
        output.clear();
        let outer = self.machine.enter(Place::Tick);
        self.run_tick(input, output);
        self.machine.leave(outer);
    }

    fn run_tick(&mut self, input: &Input, output: &mut Output) {
        let outer = self.machine.enter(Place::Changes);
        self.machine.look_out(&self.fed, Wanted::Keys);
        self.machine.begin_tick(&mut self.next.changes);
        self.next.changes.clear();
        self.machine.leave(outer);
        let outer = self.machine.enter(Place::Sweep);
        self.sweep_if_due();
        self.machine.leave(outer);
        self.machine.context.set_now(input.now);
        self.machine.stats = Stats::default();
        if let Some(alive) = &input.alive {
            self.replace_alive(alive);
        }
        let before = Before {
            random: self.machine.context.random().clone(),
            timers: self.timers.clone(),
        };
        self.left.clear();
        std::mem::swap(&mut self.left, &mut self.next.left);
        let outer = self.machine.enter(Place::Arrivals);
        self.load_arrivals(input);
        self.machine.leave(outer);
        self.evaluate();
        if let Some(stopped) = self.machine.stopped.take() {
            return self.give_up(before, stopped, output);
        }
        let outer = self.machine.enter(Place::Output);
        self.settle_deferred();
        let halts = self.on_conflict == OnConflict::Halt;
        if halts && !self.machine.trouble.conflicts.is_empty() {
            return self.halt(before, output);
        }
        self.tick += 1;
        self.machine.watch.count_tick();
        self.finish(output);
        self.machine.first_tick = false;
        self.machine.end_tick();
        self.machine.leave(outer);
    }

    /// Runs the strata that may have something to do, and the closing versions.
    fn evaluate(&mut self) {
        let filled = self.machine.program.schedule().errors.map(|e| e.filled);
        for stratum in 0..self.machine.program.plan().strata.len() {
            if filled == Some(Filled::Before(stratum)) {
                self.fill_errors();
            }
            if self.machine.is_stratum_due(stratum) {
                self.machine.run_stratum(stratum);
                if self.machine.stopped.is_some() {
                    return;
                }
            }
        }
        if filled == Some(Filled::BeforeClosing) {
            self.fill_errors();
        }
        self.machine.run_closing();
    }

    fn fill_errors(&mut self) {
        self.reported = self.errors_so_far();
        if !self.left.errors.is_empty() || !self.reported.is_empty() {
            let carried = self.left.errors.iter();
            let errors: Vec<ErrorRow> = carried.chain(&self.reported).cloned().collect();
            self.load_errors(&errors);
        }
    }

    /// Takes the tick back.
    fn undo(&mut self, before: Before) {
        self.machine.undo_tick();
        self.next.changes.clear();
        self.machine.context.set_random(before.random);
        self.timers = before.timers;
        std::mem::swap(&mut self.left, &mut self.next.left);
    }

    fn give_up(&mut self, before: Before, stopped: Stopped, output: &mut Output) {
        self.undo(before);
        self.machine.trouble = Trouble::default();
        output.tick = self.tick;
        output.stopped = Some(stopped);
        output.stats = self.machine.stats;
    }

    fn halt(&mut self, before: Before, output: &mut Output) {
        self.undo(before);
        let reports = self.conflict_reports();
        output.tick = self.tick;
        output.halted_by_conflict = reports.into_iter().next().map(|(conflict, _)| conflict);
        output.errors = self.errors_so_far();
        output.stats = self.machine.stats;
        self.machine.trouble = Trouble::default();
    }

    /// The rows of a collection in the finished tick, before its deferred changes; sorted.
    pub fn rows(&self, relation: RelationId) -> Vec<Row> {
        self.sorted(relation).values().collect()
    }

    /// As [`Node::rows`], without the values.
    pub fn sorted(&self, id: RelationId) -> Rows<'_> {
        let relation = &self.machine.relations[id.0 as usize];
        let types = &relation.shape().types;
        let forms = &self.forms[id.0 as usize];
        let store = &self.machine.context.store;
        Rows::new(store, types, forms, relation.total())
    }

    /// As [`Node::sorted`], of a node that is retired, which has the rows no more from then on. They are sorted by the
    /// threads that the node was lent.
    pub fn hand_over(&mut self, id: RelationId) -> Rows<'_> {
        let place = id.0 as usize;
        let crew = self.machine.crew.clone();
        let crew = crew.as_deref();
        let (machine, forms) = (&mut self.machine, &self.forms[place]);
        let packing = Packing::new(forms, machine.relations[place].total(), crew);
        let own = packing.map(|packing| (packing, machine.relations[place].take_rows()));
        let relation = &machine.relations[place];
        let (store, types) = (&machine.context.store, &relation.shape().types);
        match own {
            Some((packing, total)) => Rows::of_own(store, types, forms, total, packing, crew),
            None => Rows::unpacked(store, types, forms, relation.total(), crew),
        }
    }

    /// From now on [`Output::outputs`] stays empty: whoever drives the node looks at the rows of its
    /// outputs between ticks, by [`Node::sorted`].
    pub fn keep_outputs(&mut self) {
        self.hands_out_rows = false;
    }

    /// Lends the node threads for its ticks.
    pub fn lend(&mut self, crew: Arc<dyn Crew>) {
        self.machine.crew = Some(crew);
    }

    /// From now on measures by this clock where its ticks' time goes.
    pub fn measure(&mut self, clock: Arc<dyn Clock>) {
        self.machine.measure(clock);
    }

    /// What was measured, if anything was.
    pub fn profile(&self) -> Option<&Profile> {
        self.machine.profile.as_deref()
    }

    /// Lends the node somebody who makes its plan anew where it turns out to be bad.
    pub fn lend_planner(&mut self, planner: Arc<dyn Planner>) {
        self.machine.lend_planner(planner);
    }

    /// Forgets what only later ticks would need. None may follow.
    pub fn retire(&mut self) {
        self.machine.relations.iter_mut().for_each(Relation::retire);
    }

    /// Takes in rows for the next tick beside those of its [`Input`].
    pub fn feed(&mut self, relation: RelationId) -> Feed<'_> {
        let plan = self.machine.program.plan();
        let columns = &plan.relations[relation.0 as usize].columns;
        let words = self.fed.last_of(relation);
        let forms = &self.forms[relation.0 as usize];
        Feed::new(&mut self.machine.context, columns, forms, words)
    }

    /// The state of what `random()` and `fresh_id()` draw from. Rows that are completed draw from it, too.
    pub fn chance(&self) -> u64 {
        self.machine.context.random().state()
    }

    pub fn set_chance(&mut self, state: u64) {
        self.machine.context.set_random(Random::new(state));
    }

    /// The rows taken in by [`Node::feed`] for the next tick.
    pub fn fed(&self) -> impl Iterator<Item = (RelationId, Row)> + '_ {
        self.fed.iter().flat_map(move |(id, words)| {
            let types = &self.machine.relations[id.0 as usize].shape().types;
            let rows = words.chunks_exact(types.len().max(1));
            rows.map(move |row| (*id, self.values(types, row)))
        })
    }

    /// What a tick may use from now on.
    pub fn limit(&mut self, bounds: Bounds) {
        self.machine.bounds = bounds;
    }

    /// How far its ticks have come, to be looked at while one runs.
    pub fn watch(&self) -> &Arc<Watch> {
        &self.machine.watch
    }

    pub fn relation(&self, name: &str) -> Option<RelationId> {
        self.machine.program.relation(name)
    }

    /// Whether a row fits a collection: for refusing outside input at the edge. Takes the node
    /// exclusively because checking a value makes it.
    pub fn check(&mut self, relation: RelationId, row: &Row) -> Result<(), Misfit> {
        self.words(relation, row).map(|_| ())
    }

    /// A row from outside whose columns may be left out where they have a default.
    pub fn complete(
        &mut self,
        relation: RelationId,
        columns: Vec<Option<Value>>,
    ) -> Result<Row, Misfit> {
        let plan = Arc::clone(self.machine.program.plan());
        let declared = &plan.relations[relation.0 as usize].columns;
        let given = declared.iter().zip(columns);
        let row = given.map(|(column, value)| match (value, column.default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => {
                let context = &mut self.machine.context;
                let made = context.call(default, &[]);
                let word = made.map_err(|error| Misfit::Default {
                    column: column.name.clone(),
                    error,
                })?;
                Ok(context.store.value(column.ty, word))
            }
            (None, None) => Err(Misfit::Missing {
                column: column.name.clone(),
            }),
        });
        let row: Row = row.collect::<Result<_, _>>()?;
        self.check(relation, &row)?;
        Ok(row)
    }

    /// Whether a tick without arrivals would do something: none has run yet, or the last one
    /// deferred changes, sent rows over a loopback, or raised errors that rules have not seen.
    pub fn wants_tick(&self) -> bool {
        self.tick == 0
            || !self.next.changes.is_empty()
            || !self.next.left.loopback.is_empty()
            || !self.next.left.errors.is_empty()
    }

    /// What the last tick left for the next; two ticks that end with the same contents and leave the same are
    /// followed by the same, unless the program asks for the time or for chance.
    pub fn pending(&self) -> Pending {
        let values = |id: RelationId, rows: &mut dyn Iterator<Item = &[u64]>| -> Vec<Row> {
            let types = &self.machine.relations[id.0 as usize].shape().types;
            let store = &self.machine.context.store;
            let rows = rows.map(|row| report::values(store, types, row));
            let mut rows: Vec<Row> = rows.collect();
            rows.sort();
            rows
        };
        let changes = self.next.changes.iter();
        let mut loopback = Vec::new();
        for (id, rows) in self.next.left.loopback.iter() {
            let stride = self.machine.relations[id.0 as usize].shape().stride;
            for row in each_row(rows, stride) {
                loopback.push((*id, values(*id, &mut std::iter::once(row))));
            }
        }
        loopback.sort();
        Pending {
            changes: changes
                .map(|(id, change)| {
                    let relation = &self.machine.relations[id.0 as usize];
                    let stride = relation.shape().stride;
                    (
                        *id,
                        values(*id, &mut change.gone(relation)),
                        values(*id, &mut change.came(stride)),
                    )
                })
                .collect(),
            loopback,
            errors: self.next.left.errors.clone(),
        }
    }

    /// When the next timer falls due, in nanoseconds.
    pub fn next_timer(&self) -> Option<i64> {
        self.timers.iter().map(Timer::due).min()
    }

    pub fn program(&self) -> &Arc<Program> {
        &self.machine.program
    }

    /// Number of the last finished tick; 0 before the first.
    pub fn tick(&self) -> u64 {
        self.tick
    }
}
