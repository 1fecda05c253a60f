//! All cores: the rows that a version starts from are cut into chunks, which workers take on side by side.
//!
//! While a version runs nothing that it reads changes, so workers share the relations and need no locks. Each
//! runs the same machine code, with a frame of its own whose runtime functions are those of this module: they
//! look up, and keep what is derived. Rows of a relation that is a mere set are looked up at once, so that only
//! new ones are kept, by ranges of their hashes; then workers take on ranges (`relation/split.rs`). Of other rows
//! those are dropped that change nothing. Matches of a group-by are parted by their groups (`grouping`).
//!
//! The result does not depend on who took which chunk, nor does any order: what is kept stays in the order of
//! chunks. A version that meets a row error in here is run again by one thread, which reports it.

#![expect(unsafe_code, reason = "runs generated code")]

use std::ffi::c_void;
use std::sync::Mutex;

use bloom_plan::artifact::RuntimeFunction;
use bloom_plan::plan::{Arrow, VersionId};

use crate::code::{Address, Frame, RuntimeTable};
use crate::crew::Crew;
use crate::profile::{Counts, Place};
use crate::relation::{IndexPlace, Origin, Relation};
use crate::schedule::Target;

use super::grouping::part_matches;
use super::{Machine, Mode, OUT_ROWS, Probed};

/// More chunks than workers, so that nobody waits long for who got the most work.
const CHUNKS_A_WORKER: usize = 4;

static WORKER: RuntimeTable = RuntimeTable([
    scan as Address,
    probe as Address,
    exists as Address,
    never as Address,
    row_error as Address,
    never as Address,
    never as Address,
    leave as Address,
    leave as Address,
    leave as Address,
    leave as Address,
    never as Address,
    leave as Address,
    flush as Address,
    find as Address,
]);

/// As [`WORKER`], but for what counts while a profile is taken.
static MEASURED: RuntimeTable = {
    let mut table = WORKER.0;
    table[RuntimeFunction::Scan as usize] = counted_scan as Address;
    table[RuntimeFunction::Probe as usize] = counted_probe as Address;
    table[RuntimeFunction::Exists as usize] = counted_exists as Address;
    table[RuntimeFunction::Find as usize] = counted_find as Address;
    RuntimeTable(table)
};

const _: () = {
    assert!(RuntimeFunction::Emit as u64 == 3);
    assert!(RuntimeFunction::RowError as u64 == 4);
    assert!(RuntimeFunction::Make as u64 == 5);
    assert!(RuntimeFunction::Words as u64 == 6);
    assert!(RuntimeFunction::Iterate as u64 == 11);
    assert!(RuntimeFunction::Flush as u64 == 13);
    assert!(RuntimeFunction::Find as u64 == 14);
};

/// What all workers of a version share.
struct Common<'m> {
    relations: &'m [Relation],
    indexes: &'m [Probed],
    sink: Sink<'m>,
    /// Words of what is derived, one thing after the other.
    stride: usize,
    /// In how many parts it is kept.
    parts: usize,
}

/// What becomes of what workers derive.
#[derive(Clone, Copy)]
enum Sink<'m> {
    /// Rows of a mere set are kept if they are new, by ranges of hashes.
    Set(&'m Relation),
    /// Rows are kept if they may change something.
    Rows(&'m Relation),
    /// Matches are kept, by hashes of their groups, which have so many words.
    Groups(usize),
}

/// One chunk's worker. `repr(C)` with the frame first, so that a pointer to it is one to the worker.
#[repr(C)]
struct Worker<'m> {
    frame: Frame,
    common: &'m Common<'m>,
    /// What the outermost scan gives; none once it has.
    chunk: Option<&'m [u64]>,
    out: Vec<u64>,
    kept: Vec<Vec<u64>>,
    /// What it did, if that is measured.
    counts: Option<Counts>,
    derived: usize,
    /// Something came up that a worker does not do.
    left: bool,
}

/// What became of a chunk.
struct Done {
    /// What is kept, by ranges.
    kept: Vec<Vec<u64>>,
    /// What was counted.
    counts: Option<Counts>,
    derived: usize,
}

