//! Types as text, for reports and for comparing the types of two nodes.

use std::fmt::Write;

use bloom_plan::types::{Field, Type, TypeId};

use super::Types;

impl Types {
    /// The type as it is written.
    pub fn name(&self, ty: TypeId) -> String {
        self.table().show(ty)
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

fn put(out: &mut String, value: impl std::fmt::Display) {
    write!(out, "{value}").expect("a string takes all text");
}
