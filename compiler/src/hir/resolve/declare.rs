//! Declaring what a file or module holds: names first, contents later.
//!
//! [`declare_names`](Resolver::declare_names) enters types and modules, so that imports and parameters may
//! name them; [`declare_items`](Resolver::declare_items) enters the rest and leaves work in [`super::kind::Kind`].

mod instances;

use super::attributes::Attributes;
use super::kind::{PendingColumns, PendingConstant, PendingFunction, PendingRule, RuleTree};
use super::modules::Args;
use super::scope::{ModuleEntry, ScopeId, TypeEntry, Value};
use super::{Resolver, doc};
use crate::base::codes;
use crate::hir::{
    Body, Collection, CollectionKind, Column, Constant, ConstantId, Delivery, Function, FunctionId,
    ItemRef, Loc, TypeRef,
};
use crate::syntax::ast::{self, ItemKind, ModuleKind};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

impl<'a> Resolver<'a> {
    /// The item of a node in `scope`.
    pub fn item_of(&mut self, scope: ScopeId, node: &ast::ItemNode) -> ItemRef {
        let scope = &self.scopes[scope];
        let (source, offset) = (scope.source, scope.base + node.offset);
        self.item(source, offset)
    }

    pub fn declare_names(&mut self, scope: ScopeId, items: &'a [ast::ItemNode]) {
        for node in items {
            let item_ref = self.item_of(scope, node);
            let name = match &node.item.kind {
                ItemKind::TypeAlias(item) => &item.name,
                ItemKind::Record(item) => &item.name,
                ItemKind::Enum(item) => &item.name,
                ItemKind::Lattice(item) => &item.name,
                ItemKind::Module(header) => {
                    let base = self.scopes[scope].base + node.offset;
                    self.declare_module(scope, header, item_ref, base);
                    continue;
                }
                ItemKind::Broken(broken) => {
                    self.declare_broken(scope, broken, item_ref);
                    continue;
                }
                _ => continue,
            };
            let loc = Loc::new(item_ref, name.span);
            if let Some(&(_, before)) = self.scopes[scope].types.get(&name.text) {
                self.report_duplicate(name.as_str(), loc, before);
                continue;
            }
            let entry = TypeEntry::Item {
                item: Arc::clone(&node.item),
                item_ref,
                scope,
            };
            self.scopes[scope]
                .types
                .insert(name.text.clone(), (entry, loc));
            self.kind.types.push((scope, name.text.clone()));
        }
    }

    fn declare_module(
        &mut self,
        scope: ScopeId,
        header: &'a ast::ModuleItem,
        item_ref: ItemRef,
        base: u32,
    ) {
        let name = &header.name;
        let loc = Loc::new(item_ref, name.span);
        if let Some(&(_, before)) = self.scopes[scope].modules.get(&name.text) {
            self.report_duplicate(name.as_str(), loc, before);
            return;
        }
        let entry = ModuleEntry::Item {
            header,
            item_ref,
            scope,
            base,
        };
        self.scopes[scope]
            .modules
            .insert(name.text.clone(), (entry, loc));
    }

    /// Names that a broken item seems to declare mean something that was reported.
    fn declare_broken(&mut self, scope: ScopeId, broken: &ast::Broken, item_ref: ItemRef) {
        for name in &broken.declares {
            let loc = Loc::new(item_ref, name.span);
            let scope = &mut self.scopes[scope];
            if name.is_upper() {
                let entry = (TypeEntry::Is(TypeRef::Error), loc);
                scope.types.entry(name.text.clone()).or_insert(entry);
            } else {
                scope
                    .values
                    .entry(name.text.clone())
                    .or_insert((Value::Error, loc));
            }
        }
    }

    pub fn declare_items(&mut self, scope: ScopeId, items: &'a [ast::ItemNode]) {
        for node in items {
            let item = self.item_of(scope, node);
            if let ItemKind::Include(include) = &node.item.kind {
                self.declare_include(scope, include, item);
            }
        }
        for node in items {
            let item = self.item_of(scope, node);
            if let ItemKind::Import(import) = &node.item.kind {
                self.declare_import(scope, import, item);
            }
        }
        for node in items {
            self.declare_item(scope, node);
        }
    }