/// A frame to be copied for each worker.
struct Template(Frame);

// SAFETY: its pointers lead to what nothing writes to while workers run: tables of functions, literals
// and constants.
unsafe impl Sync for Template {}

impl Machine {
    /// Runs a version on several threads, if there are some and it is worth it; whether it did.
    pub(super) fn run_shared(&mut self, version: VersionId) -> bool {
        let Some(crew) = self.crew.clone() else {
            return false;
        };
        if self.mode != Mode::Merge
            || crew.size() < 2
            || !self.program.schedule().shareable[version.0 as usize]
        {
            return false;
        }
        let Some((rows, stride)) = self.begins_with(version) else {
            return false;
        };
        let work = self.yields.expected(version, rows.len() / stride);
        if rows.is_empty() || !crew.shares(work) {
            return false;
        }
        let sink = match self.target(version) {
            Target::Rows {
                relation,
                arrow: Arrow::Merge,
            } => match &self.relations[relation.0 as usize] {
                head if head.is_splittable() => Sink::Set(head),
                head => Sink::Rows(head),
            },
            Target::Rows { .. } => return false,
            Target::Groups(id) => {
                let aggregate = &self.program.plan().aggregates[id.0 as usize];
                Sink::Groups(aggregate.group.len())
            }
        };
        let parted = self.parted_delta(version);
        let rows = parted.as_deref().unwrap_or(rows);
        let Some(done) = self.derive_shared(&*crew, version, rows, stride, sink) else {
            return false;
        };
        let before = self.new_rows_of(version);
        let derived = done.iter().map(|done| done.derived).sum();
        let parts = done.into_iter().map(|done| (done.kept, done.counts));
        let (kept, counts): (Vec<_>, Vec<_>) = parts.unzip();
        self.count_shared(counts, crew.size());
        let head = match self.target(version) {
            Target::Rows { relation, .. } => relation,
            Target::Groups(id) => {
                let outer = self.enter(Place::Groups(id));
                self.group_shared(&*crew, version, id, &kept);
                self.leave(outer);
                self.note_yield(version, derived, before);
                return true;
            }
        };
        // What was there is dropped already.
        let begun = self
            .profile
            .is_some()
            .then(|| self.begin_derived(head, &[]));
        let head_relation = &mut self.relations[head.0 as usize];
        if head_relation.is_splittable() {
            head_relation.merge_ranges(&*crew, &kept);
        } else {
            let origin = Origin::version(version);
            for rows in kept.iter().flatten() {
                self.merge_rows(head, rows, origin);
            }
        }
        if let Some(begun) = begun {
            self.end_derived(head, begun);
        }
        self.note_yield(version, derived, before);
        true
    }

    fn count_shared(&mut self, counts: Vec<Option<Counts>>, threads: usize) {
        if let Some(profile) = &mut self.profile {
            for counts in counts.iter().flatten() {
                profile.counts.add(counts, threads as u64);
            }
        }
    }

