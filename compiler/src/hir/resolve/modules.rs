//! Modules: finding them by path, binding their parameters, opening an instance.

mod params;

use super::scope::{ModuleEntry, Scope, ScopeId, Value};
use super::{PRELUDE, Resolver};
use crate::base::{Span, codes};
use crate::hir::{ItemRef, Loc, TypeRef};
use crate::syntax::ast::{self, ModuleKind};
use smol_str::{SmolStr, format_smolstr};

/// A file, or a module at an offset of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub source: usize,
    pub offset: Option<u32>,
}

/// What can be opened: the body of a file or module, and where its free names are looked up.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub identity: Identity,
    /// None for a file.
    pub header: Option<&'a ast::ModuleItem>,
    pub items: &'a [ast::ItemNode],
    pub parent: Option<ScopeId>,
    pub name: SmolStr,
}

/// A target with the arguments it is opened with.
#[derive(Clone, Debug)]
pub(super) struct Binding<'a> {
    pub target: Target<'a>,
    pub type_args: Vec<TypeRef>,
    pub args: Args<'a>,
}

/// Where the values of a module's parameters come from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Args<'a> {
    /// Written at an import, and resolved there.
    Given {
        args: &'a [ast::Arg],
        scope: ScopeId,
        item: ItemRef,
    },
    /// Given when the node starts.
    AtStart,
    /// Unknown: the module is only checked.
    Opaque,
}

/// How an instance is named and seen.
pub(super) struct Placement {
    pub prefix: SmolStr,
    pub key: SmolStr,
    pub imported: bool,
    /// Where it is asked for.
    pub at: Loc,
}

impl<'a> Resolver<'a> {
    /// The scope of a whole file in this kind of node, for what nests in it.
    pub fn ambient(&mut self, source: usize, at: Loc) -> Option<ScopeId> {
        if let Some(&scope) = self.kind.ambient.get(&source) {
            return Some(scope);
        }
        let name = self.sources[source].name;
        let prelude = name == PRELUDE;
        let placement = Placement {
            prefix: if prelude {
                SmolStr::default()
            } else {
                format_smolstr!("{name}.")
            },
            key: format_smolstr!("{name}."),
            imported: true,
            at,
        };
        let binding = Binding {
            target: self.file_target(source),
            type_args: Vec::new(),
            args: Args::Opaque,
        };
        let scope = self.open(&binding, placement)?;
        self.kind.ambient.insert(source, scope);
        Some(scope)
    }

