//! Values and rows as Bloom writes them, for reports and for programs that are printed.
//!
//! A [`Value`] does not know its type, so every function here takes it. What has no literal in the
//! language (a bottom, a `Once` in conflict, a time) is written as a word that no program parses.

use std::fmt::{self, Display, Formatter, Write};

use crate::types::{Field, Type, TypeId, TypeTable};
use crate::value::Value;

/// `value` as a literal of type `ty`.
pub fn value<'a>(types: &'a TypeTable, ty: TypeId, value: &'a Value) -> impl Display + 'a {
    Shown { types, ty, value }
}

/// A row as `expect` writes it: `(1, "a")`; of one column `(1)`.
pub fn row<'a>(types: &'a TypeTable, columns: &'a [TypeId], row: &'a [Value]) -> impl Display + 'a {
    fmt::from_fn(move |f| {
        let mut columns = columns.iter();
        sequence(f, "(", row, ")", |f, value| match columns.next() {
            Some(&ty) => Shown { types, ty, value }.fmt(f),
            None => f.write_str("?"),
        })
    })
}

/// A string as a literal, with quotes; braces doubled, for interpolation reads single ones.
pub fn string(text: &str) -> impl Display + '_ {
    fmt::from_fn(move |f| {
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
    })
}

/// A duration in the greatest unit that divides it: `90s`, `2min`, `1500ms`.
pub fn duration(nanoseconds: i64) -> impl Display {
    const UNITS: [(i64, &str); 7] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    fmt::from_fn(move |f| {
        if nanoseconds == 0 {
            return f.write_str("0s");
        }
        for (size, unit) in UNITS {
            if nanoseconds % size == 0 {
                return write!(f, "{}{unit}", nanoseconds / size);
            }
        }
        Ok(())
    })
}

struct Shown<'a> {
    types: &'a TypeTable,
    ty: TypeId,
    value: &'a Value,
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let of = |ty: TypeId, value: &Value, f: &mut Formatter<'_>| {
            let types = self.types;
            Shown { types, ty, value }.fmt(f)
        };
        match (self.types.get(self.ty), self.value) {
            (Type::Max(inner) | Type::Min(inner), inside) => match inside {
                Value::Bottom => f.write_str("bottom"),
                inside => of(*inner, inside, f),
            },
            (Type::Tuple(parts), Value::Tuple(values)) => fields(f, "(", parts, values, ")", of),
            (Type::Lex(a, b), Value::Tuple(values)) => {
                fields(f, "Lex(", &[*a, *b], values, ")", of)
            }
            (Type::Lww(s, v), Value::Tuple(values)) => {
                fields(f, "Lww(", &[*s, *v], values, ")", of)
            }
            (Type::Sealed(inner), Value::Tuple(values)) => match &**values {
                [Value::Bool(true), inside] => {
                    f.write_str("sealed ")?;
                    of(*inner, inside, f)
                }
                [_, inside] => of(*inner, inside, f),
                _ => f.write_str("?"),
            },
            (Type::Record { name, fields }, Value::Tuple(values)) => {
                named(f, name, ["{", "}"], fields, values, of)
            }
            (Type::Lattice { name, fields, .. }, Value::Tuple(values)) => {
                named(f, name, ["(", ")"], fields, values, of)
            }
            (Type::Enum { variants, .. }, Value::Variant(number, values)) => {
                let Some(variant) = variants.get(*number as usize) else {
                    return f.write_str("?");
                };
                f.write_str(&variant.name)?;
                if variant.fields.is_empty() {
                    return Ok(());
                }
                let types: Vec<TypeId> = variant.fields.iter().map(|field| field.ty).collect();
                fields(f, "(", &types, values, ")", of)
            }
            (Type::Once(inner), Value::Variant(number, values)) => match (number, &**values) {
                (1, [inside]) => of(*inner, inside, f),
                (2, _) => f.write_str("conflict"),
                _ => f.write_str("bottom"),
            },
            (Type::List(inner), Value::List(values)) => {
                sequence(f, "[", values.iter(), "]", |f, v| of(*inner, v, f))
            }
            (
                Type::Set(inner) | Type::PosSet(inner) | Type::FrozenSet(inner),
                Value::Set(values),
            ) => sequence(f, "{", values.iter(), "}", |f, v| of(*inner, v, f)),
            (Type::Bag(inner) | Type::FrozenBag(inner), Value::Bag(entries)) => {
                let repeated = entries
                    .iter()
                    .flat_map(|(v, n)| std::iter::repeat_n(v, usize::try_from(*n).unwrap_or(0)));
                sequence(f, "Bag([", repeated, "])", |f, v| of(*inner, v, f))
            }
            (Type::Map(k, v) | Type::FrozenMap(k, v), Value::Map(entries)) => {
                sequence(f, "{", entries.iter(), "}", |f, (key, value)| {
                    of(*k, key, f)?;
                    f.write_str(": ")?;
                    of(*v, value, f)
                })
            }
            (_, value) => scalar(f, value),
        }
    }
}

