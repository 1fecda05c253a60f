//! Values as text and as JSON, by their types: what `to_string`, interpolation, `to_json` and
//! reports write.
//!
//! Text is how the language writes the value, so that it can be pasted into a program, with two
//! exceptions at the outermost level: a string stands without quotes and an address without `@`.
//! Equal values of one type have equal text.

use std::fmt::{self, Write};

use smol_str::SmolStr;

use crate::types::{Field, Type, TypeId, TypeTable, Variant};
use crate::value::{Row, Value};

/// The text of a value.
pub fn text(types: &TypeTable, ty: TypeId, value: &Value) -> String {
    match value {
        Value::String(text) | Value::Addr(text) => text.to_string(),
        _ => Text { types, ty, value }.to_string(),
    }
}

/// A row as reports show it: `(1, "a")`.
pub fn row(types: &TypeTable, columns: &[TypeId], row: &Row) -> String {
    let texts: Vec<String> = columns
        .iter()
        .zip(row)
        .map(|(&ty, value)| Text { types, ty, value }.to_string())
        .collect();
    format!("({})", texts.join(", "))
}

/// A value inside another.
struct Text<'a> {
    types: &'a TypeTable,
    ty: TypeId,
    value: &'a Value,
}

impl Text<'_> {
    fn part(&self, f: &mut fmt::Formatter<'_>, ty: TypeId, value: &Value) -> fmt::Result {
        let types = self.types;
        fmt::Display::fmt(&Text { types, ty, value }, f)
    }

    /// The values with commas between them.
    fn parts<'v>(
        &self,
        f: &mut fmt::Formatter<'_>,
        parts: impl IntoIterator<Item = (TypeId, &'v Value)>,
    ) -> fmt::Result {
        for (place, (ty, value)) in parts.into_iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            self.part(f, ty, value)?;
        }
        Ok(())
    }

    fn named(&self, f: &mut fmt::Formatter<'_>, fields: &[Field], values: &[Value]) -> fmt::Result {
        for (place, (field, value)) in fields.iter().zip(values).enumerate() {
            write!(f, "{}{}: ", if place > 0 { ", " } else { "" }, field.name)?;
            self.part(f, field.ty, value)?;
        }
        Ok(())
    }

    fn tuple(&self, f: &mut fmt::Formatter<'_>, values: &[Value]) -> fmt::Result {
        match self.types.get(self.ty) {
            Type::Record { name, fields } => {
                write!(f, "{name}{{")?;
                self.named(f, fields, values)?;
                f.write_char('}')
            }
            Type::Lattice { name, fields, .. } => {
                write!(f, "{name}(")?;
                self.named(f, fields, values)?;
                f.write_char(')')
            }
            Type::Lww(a, b) | Type::Lex(a, b) => {
                let lww = matches!(self.types.get(self.ty), Type::Lww(..));
                f.write_str(if lww { "Lww(" } else { "Lex(" })?;
                self.parts(f, [*a, *b].into_iter().zip(values))?;
                f.write_char(')')
            }
            Type::Sealed(inner) => {
                let closed = values.first() == Some(&Value::Bool(true));
                f.write_str(if closed { "Sealed(closed, " } else { "Sealed(" })?;
                self.parts(f, values.get(1).map(|value| (*inner, value)))?;
                f.write_char(')')
            }
            Type::Tuple(tys) => {
                f.write_char('(')?;
                self.parts(f, tys.iter().copied().zip(values))?;
                f.write_str(if values.len() == 1 { ",)" } else { ")" })
            }
            // A `Max` or `Min` of any of these.
            Type::Max(inner) | Type::Min(inner) => self.part(f, *inner, self.value),
            _ => f.write_str("?"),
        }
    }

    fn variant(&self, f: &mut fmt::Formatter<'_>, number: u32, values: &[Value]) -> fmt::Result {
        match self.types.get(self.ty) {
            Type::Once(inner) => {
                f.write_str("Once(")?;
                if number == 2 {
                    f.write_str("conflict")?;
                }
                self.parts(f, values.iter().map(|value| (*inner, value)))?;
                f.write_char(')')
            }
            Type::Enum { variants, .. } => match variants.get(number as usize) {
                Some(variant) if values.is_empty() => f.write_str(&variant.name),
                Some(variant) => {
                    write!(f, "{}(", variant.name)?;
                    self.parts(f, variant.fields.iter().map(|field| field.ty).zip(values))?;
                    f.write_char(')')
                }
                None => f.write_str("?"),
            },
            Type::Max(inner) | Type::Min(inner) => self.part(f, *inner, self.value),
            _ => f.write_str("?"),
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Value::Bool(b) => write!(f, "{b}"),
            Value::Int(n) | Value::Req(n) => write!(f, "{n}"),
            Value::Float(x) => write!(f, "{x:?}"),
            Value::String(text) => quoted(f, text),
            Value::Bytes(bytes) => {
                write!(f, "b\"{}\"", bytes.escape_ascii())
            }
            Value::Addr(text) => {
                f.write_char('@')?;
                quoted(f, text)
            }
            Value::Time(nanoseconds) => f.write_str(&utc(*nanoseconds)),
            Value::Duration(nanoseconds) => duration(f, *nanoseconds),
            Value::Tuple(values) => self.tuple(f, values),
            Value::Variant(number, values) => self.variant(f, *number, values),
            Value::List(values) => {
                let element = element_type(self.types, self.ty);
                f.write_char('[')?;
                self.parts(f, values.iter().map(|value| (element, value)))?;
                f.write_char(']')
            }
            Value::Set(values) => {
                let element = element_type(self.types, self.ty);
                f.write_char('{')?;
                self.parts(f, values.iter().map(|value| (element, value)))?;
                f.write_char('}')
            }
            Value::Bag(entries) => {
                let element = element_type(self.types, self.ty);
                let each = entries
                    .iter()
                    .flat_map(|(value, count)| (0..*count).map(move |_| (element, value)));
                f.write_str("Bag([")?;
                self.parts(f, each)?;
                f.write_str("])")
            }
            Value::Map(entries) => {
                let (key, value) = entry_types(self.types, self.ty);
                f.write_char('{')?;
                for (place, (k, v)) in entries.iter().enumerate() {
                    f.write_str(if place > 0 { ", " } else { "" })?;
                    self.part(f, key, k)?;
                    f.write_str(": ")?;
                    self.part(f, value, v)?;
                }
                f.write_char('}')
            }
            Value::Bottom => f.write_str("bottom"),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '{' => f.write_str("{{")?,
            '}' => f.write_str("}}")?,
            c if c.is_control() => write!(f, "\\u{{{:X}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// In the greatest unit that leaves no rest.
fn duration(f: &mut fmt::Formatter<'_>, nanoseconds: i64) -> fmt::Result {
    const UNITS: [(i64, &str); 6] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    if nanoseconds == 0 {
        return f.write_str("0s");
    }
    UNITS
        .iter()
        .find(|(length, _)| nanoseconds % length == 0)
        .map_or(Ok(()), |(length, unit)| {
            write!(f, "{}{unit}", nanoseconds / length)
        })
}

/// A time as RFC 3339, the epoch taken as 1970-01-01. Days become dates by Howard Hinnant's
/// "chrono-compatible low-level date algorithms" (`civil_from_days`): eras of 400 years that
/// start in March, so that the leap day is the last of its year.
pub fn utc(nanoseconds: i64) -> String {
    let seconds = nanoseconds.div_euclid(1_000_000_000);
    let fraction = nanoseconds.rem_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));

    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);

    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}.{fraction:09}Z",
        second % 60
    )
}

