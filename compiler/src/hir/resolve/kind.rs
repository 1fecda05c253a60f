//! Building a kind of node: declare everything, then resolve what the declarations hold.

use std::borrow::Cow;
use std::sync::Arc;

use super::again::StandingKind;
use super::modules::{Args, Binding, Identity, Placement, Target};
use super::recall::Key;
use super::scope::{ScopeId, TypeEntry};
use super::{ItemRef, Resolver, doc};
use crate::base::{Span, codes};
use crate::hir::{CollectionId, ConstantId, FunctionId, Loc, NodeId, NodeKind, TypeRef};
use crate::syntax::ast::{self, ItemKind, ModuleKind};
use bloom_stdx::arena::Arena;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

/// A kind of node while it is built, and what is still to be resolved in it.
#[derive(Default)]
pub(super) struct Kind<'a> {
    pub node: NodeKind,
    /// How many collections there are before any rule is resolved.
    pub declared: usize,
    /// Files that something nested in them is taken from.
    pub ambient: FxHashMap<usize, ScopeId>,
    /// Of modules that others nest in, by the scope around them.
    pub ambient_modules: FxHashMap<(ScopeId, super::modules::Identity), ScopeId>,
    pub types: Vec<(ScopeId, SmolStr)>,
    pub columns: Vec<PendingColumns<'a>>,
    pub constants: Vec<PendingConstant<'a>>,
    pub functions: Vec<PendingFunction<'a>>,
    pub rules: Vec<PendingRule<'a>>,
    /// Collections of an `extern node`.
    pub foreign: FxHashSet<CollectionId>,
    /// Paths through an `extern node`, in the scope around it.
    pub paths: Vec<(ScopeId, &'a ast::ExternPath, ItemRef)>,
    /// Rule groups that are left out of an instance.
    pub without: FxHashSet<(ScopeId, SmolStr)>,
    /// Outputs that a protocol promises, by whom and where.
    pub promised: Vec<(CollectionId, SmolStr, Loc)>,
    /// What `sealed by` stands for, by the sealed collection.
    pub seals: FxHashMap<CollectionId, super::seal::Seals>,
    pub standing: StandingKind,
}

#[derive(Clone, Copy)]
pub(super) struct PendingColumns<'a> {
    pub id: CollectionId,
    pub decl: &'a ast::Collection,
    pub scope: ScopeId,
    pub item: ItemRef,
}

pub(super) struct PendingConstant<'a> {
    pub id: ConstantId,
    /// Of the type.
    pub scope: ScopeId,
    pub ty: Option<(&'a ast::Type, ItemRef)>,
    pub value: Option<(&'a ast::Expr, ScopeId, ItemRef)>,
}

pub(super) struct PendingFunction<'a> {
    pub id: FunctionId,
    pub scope: ScopeId,
    pub decl: &'a ast::Function,
    pub item: ItemRef,
}

pub(super) struct PendingRule<'a> {
    pub scope: ScopeId,
    pub rule: RuleTree<'a>,
    pub item: ItemRef,
    /// Empty for none.
    pub group: SmolStr,
    pub bootstrap: bool,
    pub seal: bool,
    pub nondeterministic: Option<SmolStr>,
}

/// Where the tree of a rule is.
#[derive(Clone, Copy)]
pub(super) enum RuleTree<'a> {
    Item(&'a ast::RuleItem),
    /// In an item.
    Inner(&'a ast::Rule),
}

impl<'a> RuleTree<'a> {
    pub fn read(self) -> Cow<'a, ast::Rule> {
        match self {
            RuleTree::Item(item) => item.read(),
            RuleTree::Inner(rule) => Cow::Borrowed(rule),
        }
    }

    /// Stands for the tree as long as its item is kept.
    pub fn address(self) -> usize {
        match self {
            RuleTree::Item(item) => std::ptr::from_ref(item).addr(),
            RuleTree::Inner(rule) => std::ptr::from_ref(rule).addr(),
        }
    }
}

/// A module of the root file, with the modules around it.
type Nested<'a> = Vec<(&'a ast::ModuleItem, &'a ast::Item, u32)>;

