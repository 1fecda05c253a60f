//! The built-ins of `bloom_plan::functions`, over words: `bloom_plan::semantics` has what each of
//! them means, and this is the [`Domain`] in which it computes.
//!
//! Values made on the way stay good until the tick ends. A word of a lattice is one of its plain
//! value (`store::Types` has them in one class), so that nothing is converted between the two. An
//! argument of a function type is the number of a lambda.

use std::cmp::Ordering;

use bloom_plan::plan::{RowError, Site};
use bloom_plan::semantics::{self, Call, Domain};
use bloom_plan::types::{TypeId, TypeTable};
use bloom_plan::value::Value;

use crate::context::Context;

/// Runs a built-in: `arguments` are words of `site.arguments`, receiver first.
pub fn call(context: &mut Context, site: &Site, arguments: &[u64]) -> Result<u64, RowError> {
    debug_assert_eq!(arguments.len(), site.arguments.len());
    let call = Call {
        arguments,
        types: &site.arguments,
        result: site.result,
    };
    semantics::apply(context, site.builtin.get().entry, &call)
}

impl Domain for Context {
    type Value = u64;
    type Argument = u64;

    fn types(&self) -> &TypeTable {
        self.store.types().table()
    }

    fn value_of(&self, argument: &u64) -> u64 {
        *argument
    }

    fn call(&mut self, function: &u64, arguments: &[u64]) -> Result<u64, RowError> {
        self.call_lambda(*function, arguments)
    }

    fn bool(&self, value: &u64) -> bool {
        *value != 0
    }

    fn int(&self, value: &u64) -> i64 {
        value.cast_signed()
    }

    fn float(&self, value: &u64) -> f64 {
        f64::from_bits(*value)
    }

    fn text<'a>(&'a self, value: &'a u64) -> &'a str {
        self.store.text(*value)
    }

    fn bytes<'a>(&'a self, value: &'a u64) -> &'a [u8] {
        self.store.bytes(*value)
    }

    fn parts(&self, value: &u64) -> Vec<u64> {
        self.store.words(*value).to_vec()
    }

    fn counts(&self, value: &u64) -> Vec<(u64, i64)> {
        let entries = self.store.words(*value).chunks_exact(2);
        entries
            .map(|entry| (entry[0], entry[1].cast_signed()))
            .collect()
    }

    fn entries(&self, value: &u64) -> Vec<(u64, u64)> {
        let entries = self.store.words(*value).chunks_exact(2);
        entries.map(|entry| (entry[0], entry[1])).collect()
    }

    fn variant(&self, value: &u64) -> (u32, Vec<u64>) {
        let words = self.store.words(*value);
        let number = u32::try_from(words[0]).expect("variants are numbered by `u32`");
        (number, words[1..].to_vec())
    }

    fn export(&self, ty: TypeId, value: &u64) -> Value {
        self.store.value(ty, *value)
    }

    fn make_bool(&mut self, _: TypeId, value: bool) -> u64 {
        u64::from(value)
    }

    fn make_int(&mut self, _: TypeId, value: i64) -> u64 {
        value.cast_unsigned()
    }

    fn make_float(&mut self, _: TypeId, value: f64) -> u64 {
        value.to_bits()
    }

    fn make_text(&mut self, ty: TypeId, value: &str) -> u64 {
        self.store.make_bytes(ty, value.as_bytes())
    }

    fn make_bytes(&mut self, ty: TypeId, value: &[u8]) -> u64 {
        self.store.make_bytes(ty, value)
    }

    fn make_tuple(&mut self, ty: TypeId, parts: Vec<u64>) -> u64 {
        self.store.make(ty, &parts)
    }

    fn make_list(&mut self, ty: TypeId, elements: Vec<u64>) -> u64 {
        self.store.make(ty, &elements)
    }

    fn make_set(&mut self, ty: TypeId, elements: Vec<u64>) -> u64 {
        self.store.make(ty, &elements)
    }

    fn make_bag(&mut self, ty: TypeId, counts: Vec<(u64, i64)>) -> u64 {
        let words = counts.into_iter().flat_map(|(e, n)| [e, n.cast_unsigned()]);
        let words: Vec<u64> = words.collect();
        self.store.make(ty, &words)
    }

    fn make_map(&mut self, ty: TypeId, entries: Vec<(u64, u64)>) -> u64 {
        let words: Vec<u64> = entries.into_iter().flat_map(|(k, v)| [k, v]).collect();
        self.store.make(ty, &words)
    }

    fn make_variant(&mut self, ty: TypeId, number: u32, fields: Vec<u64>) -> u64 {
        let mut words = vec![u64::from(number)];
        words.extend(fields);
        self.store.make(ty, &words)
    }

    fn compare(&self, ty: TypeId, a: &u64, b: &u64) -> Ordering {
        self.store.compare(ty, *a, *b)
    }

    fn bottom(&mut self, ty: TypeId) -> Result<u64, RowError> {
        Context::bottom(self, ty)
    }

    fn join(&mut self, ty: TypeId, a: &u64, b: &u64) -> Result<u64, RowError> {
        Context::join(self, ty, *a, *b)
    }

    fn now(&mut self) -> Result<i64, RowError> {
        Ok(Context::now(self))
    }

    /// The 53 bits that a `Float` between 0 and 1 holds exactly.
    fn random(&mut self) -> Result<f64, RowError> {
        const STEPS: f64 = (1_u64 << 53) as f64;
        Ok((self.random_word() >> 11) as f64 / STEPS)
    }

    /// 63 random bits: no other node needs to be asked.
    fn fresh_id(&mut self) -> Result<i64, RowError> {
        Ok((self.random_word() >> 1).cast_signed())
    }
}
