//! A node's rows and the running of versions over them.

#![expect(unsafe_code, reason = "runs generated code")]

mod ahead;
mod catching;
mod chunks;
mod counting;
mod fixpoint;
mod flow;
mod grouping;
mod interface;
mod likely;
mod memo;
mod parted;
mod profiled;
mod rederive;
mod replan;
mod rounds;
mod shared;
mod standing;
mod taking;
mod tally;
mod yields;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use bloom_plan::plan::layout::layouts;
use bloom_plan::plan::{Arrow, Extent, IndexId, RelationId, RelationKind, VersionId};

use crate::aggregate::{Groups, KeptGroups};
use crate::api::{ErrorRow, Stats};
use crate::bounds::{Bounds, Stopped, Watch};
use crate::code::Frame;
use crate::context::Context;
use crate::crew::Crew;
use crate::deferred::Deferred;
use crate::profile::{Place, Profile};
use crate::program::Program;
use crate::relation::{Clash, Copies, Index, IndexPlace, Origin, Parts, Relation, Shape};
use crate::report::Conflicts;
use crate::rows::{RowSet, each_row, rows_in};
use crate::schedule::Target;

pub use ahead::Wanted;
use memo::Seen;
use replan::Replanning;
use tally::Tally;
use yields::Yields;

/// Derived rows that a version hands over at a time.
const OUT_ROWS: usize = 256;

/// `repr(C)` with the context first, so that a pointer to its frame is one to the machine.
#[repr(C)]
#[derive(Debug)]
pub struct Machine {
    pub context: Context,
    pub program: Arc<Program>,
    /// The same: whoever looks at it while the machine changes takes this, and nothing is counted.
    held: Option<Arc<Program>>,
    pub relations: Vec<Relation>,
    indexes: Vec<Probed>,
    pub deferred: Vec<Deferred>,
    /// The relations of which the running tick has deferred something.
    pub deferring: Vec<RelationId>,
    /// What `<~` derived, and the relations of which something was.
    pub sent: Vec<RowSet>,
    pub sending: Vec<RelationId>,
    groups: Vec<Groups>,
    /// Room for derived rows.
    out: Vec<u64>,
    /// The rows of the delta that the running version begins with, if it takes them in another order (`parted`).
    parted: Option<Vec<u64>>,
    /// Room for what versions that threads share keep, by chunks.
    kept_rows: Vec<Parts>,
    /// Where the rows stand, among those that the running version begins with, that its code is to begin with next; all
    /// if none.
    chunk: Option<Range<usize>>,
    /// Groups of counted relations.
    pub kept: Vec<KeptGroups>,
    /// By stratum.
    seen: Vec<Seen>,
    /// What rows of a relation that have arrived are looked up in, where that was asked for ahead.
    foreseen: Vec<(RelationId, RelationId)>,
    /// Relations that the running tick has changed, or the last one, and room for those of the one before.
    moved: Vec<RelationId>,
    before: Vec<RelationId>,
    /// By stratum: whether it follows one of them.
    due: Vec<bool>,
    /// By stratum: whether upkeep has turned out to be worth what it takes.
    wanted: Vec<bool>,
    /// What becomes of what versions derive.
    mode: Mode,
    /// Whether the derivations of the running version come (1) or go (-1).
    sign: i64,
    tally: Tally,
    gathered: Vec<u64>,
    /// Room for the relations that arrivals go to.
    touched: Vec<RelationId>,
    copies: Copies,
    /// By relation: keys of which the next tick looks at what stands for them, since their deferred
    /// changes conflict, or depend on what arrived.
    pub looked_at_again: Vec<BTreeSet<Vec<u64>>>,
    /// Of all keys, since the state is not that which the last tick left.
    pub all_looked_at_again: bool,
    /// Counts iterations, over all ticks.
    clock: u64,
    /// The stratum that runs; past the last, what comes after all.
    stratum: usize,
    /// How many versions have got their code when they were about to run.
    generated: usize,
    /// Whether the running stratum has met trouble that will be there in the next tick, too.
    lasting_trouble: bool,
    /// No tick has taken effect yet.
    pub first_tick: bool,
    /// Durable tables were restored at the start.
    pub restored: bool,
    /// What went wrong in the running attempt at a stratum.
    pub attempt: Trouble,
    /// Room for what a merge finds.
    clashing: Vec<Clash>,
    pub trouble: Trouble,
    pub stats: Stats,
    pub bounds: Bounds,
    pub watch: Arc<Watch>,
    /// Threads that versions may be shared with.
    pub crew: Option<Arc<dyn Crew>>,
    /// What versions have derived, where there are threads.
    yields: Yields,
    /// How many derivations the running version has made so far.
    derived: usize,
    /// Where time goes, if that is wanted.
    pub profile: Option<Box<Profile>>,
    replanning: Option<Replanning>,
    /// Why the running tick is to be given up.
    pub stopped: Option<Stopped>,
}

