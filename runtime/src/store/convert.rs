//! Between words and [`Value`]s, by type. What comes from outside is checked here: a value that does
//! not fit its type is refused, with a word on what was expected.

use std::sync::Arc;

use bloom_plan::types::{BOTTOM, Field, Type, TypeId};
use bloom_plan::value::{Value, canonical_float};
use smol_str::SmolStr;

use crate::api::Misfit;

use super::Store;

impl Store {
    /// The word of a value of the type.
    pub fn word(&mut self, ty: TypeId, value: &Value) -> Result<u64, Misfit> {
        let word = self.word_of(ty, value)?;
        match self.nests_too_deep(ty, word) {
            false => Ok(word),
            true => Err(Misfit::Value {
                expected: self.types.name(ty),
                found: "one that is nested too deep".to_owned(),
            }),
        }
    }

    fn word_of(&mut self, ty: TypeId, value: &Value) -> Result<u64, Misfit> {
        let types = Arc::clone(&self.types);
        let misfit = || Misfit::Value {
            expected: types.name(ty),
            found: shape_name(value).to_owned(),
        };
        Ok(match (types.get(ty), value) {
            (Type::Max(inner) | Type::Min(inner), _) => match value {
                Value::Bottom if !types.is_word(*inner) => BOTTOM,
                _ => self.word(*inner, value)?,
            },
            (Type::Bool | Type::Or | Type::And, Value::Bool(b)) => u64::from(*b),
            (Type::Int, Value::Int(n))
            | (Type::Time, Value::Time(n))
            | (Type::Duration, Value::Duration(n))
            // Tests and command lines write requests as plain numbers.
            | (Type::Req, Value::Req(n) | Value::Int(n)) => *n as u64,
            (Type::Float, Value::Float(x)) => canonical_float(*x).to_bits(),
            (Type::String, Value::String(s)) | (Type::Addr, Value::Addr(s)) => {
                self.make_bytes(ty, s.as_bytes())
            }
            (Type::Bytes, Value::Bytes(b)) => self.make_bytes(ty, b),
            (Type::Tuple(parts), Value::Tuple(values)) if parts.len() == values.len() => {
                let words = self.words_of(parts.iter().copied().zip(values.iter()))?;
                self.make(ty, &words)
            }
            (Type::Record { fields, .. } | Type::Lattice { fields, .. }, Value::Tuple(values))
                if fields.len() == values.len() =>
            {
                let words = self.words_of(types_of(fields).zip(values.iter()))?;
                self.make(ty, &words)
            }
            (Type::Lex(a, b), Value::Tuple(values)) if values.len() == 2 => {
                let words = self.words_of([*a, *b].into_iter().zip(values.iter()))?;
                self.make(ty, &words)
            }
            (Type::Lww(..), Value::Bottom) => BOTTOM,
            (Type::Lww(s, v), Value::Tuple(values)) if values.len() == 2 => {
                let words = self.words_of([*s, *v].into_iter().zip(values.iter()))?;
                self.make(ty, &words)
            }
            (Type::Sealed(inner), Value::Tuple(values)) => match &values[..] {
                [Value::Bool(closed), value] => {
                    let inner = self.word(*inner, value)?;
                    self.make(ty, &[u64::from(*closed), inner])
                }
                _ => return Err(misfit()),
            },
            (Type::Once(inner), Value::Variant(state, values)) => match (state, &values[..]) {
                (0 | 2, []) => self.make(ty, &[u64::from(*state)]),
                (1, [value]) => {
                    let inner = self.word(*inner, value)?;
                    self.make(ty, &[1, inner])
                }
                _ => return Err(misfit()),
            },
            (Type::Enum { variants, .. }, Value::Variant(number, values)) => {
                match variants.get(*number as usize) {
                    Some(variant) if variant.fields.len() == values.len() => {
                        let mut words = vec![u64::from(*number)];
                        let parts = types_of(&variant.fields).zip(values.iter());
                        words.extend(self.words_of(parts)?);
                        self.make(ty, &words)
                    }
                    _ => return Err(misfit()),
                }
            }
            (Type::List(t), Value::List(values))
            | (Type::Set(t) | Type::PosSet(t) | Type::FrozenSet(t), Value::Set(values)) => {
                let words = self.words_of(values.iter().map(|v| (*t, v)))?;
                self.make(ty, &words)
            }
            (Type::Bag(t) | Type::FrozenBag(t), Value::Bag(entries)) => {
                let mut words = Vec::with_capacity(2 * entries.len());
                for (element, count) in entries.iter() {
                    words.extend([self.word(*t, element)?, *count as u64]);
                }
                self.make(ty, &words)
            }
            (Type::Map(k, v) | Type::FrozenMap(k, v), Value::Map(entries)) => {
                let mut words = Vec::with_capacity(2 * entries.len());
                for (key, value) in entries.iter() {
                    words.extend([self.word(*k, key)?, self.word(*v, value)?]);
                }
                self.make(ty, &words)
            }
            _ => return Err(misfit()),
        })
    }