    fn declare_item(&mut self, scope: ScopeId, node: &'a ast::ItemNode) {
        let item_ref = self.item_of(scope, node);
        let item = &node.item;
        let attributes = self.attributes(item, item_ref);
        let rules = |this: &mut Self, rules: &[RuleTree<'a>], group, bootstrap, seal| {
            this.kind
                .rules
                .extend(rules.iter().map(|&rule| PendingRule {
                    scope,
                    rule,
                    item: item_ref,
                    group: SmolStr::clone(&group),
                    bootstrap,
                    seal,
                    nondeterministic: attributes.nondeterministic.clone(),
                }));
        };
        match &item.kind {
            ItemKind::Rule(rule) => {
                let rule = RuleTree::Item(rule);
                rules(self, &[rule], SmolStr::default(), false, false);
            }
            ItemKind::Seal(seal) => {
                let rule = RuleTree::Inner(&seal.rule);
                rules(self, &[rule], SmolStr::default(), false, true);
            }
            ItemKind::Bootstrap(block) => {
                let inner: Vec<RuleTree<'_>> = block.rules.iter().map(RuleTree::Inner).collect();
                rules(self, &inner, SmolStr::default(), true, false);
            }
            ItemKind::Rules(group) => {
                self.scopes[scope].groups.push(group.name.text.clone());
                let qualified = self.scopes[scope].qualified(group.name.as_str());
                if !self
                    .kind
                    .without
                    .contains(&(scope, group.name.text.clone()))
                {
                    let inner: Vec<RuleTree<'_>> =
                        group.rules.iter().map(RuleTree::Inner).collect();
                    rules(self, &inner, qualified, false, false);
                }
            }
            ItemKind::Collection(decl) => {
                self.declare_collection(scope, decl, scope, item_ref, doc(&item.docs), attributes);
            }
            ItemKind::Periodic(decl) => {
                self.declare_periodic(scope, decl, item_ref, doc(&item.docs))
            }
            ItemKind::Const(decl) => {
                let ty = decl.ty.as_ref().map(|ty| (ty, item_ref));
                let loc = Loc::new(item_ref, decl.name.span);
                let value = Some((&decl.value, scope, item_ref));
                self.declare_constant(scope, &decl.name, ty, value, false, loc);
            }
            ItemKind::Function(decl) => {
                self.declare_function(scope, decl, item_ref, doc(&item.docs));
            }
            ItemKind::Extern(node) => self.declare_extern(scope, node, item_ref),
            ItemKind::Spec(_) | ItemKind::Test(_) | ItemKind::FaultTest(_) => {
                self.check_at_top(scope, item, item_ref, "a test or spec");
            }
            ItemKind::Module(module) if module.kind == ModuleKind::Node => {
                self.check_at_top(scope, item, item_ref, "a node");
            }
            ItemKind::Import(_)
            | ItemKind::Include(_)
            | ItemKind::TypeAlias(_)
            | ItemKind::Record(_)
            | ItemKind::Enum(_)
            | ItemKind::Lattice(_)
            | ItemKind::Module(_)
            | ItemKind::Broken(_) => {}
        }
    }

    /// What runs as a whole belongs to a file, not to a module in it.
    fn check_at_top(&mut self, scope: ScopeId, item: &ast::Item, item_ref: ItemRef, what: &str) {
        if !self.scopes[scope].is_file {
            let message = format!("{what} stands at the top of a file");
            self.error(
                codes::E0609,
                Loc::new(item_ref, item.span),
                message,
                "inside a module or node",
            );
        }
    }

