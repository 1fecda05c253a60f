//! The text of one value in a delimited file.
//!
//! What has a plain text stands as it is: numbers, texts, truth values, variants without fields. An
//! `Option` of such a type is an empty cell or the value's own text; one of a text is in quotes, as in
//! JSON, where it could be taken for another. Everything else is JSON.

use bloom_plan::types::{Type, TypeId, TypeTable, Variant};
use bloom_plan::value::{Value, canonical_float};

use crate::json::{self, Typed, option_payload};
use crate::schema::type_name;

/// The value of type `ty` that `text` stands for, or a message why there is none.
pub(super) fn read(types: &TypeTable, ty: TypeId, text: &str) -> Result<Value, String> {
    let mismatch = || {
        format!(
            "expected {}, found `{}`",
            type_name(types, ty),
            shortened(text)
        )
    };
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| mismatch());
    match types.get(ty) {
        Type::Int => number(text).map(Value::Int),
        Type::String => Ok(Value::string(text)),
        Type::Addr => Ok(Value::Addr(text.into())),
        Type::Bool | Type::Or | Type::And => match text.trim() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err(mismatch()),
        },
        // `parse` also reads `NaN`, `inf` and `-inf`.
        Type::Float => {
            let x = text.trim().parse::<f64>().map_err(|_| mismatch())?;
            Ok(Value::Float(canonical_float(x)))
        }
        Type::Time => number(text).map(Value::Time),
        Type::Req => number(text).map(Value::Req),
        Type::Duration => json::duration(text.trim())
            .map(Value::Duration)
            .ok_or_else(mismatch),
        Type::Bytes => json::bytes(text.trim())
            .map(|b| Value::Bytes(b.into()))
            .ok_or_else(mismatch),
        // The empty string is a string rather than the bottom of a lattice over strings.
        Type::Max(inner) | Type::Min(inner)
            if !text.is_empty() || matches!(types.get(*inner), Type::String | Type::Bytes) =>
        {
            read(types, *inner, text)
        }
        Type::Enum { name, variants } => match option_payload(name, variants) {
            Some(payload) => option(types, ty, payload, text),
            None if is_object_or_quoted(text) => of_json(types, ty, text),
            None => named(variants, text.trim()),
        }
        .ok_or_else(mismatch)
        .or_else(|error| explained(types, ty, text, error)),
        _ if text.is_empty() => {
            json::read(types, ty, &serde_json::Value::Null).map_err(|_| mismatch())
        }
        _ => of_json(types, ty, text)
            .ok_or_else(mismatch)
            .or_else(|error| explained(types, ty, text, error)),
    }
}

fn of_json(types: &TypeTable, ty: TypeId, text: &str) -> Option<Value> {
    let json = json::parse(text.as_bytes()).ok()?;
    json::read(types, ty, &json).ok()
}

/// What is wrong with a cell that should be JSON, as exactly as can be told.
fn explained(types: &TypeTable, ty: TypeId, text: &str, mismatch: String) -> Result<Value, String> {
    if matches!(types.get(ty), Type::Enum { .. }) && !is_object_or_quoted(text) {
        return Err(mismatch);
    }
    match json::parse(text.as_bytes()) {
        Ok(json) => json::read(types, ty, &json).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{mismatch}: the cell is no JSON: {error}")),
    }
}

fn is_object_or_quoted(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'"' | b'{'))
}

/// The variant without fields of the name.
fn named(variants: &[Variant], name: &str) -> Option<Value> {
    let number = variants.iter().position(|variant| variant.name == name)?;
    let is_bare = variants[number].fields.is_empty();
    is_bare.then(|| Value::Variant(number as u32, [].into()))
}

/// Whether values of the type stand for themselves in a cell under an `Option`.
pub(super) fn has_own_text(types: &TypeTable, ty: TypeId) -> bool {
    match types.get(ty) {
        Type::Bool
        | Type::Int
        | Type::Float
        | Type::String
        | Type::Addr
        | Type::Time
        | Type::Duration
        | Type::Req => true,
        Type::Enum { name, variants } => option_payload(name, variants).is_none(),
        _ => false,
    }
}

fn is_text(types: &TypeTable, ty: TypeId) -> bool {
    matches!(types.get(ty), Type::String | Type::Addr)
}

fn option(types: &TypeTable, ty: TypeId, payload: TypeId, text: &str) -> Option<Value> {
    let none = || Value::Variant(0, [].into());
    let some = |value| Value::Variant(1, [value].into());
    if text.is_empty() {
        return Some(none());
    }
    if !has_own_text(types, payload) {
        return of_json(types, ty, text);
    }
    if is_text(types, payload) {
        let quoted = text.starts_with('"').then(|| of_json(types, ty, text));
        return quoted
            .flatten()
            .or_else(|| read(types, payload, text).ok().map(some));
    }
    match text.trim() {
        "null" => Some(none()),
        _ => read(types, payload, text).ok().map(some),
    }
}

/// Appends the text of `value`.
pub(super) fn write(out: &mut Vec<u8>, types: &TypeTable, ty: TypeId, value: &Value) {
    use std::io::Write;
    let written = match value {
        Value::Bottom => Ok(()),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) | Value::Time(n) | Value::Duration(n) | Value::Req(n) => write!(out, "{n}"),
        // The shortest text that reads back as the same number, always with a point or exponent.
        Value::Float(x) => write!(out, "{x:?}"),
        Value::String(s) | Value::Addr(s) => out.write_all(s.as_bytes()),
        Value::Bytes(bytes) => out.write_all(json::base64(bytes).as_bytes()),
        Value::Variant(number, parts) => match types.get(ty) {
            Type::Enum { name, variants } => match option_payload(name, variants) {
                Some(payload) => return write_option(out, types, ty, payload, value),
                None if parts.is_empty() => {
                    out.write_all(variants[*number as usize].name.as_bytes())
                }
                None => write_json(out, types, ty, value),
            },
            _ => write_json(out, types, ty, value),
        },
        Value::Tuple(_) | Value::List(_) | Value::Set(_) | Value::Bag(_) | Value::Map(_) => {
            write_json(out, types, ty, value)
        }
    };
    written.expect("writing to a vector never fails, and a value fits its type");
}

fn write_option(out: &mut Vec<u8>, types: &TypeTable, ty: TypeId, payload: TypeId, value: &Value) {
    let Value::Variant(_, parts) = value else {
        unreachable!("an `Option` is a variant")
    };
    let Some(part) = parts.first() else { return };
    // In quotes it can hold what a tab-separated file otherwise cannot.
    let must_be_quoted = matches!(part, Value::String(s) | Value::Addr(s)
        if s.is_empty() || s.starts_with('"') || s.contains(['\t', '\n', '\r']));
    match has_own_text(types, payload) && !must_be_quoted {
        true => write(out, types, payload, part),
        false => write_json(out, types, ty, value)
            .expect("writing to a vector never fails, and a value fits its type"),
    }
}

fn write_json(
    out: &mut Vec<u8>,
    types: &TypeTable,
    ty: TypeId,
    value: &Value,
) -> std::io::Result<()> {
    serde_json::to_writer(out, &Typed::new(types, ty, value)).map_err(std::io::Error::from)
}

fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
