//! What every built-in means, once, for whatever represents values.
//!
//! The runtime computes on words, the compiler's evaluator on [`Value`]s; each implements
//! [`Domain`], and [`apply`] is the same code over both. The matches over `functions::Entry` are
//! exhaustive, so that an entry of the table without a meaning does not compile.
//!
//! Invariant: all is deterministic but for what [`Domain`] gives to `now`, `random` and `fresh_id`;
//! and bounded: a result longer than [`TEXT_BYTES_MAX`] or [`ELEMENTS_MAX`] is a row error.

use std::cmp::Ordering;

use crate::functions::Entry;
use crate::plan::RowError;
use crate::types::{Type, TypeId, TypeTable};
use crate::value::{Value, canonical_float};

mod bytes;
mod clock;
mod frozen;
mod generic;
mod hash;
mod json;
mod lattice;
mod list;
mod number;
mod option;
mod order;
mod pattern;
mod text;

/// Longest string or byte string that a built-in makes.
pub const TEXT_BYTES_MAX: usize = 1 << 26;

/// Longest list that a built-in makes.
pub const ELEMENTS_MAX: usize = 1 << 24;

/// A representation of values, with what built-ins need of their surroundings.
///
/// Readers are called only on values of the type that their name says, lattices of the same shape
/// included (a `Max<Int>` reads as an `Int`, a `Set` as a set). Builders get the type to build.
pub trait Domain {
    type Value: Clone + PartialEq;
    /// An argument of a call: a value or a function.
    type Argument;

    fn types(&self) -> &TypeTable;

    /// The argument as a value; never asked of a function.
    fn value_of(&self, argument: &Self::Argument) -> Self::Value;

    /// Calls the function that the argument is.
    fn call(
        &mut self,
        function: &Self::Argument,
        arguments: &[Self::Value],
    ) -> Result<Self::Value, RowError>;

    /// `Bool`, `Or`, `And`.
    fn bool(&self, value: &Self::Value) -> bool;
    /// `Int`, `Time`, `Duration`, `Req`.
    fn int(&self, value: &Self::Value) -> i64;
    fn float(&self, value: &Self::Value) -> f64;
    /// `String`, `Addr`.
    fn text<'a>(&'a self, value: &'a Self::Value) -> &'a str;
    fn bytes<'a>(&'a self, value: &'a Self::Value) -> &'a [u8];
    /// Elements of a list or set in order; fields of a tuple, record, `Lex`, `Lww` (not its
    /// bottom), `Sealed` (a `Bool` and the inner value).
    fn parts(&self, value: &Self::Value) -> Vec<Self::Value>;
    /// Elements of a bag, ascending, with how often each is in it.
    fn counts(&self, value: &Self::Value) -> Vec<(Self::Value, i64)>;
    /// Entries of a map, ascending.
    fn entries(&self, value: &Self::Value) -> Vec<(Self::Value, Self::Value)>;
    /// Variant of an enum, or state of a `Once`; and the fields.
    fn variant(&self, value: &Self::Value) -> (u32, Vec<Self::Value>);
    /// The value at the edge of the node.
    fn export(&self, ty: TypeId, value: &Self::Value) -> Value;

    fn make_bool(&mut self, ty: TypeId, value: bool) -> Self::Value;
    fn make_int(&mut self, ty: TypeId, value: i64) -> Self::Value;
    /// The number is canonical.
    fn make_float(&mut self, ty: TypeId, value: f64) -> Self::Value;
    fn make_text(&mut self, ty: TypeId, value: &str) -> Self::Value;
    fn make_bytes(&mut self, ty: TypeId, value: &[u8]) -> Self::Value;
    /// A tuple, or a lattice with parts.
    fn make_tuple(&mut self, ty: TypeId, parts: Vec<Self::Value>) -> Self::Value;
    fn make_list(&mut self, ty: TypeId, elements: Vec<Self::Value>) -> Self::Value;
    /// The elements ascend, none is there twice.
    fn make_set(&mut self, ty: TypeId, elements: Vec<Self::Value>) -> Self::Value;
    /// The elements ascend, none is there twice, counts are above 0.
    fn make_bag(&mut self, ty: TypeId, counts: Vec<(Self::Value, i64)>) -> Self::Value;
    /// The keys ascend, none is there twice.
    fn make_map(&mut self, ty: TypeId, entries: Vec<(Self::Value, Self::Value)>) -> Self::Value;
    fn make_variant(&mut self, ty: TypeId, number: u32, fields: Vec<Self::Value>) -> Self::Value;

    /// The order of the type's values.
    fn compare(&self, ty: TypeId, a: &Self::Value, b: &Self::Value) -> Ordering;
    fn bottom(&mut self, ty: TypeId) -> Result<Self::Value, RowError>;
    fn join(
        &mut self,
        ty: TypeId,
        a: &Self::Value,
        b: &Self::Value,
    ) -> Result<Self::Value, RowError>;

    /// Nanoseconds of the tick's start.
    fn now(&mut self) -> Result<i64, RowError>;
    /// From 0 up to, not including, 1.
    fn random(&mut self) -> Result<f64, RowError>;
    fn fresh_id(&mut self) -> Result<i64, RowError>;
}

/// A call of a built-in: its arguments, receiver first, and the types of its site.
pub struct Call<'a, D: Domain> {
    pub arguments: &'a [D::Argument],
    pub types: &'a [TypeId],
    pub result: TypeId,
}

/// What a built-in gives.
pub type Outcome<D> = Result<<D as Domain>::Value, RowError>;