    /// Enters a constant in `scope`; its value is an expression of another scope and item.
    pub fn declare_constant(
        &mut self,
        scope: ScopeId,
        name: &ast::Name,
        ty: Option<(&'a ast::Type, ItemRef)>,
        value: Option<(&'a ast::Expr, ScopeId, ItemRef)>,
        parameter: bool,
        loc: Loc,
    ) -> ConstantId {
        let key = (self.scopes[scope].key.clone(), name.text.clone());
        let known = self.constants.get(&key).copied();
        let id = known.unwrap_or_else(|| {
            let qualified = self.scopes[scope].qualified(name.as_str());
            self.program.constants.push(Constant {
                name: qualified,
                ty: None,
                parameter,
                init: None,
                loc,
            })
        });
        if known.is_none() {
            self.constants.insert(key, id);
            self.kind.constants.push(PendingConstant {
                id,
                scope,
                ty,
                value,
            });
        }
        self.kind.node.constants.push(id);
        if parameter {
            self.kind.node.parameters.push(id);
        }
        self.declare_value(scope, name, Value::Constant(id), loc);
        id
    }

    fn declare_function(
        &mut self,
        scope: ScopeId,
        decl: &'a ast::Function,
        item: ItemRef,
        doc: SmolStr,
    ) -> FunctionId {
        let loc = Loc::new(item, decl.name.span);
        let key = (self.scopes[scope].key.clone(), decl.name.text.clone());
        let known = self.functions.get(&key).copied();
        let id = known.unwrap_or_else(|| {
            let function = Function {
                name: self.scopes[scope].qualified(decl.name.as_str()),
                type_params: decl.type_params.iter().map(Into::into).collect(),
                params: Vec::new(),
                param_names: decl
                    .params
                    .iter()
                    .map(|param| param.name.text.clone())
                    .collect(),
                result: TypeRef::Error,
                kind: decl.kind,
                lattice: None,
                body: Body::new(loc),
                doc,
                loc,
            };
            self.program.functions.push(function)
        });
        if known.is_none() {
            self.functions.insert(key, id);
            self.kind.functions.push(PendingFunction {
                id,
                scope,
                decl,
                item,
            });
        }
        self.declare_value(scope, &decl.name, Value::Function(id), loc);
        id
    }

    /// Enters a collection in `scope`; its types and defaults mean what they mean in `meaning`.
    pub fn declare_collection(
        &mut self,
        scope: ScopeId,
        decl: &'a ast::Collection,
        meaning: ScopeId,
        item: ItemRef,
        doc: SmolStr,
        attributes: Attributes,
    ) {
        let loc = Loc::new(item, decl.name.span);
        if let Some(&(_, before)) = self.scopes[scope].values.get(&decl.name.text) {
            self.report_duplicate(decl.name.as_str(), loc, before);
            return;
        }
        let (kind, columns) = self.columns_as_declared(decl, item);
        let outer = &self.scopes[scope];
        let public = !outer.imported
            && matches!(
                kind,
                CollectionKind::Input | CollectionKind::Output | CollectionKind::View
            );
        // The input of an import is derived, not fed.
        let arrives = !(outer.imported && kind == CollectionKind::Input);
        let id = self.kind.node.collections_mut().push(Collection {
            name: outer.qualified(decl.name.as_str()),
            kind,
            columns,
            durable: decl.durable.is_some(),
            immutable: decl.immutable.is_some(),
            sealed_by: Vec::new(),
            public,
            imported: outer.imported,
            nondeterministic: attributes.nondeterministic,
            delivery: match arrives {
                true => attributes.delivery,
                false => Delivery::Free,
            },
            doc,
            loc,
        });
        self.declare_value(scope, &decl.name, Value::Collection(id), loc);
        let pending = PendingColumns {
            id,
            decl,
            scope: meaning,
            item,
        };
        self.declare_sealing(&pending);
        self.kind.columns.push(pending);
    }

    fn declare_periodic(
        &mut self,
        scope: ScopeId,
        decl: &'a ast::Periodic,
        item: ItemRef,
        doc: SmolStr,
    ) {
        let loc = Loc::new(item, decl.name.span);
        let every_name = ast::Name::new(format_smolstr!("{}.every", decl.name), decl.name.span);
        let every = self.declare_constant(
            scope,
            &every_name,
            None,
            Some((&decl.every, scope, item)),
            false,
            loc,
        );
        self.program.constants[every].ty = Some(TypeRef::plain(crate::hir::Builtin::Duration));
        let imported = self.scopes[scope].imported;
        let column = |name: &str, ty, key| Column {
            name: SmolStr::new(name),
            ty: Some(TypeRef::plain(ty)),
            key,
            location: false,
            default: None,
            doc: SmolStr::default(),
            loc,
        };
        let id = self.kind.node.collections_mut().push(Collection {
            name: self.scopes[scope].qualified(decl.name.as_str()),
            kind: CollectionKind::Periodic { every },
            columns: vec![
                column("id", crate::hir::Builtin::Int, true),
                column("at", crate::hir::Builtin::Time, true),
            ],
            durable: false,
            immutable: false,
            sealed_by: Vec::new(),
            public: false,
            imported,
            nondeterministic: None,
            delivery: Delivery::Free,
            doc,
            loc,
        });
        self.declare_value(scope, &decl.name, Value::Collection(id), loc);
    }

    /// Arguments as they are given to the kind itself.
    pub fn args_at_start(opaque: bool) -> Args<'a> {
        if opaque { Args::Opaque } else { Args::AtStart }
    }
}