/// An index of the plan.
#[derive(Clone, Copy, Debug)]
struct Probed {
    relation: RelationId,
    place: IndexPlace,
    part: Extent,
    /// Words a key.
    width: usize,
}

/// What becomes of what a version derives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    /// It goes where the rule says.
    Merge,
    /// It is counted.
    Count,
    /// It is only looked at.
    Gather,
}

/// What went wrong in a tick so far.
#[derive(Debug, Default)]
pub struct Trouble {
    pub errors: BTreeSet<ErrorRow>,
    pub conflicts: Conflicts,
}

impl Trouble {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.conflicts.is_empty()
    }

    #[cold]
    fn append(&mut self, mut other: Trouble) {
        self.errors.append(&mut other.errors);
        self.conflicts.append(other.conflicts);
    }
}

impl Machine {
    pub fn new(program: Arc<Program>, address: &str, seed: u64) -> Machine {
        let plan = program.plan();
        let mut relations: Vec<Relation> = plan
            .relations
            .iter()
            .map(|declaration| Relation::new(Shape::new(program.types(), declaration)))
            .collect();
        for &id in &program.schedule().arriving {
            relations[id.0 as usize].never_find();
        }
        let indexes = place_indexes(&program, &mut relations, &mut []);
        for &id in &program.schedule().watched {
            relations[id.0 as usize].watch();
        }
        for &id in program.schedule().deltas.iter().flatten() {
            relations[id.0 as usize].follow();
        }
        for &id in &program.schedule().ignored {
            relations[id.0 as usize].ignore();
        }
        let sent = relations.iter().map(|r| RowSet::new(r.shape().stride));
        let mut machine = Machine {
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
            deferring: Vec::new(),
            sent: sent.collect(),
            sending: Vec::new(),
            groups: plan.aggregates.iter().map(|_| Groups::default()).collect(),
            out: Vec::new(),
            parted: None,
            kept_rows: Vec::new(),
            chunk: None,
            kept: plan
                .aggregates
                .iter()
                .map(|_| KeptGroups::default())
                .collect(),
            seen: vec![Seen::Never; plan.strata.len()],
            foreseen: Vec::new(),
            moved: Vec::new(),
            before: Vec::new(),
            due: vec![false; plan.strata.len()],
            wanted: vec![false; plan.strata.len()],
            mode: Mode::Merge,
            sign: 1,
            tally: Tally::default(),
            gathered: Vec::new(),
            touched: Vec::new(),
            copies: Copies::default(),
            looked_at_again: vec![BTreeSet::new(); plan.relations.len()],
            all_looked_at_again: false,
            clock: 0,
            stratum: 0,
            generated: 0,
            lasting_trouble: false,
            first_tick: true,
            restored: false,
            attempt: Trouble::default(),
            clashing: Vec::new(),
            trouble: Trouble::default(),
            stats: Stats::default(),
            bounds: Bounds::default(),
            watch: Arc::default(),
            crew: None,
            yields: Yields::default(),
            derived: 0,
            profile: None,
            replanning: None,
            stopped: None,
            relations,
            held: Some(Arc::clone(&program)),
            program,
        };
        machine.touch_all();
        machine
    }

    pub fn relation(&mut self, id: RelationId) -> &mut Relation {
        &mut self.relations[id.0 as usize]
    }

    /// The program, to be given back.
    fn hold_program(&mut self) -> Arc<Program> {
        let held = self.held.take();
        held.filter(|held| Arc::ptr_eq(held, &self.program))
            .unwrap_or_else(|| Arc::clone(&self.program))
    }

    fn let_go(&mut self, held: Arc<Program>) {
        self.held = Some(held);
    }