    fn words_of<'v>(
        &mut self,
        parts: impl Iterator<Item = (TypeId, &'v Value)>,
    ) -> Result<Vec<u64>, Misfit> {
        parts.map(|(ty, value)| self.word(ty, value)).collect()
    }

    /// The value of a word of the type.
    pub fn value(&self, ty: TypeId, word: u64) -> Value {
        match self.types.get(ty) {
            Type::Bool | Type::Or | Type::And => Value::Bool(word != 0),
            Type::Int => Value::Int(word as i64),
            Type::Float => Value::Float(f64::from_bits(word)),
            Type::Time => Value::Time(word as i64),
            Type::Duration => Value::Duration(word as i64),
            Type::Req => Value::Req(word as i64),
            Type::Max(inner) | Type::Min(inner) => self.value(*inner, word),
            _ if word == BOTTOM => Value::Bottom,
            Type::String => Value::String(SmolStr::new(self.text(word))),
            Type::Addr => Value::Addr(SmolStr::new(self.text(word))),
            Type::Bytes => Value::Bytes(self.bytes(word).into()),
            Type::Tuple(parts) => self.tuple(parts.iter().copied(), word),
            Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
                self.tuple(types_of(fields), word)
            }
            Type::Lex(a, b) | Type::Lww(a, b) => self.tuple([*a, *b].into_iter(), word),
            Type::Sealed(inner) => {
                let words = self.words(word);
                let closed = Value::Bool(words[0] != 0);
                Value::Tuple([closed, self.value(*inner, words[1])].into())
            }
            Type::Once(inner) => {
                let words = self.words(word);
                let held = words[1..].iter().map(|&w| self.value(*inner, w));
                Value::Variant(words[0] as u32, held.collect())
            }
            Type::Enum { variants, .. } => {
                let words = self.words(word);
                let fields = types_of(&variants[words[0] as usize].fields);
                let values = fields.zip(&words[1..]).map(|(t, &w)| self.value(t, w));
                Value::Variant(words[0] as u32, values.collect())
            }
            Type::List(t) => Value::List(self.elements(*t, word)),
            Type::Set(t) | Type::PosSet(t) | Type::FrozenSet(t) => {
                Value::Set(self.elements(*t, word))
            }
            Type::Bag(t) | Type::FrozenBag(t) => {
                let entries = self.words(word).chunks_exact(2);
                Value::Bag(
                    entries
                        .map(|e| (self.value(*t, e[0]), e[1] as i64))
                        .collect(),
                )
            }
            Type::Map(k, v) | Type::FrozenMap(k, v) => {
                let entries = self.words(word).chunks_exact(2);
                let entry = |e: &[u64]| (self.value(*k, e[0]), self.value(*v, e[1]));
                Value::Map(entries.map(entry).collect())
            }
            Type::Function { .. } => unreachable!("no value is a function"),
        }
    }

    fn tuple(&self, types: impl Iterator<Item = TypeId>, word: u64) -> Value {
        let parts = types.zip(self.words(word));
        Value::Tuple(parts.map(|(t, &w)| self.value(t, w)).collect())
    }

    fn elements(&self, ty: TypeId, word: u64) -> Arc<[Value]> {
        self.words(word)
            .iter()
            .map(|&w| self.value(ty, w))
            .collect()
    }
}

fn types_of(fields: &[Field]) -> impl Iterator<Item = TypeId> {
    fields.iter().map(|f| f.ty)
}

fn shape_name(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "a Bool",
        Value::Int(_) => "an Int",
        Value::Float(_) => "a Float",
        Value::String(_) => "a String",
        Value::Bytes(_) => "Bytes",
        Value::Addr(_) => "an Addr",
        Value::Time(_) => "a Time",
        Value::Duration(_) => "a Duration",
        Value::Req(_) => "a Req",
        Value::Tuple(_) => "a tuple",
        Value::List(_) => "a List",
        Value::Variant(..) => "a variant",
        Value::Set(_) => "a Set",
        Value::Bag(_) => "a Bag",
        Value::Map(_) => "a Map",
        Value::Bottom => "a bottom",
    }
}
