//! A relation as it was at the end of the last tick, for versions that read it so.
//!
//! What is there now is known by number: rows below the base were there before, unless they have
//! grown. Rows go before others come, so what an index holds of a key begins with the rows that were
//! there, and how many came since tells where they end. Rows that went, and those that grew as they
//! were, are kept in `gone` and in the log. Only look-ups that meet one of them pay for a copy; all
//! others are answered by the relation itself.

use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use super::{IndexPlace, Relation, row_at};

/// Room for rows and numbers that a running version looks at. Freed when it has run.
#[derive(Debug, Default)]
pub struct Copies(Vec<Box<[u64]>>);

/// What an index holds of rows, and the words of row 0.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    pub items: *const u64,
    /// Of `items`.
    pub words: usize,
    pub rows: *const u64,
}

impl Found {
    fn new(items: &[u64], rows: &[u64]) -> Found {
        Found {
            items: items.as_ptr(),
            words: items.len(),
            rows: rows.as_ptr(),
        }
    }
}

/// What has become of the rows of a key.
#[derive(Debug, Default)]
struct Turnover {
    /// Places in `Past::rows`.
    gone: Vec<u32>,
    /// How many rows came.
    came: usize,
}

/// By key.
type ByKey = HashMap<Box<[u64]>, Turnover, FxBuildHasher>;

/// Rows that are not there as they were.
#[derive(Debug, Default)]
pub(super) struct Past {
    rows: Vec<u64>,
    /// Of these, so many are not there at all.
    gone: usize,
    /// Numbers of rows that have grown.
    grown: HashSet<u32, FxBuildHasher>,
    /// By the columns of an index.
    tables: HashMap<Vec<usize>, ByKey, FxBuildHasher>,
}

impl Copies {
    pub fn clear(&mut self) {
        self.0.clear();
    }

    fn keep(&mut self, words: Vec<u64>) -> &[u64] {
        self.0.push(words.into_boxed_slice());
        &self.0[self.0.len() - 1]
    }
}

impl Relation {
    /// As [`Relation::probe`], of all rows.
    #[inline]
    pub fn look_up(&self, place: IndexPlace, key: &[u64]) -> Found {
        Found::new(self.probe(place, key), &self.total)
    }

    /// Of the rows as of the last tick.
    pub fn look_up_before(&mut self, place: IndexPlace, key: &[u64], copies: &mut Copies) -> Found {
        if self.is_as_before() {
            return self.look_up(place, key);
        }
        let IndexPlace::Secondary(number) = place else {
            unreachable!("only a secondary index holds items");
        };
        self.know_past(place);
        let items = self.probe(place, key);
        let past = self.past.as_ref().expect("it has just been put together");
        let Some(turnover) = past.turnover(self.indexes[number].columns(), key) else {
            return Found::new(items, &self.total);
        };
        let stride = self.shape.stride;
        let old_row = |n: &u32| row_at(&past.rows, stride, *n);
        match self.indexes[number].copied() {
            Some(columns) => {
                let stays = &items[..items.len() - turnover.came * columns.len()];
                // What grew has the same columns, as they are no lattices.
                let gone = turnover.gone.iter().filter(|n| (**n as usize) < past.gone);
                let mut gone = gone.map(old_row).peekable();
                if gone.peek().is_none() {
                    return Found::new(stays, &self.total);
                }
                let mut all = stays.to_vec();
                gone.for_each(|row| all.extend(columns.iter().map(|&c| row[c])));
                Found::new(copies.keep(all), &self.total)
            }
            None => {
                let stays = &items[..items.len() - turnover.came];
                if turnover.gone.is_empty() {
                    return Found::new(stays, &self.total);
                }
                let stays = stays.iter().map(|&n| n as u32);
                let stays = stays.filter(|n| !past.grown.contains(n));
                let mut rows: Vec<u64> = stays.flat_map(|n| self.row(n)).copied().collect();
                rows.extend(turnover.gone.iter().flat_map(old_row));
                let count = rows.len() / stride;
                let rows: *const u64 = copies.keep(rows).as_ptr();
                let numbers = copies.keep((0..count as u64).collect());
                Found {
                    items: numbers.as_ptr(),
                    words: numbers.len(),
                    rows,
                }
            }
        }
    }

