//! Parameters of modules: type arguments, values, and modules for parameters of protocol type.

use super::{Args, Binding};
use crate::base::codes;
use crate::hir::resolve::scope::{ModuleEntry, ScopeId, TypeEntry};
use crate::hir::resolve::{Resolver, wording};
use crate::hir::{ItemRef, Loc, TypeRef};
use crate::syntax::ast::{self, ModuleKind};

impl<'a> Resolver<'a> {
    pub fn bind_type_params(
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

    pub fn bind_params(
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
                let message = format!(
                    "missing argument: `{}` needs an argument for `{}`",
                    header.name, param.name
                );
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
                format!(
                    "unknown parameter {name}: `{}` has no parameter `{name}`",
                    header.name
                ),
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
        let fitting = binding.and_then(|mut binding| {
            let fits = self.implements(&mut binding, &protocol, value, loc);
            fits.then_some(binding)
        });
        // In place of what does not fit, the interface alone: what follows is then no mistake.
        let entry = ModuleEntry::Bound(Box::new(fitting.unwrap_or(protocol)));
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
    fn implements(
        &mut self,
        binding: &mut Binding<'a>,
        protocol: &Binding<'a>,
        value: Option<(&'a ast::Expr, ScopeId, ItemRef)>,
        param: Loc,
    ) -> bool {
        if binding.target.identity == protocol.target.identity {
            return true;
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
            return false;
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
        true
    }
}
