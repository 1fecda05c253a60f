//! Types as declared: definitions, and references to them. Aliases are expanded here and gone.

use super::{FunctionId, Loc, TypeDefId};
use crate::syntax::ast;
use smol_str::SmolStr;

/// `enum Option<T> { None, Some(value: T) }`, which every program has.
pub const OPTION: TypeDefId = TypeDefId(0);

/// A record, enum or lattice. One of a generic module is instantiated per type arguments of the module,
/// so its only parameters are its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeDef {
    /// Qualified by the module that declares it, with the module's type arguments if it has any.
    pub name: SmolStr,
    pub params: Vec<TypeParam>,
    pub kind: TypeDefKind,
    pub doc: SmolStr,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeDefKind {
    Record {
        fields: Vec<Field>,
    },
    Enum {
        variants: Vec<Variant>,
    },
    Lattice {
        fields: Vec<Field>,
        form: LatticeForm,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LatticeForm {
    /// Each field merges.
    Product,
    /// The first field that differs decides.
    Lexicographic,
    /// `bottom(): L` and `merge(a: L, b: L): L`, generic as the lattice is. `None` where it was left out,
    /// which is an error already.
    Own {
        bottom: Option<FunctionId>,
        merge: Option<FunctionId>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeParam {
    pub name: SmolStr,
    /// `<lattice L>`
    pub lattice: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    pub name: SmolStr,
    pub ty: TypeRef,
    pub doc: SmolStr,
    pub loc: Loc,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    pub name: SmolStr,
    pub fields: Vec<Field>,
    pub doc: SmolStr,
    pub loc: Loc,
}

/// A type as written, with its names resolved. The number of arguments is right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TypeRef {
    /// Was reported.
    Error,
    Builtin(Builtin, Vec<TypeRef>),
    Def(TypeDefId, Vec<TypeRef>),
    /// A type parameter of the definition or function that this stands in.
    Param(u32),
    /// A type parameter of a module that is only checked, not instantiated.
    Opaque {
        name: SmolStr,
        lattice: bool,
    },
    Tuple(Vec<TypeRef>),
    Function {
        params: Vec<TypeRef>,
        result: Box<TypeRef>,
    },
}

macro_rules! builtins {
    ($($name:ident $params:literal $lattice:literal;)*) => {
        /// A type that the language provides.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Builtin { $($name),* }

        impl Builtin {
            pub const ALL: &[Builtin] = &[$(Builtin::$name),*];

            pub const fn name(self) -> &'static str {
                match self { $(Builtin::$name => stringify!($name)),* }
            }

            /// How many type arguments it takes.
            pub const fn params(self) -> usize {
                match self { $(Builtin::$name => $params),* }
            }

            pub const fn is_lattice(self) -> bool {
                match self { $(Builtin::$name => $lattice),* }
            }
        }
    };
}

builtins! {
    Bool 0 false;
    Int 0 false;
    Float 0 false;
    String 0 false;
    Bytes 0 false;
    Addr 0 false;
    Time 0 false;
    Duration 0 false;
    Req 0 false;
    List 1 false;
    FrozenSet 1 false;
    FrozenBag 1 false;
    FrozenMap 2 false;
    Max 1 true;
    Min 1 true;
    Or 0 true;
    And 0 true;
    Set 1 true;
    PosSet 1 true;
    Bag 1 true;
    Map 2 true;
    Lex 2 true;
    Lww 2 true;
    Once 1 true;
    Sealed 1 true;
}

impl Builtin {
    pub fn find(name: &str) -> Option<Builtin> {
        Builtin::ALL.iter().copied().find(|b| b.name() == name)
    }
}

impl TypeDef {
    /// The fields of a record or lattice; none for an enum.
    pub fn fields(&self) -> &[Field] {
        match &self.kind {
            TypeDefKind::Record { fields } | TypeDefKind::Lattice { fields, .. } => fields,
            TypeDefKind::Enum { .. } => &[],
        }
    }

    /// The variants of an enum; none for others.
    pub fn variants(&self) -> &[Variant] {
        match &self.kind {
            TypeDefKind::Enum { variants } => variants,
            TypeDefKind::Record { .. } | TypeDefKind::Lattice { .. } => &[],
        }
    }

    /// The fields of a record or lattice, or those of all variants of an enum.
    pub fn all_fields(&self) -> impl Iterator<Item = &Field> {
        let variants = self.variants().iter();
        let of_variants = variants.flat_map(|variant| &variant.fields);
        self.fields().iter().chain(of_variants)
    }

    pub fn is_lattice(&self) -> bool {
        matches!(self.kind, TypeDefKind::Lattice { .. })
    }
}

impl TypeRef {
    pub const fn plain(builtin: Builtin) -> TypeRef {
        TypeRef::Builtin(builtin, Vec::new())
    }

    /// The type and all types written in it.
    pub fn walk(&self, visit: &mut dyn FnMut(&TypeRef)) {
        visit(self);
        match self {
            TypeRef::Builtin(_, of) | TypeRef::Def(_, of) | TypeRef::Tuple(of) => {
                of.iter().for_each(|ty| ty.walk(visit));
            }
            TypeRef::Function { params, result } => {
                params.iter().for_each(|ty| ty.walk(visit));
                result.walk(visit);
            }
            TypeRef::Error | TypeRef::Param(_) | TypeRef::Opaque { .. } => {}
        }
    }

    /// Whether a function is among what its values are made of, as far as it is written here.
    pub fn has_functions(&self) -> bool {
        match self {
            TypeRef::Function { .. } => true,
            TypeRef::Builtin(_, of) | TypeRef::Def(_, of) | TypeRef::Tuple(of) => {
                of.iter().any(TypeRef::has_functions)
            }
            TypeRef::Error | TypeRef::Param(_) | TypeRef::Opaque { .. } => false,
        }
    }

    /// This type with `args` in place of [`TypeRef::Param`]s.
    #[must_use]
    pub fn substitute(&self, args: &[TypeRef]) -> TypeRef {
        let all = |types: &[TypeRef]| types.iter().map(|ty| ty.substitute(args)).collect();
        match self {
            TypeRef::Error => TypeRef::Error,
            TypeRef::Builtin(builtin, of) => TypeRef::Builtin(*builtin, all(of)),
            TypeRef::Def(def, of) => TypeRef::Def(*def, all(of)),
            TypeRef::Param(i) => args.get(*i as usize).cloned().unwrap_or(TypeRef::Error),
            TypeRef::Opaque { .. } => self.clone(),
            TypeRef::Tuple(parts) => TypeRef::Tuple(all(parts)),
            TypeRef::Function { params, result } => TypeRef::Function {
                params: all(params),
                result: Box::new(result.substitute(args)),
            },
        }
    }
}

impl From<&ast::TypeParam> for TypeParam {
    fn from(param: &ast::TypeParam) -> Self {
        Self {
            name: param.name.text.clone(),
            lattice: param.lattice,
        }
    }
}
