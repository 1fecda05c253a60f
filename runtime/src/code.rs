//! Machine code in memory: mapped, filled, then made executable and never written again.

#![expect(
    unsafe_code,
    reason = "addresses of generated code become functions here"
)]

use std::ffi::c_void;
use std::sync::Arc;

use bloom_plan::artifact::{Artifact, Patch, RuntimeFunction, frame};
use bloom_plan::plan::{FunctionId, Plan, VersionId};
use memmap2::{Mmap, MmapMut};
use smol_str::SmolStr;

use crate::api::LoadError;

/// What generated code may read and write; the first field of whatever it runs on behalf of, so
/// that the runtime functions find the rest behind the pointer they get back.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub runtime: *const RuntimeTable,
    pub functions: *const Address,
    pub literals: *const u64,
    pub constants: *const u64,
    pub self_addr: u64,
    pub error: u64,
    pub out: *mut u64,
    pub out_end: *mut u64,
}

const _: () = {
    assert!(std::mem::offset_of!(Frame, runtime) == frame::RUNTIME as usize);
    assert!(std::mem::offset_of!(Frame, functions) == frame::FUNCTIONS as usize);
    assert!(std::mem::offset_of!(Frame, literals) == frame::LITERALS as usize);
    assert!(std::mem::offset_of!(Frame, constants) == frame::CONSTANTS as usize);
    assert!(std::mem::offset_of!(Frame, self_addr) == frame::SELF_ADDR as usize);
    assert!(std::mem::offset_of!(Frame, error) == frame::ERROR as usize);
    assert!(std::mem::offset_of!(Frame, out) == frame::OUT as usize);
    assert!(std::mem::offset_of!(Frame, out_end) == frame::OUT_END as usize);
};

/// Where a function starts.
pub type Address = *const c_void;

/// The runtime's functions in the order of [`RuntimeFunction`].
#[derive(Debug)]
#[repr(transparent)]
pub struct RuntimeTable(pub [Address; RuntimeFunction::COUNT]);

// SAFETY: the addresses are those of functions, which nothing writes to.
unsafe impl Sync for RuntimeTable {}

/// A version.
pub type VersionCode = unsafe extern "C" fn(*mut Frame);
/// A function of the plan: frame, arguments.
pub type FunctionCode = unsafe extern "C" fn(*mut Frame, *const u64) -> u64;

/// The code of one plan.
#[derive(Debug)]
pub struct Code {
    /// Keep the code mapped.
    maps: Vec<Arc<Mmap>>,
    /// Null where there is no code yet.
    versions: Vec<Address>,
    functions: Vec<Address>,
}

// SAFETY: the addresses point into the mapping that the struct owns, which nothing writes to.
unsafe impl Send for Code {}
// SAFETY: as above.
unsafe impl Sync for Code {}

impl Code {
    /// Maps the code of a plan.
    pub fn load(plan: &Plan, artifact: &Artifact) -> Result<Code, LoadError> {
        if artifact.versions.len() != plan.versions.len() {
            return Err(LoadError::Mismatch("another number of versions"));
        }
        if artifact.functions.len() != plan.functions.len() {
            return Err(LoadError::Mismatch("another number of functions"));
        }
        let is_absent = |offset: &&u32| **offset == Artifact::ABSENT;
        let there = artifact.versions.iter().filter(|o| !is_absent(o));
        let mut offsets = there.chain(&artifact.functions);
        if offsets.any(|&offset| offset as usize >= artifact.code.len()) {
            return Err(LoadError::Mismatch("an offset is past the code's end"));
        }
        is_for_this_machine(&artifact.target)?;
        if artifact.code.is_empty() {
            return Ok(Code {
                maps: Vec::new(),
                versions: vec![std::ptr::null(); artifact.versions.len()],
                functions: Vec::new(),
            });
        }
        let map = map_code(&artifact.code)?;
        let addresses = |offsets: &[u32]| -> Vec<Address> {
            let at = |&offset: &u32| match offset {
                Artifact::ABSENT => std::ptr::null(),
                _ => map[offset as usize..].as_ptr().cast(),
            };
            offsets.iter().map(at).collect()
        };
        Ok(Code {
            versions: addresses(&artifact.versions),
            functions: addresses(&artifact.functions),
            maps: vec![Arc::new(map)],
        })
    }

    /// The same code, but for some versions.
    pub fn patched(&self, patch: &Patch) -> Result<Code, LoadError> {
        is_for_this_machine(&patch.target)?;
        let mut versions = self.versions.clone();
        let mut maps = self.maps.clone();
        if !patch.code.is_empty() {
            let map = map_code(&patch.code)?;
            for &(id, offset) in &patch.versions {
                let version = versions.get_mut(id.0 as usize);
                let at = map.get(offset as usize..).filter(|code| !code.is_empty());
                let (Some(version), Some(at)) = (version, at) else {
                    return Err(LoadError::Mismatch("a patch of another plan"));
                };
                *version = at.as_ptr().cast();
            }
            maps.push(Arc::new(map));
        }
        Ok(Code {
            maps,
            versions,
            functions: self.functions.clone(),
        })
    }

    /// Whether there is code for a version.
    #[inline]
    pub fn has(&self, version: VersionId) -> bool {
        !self.versions[version.0 as usize].is_null()
    }

    /// The code of a version. To be called with a frame of a machine of the same plan.
    pub fn version(&self, version: VersionId) -> VersionCode {
        let address = self.versions[version.0 as usize];
        assert!(!address.is_null(), "there is code for what is run");
        // SAFETY: the artifact's contract: at a version's offset stands a function of this type.
        unsafe { std::mem::transmute::<Address, VersionCode>(address) }
    }

    /// The code of a function. To be called with a frame of a context of the same plan and as many
    /// arguments as the function has parameters.
    pub fn function(&self, function: FunctionId) -> FunctionCode {
        let address = self.functions[function.0 as usize];
        // SAFETY: the artifact's contract: at a function's offset stands a function of this type.
        unsafe { std::mem::transmute::<Address, FunctionCode>(address) }
    }

    /// Where the functions of the plan start, for generated code to call them.
    pub fn functions(&self) -> *const Address {
        self.functions.as_ptr()
    }
}

fn is_for_this_machine(target: &SmolStr) -> Result<(), LoadError> {
    let machine = std::env::consts::ARCH;
    match target.split('-').next() == Some(machine) {
        true => Ok(()),
        false => Err(LoadError::Target {
            code: target.clone(),
            machine,
        }),
    }
}

fn map_code(code: &[u8]) -> Result<Mmap, LoadError> {
    let mut map = MmapMut::map_anon(code.len())?;
    map.copy_from_slice(code);
    Ok(map.make_exec()?)
}