    /// With the room for what it was before.
    #[inline]
    fn relation_and_copies(&mut self, id: RelationId) -> (&mut Relation, &mut Copies) {
        (&mut self.relations[id.0 as usize], &mut self.copies)
    }

    /// Who shares the work of versions, if there are several threads.
    fn threads(&self) -> Option<&Arc<dyn Crew>> {
        self.crew.as_ref().filter(|crew| crew.size() > 1)
    }

    fn run_all(&mut self, versions: &[VersionId]) {
        self.catch_up_shared(versions, Machine::is_due);
        for &version in versions {
            if self.is_due(version) {
                self.run(version);
            }
        }
    }

    /// Runs the versions whose delta has rows; whether there were any.
    fn run_on_deltas(&mut self, versions: &[VersionId]) -> bool {
        let mut ran = false;
        for &version in versions {
            if self.has_delta(version) {
                self.run(version);
                ran = true;
            }
        }
        ran
    }

    /// As [`Machine::run_on_deltas`], of all versions of a fixpoint, on what was merged at one time.
    fn run_on_merged(&mut self, versions: &[VersionId]) -> bool {
        let program = Arc::clone(&self.program);
        let overlooked = |version: VersionId| &program.schedule().overlooked[version.0 as usize];
        let mut ran = false;
        // Those that read an index without its last rows come before those that have it take them in.
        for overlooks in [true, false] {
            let is_due = |machine: &Machine, version: VersionId| {
                overlooked(version).is_empty() != overlooks && machine.has_delta(version)
            };
            self.catch_up_shared(versions, is_due);
            for &version in versions {
                if is_due(self, version) {
                    self.run_overlooking(version, overlooked(version));
                    ran = true;
                }
            }
        }
        ran
    }

    /// Whether there are rows that the version begins with, and such as it looks for.
    fn has_delta(&self, version: VersionId) -> bool {
        let delta = self.program.plan().versions[version.0 as usize].delta;
        let delta = delta.expect("the version reads a delta");
        !self.relations[delta.0 as usize].delta().is_empty() && self.is_due(version)
    }

    /// Runs the versions that come after all strata.
    pub fn run_closing(&mut self) {
        let outer = self.enter(Place::Closing);
        self.stratum = self.program.plan().strata.len();
        self.replan(self.stratum);
        for place in 0..self.program.plan().closing.len() {
            let version = self.program.plan().closing[place];
            if self.is_due(version) {
                self.run(version);
            }
        }
        if self.first_tick {
            let program = Arc::clone(&self.program);
            let standing = program.plan().standing.iter();
            let versions: Vec<VersionId> = standing.map(|standing| standing.version).collect();
            self.run_all(&versions);
        } else {
            self.defer_standing();
        }
        self.commit();
        self.leave(outer);
    }

    /// Whether there is anything that the version could derive.
    #[inline]
    fn is_due(&self, version: VersionId) -> bool {
        let schedule = self.program.schedule();
        let mut needs = schedule.needs[version.0 as usize].iter();
        needs.all(|id| !self.relations[id.0 as usize].is_empty()) && self.is_of_this_tick(version)
    }

    /// Bootstrap rules run in the first tick; after a crash not into what was restored.
    #[inline]
    fn is_of_this_tick(&self, version: VersionId) -> bool {
        !self.program.schedule().once[version.0 as usize] || self.is_first_of(version)
    }

    fn is_first_of(&self, version: VersionId) -> bool {
        let plan = self.program.plan();
        let rule = &plan.rules[plan.versions[version.0 as usize].rule.0 as usize];
        let durable = RelationKind::Table { durable: true };
        self.first_tick && !(self.restored && plan.relations[rule.head.0 as usize].kind == durable)
    }

    fn run(&mut self, version: VersionId) {
        self.run_overlooking(version, &[]);
    }

    /// Runs a version that need not find the rows of the delta in these indexes.
    fn run_overlooking(&mut self, version: VersionId, overlooked: &[IndexId]) {
        self.complete(version);
        let outer = self.enter(Place::Version(version));
        self.catch_up(version, overlooked);
        if self.crew.is_none() {
            self.run_alone(version);
        } else if !self.run_shared(version) {
            let before = self.new_rows_of(version);
            self.derived = 0;
            self.run_alone(version);
            self.note_yield(version, self.derived, before);
        }
        self.end_version(version);
        self.leave(outer);
    }

