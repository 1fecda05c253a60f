//! What the inference of all bodies shares: the store of types, the types of columns and
//! constants, and the diagnostics.

use smol_str::SmolStr;

use super::ty::{Con, Store, Ty};
use crate::base::{Code, Diagnostic};
use crate::hir::{
    Builtin, CollectionId, ConstantId, Function, Loc, NodeKind, Program, TypeDefId, TypeDefKind,
    TypeRef,
};
use bloom_stdx::arena::Id;

pub struct Context<'a> {
    pub program: &'a Program,
    pub store: Store,
    /// The kinds of node, then the unused modules.
    pub kinds: Vec<&'a NodeKind>,
    /// Of each kind, collection and column.
    pub columns: Vec<Vec<Vec<Ty>>>,
    pub constants: Vec<Ty>,
    pub diagnostics: Vec<Diagnostic>,
}

impl<'a> Context<'a> {
    pub fn new(program: &'a Program) -> Self {
        let mut cx = Context {
            program,
            store: Store::default(),
            kinds: program.nodes.values().chain(&program.unused).collect(),
            columns: Vec::new(),
            constants: Vec::new(),
            diagnostics: Vec::new(),
        };
        for constant in program.constants.values() {
            let ty = cx.declared(constant.ty.as_ref());
            cx.constants.push(ty);
        }
        for kind in cx.kinds.clone() {
            let mut collections = Vec::with_capacity(kind.collections.len());
            for collection in kind.collections.values() {
                let columns = collection.columns.iter();
                collections.push(
                    columns
                        .map(|column| cx.declared(column.ty.as_ref()))
                        .collect(),
                );
            }
            cx.columns.push(collections);
        }
        cx
    }

    /// Goes on with what another context has found of the same declarations.
    pub fn resume(
        program: &'a Program,
        store: Store,
        columns: Vec<Vec<Vec<Ty>>>,
        constants: Vec<Ty>,
    ) -> Self {
        Context {
            program,
            store,
            kinds: program.nodes.values().chain(&program.unused).collect(),
            columns,
            constants,
            diagnostics: Vec::new(),
        }
    }

    pub fn columns(&self, kind: usize, collection: CollectionId) -> &[Ty] {
        &self.columns[kind][collection.index()]
    }

    pub fn constant(&self, id: ConstantId) -> Ty {
        self.constants[id.index()]
    }

    /// Whether no column and no constant waits for a rule to tell its type.
    pub fn is_settled(&self) -> bool {
        let columns = self.columns.iter().flatten().flatten();
        let mut all = columns.chain(&self.constants);
        all.all(|&ty| !self.store.holds_var(ty))
    }

    fn declared(&mut self, ty: Option<&TypeRef>) -> Ty {
        match ty {
            Some(ty) => self.lower(ty, &[]),
            None => self.store.fresh(),
        }
    }

    /// A type as written, with `params` for the type parameters around it.
    pub fn lower(&mut self, ty: &TypeRef, params: &[Ty]) -> Ty {
        match ty {
            TypeRef::Error => Ty::ERROR,
            TypeRef::Builtin(builtin, args) => {
                let args = self.lower_all(args, params);
                self.store.builtin(*builtin, args)
            }
            TypeRef::Def(def, args) => {
                let args = self.lower_all(args, params);
                self.def(*def, args)
            }
            TypeRef::Param(place) => params.get(*place as usize).copied().unwrap_or(Ty::ERROR),
            TypeRef::Opaque { name, lattice } => {
                let con = Con::Opaque {
                    name: name.clone(),
                    lattice: *lattice,
                };
                self.store.app(con, [])
            }
            TypeRef::Tuple(parts) => {
                let parts = self.lower_all(parts, params);
                self.store.tuple(parts)
            }
            TypeRef::Function {
                params: parameters,
                result,
            } => {
                let mut args = self.lower_all(parameters, params);
                args.push(self.lower(result, params));
                self.store.app(Con::Function, args)
            }
        }
    }

    fn lower_all(&mut self, types: &[TypeRef], params: &[Ty]) -> Vec<Ty> {
        types.iter().map(|ty| self.lower(ty, params)).collect()
    }

    /// A defined type at type arguments.
    pub fn def(&mut self, def: TypeDefId, args: Vec<Ty>) -> Ty {
        let lattice = self.program.types[def].is_lattice();
        self.store.app(Con::Def { def, lattice }, args)
    }

