//! The node's store of values: whatever is no word by itself is kept here once, and a handle stands
//! for it. Hash-consing by (class of the type, contents) makes equality of words equality of values.
//!
//! Invariants: a handle's contents never change and do not move while a tick runs; contents are in
//! normal form (sets ascending without repetition, floats canonical); handles inside contents are
//! older than or as old as what holds them, so there are no cycles. Handles are small numbers, not
//! addresses, so that nothing a node computes depends on where memory happens to lie.
//!
//! Reclamation is mark and sweep between ticks, from the words the node holds on to. It runs when the
//! store is twice as large as what the last sweep left, so its cost is a constant share of the cost of
//! making the values; a sweep also compacts contents.

mod arena;
mod convert;
mod nesting;
mod order;
mod text;
mod types;

use std::hash::Hasher;
use std::sync::Arc;

use bloom_plan::types::{BOTTOM, Type, TypeId};
use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};

use arena::{Arena, Span};
pub use types::{Part, Types};

/// Below this many values a sweep is not worth starting.
const SWEEP_VALUES_MIN: usize = 4096;
/// Nor below this many words and bytes of contents.
const SWEEP_CONTENTS_MIN: usize = 1 << 18;

#[derive(Clone, Copy, Debug)]
struct Entry {
    class: TypeId,
    span: Span,
}

/// Values behind handles.
#[derive(Debug)]
pub struct Store {
    types: Arc<Types>,
    entries: Vec<Entry>,
    /// Numbers of entries that a sweep has emptied.
    free: Vec<u32>,
    table: HashTable<u32>,
    words: Arena<u64>,
    bytes: Arena<u8>,
    /// How deep values of types that hold themselves nest, by number; others are not in it.
    nesting: FxHashMap<u32, u32>,
    /// Sizes at which the next sweep is due.
    values_limit: usize,
    contents_limit: usize,
}

