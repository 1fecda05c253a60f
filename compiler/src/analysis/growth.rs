//! How expressions grow with lattice values: as morphisms, monotonically, or neither
//! (Conway et al., "Logic and lattices for distributed programming", SoCC 2012, §3).
//!
//! A [`Dependence`] has one [`Growth`] a source: the parameters of a function, or the literals of a
//! rule. Plain values do not grow, so what is plain either depends on no lattice at all, or on one
//! as it is now, which is [`Growth::Neither`].

use bloom_plan::functions::{BuiltinId, Entry, Kind, lattice::Lattice};
use bloom_plan::types::{LatticeKind, Type, TypeTable};
use bloom_stdx::arena::{Arena, Id};

use super::Growth;
use super::fallible::{callees_first, instance_of};
use crate::base::{Diagnostic, codes};
use crate::hir::{Body, Builtin, Expr, ExprId, FunctionId, Pat, PatId, Program};
use crate::syntax::ast::FunctionKind;
use crate::typing::{BodyTypes, Typed, Use, walk};

/// The growth of something with each of several sources.
pub type Dependence = Vec<Growth>;

/// The growth of each function with its parameters; promises that are not kept are reported.
pub fn functions(
    program: &Program,
    typed: &Typed,
    diagnostics: &mut Vec<Diagnostic>,
) -> Arena<FunctionId, Vec<Growth>> {
    let mut found = program
        .functions
        .map(|_, function| vec![Growth::Neither; function.params.len()]);
    for id in callees_first(program) {
        let function = &program.functions[id];
        let (Some(instance), Some(value)) = (instance_of(typed, id), function.body.value) else {
            continue;
        };
        let sources = function.params.len();
        let mut growths = Growths::new(typed, &found, &function.body, &instance.body, sources);
        for (source, param) in function.body.params.iter().enumerate() {
            growths.grow(param.var, source);
        }
        let growth = growths.of(value);
        for (place, growth) in growth.iter().enumerate() {
            let lattice = typed.types.is_lattice(instance.params[place]);
            if lattice && *growth > promised(function.kind) {
                diagnostics.push(broken_promise(program, id, place));
            }
        }
        found[id] = growth;
    }
    found
}

fn promised(kind: FunctionKind) -> Growth {
    match kind {
        FunctionKind::Inferred => Growth::Neither,
        FunctionKind::Monotone => Growth::Monotone,
        FunctionKind::Morphism => Growth::Morphism,
    }
}

fn broken_promise(program: &Program, id: FunctionId, place: usize) -> Diagnostic {
    let function = &program.functions[id];
    let (name, param) = (&function.name, &function.param_names[place]);
    let (promise, law) = match function.kind {
        FunctionKind::Morphism => (
            "a morphism",
            format!("`{name}` of a join must be the join of `{name}` of each"),
        ),
        FunctionKind::Monotone | FunctionKind::Inferred => (
            "monotone",
            format!("a greater `{param}` must give a greater result"),
        ),
    };
    Diagnostic::new(
        codes::E0406,
        program.file_span(function.loc),
        format!("function `{name}` is not {promise} in `{param}`"),
        "promised here",
    )
    .with_help(law)
    .with_help("leave the word before `fn` out to have the kind inferred")
}

/// The dependences of the variables and expressions of a body.
pub struct Growths<'a> {
    typed: &'a Typed,
    functions: &'a Arena<FunctionId, Vec<Growth>>,
    body: &'a Body,
    types: &'a BodyTypes,
    sources: usize,
    vars: Vec<Dependence>,
}

impl<'a> Growths<'a> {
    pub fn new(
        typed: &'a Typed,
        functions: &'a Arena<FunctionId, Vec<Growth>>,
        body: &'a Body,
        types: &'a BodyTypes,
        sources: usize,
    ) -> Self {
        Growths {
            typed,
            functions,
            body,
            types,
            sources,
            vars: vec![vec![Growth::Constant; sources]; body.vars.len()],
        }
    }

    /// A variable of a lattice type is what grows in a source.
    pub fn grow(&mut self, var: crate::hir::VarId, source: usize) {
        if holds_lattice(&self.typed.types, self.types.vars[var]) {
            let growth = &mut self.vars[var.index()][source];
            *growth = (*growth).max(Growth::Morphism);
        }
    }

