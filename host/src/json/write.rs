//! From a value and its type to JSON, without a tree in between.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bloom_plan::types::{Field, Type, TypeId, TypeTable};
use bloom_plan::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{is_object_key, may_be_null, option_payload};

/// A value with its type; serializes as the module's table says.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    pub types: &'a TypeTable,
    pub ty: TypeId,
    pub value: &'a Value,
}

impl<'a> Typed<'a> {
    pub fn new(types: &'a TypeTable, ty: TypeId, value: &'a Value) -> Self {
        Self { types, ty, value }
    }

    fn of(self, ty: TypeId, value: &'a Value) -> Self {
        Self { ty, value, ..self }
    }

    fn fields(self, fields: &'a [Field], values: &'a [Value]) -> Fields<'a> {
        Fields {
            types: self.types,
            fields,
            values,
        }
    }

    fn all(self, ty: TypeId, values: &'a [Value]) -> impl Iterator<Item = Typed<'a>> {
        values.iter().map(move |value| self.of(ty, value))
    }
}

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match (self.types.get(self.ty), self.value) {
            (Type::Max(_) | Type::Min(_) | Type::Lww(..), Value::Bottom) => out.serialize_unit(),
            (Type::Max(inner) | Type::Min(inner), value) => self.of(*inner, value).serialize(out),
            (_, Value::Bool(b)) => out.serialize_bool(*b),
            (_, Value::Int(n) | Value::Time(n) | Value::Duration(n) | Value::Req(n)) => {
                out.serialize_i64(*n)
            }
            (_, Value::Float(x)) => match float_name(*x) {
                Some(name) => out.serialize_str(name),
                None => out.serialize_f64(*x),
            },
            (_, Value::String(s) | Value::Addr(s)) => out.serialize_str(s),
            (_, Value::Bytes(bytes)) => out.serialize_str(&base64(bytes)),
            (Type::Record { fields, .. } | Type::Lattice { fields, .. }, Value::Tuple(parts)) => {
                self.fields(fields, parts).serialize(out)
            }
            (Type::Tuple(tys), Value::Tuple(parts)) => {
                out.collect_seq(tys.iter().zip(parts.iter()).map(|(&ty, v)| self.of(ty, v)))
            }
            (Type::Lex(a, b) | Type::Lww(a, b), Value::Tuple(parts)) => out.collect_seq(
                [*a, *b]
                    .into_iter()
                    .zip(parts.iter())
                    .map(|(ty, v)| self.of(ty, v)),
            ),
            (Type::Sealed(inner), Value::Tuple(parts)) => {
                let mut map = out.serialize_map(Some(2))?;
                if let [Value::Bool(closed), value] = &**parts {
                    map.serialize_entry("closed", closed)?;
                    map.serialize_entry("value", &self.of(*inner, value))?;
                }
                map.end()
            }
            (Type::List(ty), Value::List(values))
            | (
                Type::Set(ty) | Type::PosSet(ty) | Type::FrozenSet(ty),
                Value::Set(values) | Value::List(values),
            ) => out.collect_seq(self.all(*ty, values)),
            (Type::Bag(ty) | Type::FrozenBag(ty), Value::Bag(entries)) => {
                out.collect_seq(entries.iter().map(|(e, n)| (self.of(*ty, e), n)))
            }
            (Type::Map(k, v) | Type::FrozenMap(k, v), Value::Map(entries)) => {
                let typed = entries
                    .iter()
                    .map(|(a, b)| (self.of(*k, a), self.of(*v, b)));
                if is_object_key(self.types, *k) {
                    out.collect_map(typed)
                } else {
                    out.collect_seq(typed)
                }
            }
            (Type::Once(inner), Value::Variant(number, fields)) => match (number, &**fields) {
                (1, [value]) => out.collect_map([("value", self.of(*inner, value))]),
                (2, _) => out.collect_map([("conflict", true)]),
                _ => out.serialize_unit(),
            },
            (Type::Enum { name, variants }, Value::Variant(number, values)) => {
                let Some(variant) = variants.get(*number as usize) else {
                    return Err(serde::ser::Error::custom("variant out of range"));
                };
                if let Some(payload) = option_payload(name, variants) {
                    return match &**values {
                        [] => out.serialize_unit(),
                        [value, ..] if may_be_null(self.types, payload) => {
                            out.collect_map([("Some", self.of(payload, value))])
                        }
                        [value, ..] => self.of(payload, value).serialize(out),
                    };
                }
                if variant.fields.is_empty() {
                    out.serialize_str(&variant.name)
                } else {
                    let fields = self.fields(&variant.fields, values);
                    out.collect_map([(variant.name.as_str(), fields)])
                }
            }
            (_, value) => Err(serde::ser::Error::custom(format!(
                "value {value:?} does not fit its type"
            ))),
        }
    }
}

/// Fields of a record, variant or lattice, by name.
struct Fields<'a> {
    types: &'a TypeTable,
    fields: &'a [Field],
    values: &'a [Value],
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(
            self.fields
                .iter()
                .zip(self.values)
                .map(|(f, v)| (f.name.as_str(), Typed::new(self.types, f.ty, v))),
        )
    }
}

/// How a float that JSON has no number for is written.
pub(super) fn float_name(x: f64) -> Option<&'static str> {
    if x.is_nan() {
        Some("NaN")
    } else if x == f64::INFINITY {
        Some("inf")
    } else if x == f64::NEG_INFINITY {
        Some("-inf")
    } else {
        None
    }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
