//! Values at the edge of a node: what is fed, sent, read, printed and compared in tests. Inside a
//! node values are words (`types`); a `Value` needs its type to be turned into one.
//!
//! The order of values of one type is the language's (§4 of the language reference): `Float` puts
//! NaN last and equal to itself; variants by declaration, then fields; sets, bags and maps as
//! sorted sequences, element by element, shorter first on a common prefix.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A value of any type. Lattices share the shape of what they reveal: a `Max<Int>` is an `Int`,
/// a `Set<T>` a `Set`, a `Map` a `Map`, `Lww`/`Lex`/products a `Tuple` of their parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    String(SmolStr),
    Bytes(Arc<[u8]>),
    Addr(SmolStr),
    /// Nanoseconds since the Unix epoch, or since start in simulation.
    Time(i64),
    /// Nanoseconds.
    Duration(i64),
    Req(i64),
    /// Tuples, records, declared lattices, `Lex`, `Lww`, `Sealed` (closed, inner).
    Tuple(Arc<[Value]>),
    List(Arc<[Value]>),
    /// Number of the variant, and its fields. Also `Once`: 0 is bottom, 1 a value, 2 a conflict.
    Variant(u32, Arc<[Value]>),
    /// `Set`, `PosSet`, `FrozenSet`: ascending, no element twice.
    Set(Arc<[Value]>),
    /// `Bag`, `FrozenBag`: ascending, multiplicities above 0.
    Bag(Arc<[(Value, i64)]>),
    /// `Map`, `FrozenMap`: keys ascending, no key twice.
    Map(Arc<[(Value, Value)]>),
    /// The bottom of a `Max`, `Min` or `Lww` over a type without a natural one.
    Bottom,
}

/// How deep a value of a type that holds itself may nest, so that walks over values need no more stack
/// than a thread has. Deeper ones are row errors where they would be made, and refused from outside.
pub const NESTING_MAX: usize = 500;

/// A row: one value a column, in declared order.
pub type Row = Vec<Value>;

impl Value {
    pub fn string(text: impl AsRef<str>) -> Value {
        Value::String(SmolStr::new(text))
    }

    /// A set of the elements, sorted and without repetition.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Value {
        let mut elements: Vec<Value> = elements.into_iter().collect();
        elements.sort();
        elements.dedup();
        Value::Set(elements.into())
    }

    /// A map of the entries; of equal keys the last stays.
    pub fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
        let map: std::collections::BTreeMap<Value, Value> = entries.into_iter().collect();
        Value::Map(map.into_iter().collect())
    }

    /// Place of the shape among shapes, so that the order is total even over mixed types.
    fn shape(&self) -> u8 {
        match self {
            Value::Bottom => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::Float(_) => 3,
            Value::String(_) => 4,
            Value::Bytes(_) => 5,
            Value::Addr(_) => 6,
            Value::Time(_) => 7,
            Value::Duration(_) => 8,
            Value::Req(_) => 9,
            Value::Tuple(_) => 10,
            Value::List(_) => 11,
            Value::Variant(..) => 12,
            Value::Set(_) => 13,
            Value::Bag(_) => 14,
            Value::Map(_) => 15,
        }
    }
}

/// The order of `Float`: negative infinity to infinity, then NaN, equal to itself; the zeros equal.
pub fn compare_floats(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => a.partial_cmp(&b).expect("neither is NaN"),
    }
}

/// The one representation of equal floats: a single NaN, no negative zero.
pub fn canonical_float(x: f64) -> f64 {
    if x.is_nan() {
        f64::NAN
    } else if x == 0.0 {
        0.0
    } else {
        x
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b))
            | (Value::Time(a), Value::Time(b))
            | (Value::Duration(a), Value::Duration(b))
            | (Value::Req(a), Value::Req(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => compare_floats(*a, *b),
            (Value::String(a), Value::String(b)) | (Value::Addr(a), Value::Addr(b)) => a.cmp(b),
            (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
            (Value::Tuple(a), Value::Tuple(b))
            | (Value::List(a), Value::List(b))
            | (Value::Set(a), Value::Set(b)) => a.cmp(b),
            (Value::Variant(n, a), Value::Variant(m, b)) => n.cmp(m).then_with(|| a.cmp(b)),
            (Value::Bag(a), Value::Bag(b)) => a.cmp(b),
            (Value::Map(a), Value::Map(b)) => a.cmp(b),
            _ => self.shape().cmp(&other.shape()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u8(self.shape());
        match self {
            Value::Bool(b) => b.hash(state),
            Value::Int(n) | Value::Time(n) | Value::Duration(n) | Value::Req(n) => n.hash(state),
            Value::Float(x) => canonical_float(*x).to_bits().hash(state),
            Value::String(s) | Value::Addr(s) => s.hash(state),
            Value::Bytes(b) => b.hash(state),
            Value::Tuple(v) | Value::List(v) | Value::Set(v) => v.hash(state),
            Value::Variant(n, v) => (n, v).hash(state),
            Value::Bag(v) => v.hash(state),
            Value::Map(v) => v.hash(state),
            Value::Bottom => {}
        }
    }
}
