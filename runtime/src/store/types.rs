//! What the store knows of types. Types whose values look alike share a class, so that a value
//! keeps its handle when it is injected into a lattice or revealed: `Max<T>` is in the class of
//! `T`, `Set<T>` in that of `FrozenSet<T>`.

use bloom_plan::types::{Field, Type, TypeId, TypeTable, Variant};

/// The type of one word of a value's contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// A number of the layout itself: of a variant, a multiplicity, a state.
    Raw,
    Of(TypeId),
}

/// A program's types with their classes. Numbers of the plan's types stay as they are.
#[derive(Debug)]
pub struct Types {
    table: TypeTable,
    class: Vec<TypeId>,
    word: Vec<bool>,
    bytes: Vec<bool>,
    recursive: Vec<bool>,
    string: TypeId,
    addr: TypeId,
    int: TypeId,
}

impl Types {
    pub fn new(mut table: TypeTable) -> Types {
        let string = table.intern(Type::String);
        let addr = table.intern(Type::Addr);
        let int = table.intern(Type::Int);
        let mut class: Vec<TypeId> = Vec::with_capacity(table.len());
        let recursive = table.recursive();
        // Classes are types themselves, appended as they come up; each is its own class. Types that
        // hold themselves are plain, and so are all that stand on the cycle.
        let mut number = 0;
        while number < table.len() {
            let id = TypeId(number as u32);
            let likeness = match recursive.get(number) {
                Some(true) => Likeness::Same(id),
                Some(false) | None => likeness(table.get(id), &class, id),
            };
            class.push(match likeness {
                Likeness::Same(other) => other,
                Likeness::Of(ty) => table.intern(ty),
            });
            number += 1;
        }
        let word = table
            .iter()
            .map(|(id, ty)| matches!(ty, Type::Function { .. }) || table.is_word(id));
        let bytes = table
            .iter()
            .map(|(id, _)| table.get(class[id.0 as usize]))
            .map(|ty| matches!(ty, Type::String | Type::Bytes | Type::Addr));
        Types {
            word: word.collect(),
            bytes: bytes.collect(),
            recursive: table.recursive(),
            class,
            string,
            addr,
            int,
            table,
        }
    }

    pub fn get(&self, ty: TypeId) -> &Type {
        self.table.get(ty)
    }

    pub fn table(&self) -> &TypeTable {
        &self.table
    }

    pub fn class(&self, ty: TypeId) -> TypeId {
        self.class[ty.0 as usize]
    }

    /// Whether a value is a word by itself, rather than a handle.
    pub fn is_word(&self, ty: TypeId) -> bool {
        self.word[ty.0 as usize]
    }

    /// Whether contents are bytes rather than words.
    pub fn is_bytes(&self, ty: TypeId) -> bool {
        self.bytes[ty.0 as usize]
    }

    /// Whether values of the type may hold values of it.
    pub fn is_recursive(&self, ty: TypeId) -> bool {
        self.recursive[ty.0 as usize]
    }

    pub fn string(&self) -> TypeId {
        self.string
    }

    pub fn addr(&self) -> TypeId {
        self.addr
    }

    pub fn int(&self) -> TypeId {
        self.int
    }

    /// The type of the word at a place of the contents of a value of the type.
    pub fn part(&self, ty: TypeId, contents: &[u64], place: usize) -> Part {
        match self.get(ty) {
            Type::Tuple(parts) => Part::Of(parts[place]),
            Type::Record { fields, .. } | Type::Lattice { fields, .. } => {
                Part::Of(fields[place].ty)
            }
            Type::List(t) | Type::FrozenSet(t) | Type::Set(t) | Type::PosSet(t) => Part::Of(*t),
            Type::FrozenBag(t) | Type::Bag(t) => match place % 2 {
                0 => Part::Of(*t),
                _ => Part::Raw,
            },
            Type::FrozenMap(a, b) | Type::Map(a, b) | Type::Lex(a, b) | Type::Lww(a, b) => {
                Part::Of(if place.is_multiple_of(2) { *a } else { *b })
            }
            Type::Enum { variants, .. } => match place {
                0 => Part::Raw,
                _ => Part::Of(variants[contents[0] as usize].fields[place - 1].ty),
            },
            Type::Once(t) | Type::Sealed(t) => match place {
                0 => Part::Raw,
                _ => Part::Of(*t),
            },
            Type::Max(t) | Type::Min(t) => self.part(*t, contents, place),
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
            | Type::Function { .. } => Part::Raw,
        }
    }
}

enum Likeness {
    Same(TypeId),
    Of(Type),
}

/// The class of a type whose children have theirs. A type after the plan's own is a class already,
/// as are its children, which may stand after it.
fn likeness(ty: &Type, class: &[TypeId], id: TypeId) -> Likeness {
    let of = |t: TypeId| class.get(t.0 as usize).copied().unwrap_or(t);
    let fields = |fields: &[Field]| -> Vec<Field> {
        let field = |f: &Field| Field {
            name: f.name.clone(),
            ty: of(f.ty),
        };
        fields.iter().map(field).collect()
    };
    Likeness::Of(match ty {
        Type::Max(t) | Type::Min(t) => return Likeness::Same(of(*t)),
        Type::Or | Type::And => Type::Bool,
        Type::Tuple(parts) => Type::Tuple(parts.iter().map(|&t| of(t)).collect()),
        Type::List(t) => Type::List(of(*t)),
        Type::Set(t) | Type::PosSet(t) | Type::FrozenSet(t) => Type::FrozenSet(of(*t)),
        Type::Bag(t) | Type::FrozenBag(t) => Type::FrozenBag(of(*t)),
        Type::Map(k, v) | Type::FrozenMap(k, v) => Type::FrozenMap(of(*k), of(*v)),
        Type::Lex(a, b) => Type::Lex(of(*a), of(*b)),
        Type::Lww(s, v) => Type::Lww(of(*s), of(*v)),
        Type::Once(t) => Type::Once(of(*t)),
        Type::Sealed(t) => Type::Sealed(of(*t)),
        Type::Record { name, fields: f } => Type::Record {
            name: name.clone(),
            fields: fields(f),
        },
        Type::Lattice {
            name,
            kind,
            fields: f,
        } => Type::Lattice {
            name: name.clone(),
            kind: *kind,
            fields: fields(f),
        },
        Type::Enum { name, variants } => {
            let variant = |v: &Variant| Variant {
                name: v.name.clone(),
                fields: fields(&v.fields),
            };
            Type::Enum {
                name: name.clone(),
                variants: variants.iter().map(variant).collect(),
            }
        }
        Type::Bool
        | Type::Int
        | Type::Float
        | Type::String
        | Type::Bytes
        | Type::Addr
        | Type::Time
        | Type::Duration
        | Type::Req
        | Type::Function { .. } => return Likeness::Same(id),
    })
}
