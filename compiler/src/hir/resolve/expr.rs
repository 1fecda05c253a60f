//! Expressions: what each name in them is.

use super::Resolver;
use super::bodies::{BodyCx, Mode};
use super::scope::{ScopeId, TypeEntry, Value};
use crate::base::{Span, codes};
use crate::hir::{
    AggregateFunction, Arm, Builtin, CallArg, Ctor, Expr, ExprId, FieldValue, Loc, OPTION, Part,
    TypeDefId, TypeDefKind, TypeRef, VariantRef,
};
use crate::syntax::ast::{self, ExprKind, ItemKind};
use bloom_plan::functions::{BUILTINS, named};
use smol_str::SmolStr;

/// Names of the built-in functions and constants, without methods.
pub(super) fn builtin_functions() -> impl Iterator<Item = &'static str> {
    BUILTINS
        .iter()
        .filter(|builtin| builtin.receiver().is_none())
        .map(|builtin| builtin.name)
}

fn is_builtin_function(name: &str) -> bool {
    named(name).any(|(_, builtin)| builtin.receiver().is_none() && !builtin.is_constant())
}

fn is_builtin_constant(name: &str) -> bool {
    named(name).any(|(_, builtin)| builtin.is_constant())
}

impl BodyCx<'_, '_> {
    pub fn expr(&mut self, expr: &ast::Expr) -> ExprId {
        if let ExprKind::Paren(inner) = &expr.kind {
            return self.expr(inner);
        }
        let resolved = self.expr_kind(expr);
        self.alloc(resolved, expr.span)
    }

    fn exprs(&mut self, exprs: &[ast::Expr]) -> Vec<ExprId> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr_kind(&mut self, expr: &ast::Expr) -> Expr {
        match &expr.kind {
            // Unwrapped by `expr`; what the parser reported is an error here too.
            ExprKind::Paren(_) | ExprKind::Error | ExprKind::Desc(_) => Expr::Error,
            ExprKind::Literal(literal) => Expr::Literal(literal.clone()),
            ExprKind::Interpolation(parts) => Expr::Interpolation(
                parts
                    .iter()
                    .map(|part| match part {
                        ast::StrPart::Text(text) => Part::Text(text.clone()),
                        ast::StrPart::Expr(expr) => Part::Expr(self.expr(expr)),
                    })
                    .collect(),
            ),
            ExprKind::Wildcard => {
                let loc = self.loc(expr.span);
                self.r.error(
                    codes::E0221,
                    loc,
                    "`_` is a pattern, not a value",
                    "stands for no value",
                );
                Expr::Error
            }
            ExprKind::SelfAddr => Expr::SelfAddr,
            ExprKind::Name(name) if name.is_upper() => {
                self.construct(&ast::Path::single(name.clone()), &[], expr.span)
            }
            ExprKind::Name(name) => self.name(name),
            ExprKind::Field { base, name } => self.field(expr, base, name),
            ExprKind::TupleField { base, index, .. } => Expr::TupleField {
                receiver: self.expr(base),
                index: *index,
            },
            ExprKind::Call { callee, args } => self.call(callee, args, expr.span),
            ExprKind::MethodCall {
                receiver,
                name,
                args,
            } => self.method_call(receiver, name, args, expr.span),
            ExprKind::Aggregate { function, .. } => {
                self.misplaced_aggregate(function);
                Expr::Error
            }
            ExprKind::Record { path, fields } => self.record(path, fields, expr.span),
            ExprKind::Tuple(parts) => Expr::Tuple(self.exprs(parts)),
            ExprKind::List(parts) => Expr::List(self.exprs(parts)),
            ExprKind::Set(parts) => Expr::Set(self.exprs(parts)),
            ExprKind::Map(entries) => Expr::Map(
                entries
                    .iter()
                    .map(|(key, value)| (self.expr(key), self.expr(value)))
                    .collect(),
            ),
            ExprKind::Unary { op, operand } => Expr::Unary {
                op: *op,
                operand: self.expr(operand),
            },
            ExprKind::Binary {
                op, left, right, ..
            } => Expr::Binary {
                op: *op,
                left: self.expr(left),
                right: self.expr(right),
            },
            ExprKind::Range { start, end } => Expr::Range {
                start: self.expr(start),
                end: self.expr(end),
            },
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => Expr::If {
                condition: self.expr(condition),
                then: self.expr(then),
                otherwise: self.expr(otherwise),
            },
            ExprKind::Match { scrutinee, arms } => Expr::Match {
                scrutinee: self.expr(scrutinee),
                arms: arms
                    .iter()
                    .map(|arm| {
                        self.in_local_scope(|cx| Arm {
                            pat: cx.local_pattern(&arm.pattern),
                            guard: arm.guard.as_ref().map(|guard| cx.expr(guard)),
                            body: cx.expr(&arm.body),
                        })
                    })
                    .collect(),
            },
            ExprKind::Let {
                pattern,
                value,
                body,
            } => {
                let value = self.expr(value);
                self.in_local_scope(|cx| Expr::Let {
                    pat: cx.local_pattern(pattern),
                    value,
                    body: cx.expr(body),
                })
            }
            ExprKind::Lambda(lambda) => self.in_local_scope(|cx| Expr::Lambda {
                params: lambda
                    .params
                    .iter()
                    .map(|param| cx.local_pattern(param))
                    .collect(),
                body: cx.expr(&lambda.body),
            }),
        }
    }

