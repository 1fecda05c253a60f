//! Secondary hash indexes: for each key, what probes of it look at.
//!
//! An index follows the relation only when a version is about to read it ([`Relation::catch_up`]): one that
//! nothing reads costs nothing, and rows go into it many at a time. What it holds are the rows before `until`: all,
//! or all but the delta, for a version that is to overlook that.
//!
//! Keys of one word that stand close together are not hashed (`window`).
//!
//! Of a relation whose wanted columns never change in place an index holds copies of those columns, row
//! after row, so that a probe reads memory in order; of others it holds row numbers. Which of the two, the
//! plan says (`bloom_plan::plan::layout`), since generated code reads the items.

mod loading;

use std::sync::Mutex;

use bloom_plan::plan::layout::Layout;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use crate::crew::Crew;
use crate::rows::{clear_table, key_hash};

use super::Relation;
use super::derive::BATCH_ROWS;
use super::lists::{List, Lists};
use super::postings::{Posting, Postings, address, hash_of, header, is_it};

/// From so many rows on that come at once, they are looked through for how close together their keys stand.
const LOADED_ROWS_MIN: usize = 64;

/// Where probes of an index of the plan go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum IndexPlace {
    /// The relation's own key.
    Primary,
    /// No columns: is there any row?
    Whole,
    Secondary(usize),
}

/// What an index holds of a row.
#[derive(PartialEq, Eq, Debug)]
enum Item {
    Number,
    Columns(Vec<usize>),
}

impl Item {
    /// Words an item.
    fn width(&self) -> usize {
        match self {
            Item::Number => 1,
            Item::Columns(columns) => columns.len(),
        }
    }

    /// Writes what is held of a row.
    #[inline]
    fn write(&self, row: &[u64], number: u32, into: &mut [u64]) {
        match self {
            Item::Number => into[0] = number.into(),
            Item::Columns(columns) => {
                for (&column, word) in columns.iter().zip(into) {
                    *word = row[column];
                }
            }
        }
    }

    /// Whether the words are what is held of the row.
    fn is(&self, there: &[u64], row: &[u64], number: u32) -> bool {
        match self {
            Item::Number => there[0] == u64::from(number),
            Item::Columns(columns) => columns.iter().zip(there).all(|(&c, &word)| row[c] == word),
        }
    }
}

#[derive(Debug)]
pub struct Index {
    columns: Vec<usize>,
    item: Item,
    postings: Postings,
    lists: Lists,
    /// The number of the first row that is not in it yet.
    until: usize,
    /// Room for a key.
    key: Vec<u64>,
}

impl Index {
    fn new(columns: Vec<usize>, layout: &Layout) -> Index {
        Index {
            columns,
            item: match layout {
                Layout::Columns(held) => Item::Columns(held.iter().map(|&c| c as usize).collect()),
                Layout::Key | Layout::Numbers => Item::Number,
            },
            postings: Postings::Far(HashTable::new()),
            lists: Lists::default(),
            until: 0,
            key: Vec::new(),
        }
    }

    /// How many keys it has, if it has taken in so many rows.
    pub fn keys_of(&self, rows: usize) -> Option<usize> {
        (self.until == rows).then(|| self.postings.len())
    }

    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The columns that it copies; none if it holds row numbers.
    pub fn copied(&self) -> Option<&[usize]> {
        match &self.item {
            Item::Number => None,
            Item::Columns(columns) => Some(columns),
        }
    }

    /// Adds those of these rows, the first of the relation, that are not in it yet; by threads if it is given some.
    fn catch_up(&mut self, total: &[u64], stride: usize, crew: Option<&dyn Crew>) {
        let rows = total[self.until * stride..].chunks_exact(stride);
        if let Some(column) = self.loads(rows.len()) {
            if self.load(total, stride, column, crew) {
                return;
            }
        } else if let [column] = self.columns[..]
            && rows.len() > self.postings.len().max(LOADED_ROWS_MIN)
        {
            // A place for each row takes no more than its items do.
            let keys = rows.clone().map(|row| row[column]);
            self.postings.join(keys, rows.len() / 4);
        }
        for (number, row) in (self.until as u32..).zip(rows) {
            self.insert(row, number);
        }
        self.until = total.len() / stride;
    }

