//! Types and values as text, for reports: the language's own notation.

use std::fmt::Write;

use bloom_plan::types::{BOTTOM, Field, Type, TypeId};

use super::{Store, Types};

impl Types {
    /// The type as it is written.
    pub fn name(&self, ty: TypeId) -> String {
        let name = |t: &TypeId| self.name(*t);
        let list = |types: &[TypeId]| types.iter().map(name).collect::<Vec<_>>().join(", ");
        match self.get(ty) {
            Type::Bool => "Bool".to_owned(),
            Type::Int => "Int".to_owned(),
            Type::Float => "Float".to_owned(),
            Type::String => "String".to_owned(),
            Type::Bytes => "Bytes".to_owned(),
            Type::Addr => "Addr".to_owned(),
            Type::Time => "Time".to_owned(),
            Type::Duration => "Duration".to_owned(),
            Type::Req => "Req".to_owned(),
            Type::Or => "Or".to_owned(),
            Type::And => "And".to_owned(),
            Type::Tuple(parts) => format!("({})", list(parts)),
            Type::List(t) => format!("List<{}>", name(t)),
            Type::Record { name, .. } | Type::Enum { name, .. } | Type::Lattice { name, .. } => {
                name.to_string()
            }
            Type::FrozenSet(t) => format!("FrozenSet<{}>", name(t)),
            Type::FrozenBag(t) => format!("FrozenBag<{}>", name(t)),
            Type::FrozenMap(k, v) => format!("FrozenMap<{}, {}>", name(k), name(v)),
            Type::Function { parameters, result } => {
                format!("fn({}): {}", list(parameters), name(result))
            }
            Type::Max(t) => format!("Max<{}>", name(t)),
            Type::Min(t) => format!("Min<{}>", name(t)),
            Type::Set(t) => format!("Set<{}>", name(t)),
            Type::PosSet(t) => format!("PosSet<{}>", name(t)),
            Type::Bag(t) => format!("Bag<{}>", name(t)),
            Type::Map(k, v) => format!("Map<{}, {}>", name(k), name(v)),
            Type::Lex(a, b) => format!("Lex<{}, {}>", name(a), name(b)),
            Type::Lww(s, v) => format!("Lww<{}, {}>", name(s), name(v)),
            Type::Once(t) => format!("Once<{}>", name(t)),
            Type::Sealed(t) => format!("Sealed<{}>", name(t)),
        }
    }

    /// The type as it is written, with the definitions of all user types in it spelled out: equal
    /// texts mean equal layouts.
    pub fn describe(&self, ty: TypeId) -> String {
        let mut text = self.name(ty);
        let mut seen = vec![ty];
        let mut place = 0;
        while let Some(&ty) = seen.get(place) {
            place += 1;
            let mut child = |t: TypeId| {
                if !seen.contains(&t) {
                    seen.push(t);
                }
            };
            match self.get(ty) {
                Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
                    self.describe_fields(&self.name(ty), fields, &mut text);
                    fields.iter().for_each(|f| child(f.ty));
                }
                Type::Enum { variants, .. } => {
                    for variant in variants {
                        self.describe_fields(&variant.name, &variant.fields, &mut text);
                        variant.fields.iter().for_each(|f| child(f.ty));
                    }
                }
                Type::Tuple(parts) => parts.iter().copied().for_each(child),
                Type::FrozenMap(a, b) | Type::Map(a, b) | Type::Lex(a, b) | Type::Lww(a, b) => {
                    child(*a);
                    child(*b);
                }
                Type::List(t)
                | Type::FrozenSet(t)
                | Type::FrozenBag(t)
                | Type::Max(t)
                | Type::Min(t)
                | Type::Set(t)
                | Type::PosSet(t)
                | Type::Bag(t)
                | Type::Once(t)
                | Type::Sealed(t) => child(*t),
                Type::Bool
                | Type::Int
                | Type::Float
                | Type::String
                | Type::Bytes
                | Type::Addr
                | Type::Time
                | Type::Duration
                | Type::Req
                | Type::Or
                | Type::And
                | Type::Function { .. } => {}
            }
        }
        text
    }

    fn describe_fields(&self, name: &str, fields: &[Field], text: &mut String) {
        put(text, format_args!("; {name}("));
        for field in fields {
            put(
                text,
                format_args!("{}: {},", field.name, self.name(field.ty)),
            );
        }
        text.push(')');
    }
}

