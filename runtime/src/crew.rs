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

impl Work {
    /// What so many rows are likely to take, if others have taken this.
    pub fn in_proportion(self, rows: usize) -> Work {
        let part = |count: usize| {
            let count = rows as u128 * count as u128 / self.rows.max(1) as u128;
            usize::try_from(count).unwrap_or(usize::MAX)
        };
        Work {
            rows,
            derived: part(self.derived),
            new: part(self.new),
        }
    }
}

/// Carries out jobs side by side.
pub trait Crew: Debug + Send + Sync {
    /// How many jobs may run at one time; at least one.
    fn size(&self) -> usize;

    /// Whether a run is worth sharing: it is not worth calling anybody for little.
    fn shares(&self, work: Work) -> bool {
        const WORK_MIN: usize = 1 << 10;
        work.rows.max(work.derived) >= WORK_MIN
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

    /// With how many rows, at least one, a version whose last rows have shown this goes on, before what they derive is put
    /// in: so many that it stays in the processor's cache, and not so many that it could be very much.
    fn round_rows(&self, shown: Work) -> usize {
        const DERIVED: usize = 1 << 19;
        const ROWS_MIN: usize = 1 << 10;
        // The next rows may derive far more.
        const ROWS_MAX: usize = 1 << 16;
        let rows = DERIVED as u128 * shown.rows.max(1) as u128 / shown.derived.max(1) as u128;
        usize::try_from(rows).map_or(ROWS_MAX, |rows| rows.clamp(ROWS_MIN, ROWS_MAX))
    }

    /// Whether it pays to look derived rows up before they are kept to be put in, since most are there already.
    fn sifts(&self, shown: Work) -> bool {
        const TIMES_MIN: usize = 16;
        shown.derived > 0 && shown.new <= shown.derived / TIMES_MIN
    }

    /// Whether so many rows that come at once are worth putting in by threads.
    fn puts_in(&self, rows: usize) -> bool {
        const ROWS_MIN: usize = 1 << 15;
        rows >= ROWS_MIN
    }

    /// Whether an index that lacks so many rows is worth being brought up to date beside others.
    fn catches_up(&self, rows: usize) -> bool {
        const ROWS_MIN: usize = 1 << 10;
        rows >= ROWS_MIN
    }

    /// Calls `job` once with each number below `jobs`, in any order and on any thread, and returns when
    /// all calls have. A panic of a call reaches who asked.
    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync));
}

/// Carries out jobs, by a crew if there is one.
pub fn share(crew: Option<&dyn Crew>, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
    match crew {
        Some(crew) if jobs > 1 => crew.run(jobs, job),
        Some(_) | None => (0..jobs).for_each(job),
    }
}

/// One thread that is asked as if it were so many, and begins with the last job.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct Backwards(pub usize);

#[cfg(test)]
impl Crew for Backwards {
    fn size(&self) -> usize {
        self.0
    }

    fn run(&self, jobs: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..jobs).rev().for_each(job);
    }
}