    /// Adds a row.
    fn insert(&mut self, row: &[u64], number: u32) {
        if let [column] = self.columns[..] {
            let word = row[column];
            if let Postings::Far(table) = &self.postings
                && table.len() == table.capacity()
            {
                let count = table.len() + 1;
                self.postings.join(std::iter::once(word), count);
            }
            if let Postings::Near(window, keys) = &mut self.postings {
                if let Some(list) = window.open(word, *keys + 1) {
                    *keys += usize::from(list.len() == 0);
                    push_item(&mut self.lists, list, &self.item, row, number);
                    return;
                }
                self.postings.part();
            }
        }
        self.insert_far(row, number);
    }

    /// Adds a row to a table of hashes.
    fn insert_far(&mut self, row: &[u64], number: u32) {
        let key = self.take_key(row);
        let (hash, word) = address(&key);
        let header = header(&key, word);
        let Index {
            item,
            postings: Postings::Far(table),
            lists,
            ..
        } = self
        else {
            unreachable!("a window has taken the row itself");
        };
        let width = key.len();
        let entry = table.entry(
            hash,
            |posting| is_it(lists, posting, word, &key),
            |posting| hash_of(width, posting.key),
        );
        match entry {
            Entry::Occupied(mut entry) => {
                push_item(lists, &mut entry.get_mut().list, item, row, number);
            }
            Entry::Vacant(entry) => {
                let mut list = List::default();
                if header > 0 {
                    lists.push(&mut list, key.iter().copied());
                }
                push_item(lists, &mut list, item, row, number);
                entry.insert(Posting { key: word, list });
            }
        }
        self.key = key;
    }

    /// Follows the removal of a row, whose number the last one takes.
    pub fn remove(&mut self, row: &[u64], number: u32, last_row: &[u64], last: u32) {
        if number as usize >= self.until {
            return;
        }
        self.take_out(row, number);
        if last as usize >= self.until {
            self.insert(last_row, number);
            return;
        }
        self.until -= 1;
        if number != last {
            self.renumber(last_row, last, number);
        }
    }

    fn take_out(&mut self, row: &[u64], number: u32) {
        let key = self.take_key(row);
        let header = header(&key, address(&key).1);
        let Index {
            item,
            postings,
            lists,
            ..
        } = self;
        if let Some(list) = postings.list_mut(lists, &key) {
            let width = item.width();
            let items = &mut lists.get_mut(*list)[header..];
            // What is undone was added last, so search from there.
            let place = items
                .chunks_exact(width)
                .rposition(|there| item.is(there, row, number));
            let place = place.expect("a row of the relation is in its indexes");
            let last = items.len() - width;
            items.copy_within(last.., place * width);
            let is_empty = last == 0;
            lists.shorten(list, if is_empty { header + width } else { width });
            if is_empty {
                let list = *list;
                postings.remove(&key, list);
            }
        }
        self.key = key;
    }

    /// A row that is there gets another number.
    fn renumber(&mut self, row: &[u64], from: u32, to: u32) {
        if let Item::Columns(_) = self.item {
            return;
        }
        let key = self.take_key(row);
        let Index {
            postings, lists, ..
        } = self;
        if let Some(list) = postings.list_mut(lists, &key) {
            let items = &mut lists.get_mut(*list)[header(&key, address(&key).1)..];
            let place = items.iter().rposition(|&there| there == u64::from(from));
            let place = place.expect("a row of the relation is in its indexes");
            items[place] = to.into();
        }
        self.key = key;
    }

    pub fn clear(&mut self) {
        match &mut self.postings {
            Postings::Near(window, keys) => window.clear(std::mem::take(keys)),
            Postings::Far(table) => clear_table(table),
        }
        self.lists.clear();
        self.until = 0;
    }

