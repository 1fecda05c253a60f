//! How deep values nest whose types hold themselves.

use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::{NESTING_MAX, Value};

use super::Evaluator;

impl Evaluator<'_> {
    /// Whether a value that an expression has made is deeper than any may be.
    pub(super) fn nests_too_deep(&self, ty: TypeId, value: &Value) -> bool {
        self.is_recursive(ty) && self.nesting(ty, value) > NESTING_MAX
    }

    fn is_recursive(&self, ty: TypeId) -> bool {
        self.typed.recursive.get(ty.0 as usize) == Some(&true)
    }

    /// Counts the levels whose types hold themselves.
    fn nesting(&self, ty: TypeId, value: &Value) -> usize {
        if !self.is_recursive(ty) {
            return 0;
        }
        let all = |parts: &mut dyn Iterator<Item = (TypeId, &Value)>| {
            parts
                .map(|(ty, part)| self.nesting(ty, part))
                .max()
                .unwrap_or(0)
        };
        let types = self.types();
        1 + match (types.get(ty), value) {
            (Type::Tuple(tys), Value::Tuple(parts)) => all(&mut tys.iter().copied().zip(&**parts)),
            (Type::Record { fields, .. }, Value::Tuple(parts)) => {
                all(&mut fields.iter().map(|field| field.ty).zip(&**parts))
            }
            (Type::Enum { variants, .. }, Value::Variant(number, parts)) => {
                let fields = variants
                    .get(*number as usize)
                    .map_or(&[][..], |v| &v.fields);
                all(&mut fields.iter().map(|field| field.ty).zip(&**parts))
            }
            (Type::List(of), Value::List(parts)) | (Type::FrozenSet(of), Value::Set(parts)) => {
                all(&mut parts.iter().map(|part| (*of, part)))
            }
            (Type::FrozenBag(of), Value::Bag(entries)) => {
                all(&mut entries.iter().map(|(part, _)| (*of, part)))
            }
            (Type::FrozenMap(key, part), Value::Map(entries)) => {
                let keys = entries.iter().map(|(k, _)| (*key, k));
                all(&mut keys.chain(entries.iter().map(|(_, v)| (*part, v))))
            }
            // Nothing else stands on a cycle of types.
            _ => 0,
        }
    }
}