    fn run_alone(&mut self, version: VersionId) {
        self.look_ahead(version);
        self.parted = self.parted_delta(version);
        self.begin_out(version);
        self.run_in_chunks(version);
        self.take_out(version);
        self.parted = None;
        self.copies.clear();
        if self.mode == Mode::Merge
            && let Target::Groups(aggregate) = self.program.schedule().targets[version.0 as usize]
        {
            let outer = self.enter(Place::Groups(aggregate));
            let declared = Arc::clone(self.program.plan());
            let declared = &declared.aggregates[aggregate.0 as usize];
            let rows = self.groups[aggregate.0 as usize].finish(declared, &mut self.context);
            self.take_groups(version, aggregate, rows);
            self.leave(outer);
        }
    }

    fn run_code(&mut self, version: VersionId) {
        let code = self.context.code().version(version);
        let frame: *mut Frame = (&raw mut *self).cast();
        // SAFETY: the frame is the first field of the context, which is the first of this machine,
        // which is of the code's own plan; no reference into the machine is in use while it runs.
        unsafe { code(frame) };
    }

    /// Gives the version room for what it derives.
    #[inline]
    fn begin_out(&mut self, version: VersionId) {
        let words = OUT_ROWS * self.program.schedule().strides[version.0 as usize];
        if self.out.len() < words {
            self.out.resize(words, 0);
        }
        self.context.set_out(self.out[..words].as_mut_ptr_range());
    }

    fn target(&self, version: VersionId) -> Target {
        self.program.schedule().targets[version.0 as usize]
    }

    /// Takes the rows that a version has put into `out`, and gives it room for more.
    fn flush(&mut self, version: VersionId) {
        self.take_out(version);
        self.begin_out(version);
    }

    #[inline]
    fn take_out(&mut self, version: VersionId) {
        let words = (self.context.out() as usize - self.out.as_ptr() as usize) / size_of::<u64>();
        if words == 0 {
            return;
        }
        self.derived += rows_in(words, self.program.schedule().strides[version.0 as usize]);
        let out = std::mem::take(&mut self.out);
        let rows = &out[..words];
        match self.target(version) {
            Target::Rows { relation, arrow } => {
                let begun = self.begin_derived(relation, rows);
                self.take_rows(version, relation, arrow, rows);
                self.end_derived(relation, begun);
            }
            Target::Groups(aggregate) => {
                let stride = self.program.schedule().strides[version.0 as usize];
                if let Some(profile) = &mut self.profile {
                    profile.counts.derived += (words / stride) as u64;
                }
                self.take_matches(aggregate, rows, stride);
            }
        }
        self.out = out;
    }

    #[inline]
    fn take_rows(&mut self, version: VersionId, relation: RelationId, arrow: Arrow, rows: &[u64]) {
        match self.mode {
            Mode::Merge => self.derive(relation, arrow, rows, Origin::version(version)),
            Mode::Count => {
                let stride = self.relations[relation.0 as usize].shape().stride;
                each_row(rows, stride).for_each(|row| self.tally.add(row, self.sign));
            }
            Mode::Gather => self.gathered.extend_from_slice(rows),
        }
    }

    /// Forgets what the tick derived but did not merge.
    fn clear_derived(&mut self) {
        self.deferred.iter_mut().for_each(Deferred::clear);
        self.sent.iter_mut().for_each(RowSet::clear);
        self.deferring.clear();
        self.sending.clear();
        self.attempt = Trouble::default();
    }
}

/// Gives relations the indexes of a plan; `spare` has, by relation, those that they had.
fn place_indexes(
    program: &Program,
    relations: &mut [Relation],
    spare: &mut [Vec<Index>],
) -> Vec<Probed> {
    let plan = program.plan();
    let layouts = layouts(plan);
    let indexes = plan.indexes.iter().zip(&layouts);
    let placed = indexes.map(|(index, layout)| {
        let number = index.relation.0 as usize;
        let relation = &mut relations[number];
        let place = match spare.get_mut(number) {
            Some(spare) => relation.add_index(&index.columns, layout, spare),
            None => relation.add_index(&index.columns, layout, &mut Vec::new()),
        };
        Probed {
            relation: index.relation,
            place,
            part: index.part,
            width: index.columns.len(),
        }
    });
    placed.collect()
}