    /// What the index holds of the rows with the key.
    #[inline]
    fn probe(&self, key: &[u64]) -> &[u64] {
        match &self.postings {
            Postings::Near(window, _) => self.lists.get(window.get(key[0])),
            Postings::Far(table) => {
                let (hash, word) = address(key);
                let found = table.find(hash, |posting| is_it(&self.lists, posting, word, key));
                found.map_or(&[], |posting| {
                    &self.lists.get(posting.list)[header(key, word)..]
                })
            }
        }
    }

    /// The list of a key; an empty one if it has none.
    #[inline]
    fn list(&self, key: &[u64]) -> List {
        match &self.postings {
            Postings::Near(window, _) => window.get(key[0]),
            Postings::Far(table) => {
                let (hash, word) = address(key);
                let found = table.find(hash, |posting| is_it(&self.lists, posting, word, key));
                found.map_or(List::default(), |posting| posting.list)
            }
        }
    }

    /// The words of a row's key, in room that is to be given back.
    fn take_key(&mut self, row: &[u64]) -> Vec<u64> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.extend(self.columns.iter().map(|&c| row[c]));
        key
    }
}

fn push_item(lists: &mut Lists, list: &mut List, item: &Item, row: &[u64], number: u32) {
    match item {
        Item::Number => lists.push(list, std::iter::once(number.into())),
        Item::Columns(columns) => lists.push(list, columns.iter().map(|&c| row[c])),
    }
}

impl Relation {
    /// Takes all indexes away, for others to be added.
    pub fn take_indexes(&mut self) -> Vec<Index> {
        std::mem::take(&mut self.indexes)
    }

    /// Adds an index on columns: one of those that were taken away if it is the same, else one that has no rows
    /// yet.
    pub fn add_index(
        &mut self,
        columns: &[u32],
        layout: &Layout,
        spare: &mut Vec<Index>,
    ) -> IndexPlace {
        let columns: Vec<usize> = columns.iter().map(|&c| c as usize).collect();
        if columns.is_empty() {
            return IndexPlace::Whole;
        }
        if columns == self.shape.keys {
            self.find_from_now();
            return IndexPlace::Primary;
        }
        let index = Index::new(columns, layout);
        let same = |there: &Index| there.columns == index.columns && there.item == index.item;
        if let Some(place) = self.indexes.iter().position(same) {
            return IndexPlace::Secondary(place);
        }
        let old = spare.iter().position(same);
        self.indexes.push(match old {
            Some(old) => spare.swap_remove(old),
            None => index,
        });
        IndexPlace::Secondary(self.indexes.len() - 1)
    }

    /// Whether an index lacks some of the first so many rows.
    #[inline]
    pub fn is_behind(&self, index: IndexPlace, rows: usize) -> bool {
        match index {
            IndexPlace::Primary | IndexPlace::Whole => false,
            IndexPlace::Secondary(place) => self.indexes[place].until < rows,
        }
    }

    /// Takes into an index what it lacks of the first so many rows, by threads if it is given some; to be done before it is
    /// looked at.
    #[inline]
    pub fn catch_up(&mut self, index: IndexPlace, rows: usize, crew: Option<&dyn Crew>) {
        let stride = self.shape.stride;
        if let IndexPlace::Secondary(place) = index
            && self.indexes[place].until < rows
        {
            self.indexes[place].catch_up(&self.total[..rows * stride], stride, crew);
        }
    }

