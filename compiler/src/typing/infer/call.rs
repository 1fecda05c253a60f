//! Calls of functions, of built-ins, and what stands behind a dot: fields, methods, `reveal`.

use smol_str::SmolStr;

use bloom_stdx::nearest;

use super::synonym::synonym;
use super::{Deferred, Infer};
use crate::base::{Fix, codes};
use crate::hir::{CallArg, Expr, ExprId, Function, FunctionId, TypeRef, VarId};
use crate::typing::Use;
use crate::typing::signature::{Instance, Signature, signatures};
use crate::typing::ty::{Con, Ty};

impl Infer<'_, '_> {
    /// `f` as a value.
    pub(super) fn function_value(&mut self, expr: ExprId, function: FunctionId) -> Ty {
        let (type_args, params, result) = self.instantiate(expr, function);
        let args: Vec<Ty> = params.into_iter().chain([result]).collect();
        let ty = self.cx.store.app(Con::Function, args);
        self.used(expr, Use::Function((function, type_args)), ty)
    }

    /// The signature of a function at new type arguments.
    fn instantiate(&mut self, expr: ExprId, function: FunctionId) -> (Vec<Ty>, Vec<Ty>, Ty) {
        let definition = &self.cx.program.functions[function];
        let mut type_args = Vec::with_capacity(definition.type_params.len());
        for param in &definition.type_params {
            let ty = self.cx.store.fresh();
            self.bounds
                .push((self.body.expr_loc(expr), ty, param.lattice));
            type_args.push(ty);
        }
        let params = definition.params.iter();
        let params = params.map(|ty| self.cx.lower(ty, &type_args)).collect();
        let result = self.cx.lower(&definition.result, &type_args);
        (type_args, params, result)
    }

    pub(super) fn call(
        &mut self,
        expr: ExprId,
        function: FunctionId,
        args: &[CallArg],
        expected: Option<Ty>,
    ) -> Ty {
        let (type_args, params, result) = self.instantiate(expr, function);
        let definition = &self.cx.program.functions[function];
        if let Some(expected) = expected
            && self.takes_expected(&definition.result, definition, expected)
        {
            self.fits(result, expected);
        }
        let what = format!("function `{}`", definition.name);
        let Some(arguments) = self.arrange(expr, &what, args, &definition.param_names) else {
            return result;
        };
        self.check_arguments(&arguments, &params);
        let of = Use::Call {
            instance: (function, type_args),
            arguments,
        };
        self.used(expr, of, result)
    }

    /// Whether what is expected of a call tells its type arguments. A plain result may still have to
    /// become a lattice; a result that is a lattice's parameter is that lattice.
    fn takes_expected(&self, result: &TypeRef, function: &Function, expected: Ty) -> bool {
        match result {
            TypeRef::Param(place) => {
                let param = function.type_params.get(*place as usize);
                param.is_some_and(|param| param.lattice) && self.cx.store.is_lattice(expected)
            }
            _ => true,
        }
    }

    /// The arguments in the order of the parameters, if there is one for each.
    pub(super) fn arrange(
        &mut self,
        expr: ExprId,
        what: &str,
        args: &[CallArg],
        names: &[SmolStr],
    ) -> Option<Vec<ExprId>> {
        let mut places: Vec<Option<ExprId>> = vec![None; names.len()];
        let mut next = 0;
        for arg in args {
            let place = match &arg.name {
                Some(name) => names.iter().position(|own| own == name),
                None => {
                    next += 1;
                    Some(next - 1)
                }
            };
            match place.and_then(|place| places.get_mut(place)) {
                Some(slot @ None) => *slot = Some(arg.value),
                Some(Some(_)) | None => {
                    self.wrong_argument(expr, what, arg, args.len(), names);
                    return None;
                }
            }
        }
        if let Some(missing) = places.iter().position(Option::is_none) {
            let diagnostic = self.at(
                codes::E0304,
                self.body.expr_loc(expr),
                format!(
                    "missing argument: {what} lacks its argument `{}`",
                    names[missing]
                ),
                format!("takes {}, found {}", count(names.len()), args.len()),
            );
            self.report(diagnostic);
            return None;
        }
        Some(places.into_iter().flatten().collect())
    }

