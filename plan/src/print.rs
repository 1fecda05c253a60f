//! Values as what `to_string`, interpolation and `to_json` give.
//!
//! Text is how the language writes the value ([`display`]), with exceptions at the outermost level: a
//! string stands without quotes, an address without `@`, and a time as a date. Equal values of one
//! type have equal text.

use smol_str::SmolStr;

use crate::display;
use crate::types::{Field, Type, TypeId, TypeTable, Variant};
use crate::value::Value;

/// The text of a value.
pub fn text(types: &TypeTable, ty: TypeId, value: &Value) -> String {
    match value {
        Value::String(text) | Value::Addr(text) => text.to_string(),
        Value::Time(nanoseconds) => utc(*nanoseconds),
        _ => display::value(types, ty, value).to_string(),
    }
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
    fn times_are_dates() {
        assert_eq!(
            utc(951_782_400_000_000_001),
            "2000-02-29T00:00:00.000000001Z"
        );
        assert_eq!(utc(-1), "1969-12-31T23:59:59.999999999Z");
    }
}
