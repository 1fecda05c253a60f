//! Measuring: the runtime functions that generated code calls instead of those of `interface` while a profile is
//! taken, and the ways into its spans. Nothing else counts anything, so a node without a profile pays for none.

use std::sync::Arc;

use bloom_plan::artifact::RuntimeFunction;
use bloom_plan::plan::{RelationId, VersionId};

use crate::code::{Address, Frame, RuntimeTable};
use crate::profile::{Clock, Place, Profile};

use super::Machine;
use super::interface::{self, Slice, machine};

/// As `interface::RUNTIME`, but for what counts.
static PROFILED: RuntimeTable = {
    let mut table = interface::RUNTIME.0;
    table[RuntimeFunction::Scan as usize] = scan as Address;
    table[RuntimeFunction::Probe as usize] = probe as Address;
    table[RuntimeFunction::Exists as usize] = exists as Address;
    table[RuntimeFunction::Find as usize] = find as Address;
    table[RuntimeFunction::Emit as usize] = emit as Address;
    RuntimeTable(table)
};

impl Machine {
    /// From now on time is measured by this clock.
    pub fn measure(&mut self, clock: Arc<dyn Clock>) {
        let indexes = self.program.plan().indexes.len();
        self.profile = Some(Box::new(Profile::new(clock, indexes)));
        self.context.set_runtime(&PROFILED);
    }

    /// Goes to a place, if time is measured; gives what to leave it with.
    #[inline]
    pub fn enter(&mut self, place: Place) -> Option<usize> {
        self.profile.as_mut()?.enter(place)
    }

    #[inline]
    pub fn leave(&mut self, outer: Option<usize>) {
        if let Some(profile) = &mut self.profile {
            profile.leave(outer);
        }
    }

    /// Takes what the version that ran has counted.
    #[inline]
    pub(super) fn end_version(&mut self, version: VersionId) {
        if let Some(profile) = &mut self.profile {
            profile.end_version(&self.program.schedule().probed[version.0 as usize]);
        }
    }

    /// Before derived rows are taken in; none if nothing is measured.
    #[inline]
    pub(super) fn begin_derived(&mut self, relation: RelationId, rows: &[u64]) -> Option<Begun> {
        let profile = self.profile.as_mut()?;
        let head = &self.relations[relation.0 as usize];
        profile.counts.derived += (rows.len() / head.shape().stride) as u64;
        let new_rows = head.new_rows();
        Some(Begun {
            new_rows,
            outer: self.enter(Place::Derived(relation)),
        })
    }

    /// After they have been.
    #[inline]
    pub(super) fn end_derived(&mut self, relation: RelationId, begun: Option<Begun>) {
        let Some(begun) = begun else {
            return;
        };
        self.leave(begun.outer);
        let more = self.relation(relation).new_rows() - begun.new_rows;
        if let Some(profile) = &mut self.profile {
            profile.count_new(more as u64);
        }
    }
}

/// The state before derived rows are taken in.
pub(super) struct Begun {
    new_rows: usize,
    outer: Option<usize>,
}

fn profile(machine: &mut Machine) -> &mut Profile {
    let profile = machine.profile.as_mut();
    profile.expect("these functions are called while a profile is taken")
}

unsafe extern "C" fn scan(frame: *mut Frame, relation: u64, extent: u64, into: *mut Slice) {
    // SAFETY: the contract of `interface`, whose function fills the slice.
    let count = unsafe {
        interface::scan(frame, relation, extent, into);
        (&raw const (*into).count).read()
    };
    // SAFETY: as above.
    profile(unsafe { machine(frame) }).counts.read += count;
}

unsafe extern "C" fn probe(frame: *mut Frame, index: u64, key: *const u64, into: *mut Slice) {
    // SAFETY: the contract of `interface`.
    let begin = profile(unsafe { machine(frame) }).counts.begin(index);
    // SAFETY: as above; the function fills the slice.
    let count = unsafe {
        interface::probe(frame, index, key, into);
        (&raw const (*into).count).read()
    };
    // SAFETY: as above.
    let profile = profile(unsafe { machine(frame) });
    profile.counts.end(index, begin, count > 0);
}

unsafe extern "C" fn exists(frame: *mut Frame, index: u64, key: *const u64) -> u64 {
    // SAFETY: the contract of `interface`.
    let begin = profile(unsafe { machine(frame) }).counts.begin(index);
    // SAFETY: as above.
    let found = unsafe { interface::exists(frame, index, key) };
    // SAFETY: as above.
    let profile = profile(unsafe { machine(frame) });
    profile.counts.end(index, begin, found > 0);
    found
}

unsafe extern "C" fn find(frame: *mut Frame, index: u64, key: *const u64) -> *const u64 {
    // SAFETY: the contract of `interface`.
    let begin = profile(unsafe { machine(frame) }).counts.begin(index);
    // SAFETY: as above.
    let found = unsafe { interface::find(frame, index, key) };
    // SAFETY: as above.
    let profile = profile(unsafe { machine(frame) });
    profile.counts.end(index, begin, !found.is_null());
    found
}

unsafe extern "C" fn emit(frame: *mut Frame, version: u64, row: *const u64, present: u64) {
    // SAFETY: the contract of `interface`.
    unsafe {
        profile(machine(frame)).counts.derived += 1;
        interface::emit(frame, version, row, present);
    }
}
