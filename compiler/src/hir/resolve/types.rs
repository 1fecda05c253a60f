//! Types: references as written, and the definitions they lead to.
//!
//! A definition is made when it is first referred to, once for each list of type arguments of the modules
//! around it. Aliases are expanded. A record or enum may lead back to itself (`recursion` says when it is
//! refused); an alias that does so by itself has no end, and a lattice no bottom.

use super::scope::{ScopeId, TypeEntry};
use super::{PRELUDE, Resolver, doc, wording};
use crate::base::codes;
use crate::hir::{
    Builtin, Field, ItemRef, LatticeForm, Loc, OPTION, OwnLattice, TypeDef, TypeDefId, TypeDefKind,
    TypeParam, TypeRef, Variant,
};
use crate::syntax::ast::{self, ItemKind, TypeKind};
use smol_str::{SmolStr, format_smolstr};

impl<'a> Resolver<'a> {
    /// What a type as written means. `params` are those of the definition or function it stands in.
    pub fn resolve_type(
        &mut self,
        scope: ScopeId,
        params: &[ast::TypeParam],
        ty: &ast::Type,
        item: ItemRef,
    ) -> TypeRef {
        match &ty.kind {
            TypeKind::Tuple(parts) => {
                TypeRef::Tuple(self.resolve_types(scope, params, parts, item))
            }
            TypeKind::Option(inner) => {
                let inner = self.resolve_type(scope, params, inner, item);
                TypeRef::Def(OPTION, vec![inner])
            }
            TypeKind::Function { params: of, ret } => TypeRef::Function {
                params: self.resolve_types(scope, params, of, item),
                result: Box::new(self.resolve_type(scope, params, ret, item)),
            },
            TypeKind::Path { path, args } => {
                let args = self.resolve_types(scope, params, args, item);
                self.resolve_type_path(scope, params, path, args, Loc::new(item, ty.span))
            }
        }
    }

    fn resolve_types(
        &mut self,
        scope: ScopeId,
        params: &[ast::TypeParam],
        types: &[ast::Type],
        item: ItemRef,
    ) -> Vec<TypeRef> {
        types
            .iter()
            .map(|ty| self.resolve_type(scope, params, ty, item))
            .collect()
    }

    fn resolve_type_path(
        &mut self,
        scope: ScopeId,
        params: &[ast::TypeParam],
        path: &ast::Path,
        args: Vec<TypeRef>,
        loc: Loc,
    ) -> TypeRef {
        if let Some(name) = path.as_name()
            && let Some(place) = params.iter().position(|param| param.name.text == name.text)
        {
            return self.with_args(path, 0, args, loc, |_| TypeRef::Param(place as u32));
        }
        if let Some(entry) = self.type_at(scope, path, loc) {
            return self.entry_type(entry, path, args, loc);
        }
        match path
            .as_name()
            .map(|name| (name.as_str(), Builtin::find(name.as_str())))
        {
            Some(("Option", None)) => {
                self.with_args(path, 1, args, loc, |args| TypeRef::Def(OPTION, args))
            }
            Some((_, Some(builtin))) => self.with_args(path, builtin.params(), args, loc, |args| {
                TypeRef::Builtin(builtin, args)
            }),
            Some((_, None)) | None => {
                self.report_unknown_type(scope, params, path, loc);
                TypeRef::Error
            }
        }
    }

    /// The declaration that a path of a type leads to, through imports or files.
    pub fn type_at(&mut self, scope: ScopeId, path: &ast::Path, at: Loc) -> Option<TypeEntry> {
        let (last, before) = path.segments.split_last()?;
        if before.is_empty() {
            return self.type_entry(scope, last.as_str());
        }
        let inside = match self.instance(scope, before) {
            Some(instance) => instance,
            None => match self.find_source(self.scopes[scope].source, before)? {
                (source, used) if used == before.len() => self.ambient(source, at)?,
                _ => return None,
            },
        };
        let (entry, _) = self.scopes[inside].types.get(last.as_str())?;
        Some(entry.clone())
    }

    fn entry_type(
        &mut self,
        entry: TypeEntry,
        path: &ast::Path,
        args: Vec<TypeRef>,
        loc: Loc,
    ) -> TypeRef {
        match entry {
            TypeEntry::Is(ty) => self.with_args(path, 0, args, loc, |_| ty),
            TypeEntry::Item {
                item,
                item_ref,
                scope,
            } => {
                if self.leads_back(&item, item_ref) {
                    let message = format!("recursive type `{path}`: it contains itself");
                    let diagnostic = self
                        .diagnostic(codes::E0313, loc, message, "leads back to the type it is part of")
                        .with_help("only records and enums may hold themselves: declare one, or keep the parts in a collection and refer to them by key");
                    self.report(diagnostic);
                    return TypeRef::Error;
                }
                if let ItemKind::TypeAlias(alias) = &item.kind {
                    self.defining.push((item_ref, true));
                    let ty = self.resolve_type(scope, &alias.type_params, &alias.ty, item_ref);
                    self.defining.pop();
                    let wanted = alias.type_params.len();
                    return self.with_args(path, wanted, args, loc, |args| ty.substitute(&args));
                }
                let def = self.definition(&item, item_ref, scope);
                let wanted = self.program.types[def].params.len();
                self.with_args(path, wanted, args, loc, |args| TypeRef::Def(def, args))
            }
        }
    }

