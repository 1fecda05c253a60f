//! How deep values nest whose types hold themselves. Everything else is as deep as its type.
//!
//! Walks over values (comparing, printing, converting) recur, so what is deeper than
//! [`NESTING_MAX`] must not come to be. A value's depth follows from that of its parts, which are there
//! before it.

use bloom_plan::types::{BOTTOM, TypeId};
use bloom_plan::value::NESTING_MAX;

use super::{Part, Store};

impl Store {
    /// Whether the value of the type is deeper than any may be.
    pub fn nests_too_deep(&self, ty: TypeId, word: u64) -> bool {
        self.types.is_recursive(ty) && word != BOTTOM && self.nesting_of(word) > NESTING_MAX as u32
    }

    /// Keeps the depth of a new value of a type that holds itself.
    pub(super) fn note_nesting(&mut self, class: TypeId, handle: u64) {
        let words = self.words(handle);
        let depth =
            (0..words.len()).filter_map(|place| match self.types.part(class, words, place) {
                Part::Of(part) if self.types.is_recursive(part) => {
                    Some(self.nesting_of(words[place]))
                }
                Part::Of(_) | Part::Raw => None,
            });
        let depth = depth.max().unwrap_or(0) + 1;
        self.nesting.insert(handle as u32, depth);
    }

    fn nesting_of(&self, handle: u64) -> u32 {
        self.nesting.get(&(handle as u32)).copied().unwrap_or(0)
    }
}