    fn wrong_argument(
        &mut self,
        expr: ExprId,
        what: &str,
        arg: &CallArg,
        found: usize,
        names: &[SmolStr],
    ) {
        let loc = self.body.expr_loc(arg.value);
        let diagnostic = match &arg.name {
            Some(name) if names.contains(name) => self.at(
                codes::E0304,
                loc,
                format!("argument `{name}` of {what} is given twice"),
                "given before",
            ),
            Some(name) => {
                let mut diagnostic = self.at(
                    codes::E0304,
                    loc,
                    format!("{what} has no argument `{name}`"),
                    "no such argument",
                );
                if let Some(near) = nearest(name, names.iter().map(SmolStr::as_str)) {
                    diagnostic = diagnostic.with_help(format!("did you mean `{near}`?"));
                }
                diagnostic
            }
            None => self.at(
                codes::E0304,
                self.body.expr_loc(expr),
                format!("{what} takes {}, found {found}", count(names.len())),
                "too many arguments",
            ),
        };
        self.report(diagnostic);
    }

    /// Checks arguments against parameters, lambdas last: by then what they are applied to is known.
    fn check_arguments(&mut self, arguments: &[ExprId], params: &[Ty]) {
        let is_lambda = |arg: ExprId| matches!(self.body.expr(arg), Expr::Lambda { .. });
        let (lambdas, others): (Vec<_>, Vec<_>) = arguments
            .iter()
            .copied()
            .zip(params.iter().copied())
            .partition(|(arg, _)| is_lambda(*arg));
        for (arg, param) in others.into_iter().chain(lambdas) {
            self.check(arg, param);
        }
    }

    pub(super) fn call_builtin_function(
        &mut self,
        expr: ExprId,
        name: &SmolStr,
        args: &[ExprId],
        expected: Option<Ty>,
    ) -> Ty {
        match signatures().functions(name).next() {
            Some(signature) => self.call_builtin(expr, signature, None, args, expected),
            // Resolution knows the same table.
            None => Ty::ERROR,
        }
    }

    pub(super) fn call_var(&mut self, expr: ExprId, var: VarId, args: &[ExprId]) -> Ty {
        let function = self.var(var);
        let Some((Con::Function, tys)) = self.cx.store.head(function) else {
            if self.cx.store.is_error(function) {
                return Ty::ERROR;
            }
            let diagnostic = self.at(
                codes::E0301,
                self.body.expr_loc(expr),
                format!(
                    "type mismatch: `{}` is not a function",
                    self.cx.show(function)
                ),
                "called as one here",
            );
            return self.fail(diagnostic);
        };
        let (&result, params) = tys.split_last().expect("a function has a result");
        let params = params.to_vec();
        if params.len() != args.len() {
            let diagnostic = self.at(
                codes::E0304,
                self.body.expr_loc(expr),
                format!(
                    "the function takes {}, found {}",
                    count(params.len()),
                    args.len()
                ),
                "wrong number of arguments",
            );
            self.report(diagnostic);
            return result;
        }
        self.check_arguments(args, &params);
        result
    }

    fn call_builtin(
        &mut self,
        expr: ExprId,
        signature: &'static Signature,
        receiver: Option<(ExprId, Ty)>,
        args: &[ExprId],
        expected: Option<Ty>,
    ) -> Ty {
        let mut instance = Instance::default();
        let mut arguments = Vec::with_capacity(args.len() + 1);
        let mut types = Vec::with_capacity(args.len() + 1);
        if let (Some((receiver, found)), Some(of)) = (receiver, &signature.receiver) {
            let of = of.instantiate(&mut instance, &mut self.cx.store);
            self.unify_or_report(receiver, found, of);
            arguments.push(receiver);
            types.push(of);
        }
        let parameters = signature.parameters.iter();
        let parameters: Vec<Ty> = parameters
            .map(|ty| ty.instantiate(&mut instance, &mut self.cx.store))
            .collect();
        let result = signature
            .result
            .instantiate(&mut instance, &mut self.cx.store);
        // A lattice that is made here takes what it is made of as lattices: `sealable({x})`.
        if let Some(expected) = expected
            && self.cx.store.is_lattice(expected)
            && self.cx.store.is_lattice(result)
        {
            self.fits(result, expected);
        }
        if parameters.len() != args.len() {
            let diagnostic = self.at(
                codes::E0304,
                self.body.expr_loc(expr),
                format!(
                    "`{}` takes {}, found {}",
                    signature.id.get().name,
                    count(parameters.len()),
                    args.len()
                ),
                format!("the signature is `{}`", signature.id.get().signature),
            );
            self.report(diagnostic);
            return result;
        }
        self.check_arguments(args, &parameters);
        let loc = self.body.expr_loc(expr);
        let bounds = instance.variables().map(|(ty, lattice)| (loc, ty, lattice));
        self.bounds.extend(bounds);
        arguments.extend(args);
        types.extend(parameters);
        let of = Use::Builtin {
            builtin: signature.id,
            arguments,
            types,
            result,
        };
        self.used(expr, of, result)
    }

