//! Batch probing: what a version looks up first for each of its rows is brought to the cache for many rows at once.
//!
//! Generated code looks one key up after the other, and uses what it finds before it looks for the next; so it
//! waits for memory each time. Here the rows that it begins with are handed to it in chunks, and before each
//! the look-ups of all its rows are made side by side, so that the processor waits for them together (group
//! prefetching; Chen, Ailamaki, Gibbons & Mowry 2004). For few rows that are looked up by a relation's own key `ahead` does so.

use std::ops::Range;

use bloom_plan::plan::VersionId;

use crate::relation::{IndexPlace, Relation};

use super::{Machine, Probed};

/// Which look-ups are made before generated code makes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Warming<'m> {
    relation: &'m Relation,
    index: IndexPlace,
    /// Of the rows that the version begins with, which make the key.
    columns: &'m [usize],
    stride: usize,
    chunk_rows: usize,
}

impl<'m> Warming<'m> {
    /// Words of a chunk.
    fn size(&self) -> usize {
        self.chunk_rows * self.stride
    }

    /// Rows in chunks, the look-ups of each made when it comes.
    pub(super) fn chunks(self, rows: &'m [u64]) -> impl Iterator<Item = &'m [u64]> {
        rows.chunks(self.size())
            .inspect(move |chunk| self.warm(chunk))
    }

    /// Has the memory on its way that the look-ups of a chunk take.
    fn warm(&self, rows: &[u64]) {
        if self.index == IndexPlace::Primary {
            return self.relation.warm_keys(rows, self.stride, self.columns);
        }
        let rows = rows.chunks_exact(self.stride);
        self.relation.warm_index(self.index, rows, self.columns);
    }
}

impl Machine {
    /// The look-ups of a version that are worth to be made beforehand.
    pub(super) fn warming(&self, version: VersionId) -> Option<Warming<'_>> {
        let crew = self.crew.as_ref()?;
        let leading = self.program.schedule().leading[version.0 as usize].as_ref()?;
        let (rows, stride) = self.begins_with(version)?;
        let Probed {
            relation, place, ..
        } = self.indexes[leading.index.0 as usize];
        let relation = &self.relations[relation.0 as usize];
        let chunk_rows = crew.chunk_rows(rows.len() / stride, relation.indexed(place)?)?;
        Some(Warming {
            relation,
            index: place,
            columns: &leading.columns,
            stride,
            chunk_rows,
        })
    }

    /// Runs the code of a version, chunk by chunk where that is worth it.
    pub(super) fn run_in_chunks(&mut self, version: VersionId) {
        let Some((words, size)) = self.words_in_chunks(version) else {
            return self.run_code(version);
        };
        for from in (0..words).step_by(size) {
            let chunk = from..words.min(from + size);
            self.warm_chunk(version, chunk.clone());
            self.chunk = Some(chunk);
            self.run_code(version);
        }
    }

    /// The words of all rows that the version begins with and those of a chunk, if it is to run chunk by chunk.
    fn words_in_chunks(&self, version: VersionId) -> Option<(usize, usize)> {
        let warming = self.warming(version)?;
        let (rows, _) = self.begins_with(version)?;
        Some((rows.len(), warming.size()))
    }

    fn warm_chunk(&self, version: VersionId, chunk: Range<usize>) {
        let (warming, begins) = (self.warming(version), self.begins_with(version));
        if let (Some(warming), Some((rows, _))) = (warming, begins) {
            let rows = self.parted.as_deref().unwrap_or(rows);
            warming.warm(&rows[chunk]);
        }
    }
}
