//! Threads for the inside of a tick. A node starts none: whoever drives it may lend it some ([`Crew`]).

use std::fmt::Debug;

/// What a run of a version is likely to take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// Rows that it begins with.
    pub rows: usize,
    /// Derivations that its last run lets expect; none if nothing is known.
    pub derived: usize,
    /// Of these, rows that are new to a set.
    pub new: usize,
}

/// Carries out jobs side by side.
pub trait Crew: Debug + Send + Sync {
    /// How many jobs may run at one time; at least one.
    fn size(&self) -> usize;

    /// Whether a run is worth sharing: it is not worth waking anybody for little, and where most of what is derived is
    /// new, threads look each row up twice for what one looks up once.
    fn shares(&self, work: Work) -> bool {
        const WORK_MIN: usize = 1 << 15;
        work.rows.max(work.derived) >= WORK_MIN && work.new / 2 <= work.derived / 5
    }

    /// Whether the rows that a run begins with are worth putting into the order of keys that their derivations share, of a
    /// relation that has so many: few are in the processor's cache anyway, and to move a row takes longer than it saves
    /// unless much is derived from it.
    fn parts(&self, work: Work, keys: usize) -> bool {
        const ROWS_MIN: usize = 1 << 10;
        // A copy of more would be much of what the relation itself takes.
        const ROWS_MAX: usize = 1 << 20;
        const KEYS_A_ROW_MIN: usize = 8;
        const DERIVED_MIN: usize = 4;
        const KEYS_MIN: usize = 1 << 16;
        let rows_max = ROWS_MAX.max(keys / KEYS_A_ROW_MIN);
        (ROWS_MIN..=rows_max).contains(&work.rows)
            && work.derived / DERIVED_MIN >= work.rows
            && keys >= KEYS_MIN
    }

    /// In chunks of how many rows, at least one, a run is to go through what it begins with, so that what it looks up
    /// first for each row of a chunk, in an index of so many rows, is looked up side by side. None where that is not worth it:
    /// what is in the processor's cache anyway is not waited for.
    fn chunk_rows(&self, rows: usize, indexed: usize) -> Option<usize> {
        const CHUNK_ROWS: usize = 1 << 6;
        const ROWS_MIN: usize = 4 * CHUNK_ROWS;
        const INDEXED_MIN: usize = 1 << 17;
        (rows >= ROWS_MIN && indexed >= INDEXED_MIN).then_some(CHUNK_ROWS)
    }

    /// Calls `job` once with each number below `jobs`, in any order and on any thread, and returns when
    /// all calls have.
    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync));
}