    /// What stands behind a dot, the receiver inferred: a field, `reveal` or a method.
    pub(super) fn method(&mut self, expr: ExprId, found: Ty, args: &[ExprId], last: bool) -> Ty {
        let (receiver, name, is_call) = match self.body.expr(expr) {
            Expr::Method {
                receiver, member, ..
            } => (*receiver, &member.name, true),
            Expr::Field { receiver, member } => (*receiver, &member.name, false),
            _ => return Ty::ERROR,
        };
        if self.cx.store.is_error(found) {
            return Ty::ERROR;
        }
        if self.cx.store.is_var(found) {
            if last {
                return self.uninferred(receiver);
            }
            return self.defer_method(expr);
        }
        if name == "reveal" && args.is_empty() {
            return self.reveal(expr, receiver, found);
        }
        if !is_call && let Some((field, ty)) = self.field(found, name) {
            return self.used(expr, Use::Field { receiver, field }, ty);
        }
        let mut candidates = signatures().methods(name).filter(|signature| {
            let of = signature.receiver.as_ref();
            of.is_some_and(|of| of.admits(found, &self.cx.store))
        });
        match (candidates.next(), candidates.next()) {
            (Some(_), Some(_)) if !last => self.defer_method(expr),
            (Some(signature), _) => {
                self.call_builtin(expr, signature, Some((receiver, found)), args, None)
            }
            (None, _) => self.no_member(expr, found, name, is_call),
        }
    }

    fn defer_method(&mut self, expr: ExprId) -> Ty {
        let result = self.cx.store.fresh();
        self.deferred.push(Deferred::Method { expr, result });
        result
    }

    pub(super) fn retry_method(&mut self, expr: ExprId, result: Ty, last: bool) {
        let body = self.body;
        let (receiver, args) = match body.expr(expr) {
            Expr::Method { receiver, args, .. } => (*receiver, args.as_slice()),
            Expr::Field { receiver, .. } => (*receiver, &[][..]),
            _ => return,
        };
        let ty = self.method(expr, self.type_of(receiver), args, last);
        self.settle(expr, ty, result);
    }

    fn field(&mut self, found: Ty, name: &SmolStr) -> Option<(u32, Ty)> {
        let fields = self.cx.fields(found);
        let place = fields.iter().position(|(own, _)| own == name)?;
        Some((place as u32, fields[place].1))
    }

    fn reveal(&mut self, expr: ExprId, receiver: ExprId, found: Ty) -> Ty {
        if let Some(revealed) = self.cx.revealed(found) {
            return self.used(expr, Use::Reveal { receiver }, revealed);
        }
        let diagnostic = self.at(
            codes::E0303,
            self.body.expr_loc(expr),
            format!("`{}` has no `reveal`", self.cx.show(found)),
            match self.cx.store.is_lattice(found) {
                true => "what it reveals is not known here",
                false => "this is a plain value already",
            },
        );
        self.fail(diagnostic)
    }

    fn no_member(&mut self, expr: ExprId, found: Ty, name: &SmolStr, is_call: bool) -> Ty {
        let (code, what) = match is_call {
            true => (codes::E0303, "method"),
            false => (codes::E0302, "field"),
        };
        let span = match self.body.expr(expr) {
            Expr::Method { member, .. } | Expr::Field { member, .. } => member.span,
            _ => self.body.exprs[expr].span,
        };
        let loc = self.body.loc.at(span);
        let mut diagnostic = self.at(
            code,
            loc,
            format!("`{}` has no {what} `{name}`", self.cx.show(found)),
            format!("no such {what}"),
        );
        let mut names: Vec<SmolStr> = signatures()
            .methods_of(found, &self.cx.store)
            .map(SmolStr::new_static)
            .collect();
        names.extend(self.cx.fields(found).into_iter().map(|(name, _)| name));
        let revealed = self.cx.revealed(found);
        let known = names.iter().map(SmolStr::as_str);
        if let Some(near) = synonym(name, known.clone()).or_else(|| nearest(name, known)) {
            let title = format!("did you mean `{near}`?");
            let place = self.cx.program.file_span(loc);
            diagnostic = diagnostic
                .with_help(title.clone())
                .with_fix(Fix::replace(title, place, near));
        } else if let Some(revealed) = revealed
            && signatures()
                .methods_of(revealed, &self.cx.store)
                .any(|own| own == name)
        {
            diagnostic = diagnostic.with_help(format!(
                "`.reveal.{name}` asks its plain value as it is now, which is a point of order"
            ));
        }
        self.fail(diagnostic)
    }
}

/// `1 argument`, `2 arguments`
pub(super) fn count(arguments: usize) -> String {
    match arguments {
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