impl Store {
    /// Appends a value as an expression that would give it.
    pub fn write(&self, ty: TypeId, word: u64, out: &mut String) {
        match self.types.get(ty) {
            Type::Bool | Type::Or | Type::And => {
                out.push_str(if word != 0 { "true" } else { "false" })
            }
            Type::Int | Type::Req | Type::Time => put(out, word as i64),
            Type::Float => put_debug(out, f64::from_bits(word)),
            Type::Duration => write_duration(word as i64, out),
            Type::Max(inner) | Type::Min(inner) => self.write(*inner, word, out),
            _ if word == BOTTOM => out.push_str("bottom"),
            Type::String => put_debug(out, self.text(word)),
            Type::Addr => {
                out.push('@');
                put_debug(out, self.text(word));
            }
            Type::Bytes => {
                out.push_str("b\"");
                put(out, self.bytes(word).escape_ascii());
                out.push('"');
            }
            Type::Tuple(parts) => {
                let parts = parts.iter().copied().zip(self.words(word).iter().copied());
                self.write_list("(", parts, ")", out);
            }
            Type::Record { name, fields } => {
                out.push_str(name);
                self.write_fields(fields, self.words(word), out);
            }
            Type::Lattice { name, fields, .. } => {
                out.push_str(name);
                let parts = fields
                    .iter()
                    .map(|f| f.ty)
                    .zip(self.words(word).iter().copied());
                self.write_list("(", parts, ")", out);
            }
            Type::Enum { variants, .. } => {
                let words = self.words(word);
                let variant = &variants[words[0] as usize];
                out.push_str(&variant.name);
                if !variant.fields.is_empty() {
                    let types = variant.fields.iter().map(|f| f.ty);
                    self.write_list("(", types.zip(words[1..].iter().copied()), ")", out);
                }
            }
            Type::List(t) => {
                let items = self.words(word).iter().map(|&w| (*t, w));
                self.write_list("[", items, "]", out);
            }
            Type::Set(t) | Type::PosSet(t) | Type::FrozenSet(t) => {
                let items = self.words(word).iter().map(|&w| (*t, w));
                self.write_list("{", items, "}", out);
            }
            Type::Bag(t) | Type::FrozenBag(t) => {
                let entries = self.words(word).chunks_exact(2);
                let items = entries.flat_map(|e| std::iter::repeat_n((*t, e[0]), e[1] as usize));
                self.write_list("Bag([", items, "])", out);
            }
            Type::Map(k, v) | Type::FrozenMap(k, v) => {
                out.push('{');
                for (place, entry) in self.words(word).chunks_exact(2).enumerate() {
                    out.push_str(if place == 0 { "" } else { ", " });
                    self.write(*k, entry[0], out);
                    out.push_str(": ");
                    self.write(*v, entry[1], out);
                }
                out.push('}');
            }
            Type::Lex(a, b) => {
                let words = self.words(word);
                self.write_list(
                    "Lex(",
                    [(*a, words[0]), (*b, words[1])].into_iter(),
                    ")",
                    out,
                );
            }
            Type::Lww(s, v) => {
                let words = self.words(word);
                self.write_list(
                    "Lww(",
                    [(*s, words[0]), (*v, words[1])].into_iter(),
                    ")",
                    out,
                );
            }
            Type::Once(t) => match *self.words(word) {
                [1, held] => self.write_list("Once(", std::iter::once((*t, held)), ")", out),
                [2] => out.push_str("conflict"),
                _ => out.push_str("bottom"),
            },
            Type::Sealed(t) => {
                let words = self.words(word);
                let open = if words[0] != 0 { "sealed(" } else { "open(" };
                self.write_list(open, std::iter::once((*t, words[1])), ")", out);
            }
            Type::Function { .. } => out.push_str("fn"),
        }
    }

    /// Appends `{name: value, …}`.
    pub fn write_fields(&self, fields: &[Field], words: &[u64], out: &mut String) {
        out.push('{');
        for (place, (field, &word)) in fields.iter().zip(words).enumerate() {
            out.push_str(if place == 0 { "" } else { ", " });
            out.push_str(&field.name);
            out.push_str(": ");
            self.write(field.ty, word, out);
        }
        out.push('}');
    }

    fn write_list(
        &self,
        open: &str,
        items: impl Iterator<Item = (TypeId, u64)>,
        close: &str,
        out: &mut String,
    ) {
        out.push_str(open);
        for (place, (ty, word)) in items.enumerate() {
            out.push_str(if place == 0 { "" } else { ", " });
            self.write(ty, word, out);
        }
        out.push_str(close);
    }
}

fn put(out: &mut String, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("a string takes all text");
}

fn put_debug(out: &mut String, value: impl std::fmt::Debug) {
    write!(out, "{value:?}").expect("a string takes all text");
}

/// In the largest unit that divides it.
fn write_duration(nanoseconds: i64, out: &mut String) {
    const UNITS: [(i64, &str); 6] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
        (1, "ns"),
    ];
    let (unit, name) = UNITS
        .into_iter()
        .find(|(unit, _)| nanoseconds != 0 && nanoseconds % unit == 0)
        .unwrap_or((1, "ns"));
    put(out, nanoseconds / unit);
    out.push_str(name);
}