    /// Gives the variables of a pattern the dependence of what it takes apart; and that of whether
    /// it matches at all.
    pub fn bind(&mut self, pat: PatId, value: &Dependence) -> Dependence {
        let whether = match self.is_refutable(pat) {
            true => join_each(value, Growth::Neither),
            false => self.constant(),
        };
        for var in walk::pat_variables(self.body, pat) {
            let lattice = holds_lattice(&self.typed.types, self.types.vars[var]);
            let plain_value = !holds_lattice(&self.typed.types, self.types.pats[pat]);
            let own = match lattice || plain_value {
                true => value.clone(),
                // The plain part of a value that grows: a key of a `Map`'s entry. It is what it is.
                false => value.iter().map(|&g| only_neither(g)).collect(),
            };
            self.vars[var.index()] = join(&self.vars[var.index()], &own);
        }
        whether
    }

    /// How the value of an expression, where it is used, depends on the sources.
    pub fn of(&mut self, expr: ExprId) -> Dependence {
        let types = self.types;
        if let Some(of) = types.uses.get(&expr) {
            return self.used(expr, of);
        }
        let body = self.body;
        match body.expr(expr) {
            Expr::Var(var) => self.vars[var.index()].clone(),
            Expr::TupleField { receiver, .. } => self.of(*receiver),
            Expr::Tuple(parts) | Expr::Set(parts) => self.joined(parts),
            Expr::Map(entries) => {
                let mut joined = self.constant();
                for &(key, value) in entries {
                    let key = join_each(&self.of(key), Growth::Neither);
                    let value = self.of(value);
                    joined = join(&joined, &join(&key, &value));
                }
                joined
            }
            Expr::If {
                condition,
                then,
                otherwise,
            } => {
                let condition = join_each(&self.of(*condition), Growth::Neither);
                let branches = self.joined(&[*then, *otherwise]);
                join(&condition, &branches)
            }
            Expr::Match { scrutinee, arms } => {
                let value = self.of(*scrutinee);
                let mut joined = self.constant();
                for arm in arms {
                    let whether = self.bind(arm.pat, &value);
                    let guard = match arm.guard {
                        Some(guard) => join_each(&self.of(guard), Growth::Neither),
                        None => self.constant(),
                    };
                    let body = self.of(arm.body);
                    joined = join(&joined, &join(&whether, &join(&guard, &body)));
                }
                joined
            }
            Expr::Let { pat, value, body } => {
                let value = self.of(*value);
                let whether = self.bind(*pat, &value);
                join(&whether, &self.of(*body))
            }
            // Whatever else has parts sees them as they are.
            _ => self.seen(&body.children(expr)),
        }
    }

    fn used(&mut self, expr: ExprId, of: &Use) -> Dependence {
        match of {
            Use::Call {
                instance,
                arguments,
            } => {
                let function = self.typed.instances[*instance].function;
                let kinds = self.functions[function].clone();
                self.composed(arguments, &kinds, false)
            }
            Use::Builtin {
                builtin,
                arguments,
                types,
                ..
            } => {
                let table = &self.typed.types;
                let kind = |&ty| match (table.is_lattice(ty), builtin.get().kind) {
                    (true, Kind::Morphism) => Growth::Morphism,
                    (true, Kind::Monotone) => Growth::Monotone,
                    (true, Kind::Plain | Kind::Nondeterministic) | (false, _) => Growth::Neither,
                };
                let kinds: Vec<Growth> = types.iter().map(kind).collect();
                self.composed(arguments, &kinds, is_join(*builtin))
            }
            Use::Function(_) => self.constant(),
            Use::Reveal { receiver } => self.seen(&[*receiver]),
            Use::Field { receiver, field } => {
                let value = self.of(*receiver);
                match self.typed.types.get(self.types.adjusted(*receiver)) {
                    Type::Lattice { kind, .. } => match kind {
                        LatticeKind::Product => value,
                        LatticeKind::Lex if *field == 0 => value,
                        LatticeKind::Lex | LatticeKind::Own => join_each(&value, Growth::Neither),
                    },
                    _ => value,
                }
            }
            Use::Variant { arguments, .. } => self.seen(arguments),
            Use::Fields { arguments } => match self.typed.types.get(self.types.exprs[expr]) {
                Type::Lattice { kind, .. } => match kind {
                    LatticeKind::Product => self.joined(arguments),
                    LatticeKind::Lex => join_each(&self.joined(arguments), Growth::Monotone),
                    LatticeKind::Own => self.seen(arguments),
                },
                _ => self.seen(arguments),
            },
            Use::Lattice { builtin, arguments } => match builtin {
                Builtin::Sealed => self.joined(arguments),
                Builtin::Lex => join_each(&self.joined(arguments), Growth::Monotone),
                _ => self.seen(arguments),
            },
        }
    }

