//! What names mean where: scopes, and the look-up along them.
//!
//! A scope is one instance of a file or module in one kind of node. Collections, functions, constants and
//! imports share one namespace, types a second, modules a third.

use super::Resolver;
use super::modules::Binding;
use crate::hir::{CollectionId, ConstantId, FunctionId, ItemRef, Loc, TypeRef};
use crate::syntax::ast;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;

bloom_stdx::ids! {
    ScopeId "scope";
}

#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// The scope around it: the module or file that it is nested in.
    pub parent: Option<ScopeId>,
    /// Index of the file among the sources.
    pub source: usize,
    /// Whether it is of a whole file.
    pub is_file: bool,
    /// Where the items' offsets count from, in the file.
    pub base: u32,
    /// What stands before names of collections and constants: `wire.`.
    pub prefix: SmolStr,
    /// Names the instance across kinds of node; functions and constants of equal keys are the same.
    pub key: SmolStr,
    /// Whether it belongs to an import.
    pub imported: bool,
    /// The type arguments of the modules around it.
    pub type_env: Vec<TypeRef>,
    pub values: FxHashMap<SmolStr, (Value, Loc)>,
    pub types: FxHashMap<SmolStr, (TypeEntry, Loc)>,
    pub modules: FxHashMap<SmolStr, (ModuleEntry<'a>, Loc)>,
    /// Names of rule groups, for `without`.
    pub groups: Vec<SmolStr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Collection(CollectionId),
    Function(FunctionId),
    Constant(ConstantId),
    Instance(ScopeId),
    /// Its declaration is a mistake that was reported.
    Error,
}

#[derive(Clone, Debug)]
pub(super) enum TypeEntry {
    Item {
        item: Arc<ast::Item>,
        item_ref: ItemRef,
        scope: ScopeId,
    },
    /// A type parameter of a module and what it is.
    Is(TypeRef),
}

#[derive(Clone, Debug)]
pub(super) enum ModuleEntry<'a> {
    Item {
        header: &'a ast::ModuleItem,
        item_ref: ItemRef,
        scope: ScopeId,
        /// Of the module's item in the file.
        base: u32,
    },
    /// A parameter of protocol type and the module it stands for.
    Bound(Box<Binding<'a>>),
}

impl<'a> Scope<'a> {
    pub fn new(parent: Option<ScopeId>, source: usize, base: u32) -> Self {
        Self {
            parent,
            source,
            is_file: false,
            base,
            prefix: SmolStr::default(),
            key: SmolStr::default(),
            imported: false,
            type_env: Vec::new(),
            values: FxHashMap::default(),
            types: FxHashMap::default(),
            modules: FxHashMap::default(),
            groups: Vec::new(),
        }
    }

    /// The scope as the bodies of rules see it, which know of no modules.
    pub fn without_modules(self) -> Scope<'static> {
        let Scope {
            parent,
            source,
            is_file,
            base,
            prefix,
            key,
            imported,
            type_env,
            values,
            types,
            modules: _,
            groups,
        } = self;
        Scope {
            parent,
            source,
            is_file,
            base,
            prefix,
            key,
            imported,
            type_env,
            values,
            types,
            modules: FxHashMap::default(),
            groups,
        }
    }

    /// The name as it is known in the kind of node.
    pub fn qualified(&self, name: &str) -> SmolStr {
        if self.prefix.is_empty() {
            SmolStr::new(name)
        } else {
            smol_str::format_smolstr!("{}{name}", self.prefix)
        }
    }
}

impl<'a> Resolver<'a> {
    /// The scopes from `scope` outwards.
    pub fn chain(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> + '_ {
        std::iter::successors(Some(scope), |&scope| self.scopes[scope].parent)
    }

    pub fn value(&self, scope: ScopeId, name: &str) -> Option<Value> {
        self.chain(scope)
            .find_map(|scope| self.scopes[scope].values.get(name))
            .map(|&(value, _)| value)
    }

    pub fn type_entry(&self, scope: ScopeId, name: &str) -> Option<TypeEntry> {
        self.chain(scope)
            .find_map(|scope| self.scopes[scope].types.get(name))
            .map(|(entry, _)| entry.clone())
    }

    pub fn module_entry(&self, scope: ScopeId, name: &str) -> Option<ModuleEntry<'a>> {
        self.chain(scope)
            .find_map(|scope| self.scopes[scope].modules.get(name))
            .map(|(entry, _)| entry.clone())
    }

    /// The constant of that name, if a pattern's variable of the name would mean it.
    pub fn constant(&self, scope: ScopeId, name: &str) -> Option<ConstantId> {
        match self.value(scope, name)? {
            Value::Constant(constant) => Some(constant),
            Value::Collection(_) | Value::Function(_) | Value::Instance(_) | Value::Error => None,
        }
    }

    /// The scope of the import that the names lead to: `wire`, `wire.lower`.
    pub fn instance(&self, scope: ScopeId, names: &[ast::Name]) -> Option<ScopeId> {
        let (first, rest) = names.split_first()?;
        let Some(Value::Instance(mut found)) = self.value(scope, first.as_str()) else {
            return None;
        };
        for name in rest {
            match self.scopes[found].values.get(name.as_str()) {
                Some(&(Value::Instance(inner), _)) => found = inner,
                _ => return None,
            }
        }
        Some(found)
    }

    /// Every name of a value that `scope` sees, of which `wanted` holds, in order.
    pub fn names_of(&self, scope: ScopeId, wanted: impl Fn(Value) -> bool) -> Vec<SmolStr> {
        let mut names: Vec<SmolStr> = self
            .chain(scope)
            .flat_map(|scope| &self.scopes[scope].values)
            .filter(|(_, (value, _))| wanted(*value))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort_unstable();
        names
    }
}
