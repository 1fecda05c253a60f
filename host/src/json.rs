//! Values as JSON, directed by their types.
//!
//! | type | JSON |
//! | --- | --- |
//! | `Bool`, `Or`, `And` | `true`, `false` |
//! | `Int`, `Req` | a number |
//! | `Float` | a number, or `"NaN"`, `"inf"`, `"-inf"` |
//! | `String`, `Addr` | a string |
//! | `Bytes` | a string in base 64 |
//! | `Time`, `Duration` | nanoseconds as a number; a duration may also be read from `"200ms"` |
//! | tuples, `Lex`, `List`, sets | an array |
//! | records, declared lattices | an object by field name |
//! | enums | `"Red"`, or `{"Circle": {"radius": 1}}`; an `Option` is `null` or its value (`{"Some": …}` where the value may itself be `null`) |
//! | bags | an array of `[element, count]` |
//! | maps | an object if the keys are strings or addresses, else an array of `[key, value]` |
//! | `Max`, `Min` | as the value; `null` is bottom |
//! | `Lww` | `[stamp, value]`; `null` is bottom |
//! | `Once` | `null`, `{"value": …}` or `{"conflict": true}` |
//! | `Sealed` | `{"closed": …, "value": …}` |
//!
//! Reading what was written gives the same value (a property test holds both sides to it).

mod parse;
mod read;
mod write;

pub(crate) use parse::parse;
pub(crate) use read::bytes;
pub use read::duration;
pub use read::{Mismatch, read};
pub use write::Typed;
pub(crate) use write::base64;

use bloom_plan::types::{Type, TypeId, TypeTable, Variant};

/// Whether an enum is the prelude's `Option`; the payload's type if so.
pub(crate) fn option_payload(name: &str, variants: &[Variant]) -> Option<TypeId> {
    let is_named = name == "Option" || name.starts_with("Option<");
    match variants {
        [none, some]
            if is_named && none.name == "None" && some.name == "Some" && none.fields.is_empty() =>
        {
            some.fields.first().map(|field| field.ty)
        }
        _ => None,
    }
}

/// Whether some value of the type is written as `null`.
fn may_be_null(types: &TypeTable, ty: TypeId) -> bool {
    match types.get(ty) {
        Type::Enum { name, variants } => option_payload(name, variants).is_some(),
        Type::Max(_) | Type::Min(_) | Type::Lww(..) | Type::Once(_) => true,
        _ => false,
    }
}

/// Whether maps with such keys are objects.
fn is_object_key(types: &TypeTable, ty: TypeId) -> bool {
    matches!(types.get(ty), Type::String | Type::Addr)
}