/// What is written alike whatever its type.
fn scalar(f: &mut Formatter<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Bool(b) => write!(f, "{b}"),
        Value::Int(n) | Value::Req(n) => write!(f, "{n}"),
        Value::Float(x) => float(f, *x),
        Value::String(s) => string(s).fmt(f),
        Value::Bytes(bytes) => write!(f, "b\"{}\"", bytes.escape_ascii()),
        // A test's nodes have names for addresses, and are written by them.
        Value::Addr(a) if is_name(a) => f.write_str(a),
        Value::Addr(a) => write!(f, "@{}", string(a)),
        Value::Time(t) => write!(f, "{} after the start of time", duration(*t)),
        Value::Duration(d) => duration(*d).fmt(f),
        Value::Bottom => f.write_str("bottom"),
        Value::Tuple(_)
        | Value::List(_)
        | Value::Variant(..)
        | Value::Set(_)
        | Value::Bag(_)
        | Value::Map(_) => f.write_str("?"),
    }
}

fn float(f: &mut Formatter<'_>, x: f64) -> fmt::Result {
    if x.is_nan() {
        f.write_str("0.0 / 0.0")
    } else if x.is_infinite() {
        write!(f, "{}1.0 / 0.0", if x < 0.0 { "-" } else { "" })
    } else {
        write!(f, "{x:?}")
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn sequence<T>(
    f: &mut Formatter<'_>,
    open: &str,
    items: impl IntoIterator<Item = T>,
    close: &str,
    mut item: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (i, x) in items.into_iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        item(f, x)?;
    }
    f.write_str(close)
}

/// Values of several types, by position.
fn fields(
    f: &mut Formatter<'_>,
    open: &str,
    types: &[TypeId],
    values: &[Value],
    close: &str,
    of: impl Fn(TypeId, &Value, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    sequence(f, open, types.iter().zip(values), close, |f, (ty, v)| {
        of(*ty, v, f)
    })
}

/// Values of several types, by name.
fn named(
    f: &mut Formatter<'_>,
    name: &str,
    [open, close]: [&str; 2],
    fields: &[Field],
    values: &[Value],
    of: impl Fn(TypeId, &Value, &mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str(name)?;
    sequence(
        f,
        open,
        fields.iter().zip(values),
        close,
        |f, (field, v)| {
            write!(f, "{}: ", field.name)?;
            of(field.ty, v, f)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(build: impl FnOnce(&mut TypeTable) -> TypeId, v: &Value) -> String {
        let mut types = TypeTable::default();
        let ty = build(&mut types);
        value(&types, ty, v).to_string()
    }

    #[test]
    fn scalars_read_back() {
        let int = |v| shown(|t| t.intern(Type::Int), &v);
        assert_eq!(int(Value::Int(-4)), "-4");
        let float = |x| shown(|t| t.intern(Type::Float), &Value::Float(x));
        assert_eq!(float(3.0), "3.0");
        assert_eq!(float(f64::NAN), "0.0 / 0.0");
        let text = shown(|t| t.intern(Type::String), &Value::string("a\"{b}\n"));
        assert_eq!(text, r#""a\"{{b}}\n""#);
        let wait = |n| shown(|t| t.intern(Type::Duration), &Value::Duration(n));
        assert_eq!(wait(1_500_000_000), "1500ms");
        assert_eq!(wait(120_000_000_000), "2min");
    }

    #[test]
    fn compound_values_show_the_names_of_their_types() {
        let point = |t: &mut TypeTable| {
            let ty = t.intern(Type::Int);
            let fields = ["x", "y"].map(|name| Field {
                name: name.into(),
                ty,
            });
            let name = "Point".into();
            t.intern(Type::Record {
                name,
                fields: fields.into(),
            })
        };
        let v = Value::Tuple([Value::Int(1), Value::Int(2)].into());
        assert_eq!(shown(point, &v), "Point{x: 1, y: 2}");
        let map = |t: &mut TypeTable| {
            let int = t.intern(Type::Int);
            let max = t.intern(Type::Max(int));
            t.intern(Type::Map(int, max))
        };
        let v = Value::map([
            (Value::Int(1), Value::Int(9)),
            (Value::Int(2), Value::Bottom),
        ]);
        assert_eq!(shown(map, &v), "{1: 9, 2: bottom}");
    }
}
