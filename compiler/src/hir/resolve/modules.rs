//! Modules: finding them by path, binding their parameters, opening an instance.

use super::scope::{ModuleEntry, Scope, ScopeId, TypeEntry, Value};
use super::{PRELUDE, Resolver, wording};
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
#[derive(Clone)]
pub(super) struct Target<'a> {
    pub identity: Identity,
    /// None for a file.
    pub header: Option<&'a ast::ModuleItem>,
    pub items: &'a [ast::ItemNode],
    pub parent: Option<ScopeId>,
    pub name: SmolStr,
}

/// A target with the arguments it is opened with.
#[derive(Clone)]
pub(super) struct Binding<'a> {
    pub target: Target<'a>,
    pub type_args: Vec<TypeRef>,
    pub args: Args<'a>,
}

/// Where the values of a module's parameters come from.
#[derive(Clone, Copy)]
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
            }) if rest.is_empty() => {
                return Some(self.item_binding(header, item_ref, scope, base));
            }
            Some(_) | None => {}
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
            self.report_unknown_module(scope, &target.path, Loc::new(item, target.path.span()));
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
            self.declare_items(scope, target.items);
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

    fn bind_type_params(
        &mut self,
        scope: ScopeId,
        header: &'a ast::ModuleItem,
        binding: &Binding<'a>,
        item: ItemRef,
        at: Loc,
    ) {
        let (wanted, given) = (header.type_params.len(), binding.type_args.len());
        let opaque = given == 0 && matches!(binding.args, Args::Opaque | Args::AtStart);
        if wanted != given && !opaque {
            let message = format!(
                "`{}` takes {}, {given} given",
                header.name,
                wording::count(wanted, "type argument")
            );
            self.error(codes::E0216, at, message, "wrong number of type arguments");
        }
        for (i, param) in header.type_params.iter().enumerate() {
            let ty = match binding.type_args.get(i) {
                Some(ty) => ty.clone(),
                None if opaque => TypeRef::Opaque {
                    name: param.name.text.clone(),
                    lattice: param.lattice,
                },
                None => TypeRef::Error,
            };
            let loc = Loc::new(item, param.name.span);
            let scope = &mut self.scopes[scope];
            scope.type_env.push(ty.clone());
            scope
                .types
                .insert(param.name.text.clone(), (TypeEntry::Is(ty), loc));
        }
    }

    fn bind_params(
        &mut self,
        scope: ScopeId,
        header: &'a ast::ModuleItem,
        args: Args<'a>,
        item: ItemRef,
        at: Loc,
    ) {
        let mut used = Vec::new();
        for (i, param) in header.params.iter().enumerate() {
            let given = match args {
                Args::Given { args, scope, item } => args
                    .iter()
                    .position(|arg| {
                        arg.name
                            .as_ref()
                            .is_some_and(|name| name.text == param.name.text)
                    })
                    .or_else(|| (i < args.len() && args[i].name.is_none()).then_some(i))
                    .map(|place| {
                        used.push(place);
                        (&args[place].value, scope, item)
                    }),
                Args::AtStart | Args::Opaque => None,
            };
            let value = given.or_else(|| param.default.as_ref().map(|value| (value, scope, item)));
            if let Some(protocol) = self.protocol_of(scope, &param.ty, item) {
                self.bind_module_param(scope, param, protocol, value, args, item, at);
                continue;
            }
            if value.is_none() && matches!(args, Args::Given { .. }) {
                let message = format!("`{}` needs an argument for `{}`", header.name, param.name);
                let diagnostic = self
                    .diagnostic(codes::E0605, at, message, "argument missing")
                    .with_label(
                        self.program.file_span(Loc::new(item, param.span)),
                        "has no default",
                    );
                self.report(diagnostic);
            }
            let loc = Loc::new(item, param.name.span);
            let at_start = matches!(args, Args::AtStart);
            self.declare_constant(
                scope,
                &param.name,
                Some((&param.ty, item)),
                value,
                at_start,
                loc,
            );
        }
        if let Args::Given { args, item, .. } = args {
            for (i, arg) in args.iter().enumerate().filter(|(i, _)| !used.contains(i)) {
                self.report_unknown_argument(header, arg, i, item);
            }
        }
    }

    fn report_unknown_argument(
        &mut self,
        header: &ast::ModuleItem,
        arg: &ast::Arg,
        place: usize,
        item: ItemRef,
    ) {
        let (message, span) = match &arg.name {
            Some(name) => (
                format!("`{}` has no parameter `{name}`", header.name),
                name.span,
            ),
            None => {
                let params = wording::count(header.params.len(), "parameter");
                let message = format!(
                    "`{}` has {params}, this is argument {}",
                    header.name,
                    place + 1
                );
                (message, arg.value.span)
            }
        };
        let near = arg.name.as_ref().and_then(|name| {
            let params = header.params.iter().map(|param| param.name.as_str());
            bloom_stdx::nearest(name.as_str(), params)
        });
        let mut diagnostic = self.diagnostic(
            codes::E0604,
            Loc::new(item, span),
            message,
            "no such parameter",
        );
        if let Some(near) = near {
            diagnostic = self.did_you_mean(diagnostic, Loc::new(item, span), near);
        }
        self.report(diagnostic);
    }

    /// The protocol that a parameter's type names, if it names one.
    pub fn protocol_of(
        &mut self,
        scope: ScopeId,
        ty: &ast::Type,
        item: ItemRef,
    ) -> Option<Binding<'a>> {
        let ast::TypeKind::Path { path, args } = &ty.kind else {
            return None;
        };
        let at = Loc::new(item, ty.span);
        if path
            .as_name()
            .is_some_and(|name| self.type_entry(scope, name.as_str()).is_some())
        {
            return None;
        }
        let mut binding = self.find_module(scope, path, at)?;
        let is_protocol = binding
            .target
            .header
            .is_some_and(|header| header.kind == ModuleKind::Protocol);
        if !is_protocol {
            return None;
        }
        binding.type_args = args
            .iter()
            .map(|ty| self.resolve_type(scope, &[], ty, item))
            .collect();
        Some(binding)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a parameter and the two places it is between"
    )]
    fn bind_module_param(
        &mut self,
        scope: ScopeId,
        param: &'a ast::ValueParam,
        protocol: Binding<'a>,
        value: Option<(&'a ast::Expr, ScopeId, ItemRef)>,
        args: Args<'a>,
        item: ItemRef,
        at: Loc,
    ) {
        let loc = Loc::new(item, param.name.span);
        let binding = match value {
            Some((expr, from, from_item)) => self.module_of_expr(from, from_item, expr),
            None if matches!(args, Args::Opaque) => Some(protocol.clone()),
            None => {
                let message = format!(
                    "`{}` needs a module that implements `{}`",
                    param.name, protocol.target.name
                );
                self.error(codes::E0605, at, message, "argument missing");
                None
            }
        };
        let entry = match binding {
            Some(mut binding) => {
                self.check_implements(&mut binding, &protocol, value, loc);
                ModuleEntry::Bound(Box::new(binding))
            }
            None => ModuleEntry::Bound(Box::new(protocol)),
        };
        self.scopes[scope]
            .modules
            .insert(param.name.text.clone(), (entry, loc));
    }

    /// A module given as an argument: a path, or a path with arguments.
    fn module_of_expr(
        &mut self,
        scope: ScopeId,
        item: ItemRef,
        expr: &'a ast::Expr,
    ) -> Option<Binding<'a>> {
        let loc = Loc::new(item, expr.span);
        let (path, args): (_, &'a [ast::Arg]) = match (expr.as_path(), expr.as_call()) {
            (Some(path), _) => (path, &[]),
            (None, Some(call)) => call,
            (None, None) => {
                self.error(
                    codes::E0607,
                    loc,
                    "a module is wanted here",
                    "not the name of a module",
                );
                return None;
            }
        };
        let Some(mut binding) = self.find_module(scope, &path, loc) else {
            self.report_unknown_module(scope, &path, loc);
            return None;
        };
        if !args.is_empty() || !matches!(binding.args, Args::Given { .. }) {
            binding.args = Args::Given { args, scope, item };
        }
        Some(binding)
    }

    /// Holds the module to the protocol, and takes the type arguments it was not given from there.
    fn check_implements(
        &mut self,
        binding: &mut Binding<'a>,
        protocol: &Binding<'a>,
        value: Option<(&'a ast::Expr, ScopeId, ItemRef)>,
        param: Loc,
    ) {
        if binding.target.identity == protocol.target.identity {
            return;
        }
        let declared = binding.target.header.and_then(|header| {
            header.protocols.iter().find_map(|ty| match &ty.kind {
                ast::TypeKind::Path { path, args } if path.last().text == protocol.target.name => {
                    Some((header, args))
                }
                _ => None,
            })
        });
        let Some((header, args)) = declared else {
            let loc = value.map_or(param, |(expr, _, item)| Loc::new(item, expr.span));
            let message = format!(
                "`{}` does not implement the protocol `{}`",
                binding.target.name, protocol.target.name
            );
            self.error(
                codes::E0607,
                loc,
                message,
                "does not name the protocol after `:`",
            );
            return;
        };
        if binding.type_args.is_empty() {
            binding.type_args = header
                .type_params
                .iter()
                .map(|param| {
                    let place = args.iter().position(|arg| match &arg.kind {
                        ast::TypeKind::Path { path, .. } => path
                            .as_name()
                            .is_some_and(|name| name.text == param.name.text),
                        _ => false,
                    });
                    place
                        .and_then(|place| protocol.type_args.get(place).cloned())
                        .unwrap_or(TypeRef::Error)
                })
                .collect();
        }
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
