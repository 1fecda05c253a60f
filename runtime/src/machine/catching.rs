//! Indexes take in what their relations have got since they were read last, before they are read again.

use std::collections::BTreeMap;

use bloom_plan::plan::{IndexId, VersionId};

use crate::profile::Place;
use crate::relation::{IndexPlace, Relation};

use super::{Machine, Probed};

impl Machine {
    /// Brings the indexes up to date that the version probes; these but for the rows of the delta.
    pub(super) fn catch_up(&mut self, version: VersionId, overlooked: &[IndexId]) {
        let version = version.0 as usize;
        for number in 0..self.program.schedule().lagging[version].len() {
            let index = self.program.schedule().lagging[version][number];
            let Probed {
                relation, place, ..
            } = self.indexes[index.0 as usize];
            let read = &self.relations[relation.0 as usize];
            let rows = match overlooked.contains(&index) {
                true => read.rows_before_delta(),
                false => read.len(),
            };
            if read.is_behind(place, rows) {
                let outer = self.enter(Place::Index(index));
                self.relations[relation.0 as usize].catch_up(place, rows);
                self.leave(outer);
            }
        }
    }

    /// As [`Machine::catch_up`], of several versions by threads, if there are any and it is worth it; of all or none of them
    /// indexes may lack the delta.
    pub(super) fn catch_up_shared(&mut self, versions: &[VersionId], overlooking: bool) {
        let Some(crew) = self.crew.clone().filter(|crew| crew.size() > 1) else {
            return;
        };
        if self.profile.is_some() {
            return;
        }
        let schedule = self.program.schedule();
        let mut behind: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for version in versions.iter().map(|version| version.0 as usize) {
            for index in &schedule.lagging[version] {
                let Probed {
                    relation, place, ..
                } = self.indexes[index.0 as usize];
                let read = &self.relations[relation.0 as usize];
                let rows = match overlooking && schedule.overlooked[version].contains(index) {
                    true => read.rows_before_delta(),
                    false => read.len(),
                };
                if let IndexPlace::Secondary(number) = place
                    && read.is_behind(place, rows)
                    && read
                        .indexed(place)
                        .is_some_and(|there| crew.catches_up(rows - there))
                {
                    let until = behind.entry((relation.0 as usize, number)).or_default();
                    *until = rows.max(*until);
                }
            }
        }
        if behind.len() > 1 {
            Relation::catch_up_all(
                &mut self.relations,
                &*crew,
                &|relation, place| match place {
                    IndexPlace::Secondary(number) => behind.get(&(relation, number)).copied(),
                    IndexPlace::Primary | IndexPlace::Whole => None,
                },
            );
        }
    }
}
