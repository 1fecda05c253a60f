//! From JSON to a value of a given type; what does not fit is refused with the path to it.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bloom_plan::types::{Field, Type, TypeId, TypeTable};
use bloom_plan::value::{Value, canonical_float};
use serde_json::{Map, Value as Json};

use super::{may_be_null, option_payload};
use crate::schema::type_name;

/// JSON that is no value of the type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mismatch {
    /// From the outermost value: `.stamp[0]`; empty for the value itself.
    pub path: String,
    pub expected: String,
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at `{}`: ", self.path)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl Mismatch {
    fn new(expected: impl Into<String>, found: &Json) -> Self {
        Self {
            path: String::new(),
            expected: expected.into(),
            found: shown(found),
        }
    }

    fn within(mut self, step: impl fmt::Display) -> Self {
        self.path = format!("{step}{}", self.path);
        self
    }
}

/// The value of type `ty` that `json` stands for.
pub fn read(types: &TypeTable, ty: TypeId, json: &Json) -> Result<Value, Mismatch> {
    let mismatch = || Mismatch::new(type_name(types, ty), json);
    match types.get(ty) {
        Type::Bool | Type::Or | Type::And => json.as_bool().map(Value::Bool).ok_or_else(mismatch),
        Type::Int => json.as_i64().map(Value::Int).ok_or_else(mismatch),
        Type::Req => json.as_i64().map(Value::Req).ok_or_else(mismatch),
        Type::Time => json.as_i64().map(Value::Time).ok_or_else(mismatch),
        Type::Duration => match json {
            Json::String(text) => duration(text).map(Value::Duration),
            _ => json.as_i64().map(Value::Duration),
        }
        .ok_or_else(mismatch),
        Type::Float => float(json).map(Value::Float).ok_or_else(mismatch),
        Type::String => json.as_str().map(Value::string).ok_or_else(mismatch),
        Type::Addr => json
            .as_str()
            .map(|s| Value::Addr(s.into()))
            .ok_or_else(mismatch),
        Type::Bytes => json
            .as_str()
            .and_then(bytes)
            .map(|b| Value::Bytes(b.into()))
            .ok_or_else(mismatch),
        Type::Tuple(parts) => sequence(types, parts, json).ok_or_else(mismatch)?,
        Type::List(inner) => elements(types, *inner, json)
            .ok_or_else(mismatch)?
            .map(|values| Value::List(values.into())),
        Type::Set(inner) | Type::PosSet(inner) | Type::FrozenSet(inner) => {
            elements(types, *inner, json)
                .ok_or_else(mismatch)?
                .map(Value::set)
        }
        Type::Bag(inner) | Type::FrozenBag(inner) => {
            bag(types, *inner, json).ok_or_else(mismatch)?
        }
        Type::Map(k, v) | Type::FrozenMap(k, v) => map(types, *k, *v, json).ok_or_else(mismatch)?,
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => named(types, fields, json)
            .ok_or_else(mismatch)?
            .map(Value::Tuple),
        Type::Enum { name, variants } => {
            if let Some(payload) = option_payload(name, variants) {
                return option(types, payload, json);
            }
            let (chosen, content) = match json {
                Json::String(chosen) => (chosen.as_str(), None),
                Json::Object(object) => single(object).ok_or_else(mismatch)?,
                _ => return Err(mismatch()),
            };
            let number = variants
                .iter()
                .position(|v| v.name == chosen)
                .ok_or_else(|| Mismatch {
                    path: String::new(),
                    expected: format!("a variant of {name}"),
                    found: format!("`{chosen}`"),
                })?;
            let fields = &variants[number].fields;
            let values = match content {
                None if fields.is_empty() => Arc::from([]),
                None => return Err(mismatch()),
                Some(content) => named(types, fields, content)
                    .ok_or_else(mismatch)?
                    .map_err(|e| e.within(format_args!(".{chosen}")))?,
            };
            Ok(Value::Variant(number as u32, values))
        }
        Type::Max(inner) => match json {
            Json::Null => Ok(extreme(types, *inner, Extreme::Least)),
            _ => read(types, *inner, json),
        },
        Type::Min(inner) => match json {
            Json::Null => Ok(extreme(types, *inner, Extreme::Greatest)),
            _ => read(types, *inner, json),
        },
        Type::Lww(_, _) if json.is_null() => Ok(Value::Bottom),
        Type::Lex(a, b) | Type::Lww(a, b) => {
            sequence(types, &[*a, *b], json).ok_or_else(mismatch)?
        }
        Type::Once(inner) => match json {
            Json::Null => Ok(Value::Variant(0, Arc::from([]))),
            Json::Object(object) => match single(object) {
                Some(("value", Some(value))) => read(types, *inner, value)
                    .map(|value| Value::Variant(1, Arc::from([value])))
                    .map_err(|e| e.within(".value")),
                Some(("conflict", Some(Json::Bool(true)))) => Ok(Value::Variant(2, Arc::from([]))),
                _ => Err(mismatch()),
            },
            _ => Err(mismatch()),
        },
        Type::Sealed(inner) => {
            let closed = json
                .get("closed")
                .and_then(Json::as_bool)
                .ok_or_else(mismatch)?;
            let value = json.get("value").ok_or_else(mismatch)?;
            let value = read(types, *inner, value).map_err(|e| e.within(".value"))?;
            Ok(Value::Tuple(Arc::from([Value::Bool(closed), value])))
        }
        Type::Function { .. } => Err(mismatch()),
    }
}