/// Where contents are, by what their type is.
enum Contents<'a> {
    Words(&'a [u64]),
    Bytes(&'a [u8]),
}

impl Store {
    pub fn new(types: Arc<Types>) -> Store {
        Store {
            types,
            entries: Vec::new(),
            free: Vec::new(),
            table: HashTable::new(),
            words: Arena::new(),
            bytes: Arena::new(),
            nesting: FxHashMap::default(),
            values_limit: SWEEP_VALUES_MIN,
            contents_limit: SWEEP_CONTENTS_MIN,
        }
    }

    pub fn types(&self) -> &Arc<Types> {
        &self.types
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Bytes of all texts and compound values.
    pub fn contents_bytes(&self) -> u64 {
        (self.words.len() * size_of::<u64>() + self.bytes.len()) as u64
    }

    /// The handle of a value given by its words, which are brought into normal form first: sets are
    /// sorted, of equal keys of a map the last stays, equal elements of a bag add up.
    pub fn make(&mut self, ty: TypeId, words: &[u64]) -> u64 {
        let class = self.types.class(ty);
        match *self.types.get(class) {
            Type::FrozenSet(element) if !self.ascends(element, words, 1) => {
                let mut elements = words.to_vec();
                elements.sort_unstable_by(|&a, &b| self.compare(element, a, b));
                elements.dedup();
                self.intern_words(class, &elements)
            }
            Type::FrozenMap(key, _) if !self.ascends(key, words, 2) => {
                let mut entries = pairs(words);
                entries.sort_by(|a, b| self.compare(key, a.0, b.0));
                let mut clean: Vec<u64> = Vec::with_capacity(words.len());
                for (place, &(k, v)) in entries.iter().enumerate() {
                    if entries.get(place + 1).is_none_or(|next| next.0 != k) {
                        clean.extend([k, v]);
                    }
                }
                self.intern_words(class, &clean)
            }
            Type::FrozenBag(element) => {
                let mut entries = pairs(words);
                entries.sort_unstable_by(|a, b| self.compare(element, a.0, b.0));
                let mut clean: Vec<u64> = Vec::with_capacity(words.len());
                for group in entries.chunk_by(|a, b| a.0 == b.0) {
                    let count = group
                        .iter()
                        .fold(0_i64, |sum, e| sum.saturating_add((e.1 as i64).max(0)));
                    if count > 0 {
                        clean.extend([group[0].0, count as u64]);
                    }
                }
                self.intern_words(class, &clean)
            }
            _ => self.intern_words(class, words),
        }
    }

    /// The handle of a `String`, `Bytes` or `Addr`.
    pub fn make_bytes(&mut self, ty: TypeId, bytes: &[u8]) -> u64 {
        let class = self.types.class(ty);
        debug_assert!(self.types.is_bytes(class), "{ty:?} is not bytes");
        let hash = hash_bytes(class, bytes);
        let found = self.table.find(hash, |&n| {
            let entry = &self.entries[n as usize];
            entry.class == class && self.bytes.get(entry.span) == bytes
        });
        if let Some(&number) = found {
            return u64::from(number);
        }
        let span = self.bytes.push(bytes);
        self.enter(hash, Entry { class, span })
    }

    /// The handle of a `String`.
    pub fn make_string(&mut self, text: &str) -> u64 {
        self.make_bytes(self.types.string(), text.as_bytes())
    }

    /// The words behind a handle of a type that is not bytes.
    pub fn words(&self, handle: u64) -> &[u64] {
        let entry = self.entry(handle);
        debug_assert!(!self.types.is_bytes(entry.class), "handle of bytes");
        self.words.get(entry.span)
    }

    /// The bytes behind a handle of a `String`, `Bytes` or `Addr`.
    pub fn bytes(&self, handle: u64) -> &[u8] {
        let entry = self.entry(handle);
        debug_assert!(self.types.is_bytes(entry.class), "handle of words");
        self.bytes.get(entry.span)
    }

    /// The text behind a handle of a `String` or `Addr`.
    pub fn text(&self, handle: u64) -> &str {
        std::str::from_utf8(self.bytes(handle)).expect("a `String` holds UTF-8")
    }

    /// The class of the type under which the value was made.
    pub fn class_of(&self, handle: u64) -> TypeId {
        self.entry(handle).class
    }

    /// Whether the word is a handle of a value of the type; for words of unknown origin.
    pub fn is_handle_of(&self, ty: TypeId, word: u64) -> bool {
        usize::try_from(word)
            .ok()
            .and_then(|n| self.entries.get(n))
            .is_some_and(|entry| entry.class == self.types.class(ty))
    }

    fn entry(&self, handle: u64) -> &Entry {
        &self.entries[handle as usize]
    }

    fn contents(&self, entry: &Entry) -> Contents<'_> {
        if self.types.is_bytes(entry.class) {
            Contents::Bytes(self.bytes.get(entry.span))
        } else {
            Contents::Words(self.words.get(entry.span))
        }
    }

    fn ascends(&self, key: TypeId, words: &[u64], stride: usize) -> bool {
        words
            .chunks_exact(stride)
            .zip(words.chunks_exact(stride).skip(1))
            .all(|(a, b)| self.compare(key, a[0], b[0]).is_lt())
    }

    /// The handle of words in normal form.
    fn intern_words(&mut self, class: TypeId, words: &[u64]) -> u64 {
        debug_assert!(!self.types.is_bytes(class), "{class:?} is bytes");
        let hash = hash_words(class, words);
        let found = self.table.find(hash, |&n| {
            let entry = &self.entries[n as usize];
            entry.class == class && self.words.get(entry.span) == words
        });
        if let Some(&number) = found {
            return u64::from(number);
        }
        let span = self.words.push(words);
        let handle = self.enter(hash, Entry { class, span });
        if self.types.is_recursive(class) {
            self.note_nesting(class, handle);
        }
        handle
    }

    fn enter(&mut self, hash: u64, entry: Entry) -> u64 {
        let number = match self.free.pop() {
            Some(number) => {
                self.entries[number as usize] = entry;
                number
            }
            None => {
                let number = u32::try_from(self.entries.len()).expect("below 2^32 values a node");
                self.entries.push(entry);
                number
            }
        };
        let (entries, words, bytes, types) = (&self.entries, &self.words, &self.bytes, &self.types);
        self.table.insert_unique(hash, number, |&n| {
            let entry = &entries[n as usize];
            if types.is_bytes(entry.class) {
                hash_bytes(entry.class, bytes.get(entry.span))
            } else {
                hash_words(entry.class, words.get(entry.span))
            }
        });
        u64::from(number)
    }

    /// Whether the store has doubled since the last sweep.
    pub fn sweep_is_due(&self) -> bool {
        self.table.len() >= self.values_limit
            || self.words.len() + self.bytes.len() >= self.contents_limit
    }

    /// Starts a sweep; [`Marks::finish`] ends it. Only between ticks.
    pub fn mark(&mut self) -> Marks<'_> {
        let live = vec![false; self.entries.len()];
        Marks {
            store: self,
            live,
            stack: Vec::new(),
        }
    }
}