    /// A lower-case name.
    fn name(&mut self, name: &ast::Name) -> Expr {
        if let Some(var) = self.known_var(name.as_str()) {
            return Expr::Var(var);
        }
        if let Some(&node) = self.test_nodes.get(&name.text) {
            return Expr::TestNode(node);
        }
        match self.r.value(self.scope, name.as_str()) {
            Some(Value::Constant(constant)) => return Expr::Constant(constant),
            Some(Value::Function(function)) => return Expr::Function(function),
            Some(Value::Error) => return Expr::Error,
            // In a rule a column's variable may have the name of a collection.
            Some(Value::Collection(_) | Value::Instance(_)) if self.mode != Mode::Rule => {
                self.not_a_value(name.as_str(), name.span);
                return Expr::Error;
            }
            Some(Value::Collection(_) | Value::Instance(_)) | None => {}
        }
        if is_builtin_constant(name.as_str()) {
            return Expr::CallBuiltin {
                name: name.text.clone(),
                args: Vec::new(),
            };
        }
        match self.mode {
            Mode::Rule => Expr::Var(self.rule_var(name)),
            Mode::Closed | Mode::Test => {
                let names: Vec<SmolStr> =
                    self.locals.iter().map(|(name, _)| name.clone()).collect();
                let mut names = [names, self.r.value_names(self.scope)].concat();
                names.extend(self.test_nodes.keys().cloned());
                names.sort_unstable();
                let message = format!("unknown name {name}");
                let loc = self.loc(name.span);
                let names = names.iter().map(SmolStr::as_str);
                self.r.report_unknown(
                    codes::E0202,
                    loc,
                    name.as_str(),
                    names,
                    message,
                    "not declared",
                );
                Expr::Error
            }
        }
    }

    fn not_a_value(&mut self, name: &str, span: Span) {
        let loc = self.loc(span);
        let diagnostic = self
            .r
            .diagnostic(
                codes::E0219,
                loc,
                format!("the collection `{name}` is not a value"),
                "used as a value",
            )
            .with_help(format!(
                "read its rows in a rule's body, `{name}{{…}}`, and aggregate them in the head"
            ));
        self.r.report(diagnostic);
    }

    /// Whether the first name of a path is a variable, so that what follows are fields of its value.
    fn begins_with_var(&self, path: &ast::Path) -> bool {
        self.known_var(path.segments[0].as_str()).is_some()
            || self.test_nodes.contains_key(&path.segments[0].text)
    }

    fn field(&mut self, expr: &ast::Expr, base: &ast::Expr, name: &ast::Name) -> Expr {
        if let Some(path) = expr.as_path()
            && !self.begins_with_var(&path)
        {
            if name.is_upper() {
                return self.construct(&path, &[], expr.span);
            }
            match self.imported_value(&path) {
                Some(Value::Constant(constant)) => return Expr::Constant(constant),
                Some(Value::Function(function)) => return Expr::Function(function),
                Some(Value::Collection(_) | Value::Instance(_)) => {
                    self.not_a_value(&path.to_string(), expr.span);
                    return Expr::Error;
                }
                Some(Value::Error) => return Expr::Error,
                None => {}
            }
        }
        Expr::Field {
            receiver: self.expr(base),
            name: name.text.clone(),
            name_span: name.span,
        }
    }

