//! Group-bys: matches go into groups, and each group gives a row.
//!
//! Threads part the matches by hashes of their groups, so that each group is the work of one of them. The bits
//! that part them are none by which a table of groups finds its places.

use std::sync::{Arc, Mutex};

use bloom_plan::plan::{AggregateColumn, AggregateId, Arrow, VersionId};

use crate::aggregate::{GroupRow, Groups};
use crate::crew::Crew;
use crate::relation::Origin;
use crate::report;
use crate::rows::hash;

use super::{Machine, Mode};

/// Below this bit of a hash begin those that part groups.
const PART_BIT: u32 = 8;

/// Puts matches of so many words, whose first words are their groups, where their part is.
pub(super) fn part_matches(
    matches: &[u64],
    stride: usize,
    group_width: usize,
    parts: &mut [Vec<u64>],
) {
    let mask = parts.len() as u64 - 1;
    for words in matches.chunks_exact(stride) {
        let part = hash(words[..group_width].iter().copied()) >> PART_BIT & mask;
        parts[part as usize].extend_from_slice(words);
    }
}

impl Machine {
    /// Takes matches of a group-by: groups, each with its arguments.
    pub(super) fn take_matches(&mut self, id: AggregateId, matches: &[u64], stride: usize) {
        let place = id.0 as usize;
        let aggregate = &self.program.plan().aggregates[place];
        let store = &self.context.store;
        match self.mode {
            Mode::Merge => self.groups[place].accumulate(aggregate, store, matches, stride),
            Mode::Count => {
                let width = Groups::width(aggregate);
                for words in matches.chunks_exact(stride) {
                    self.kept[place].change(aggregate, store, &words[..width], self.sign);
                }
            }
            Mode::Gather => unreachable!("a group-by is counted"),
        }
    }

    /// Groups matches that threads have parted, chunk by chunk, and takes the groups' rows.
    pub(super) fn group_shared(
        &mut self,
        crew: &dyn Crew,
        version: VersionId,
        id: AggregateId,
        kept: &[Vec<Vec<u64>>],
    ) {
        let plan = Arc::clone(self.program.plan());
        let aggregate = &plan.aggregates[id.0 as usize];
        let stride = self.program.schedule().strides[version.0 as usize];
        let store = &self.context.store;
        let count = kept.first().map_or(0, Vec::len);
        let parts: Vec<Mutex<Groups>> = (0..count).map(|_| Mutex::default()).collect();
        crew.run(parts.len(), &|place| {
            let groups = &mut *parts[place].lock().expect("no job panics");
            for chunk in kept {
                groups.accumulate(aggregate, store, &chunk[place], stride);
            }
        });
        for groups in parts {
            let mut groups = groups.into_inner().expect("no job panics");
            let rows = groups.finish(aggregate, &mut self.context);
            self.take_groups(version, id, rows);
        }
    }

    /// Takes the rows of groups.
    pub(super) fn take_groups(&mut self, version: VersionId, id: AggregateId, rows: Vec<GroupRow>) {
        let program = Arc::clone(&self.program);
        let aggregate = &program.plan().aggregates[id.0 as usize];
        let (relation, arrow) = (aggregate.relation, aggregate.arrow);
        let origin = Origin::version(version);
        let mut derived = Vec::new();
        for row in rows {
            match row {
                Ok(row) if arrow == Arrow::Delete => {
                    self.deferred[relation.0 as usize].delete(&row, u64::MAX);
                }
                Ok(row) => derived.extend_from_slice(&row),
                Err((group, error)) => {
                    self.note_failure(version);
                    let columns = aggregate.columns.iter().enumerate();
                    let columns = columns.filter_map(|(place, column)| match column {
                        AggregateColumn::Group(n) => Some((place, group[*n as usize])),
                        AggregateColumn::Function { .. } => None,
                    });
                    let columns: Vec<(usize, u64)> = columns.collect();
                    let (store, plan) = (&self.context.store, program.plan());
                    let error = report::head_error(store, plan, relation, &columns, origin, error);
                    self.attempt.errors.insert(error);
                }
            }
        }
        if !derived.is_empty() {
            self.derive(relation, arrow, &derived, origin);
        }
    }
}
