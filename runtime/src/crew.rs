//! Threads for the inside of a tick. A node starts none: whoever drives it may lend it some ([`Crew`]).

use std::fmt::Debug;

/// Carries out jobs side by side.
pub trait Crew: Debug + Send + Sync {
    /// How many jobs may run at one time; at least one.
    fn size(&self) -> usize;

    /// Versions that begin with fewer rows are run by one thread: sharing them is not worth waking anybody for.
    fn rows_min(&self) -> usize {
        1 << 15
    }

    /// Calls `job` once with each number below `jobs`, in any order and on any thread, and returns when
    /// all calls have.
    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync));
}