    /// A defined type at new variables, and these.
    pub fn fresh_def(&mut self, def: TypeDefId) -> (Ty, Vec<Ty>) {
        let params = self.program.types[def].params.len();
        let args: Vec<Ty> = (0..params).map(|_| self.store.fresh()).collect();
        (self.def(def, args.clone()), args)
    }

    /// The fields of a record or lattice with their types; of what a lattice reveals, revealed.
    pub fn fields(&mut self, ty: Ty) -> Vec<(SmolStr, Ty)> {
        let Some((Con::Def { def, lattice }, args)) = self.store.head(ty) else {
            return Vec::new();
        };
        let (def, lattice, args) = (*def, *lattice, args.to_vec());
        let definition = &self.program.types[def];
        let revealed = definition.is_lattice() && !lattice;
        let mut fields = Vec::with_capacity(definition.fields().len());
        for field in definition.fields() {
            let own = self.lower(&field.ty, &args);
            let ty = match revealed {
                true => self.revealed(own).unwrap_or(own),
                false => own,
            };
            fields.push((field.name.clone(), ty));
        }
        fields
    }

    /// The types of a variant's fields.
    pub fn variant_fields(&mut self, def: TypeDefId, variant: u32, args: &[Ty]) -> Vec<Ty> {
        let program = self.program;
        let TypeDefKind::Enum { variants } = &program.types[def].kind else {
            return Vec::new();
        };
        let fields = variants
            .get(variant as usize)
            .map_or(&[][..], |v| &v.fields);
        fields.iter().map(|f| self.lower(&f.ty, args)).collect()
    }

    /// The type of `x.reveal`; none for what is no lattice, or not known well enough.
    pub fn revealed(&mut self, ty: Ty) -> Option<Ty> {
        let (con, args) = self.store.head(ty)?;
        let (con, args) = (con.clone(), args.to_vec());
        let builtin = match con {
            Con::Builtin(builtin) => builtin,
            Con::Tuple if self.store.is_lattice(ty) => return self.revealed_parts(&args),
            Con::Def { def, lattice: true } => {
                let con = Con::Def {
                    def,
                    lattice: false,
                };
                return Some(self.store.app(con, args));
            }
            Con::Tuple | Con::Function | Con::Def { .. } | Con::Opaque { .. } => return None,
        };
        let revealed = match builtin {
            Builtin::Max | Builtin::Min => args[0],
            Builtin::Lww => args[1],
            Builtin::Or | Builtin::And => Ty::BOOL,
            Builtin::Set | Builtin::PosSet => self.store.builtin(Builtin::FrozenSet, args),
            Builtin::Bag => self.store.builtin(Builtin::FrozenBag, args),
            Builtin::Map => {
                let value = self.revealed(args[1])?;
                self.store.builtin(Builtin::FrozenMap, [args[0], value])
            }
            Builtin::Lex => return self.revealed_parts(&args),
            Builtin::Once => self.store.option(args[0]),
            Builtin::Sealed => return self.revealed(args[0]),
            Builtin::Bool
            | Builtin::Int
            | Builtin::Float
            | Builtin::String
            | Builtin::Bytes
            | Builtin::Addr
            | Builtin::Time
            | Builtin::Duration
            | Builtin::Req
            | Builtin::List
            | Builtin::FrozenSet
            | Builtin::FrozenBag
            | Builtin::FrozenMap => return None,
        };
        Some(revealed)
    }

    fn revealed_parts(&mut self, parts: &[Ty]) -> Option<Ty> {
        let parts: Option<Vec<Ty>> = parts.iter().map(|&part| self.revealed(part)).collect();
        parts.map(|parts| self.store.tuple(parts))
    }

    /// Type arguments under which a generic function is checked by itself.
    pub fn opaque_params(&mut self, function: &Function) -> Vec<Ty> {
        let opaque = |param: &crate::hir::TypeParam| Con::Opaque {
            name: param.name.clone(),
            lattice: param.lattice,
        };
        let cons: Vec<Con> = function.type_params.iter().map(opaque).collect();
        cons.into_iter()
            .map(|con| self.store.app(con, []))
            .collect()
    }

    /// The type as the language writes it.
    pub fn show(&self, ty: Ty) -> String {
        self.store
            .show(ty, &|def| self.program.types[def].name.clone())
    }

    /// A diagnostic at a place of the program, not yet reported.
    pub fn diagnostic(
        &self,
        code: Code,
        loc: Loc,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::new(code, self.program.file_span(loc), message, label)
    }
}
