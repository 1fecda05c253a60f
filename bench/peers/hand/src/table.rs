//! Hash tables of numbers and of pairs of numbers.

use std::hash::BuildHasherDefault;

use rustc_hash::FxHasher;

pub type Hasher = BuildHasherDefault<FxHasher>;
pub type Map<K, V> = hashbrown::HashMap<K, V, Hasher>;
pub type Set<K> = hashbrown::HashSet<K, Hasher>;

/// Two numbers in one word.
pub fn pack(a: u32, b: u32) -> u64 {
    u64::from(a) << 32 | u64::from(b)
}

pub fn unpack(pair: u64) -> [u32; 2] {
    [(pair >> 32) as u32, pair as u32]
}

/// Rows by their first column.
pub type ByKey = Map<u32, Vec<u32>>;

pub fn by_key(rows: impl IntoIterator<Item = [u32; 2]>) -> ByKey {
    let mut table = ByKey::default();
    for [key, value] in rows {
        table.entry(key).or_default().push(value);
    }
    table
}

pub fn at(table: &ByKey, key: u32) -> &[u32] {
    table.get(&key).map_or(&[], Vec::as_slice)
}

/// A set of pairs that knows which were added since the last iteration, with the rows by either column on demand.
#[derive(Default)]
pub struct Relation {
    all: Set<u64>,
    delta: Vec<u64>,
    new: Vec<u64>,
}

impl Relation {
    pub fn insert(&mut self, a: u32, b: u32) {
        let pair = pack(a, b);
        if self.all.insert(pair) {
            self.new.push(pair);
        }
    }

    /// The rows of the next iteration; false if there are none.
    pub fn advance(&mut self) -> bool {
        self.delta.clear();
        std::mem::swap(&mut self.delta, &mut self.new);
        !self.delta.is_empty()
    }

    pub fn delta(&self) -> impl Iterator<Item = [u32; 2]> + use<'_> {
        self.delta.iter().copied().map(unpack)
    }

    pub fn rows(&self) -> impl Iterator<Item = [u32; 2]> + use<'_> {
        self.all.iter().copied().map(unpack)
    }
}