/// The value as JSON. A tuple, list, set or bag is an array; a record or declared lattice an
/// object; a map an object if its keys are strings, else an array of pairs; `None` is `null` and
/// `Some(x)` is `x`; any other variant is its name, or an object with its name as only member.
/// Bytes are base 64, durations and times nanoseconds, numbers that JSON lacks `null`.
pub fn json(types: &TypeTable, ty: TypeId, value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    let element = |value: &Value| json(types, element_type(types, ty), value);
    match value {
        Value::Bool(b) => Json::from(*b),
        Value::Int(n) | Value::Req(n) | Value::Time(n) | Value::Duration(n) => Json::from(*n),
        Value::Float(x) => Json::from(*x),
        Value::String(text) | Value::Addr(text) => Json::from(text.as_str()),
        Value::Bytes(bytes) => {
            use base64::Engine;
            Json::from(base64::engine::general_purpose::STANDARD.encode(bytes))
        }
        Value::Tuple(values) => json_of_tuple(types, ty, value, values),
        Value::List(values) | Value::Set(values) => values.iter().map(element).collect(),
        Value::Bag(entries) => entries
            .iter()
            .flat_map(|(value, count)| (0..*count).map(move |_| element(value)))
            .collect(),
        Value::Variant(number, values) => json_of_variant(types, ty, value, *number, values),
        Value::Map(entries) => {
            let (key, part) = entry_types(types, ty);
            if matches!(types.get(key), Type::String | Type::Addr) {
                let member = |(k, v): &(Value, Value)| (text(types, key, k), json(types, part, v));
                Json::Object(entries.iter().map(member).collect())
            } else {
                let pair = |(k, v): &(Value, Value)| {
                    Json::from(vec![json(types, key, k), json(types, part, v)])
                };
                entries.iter().map(pair).collect()
            }
        }
        Value::Bottom => Json::Null,
    }
}

