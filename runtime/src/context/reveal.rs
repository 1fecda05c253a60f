//! A value under another type: `reveal` of a lattice, injection of a plain value into one.

use std::sync::Arc;

use bloom_plan::plan::RowError;
use bloom_plan::types::{BOTTOM, Type, TypeId};

use crate::store::Part;

use super::Context;

impl Context {
    /// The value as one of type `target`, whose contents have the same shape. Inside collections,
    /// an `Lww` becomes its value, a `Sealed` what it holds, a `Once` an `Option`.
    pub fn retype(&mut self, target: TypeId, word: u64) -> Result<u64, RowError> {
        if self.store.types().is_word(target) || word == BOTTOM {
            return Ok(word);
        }
        self.retype_from(self.store.class_of(word), target, word)
    }

    fn retype_from(&mut self, source: TypeId, target: TypeId, word: u64) -> Result<u64, RowError> {
        let types = Arc::clone(self.store.types());
        let (source, class) = (types.class(source), types.class(target));
        if source == class || types.is_word(source) {
            return Ok(word);
        }
        match (types.get(source), types.get(class)) {
            (Type::Lww(..), Type::Lww(..)) => {}
            (Type::Lww(..), _) if word == BOTTOM => return Err(RowError::Missing),
            (Type::Lww(_, value), _) => {
                return self.retype_from(*value, target, self.store.words(word)[1]);
            }
            (Type::Sealed(_), Type::Sealed(_)) => {}
            (Type::Sealed(inner), _) => {
                return self.retype_from(*inner, target, self.store.words(word)[1]);
            }
            (Type::Once(_), Type::Enum { .. }) if self.store.words(word)[0] == 2 => {
                return Err(RowError::Conflict);
            }
            _ => {}
        }
        if word == BOTTOM {
            return Ok(word);
        }
        if types.is_bytes(source) {
            let bytes = self.store.bytes(word).to_vec();
            return Ok(self.store.make_bytes(target, &bytes));
        }
        let contents = self.store.words(word).to_vec();
        let mut words = Vec::with_capacity(contents.len());
        for (place, &part) in contents.iter().enumerate() {
            let from = types.part(source, &contents, place);
            let to = types.part(class, &contents, place);
            words.push(match (from, to) {
                (Part::Of(from), Part::Of(to)) => self.retype_from(from, to, part)?,
                (Part::Raw, Part::Raw | Part::Of(_)) | (Part::Of(_), Part::Raw) => part,
            });
        }
        Ok(self.store.make(target, &words))
    }
}