    /// What a path through an import leads to; none if it does not begin with an import.
    fn imported_value(&mut self, path: &ast::Path) -> Option<Value> {
        let (last, before) = path.segments.split_last()?;
        if self.r.value(self.scope, before.first()?.as_str()) == Some(Value::Error) {
            return Some(Value::Error);
        }
        let instance = self.r.instance(self.scope, before)?;
        match self.r.scopes[instance].values.get(&last.text) {
            Some(&(value, _)) => Some(value),
            None => {
                let names = self.r.names_of(instance, |_| true);
                let message = format!("unknown name {path}");
                let loc = self.loc(last.span);
                let names = names.iter().map(SmolStr::as_str);
                self.r.report_unknown(
                    codes::E0202,
                    loc,
                    last.as_str(),
                    names,
                    message,
                    "not declared in the import",
                );
                Some(Value::Error)
            }
        }
    }

    fn call(&mut self, callee: &ast::Expr, args: &[ast::Arg], span: Span) -> Expr {
        let ExprKind::Name(name) = &callee.without_parens().kind else {
            let loc = self.loc(callee.span);
            self.r.error(
                codes::E0213,
                loc,
                "only a function can be called",
                "not the name of a function",
            );
            return Expr::Error;
        };
        if name.is_upper() {
            return self.construct(&ast::Path::single(name.clone()), args, span);
        }
        if let Some(var) = self.known_var(name.as_str())
            && self.body.vars[var].ty.is_some()
        {
            return Expr::CallVar {
                var,
                args: self.positional(args),
            };
        }
        match self.r.value(self.scope, name.as_str()) {
            Some(Value::Function(function)) => Expr::Call {
                function,
                args: self.args(args),
            },
            Some(Value::Error) => Expr::Error,
            _ if is_builtin_function(name.as_str()) => Expr::CallBuiltin {
                name: name.text.clone(),
                args: self.positional(args),
            },
            Some(Value::Collection(_)) => {
                self.not_a_value(name.as_str(), name.span);
                Expr::Error
            }
            _ if AggregateFunction::find(name.as_str()).is_some() => {
                self.misplaced_aggregate(name);
                Expr::Error
            }
            Some(Value::Constant(_) | Value::Instance(_)) | None => {
                self.unknown_function(name);
                Expr::Error
            }
        }
    }

    fn unknown_function(&mut self, name: &ast::Name) {
        let mut names = self
            .r
            .names_of(self.scope, |value| matches!(value, Value::Function(_)));
        names.extend(builtin_functions().map(SmolStr::new));
        let message = format!("unknown function {name}");
        let loc = self.loc(name.span);
        let names = names.iter().map(SmolStr::as_str);
        self.r.report_unknown(
            codes::E0213,
            loc,
            name.as_str(),
            names,
            message,
            "no function of this name",
        );
    }

    pub fn misplaced_aggregate(&mut self, function: &ast::Name) {
        let loc = self.loc(function.span);
        let diagnostic = self
            .r
            .diagnostic(
                codes::E0220,
                loc,
                format!("the aggregate `{function}` must be the whole of a head column"),
                "an aggregate is no part of an expression",
            )
            .with_help(
                "derive the aggregate into a scratch, and compute with its column in another rule",
            );
        self.r.report(diagnostic);
    }

    fn method_call(
        &mut self,
        receiver: &ast::Expr,
        name: &ast::Name,
        args: &[ast::Arg],
        span: Span,
    ) -> Expr {
        if let Some(mut path) = receiver.as_path()
            && !self.begins_with_var(&path)
        {
            path.segments.push(name.clone());
            if name.is_upper() {
                return self.construct(&path, args, span);
            }
            match self.imported_value(&path) {
                Some(Value::Function(function)) => {
                    return Expr::Call {
                        function,
                        args: self.args(args),
                    };
                }
                Some(Value::Error) => return Expr::Error,
                Some(Value::Collection(_) | Value::Instance(_) | Value::Constant(_)) => {
                    self.not_a_value(&path.to_string(), span);
                    return Expr::Error;
                }
                None => {}
            }
        }
        Expr::Method {
            receiver: self.expr(receiver),
            name: name.text.clone(),
            name_span: name.span,
            args: self.positional(args),
        }
    }

    fn args(&mut self, args: &[ast::Arg]) -> Vec<CallArg> {
        args.iter()
            .map(|arg| CallArg {
                name: arg.name.as_ref().map(|name| name.text.clone()),
                value: self.expr(&arg.value),
            })
            .collect()
    }