    /// What the version derives from each chunk, by ranges of hashes; none if it takes one thread.
    fn derive_shared(
        &self,
        crew: &dyn Crew,
        version: VersionId,
        rows: &[u64],
        stride: usize,
        sink: Sink<'_>,
    ) -> Option<Vec<Done>> {
        let common = Common {
            relations: &self.relations,
            indexes: &self.indexes,
            sink,
            stride: self.program.schedule().strides[version.0 as usize],
            parts: match sink {
                Sink::Set(_) | Sink::Groups(_) => (2 * crew.size()).next_power_of_two(),
                Sink::Rows(_) => 1,
            },
        };
        let chunks = crew.size() * CHUNKS_A_WORKER;
        let chunk_rows = (rows.len() / stride).div_ceil(chunks);
        let chunks: Vec<&[u64]> = rows.chunks(chunk_rows * stride).collect();
        let results: Vec<Mutex<Option<Done>>> = chunks.iter().map(|_| Mutex::new(None)).collect();
        let counts = self.profile.as_ref().map(|profile| profile.counts.fresh());
        let functions = if counts.is_some() { &MEASURED } else { &WORKER };
        let template = Template(self.context.frame_for(functions));
        let code = self.context.code().version(version);
        let warming = self.warming(version);
        crew.run(chunks.len(), &|place| {
            let template = &template;
            let mut worker = Worker::new(template.0, &common, chunks[place], counts.clone());
            let run = |worker: &mut Worker<'_>| {
                let frame: *mut Frame = (&raw mut *worker).cast();
                // SAFETY: the frame is the worker's first field, and its functions are the worker's; the code
                // is that of the machine's plan.
                unsafe { code(frame) };
            };
            match warming {
                Some(warming) => warming.chunks(chunks[place]).for_each(|chunk| {
                    worker.chunk = Some(chunk);
                    run(&mut worker);
                }),
                None => run(&mut worker),
            }
            worker.take();
            let done = (!worker.left).then_some(Done {
                kept: worker.kept,
                counts: worker.counts,
                derived: worker.derived,
            });
            *results[place].lock().expect("no job panics") = done;
        });
        let results = results.into_iter();
        results
            .map(|done| done.into_inner().expect("no job panics"))
            .collect()
    }
}

impl<'m> Worker<'m> {
    fn new(
        frame: Frame,
        common: &'m Common<'m>,
        chunk: &'m [u64],
        counts: Option<Counts>,
    ) -> Worker<'m> {
        let mut worker = Worker {
            frame,
            common,
            chunk: Some(chunk),
            out: vec![0; OUT_ROWS * common.stride],
            kept: vec![Vec::new(); common.parts],
            counts,
            derived: 0,
            left: false,
        };
        worker.begin_out();
        worker
    }

    fn begin_out(&mut self) {
        let room = self.out.as_mut_ptr_range();
        self.frame.out = room.start;
        self.frame.out_end = room.end;
    }

    /// Keeps the rows that stand in `out`.
    fn take(&mut self) {
        let words = (self.frame.out as usize - self.out.as_ptr() as usize) / size_of::<u64>();
        let rows = &self.out[..words];
        let derived = words / self.common.stride;
        self.derived += derived;
        if let Some(counts) = &mut self.counts {
            counts.derived += derived as u64;
        }
        match self.common.sink {
            Sink::Set(head) => head.keep_missing(rows, &mut self.kept),
            Sink::Rows(head) => head.keep_growing(rows, &mut self.kept[0]),
            Sink::Groups(width) => {
                part_matches(rows, self.common.stride, width, &mut self.kept);
            }
        }
        self.begin_out();
    }
}

/// What a runtime function hands out: items (of a probe, words) in a row, and for a probe where row 0 is.
#[repr(C)]
struct Slice {
    items: *const c_void,
    count: u64,
    rows: *const u64,
}

/// The worker around a frame.
///
/// # Safety
/// The frame is a worker's, and no other reference into it is in use.
unsafe fn worker<'a>(frame: *mut Frame) -> &'a mut Worker<'a> {
    // SAFETY: the frame is the worker's first field.
    unsafe { &mut *frame.cast() }
}

/// An index of the plan, and a key for it.
///
/// # Safety
/// There are as many words as the index has columns.
unsafe fn look_up<'a>(
    worker: &Worker<'a>,
    index: u64,
    key: *const u64,
) -> (&'a Relation, IndexPlace, &'a [u64]) {
    let common = worker.common;
    let probed = common.indexes[index as usize];
    let key = match probed.width {
        0 => &[],
        // SAFETY: the caller's.
        _ => unsafe { std::slice::from_raw_parts(key, probed.width) },
    };
    (
        &common.relations[probed.relation.0 as usize],
        probed.place,
        key,
    )
}

unsafe extern "C" fn scan(frame: *mut Frame, relation: u64, extent: u64, into: *mut Slice) {
    // SAFETY: the contract of `interface`, with a worker.
    let worker = unsafe { worker(frame) };
    let relation = &worker.common.relations[relation as usize];
    let rows = match (worker.chunk.take(), extent) {
        (Some(chunk), _) => chunk,
        (None, 0) => relation.total(),
        (None, _) => relation.delta(),
    };
    let count = rows.len() / relation.shape().stride;
    // SAFETY: `into` is the caller's slice. Relations do not change while workers run.
    unsafe {
        (&raw mut (*into).items).write(rows.as_ptr().cast());
        (&raw mut (*into).count).write(count as u64);
    }
}

