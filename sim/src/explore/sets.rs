//! Sets of numbers, each kept once, so that a state holds and compares a number instead.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

#[derive(Debug)]
pub struct Sets(IndexSet<Box<[u32]>, FxBuildHasher>);

/// Number of the empty set.
pub const EMPTY: u32 = 0;

impl Sets {
    pub fn new() -> Sets {
        let mut sets = IndexSet::default();
        sets.insert(Box::default());
        Sets(sets)
    }

    /// Ascending.
    pub fn get(&self, set: u32) -> &[u32] {
        &self.0[set as usize]
    }

    pub fn contains(&self, set: u32, item: u32) -> bool {
        self.get(set).binary_search(&item).is_ok()
    }

    /// The set with these items added.
    pub fn with(&mut self, set: u32, items: &[u32]) -> u32 {
        if items.iter().all(|&item| self.contains(set, item)) {
            return set;
        }
        let mut all = [self.get(set), items].concat();
        all.sort_unstable();
        all.dedup();
        self.0.insert_full(all.into()).0 as u32
    }
}
