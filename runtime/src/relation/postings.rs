//! Where an index has the items of each key: a window of lists where keys are words that stand close together, else a
//! hash table.

use hashbrown::HashTable;

use crate::rows::{SHARED_HASH, hash, key_hash};

use super::lists::{List, Lists};
use super::window::Window;

/// Where the items of each key are.
#[derive(Debug)]
pub enum Postings {
    /// Lists of keys of one word, and how many are not empty.
    Near(Window<List>, usize),
    Far(HashTable<Posting>),
}

/// Items of one key; never none.
#[derive(Clone, Copy, Debug)]
pub struct Posting {
    /// The key, if it is one word; else its hash (`rows::key_hash`). If other keys may have the same, the key stands
    /// before the items.
    pub key: u64,
    pub list: List,
}

impl Postings {
    pub fn len(&self) -> usize {
        match self {
            Postings::Near(_, keys) => *keys,
            Postings::Far(table) => table.len(),
        }
    }

    /// The list of a key, if it has one.
    pub fn list_mut(&mut self, lists: &Lists, key: &[u64]) -> Option<&mut List> {
        match self {
            Postings::Near(window, _) => window.get_mut(key[0]).filter(|list| list.len() > 0),
            Postings::Far(table) => {
                let (hash, word) = address(key);
                let found = table.find_mut(hash, |posting| is_it(lists, posting, word, key));
                found.map(|posting| &mut posting.list)
            }
        }
    }

    /// Forgets a key that has no items any more.
    pub fn remove(&mut self, key: &[u64], list: List) {
        match self {
            Postings::Near(window, keys) => {
                if let Some(there) = window.get_mut(key[0]) {
                    *there = List::default();
                    *keys -= 1;
                }
            }
            Postings::Far(table) => {
                let (hash, word) = address(key);
                let found =
                    table.find_entry(hash, |posting| posting.key == word && posting.list == list);
                if let Ok(entry) = found {
                    entry.remove();
                }
            }
        }
    }

    /// Makes it a table of hashes.
    #[cold]
    pub fn part(&mut self) {
        let Postings::Near(window, keys) = self else {
            return;
        };
        let mut table = HashTable::with_capacity(2 * *keys + 1);
        for (key, list) in window.iter().filter(|(_, list)| list.len() > 0) {
            table.insert_unique(hash([key]), Posting { key, list }, |p: &Posting| {
                hash([p.key])
            });
        }
        *self = Postings::Far(table);
    }

    /// Makes a table of words a window for these words, too, if they stand close enough together for so many.
    pub fn join(&mut self, words: impl Iterator<Item = u64>, count: usize) {
        let Postings::Far(table) = self else {
            return;
        };
        let there = table.iter().map(|posting| posting.key);
        if let Some(mut window) = Window::over(there.chain(words), count) {
            for posting in table.iter() {
                let place = window.get_mut(posting.key);
                *place.expect("the window is over all of these") = posting.list;
            }
            *self = Postings::Near(window, table.len());
        }
    }
}

/// Where to look for a key: its hash, and the word of its posting.
#[inline]
pub fn address(key: &[u64]) -> (u64, u64) {
    let word = match *key {
        [word] => word,
        _ => key_hash(key),
    };
    (hash_of(key.len(), word), word)
}

/// Where a posting stands whose key has so many words.
#[inline]
pub fn hash_of(width: usize, word: u64) -> u64 {
    match width {
        1 => hash([word]),
        // Hashes that tell keys apart have no trailing bits, from which tables take places.
        _ => word.rotate_left(u64::BITS / 2),
    }
}

/// Words of a list before its items: the key, where the word of its posting may be that of another.
#[inline]
pub fn header(key: &[u64], word: u64) -> usize {
    match key.len() == 1 || word & SHARED_HASH == 0 {
        true => 0,
        false => key.len(),
    }
}

#[inline]
pub fn is_it(lists: &Lists, posting: &Posting, word: u64, key: &[u64]) -> bool {
    let header = header(key, word);
    posting.key == word && (header == 0 || lists.get(posting.list)[..header] == *key)
}