    /// Arguments of what has no names for its parameters.
    fn positional(&mut self, args: &[ast::Arg]) -> Vec<ExprId> {
        for name in args.iter().filter_map(|arg| arg.name.as_ref()) {
            let loc = self.loc(name.span);
            let message = format!("no parameter is called `{name}` here");
            self.r
                .error(codes::E0229, loc, message, "arguments are by position");
        }
        args.iter().map(|arg| self.expr(&arg.value)).collect()
    }

    fn construct(&mut self, path: &ast::Path, args: &[ast::Arg], span: Span) -> Expr {
        let ctor = self.r.constructor(self.scope, path, self.loc(path.span()));
        let args = self.args(args);
        match ctor {
            Some(ctor) => Expr::Construct { ctor, args },
            None => {
                let _ = span;
                Expr::Error
            }
        }
    }

    fn record(&mut self, path: &ast::Path, fields: &[ast::FieldInit], span: Span) -> Expr {
        let def = self.r.record_def(self.scope, path, self.loc(path.span()));
        let mut resolved: Vec<FieldValue> = Vec::with_capacity(fields.len());
        let mut sound = true;
        for field in fields {
            let value = match &field.value {
                Some(value) => self.expr(value),
                None => {
                    let named = self.name(&field.name);
                    self.alloc(named, field.name.span)
                }
            };
            let Some(def) = def else { continue };
            let loc = self.loc(field.name.span);
            match self.r.record_field(def, &field.name, loc) {
                Some(place) if resolved.iter().any(|before| before.field == place) => {
                    let message = format!("the field `{}` is named twice", field.name);
                    self.r.error(codes::E0211, loc, message, "named again");
                }
                Some(field) => resolved.push(FieldValue { field, value }),
                None => sound = false,
            }
        }
        let Some(def) = def else {
            return Expr::Error;
        };
        let missing: Vec<String> = self.r.program.types[def]
            .fields()
            .iter()
            .enumerate()
            .filter(|(i, _)| resolved.iter().all(|field| field.field as usize != *i))
            .map(|(_, field)| format!("`{}`", field.name))
            .collect();
        if sound && !missing.is_empty() {
            let message = format!("`{path}` is built without {}", missing.join(", "));
            let loc = self.loc(span);
            self.r.error(codes::E0305, loc, message, "field missing");
            return Expr::Error;
        }
        if !sound {
            return Expr::Error;
        }
        Expr::Record {
            def,
            fields: resolved,
        }
    }
}

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
    fn constructor_of(&mut self, entry: TypeEntry<'a>) -> Option<Option<Ctor>> {
        let ty = match entry {
            TypeEntry::Is(ty) => ty,
            TypeEntry::Item {
                item,
                item_ref,
                scope,
            } => match &item.kind {
                ItemKind::TypeAlias(alias) if !self.defining.contains(&item_ref) => {
                    self.defining.push(item_ref);
                    let ty = self.resolve_type(scope, &alias.type_params, &alias.ty, item_ref);
                    self.defining.pop();
                    ty
                }
                ItemKind::Lattice(_) => {
                    TypeRef::Def(self.definition(item, item_ref, scope), Vec::new())
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
                ItemKind::Enum(_) => Some(self.definition(item, item_ref, scope)),
                ItemKind::TypeAlias(_) => self.alias_def(item, item_ref, scope),
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
        item: &'a ast::Item,
        item_ref: crate::hir::ItemRef,
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
                            Some((*item, *item_ref, *scope))
                        }
                        _ => None,
                    },
                    TypeEntry::Is(_) => None,
                })
                .collect();
            here.sort_by_key(|&(_, item_ref, _)| item_ref);
            enums.extend(here);
        }
        let mut defs: Vec<TypeDefId> = enums
            .into_iter()
            .map(|(item, item_ref, scope)| self.definition(item, item_ref, scope))
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

    fn unknown_variant(&mut self, path: &ast::Path, loc: Loc) {
        let names: Vec<SmolStr> = {
            let mut names: Vec<_> = self.variant_names.iter().cloned().collect();
            names.extend(
                self.program
                    .types
                    .values()
                    .filter(|def| def.is_lattice())
                    .map(|def| def.name.clone()),
            );
            names.sort_unstable();
            names
        };
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
                ItemKind::Record(_) => Some(self.definition(item, item_ref, scope)),
                ItemKind::TypeAlias(_) => self.alias_def(item, item_ref, scope),
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
        let message = format!("`{}` has no field `{name}`", self.program.types[def].name);
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