impl Default for NodeKind {
    fn default() -> Self {
        Self {
            name: SmolStr::default(),
            replicated: false,
            constants: Vec::new(),
            parameters: Vec::new(),
            collections: Arc::default(),
            rules: Arena::new(),
            extern_paths: Vec::new(),
            protocols: Vec::new(),
            doc: SmolStr::default(),
            loc: Loc::new(ItemRef(0), Span::default()),
        }
    }
}

impl<'a> Resolver<'a> {
    pub fn resolve_root(&mut self) {
        let items: &'a [ast::ItemNode] = &self.sources[0].module.items;
        let modules = modules_in(items, 0, &Vec::new());
        let is_node = |nested: &Nested<'a>| {
            nested.len() == 1
                && nested
                    .iter()
                    .all(|(header, ..)| header.kind == ModuleKind::Node)
        };
        let nodes: Vec<&Nested<'a>> = modules.iter().filter(|nested| is_node(nested)).collect();
        if nodes.is_empty() && (behaves(items) || modules.is_empty()) {
            self.add_kind(&[], &[]);
        }
        for nested in nodes {
            if nested[0].0.type_params.is_empty() {
                self.add_kind(nested, &[]);
            }
        }
        self.resolve_tests(items);
        self.check_ordered();
        self.complete_seals();
        for nested in &modules {
            let base = nested.last().map(|&(.., base)| base);
            if !self.opened.contains(&Identity {
                source: 0,
                offset: base,
            }) {
                let unused = self.build_kind(nested, &[], true);
                if let Some((node, _)) = unused {
                    self.program.unused.push(node);
                    let standing = std::mem::take(&mut self.kind.standing);
                    self.standing_unused.push(standing);
                }
            }
        }
        self.check_recursion();
    }

    /// The kind of a generic node with the given type arguments, built when it is first asked for.
    pub fn generic_kind(
        &mut self,
        header: &'a ast::ModuleItem,
        item: &'a ast::Item,
        base: u32,
        type_args: &[TypeRef],
    ) -> Option<NodeId> {
        self.add_kind(&[(header, item, base)], type_args)
    }

    /// The scope of the root file by itself, for tests of a file whose nodes are all generic.
    pub fn file_scope(&mut self) -> Option<ScopeId> {
        self.build_kind(&[], &[], false).map(|(_, scope)| scope)
    }

    fn add_kind(
        &mut self,
        nested: &[(&'a ast::ModuleItem, &'a ast::Item, u32)],
        type_args: &[TypeRef],
    ) -> Option<NodeId> {
        let (node, scope) = self.build_kind(nested, type_args, false)?;
        self.kind_scopes.push(scope);
        self.standing_nodes
            .push(std::mem::take(&mut self.kind.standing));
        Some(self.program.nodes.push(node))
    }

    /// Builds the kind of the root file, or of a node in it; or checks a module that nothing imports.
    fn build_kind(
        &mut self,
        nested: &[(&'a ast::ModuleItem, &'a ast::Item, u32)],
        type_args: &[TypeRef],
        unused: bool,
    ) -> Option<(NodeKind, ScopeId)> {
        self.kind = Kind::default();
        let root = self.item(0, 0);
        let mut at = Loc::new(root, Span::default());
        let file = Binding {
            target: self.file_target(0),
            type_args: Vec::new(),
            args: Args::Opaque,
        };
        let placement = Placement {
            prefix: SmolStr::default(),
            key: SmolStr::default(),
            imported: false,
            at,
        };
        let mut scope = self.open(&file, placement)?;
        self.kind.node.name = kind_name(self.sources[0].name);
        self.kind.node.doc = doc(&self.sources[0].module.docs);
        for &(header, item, base) in nested {
            if unused {
                self.kind.rules.clear();
                self.kind.promised.clear();
            }
            let item_ref = self.item(0, base);
            at = Loc::new(item_ref, header.name.span);
            let binding = Binding {
                target: Target {
                    identity: Identity {
                        source: 0,
                        offset: Some(base),
                    },
                    header: Some(header),
                    items: &header.items,
                    parent: Some(scope),
                    name: header.name.text.clone(),
                },
                type_args: type_args.to_vec(),
                args: Self::args_at_start(unused),
            };
            let placement = Placement {
                prefix: SmolStr::default(),
                key: format_smolstr!(
                    "{}{}{}:",
                    self.scopes[scope].key,
                    header.name,
                    self.show_args(type_args)
                ),
                imported: false,
                at,
            };
            scope = self.open(&binding, placement)?;
            let node = &mut self.kind.node;
            node.name = header.name.text.clone();
            node.doc = doc(&item.docs);
            node.replicated = header.replicated.is_some();
            node.protocols = header.protocols.iter().filter_map(protocol_name).collect();
        }
        self.kind.node.loc = at;
        if !type_args.is_empty() {
            self.kind.node.name =
                format_smolstr!("{}{}", self.kind.node.name, self.show_args(type_args));
        }
        self.finish_kind();
        Some((std::mem::take(&mut self.kind.node), scope))
    }

    /// Resolves what was declared, now that all names are.
    fn finish_kind(&mut self) {
        for (scope, name) in std::mem::take(&mut self.kind.types) {
            if let Some((
                TypeEntry::Item {
                    item,
                    item_ref,
                    scope,
                },
                _,
            )) = self.scopes[scope].types.get(&name).cloned()
            {
                self.check_definition(&item, item_ref, scope);
            }
        }
        for pending in std::mem::take(&mut self.kind.columns) {
            self.resolve_columns(&pending);
        }
        for pending in std::mem::take(&mut self.kind.constants) {
            self.resolve_constant(&pending);
        }
        for pending in std::mem::take(&mut self.kind.functions) {
            self.resolve_function(&pending);
        }
        self.kind.declared = self.kind.node.collections.len();
        let mut standing = StandingKind::begin(&self.kind);
        for pending in std::mem::take(&mut self.kind.rules) {
            self.resolve_rule(&pending);
            standing.rules.push(Key::new(&pending));
        }
        standing.ambient.clone_from(&self.kind.ambient);
        self.kind.standing = standing;
        for (scope, path, item) in std::mem::take(&mut self.kind.paths) {
            self.resolve_extern_path(scope, path, item);
        }
        self.describe_program();
        self.kind.node.collections_mut().fit();
        self.kind.node.rules.fit();
        self.order_constants();
        self.check_promises();
    }

    /// An output that a protocol promises must have a rule.
    fn check_promises(&mut self) {
        for (id, module, at) in std::mem::take(&mut self.kind.promised) {
            let node = &self.kind.node;
            if node.rules.values().any(|rule| rule.head.collection == id) {
                continue;
            }
            let name = node.collections[id].name.clone();
            let declared = self.program.file_span(node.collections[id].loc);
            let diagnostic = self
                .diagnostic(
                    codes::E0606,
                    at,
                    format!("`{module}` promises the output `{name}`, but no rule derives it"),
                    "the protocol is named here",
                )
                .with_label(declared, "the output");
            self.report(diagnostic);
        }
    }
}