    /// Arguments under a function that grows so with each. A source that is in two arguments is
    /// not taken apart, unless the function joins them.
    fn composed(&mut self, arguments: &[ExprId], kinds: &[Growth], joins: bool) -> Dependence {
        let mut result = self.constant();
        for (place, &argument) in arguments.iter().enumerate() {
            let kind = kinds.get(place).copied().unwrap_or(Growth::Neither);
            let argument = match self.body.expr(argument) {
                // What a lambda captures is seen as it is.
                Expr::Lambda { body, .. } => self.seen(&[*body]),
                _ => self.of(argument),
            };
            for (known, growth) in result.iter_mut().zip(argument) {
                if growth == Growth::Constant || kind == Growth::Constant {
                    continue;
                }
                let twice = *known != Growth::Constant && !joins;
                let least = match twice {
                    true => Growth::Monotone,
                    false => Growth::Morphism,
                };
                *known = (*known).max(growth).max(kind).max(least);
            }
        }
        result
    }

    /// Parts that are joined, or stand side by side and join apart.
    fn joined(&mut self, parts: &[ExprId]) -> Dependence {
        parts.iter().fold(self.constant(), |joined, &part| {
            let own = self.of(part);
            join(&joined, &own)
        })
    }

    /// Parts that are seen as they are now.
    fn seen(&mut self, parts: &[ExprId]) -> Dependence {
        join_each(&self.joined(parts), Growth::Neither)
    }

    fn constant(&self) -> Dependence {
        vec![Growth::Constant; self.sources]
    }

    fn is_refutable(&self, pat: PatId) -> bool {
        match self.body.pat(pat) {
            Pat::Error | Pat::Wildcard | Pat::Var(_) => false,
            Pat::Tuple(parts) | Pat::Variant { args: parts, .. }
                if !self.types.variants.contains_key(&pat) =>
            {
                parts.iter().any(|&part| self.is_refutable(part))
            }
            Pat::Record { fields, .. } => fields.iter().any(|&(_, part)| self.is_refutable(part)),
            Pat::Constant(_)
            | Pat::SelfAddr
            | Pat::TestNode(_)
            | Pat::Literal(_)
            | Pat::Tuple(_)
            | Pat::List(_)
            | Pat::Variant { .. } => true,
        }
    }
}

/// The built-ins that are joins of their arguments, so that an argument may come twice.
fn is_join(builtin: BuiltinId) -> bool {
    let Entry::Lattice(entry) = builtin.get().entry else {
        return false;
    };
    matches!(
        entry,
        Lattice::Merge
            | Lattice::SetUnion
            | Lattice::PosSetUnion
            | Lattice::BagUnion
            | Lattice::MapUnion
            | Lattice::OrOr
            | Lattice::AndAnd
    )
}

/// Whether a type is a lattice, or a tuple with one in it (an entry of a `Map`).
pub fn holds_lattice(types: &TypeTable, ty: bloom_plan::types::TypeId) -> bool {
    match types.get(ty) {
        Type::Tuple(parts) => parts.iter().any(|&part| holds_lattice(types, part)),
        _ => types.is_lattice(ty),
    }
}

fn only_neither(growth: Growth) -> Growth {
    match growth {
        Growth::Neither => Growth::Neither,
        Growth::Constant | Growth::Morphism | Growth::Monotone => Growth::Constant,
    }
}

/// What loses more, source by source.
pub fn join(a: &Dependence, b: &Dependence) -> Dependence {
    a.iter().zip(b).map(|(&a, &b)| a.max(b)).collect()
}

/// The dependence of what loses at least `least` of its sources.
pub fn join_each(a: &Dependence, least: Growth) -> Dependence {
    let weaken = |&growth| match growth {
        Growth::Constant => Growth::Constant,
        other => other.max(least),
    };
    a.iter().map(weaken).collect()
}
