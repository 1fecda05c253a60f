//! Types as texts: as users write them, and with the definitions of all that they name, which tells whether stored values
//! are those of another program.

use std::fmt::Write;

use bloom_plan::types::{Field, Type, TypeId, TypeTable};

/// A type as users write it.
pub fn type_name(types: &TypeTable, ty: TypeId) -> String {
    let mut text = String::new();
    write_type(&mut text, types, ty, None);
    text
}

/// A type with the definitions of all that it names: equal texts have equal values.
pub fn type_shape(types: &TypeTable, ty: TypeId) -> String {
    let mut text = String::new();
    write_type(&mut text, types, ty, Some(&mut Vec::new()));
    text
}

/// With `around`, the types that the definition being written stands in, definitions are written too;
/// one that leads back to itself is a name there.
fn write_type(
    out: &mut String,
    types: &TypeTable,
    ty: TypeId,
    mut around: Option<&mut Vec<TypeId>>,
) {
    let mut generic = |name: &str, arguments: &[TypeId]| {
        out.push_str(name);
        for (i, &argument) in arguments.iter().enumerate() {
            out.push_str(if i == 0 { "<" } else { ", " });
            write_type(out, types, argument, around.as_deref_mut());
        }
        out.push('>');
    };
    match types.get(ty) {
        Type::Bool => out.push_str("Bool"),
        Type::Int => out.push_str("Int"),
        Type::Float => out.push_str("Float"),
        Type::String => out.push_str("String"),
        Type::Bytes => out.push_str("Bytes"),
        Type::Addr => out.push_str("Addr"),
        Type::Time => out.push_str("Time"),
        Type::Duration => out.push_str("Duration"),
        Type::Req => out.push_str("Req"),
        Type::Or => out.push_str("Or"),
        Type::And => out.push_str("And"),
        Type::Tuple(parts) => {
            out.push('(');
            for (i, &part) in parts.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_type(out, types, part, around.as_deref_mut());
            }
            out.push(')');
        }
        Type::Record { name, fields } | Type::Lattice { name, fields, .. } => {
            out.push_str(name);
            if let Some(around) = around.filter(|around| !around.contains(&ty)) {
                around.push(ty);
                write_fields(out, types, fields, around);
                around.pop();
            }
        }
        Type::Enum { name, variants } => {
            out.push_str(name);
            let Some(around) = around.filter(|around| !around.contains(&ty)) else {
                return;
            };
            around.push(ty);
            for (i, variant) in variants.iter().enumerate() {
                out.push_str(if i == 0 { " = " } else { " | " });
                out.push_str(&variant.name);
                write_fields(out, types, &variant.fields, around);
            }
            around.pop();
        }
        Type::List(a) => generic("List", &[*a]),
        Type::FrozenSet(a) => generic("FrozenSet", &[*a]),
        Type::FrozenBag(a) => generic("FrozenBag", &[*a]),
        Type::FrozenMap(a, b) => generic("FrozenMap", &[*a, *b]),
        Type::Max(a) => generic("Max", &[*a]),
        Type::Min(a) => generic("Min", &[*a]),
        Type::Set(a) => generic("Set", &[*a]),
        Type::PosSet(a) => generic("PosSet", &[*a]),
        Type::Bag(a) => generic("Bag", &[*a]),
        Type::Map(a, b) => generic("Map", &[*a, *b]),
        Type::Lex(a, b) => generic("Lex", &[*a, *b]),
        Type::Lww(a, b) => generic("Lww", &[*a, *b]),
        Type::Once(a) => generic("Once", &[*a]),
        Type::Sealed(a) => generic("Sealed", &[*a]),
        Type::Function { .. } => write!(out, "function").expect("writing to a string never fails"),
    }
}

fn write_fields(out: &mut String, types: &TypeTable, fields: &[Field], around: &mut Vec<TypeId>) {
    out.push_str(" {");
    for (i, field) in fields.iter().enumerate() {
        out.push_str(if i == 0 { " " } else { ", " });
        out.push_str(&field.name);
        out.push_str(": ");
        write_type(out, types, field.ty, Some(around));
    }
    out.push_str(" }");
}
