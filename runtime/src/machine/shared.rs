//! All cores: the rows that a version starts from are cut into chunks, which workers take on side by side.
//!
//! While a version runs nothing that it reads changes, so workers share the relations and need no locks. Each
//! runs the same machine code, with a frame of its own whose runtime functions are those of this module: they
//! look up, and keep what is derived. Rows of a relation that is a mere set are kept by ranges of their hashes; then workers
//! take on ranges (`relation/split.rs`). Where few are new the others are dropped before, and what is kept stays little,
//! since a version goes through the rows that it begins with in rounds. Of other rows
//! those are dropped that change nothing. Matches of a group-by are parted by their groups (`grouping`).
//!
//! The result does not depend on who took which chunk, nor does any order: what is kept stays in the order of
//! chunks. A version that meets a row error in here is run again by one thread, which reports it.

#![expect(unsafe_code, reason = "runs generated code")]

use std::ffi::c_void;
use std::ops::Range;
use std::sync::Mutex;

use bloom_plan::artifact::RuntimeFunction;
use bloom_plan::plan::VersionId;

use crate::code::{Address, Frame, RuntimeTable};
use crate::crew::Crew;
use crate::profile::Counts;
use crate::relation::{IndexPlace, Parts, Relation, chunks, clear_parts};

use super::grouping::part_matches;
use super::{Machine, OUT_ROWS, Probed};

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
}

/// What becomes of what workers derive.
#[derive(Clone, Copy)]
pub(super) enum Sink<'m> {
    /// Rows of a mere set are kept, by ranges of hashes.
    All(&'m Relation),
    /// As `All`, if they are new.
    Missing(&'m Relation),
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
    /// What is kept, by parts.
    kept: &'m mut Parts,
    /// What it did, if that is measured.
    counts: Option<Counts>,
    derived: usize,
    /// Something came up that a worker does not do.
    left: bool,
}

/// What became of a chunk, beside what is kept.
struct Report {
    /// What was counted.
    counts: Option<Counts>,
    derived: usize,
}

/// What became of all.
pub(super) struct Done {
    /// Into how many the rows were cut.
    pub chunks: usize,
    pub counts: Vec<Option<Counts>>,
    pub derived: usize,
}

/// A frame to be copied for each worker.
struct Template(Frame);

// SAFETY: its pointers lead to what nothing writes to while workers run: tables of functions, literals
// and constants.
unsafe impl Sync for Template {}

impl Machine {
    /// As [`Machine::derive_shared`], from all rows that the version begins with.
    pub(super) fn derive_all(
        &self,
        crew: &dyn Crew,
        version: VersionId,
        sink: Sink<'_>,
        parts: usize,
        kept: &mut Vec<Parts>,
    ) -> Option<Done> {
        let (rows, _) = self.begins_with(version)?;
        let done = self.derive_shared(crew, version, 0..rows.len(), sink, parts, kept);
        done.inspect(|done| kept.truncate(done.chunks))
    }

    /// What the version derives from these words, by chunks, and each chunk's by parts; none if it takes one thread.
    pub(super) fn derive_shared(
        &self,
        crew: &dyn Crew,
        version: VersionId,
        words: Range<usize>,
        sink: Sink<'_>,
        parts: usize,
        kept: &mut Vec<Parts>,
    ) -> Option<Done> {
        let common = Common {
            relations: &self.relations,
            indexes: &self.indexes,
            sink,
            stride: self.program.schedule().strides[version.0 as usize],
        };
        let (rows, stride) = self.begins_with(version)?;
        let rows = &self.parted.as_deref().unwrap_or(rows)[words];
        let chunks = chunks(crew, rows, stride);
        let counts = self.profile.as_ref().map(|profile| profile.counts.fresh());
        let functions = if counts.is_some() { &MEASURED } else { &WORKER };
        let template = Template(self.context.frame_for(functions));
        let code = self.context.code().version(version);
        let warming = self.warming(version);
        let workers: Vec<Mutex<(&mut Parts, Option<Report>)>> =
            clear_parts(kept, chunks.len(), parts)
                .iter_mut()
                .map(|kept| Mutex::new((kept, None)))
                .collect();
        crew.run(chunks.len(), &|place| {
            let template = &template;
            let (kept, report) = &mut *workers[place].lock().expect("no job panics");
            let mut worker = Worker::new(template.0, &common, chunks[place], kept, counts.clone());
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
            *report = (!worker.left).then_some(Report {
                counts: worker.counts,
                derived: worker.derived,
            });
        });
        let mut done = Done {
            chunks: chunks.len(),
            counts: Vec::new(),
            derived: 0,
        };
        for worker in workers {
            let report = worker.into_inner().expect("no job panics").1?;
            done.counts.push(report.counts);
            done.derived += report.derived;
        }
        Some(done)
    }
}

impl<'m> Worker<'m> {
    fn new(
        frame: Frame,
        common: &'m Common<'m>,
        chunk: &'m [u64],
        kept: &'m mut Parts,
        counts: Option<Counts>,
    ) -> Worker<'m> {
        let mut worker = Worker {
            frame,
            common,
            chunk: Some(chunk),
            out: vec![0; OUT_ROWS * common.stride],
            kept,
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
            Sink::All(head) => head.keep_all(rows, self.kept),
            Sink::Missing(head) => head.keep_missing(rows, self.kept),
            Sink::Rows(head) => head.keep_growing(rows, self.kept),
            Sink::Groups(width) => part_matches(rows, self.common.stride, width, self.kept),
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
