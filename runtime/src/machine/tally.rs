//! Rows with how many derivations they gain or lose.

use hashbrown::HashTable;

use crate::rows::{clear_table, hash};

#[derive(Debug, Default)]
pub struct Tally {
    stride: usize,
    rows: Vec<u64>,
    nets: Vec<i64>,
    table: HashTable<u32>,
}

impl Tally {
    /// Starts anew, for rows of so many words.
    pub fn start(&mut self, stride: usize) {
        self.stride = stride;
        self.rows.clear();
        self.nets.clear();
        clear_table(&mut self.table);
    }

    /// Counts a derivation that comes (1) or goes (-1).
    pub fn add(&mut self, row: &[u64], sign: i64) {
        let Tally {
            stride,
            rows,
            nets,
            table,
        } = self;
        let at = |n: u32| n as usize * *stride..(n as usize + 1) * *stride;
        let hash_of = hash(row.iter().copied());
        if let Some(&number) = table.find(hash_of, |&n| rows[at(n)] == *row) {
            nets[number as usize] += sign;
            return;
        }
        let number = u32::try_from(nets.len()).expect("below 2^32 rows a tick");
        rows.extend_from_slice(row);
        nets.push(sign);
        table.insert_unique(hash_of, number, |&n| hash(rows[at(n)].iter().copied()));
    }

    /// Rows whose derivations have become more or less, in order of the first of them.
    pub fn iter(&self) -> impl Iterator<Item = (&[u64], i64)> {
        let rows = self.rows.chunks_exact(self.stride.max(1));
        let all = rows.zip(self.nets.iter().copied());
        all.filter(|(_, net)| *net != 0)
    }
}