/// Which end of an order a bottom is at.
#[derive(Clone, Copy)]
enum Extreme {
    Least,
    Greatest,
}

/// The bottom of `Max` (the least value of the type) or `Min` (the greatest), where there is one.
fn extreme(types: &TypeTable, inner: TypeId, end: Extreme) -> Value {
    let number = match end {
        Extreme::Least => i64::MIN,
        Extreme::Greatest => i64::MAX,
    };
    match types.get(inner) {
        Type::Bool => Value::Bool(matches!(end, Extreme::Greatest)),
        Type::Int => Value::Int(number),
        Type::Time => Value::Time(number),
        Type::Duration => Value::Duration(number),
        Type::Req => Value::Req(number),
        Type::Float => Value::Float(match end {
            Extreme::Least => f64::NEG_INFINITY,
            Extreme::Greatest => f64::NAN,
        }),
        _ => Value::Bottom,
    }
}

fn float(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
    .map(canonical_float)
}

/// `200ms`, `1.5s`: as in source text; plain digits are nanoseconds.
pub fn duration(text: &str) -> Option<i64> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale: i64 = match unit {
        "" | "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    };
    match number.parse::<i64>() {
        Ok(whole) => whole.checked_mul(scale),
        Err(_) => {
            let product = number.parse::<f64>().ok()? * scale as f64;
            (product.abs() < i64::MAX as f64).then_some(product as i64)
        }
    }
}

/// The bytes that a text in base 64 stands for.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn option(types: &TypeTable, payload: TypeId, json: &Json) -> Result<Value, Mismatch> {
    let some = |json| read(types, payload, json).map(|v| Value::Variant(1, Arc::from([v])));
    match json {
        Json::Null => Ok(Value::Variant(0, Arc::from([]))),
        Json::Object(object) if may_be_null(types, payload) => match single(object) {
            Some(("Some", Some(value))) => some(value),
            _ => Err(Mismatch::new("`null` or an object with `Some`", json)),
        },
        _ => some(json),
    }
}

/// An array with one element a type. None if the shape is wrong.
fn sequence(types: &TypeTable, parts: &[TypeId], json: &Json) -> Option<Result<Value, Mismatch>> {
    let array = json.as_array().filter(|array| array.len() == parts.len())?;
    let values = parts
        .iter()
        .zip(array)
        .enumerate()
        .map(|(i, (&ty, json))| read(types, ty, json).map_err(|e| e.within(format_args!("[{i}]"))))
        .collect::<Result<Arc<[Value]>, Mismatch>>();
    Some(values.map(Value::Tuple))
}

