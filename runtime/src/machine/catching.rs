//! Indexes take in what their relations have got since they were read last, before they are read again.

use std::collections::BTreeMap;

use bloom_plan::plan::{IndexId, RelationId, VersionId};

use crate::profile::Place;
use crate::relation::{IndexPlace, Relation};

use super::{Machine, Probed};

/// An index that lacks rows.
struct Behind {
    relation: RelationId,
    place: IndexPlace,
    /// How many of the first rows it is to have.
    rows: usize,
}

impl Machine {
    /// Brings the indexes up to date that the version probes; these but for the rows of the delta.
    pub(super) fn catch_up(&mut self, version: VersionId, overlooked: &[IndexId]) {
        let version = version.0 as usize;
        for number in 0..self.program.schedule().lagging[version].len() {
            let index = self.program.schedule().lagging[version][number];
            if let Some(behind) = self.behind(index, overlooked) {
                let outer = self.enter(Place::Index(index));
                let crew = self.crew.as_deref().filter(|crew| crew.size() > 1);
                let read = &mut self.relations[behind.relation.0 as usize];
                let crew = crew.filter(|crew| crew.catches_up(behind.rows));
                read.catch_up(behind.place, behind.rows, crew);
                self.leave(outer);
            }
        }
    }

    /// Brings the indexes up to date that those of the versions probe which are due, by threads, if there are any and it is worth
    /// it: what is left, whoever runs a version does. Of a fixpoint's versions indexes may lack the delta (`overlooked`).
    pub(super) fn catch_up_shared(
        &mut self,
        versions: &[VersionId],
        is_due: impl Fn(&Machine, VersionId) -> bool,
    ) {
        let Some(crew) = self.threads().cloned() else {
            return;
        };
        // A profile has the time of each index.
        if self.profile.is_some() {
            return;
        }
        let schedule = self.program.schedule();
        let mut all: BTreeMap<(RelationId, IndexPlace), usize> = BTreeMap::new();
        for &version in versions.iter().filter(|&&version| is_due(self, version)) {
            let overlooked = &schedule.overlooked[version.0 as usize];
            for &index in &schedule.lagging[version.0 as usize] {
                let Some(behind) = self.behind(index, overlooked) else {
                    continue;
                };
                let read = &self.relations[behind.relation.0 as usize];
                let there = read.indexed(behind.place).unwrap_or(behind.rows);
                if crew.catches_up(behind.rows - there) {
                    let rows = all.entry((behind.relation, behind.place)).or_default();
                    *rows = behind.rows.max(*rows);
                }
            }
        }
        if all.len() > 1 {
            Relation::catch_up_all(&mut self.relations, &*crew, &|relation, place| {
                all.get(&(RelationId(relation as u32), place)).copied()
            });
        }
    }

    /// Whether an index lacks rows that a version reads which may overlook the delta of these.
    fn behind(&self, index: IndexId, overlooked: &[IndexId]) -> Option<Behind> {
        let Probed {
            relation, place, ..
        } = self.indexes[index.0 as usize];
        let read = &self.relations[relation.0 as usize];
        let rows = match overlooked.contains(&index) {
            true => read.rows_before_delta(),
            false => read.len(),
        };
        read.is_behind(place, rows).then_some(Behind {
            relation,
            place,
            rows,
        })
    }
}
