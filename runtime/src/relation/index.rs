//! Secondary hash indexes: for each key, the numbers of the rows of `total` that have it.

use hashbrown::HashTable;

use crate::rows::{clear_table, hash};

use super::{Relation, row_at};

/// Where probes of an index of the plan go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexPlace {
    /// The relation's own key.
    Primary,
    /// No columns: is there any row?
    Whole,
    Secondary(usize),
}

/// Rows with one key, never none. Most keys of most indexes have one row: it needs no allocation.
#[derive(Debug)]
enum Posting {
    One(u32),
    Many(Vec<u32>),
}

impl Posting {
    fn rows(&self) -> &[u32] {
        match self {
            Posting::One(number) => std::slice::from_ref(number),
            Posting::Many(numbers) => numbers,
        }
    }

    fn first(&self) -> u32 {
        self.rows()[0]
    }

    fn push(&mut self, number: u32) {
        match self {
            Posting::One(there) => *self = Posting::Many(vec![*there, number]),
            Posting::Many(numbers) => numbers.push(number),
        }
    }

    /// Removes a row that is not the only one. What is undone was added last, so search from there.
    fn remove(&mut self, number: u32) {
        if let Posting::Many(numbers) = self
            && let Some(place) = numbers.iter().rposition(|&n| n == number)
        {
            numbers.swap_remove(place);
        }
    }
}

#[derive(Debug)]
pub struct Index {
    columns: Vec<usize>,
    table: HashTable<Posting>,
}

impl Index {
    fn hash_of(columns: &[usize], row: &[u64]) -> u64 {
        hash(columns.iter().map(|&c| row[c]))
    }

    pub fn insert(&mut self, total: &[u64], stride: usize, number: u32) {
        let Index { columns, table } = self;
        let row = row_at(total, stride, number);
        let hash = Index::hash_of(columns, row);
        let same = |posting: &Posting| {
            let there = row_at(total, stride, posting.first());
            columns.iter().all(|&c| there[c] == row[c])
        };
        if let Some(posting) = table.find_mut(hash, same) {
            posting.push(number);
            return;
        }
        table.insert_unique(hash, Posting::One(number), |posting| {
            Index::hash_of(columns, row_at(total, stride, posting.first()))
        });
    }

    /// Removes a row whose words are still in `total`.
    pub fn remove(&mut self, total: &[u64], stride: usize, number: u32) {
        let Index { columns, table } = self;
        let row = row_at(total, stride, number);
        let same = |posting: &Posting| {
            let there = row_at(total, stride, posting.first());
            columns.iter().all(|&c| there[c] == row[c])
        };
        if let Ok(mut entry) = table.find_entry(Index::hash_of(columns, row), same) {
            if entry.get().rows().len() == 1 {
                entry.remove();
            } else {
                entry.get_mut().remove(number);
            }
        }
    }

    pub fn clear(&mut self) {
        clear_table(&mut self.table);
    }

    fn probe(&self, total: &[u64], stride: usize, key: &[u64]) -> &[u32] {
        let same = |posting: &Posting| {
            let there = row_at(total, stride, posting.first());
            self.columns.iter().zip(key).all(|(&c, &k)| there[c] == k)
        };
        let found = self.table.find(hash(key.iter().copied()), same);
        found.map_or(&[], Posting::rows)
    }
}

impl Relation {
    /// Adds an index on columns, before there are rows.
    pub fn add_index(&mut self, columns: &[u32]) -> IndexPlace {
        debug_assert!(self.is_empty(), "an index is added before rows are");
        let columns: Vec<usize> = columns.iter().map(|&c| c as usize).collect();
        if columns.is_empty() {
            return IndexPlace::Whole;
        }
        if columns == self.shape.keys {
            return IndexPlace::Primary;
        }
        let there = self.indexes.iter().position(|i| i.columns == columns);
        IndexPlace::Secondary(there.unwrap_or_else(|| {
            self.indexes.push(Index {
                columns,
                table: HashTable::new(),
            });
            self.indexes.len() - 1
        }))
    }

    /// Numbers of the rows of `total` with the key.
    pub fn probe(&self, index: IndexPlace, key: &[u64]) -> &[u32] {
        match index {
            IndexPlace::Whole => {
                unreachable!("an index without columns is only asked for existence")
            }
            IndexPlace::Primary => {
                let same = |&n: &u32| {
                    let there = self.row(n);
                    self.shape
                        .keys
                        .iter()
                        .zip(key)
                        .all(|(&c, &k)| there[c] == k)
                };
                let found = self.primary.find(hash(key.iter().copied()), same);
                found.map_or(&[], std::slice::from_ref)
            }
            IndexPlace::Secondary(place) => {
                self.indexes[place].probe(&self.total, self.shape.stride, key)
            }
        }
    }

    pub fn exists(&self, index: IndexPlace, key: &[u64]) -> bool {
        match index {
            IndexPlace::Whole => !self.is_empty(),
            IndexPlace::Primary | IndexPlace::Secondary(_) => !self.probe(index, key).is_empty(),
        }
    }
}
