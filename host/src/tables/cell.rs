//! The text of one value in a delimited file.

use bloom_plan::types::{Type, TypeId, TypeTable};
use bloom_plan::value::{Value, canonical_float};

use crate::json::{self, Typed};
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
        _ if text.is_empty() => {
            json::read(types, ty, &serde_json::Value::Null).map_err(|_| mismatch())
        }
        _ => {
            let json = json::parse(text.as_bytes())
                .map_err(|e| format!("{}: the cell is no JSON: {e}", mismatch()))?;
            json::read(types, ty, &json).map_err(|e| e.to_string())
        }
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
        Value::Tuple(_)
        | Value::List(_)
        | Value::Variant(..)
        | Value::Set(_)
        | Value::Bag(_)
        | Value::Map(_) => {
            serde_json::to_writer(out, &Typed::new(types, ty, value)).map_err(std::io::Error::from)
        }
    };
    written.expect("writing to a vector never fails, and a value fits its type");
}

fn shortened(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
