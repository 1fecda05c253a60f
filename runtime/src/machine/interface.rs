//! The runtime functions that generated code calls (`bloom_plan::artifact`).
//!
//! None may unwind: a panic in one of them is a bug of ours and ends the process, as `extern "C"`
//! does. Soundness rests on the artifact's contract, namely that generated code passes the frame
//! that it got, numbers of its own plan, and as many words as the plan says. `Make` to `FloatRem`
//! need a context only, for functions may run without a machine around them.

use std::ffi::c_void;
use std::sync::Arc;

use bloom_plan::artifact::RuntimeFunction;
use bloom_plan::plan::{Extent, FunctionId, RelationId, RowError, SiteId, VersionId};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::canonical_float;

use crate::builtins;
use crate::code::{Address, Frame, RuntimeTable};
use crate::context::Context;
use crate::report;
use crate::schedule::Target;

use super::{Machine, Probed};

pub static RUNTIME: RuntimeTable = RuntimeTable([
    scan as Address,
    probe as Address,
    exists as Address,
    emit as Address,
    row_error as Address,
    make as Address,
    words as Address,
    compare as Address,
    join as Address,
    retype as Address,
    builtin as Address,
    iterate as Address,
    float_rem as Address,
    flush as Address,
    find as Address,
]);

/// Extents as generated code names them.
const EXTENT_DELTA: u64 = 1;
const EXTENT_BEFORE: u64 = 2;

const _: () = {
    assert!(RuntimeFunction::Scan as u64 == 0);
    assert!(RuntimeFunction::Emit as u64 == 3);
    assert!(RuntimeFunction::Make as u64 == 5);
    assert!(RuntimeFunction::Builtin as u64 == 10);
    assert!(RuntimeFunction::FloatRem as u64 == 12);
    assert!(RuntimeFunction::Find as u64 == 14);
};

/// What a runtime function hands out: items (of a probe, words) in a row, and for a probe where row 0 is.
#[repr(C)]
pub(super) struct Slice {
    items: *const c_void,
    pub(super) count: u64,
    rows: *const u64,
}

/// The machine around a frame.
///
/// # Safety
/// The frame is a machine's, and no other reference into it is in use.
pub(super) unsafe fn machine<'a>(frame: *mut Frame) -> &'a mut Machine {
    // SAFETY: the frame is the first field of the context, which is the machine's first.
    unsafe { &mut *frame.cast() }
}

/// The context around a frame.
///
/// # Safety
/// As for `machine`, with a context.
unsafe fn context<'a>(frame: *mut Frame) -> &'a mut Context {
    // SAFETY: the frame is the context's first field.
    unsafe { &mut *frame.cast() }
}

/// Words that generated code passes.
///
/// # Safety
/// There are as many words, and none is written to while the slice is in use.
unsafe fn slice<'a>(words: *const u64, count: usize) -> &'a [u64] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller's.
    unsafe { std::slice::from_raw_parts(words, count) }
}

/// Hands out items and their count; the third word of a `Slice` is a probe's only.
///
/// # Safety
/// `into` points to two words at least.
unsafe fn hand_out(into: *mut Slice, items: *const c_void, count: usize) {
    // SAFETY: the two fields are the first two words.
    unsafe {
        (&raw mut (*into).items).write(items);
        (&raw mut (*into).count).write(count as u64);
    }
}

pub(super) unsafe extern "C" fn scan(
    frame: *mut Frame,
    relation: u64,
    extent: u64,
    into: *mut Slice,
) {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    let parted = machine
        .parted
        .as_ref()
        .map(|rows| (rows.as_ptr(), rows.len()));
    let (relation, copies) = machine.relation_and_copies(RelationId(relation as u32));
    let stride = relation.shape().stride;
    let (rows, count) = match extent {
        EXTENT_DELTA => {
            let delta = relation.delta();
            let (rows, words) = parted.unwrap_or((delta.as_ptr(), delta.len()));
            (rows, words / stride)
        }
        EXTENT_BEFORE => relation.all_before(copies),
        // A relation whose support could only be found in all its rows is not looked into for it.
        _ => (relation.total().as_ptr(), relation.len()),
    };
    // The first scan is of the rows that the version begins with.
    let (rows, count) = match machine.chunk.take() {
        Some(chunk) => (rows.wrapping_add(chunk.start), chunk.len() / stride),
        None => (rows, count),
    };
    // SAFETY: `into` is the caller's slice. Rows stay in place until the version has run: what it
    // derives goes into `new`.
    unsafe { hand_out(into, rows.cast(), count) };
}

pub(super) unsafe extern "C" fn probe(
    frame: *mut Frame,
    index: u64,
    key: *const u64,
    into: *mut Slice,
) {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    let Probed {
        relation,
        place,
        part,
        width,
    } = machine.indexes[index as usize];
    // SAFETY: the key has a word a column of the index.
    let key = unsafe { slice(key, width) };
    let (relation, copies) = machine.relation_and_copies(relation);
    let found = match part {
        Extent::Total | Extent::Delta => relation.look_up(place, key),
        Extent::Before => relation.look_up_before(place, key, copies),
        Extent::Founded => relation.look_up_founded(place, key, copies),
    };
    // SAFETY: as in `scan`; indexes do not change before a merge either, and copies stay until the
    // version has run.
    unsafe {
        hand_out(into, found.items.cast(), found.words);
        (&raw mut (*into).rows).write(found.rows);
    }
}

pub(super) unsafe extern "C" fn find(frame: *mut Frame, index: u64, key: *const u64) -> *const u64 {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    let Probed {
        relation,
        part,
        width,
        ..
    } = machine.indexes[index as usize];
    // SAFETY: the key has a word a column of the index.
    let key = unsafe { slice(key, width) };
    let relation = machine.relation(relation);
    let row = match part {
        Extent::Total | Extent::Delta => relation.row_of_key(key),
        Extent::Before => relation.find_key_before(key),
        Extent::Founded => relation.find_key_founded(key).map(|n| relation.row(n)),
    };
    row.map_or(std::ptr::null(), <[u64]>::as_ptr)
}