    /// As [`Relation::catch_up`], of several indexes of several relations, by threads. How many of their first rows to take
    /// in, `rows` tells by a relation's place and an index's.
    pub fn catch_up_all(
        relations: &mut [Relation],
        crew: &dyn Crew,
        rows: &dyn Fn(usize, IndexPlace) -> Option<usize>,
    ) {
        let mut behind = Vec::new();
        for (number, relation) in relations.iter_mut().enumerate() {
            let stride = relation.shape.stride;
            for (place, index) in relation.indexes.iter_mut().enumerate() {
                let rows = rows(number, IndexPlace::Secondary(place));
                if let Some(rows) = rows.filter(|&rows| index.until < rows) {
                    let total = &relation.total[..rows * stride];
                    behind.push((rows - index.until, Mutex::new((index, total, stride))));
                }
            }
        }
        // The largest first, so that none of them is waited for at the end.
        behind.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        crew.run(behind.len(), &|number| {
            let (index, total, stride) = &mut *behind[number].1.lock().expect("no job panics");
            index.catch_up(total, *stride, None);
        });
    }

    /// The number of the row of `total` whose key columns, ascending, are these.
    #[inline]
    pub fn find_key(&self, key: &[u64]) -> Option<u32> {
        let number = self.number_of_key(key)?;
        self.is_merged(number).then_some(number)
    }

    /// The row of `total` with the key.
    #[inline]
    pub fn row_of_key(&self, key: &[u64]) -> Option<&[u64]> {
        let start = self.number_of_key(key)? as usize * self.shape.stride;
        // What is to be merged stands behind.
        self.total.get(start..start + self.shape.stride)
    }

    /// The number that the row with the key has or is going to have.
    #[inline]
    fn number_of_key(&self, key: &[u64]) -> Option<u32> {
        debug_assert!(!self.unkeyed, "rows that are looked for have keys");
        match &self.words {
            Some(words) => self.find_word(words, key[0]),
            None => self.keys.find(key_hash(key), |number| {
                let there = self.row_or_new(number);
                let columns = self.shape.keys.iter().zip(key);
                columns.into_iter().all(|(&c, &k)| there[c] == k)
            }),
        }
    }

    /// What a secondary index holds of the rows of `total` with the key.
    #[inline]
    pub fn probe(&self, index: IndexPlace, key: &[u64]) -> &[u64] {
        match index {
            IndexPlace::Primary | IndexPlace::Whole => {
                unreachable!("only a secondary index holds items")
            }
            IndexPlace::Secondary(place) => {
                let index = &self.indexes[place];
                debug_assert!(
                    [self.len(), self.rows_before_delta()].contains(&index.until),
                    "an index has caught up when it is read, but for a delta that is overlooked"
                );
                index.probe(key)
            }
        }
    }

    /// Has the memory on its way that it takes to look up, and to begin to read, what the index holds for at most a batch
    /// of keys, which stand in these columns of rows of another relation.
    pub fn warm_index<'r>(
        &self,
        index: IndexPlace,
        rows: impl Iterator<Item = &'r [u64]>,
        columns: &[usize],
    ) {
        let IndexPlace::Secondary(place) = index else {
            return;
        };
        let index = &self.indexes[place];
        let mut found = [List::default(); BATCH_ROWS];
        let each = found.iter_mut().zip(rows);
        match *columns {
            [a] => each.for_each(|(list, row)| *list = index.list(&[row[a]])),
            [a, b] => each.for_each(|(list, row)| *list = index.list(&[row[a], row[b]])),
            _ => return,
        }
        let first = found
            .iter()
            .filter_map(|&list| index.lists.get(list).first());
        let seen = first.fold(0, |all, word| all ^ word);
        std::hint::black_box(seen);
    }

    /// How many rows an index holds.
    pub fn indexed(&self, index: IndexPlace) -> Option<usize> {
        match index {
            IndexPlace::Secondary(place) => Some(self.indexes[place].until),
            IndexPlace::Primary => Some(self.len()),
            IndexPlace::Whole => None,
        }
    }

    pub fn exists(&self, index: IndexPlace, key: &[u64]) -> bool {
        match index {
            IndexPlace::Whole => !self.is_empty(),
            IndexPlace::Primary => self.find_key(key).is_some(),
            IndexPlace::Secondary(_) => !self.probe(index, key).is_empty(),
        }
    }
}