    /// The row that had the key.
    pub fn find_key_before(&mut self, key: &[u64]) -> Option<&[u64]> {
        if self.is_as_before() {
            return self.find_key(key).map(|number| self.row(number));
        }
        self.know_past(IndexPlace::Primary);
        let past = self.past.as_ref().expect("it has just been put together");
        let turnover = past.turnover(&self.shape.keys, key);
        if let Some(&gone) = turnover.and_then(|turnover| turnover.gone.first()) {
            return Some(row_at(&past.rows, self.shape.stride, gone));
        }
        let number = self.find_key(key)?;
        ((number as usize) < self.base).then(|| self.row(number))
    }

    pub fn existed(&mut self, place: IndexPlace, key: &[u64], copies: &mut Copies) -> bool {
        match place {
            IndexPlace::Whole => self.base > 0 || !self.gone.is_empty(),
            IndexPlace::Primary => self.find_key_before(key).is_some(),
            IndexPlace::Secondary(_) => self.look_up_before(place, key, copies).words > 0,
        }
    }

    /// All rows as of the last tick; their words, and how many there are.
    pub fn all_before(&mut self, copies: &mut Copies) -> (*const u64, usize) {
        if self.is_as_before() {
            return (self.total.as_ptr(), self.len());
        }
        self.remember_past();
        let past = self.past.as_ref().expect("it has just been put together");
        if past.rows.is_empty() {
            return (self.total.as_ptr(), self.base);
        }
        let mut rows = past.rows.clone();
        for number in (0..self.base as u32).filter(|n| !past.grown.contains(n)) {
            rows.extend_from_slice(self.row(number));
        }
        let count = rows.len() / self.shape.stride;
        (copies.keep(rows).as_ptr(), count)
    }

    /// Of the rows that were there before the one whose support is looked for.
    pub fn look_up_founded(&self, place: IndexPlace, key: &[u64], copies: &mut Copies) -> Found {
        if self.founded_below == u64::MAX && self.dead.is_empty() {
            return self.look_up(place, key);
        }
        let numbers = self.probe(place, key).iter().copied();
        let numbers = numbers.filter(|&n| self.is_founded(n as u32));
        Found::new(copies.keep(numbers.collect()), &self.total)
    }

    pub fn find_key_founded(&self, key: &[u64]) -> Option<u32> {
        self.find_key(key).filter(|&number| self.is_founded(number))
    }

    pub fn exists_founded(&self, place: IndexPlace, key: &[u64]) -> bool {
        match place {
            IndexPlace::Whole => (0..self.len() as u32).any(|n| self.is_founded(n)),
            IndexPlace::Primary => self.find_key_founded(key).is_some(),
            IndexPlace::Secondary(_) => {
                let mut numbers = self.probe(place, key).iter();
                numbers.any(|&n| self.is_founded(n as u32))
            }
        }
    }

    fn is_founded(&self, number: u32) -> bool {
        let stamp = self.stamps.get(number as usize).copied().unwrap_or(0);
        (self.founded_below == u64::MAX || stamp < self.founded_below)
            && !self.dead.contains(&number)
    }

    /// Makes known what has become of the rows of each key of an index.
    fn know_past(&mut self, place: IndexPlace) {
        self.remember_past();
        let columns = match place {
            IndexPlace::Whole => &[],
            IndexPlace::Primary => &self.shape.keys[..],
            IndexPlace::Secondary(place) => self.indexes[place].columns(),
        };
        let stride = self.shape.stride;
        let came = &self.total[self.base * stride..];
        let past = self.past.as_mut().expect("it has just been put together");
        past.index(columns, stride, came);
    }

    fn remember_past(&mut self) {
        if self.past.is_some() {
            return;
        }
        let mut rows = self.gone.clone();
        let gone = rows.len() / self.shape.stride;
        let mut grown = HashSet::default();
        for (number, old) in self.grown() {
            grown.insert(number);
            rows.extend(old);
        }
        self.past = Some(Past {
            rows,
            gone,
            grown,
            tables: HashMap::default(),
        });
    }
}

impl Past {
    /// Makes known by the columns what went and what came.
    fn index(&mut self, columns: &[usize], stride: usize, came: &[u64]) {
        if self.tables.contains_key(columns) {
            return;
        }
        let mut table = ByKey::default();
        let key = |row: &[u64]| -> Box<[u64]> { columns.iter().map(|&c| row[c]).collect() };
        for (number, row) in (0..).zip(self.rows.chunks_exact(stride)) {
            table.entry(key(row)).or_default().gone.push(number);
        }
        for row in came.chunks_exact(stride) {
            table.entry(key(row)).or_default().came += 1;
        }
        self.tables.insert(columns.to_vec(), table);
    }

    fn turnover(&self, columns: &[usize], key: &[u64]) -> Option<&Turnover> {
        self.tables[columns].get(key)
    }
}
