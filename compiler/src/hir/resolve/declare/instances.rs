//! Declaring what other modules bring: imports, includes, protocols.

use crate::base::codes;
use crate::hir::resolve::modules::Placement;
use crate::hir::resolve::scope::{Scope, ScopeId, TypeEntry, Value};
use crate::hir::resolve::{Resolver, doc};
use crate::hir::{ItemRef, Loc};
use crate::syntax::ast::{self, ItemKind, ModuleKind};
use smol_str::{SmolStr, format_smolstr};

impl<'a> Resolver<'a> {
    pub fn declare_import(&mut self, scope: ScopeId, import: &'a ast::Import, item: ItemRef) {
        let alias = import.alias.as_ref().unwrap_or(import.target.path.last());
        let loc = Loc::new(item, alias.span);
        let instance = self.bind(scope, item, &import.target).and_then(|binding| {
            let outer = &self.scopes[scope];
            let placement = Placement {
                prefix: format_smolstr!("{}{alias}.", outer.prefix),
                key: format_smolstr!("{}{alias}.", outer.key),
                imported: true,
                at: Loc::new(item, import.target.span),
            };
            self.open(&binding, placement)
        });
        let value = instance.map_or(Value::Error, Value::Instance);
        self.declare_value(scope, alias, value, loc);
    }

    pub fn declare_include(&mut self, scope: ScopeId, include: &'a ast::Include, item: ItemRef) {
        let Some(binding) = self.bind(scope, item, &include.target) else {
            return;
        };
        let outer = &self.scopes[scope];
        let placement = Placement {
            prefix: outer.prefix.clone(),
            key: format_smolstr!("{}+{}.", outer.key, binding.target.name),
            imported: outer.imported,
            at: Loc::new(item, include.target.span),
        };
        // The instance is the next scope to be made; groups are left out while it is declared.
        let next = self.scopes.next_id();
        let without = include.without.iter().map(|name| (next, name.text.clone()));
        self.kind.without.extend(without);
        let Some(included) = self.open(&binding, placement) else {
            return;
        };
        for group in &include.without {
            if !self.scopes[included].groups.contains(&group.text) {
                let names = self.scopes[included].groups.clone();
                let message = format!(
                    "unknown rule group {group}: `{}` has no such group",
                    binding.target.name
                );
                let loc = Loc::new(item, group.span);
                let names = names.iter().map(SmolStr::as_str);
                self.report_unknown(
                    codes::E0608,
                    loc,
                    group.as_str(),
                    names,
                    message,
                    "no such group",
                );
            }
        }
        self.mix_in(scope, included, Loc::new(item, include.target.span));
    }

    /// Enters the names of an included instance in the including scope.
    fn mix_in(&mut self, scope: ScopeId, included: ScopeId, at: Loc) {
        let mut values: Vec<_> = self.scopes[included]
            .values
            .iter()
            .map(|(name, entry)| (name.clone(), *entry))
            .collect();
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, (value, loc)) in values {
            match self.scopes[scope].values.get(&name) {
                Some(&(_, before)) => self.report_duplicate(&name, at, before),
                None => {
                    self.scopes[scope].values.insert(name, (value, loc));
                }
            }
        }
        let types = self.scopes[included].types.clone();
        let modules = self.scopes[included].modules.clone();
        let groups = self.scopes[included].groups.clone();
        let scope = &mut self.scopes[scope];
        for (name, entry) in types {
            scope.types.entry(name).or_insert(entry);
        }
        for (name, entry) in modules {
            scope.modules.entry(name).or_insert(entry);
        }
        scope.groups.extend(groups);
    }

    /// Declares what the protocols of a module declare and the module does not, and notes their outputs.
    pub fn declare_protocols(
        &mut self,
        scope: ScopeId,
        header: &'a ast::ModuleItem,
        item: ItemRef,
    ) {
        for ty in &header.protocols {
            let Some(protocol) = self.protocol_of(scope, ty, item) else {
                let loc = Loc::new(item, ty.span);
                self.error(
                    codes::E0607,
                    loc,
                    "what follows `:` must be a protocol",
                    "not a protocol",
                );
                continue;
            };
            let Some(of) = protocol.target.header else {
                continue;
            };
            // The protocol's own scope tells what its types mean; it declares nothing in the kind.
            let outer = &self.scopes[scope];
            let mut types = Scope::new(
                protocol.target.parent,
                protocol.target.identity.source,
                protocol.target.identity.offset.unwrap_or(0),
            );
            types.prefix = outer.prefix.clone();
            types.key = outer.key.clone();
            types.type_env.clone_from(&protocol.type_args);
            let types = self.scopes.push(types);
            self.opened.insert(protocol.target.identity);
            for (param, ty) in of.type_params.iter().zip(&protocol.type_args) {
                let loc = Loc::new(item, param.name.span);
                let entry = (TypeEntry::Is(ty.clone()), loc);
                self.scopes[types]
                    .types
                    .insert(param.name.text.clone(), entry);
            }
            self.declare_names(types, &of.items);
            self.declare_interface(scope, types, &of.items);
            if header.kind != ModuleKind::Protocol {
                self.promise_outputs(scope, header, of, Loc::new(item, ty.span));
            }
        }
    }

    /// Notes the outputs of a protocol that the module must derive.
    fn promise_outputs(
        &mut self,
        scope: ScopeId,
        module: &ast::ModuleItem,
        protocol: &ast::ModuleItem,
        at: Loc,
    ) {
        for node in &protocol.items {
            if let ItemKind::Collection(decl) = &node.item.kind
                && decl.kind == ast::CollectionKind::Output
                && let Some(&(Value::Collection(id), _)) =
                    self.scopes[scope].values.get(&decl.name.text)
            {
                self.kind.promised.push((id, module.name.text.clone(), at));
            }
        }
    }

    /// Declares the collections of a protocol that `scope` does not declare itself. Their types mean what they
    /// mean in `types`.
    pub fn declare_interface(
        &mut self,
        scope: ScopeId,
        types: ScopeId,
        items: &'a [ast::ItemNode],
    ) {
        for node in items {
            let item_ref = self.item_of(types, node);
            let ItemKind::Collection(decl) = &node.item.kind else {
                self.check_protocol_item(&node.item, item_ref);
                continue;
            };
            if types == scope || !self.scopes[scope].values.contains_key(&decl.name.text) {
                let docs = doc(&node.item.docs);
                let attributes = self.attributes(&node.item, item_ref);
                self.declare_collection(scope, decl, types, item_ref, docs, attributes);
            }
        }
    }

    /// A protocol declares; it does nothing.
    fn check_protocol_item(&mut self, item: &ast::Item, item_ref: ItemRef) {
        let declares = matches!(
            item.kind,
            ItemKind::TypeAlias(_)
                | ItemKind::Record(_)
                | ItemKind::Enum(_)
                | ItemKind::Lattice(_)
                | ItemKind::Broken(_)
        );
        if !declares {
            let message = "a protocol holds only collections and types";
            self.error(
                codes::E0609,
                Loc::new(item_ref, item.span),
                message,
                "belongs in a module",
            );
        }
    }
}
