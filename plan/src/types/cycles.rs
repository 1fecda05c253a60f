//! Types that hold themselves: records and enums on a cycle, and what stands between them.
//!
//! A cyclic type has its number before its parts have theirs ([`TypeTable::reserve`]) and is filled
//! in once they do ([`TypeTable::define`]); that is the only way in which a part has a greater number
//! than what it is part of. Two such types are one only if whoever reserves them sees to it: their
//! contents name themselves, so they cannot be told equal by structure.

use super::{Field, Type, TypeId, TypeTable};
use bloom_stdx::graph::components;
use smol_str::format_smolstr;

impl TypeTable {
    /// A number for a record or enum whose parts lead back to it. [`Self::define`] must follow.
    pub fn reserve(&mut self) -> TypeId {
        // No program can write this name, and the number makes it one of a kind.
        let name = format_smolstr!("<{}>", self.len());
        self.intern(Type::Enum {
            name,
            variants: Vec::new(),
        })
    }

    /// Says what a reserved type is.
    pub fn define(&mut self, id: TypeId, ty: Type) {
        let reserved = std::mem::replace(&mut self.types[id.0 as usize], ty.clone());
        self.ids.remove(&reserved);
        self.ids.insert(ty, id);
    }

    /// The types that a type is made of, as far as it says itself.
    pub fn children(&self, id: TypeId) -> Vec<TypeId> {
        let of_fields = |fields: &[Field]| fields.iter().map(|field| field.ty).collect();
        match self.get(id) {
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
            | Type::And => Vec::new(),
            Type::Tuple(parts) => parts.clone(),
            Type::Record { fields, .. } | Type::Lattice { fields, .. } => of_fields(fields),
            Type::Enum { variants, .. } => {
                let fields = variants.iter().flat_map(|variant| &variant.fields);
                fields.map(|field| field.ty).collect()
            }
            Type::Function { parameters, result } => {
                parameters.iter().copied().chain([*result]).collect()
            }
            Type::List(of)
            | Type::FrozenSet(of)
            | Type::FrozenBag(of)
            | Type::Max(of)
            | Type::Min(of)
            | Type::Set(of)
            | Type::PosSet(of)
            | Type::Bag(of)
            | Type::Once(of)
            | Type::Sealed(of) => vec![*of],
            Type::FrozenMap(a, b) | Type::Map(a, b) | Type::Lex(a, b) | Type::Lww(a, b) => {
                vec![*a, *b]
            }
        }
    }

    /// Of each type, whether its values may hold values of itself: only those nest without a bound
    /// that the type tells.
    pub fn recursive(&self) -> Vec<bool> {
        let children: Vec<Vec<usize>> = (0..self.len())
            .map(|id| self.children(TypeId(id as u32)))
            .map(|ids| ids.into_iter().map(|id| id.0 as usize).collect())
            .collect();
        let mut recursive = vec![false; self.len()];
        for component in components(&children) {
            let cyclic = component.len() > 1 || children[component[0]].contains(&component[0]);
            for id in component {
                recursive[id] = cyclic;
            }
        }
        recursive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Variant;

    #[test]
    fn a_tree_holds_itself_and_what_holds_a_tree_need_not() {
        let mut types = TypeTable::default();
        let int = types.intern(Type::Int);
        let tree = types.reserve();
        let list = types.intern(Type::List(tree));
        let field = |name: &str, ty| Field {
            name: name.into(),
            ty,
        };
        let fork = Variant {
            name: "Fork".into(),
            fields: vec![field("key", int), field("parts", list)],
        };
        let ty = Type::Enum {
            name: "Tree".into(),
            variants: vec![fork],
        };
        types.define(tree, ty.clone());
        let set = types.intern(Type::Set(tree));
        assert_eq!(types.intern(ty), tree);
        let recursive = types.recursive();
        assert_eq!(
            [int, tree, list, set].map(|id| recursive[id.0 as usize]),
            [false, true, true, false]
        );
    }
}