unsafe extern "C" fn flush(frame: *mut Frame, version: u64) {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    machine.flush(VersionId(version as u32));
}

pub(super) unsafe extern "C" fn exists(frame: *mut Frame, index: u64, key: *const u64) -> u64 {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    let Probed {
        relation,
        place,
        part,
        width,
    } = machine.indexes[index as usize];
    // SAFETY: the key has a word a column of the index.
    let key = unsafe { slice(key, width) };
    let (relation, copies) = machine.relation_and_copies(relation);
    u64::from(match part {
        Extent::Total | Extent::Delta => relation.exists(place, key),
        Extent::Before => relation.existed(place, key, copies),
        Extent::Founded => relation.exists_founded(place, key),
    })
}

pub(super) unsafe extern "C" fn emit(
    frame: *mut Frame,
    version: u64,
    row: *const u64,
    present: u64,
) {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    let Target::Rows { relation, .. } = machine.target(VersionId(version as u32)) else {
        unreachable!("version{version} accumulates");
    };
    let columns = machine.relation(relation).shape().types.len();
    // SAFETY: the row has a word a column. The words are the caller's own.
    let row = unsafe { slice(row, columns) };
    // The row of a relation without columns is one word all the same.
    let row = if row.is_empty() { &[0] } else { row };
    machine.deferring(relation).delete(row, present);
}

unsafe extern "C" fn row_error(frame: *mut Frame, version: u64, registers: *const u64, count: u64) {
    // SAFETY: the contract of this module.
    let machine = unsafe { machine(frame) };
    // SAFETY: so many registers are bound.
    let registers = unsafe { slice(registers, count as usize) };
    let error = machine.context.take_error();
    let error = error.expect("a derivation that is dropped has an error");
    let version = VersionId(version as u32);
    let (store, plan) = (&machine.context.store, machine.program.plan());
    let row = report::row_error(store, plan, version, registers, error);
    machine.attempt.errors.insert(row);
    machine.note_failure(version);
}

unsafe extern "C" fn make(frame: *mut Frame, ty: u64, words: *const u64, count: u64) -> u64 {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    // SAFETY: there are so many words.
    let words = unsafe { slice(words, count as usize) };
    let ty = TypeId(ty as u32);
    let word = context.store.make(ty, words);
    if context.store.nests_too_deep(ty, word) {
        context.set_error(RowError::Nesting);
    }
    word
}

unsafe extern "C" fn words(frame: *mut Frame, handle: u64) -> *const u64 {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    // Contents do not move while a tick runs.
    context.store.words(handle).as_ptr()
}

unsafe extern "C" fn compare(frame: *mut Frame, ty: u64, a: u64, b: u64) -> i64 {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    context.store.compare(TypeId(ty as u32), a, b) as i64
}

unsafe extern "C" fn join(frame: *mut Frame, ty: u64, a: u64, b: u64) -> u64 {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    let joined = context.join(TypeId(ty as u32), a, b);
    give(context, joined)
}

unsafe extern "C" fn retype(frame: *mut Frame, ty: u64, word: u64) -> u64 {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    let retyped = context.retype(TypeId(ty as u32), word);
    give(context, retyped)
}

fn give(context: &mut Context, result: Result<u64, RowError>) -> u64 {
    result.unwrap_or_else(|error| {
        context.set_error(error);
        0
    })
}

unsafe extern "C" fn builtin(frame: *mut Frame, site: u64, arguments: *const u64) -> u64 {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    let plan = Arc::clone(context.plan());
    let site = &plan.sites[SiteId(site as u32).0 as usize];
    // SAFETY: there is a word for each argument of the site.
    let arguments = unsafe { slice(arguments, site.arguments.len()) };
    let outer = context.lambda_count();
    let mut own = arguments.to_vec();
    for (&ty, word) in site.arguments.iter().zip(&mut own) {
        if context.is_function(ty) {
            // SAFETY: such an argument points to a lambda.
            *word = unsafe { take_lambda(context, *word as usize as *const u64) };
        }
    }
    let result = builtins::call(context, site, &own);
    context.truncate_lambdas(outer);
    give(context, result)
}

/// Copies a lambda (`[function, count of captures, captures…]`) for the built-in about to run.
///
/// # Safety
/// `at` points to a lambda.
unsafe fn take_lambda(context: &mut Context, at: *const u64) -> u64 {
    // SAFETY: the first two words say how many follow.
    let captures = unsafe { slice(at.add(2), at.add(1).read() as usize) };
    // SAFETY: as above.
    let function = FunctionId(unsafe { at.read() } as u32);
    context.push_lambda(function, captures)
}

unsafe extern "C" fn iterate(frame: *mut Frame, ty: u64, value: u64, into: *mut Slice) {
    // SAFETY: the contract of this module.
    let context = unsafe { context(frame) };
    let ty = context.store.types().get(TypeId(ty as u32));
    let width = match ty {
        Type::Bag(_) | Type::FrozenBag(_) | Type::Map(..) | Type::FrozenMap(..) => 2,
        _ => 1,
    };
    let words = context.store.words(value);
    // SAFETY: `into` is the caller's slice; contents do not move while a tick runs.
    unsafe { hand_out(into, words.as_ptr().cast(), words.len() / width) };
}

unsafe extern "C" fn float_rem(_: *mut Frame, a: u64, b: u64) -> u64 {
    canonical_float(f64::from_bits(a) % f64::from_bits(b)).to_bits()
}
