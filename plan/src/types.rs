//! Types of columns and values, interned in a [`TypeTable`] so that equal types have equal ids.
//!
//! At run time every value is one 64-bit word. `Bool`, `Int`, `Float`, `Time`, `Duration` and `Req`
//! are the word itself; every other type is a handle into the node's store of values, hash-consed
//! by (type, contents), so that equality of words is equality of values. What a handle's contents
//! look like is told at each variant below.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Index of a type in its program's [`TypeTable`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct TypeId(pub u32);

/// A monomorphic type. User types carry their definition, so that a table is self-contained.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Type {
    /// Word: 0 or 1.
    Bool,
    /// Word: two's complement.
    Int,
    /// Word: IEEE bits; NaN canonical, no negative zero.
    Float,
    /// Handle: UTF-8 bytes.
    String,
    /// Handle: bytes.
    Bytes,
    /// Handle: UTF-8 bytes of `host:port` (or a node's name in tests).
    Addr,
    /// Word: nanoseconds since the Unix epoch, or since start in simulation.
    Time,
    /// Word: nanoseconds.
    Duration,
    /// Word: the identity of a request at its node.
    Req,
    /// Handle: one word a part. A tuple of lattices is a lattice (pointwise).
    Tuple(Vec<TypeId>),
    /// Handle: the elements' words in order.
    List(TypeId),
    /// Handle: one word a field. Fields in declared order.
    Record { name: SmolStr, fields: Vec<Field> },
    /// Handle: the variant's number, then its fields. `Option` is an enum of the prelude.
    Enum {
        name: SmolStr,
        variants: Vec<Variant>,
    },
    /// Handle: elements ascending.
    FrozenSet(TypeId),
    /// Handle: alternately element (ascending) and multiplicity.
    FrozenBag(TypeId),
    /// Handle: alternately key (ascending) and value.
    FrozenMap(TypeId, TypeId),
    /// A function; only as a parameter of a function, never in a column.
    Function {
        parameters: Vec<TypeId>,
        result: TypeId,
    },

    // Lattices. Bottom of `Max`/`Min` over words without a natural least element is [`BOTTOM`].
    /// The word or handle of `T`.
    Max(TypeId),
    /// The word or handle of `T`.
    Min(TypeId),
    /// Word: 0 or 1; join is `||`.
    Or,
    /// Word: 0 or 1; join is `&&`.
    And,
    /// As `FrozenSet`.
    Set(TypeId),
    /// As `FrozenSet`; elements join only positively (no `not`, size monotone).
    PosSet(TypeId),
    /// As `FrozenBag`; join is the pointwise maximum of multiplicities.
    Bag(TypeId),
    /// As `FrozenMap`; values are lattices and join pointwise.
    Map(TypeId, TypeId),
    /// Handle: two words. The first decides; equal firsts join the seconds. Both are lattices.
    Lex(TypeId, TypeId),
    /// Handle: stamp, value; or [`BOTTOM`].
    Lww(TypeId, TypeId),
    /// Handle: 1 and the value, or 2 alone in conflict; bottom is 0 alone.
    Once(TypeId),
    /// Handle: closed (0 or 1), inner lattice.
    Sealed(TypeId),
    /// A lattice of the user or of the standard library. Handle: one word a field.
    Lattice {
        name: SmolStr,
        kind: LatticeKind,
        fields: Vec<Field>,
    },
}

/// The word of a bottom that is no value of the underlying type.
pub const BOTTOM: u64 = u64::MAX;

/// How a declared lattice joins.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum LatticeKind {
    /// Field by field.
    Product,
    /// Lexicographic over the fields.
    Lex,
    /// By the function `merge` of the declaration; see `Plan::own_lattices`.
    Own,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Field {
    pub name: SmolStr,
    pub ty: TypeId,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Variant {
    pub name: SmolStr,
    pub fields: Vec<Field>,
}

/// All types of a program, each once. Children precede parents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeTable {
    types: Vec<Type>,
    #[serde(skip)]
    ids: std::collections::HashMap<Type, TypeId>,
}

impl TypeTable {
    /// The id of `ty`, adding it if it is new.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if self.ids.len() != self.types.len() {
            self.ids = self.types.iter().cloned().zip((0..).map(TypeId)).collect();
        }
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = TypeId(self.types.len() as u32);
        self.types.push(ty.clone());
        self.ids.insert(ty, id);
        id
    }

    pub fn get(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.types
            .iter()
            .enumerate()
            .map(|(i, ty)| (TypeId(i as u32), ty))
    }

    pub fn len(&self) -> usize {
        self.types.len()
    }

    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// Whether values of the type join: built-in and declared lattices, and tuples of lattices.
    pub fn is_lattice(&self, id: TypeId) -> bool {
        match self.get(id) {
            Type::Tuple(parts) => !parts.is_empty() && parts.iter().all(|&p| self.is_lattice(p)),
            Type::Max(_)
            | Type::Min(_)
            | Type::Or
            | Type::And
            | Type::Set(_)
            | Type::PosSet(_)
            | Type::Bag(_)
            | Type::Map(..)
            | Type::Lex(..)
            | Type::Lww(..)
            | Type::Once(_)
            | Type::Sealed(_)
            | Type::Lattice { .. } => true,
            Type::Bool
            | Type::Int
            | Type::Float
            | Type::String
            | Type::Bytes
            | Type::Addr
            | Type::Time
            | Type::Duration
            | Type::Req
            | Type::List(_)
            | Type::Record { .. }
            | Type::Enum { .. }
            | Type::FrozenSet(_)
            | Type::FrozenBag(_)
            | Type::FrozenMap(..)
            | Type::Function { .. } => false,
        }
    }

    /// Whether a value of the type is a word by itself, rather than a handle.
    pub fn is_word(&self, id: TypeId) -> bool {
        match self.get(id) {
            Type::Bool
            | Type::Int
            | Type::Float
            | Type::Time
            | Type::Duration
            | Type::Req
            | Type::Or
            | Type::And => true,
            Type::Max(inner) | Type::Min(inner) => self.is_word(*inner),
            _ => false,
        }
    }
}