/// Calls a built-in.
pub fn apply<D: Domain>(domain: &mut D, entry: Entry, call: &Call<'_, D>) -> Outcome<D> {
    match entry {
        Entry::Generic(entry) => generic::apply(domain, entry, call),
        Entry::Number(entry) => number::apply(domain, entry, call),
        Entry::Text(entry) => text::apply(domain, entry, call),
        Entry::Bytes(entry) => bytes::apply(domain, entry, call),
        Entry::Clock(entry) => clock::apply(domain, entry, call),
        Entry::List(entry) => list::apply(domain, entry, call),
        Entry::Optional(entry) => option::apply(domain, entry, call),
        Entry::Frozen(entry) => frozen::apply(domain, entry, call),
        Entry::Lattice(entry) => lattice::apply(domain, entry, call),
    }
}

/// Numbers of the prelude's `enum Option<T> { None, Some(x: T) }`.
const NONE: u32 = 0;
const SOME: u32 = 1;

impl<D: Domain> Call<'_, D> {
    fn value(&self, d: &D, at: usize) -> D::Value {
        d.value_of(&self.arguments[at])
    }

    fn int(&self, d: &D, at: usize) -> i64 {
        d.int(&self.value(d, at))
    }

    fn float(&self, d: &D, at: usize) -> f64 {
        d.float(&self.value(d, at))
    }

    fn bool(&self, d: &D, at: usize) -> bool {
        d.bool(&self.value(d, at))
    }

    fn parts(&self, d: &D, at: usize) -> Vec<D::Value> {
        d.parts(&self.value(d, at))
    }

    fn entries(&self, d: &D, at: usize) -> Vec<(D::Value, D::Value)> {
        d.entries(&self.value(d, at))
    }

    fn counts(&self, d: &D, at: usize) -> Vec<(D::Value, i64)> {
        d.counts(&self.value(d, at))
    }

    /// Calls the function at `at`.
    fn apply(&self, d: &mut D, at: usize, arguments: &[D::Value]) -> Outcome<D> {
        d.call(&self.arguments[at], arguments)
    }

    /// Whether the condition at `at` holds.
    fn holds(&self, d: &mut D, at: usize, arguments: &[D::Value]) -> Result<bool, RowError> {
        let answer = self.apply(d, at, arguments)?;
        Ok(d.bool(&answer))
    }

    /// Type of the elements of the collection at `at`; of a map, of its keys.
    fn element(&self, d: &D, at: usize) -> TypeId {
        element(d.types(), self.types[at])
    }

    fn make_bool(&self, d: &mut D, value: bool) -> D::Value {
        d.make_bool(self.result, value)
    }

    fn make_int(&self, d: &mut D, value: i64) -> D::Value {
        d.make_int(self.result, value)
    }

    fn make_float(&self, d: &mut D, value: f64) -> D::Value {
        d.make_float(self.result, canonical_float(value))
    }

    fn make_size(&self, d: &mut D, size: usize) -> D::Value {
        self.make_int(d, count(size))
    }

    /// A string within the bound.
    fn make_text(&self, d: &mut D, text: &str) -> Outcome<D> {
        within(text.len(), TEXT_BYTES_MAX)?;
        Ok(d.make_text(self.result, text))
    }

    fn make_bytes(&self, d: &mut D, bytes: &[u8]) -> Outcome<D> {
        within(bytes.len(), TEXT_BYTES_MAX)?;
        Ok(d.make_bytes(self.result, bytes))
    }

    fn make_list(&self, d: &mut D, elements: Vec<D::Value>) -> Outcome<D> {
        within(elements.len(), ELEMENTS_MAX)?;
        Ok(d.make_list(self.result, elements))
    }

    fn make_texts(&self, d: &mut D, texts: Vec<String>) -> Outcome<D> {
        let ty = element(d.types(), self.result);
        let texts = texts.iter().map(|text| d.make_text(ty, text)).collect();
        self.make_list(d, texts)
    }

    fn make_option(&self, d: &mut D, value: Option<D::Value>) -> D::Value {
        match value {
            Some(value) => d.make_variant(self.result, SOME, vec![value]),
            None => d.make_variant(self.result, NONE, Vec::new()),
        }
    }

    /// Type of the value in an `Option` result.
    fn some_type(&self, d: &D) -> TypeId {
        match d.types().get(self.result) {
            Type::Enum { variants, .. } => variants
                .get(SOME as usize)
                .and_then(|variant| variant.fields.first())
                .map_or(self.result, |field| field.ty),
            _ => self.result,
        }
    }
}

/// The type of a collection's elements, or of a map's keys.
fn element(types: &TypeTable, ty: TypeId) -> TypeId {
    match types.get(ty) {
        Type::List(element)
        | Type::FrozenSet(element)
        | Type::FrozenBag(element)
        | Type::Set(element)
        | Type::PosSet(element)
        | Type::Bag(element)
        | Type::FrozenMap(element, _)
        | Type::Map(element, _)
        | Type::Max(element)
        | Type::Min(element) => *element,
        _ => ty,
    }
}

/// A count of things in memory as an `Int`.
fn count(size: usize) -> i64 {
    i64::try_from(size).expect("memory holds fewer things than an `Int` counts")
}

fn within(size: usize, bound: usize) -> Result<(), RowError> {
    if size <= bound {
        Ok(())
    } else {
        Err(RowError::Invalid)
    }
}

/// Place `at` of a sequence of so many things.
fn place(at: i64, len: usize) -> Option<usize> {
    usize::try_from(at).ok().filter(|&at| at < len)
}

/// The part of `from .. to` that lies within a sequence of so many things.
fn clamped(from: i64, to: i64, len: usize) -> std::ops::Range<usize> {
    let bound = |at: i64| usize::try_from(at.max(0)).map_or(len, |at| at.min(len));
    let from = bound(from);
    from..bound(to).max(from)
}
