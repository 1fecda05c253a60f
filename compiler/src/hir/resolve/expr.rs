//! Expressions: what each name in them is.

use super::bodies::{BodyCx, Mode};
use super::head::{names_added, quoted};
use super::scope::Value;
use crate::base::{Span, codes};
use crate::hir::{AggregateFunction, Arm, CallArg, Expr, ExprId, FieldValue, Member, Part};
use crate::syntax::ast::{self, ExprKind};
use bloom_plan::functions::{BUILTINS, named};
use smol_str::SmolStr;
use thin_vec::ThinVec;

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

    fn exprs(&mut self, exprs: &[ast::Expr]) -> ThinVec<ExprId> {
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
                self.check_binds(pattern);
                self.in_local_scope(|cx| Expr::Let {
                    pat: cx.local_pattern(pattern),
                    value,
                    body: cx.expr(body),
                })
            }
            ExprKind::Lambda(lambda) => self.in_local_scope(|cx| {
                for param in &lambda.params {
                    cx.check_binds(param);
                }
                Expr::Lambda {
                    params: lambda
                        .params
                        .iter()
                        .map(|param| cx.local_pattern(param))
                        .collect(),
                    body: cx.expr(&lambda.body),
                }
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
                name: Box::new(name.text.clone()),
                args: ThinVec::new(),
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
            member: member(name),
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
            && self.body.params.iter().any(|param| param.var == var)
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
                name: Box::new(name.text.clone()),
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
        // What is built looks like a call, but for its upper-case name.
        names.extend(self.r.constructor_names());
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
            member: member(name),
            args: self.positional(args),
        }
    }

    fn args(&mut self, args: &[ast::Arg]) -> ThinVec<CallArg> {
        args.iter()
            .map(|arg| CallArg {
                name: arg.name.as_ref().map(|name| name.text.clone()),
                value: self.expr(&arg.value),
            })
            .collect()
    }

    /// Arguments of what has no names for its parameters.
    fn positional(&mut self, args: &[ast::Arg]) -> ThinVec<ExprId> {
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
            Some(ctor) => Expr::Construct {
                ctor: Box::new(ctor),
                args,
            },
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
        let missing: Vec<&str> = self.r.program.types[def]
            .fields()
            .iter()
            .enumerate()
            .filter(|(i, _)| resolved.iter().all(|field| field.field as usize != *i))
            .map(|(_, field)| field.name.as_str())
            .collect();
        if sound && !missing.is_empty() {
            let message = format!(
                "missing field: `{path}` is built without {}",
                quoted(&missing)
            );
            let loc = self.loc(span);
            let end = fields.last().map(|field| {
                let value = field.value.as_ref().map(|value| value.span);
                value.unwrap_or(field.name.span).end
            });
            let fix = names_added(self.r.program.file_span(loc), span, end, &missing);
            let diagnostic = self
                .r
                .diagnostic(codes::E0305, loc, message, "field missing");
            self.r.report(diagnostic.with_fix(fix));
            return Expr::Error;
        }
        if !sound {
            return Expr::Error;
        }
        Expr::Record {
            def,
            fields: resolved.into(),
        }
    }
}

fn member(name: &ast::Name) -> Box<Member> {
    Box::new(Member {
        name: name.text.clone(),
        span: name.span,
    })
}
