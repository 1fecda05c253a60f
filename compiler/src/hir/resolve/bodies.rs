//! Bodies: the arenas of one rule, function, constant or test while they are filled.
//!
//! A name in an expression is, in this order: a variable of an arm, lambda, `let … in` or parameter; a
//! variable of the rule; a constant, function or import in scope. In a rule every other lower-case name is a
//! variable that nothing binds, and [`super::bound`] reports it.

use super::Resolver;
use super::kind::{PendingConstant, PendingFunction};
use super::scope::{ScopeId, Value};
use crate::base::{Span, codes};
use crate::hir::{
    Body, Expr, ExprId, ExprNode, Function, FunctionId, FunctionKind, ItemRef, Loc, OwnLattice,
    Param, Pat, PatId, PatNode, TypeRef, Var, VarId,
};
use crate::syntax::ast;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

/// What a body belongs to decides what a free name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A variable.
    Rule,
    /// A mistake.
    Closed,
    /// In a pattern a variable, else a mistake.
    Test,
}

/// A body while it is filled.
pub(super) struct BodyCx<'r, 'a> {
    pub r: &'r mut Resolver<'a>,
    pub scope: ScopeId,
    pub mode: Mode,
    pub body: Body,
    /// Variables of the whole rule.
    pub vars: FxHashMap<SmolStr, VarId>,
    /// Variables of arms, lambdas, `let … in` and parameters; the last of a name holds.
    pub locals: Vec<(SmolStr, VarId)>,
    /// Variables of rows that were reported: they may be bound, for all one knows.
    pub excused: FxHashSet<VarId>,
    /// Names of a test's nodes.
    pub test_nodes: FxHashMap<SmolStr, u32>,
    /// Arguments of a test's nodes, by node.
    pub node_args: Vec<Vec<Option<ExprId>>>,
}

impl<'r, 'a> BodyCx<'r, 'a> {
    pub fn new(r: &'r mut Resolver<'a>, scope: ScopeId, mode: Mode, loc: Loc) -> Self {
        Self {
            r,
            scope,
            mode,
            body: Body::new(loc),
            vars: FxHashMap::default(),
            locals: Vec::new(),
            excused: FxHashSet::default(),
            test_nodes: FxHashMap::default(),
            node_args: Vec::new(),
        }
    }

    /// A place in the body's item.
    pub fn loc(&self, span: Span) -> Loc {
        self.body.loc.at(span)
    }

    pub fn alloc(&mut self, expr: Expr, span: Span) -> ExprId {
        self.body.exprs.push(ExprNode { expr, span })
    }

    pub fn alloc_pat(&mut self, pat: Pat, span: Span) -> PatId {
        self.body.pats.push(PatNode { pat, span })
    }

    /// The variable that a name is, among those that there are.
    pub fn known_var(&self, name: &str) -> Option<VarId> {
        let local = self.locals.iter().rev().find(|(local, _)| local == name);
        local
            .map(|&(_, var)| var)
            .or_else(|| self.vars.get(name).copied())
    }

    /// The variable of the rule of that name, made when it is first met.
    pub fn rule_var(&mut self, name: &ast::Name) -> VarId {
        if let Some(&var) = self.vars.get(&name.text) {
            return var;
        }
        let var = self.new_var(name, false);
        self.vars.insert(name.text.clone(), var);
        var
    }

    /// A variable of an arm, lambda, `let … in` or of a function's parameter.
    pub fn local_var(&mut self, name: &ast::Name) -> VarId {
        let var = self.new_var(name, true);
        self.locals.push((name.text.clone(), var));
        var
    }

    fn new_var(&mut self, name: &ast::Name, local: bool) -> VarId {
        self.body.vars.push(Var {
            name: name.text.clone(),
            span: name.span,
            local,
        })
    }

    /// Lets the variables of a pattern count as bound, because what it is matched with was reported.
    pub fn excuse(&mut self, pat: PatId) {
        let vars = super::bound::args_vars(&self.body, [pat]);
        self.excused.extend(vars);
    }

