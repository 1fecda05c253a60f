//! Machine code of a plan, and the binary interface between it and the runtime.
//!
//! Code is position-independent and has no relocations: everything outside comes through the
//! frame ([`frame`]) that each function gets as its first argument. All arguments and results are 64 bits
//! wide; the calling convention is the platform's C convention. No unwinding crosses generated
//! frames.
//!
//! A version is `extern "C" fn(frame)`. A function of the plan is `extern "C" fn(frame, arguments:
//! *const u64) -> u64`; on a row error it stores the code in `Frame::error` and returns 0, and its
//! caller checks. A lambda is passed to a built-in as a pointer to `[function number, count of
//! captures, captures…]`; its captures come first among the function's arguments.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::plan::VersionId;

/// Code of one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Target triple.
    pub target: SmolStr,
    pub code: Vec<u8>,
    /// Offset in `code` of each version's function; [`Artifact::ABSENT`] where there is none yet.
    pub versions: Vec<u32>,
    /// Offset in `code` of each function.
    pub functions: Vec<u32>,
}

impl Artifact {
    /// The offset of a version that there is no code for.
    pub const ABSENT: u32 = u32::MAX;
}

/// Code of versions of a plan that are evaluated otherwise than in its artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Target triple.
    pub target: SmolStr,
    pub code: Vec<u8>,
    /// Each with the offset in `code` of its function.
    pub versions: Vec<(VersionId, u32)>,
}

/// What generated code may read and write, by byte offset from the frame's address. The runtime
/// declares a `#[repr(C)]` struct with these fields in this order, and asserts the offsets.
pub mod frame {
    /// `*const fn`: the runtime functions, in the order of [`super::RuntimeFunction`].
    pub const RUNTIME: i32 = 0;
    /// `*const *const u8`: the plan's functions by number.
    pub const FUNCTIONS: i32 = 8;
    /// `*const u64`: words of the plan's literals.
    pub const LITERALS: i32 = 16;
    /// `*const u64`: words of the plan's constants.
    pub const CONSTANTS: i32 = 24;
    /// `u64`: word of the node's own address.
    pub const SELF_ADDR: i32 = 32;
    /// `u64`: 0, or the code of a `RowError`.
    pub const ERROR: i32 = 40;
    /// `*mut u64`: where the next derived row goes.
    pub const OUT: i32 = 48;
    /// `*mut u64`: the end of the room for derived rows, a whole number of which fit.
    pub const OUT_END: i32 = 56;
}

/// Functions of the runtime, in table order. `frame` is always the first parameter; `slice` is a
/// pointer to two words that the function fills: address of the first item, count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum RuntimeFunction {
    /// `(frame, relation, extent: 0 total | 1 delta | 2 before | 3 founded, slice)`: rows, contiguous, one word a column
    /// (a relation without columns has a stride of one word).
    Scan,
    /// `(frame, index, key: *const u64, slice)`: what the index holds of the rows with the key, as its
    /// [`Layout`](crate::plan::layout::Layout) says; also fills a third word with the address of row 0.
    Probe,
    /// `(frame, index, key) -> 0 | 1`.
    Exists,
    /// `(frame, version, row: *const u64, present: u64)`: the row of the version's `Emit` for a `<-`; bit
    /// i of `present` tells that column i is given (from column 63 on always). Rows of other arrows,
    /// and matches of a group-by (group, then arguments), go where `Frame::OUT` points, and that is moved on;
    /// when it is at `Frame::OUT_END`, `Flush` follows.
    Emit,
    /// `(frame, version, registers: *const u64, count)`: drops a derivation with `Frame::error`,
    /// which it clears. `count` registers were bound: a prefix of the version's.
    RowError,
    /// `(frame, type, words, count) -> handle`.
    Make,
    /// `(frame, handle) -> *const u64`: the words behind it; valid while the version runs.
    Words,
    /// `(frame, type, a, b) -> -1 | 0 | 1`.
    Compare,
    /// `(frame, type, a, b) -> word`.
    Join,
    /// `(frame, type, word) -> word`.
    Retype,
    /// `(frame, site, arguments: *const u64) -> word`.
    Builtin,
    /// `(frame, type, value, slice)`: elements (one word each) or entries (two words each) of a
    /// list, set, bag (element, multiplicity) or map.
    Iterate,
    /// `(frame, a, b) -> word`: the IEEE remainder of truncated division, canonical.
    FloatRem,
    /// `(frame, version)`: takes the rows before `Frame::OUT`, which it moves back to where they began.
    Flush,
    /// `(frame, index, key: *const u64) -> *const u64`: the row of `total` with the relation's key, or 0.
    Find,
}

impl RuntimeFunction {
    pub const COUNT: usize = 15;
}
