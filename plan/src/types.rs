//! Types of columns and values, interned in a [`TypeTable`] so that equal types have equal ids.
//!
//! At run time every value is one 64-bit word. `Bool`, `Int`, `Float`, `Time`, `Duration` and `Req`
//! are the word itself; every other type is a handle into the node's store of values, hash-consed
//! by (type, contents), so that equality of words is equality of values. What a handle's contents
//! look like is told at each variant below.

mod cycles;

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

/// A type whose values join, taken apart as joins need it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lattice<'t> {
    /// Pointwise, if every part is a lattice.
    Tuple(&'t [TypeId]),
    Max(TypeId),
    Min(TypeId),
    Or,
    And,
    /// A `Set` or `PosSet`.
    Set(TypeId),
    Bag(TypeId),
    Map(TypeId, TypeId),
    Lex(TypeId, TypeId),
    Lww(TypeId, TypeId),
    Once(TypeId),
    Sealed(TypeId),
    Declared(LatticeKind, &'t [Field]),
}

impl Type {
    /// The type as a lattice; none if its values do not join. Of a tuple its parts decide.
    pub fn as_lattice(&self) -> Option<Lattice<'_>> {
        let lattice = match self {
            Type::Tuple(parts) => Lattice::Tuple(parts),
            Type::Max(inner) => Lattice::Max(*inner),
            Type::Min(inner) => Lattice::Min(*inner),
            Type::Or => Lattice::Or,
            Type::And => Lattice::And,
            Type::Set(element) | Type::PosSet(element) => Lattice::Set(*element),
            Type::Bag(element) => Lattice::Bag(*element),
            Type::Map(key, value) => Lattice::Map(*key, *value),
            Type::Lex(first, second) => Lattice::Lex(*first, *second),
            Type::Lww(stamp, value) => Lattice::Lww(*stamp, *value),
            Type::Once(inner) => Lattice::Once(*inner),
            Type::Sealed(inner) => Lattice::Sealed(*inner),
            Type::Lattice { kind, fields, .. } => Lattice::Declared(*kind, fields),
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
            | Type::Function { .. } => return None,
        };
        Some(lattice)
    }
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

/// All types of a program, each once. Children precede parents, except on a cycle of records and enums.
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
        match self.get(id).as_lattice() {
            Some(Lattice::Tuple(parts)) => {
                !parts.is_empty() && parts.iter().all(|&part| self.is_lattice(part))
            }
            lattice => lattice.is_some(),
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

    /// A type as the language writes it.
    pub fn show(&self, ty: TypeId) -> String {
        let list = |tys: &[TypeId]| {
            let shown: Vec<String> = tys.iter().map(|&ty| self.show(ty)).collect();
            shown.join(", ")
        };
        let of = |name: &str, tys: &[TypeId]| format!("{name}<{}>", list(tys));
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
            Type::List(of_type) => of("List", &[*of_type]),
            Type::FrozenSet(of_type) => of("FrozenSet", &[*of_type]),
            Type::FrozenBag(of_type) => of("FrozenBag", &[*of_type]),
            Type::FrozenMap(key, value) => of("FrozenMap", &[*key, *value]),
            Type::Function { parameters, result } => {
                format!("fn({}): {}", list(parameters), self.show(*result))
            }
            Type::Max(of_type) => of("Max", &[*of_type]),
            Type::Min(of_type) => of("Min", &[*of_type]),
            Type::Set(of_type) => of("Set", &[*of_type]),
            Type::PosSet(of_type) => of("PosSet", &[*of_type]),
            Type::Bag(of_type) => of("Bag", &[*of_type]),
            Type::Map(key, value) => of("Map", &[*key, *value]),
            Type::Lex(first, second) => of("Lex", &[*first, *second]),
            Type::Lww(stamp, value) => of("Lww", &[*stamp, *value]),
            Type::Once(of_type) => of("Once", &[*of_type]),
            Type::Sealed(of_type) => of("Sealed", &[*of_type]),
            Type::Enum { name, variants } if name == "Option" => {
                let some = variants.iter().flat_map(|variant| &variant.fields).next();
                some.map_or(name.to_string(), |some| format!("{}?", self.show(some.ty)))
            }
            Type::Record { name, .. } | Type::Enum { name, .. } | Type::Lattice { name, .. } => {
                name.to_string()
            }
        }
    }
}