    /// Whether a type that is being defined is met again where it cannot be: an alias with no definition
    /// between, a lattice anywhere.
    fn leads_back(&self, item: &ast::Item, item_ref: ItemRef) -> bool {
        let Some(place) = self.defining.iter().rposition(|(own, _)| *own == item_ref) else {
            return false;
        };
        match &item.kind {
            ItemKind::Lattice(_) => true,
            ItemKind::TypeAlias(_) => self.defining[place..].iter().all(|(_, alias)| *alias),
            _ => false,
        }
    }

    fn with_args(
        &mut self,
        path: &ast::Path,
        wanted: usize,
        args: Vec<TypeRef>,
        loc: Loc,
        make: impl FnOnce(Vec<TypeRef>) -> TypeRef,
    ) -> TypeRef {
        if args.len() == wanted {
            return make(args);
        }
        let (given, wanted) = (args.len(), wording::count(wanted, "type argument"));
        let message = format!("`{path}` takes {wanted}, {given} given");
        self.error(codes::E0216, loc, message, "wrong number of type arguments");
        TypeRef::Error
    }

    fn report_unknown_type(
        &mut self,
        scope: ScopeId,
        params: &[ast::TypeParam],
        path: &ast::Path,
        loc: Loc,
    ) {
        let mut names: Vec<SmolStr> = self
            .chain(scope)
            .flat_map(|scope| self.scopes[scope].types.keys().cloned())
            .chain(params.iter().map(|param| param.name.text.clone()))
            .chain(
                Builtin::ALL
                    .iter()
                    .map(|builtin| SmolStr::new(builtin.name())),
            )
            .collect();
        names.push(SmolStr::new("Option"));
        names.sort_unstable();
        let written = path.to_string();
        let names = names.iter().map(SmolStr::as_str);
        let message = format!("unknown type {written}");
        self.report_unknown(
            codes::E0203,
            loc,
            &written,
            names,
            message,
            "no type of this name",
        );
    }

    /// Resolves a type that nothing may refer to, for its mistakes.
    pub fn check_definition(&mut self, item: &ast::Item, item_ref: ItemRef, scope: ScopeId) {
        if let ItemKind::TypeAlias(alias) = &item.kind {
            self.defining.push((item_ref, true));
            self.resolve_type(scope, &alias.type_params, &alias.ty, item_ref);
            self.defining.pop();
        } else {
            self.definition(item, item_ref, scope);
        }
    }

    /// The record, enum or lattice that an item declares.
    pub fn definition(&mut self, item: &ast::Item, item_ref: ItemRef, scope: ScopeId) -> TypeDefId {
        let key = (item_ref, self.scopes[scope].type_env.clone());
        if let Some(&id) = self.types.get(&key) {
            return id;
        }
        let (name, params): (_, &[ast::TypeParam]) = match &item.kind {
            ItemKind::Record(record) => (&record.name, &record.type_params),
            ItemKind::Enum(item) => (&item.name, &item.type_params),
            ItemKind::Lattice(lattice) => (&lattice.name, &lattice.type_params),
            _ => unreachable!("only records, enums and lattices are entered as definitions"),
        };
        let loc = Loc::new(item_ref, name.span);
        let id = self.program.types.push(TypeDef {
            name: self.definition_name(scope, name, &key.1),
            params: params.iter().map(TypeParam::from).collect(),
            kind: TypeDefKind::Record { fields: Vec::new() },
            doc: doc(&item.docs),
            loc,
        });
        self.types.insert(key, id);
        self.defining.push((item_ref, false));
        let kind = match &item.kind {
            ItemKind::Record(record) => TypeDefKind::Record {
                fields: self.fields(scope, params, &record.fields, item_ref),
            },
            ItemKind::Enum(item) => TypeDefKind::Enum {
                variants: self.variants(scope, item, item_ref),
            },
            ItemKind::Lattice(lattice) => TypeDefKind::Lattice {
                fields: self.fields(scope, params, &lattice.fields, item_ref),
                form: match lattice.form {
                    ast::LatticeForm::Product => LatticeForm::Product,
                    ast::LatticeForm::Lexicographic => LatticeForm::Lexicographic,
                    ast::LatticeForm::Own(_) => LatticeForm::Own {
                        bottom: None,
                        merge: None,
                    },
                },
            },
            _ => unreachable!("only records, enums and lattices are entered as definitions"),
        };
        self.defining.pop();
        self.program.types[id].kind = kind;
        if let ItemKind::Lattice(lattice) = &item.kind
            && let ast::LatticeForm::Own(own) = &lattice.form
        {
            self.check_own_parts(own, id);
            self.own_merge(scope, lattice, own, id, item_ref);
        }
        id
    }

