//! Constructors and records: what an upper-case path builds or matches.

use super::Resolver;
use super::scope::{ScopeId, TypeEntry};
use crate::base::codes;
use crate::hir::{
    Builtin, Ctor, ItemRef, Loc, OPTION, TypeDefId, TypeDefKind, TypeRef, VariantRef,
};
use crate::syntax::ast::{self, ItemKind};
use smol_str::SmolStr;
use std::sync::Arc;

impl<'a> Resolver<'a> {
    /// What an upper-case path builds or matches, or a report.
    pub fn constructor(&mut self, scope: ScopeId, path: &ast::Path, loc: Loc) -> Option<Ctor> {
        let (last, before) = path.segments.split_last()?;
        match self.type_at(scope, path, loc) {
            Some(entry) => match self.constructor_of(entry) {
                Some(ctor) => return ctor,
                // A record or enum of this name; a variant may have the same.
                None if before.is_empty() => {}
                None => {
                    self.not_a_constructor(path, loc);
                    return None;
                }
            },
            None if before.is_empty() => {
                if let Some(builtin) = Builtin::find(last.as_str()).filter(|b| b.is_lattice()) {
                    return Some(Ctor::Builtin(builtin));
                }
            }
            None => return self.qualified_variant(scope, path, loc),
        }
        let candidates = self.variants_in_scope(scope, last.as_str());
        if candidates.is_empty() && !self.variant_names.contains(&last.text) {
            if self.type_at(scope, path, loc).is_some() || Builtin::find(last.as_str()).is_some() {
                self.not_a_constructor(path, loc);
            } else {
                self.unknown_variant(path, loc);
            }
            return None;
        }
        Some(Ctor::Named {
            name: last.text.clone(),
            candidates,
        })
    }