/// A sweep under way: what has been reached so far.
#[derive(Debug)]
pub struct Marks<'a> {
    store: &'a mut Store,
    live: Vec<bool>,
    stack: Vec<u64>,
}

impl Marks<'_> {
    /// Keeps a value of the type, with all it holds.
    pub fn keep(&mut self, ty: TypeId, word: u64) {
        self.reach(ty, word);
        while let Some(handle) = self.stack.pop() {
            let entry = self.store.entries[handle as usize];
            if self.store.types.is_bytes(entry.class) {
                continue;
            }
            let types = Arc::clone(&self.store.types);
            let contents = self.store.words.get(entry.span);
            for place in 0..contents.len() {
                if let Part::Of(part) = types.part(entry.class, contents, place)
                    && !types.is_word(part)
                    && contents[place] != BOTTOM
                    && !std::mem::replace(&mut self.live[contents[place] as usize], true)
                {
                    self.stack.push(contents[place]);
                }
            }
        }
    }

    fn reach(&mut self, ty: TypeId, word: u64) {
        if !self.store.types.is_word(ty)
            && word != BOTTOM
            && !std::mem::replace(&mut self.live[word as usize], true)
        {
            self.stack.push(word);
        }
    }

    /// Forgets whatever was not kept.
    pub fn finish(self) {
        let Marks { store, live, .. } = self;
        store.table.retain(|&mut number| live[number as usize]);
        let (mut words, mut bytes) = (Arena::new(), Arena::new());
        store.free.clear();
        for number in (0..store.entries.len()).rev() {
            if !live[number] {
                store.free.push(number as u32);
                continue;
            }
            let entry = store.entries[number];
            store.entries[number].span = match store.contents(&entry) {
                Contents::Words(contents) => words.push(contents),
                Contents::Bytes(contents) => bytes.push(contents),
            };
        }
        store.nesting.retain(|&number, _| live[number as usize]);
        store.words = words;
        store.bytes = bytes;
        store.values_limit = SWEEP_VALUES_MIN.max(2 * store.table.len());
        store.contents_limit = SWEEP_CONTENTS_MIN.max(2 * (store.words.len() + store.bytes.len()));
    }
}

fn pairs(words: &[u64]) -> Vec<(u64, u64)> {
    words.chunks_exact(2).map(|e| (e[0], e[1])).collect()
}

fn hash_words(class: TypeId, words: &[u64]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(class.0);
    for &word in words {
        hasher.write_u64(word);
    }
    hasher.finish()
}

fn hash_bytes(class: TypeId, bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u32(class.0);
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests;