fn elements(types: &TypeTable, ty: TypeId, json: &Json) -> Option<Result<Vec<Value>, Mismatch>> {
    Some(
        json.as_array()?
            .iter()
            .enumerate()
            .map(|(i, json)| read(types, ty, json).map_err(|e| e.within(format_args!("[{i}]"))))
            .collect(),
    )
}

fn bag(types: &TypeTable, ty: TypeId, json: &Json) -> Option<Result<Value, Mismatch>> {
    let mut counts = std::collections::BTreeMap::<Value, i64>::new();
    for (i, pair) in json.as_array()?.iter().enumerate() {
        let [element, count] = pair.as_array()?.as_slice() else {
            return None;
        };
        let count = count.as_i64().filter(|&count| count > 0)?;
        match read(types, ty, element) {
            Ok(value) => {
                let sum = counts.entry(value).or_default();
                *sum = sum.saturating_add(count);
            }
            Err(e) => return Some(Err(e.within(format_args!("[{i}][0]")))),
        }
    }
    Some(Ok(Value::Bag(counts.into_iter().collect())))
}

fn map(types: &TypeTable, k: TypeId, v: TypeId, json: &Json) -> Option<Result<Value, Mismatch>> {
    let entries: Result<Vec<_>, Mismatch> = match json {
        Json::Object(object) => object
            .iter()
            .map(|(key, value)| {
                let path = |e: Mismatch| e.within(format_args!(".{key}"));
                let key = read(types, k, &Json::String(key.clone())).map_err(path)?;
                Ok((key, read(types, v, value).map_err(path)?))
            })
            .collect(),
        Json::Array(pairs) => {
            if pairs
                .iter()
                .any(|pair| pair.as_array().is_none_or(|pair| pair.len() != 2))
            {
                return None;
            }
            let entry = |(i, pair): (usize, &Json)| {
                let at = |part: usize| move |e: Mismatch| e.within(format_args!("[{i}][{part}]"));
                let key = read(types, k, &pair[0]).map_err(at(0))?;
                Ok((key, read(types, v, &pair[1]).map_err(at(1))?))
            };
            pairs.iter().enumerate().map(entry).collect()
        }
        _ => return None,
    };
    Some(entries.map(Value::map))
}

/// Fields by name from an object, or by position from an array.
fn named(
    types: &TypeTable,
    fields: &[Field],
    json: &Json,
) -> Option<Result<Arc<[Value]>, Mismatch>> {
    let at = |field: &Field, json: &Json| {
        read(types, field.ty, json).map_err(|e| e.within(format_args!(".{}", field.name)))
    };
    match json {
        Json::Array(array) if array.len() == fields.len() => Some(
            fields
                .iter()
                .zip(array)
                .map(|(field, json)| at(field, json))
                .collect(),
        ),
        Json::Object(object) => {
            if let Some(unknown) = object
                .keys()
                .find(|key| fields.iter().all(|f| f.name != **key))
            {
                return Some(Err(Mismatch {
                    path: String::new(),
                    expected: names(fields),
                    found: format!("field `{unknown}`"),
                }));
            }
            let value = |field: &Field| {
                let json = object.get(field.name.as_str()).unwrap_or(&Json::Null);
                at(field, json)
            };
            Some(fields.iter().map(value).collect())
        }
        _ => None,
    }
}

fn names(fields: &[Field]) -> String {
    let names: Vec<String> = fields.iter().map(|f| format!("`{}`", f.name)).collect();
    format!("fields {}", names.join(", "))
}

/// The one entry of an object.
fn single(object: &Map<String, Json>) -> Option<(&str, Option<&Json>)> {
    let mut entries = object.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) => Some((key, Some(value))),
        _ => None,
    }
}

/// JSON as shown in a message: short.
fn shown(json: &Json) -> String {
    const CHARACTERS_MAX: usize = 40;
    let text = json.to_string();
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((cut, _)) => format!("`{}…`", &text[..cut]),
        None => format!("`{text}`"),
    }
}