    /// The constructor that a type is: of a lattice, or of what could not be resolved (`Some(None)`).
    #[expect(
        clippy::option_option,
        reason = "no constructor, and one that was reported, are two answers"
    )]
    fn constructor_of(&mut self, entry: TypeEntry) -> Option<Option<Ctor>> {
        let ty = match entry {
            TypeEntry::Is(ty) => ty,
            TypeEntry::Item {
                item,
                item_ref,
                scope,
            } => match &item.kind {
                ItemKind::TypeAlias(alias) if !self.defining.contains(&(item_ref, true)) => {
                    self.defining.push((item_ref, true));
                    let ty = self.resolve_type(scope, &alias.type_params, &alias.ty, item_ref);
                    self.defining.pop();
                    ty
                }
                ItemKind::Lattice(_) => {
                    TypeRef::Def(self.definition(&item, item_ref, scope), Vec::new())
                }
                _ => return None,
            },
        };
        match ty {
            TypeRef::Def(def, _) if self.program.types[def].is_lattice() => {
                Some(Some(Ctor::Lattice(def)))
            }
            TypeRef::Builtin(builtin, _) if builtin.is_lattice() => {
                Some(Some(Ctor::Builtin(builtin)))
            }
            TypeRef::Error => Some(None),
            _ => None,
        }
    }

    /// `E.Some`, `m.E.Some`
    fn qualified_variant(&mut self, scope: ScopeId, path: &ast::Path, loc: Loc) -> Option<Ctor> {
        let (last, before) = path.segments.split_last()?;
        let of = ast::Path {
            segments: before.to_vec(),
        };
        let def = match self.type_at(scope, &of, loc) {
            Some(TypeEntry::Is(TypeRef::Error)) => return None,
            Some(TypeEntry::Is(TypeRef::Def(def, _))) => Some(def),
            Some(TypeEntry::Item {
                item,
                item_ref,
                scope,
            }) => match &item.kind {
                ItemKind::Enum(_) => Some(self.definition(&item, item_ref, scope)),
                ItemKind::TypeAlias(_) => self.alias_def(&item, item_ref, scope),
                _ => None,
            },
            None if of.as_name().is_some_and(|name| name.as_str() == "Option") => Some(OPTION),
            Some(TypeEntry::Is(_)) | None => None,
        };
        let Some(def) = def else {
            self.unknown_variant(path, loc);
            return None;
        };
        let variants = self.program.types[def].variants();
        let place = variants
            .iter()
            .position(|variant| variant.name == last.text);
        match place {
            Some(place) => Some(Ctor::Variant(VariantRef {
                def,
                variant: place as u32,
            })),
            None => {
                let names: Vec<SmolStr> = variants.iter().map(|v| v.name.clone()).collect();
                let message = format!("`{of}` has no variant `{last}`");
                let names = names.iter().map(SmolStr::as_str);
                let loc = loc.at(last.span);
                self.report_unknown(
                    codes::E0214,
                    loc,
                    last.as_str(),
                    names,
                    message,
                    "no such variant",
                );
                None
            }
        }
    }

    /// The definition that an alias stands for.
    fn alias_def(
        &mut self,
        item: &ast::Item,
        item_ref: ItemRef,
        scope: ScopeId,
    ) -> Option<TypeDefId> {
        let ItemKind::TypeAlias(alias) = &item.kind else {
            return None;
        };
        match self.resolve_type(scope, &alias.type_params, &alias.ty, item_ref) {
            TypeRef::Def(def, _) => Some(def),
            _ => None,
        }
    }

    /// The variants called `name` of the enums in scope, the innermost first.
    fn variants_in_scope(&mut self, scope: ScopeId, name: &str) -> Vec<VariantRef> {
        let mut enums = Vec::new();
        let scopes: Vec<ScopeId> = self.chain(scope).collect();
        for scope in scopes {
            let mut here: Vec<_> = self.scopes[scope]
                .types
                .values()
                .filter_map(|(entry, _)| match entry {
                    TypeEntry::Item {
                        item,
                        item_ref,
                        scope,
                    } => match &item.kind {
                        ItemKind::Enum(decl)
                            if decl.variants.iter().any(|v| v.name.text == name) =>
                        {
                            Some((Arc::clone(item), *item_ref, *scope))
                        }
                        _ => None,
                    },
                    TypeEntry::Is(_) => None,
                })
                .collect();
            here.sort_by_key(|(_, item_ref, _)| *item_ref);
            enums.extend(here);
        }
        let mut defs: Vec<TypeDefId> = enums
            .into_iter()
            .map(|(item, item_ref, scope)| self.definition(&item, item_ref, scope))
            .collect();
        defs.push(OPTION);
        defs.dedup();
        defs.into_iter()
            .filter_map(|def| {
                let variants = self.program.types[def].variants();
                let place = variants.iter().position(|variant| variant.name == name)?;
                Some(VariantRef {
                    def,
                    variant: place as u32,
                })
            })
            .collect()
    }

    /// All that builds a value: variants and lattices, sorted.
    pub fn constructor_names(&self) -> Vec<SmolStr> {
        let mut names: Vec<SmolStr> = self.variant_names.iter().cloned().collect();
        let types = self.program.types.values();
        names.extend(
            types
                .filter(|def| def.is_lattice())
                .map(|def| def.name.clone()),
        );
        let built_in = Builtin::ALL.iter().filter(|builtin| builtin.is_lattice());
        names.extend(built_in.map(|builtin| SmolStr::new_static(builtin.name())));
        names.sort_unstable();
        names
    }

    fn unknown_variant(&mut self, path: &ast::Path, loc: Loc) {
        let names = self.constructor_names();
        let written = path.to_string();
        let message = format!("unknown variant or constructor {written}");
        let names = names.iter().map(SmolStr::as_str);
        self.report_unknown(
            codes::E0214,
            loc,
            &written,
            names,
            message,
            "nothing is built by this name",
        );
    }

    fn not_a_constructor(&mut self, path: &ast::Path, loc: Loc) {
        let diagnostic = self
            .diagnostic(
                codes::E0214,
                loc,
                format!("the type `{path}` is not built like this"),
                "not a variant or lattice",
            )
            .with_help("a record is built as `R{a: 1, b}`, an enum by one of its variants");
        self.report(diagnostic);
    }

    /// The record that a path in front of `{` names, or a report.
    pub fn record_def(&mut self, scope: ScopeId, path: &ast::Path, loc: Loc) -> Option<TypeDefId> {
        let def = match self.type_at(scope, path, loc) {
            Some(TypeEntry::Is(TypeRef::Error)) => return None,
            Some(TypeEntry::Is(TypeRef::Def(def, _))) => Some(def),
            Some(TypeEntry::Is(_)) => None,
            Some(TypeEntry::Item {
                item,
                item_ref,
                scope,
            }) => match &item.kind {
                ItemKind::Record(_) => Some(self.definition(&item, item_ref, scope)),
                ItemKind::TypeAlias(_) => self.alias_def(&item, item_ref, scope),
                _ => None,
            },
            None => {
                let defs = self.program.types.values();
                let names: Vec<SmolStr> = defs.map(|def| def.name.clone()).collect();
                let written = path.to_string();
                let message = format!("unknown record {written}");
                let names = names.iter().map(SmolStr::as_str);
                self.report_unknown(
                    codes::E0203,
                    loc,
                    &written,
                    names,
                    message,
                    "no type of this name",
                );
                return None;
            }
        };
        let def =
            def.filter(|&def| matches!(self.program.types[def].kind, TypeDefKind::Record { .. }));
        if def.is_none() {
            let message = format!("`{path}` is not a record");
            self.error(
                codes::E0214,
                loc,
                message,
                "only a record has fields in braces",
            );
        }
        def
    }

    /// The place of a record's field, or a report.
    pub fn record_field(&mut self, def: TypeDefId, name: &ast::Name, loc: Loc) -> Option<u32> {
        let fields = self.program.types[def].fields();
        if let Some(place) = fields.iter().position(|field| field.name == name.text) {
            return u32::try_from(place).ok();
        }
        let names: Vec<SmolStr> = fields.iter().map(|field| field.name.clone()).collect();
        let message = format!(
            "unknown field {name}: `{}` has no field `{name}`",
            self.program.types[def].name
        );
        let names = names.iter().map(SmolStr::as_str);
        self.report_unknown(
            codes::E0302,
            loc,
            name.as_str(),
            names,
            message,
            "no such field",
        );
        None
    }
}
