//! Versions that threads share: who does, and what becomes of what they derive.
//!
//! A version that derives rows of a mere set goes through the rows that it begins with in rounds. In each, threads derive, then
//! put in what they derived, so that it stays in the processor's cache between; of many derivations few wait at one
//! time.

use bloom_plan::plan::{AggregateId, Arrow, RelationId, VersionId};

use crate::crew::{Crew, Work};
use crate::profile::{Counts, Place};
use crate::relation::{Origin, Parts};
use crate::schedule::Target;

use super::shared::Sink;
use super::{Machine, Mode};

impl Machine {
    /// Runs a version on several threads, if there are some and it is worth it; whether it did.
    pub(super) fn run_shared(&mut self, version: VersionId) -> bool {
        let Some(crew) = self.threads().cloned() else {
            return false;
        };
        if self.mode != Mode::Merge || !self.program.schedule().shareable[version.0 as usize] {
            return false;
        }
        let Some((rows, stride)) = self.begins_with(version) else {
            return false;
        };
        let work = self.yields.expected(version, rows.len() / stride);
        if rows.is_empty() || !crew.shares(work) {
            self.make_room(&*crew, version, work);
            return false;
        }
        match self.target(version) {
            Target::Rows {
                relation,
                arrow: Arrow::Merge,
            } if self.relations[relation.0 as usize].is_splittable() => {
                self.parted = self.parted_delta(version);
                let is_done = self.run_rounds(&*crew, version, relation, work);
                self.parted = None;
                is_done
            }
            Target::Rows {
                relation,
                arrow: Arrow::Merge,
            } => self.run_rows(&*crew, version, relation),
            Target::Rows { .. } => false,
            Target::Groups(id) => self.run_groups(&*crew, version, id),
        }
    }

    /// Has the table of a set grow by threads if it is about to, though one of them alone puts in what a version derives.
    fn make_room(&mut self, crew: &dyn Crew, version: VersionId, work: Work) {
        if let Target::Rows {
            relation,
            arrow: Arrow::Merge,
        } = self.target(version)
        {
            self.relation(relation).make_room(crew, work.new);
        }
    }

    /// Runs a version that derives rows of a set, so many rows at a time that what they derive fits the processor's cache.
    fn run_rounds(
        &mut self,
        crew: &dyn Crew,
        version: VersionId,
        head: RelationId,
        expected: Work,
    ) -> bool {
        let before = self.new_rows_of(version);
        let Some((rows, stride)) = self.begins_with(version) else {
            return false;
        };
        let words = rows.len();
        let mut kept = std::mem::take(&mut self.kept_rows);
        let (mut shown, mut derived, mut from) = (expected, 0, 0);
        while from < words {
            let until = words.min(from + crew.round_rows(shown) * stride);
            let head_relation = &self.relations[head.0 as usize];
            let likely = shown.in_proportion((until - from) / stride);
            let sink = match crew.sifts(shown) && !head_relation.is_empty() {
                true => Sink::Missing(head_relation),
                false => Sink::All(head_relation),
            };
            let parts = parts_for(crew, likely.derived);
            let Some(done) = self.derive_shared(crew, version, from..until, sink, parts, &mut kept)
            else {
                return false;
            };
            let begun = self.begin_derived(head, &[]);
            let new_before = self.new_rows_of(version);
            let head_relation = &mut self.relations[head.0 as usize];
            let rows: usize = kept[..done.chunks].iter().flatten().map(Vec::len).sum();
            let rows = rows / head_relation.shape().stride;
            head_relation.merge_ranges(crew, &kept[..done.chunks], expected_new(crew, rows, shown));
            self.end_derived(head, begun);
            self.count_shared(done.counts, crew.size());
            derived += done.derived;
            shown = Work {
                rows: (until - from) / stride,
                derived: done.derived,
                new: self.new_rows_of(version) - new_before,
            };
            from = until;
        }
        self.keep_room(kept);
        self.note_yield(version, derived, before);
        true
    }

    /// Runs a version that derives rows which have more than a key.
    fn run_rows(&mut self, crew: &dyn Crew, version: VersionId, head: RelationId) -> bool {
        let ranges = self.relation(head).part_growing(crew);
        let sink = Sink::Rows(&self.relations[head.0 as usize]);
        let mut kept = Vec::new();
        let Some(done) = self.derive_all(crew, version, sink, ranges + 1, &mut kept) else {
            return false;
        };
        self.count_shared(done.counts, crew.size());
        // What was there is dropped already.
        let begun = self.begin_derived(head, &[]);
        if ranges > 0 {
            self.relation(head).grow_by(crew, &kept);
        }
        let origin = Origin::version(version);
        for rows in kept.iter().flat_map(|parts| parts.last()) {
            self.merge_rows(head, rows, origin);
        }
        self.end_derived(head, begun);
        self.note_yield(version, done.derived, 0);
        true
    }

    /// Runs a version whose matches are grouped.
    fn run_groups(&mut self, crew: &dyn Crew, version: VersionId, id: AggregateId) -> bool {
        let width = self.program.plan().aggregates[id.0 as usize].group.len();
        let parts = (2 * crew.size()).next_power_of_two();
        let mut kept = Vec::new();
        let Some(done) = self.derive_all(crew, version, Sink::Groups(width), parts, &mut kept)
        else {
            return false;
        };
        self.count_shared(done.counts, crew.size());
        let outer = self.enter(Place::Groups(id));
        self.group_shared(crew, version, id, &kept);
        self.leave(outer);
        self.note_yield(version, done.derived, 0);
        true
    }

    fn count_shared(&mut self, counts: Vec<Option<Counts>>, threads: usize) {
        if let Some(profile) = &mut self.profile {
            for counts in counts.iter().flatten() {
                profile.counts.add(counts, threads as u64);
            }
        }
    }

    /// Room for the next version, unless it is very much.
    fn keep_room(&mut self, mut kept: Vec<Parts>) {
        const WORDS_MAX: usize = 1 << 22;
        let room: usize = kept.iter().flatten().map(Vec::capacity).sum();
        if room <= WORDS_MAX {
            kept.iter_mut().flatten().for_each(Vec::clear);
            self.kept_rows = kept;
        }
    }
}

/// In how many ranges so many derived rows are put in.
fn parts_for(crew: &dyn Crew, derived: usize) -> usize {
    const PART_ROWS: usize = 1 << 11;
    const PARTS_MAX: usize = 1 << 6;
    let least = (2 * crew.size()).next_power_of_two();
    (derived / PART_ROWS)
        .next_power_of_two()
        .clamp(least, PARTS_MAX.max(least))
}

/// How many of so many rows that are kept are likely to be new.
fn expected_new(crew: &dyn Crew, kept: usize, shown: Work) -> usize {
    // More are put in after all, where more are new.
    const UNKNOWN_MAX: usize = 1 << 16;
    if shown.derived == 0 {
        return kept.min(UNKNOWN_MAX);
    }
    if crew.sifts(shown) {
        return kept;
    }
    let new = kept as u128 * shown.new as u128 / shown.derived as u128;
    usize::try_from(new).map_or(kept, |new| kept.min(new + new / 8))
}
