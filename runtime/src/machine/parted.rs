//! Derivations of the same keys one after the other, where many are derived again and again.
//!
//! A version that derives many rows from each row that it begins with looks all of them up in the table of
//! keys, and nearly all are there. If one of their columns stands in the row it begins with, rows that have the same
//! value there lead to the same few keys. Where the table is larger than the processor's cache such rows are therefore
//! taken together: they are parted by hashes of that column (radix partitioning, as for joins; Shatdal, Kant
//! & Naughton 1994; Manegold, Boncz & Kersten 2002), into so many parts that the keys of each fit the cache. No result
//! depends on the order of rows.

use bloom_plan::plan::VersionId;

use crate::rows::{copy_row, hash};
use crate::schedule::Target;

use super::{Machine, Mode};

/// About so many keys a part.
const PART_KEYS: usize = 1 << 10;
/// More parts would be too many to write to side by side.
const PARTS_MAX: usize = 1 << 11;

impl Machine {
    /// The rows of the delta that a version begins with in an order in which it is likely to take less time; none if
    /// the one in which they stand will do.
    pub(super) fn parted_delta(&self, version: VersionId) -> Option<Vec<u64>> {
        let crew = self.crew.as_ref()?;
        let column = self.program.schedule().recurring[version.0 as usize]?;
        let Target::Rows { relation, .. } = self.target(version) else {
            return None;
        };
        let head = &self.relations[relation.0 as usize];
        if self.mode != Mode::Merge || !head.is_splittable() {
            return None;
        }
        let (rows, stride) = self.begins_with(version)?;
        let work = self.yields.expected(version, rows.len() / stride);
        crew.parts(work, head.len()).then(|| {
            let parts = (head.len() / PART_KEYS).next_power_of_two();
            part(rows, stride, column, parts.clamp(2, PARTS_MAX))
        })
    }
}

/// Rows in the order of so many parts, a power of two from 2 on, by hashes of the column; those of a part stay as they
/// were among each other.
fn part(rows: &[u64], stride: usize, column: usize, parts: usize) -> Vec<u64> {
    let shift = u64::BITS - parts.trailing_zeros();
    let part_of = |row: &[u64]| (hash([row[column]]) >> shift) as usize;
    let mut places = vec![0; parts];
    for row in rows.chunks_exact(stride) {
        places[part_of(row)] += stride;
    }
    let mut sum = 0;
    for place in &mut places {
        sum += std::mem::replace(place, sum);
    }
    let mut parted = vec![0; rows.len()];
    for row in rows.chunks_exact(stride) {
        let place = &mut places[part_of(row)];
        copy_row(&mut parted[*place..*place + stride], row);
        *place += stride;
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn rows_with_the_same_value_stand_together_in_their_order() {
        let rows: Vec<u64> = (0..1_000).flat_map(|n| [n, n * n % 7]).collect();
        let parted = part(&rows, 2, 1, 64);
        let order: Vec<(u64, u64)> = parted.chunks_exact(2).map(|row| (row[1], row[0])).collect();
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted.len(), 1_000);
        sorted.dedup();
        assert_eq!(sorted.len(), 1_000, "each row is there once");
        // Seven values, none of which shares its part with another.
        let runs = order.chunk_by(|a, b| a.0 == b.0);
        let runs: Vec<_> = runs.collect();
        assert!(runs.iter().all(|run| run.is_sorted()));
        assert!(runs.len() <= 7, "{}", runs.len());
    }
}