/// `my_file` is the kind `MyFile`.
fn kind_name(module: &str) -> SmolStr {
    let file = module.rsplit('.').next().unwrap_or(module);
    let mut name = String::with_capacity(file.len());
    for word in file.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    SmolStr::new(name)
}

fn protocol_name(ty: &ast::Type) -> Option<SmolStr> {
    match &ty.kind {
        ast::TypeKind::Path { path, .. } => Some(path.last().text.clone()),
        ast::TypeKind::Tuple(_) | ast::TypeKind::Option(_) | ast::TypeKind::Function { .. } => None,
    }
}

/// Whether the items do anything outside the modules they declare.
pub(super) fn behaves(items: &[ast::ItemNode]) -> bool {
    items.iter().any(|node| {
        matches!(
            node.item.kind,
            ItemKind::Import(_)
                | ItemKind::Include(_)
                | ItemKind::Collection(_)
                | ItemKind::Periodic(_)
                | ItemKind::Rule(_)
                | ItemKind::Bootstrap(_)
                | ItemKind::Rules(_)
                | ItemKind::Seal(_)
                | ItemKind::Test(_)
        )
    })
}

/// Every module among the items, each after those around it.
fn modules_in<'a>(items: &'a [ast::ItemNode], base: u32, around: &Nested<'a>) -> Vec<Nested<'a>> {
    let mut found = Vec::new();
    for node in items {
        if let ItemKind::Module(header) = &node.item.kind {
            let base = base + node.offset;
            let mut nested = around.clone();
            nested.push((header, &node.item, base));
            let inner = modules_in(&header.items, base, &nested);
            found.push(nested);
            found.extend(inner);
        }
    }
    found
}