    /// Types of a generic module are told apart by its arguments, others by the file; those of the prelude are as
    /// if built in.
    fn definition_name(&self, scope: ScopeId, name: &ast::Name, env: &[TypeRef]) -> SmolStr {
        let prefix = match self.scopes[scope].source {
            0 => String::new(),
            source if self.sources[source].name == PRELUDE => String::new(),
            source => format!("{}.", self.sources[source].name),
        };
        format_smolstr!("{prefix}{name}{}", self.show_args(env))
    }

    /// A type of values that are kept: not one of functions.
    pub fn resolve_kept_type(
        &mut self,
        scope: ScopeId,
        params: &[ast::TypeParam],
        ty: &ast::Type,
        loc: Loc,
    ) -> TypeRef {
        let resolved = self.resolve_type(scope, params, ty, loc.item);
        if !resolved.has_functions() {
            return resolved;
        }
        let message = "a function is no value that can be kept";
        let label = "its type has functions";
        let diagnostic = self
            .diagnostic(codes::E0315, loc, message, label)
            .with_help("only a parameter of a function may be a function: `fn each(f: fn(Int): Int, n: Int): Int = f(n);`");
        self.report(diagnostic);
        TypeRef::Error
    }

    fn fields(
        &mut self,
        scope: ScopeId,
        params: &[ast::TypeParam],
        fields: &[ast::Field],
        item: ItemRef,
    ) -> Vec<Field> {
        let mut resolved: Vec<Field> = Vec::with_capacity(fields.len());
        for field in fields {
            let loc = Loc::new(item, field.name.span);
            if let Some(before) = resolved
                .iter()
                .find(|before| before.name == field.name.text)
            {
                let before = before.loc;
                self.report_duplicate(field.name.as_str(), loc, before);
                continue;
            }
            resolved.push(Field {
                name: field.name.text.clone(),
                ty: self.resolve_kept_type(scope, params, &field.ty, loc),
                doc: doc(&field.docs),
                loc,
            });
        }
        resolved
    }

    fn variants(&mut self, scope: ScopeId, decl: &ast::Enum, item: ItemRef) -> Vec<Variant> {
        let mut resolved: Vec<Variant> = Vec::with_capacity(decl.variants.len());
        for variant in &decl.variants {
            let loc = Loc::new(item, variant.name.span);
            if let Some(before) = resolved
                .iter()
                .find(|before| before.name == variant.name.text)
            {
                let before = before.loc;
                self.report_duplicate(variant.name.as_str(), loc, before);
                continue;
            }
            resolved.push(Variant {
                name: variant.name.text.clone(),
                fields: self.fields(scope, &decl.type_params, &variant.fields, item),
                doc: doc(&variant.docs),
                loc,
            });
        }
        resolved
    }

    /// What has a merge of its own has a bottom of its own too, and the other way round.
    fn check_own_parts(&mut self, own: &ast::OwnMerge, id: TypeDefId) {
        let (part, form) = match (&own.bottom, &own.merge) {
            (Some(_), Some(_)) => return,
            (None, _) => ("bottom", "bottom = …;"),
            (Some(_), None) => ("merge", "merge(a, b) = …;"),
        };
        let def = &self.program.types[id];
        let message = format!("the lattice `{}` has no {part}", def.name);
        let diagnostic = self
            .diagnostic(codes::E0408, def.loc, message, "declared with a block")
            .with_help(format!("add `{form}`; without a block each field merges"));
        self.report(diagnostic);
    }

    /// The functions `bottom` and `merge` of a lattice.
    fn own_merge(
        &mut self,
        scope: ScopeId,
        lattice: &ast::Lattice,
        own: &ast::OwnMerge,
        id: TypeDefId,
        item: ItemRef,
    ) {
        let args = (0..lattice.type_params.len())
            .map(|i| TypeRef::Param(i as u32))
            .collect();
        let this = TypeRef::Def(id, args);
        let name = self.program.types[id].name.clone();
        let bottom_value = own.bottom.as_ref().map(|value| {
            let mark = OwnLattice::Bottom(id);
            let name = format_smolstr!("{name}.bottom");
            self.lattice_function(scope, lattice, name, mark, &[], value, &this, item)
        });
        let merge_value = own.merge.as_ref().map(|merge| {
            let mark = OwnLattice::Merge(id);
            let name = format_smolstr!("{name}.merge");
            let params = [&merge.left, &merge.right];
            self.lattice_function(
                scope,
                lattice,
                name,
                mark,
                &params,
                &merge.body,
                &this,
                item,
            )
        });
        if let TypeDefKind::Lattice {
            form: LatticeForm::Own { bottom, merge },
            ..
        } = &mut self.program.types[id].kind
        {
            (*bottom, *merge) = (bottom_value, merge_value);
        }
    }

    /// A type as the user would write it.
    pub fn show(&self, ty: &TypeRef) -> String {
        self.program.show_type(ty)
    }

    /// `<Int, String>`, or nothing.
    pub fn show_args(&self, args: &[TypeRef]) -> String {
        if args.is_empty() {
            return String::new();
        }
        let args: Vec<String> = args.iter().map(|arg| self.show(arg)).collect();
        format!("<{}>", args.join(", "))
    }
}