    /// Resolves `f` with variables of its own.
    pub fn in_local_scope<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.locals.len();
        let result = f(self);
        self.locals.truncate(outer);
        result
    }

    /// Reports a name that is meant to be new, but is that of a constant, whose value it is in patterns.
    pub fn check_shadowing(&mut self, name: &ast::Name) {
        if let Some(constant) = self.r.constant(self.scope, name.as_str()) {
            let constant = self.r.program.constants[constant].loc;
            let declared = self.r.program.file_span(constant);
            let loc = self.loc(name.span);
            let diagnostic = self
                .r
                .diagnostic(
                    codes::E0212,
                    loc,
                    format!("the variable `{name}` shadows a constant"),
                    "has the name of a constant",
                )
                .with_label(declared, "the constant");
            self.r.report(diagnostic);
        }
    }

    /// A pattern that is to bind whatever it is given; by itself the name of a constant does not.
    pub fn check_binds(&mut self, pattern: &ast::Pattern) {
        if let ast::PatternKind::Var(name) = &pattern.kind {
            self.check_shadowing(name);
        }
    }

    /// A parameter of a function.
    pub fn parameter(&mut self, name: &ast::Name, ty: TypeRef) {
        self.check_shadowing(name);
        let var = self.local_var(name);
        self.body.params.push(Param { var, ty });
    }
}

impl<'a> Resolver<'a> {
    /// The body of one closed expression.
    pub fn closed_body(&mut self, scope: ScopeId, expr: &ast::Expr, item: ItemRef) -> Body {
        let before = self.mistakes;
        let mut cx = BodyCx::new(self, scope, Mode::Closed, Loc::new(item, expr.span));
        let value = cx.expr(expr);
        cx.body.value = Some(value);
        cx.body.mistaken = cx.r.mistakes > before;
        cx.body
    }

    pub fn resolve_constant(&mut self, pending: &PendingConstant<'a>) {
        if let Some((ty, item)) = pending.ty {
            let loc = self.program.constants[pending.id].loc;
            let loc = Loc::new(item, loc.span);
            let ty = self.resolve_kept_type(pending.scope, &[], ty, loc);
            self.program.constants[pending.id].ty = Some(ty);
        }
        if let Some((value, scope, item)) = pending.value {
            let body = self.closed_body(scope, value, item);
            self.program.constants[pending.id].init = Some(body);
        }
    }

    pub fn resolve_function(&mut self, pending: &PendingFunction<'a>) {
        let (decl, item, scope) = (pending.decl, pending.item, pending.scope);
        let before = self.mistakes;
        let types: Vec<TypeRef> = decl
            .params
            .iter()
            .map(|param| self.resolve_type(scope, &decl.type_params, &param.ty, item))
            .collect();
        let at_name = Loc::new(item, decl.name.span);
        let result = self.resolve_kept_type(scope, &decl.type_params, &decl.ret, at_name);
        let mut cx = BodyCx::new(self, scope, Mode::Closed, Loc::new(item, decl.body.span));
        for (i, (param, ty)) in decl.params.iter().zip(&types).enumerate() {
            if let Some(before) = decl.params[..i]
                .iter()
                .find(|p| p.name.text == param.name.text)
            {
                let (loc, before) = (cx.loc(param.name.span), cx.loc(before.name.span));
                cx.r.report_duplicate(param.name.as_str(), loc, before);
            }
            cx.parameter(&param.name, ty.clone());
        }
        let value = cx.expr(&decl.body);
        cx.body.value = Some(value);
        cx.body.mistaken = cx.r.mistakes > before;
        let body = cx.body;
        let function = &mut self.program.functions[pending.id];
        function.params = types;
        function.result = result;
        function.body = body;
    }

    /// A function that a lattice's own `bottom` or `merge` is.
    #[expect(
        clippy::too_many_arguments,
        reason = "a function's parts, from two forms of declaration"
    )]
    pub fn lattice_function(
        &mut self,
        scope: ScopeId,
        lattice: &ast::Lattice,
        name: SmolStr,
        mark: OwnLattice,
        params: &[&ast::Name],
        value: &ast::Expr,
        this: &TypeRef,
        item: ItemRef,
    ) -> FunctionId {
        let mut cx = BodyCx::new(self, scope, Mode::Closed, Loc::new(item, value.span));
        for param in params {
            cx.parameter(param, this.clone());
        }
        let root = cx.expr(value);
        cx.body.value = Some(root);
        let body = cx.body;
        self.program.functions.push(Function {
            name,
            type_params: lattice.type_params.iter().map(Into::into).collect(),
            params: vec![this.clone(); params.len()],
            param_names: params.iter().map(|param| param.text.clone()).collect(),
            result: this.clone(),
            kind: FunctionKind::Inferred,
            lattice: Some(mark),
            body,
            doc: SmolStr::default(),
            loc: Loc::new(item, value.span),
        })
    }

    /// Names that an expression could have meant, for the nearest.
    pub fn value_names(&self, scope: ScopeId) -> Vec<SmolStr> {
        let mut names = self.names_of(scope, |value| {
            matches!(
                value,
                Value::Constant(_) | Value::Function(_) | Value::Instance(_)
            )
        });
        names.extend(super::expr::builtin_functions().map(SmolStr::new));
        names
    }
}