fn json_of_tuple(
    types: &TypeTable,
    ty: TypeId,
    whole: &Value,
    values: &[Value],
) -> serde_json::Value {
    match types.get(ty) {
        Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
            json_object(types, fields, values)
        }
        Type::Max(inner) | Type::Min(inner) => json(types, *inner, whole),
        Type::Tuple(tys) => {
            let parts = tys.iter().zip(values);
            parts.map(|(&ty, value)| json(types, ty, value)).collect()
        }
        Type::Lww(a, b) | Type::Lex(a, b) => {
            let parts = [*a, *b].into_iter().zip(values);
            parts.map(|(ty, value)| json(types, ty, value)).collect()
        }
        Type::Sealed(inner) => {
            let tys = [None, Some(*inner)];
            let parts = tys.into_iter().zip(values).map(|(part, value)| match part {
                Some(inner) => json(types, inner, value),
                None => serde_json::Value::from(*value == Value::Bool(true)),
            });
            parts.collect()
        }
        _ => serde_json::Value::Null,
    }
}

fn json_object(types: &TypeTable, fields: &[Field], values: &[Value]) -> serde_json::Value {
    let members = fields
        .iter()
        .zip(values)
        .map(|(field, value)| (field.name.to_string(), json(types, field.ty, value)));
    serde_json::Value::Object(members.collect())
}

fn json_of_variant(
    types: &TypeTable,
    ty: TypeId,
    whole: &Value,
    number: u32,
    values: &[Value],
) -> serde_json::Value {
    use serde_json::Value as Json;
    match types.get(ty) {
        Type::Once(inner) => values
            .first()
            .map_or(Json::Null, |value| json(types, *inner, value)),
        Type::Max(inner) | Type::Min(inner) => json(types, *inner, whole),
        Type::Enum { name, variants } if is_option(name, variants) => {
            match (variants[1].fields.first(), values.first()) {
                (Some(field), Some(value)) => json(types, field.ty, value),
                _ => Json::Null,
            }
        }
        Type::Enum { variants, .. } => match variants.get(number as usize) {
            Some(variant) if values.is_empty() => Json::from(variant.name.as_str()),
            Some(variant) => {
                let fields = json_object(types, &variant.fields, values);
                Json::Object([(variant.name.to_string(), fields)].into_iter().collect())
            }
            None => Json::Null,
        },
        _ => Json::Null,
    }
}

fn is_option(name: &SmolStr, variants: &[Variant]) -> bool {
    name.split('<').next() == Some("Option") && variants.len() == 2
}

/// The type of the elements of a collection type. A type that has none is its own, so that a value
/// under a `Max` or `Min` finds its way by [`entry_types`] too.
fn element_type(types: &TypeTable, ty: TypeId) -> TypeId {
    match types.get(ty) {
        Type::List(element)
        | Type::FrozenSet(element)
        | Type::FrozenBag(element)
        | Type::Set(element)
        | Type::PosSet(element)
        | Type::Bag(element) => *element,
        Type::Max(inner) | Type::Min(inner) => element_type(types, *inner),
        _ => ty,
    }
}

fn entry_types(types: &TypeTable, ty: TypeId) -> (TypeId, TypeId) {
    match types.get(ty) {
        Type::FrozenMap(key, value) | Type::Map(key, value) => (*key, *value),
        Type::Max(inner) | Type::Min(inner) => entry_types(types, *inner),
        _ => (ty, ty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option_of_int(types: &mut TypeTable) -> TypeId {
        let ty = types.intern(Type::Int);
        let variant = |name: &str, fields: Vec<Field>| Variant {
            name: name.into(),
            fields,
        };
        let name = SmolStr::new("x");
        let variants = vec![
            variant("None", vec![]),
            variant("Some", vec![Field { name, ty }]),
        ];
        let name = "Option".into();
        types.intern(Type::Enum { name, variants })
    }

    #[test]
    fn values_print_as_the_language_writes_them() {
        let mut types = TypeTable::default();
        let option = option_of_int(&mut types);
        let string = types.intern(Type::String);
        let pair = types.intern(Type::Tuple(vec![option, string]));
        let some = Value::Variant(1, [Value::Int(1)].into());
        let value = Value::Tuple([some, Value::string("a{\"\n")].into());
        assert_eq!(text(&types, pair, &value), r#"(Some(1), "a{{\"\n")"#);
        assert_eq!(json(&types, pair, &value).to_string(), r#"[1,"a{\"\n"]"#);
    }

    #[test]
    fn a_string_stands_bare_when_it_is_the_whole() {
        let mut types = TypeTable::default();
        let string = types.intern(Type::String);
        assert_eq!(text(&types, string, &Value::string("a b")), "a b");
    }

    #[test]
    fn times_and_durations_have_units() {
        let mut types = TypeTable::default();
        let length = types.intern(Type::Duration);
        let shown = |n| text(&types, length, &Value::Duration(n));
        assert_eq!(shown(1_500_000_000), "1500ms");
        assert_eq!(shown(-120_000_000_000), "-2min");
        assert_eq!(shown(0), "0s");
        assert_eq!(
            utc(951_782_400_000_000_001),
            "2000-02-29T00:00:00.000000001Z"
        );
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999999999Z");
    }
}
