//! The look-up that a version makes first for each row that it begins with.

use bloom_plan::plan::{Extent, IndexId, Op, Plan, Version};

/// See the module's documentation.
#[derive(Debug)]
pub struct Leading {
    pub index: IndexId,
    /// The columns of the rows that make the key, in the order of the key's.
    pub columns: Vec<usize>,
}

impl Leading {
    /// None if the version begins otherwise, or the key is not all in the row.
    pub fn of(plan: &Plan, version: &Version) -> Option<Leading> {
        let [
            Op::Scan {
                part: Extent::Total | Extent::Delta,
                bind,
                ..
            },
            Op::Probe { index, key, .. } | Op::Exists { index, key, .. },
            ..,
        ] = &version.nest[..]
        else {
            return None;
        };
        let is_now = plan.indexes[index.0 as usize].part == Extent::Total;
        let columns: Vec<usize> = key
            .iter()
            .map(|key| key.column_of(bind))
            .collect::<Option<_>>()?;
        (is_now && !columns.is_empty()).then_some(Leading {
            index: *index,
            columns,
        })
    }
}