unsafe extern "C" fn probe(frame: *mut Frame, index: u64, key: *const u64, into: *mut Slice) {
    // SAFETY: the contract of `interface`, with a worker.
    let (relation, place, key) = unsafe { look_up(worker(frame), index, key) };
    let items = relation.probe(place, key);
    // SAFETY: as in `scan`.
    unsafe {
        into.write(Slice {
            items: items.as_ptr().cast(),
            count: items.len() as u64,
            rows: relation.total().as_ptr(),
        });
    }
}

unsafe extern "C" fn find(frame: *mut Frame, index: u64, key: *const u64) -> *const u64 {
    // SAFETY: the contract of `interface`, with a worker.
    let (relation, _, key) = unsafe { look_up(worker(frame), index, key) };
    let row = relation.row_of_key(key);
    row.map_or(std::ptr::null(), <[u64]>::as_ptr)
}

unsafe extern "C" fn exists(frame: *mut Frame, index: u64, key: *const u64) -> u64 {
    // SAFETY: the contract of `interface`, with a worker.
    let (relation, place, key) = unsafe { look_up(worker(frame), index, key) };
    u64::from(relation.exists(place, key))
}

fn counts<'w>(worker: &'w mut Worker<'_>) -> &'w mut Counts {
    let counts = worker.counts.as_mut();
    counts.expect("these functions are called while a profile is taken")
}

unsafe extern "C" fn counted_scan(frame: *mut Frame, relation: u64, extent: u64, into: *mut Slice) {
    // SAFETY: the contract of `interface`, with a worker; `scan` fills the slice.
    unsafe {
        scan(frame, relation, extent, into);
        counts(worker(frame)).read += (&raw const (*into).count).read();
    }
}

unsafe extern "C" fn counted_probe(
    frame: *mut Frame,
    index: u64,
    key: *const u64,
    into: *mut Slice,
) {
    // SAFETY: the contract of `interface`, with a worker; `probe` fills the slice.
    unsafe {
        let begin = counts(worker(frame)).begin(index);
        probe(frame, index, key, into);
        let is_hit = (&raw const (*into).count).read() > 0;
        counts(worker(frame)).end(index, begin, is_hit);
    }
}

unsafe extern "C" fn counted_exists(frame: *mut Frame, index: u64, key: *const u64) -> u64 {
    // SAFETY: the contract of `interface`, with a worker.
    unsafe {
        let begin = counts(worker(frame)).begin(index);
        let found = exists(frame, index, key);
        counts(worker(frame)).end(index, begin, found > 0);
        found
    }
}

unsafe extern "C" fn counted_find(frame: *mut Frame, index: u64, key: *const u64) -> *const u64 {
    // SAFETY: the contract of `interface`, with a worker.
    unsafe {
        let begin = counts(worker(frame)).begin(index);
        let found = find(frame, index, key);
        counts(worker(frame)).end(index, begin, !found.is_null());
        found
    }
}

unsafe extern "C" fn flush(frame: *mut Frame, _version: u64) {
    // SAFETY: the contract of `interface`, with a worker.
    unsafe { worker(frame) }.take();
}

unsafe extern "C" fn row_error(frame: *mut Frame, _: u64, _: *const u64, _: u64) {
    // SAFETY: the contract of `interface`, with a worker.
    let worker = unsafe { worker(frame) };
    worker.frame.error = 0;
    worker.left = true;
}

/// What needs a context: a comparison, a join.
unsafe extern "C" fn leave(frame: *mut Frame) -> u64 {
    // SAFETY: the contract of `interface`, with a worker.
    unsafe { worker(frame) }.left = true;
    0
}

/// What versions that are shared do not do.
unsafe extern "C" fn never() {
    unreachable!("a version that is shared only looks up and derives")
}
