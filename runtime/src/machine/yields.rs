//! What versions derive from the rows that they begin with, as their last runs have shown: by that it is decided
//! whether a run is worth sharing among threads.
//!
//! A row may be met by hundreds of others or by none, so how many rows a version begins with says little of
//! the work. What is expected depends on what was run before alone, and so does who runs what.

use bloom_plan::plan::{Arrow, Extent, Op, VersionId};

use crate::crew::Work;
use crate::schedule::Target;

use super::Machine;

/// By version: what its last run has shown.
#[derive(Debug, Default)]
pub struct Yields(Vec<Work>);

impl Yields {
    /// What a run is likely to take that begins with so many rows.
    pub fn expected(&self, version: VersionId, rows: usize) -> Work {
        let last = self.0.get(version.0 as usize).copied().unwrap_or_default();
        last.in_proportion(rows)
    }

    /// Takes down what a run has shown; one without rows shows nothing.
    pub fn note(&mut self, version: VersionId, shown: Work) {
        if shown.rows == 0 {
            return;
        }
        let place = version.0 as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, Work::default());
        }
        self.0[place] = shown;
    }
}

impl Machine {
    /// The rows that a version begins with, and how many words each has; none if it begins otherwise, or with rows as
    /// they were.
    pub(super) fn begins_with(&self, version: VersionId) -> Option<(&[u64], usize)> {
        let nest = &self.program.plan().versions[version.0 as usize].nest;
        let Some(Op::Scan { relation, part, .. }) = nest.first() else {
            return None;
        };
        let source = &self.relations[relation.0 as usize];
        let rows = match part {
            Extent::Total => source.total(),
            Extent::Delta => source.delta(),
            Extent::Before | Extent::Founded => return None,
        };
        Some((rows, source.shape().stride))
    }

    /// Rows that the running iteration has for the set that a version merges into.
    pub(super) fn new_rows_of(&self, version: VersionId) -> usize {
        match self.target(version) {
            Target::Rows {
                relation,
                arrow: Arrow::Merge,
            } if self.relations[relation.0 as usize].is_splittable() => {
                self.relations[relation.0 as usize].new_rows()
            }
            Target::Rows { .. } | Target::Groups(_) => 0,
        }
    }

    /// Takes down what the version that has just run derived, where it may be shared the next time. `before`: what
    /// [`Machine::new_rows_of`] was when it began.
    pub(super) fn note_yield(&mut self, version: VersionId, derived: usize, before: usize) {
        if self.crew.is_some()
            && self.program.schedule().shareable[version.0 as usize]
            && let Some((rows, stride)) = self.begins_with(version)
        {
            let shown = Work {
                rows: rows.len() / stride,
                derived,
                new: self.new_rows_of(version).saturating_sub(before),
            };
            self.yields.note(version, shown);
        }
    }
}

#[cfg(test)]
mod tests {
    use bloom_plan::plan::VersionId;

    use super::Yields;
    use crate::crew::Work;

    #[test]
    fn the_last_run_tells() {
        let work = |rows, derived, new| Work { rows, derived, new };
        let mut yields = Yields::default();
        let (one, other) = (VersionId(3), VersionId(1));
        let expected = |yields: &Yields, version, rows| {
            let work = yields.expected(version, rows);
            (work.rows, work.derived, work.new)
        };
        assert_eq!(expected(&yields, one, 10), (10, 0, 0));
        yields.note(one, work(100, 5, 5));
        yields.note(one, work(4, 1000, 2));
        yields.note(one, work(0, 0, 0));
        assert_eq!(expected(&yields, one, 10), (10, 2500, 5));
        assert_eq!(expected(&yields, other, 10), (10, 0, 0));
        yields.note(other, work(1, usize::MAX, 0));
        assert_eq!(expected(&yields, other, 2), (2, usize::MAX, 0));
    }
}