    pub fn file_target(&mut self, source: usize) -> Target<'a> {
        let parent = self.prelude_scope(source);
        let file = self.sources[source];
        let name = file.name.rsplit('.').next().unwrap_or(file.name);
        Target {
            identity: Identity {
                source,
                offset: None,
            },
            header: None,
            items: &file.module.items,
            parent,
            name: SmolStr::new(name),
        }
    }

    /// The scope around a file: that of the prelude, for every file but itself.
    fn prelude_scope(&mut self, source: usize) -> Option<ScopeId> {
        let prelude = self
            .sources
            .iter()
            .position(|source| source.name == PRELUDE)?;
        if prelude == source {
            return None;
        }
        let item = self.item(prelude, 0);
        self.ambient(prelude, Loc::new(item, Span::default()))
    }

    /// The module that a path names from `scope`, with what is bound already.
    pub fn find_module(
        &mut self,
        scope: ScopeId,
        path: &ast::Path,
        at: Loc,
    ) -> Option<Binding<'a>> {
        let (first, rest) = path.segments.split_first()?;
        match self.module_entry(scope, first.as_str()) {
            Some(ModuleEntry::Bound(binding)) if rest.is_empty() => return Some(*binding),
            Some(ModuleEntry::Item {
                header,
                item_ref,
                scope,
                base,
            }) => {
                let binding = self.item_binding(header, item_ref, scope, base);
                if let Some(found) = self.find_nested(binding, rest, at) {
                    return Some(found);
                }
            }
            Some(_) | None => {}
        }
        if let Some(found) = self.find_in_instance(scope, &path.segments, at) {
            return Some(found);
        }
        let (source, used) = self.find_source(self.scopes[scope].source, &path.segments)?;
        let rest = &path.segments[used..];
        let Some((last, [])) = rest.split_last() else {
            let target = rest.is_empty().then(|| self.file_target(source))?;
            return Some(Binding {
                target,
                type_args: Vec::new(),
                args: Args::Opaque,
            });
        };
        let file = self.ambient(source, at)?;
        match self.scopes[file].modules.get(last.as_str()).cloned() {
            Some((
                ModuleEntry::Item {
                    header,
                    item_ref,
                    scope,
                    base,
                },
                _,
            )) => Some(self.item_binding(header, item_ref, scope, base)),
            Some((ModuleEntry::Bound(_), _)) | None => None,
        }
    }

    /// The module that a path names inside what is imported already: `wire.codec`. It sees the parameters of
    /// that import.
    fn find_in_instance(
        &mut self,
        scope: ScopeId,
        path: &[ast::Name],
        at: Loc,
    ) -> Option<Binding<'a>> {
        (1..path.len()).rev().find_map(|length| {
            let instance = self.instance(scope, &path[..length])?;
            let entry = self.scopes[instance].modules.get(path[length].as_str());
            let Some((
                ModuleEntry::Item {
                    header,
                    item_ref,
                    scope,
                    base,
                },
                _,
            )) = entry.cloned()
            else {
                return None;
            };
            let inner = self.item_binding(header, item_ref, scope, base);
            self.find_nested(inner, &path[length + 1..], at)
        })
    }

    /// Whether the path leads into a module with parameters.
    pub fn needs_instance(&self, scope: ScopeId, path: &ast::Path) -> bool {
        let Some((first, [_, ..])) = path.segments.split_first() else {
            return false;
        };
        match self.module_entry(scope, first.as_str()) {
            Some(ModuleEntry::Item { header, .. }) => {
                !(header.params.is_empty() && header.type_params.is_empty())
            }
            Some(ModuleEntry::Bound(_)) | None => false,
        }
    }

    /// The module that a path names inside another, itself for an empty path.
    fn find_nested(
        &mut self,
        outer: Binding<'a>,
        path: &[ast::Name],
        at: Loc,
    ) -> Option<Binding<'a>> {
        let Some((first, rest)) = path.split_first() else {
            return Some(outer);
        };
        let scope = self.ambient_module(&outer, at)?;
        match self.scopes[scope].modules.get(first.as_str()).cloned() {
            Some((
                ModuleEntry::Item {
                    header,
                    item_ref,
                    scope,
                    base,
                },
                _,
            )) => {
                let inner = self.item_binding(header, item_ref, scope, base);
                self.find_nested(inner, rest, at)
            }
            Some((ModuleEntry::Bound(_), _)) | None => None,
        }
    }

    /// The scope of a module in this kind of node, for what nests in it. One with parameters has none: what
    /// nests in it may read them.
    fn ambient_module(&mut self, outer: &Binding<'a>, at: Loc) -> Option<ScopeId> {
        let target = &outer.target;
        let (header, parent) = target.header.zip(target.parent)?;
        let key = (parent, target.identity);
        if let Some(&scope) = self.kind.ambient_modules.get(&key) {
            return Some(scope);
        }
        let plain = header.params.is_empty() && header.type_params.is_empty();
        if !plain || self.opening.contains(&target.identity) {
            return None;
        }
        let around = &self.scopes[parent];
        let placement = Placement {
            prefix: format_smolstr!("{}{}.", around.prefix, target.name),
            key: format_smolstr!("{}{}.", around.key, target.name),
            imported: true,
            at,
        };
        let scope = self.open(outer, placement)?;
        self.kind.ambient_modules.insert(key, scope);
        Some(scope)
    }

    fn item_binding(
        &self,
        header: &'a ast::ModuleItem,
        item_ref: ItemRef,
        scope: ScopeId,
        base: u32,
    ) -> Binding<'a> {
        debug_assert_eq!(self.program.places[item_ref].offset, base);
        Binding {
            target: Target {
                identity: Identity {
                    source: self.scopes[scope].source,
                    offset: Some(base),
                },
                header: Some(header),
                items: &header.items,
                parent: Some(scope),
                name: header.name.text.clone(),
            },
            type_args: Vec::new(),
            args: Args::Opaque,
        }
    }

    /// The file that the longest beginning of the path names, beside the importing file or from the root, and
    /// how many segments that took.
    pub fn find_source(&self, from: usize, path: &[ast::Name]) -> Option<(usize, usize)> {
        let directory = self.sources[from]
            .name
            .rsplit_once('.')
            .map_or("", |(before, _)| before);
        (1..=path.len()).rev().find_map(|used| {
            let names: Vec<&str> = path[..used].iter().map(ast::Name::as_str).collect();
            let absolute = names.join(".");
            let beside = format!("{directory}.{absolute}");
            [beside, absolute].iter().find_map(|name| {
                let source = self.sources.iter().position(|source| source.name == name)?;
                Some((source, used))
            })
        })
    }

    /// The module that a reference names, with its arguments, or a report.
    pub fn bind(
        &mut self,
        scope: ScopeId,
        item: ItemRef,
        target: &'a ast::ModuleRef,
    ) -> Option<Binding<'a>> {
        let at = Loc::new(item, target.span);
        let Some(mut binding) = self.find_module(scope, &target.path, at) else {
            let loc = Loc::new(item, target.path.span());
            if self.needs_instance(scope, &target.path) {
                let outer = &target.path.segments[0];
                let message = format!(
                    "unknown module {}: `{outer}` takes arguments, so that what is inside belongs to an import of it",
                    target.path
                );
                let diagnostic = self
                    .diagnostic(
                        codes::E0601,
                        loc,
                        message,
                        "which arguments are meant is open",
                    )
                    .with_help(format!(
                        "import `{outer}` first, and what is inside through that import's name"
                    ));
                self.report(diagnostic);
                return None;
            }
            self.report_unknown_module(scope, &target.path, loc);
            return None;
        };
        if !target.type_args.is_empty() {
            binding.type_args = target
                .type_args
                .iter()
                .map(|ty| self.resolve_type(scope, &[], ty, item))
                .collect();
        }
        let bound = matches!(binding.args, Args::Given { .. });
        if !target.args.is_empty() || !bound {
            binding.args = Args::Given {
                args: &target.args,
                scope,
                item,
            };
        }
        Some(binding)
    }

    /// Opens an instance: binds the parameters and declares everything in it.
    pub fn open(&mut self, binding: &Binding<'a>, placement: Placement) -> Option<ScopeId> {
        let target = &binding.target;
        let identity = target.identity;
        if self.opening.contains(&identity) {
            self.error(
                codes::E0602,
                placement.at,
                format!("cyclic import: `{}` imports itself", target.name),
                "leads back to the module it stands in",
            );
            return None;
        }
        self.opened.insert(identity);
        self.opening.push(identity);
        let mut scope = Scope::new(target.parent, identity.source, identity.offset.unwrap_or(0));
        scope.is_file = target.header.is_none();
        scope.prefix = placement.prefix;
        scope.key = placement.key;
        scope.imported = placement.imported;
        scope.type_env = target
            .parent
            .map(|parent| self.scopes[parent].type_env.clone())
            .unwrap_or_default();
        let scope = self.scopes.push(scope);
        if let Some(header) = target.header {
            let item = self.item(identity.source, identity.offset.unwrap_or(0));
            self.bind_type_params(scope, header, binding, item, placement.at);
            self.declare_names(scope, target.items);
            self.bind_params(scope, header, binding.args, item, placement.at);
            if header.kind == ModuleKind::Protocol {
                self.declare_interface(scope, scope, target.items);
            } else {
                self.declare_items(scope, target.items);
            }
            self.declare_protocols(scope, header, item);
        } else {
            if let Args::Given {
                args: [arg, ..],
                item,
                ..
            } = binding.args
            {
                let loc = Loc::new(item, arg.value.span);
                let message = format!("`{}` is a file and takes no arguments", target.name);
                self.error(codes::E0604, loc, message, "no such parameter");
            }
            self.declare_names(scope, target.items);
            self.declare_items(scope, target.items);
        }
        self.opening.pop();
        Some(scope)
    }

    pub fn declare_value(&mut self, scope: ScopeId, name: &ast::Name, value: Value, loc: Loc) {
        if let Some(&(_, before)) = self.scopes[scope].values.get(&name.text) {
            self.report_duplicate(name.as_str(), loc, before);
            return;
        }
        self.scopes[scope]
            .values
            .insert(name.text.clone(), (value, loc));
    }
}
