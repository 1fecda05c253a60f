//! From terms with variables to closed types in the program's table, and from calls to instances.
//!
//! An instance of a function is typed when the first call at its type arguments is met; its own
//! calls are met in turn, by a list of work and not by recursion. What is left unbound is of no
//! consequence (the element of an empty list that nobody reads) and becomes the unit type.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use bloom_plan::types::{Field, LatticeKind, Type, TypeId, Variant};
use bloom_stdx::arena::{Arena, Id};

use super::context::Context;
use super::infer::{Draft, Found, Infer, Setting};
use super::program::{Defaults, setting};
use super::shared::Shared;
use super::ty::{Closed, Con, Mark, Term, Ty};
use super::{
    BodyTypes, ColumnTypes, ConstantTypes, Instance, InstanceId, NodeTypes, OwnLattice, SpecTypes,
    Typed,
};
use crate::hir::{Builtin, FunctionId, LatticeForm, Rule, TypeDefId, TypeDefKind};

pub struct Finish<'c, 'a> {
    pub(super) cx: &'c mut Context<'a>,
    pub state: State,
    /// The definitions that lead back to themselves.
    cyclic: Vec<bool>,
    /// The types of rules.
    bodies: Shared,
}

/// The types of a rule as far as they are known before all rules are typed.
pub enum RuleTypes {
    Closed(Arc<BodyTypes>),
    /// Another rule may still tell some. Boxed, as there are many rules, and hardly any is open.
    Open(Box<Found>),
}

/// What is closed so far.
#[derive(Clone, Debug)]
pub struct State {
    pub typed: Typed,
    /// Of terms that were closed.
    ids: Closed,
    /// Of definitions that hold themselves, by whether they are a lattice and their arguments: in these,
    /// equal structure does not tell equal types.
    recursive: FxHashMap<(TypeDefId, bool, Vec<TypeId>), TypeId>,
    instances: FxHashMap<(FunctionId, Vec<TypeId>), InstanceId>,
    /// Instances whose bodies are to be typed, with type arguments as terms.
    work: VecDeque<(InstanceId, Vec<Ty>)>,
}

impl State {
    pub fn new() -> Self {
        let mut typed = Typed::default();
        typed.types.intern(Type::Tuple(Vec::new()));
        State {
            typed,
            ids: Closed::default(),
            recursive: FxHashMap::default(),
            instances: FxHashMap::default(),
            work: VecDeque::new(),
        }
    }
}

impl State {
    /// Forgets what was closed since the mark, by its terms: the closed types themselves stay.
    pub fn forget(&mut self, mark: Mark) {
        self.ids.forget(mark);
    }
}

impl<'c, 'a> Finish<'c, 'a> {
    /// Goes on from what is closed so far.
    pub fn new(cx: &'c mut Context<'a>, state: State) -> Self {
        let cyclic = cx.program.cyclic_types();
        Finish {
            cx,
            state,
            cyclic,
            bodies: Shared::default(),
        }
    }

    pub fn constants(&mut self, found: Vec<Option<Found>>) {
        for (place, found) in found.into_iter().enumerate() {
            let ty = self.close(self.cx.constants[place]);
            let init = found.map(|found| self.body(found));
            self.state.typed.constants.push(ConstantTypes { ty, init });
        }
    }

    /// Infers a rule of the kind with this number.
    pub fn rule(&mut self, kind: usize, rule: &'a Rule) -> Found {
        Infer::new(self.cx, &rule.body, Setting::Rule, &[]).rule(kind, rule)
    }

    /// The types of a rule that shares no variable with another; its terms are forgotten.
    pub fn settled_rule(&mut self, kind: usize, rule: &'a Rule) -> Arc<BodyTypes> {
        let mark = self.cx.store.mark();
        let found = self.rule(kind, rule);
        let types = self.body(found);
        self.instances();
        if self.cx.store.forget(mark) {
            self.state.forget(mark);
        }
        self.bodies.shared(types)
    }

    /// Kinds of node and unused modules, by the types of columns, the columns' defaults, the rules.
    pub fn kinds(&mut self, defaults: Defaults, rules: Vec<Vec<RuleTypes>>) {
        let columns = self.cx.columns.clone();
        let kinds = columns.into_iter().zip(defaults).zip(rules);
        for (place, ((columns, defaults), rules)) in kinds.enumerate() {
            let mut node = NodeTypes::default();
            let mut collections = Arena::new();
            for (columns, defaults) in columns.into_iter().zip(defaults) {
                let columns = columns.into_iter().zip(defaults);
                let columns = columns.map(|(ty, default)| ColumnTypes {
                    ty: self.close(ty),
                    default: default.map(|found| Box::new(self.body(*found))),
                });
                collections.push(columns.collect());
            }
            node.collections = Arc::new(collections);
            for types in rules {
                let types = match types {
                    RuleTypes::Closed(types) => types,
                    RuleTypes::Open(found) => {
                        let types = self.body(*found);
                        self.bodies.shared(types)
                    }
                };
                node.rules.push(types);
            }
            if place < self.cx.program.nodes.len() {
                self.state.typed.nodes.push(node);
            } else {
                self.state.typed.unused.push(node);
            }
        }
    }

    pub fn tests(&mut self, tests: Vec<Found>, fault_tests: Vec<Found>) {
        self.state.typed.tests = tests.into_iter().map(|found| self.body(found)).collect();
        self.state.typed.fault_tests = fault_tests
            .into_iter()
            .map(|found| self.body(found))
            .collect();
    }

    pub fn specs(&mut self, specs: Vec<(Vec<Vec<Ty>>, Vec<Found>)>) {
        for (relations, rules) in specs {
            let collections = relations.into_iter().map(|columns| self.close_all(columns));
            let collections = collections.collect();
            let rules = rules.into_iter().map(|found| self.body(found)).collect();
            self.state
                .typed
                .specs
                .push(SpecTypes { collections, rules });
        }
    }

    /// Types the instances that are called, and what these call, and gives the whole.
    pub fn done(mut self) -> State {
        // Functions without type parameters are there whether called or not: tools look at them.
        for (id, function) in self.cx.program.functions.iter() {
            if function.type_params.is_empty() {
                self.instance((id, Vec::new()));
            }
        }
        self.instances();
        self.state.typed.recursive = self.state.typed.types.recursive();
        self.state
    }

    /// Types the bodies of instances that are called and not typed yet.
    pub fn instances(&mut self) {
        while let Some((id, args)) = self.state.work.pop_front() {
            let function = self.state.typed.instances[id].function;
            let function = &self.cx.program.functions[function];
            let result = self.cx.lower(&function.result, &args);
            let found = Infer::new(self.cx, &function.body, setting(function), &args)
                .silent()
                .value(result);
            self.state.typed.instances[id].body = self.body(found);
        }
    }

    pub(super) fn instance(&mut self, (function, args): Draft) -> InstanceId {
        let type_args = self.close_all(args.clone());
        if let Some(&id) = self.state.instances.get(&(function, type_args.clone())) {
            return id;
        }
        let definition = &self.cx.program.functions[function];
        let params = definition.params.iter();
        let params: Vec<Ty> = params.map(|ty| self.cx.lower(ty, &args)).collect();
        let result = self.cx.lower(&definition.result, &args);
        let (params, result) = (self.close_all(params), self.close(result));
        let body = &definition.body;
        let unit = TypeId(0);
        // Until the work gets to it.
        let body = BodyTypes {
            exprs: body.exprs.map(|_, _| unit),
            pats: body.pats.map(|_, _| unit),
            vars: body.vars.map(|_, _| unit),
            ..BodyTypes::default()
        };
        let id = self.state.typed.instances.push(Instance {
            function,
            type_args: type_args.clone(),
            params,
            result,
            body,
        });
        self.state.instances.insert((function, type_args), id);
        self.state.work.push_back((id, args));
        id
    }

    pub fn body(&mut self, found: Found) -> BodyTypes {
        let injections = found.injections.into_iter();
        let aggregates = found.aggregates.into_iter();
        let mut uses = FxHashMap::default();
        for (expr, of) in found.uses {
            uses.insert(expr, of.map(self, Self::close, Self::instance));
        }
        BodyTypes {
            exprs: self.arena(found.exprs),
            pats: self.arena(found.pats),
            vars: self.arena(found.vars),
            uses,
            injections: injections
                .map(|(expr, ty)| (expr, self.close(ty)))
                .collect(),
            variants: found.variants,
            aggregates: aggregates
                .map(|(place, ty)| (place, self.close(ty)))
                .collect(),
        }
    }

    fn arena<I: Id>(&mut self, types: Vec<Ty>) -> Arena<I, TypeId> {
        types.into_iter().map(|ty| self.close(ty)).collect()
    }

    fn close_all(&mut self, types: Vec<Ty>) -> Vec<TypeId> {
        types.into_iter().map(|ty| self.close(ty)).collect()
    }

    pub(super) fn close(&mut self, ty: Ty) -> TypeId {
        let ty = self.cx.store.resolve(ty);
        if let Some(id) = self.state.ids.get(ty) {
            return id;
        }
        let Term::App(con, args) = self.cx.store.term(ty).clone() else {
            return TypeId(0);
        };
        let def = match con {
            Con::Def { def, .. } => Some(def),
            _ => None,
        };
        let closed = match con {
            Con::Builtin(builtin) => {
                let args = self.close_all(args.to_vec());
                builtin_type(builtin, &args)
            }
            Con::Tuple => Type::Tuple(self.close_all(args.to_vec())),
            Con::Function => {
                let mut parameters = self.close_all(args.to_vec());
                let result = parameters.pop().expect("a function has a result");
                Type::Function { parameters, result }
            }
            Con::Def { def, lattice } if self.cyclic[def.index()] => {
                return self.recursive(ty, def, lattice, &args);
            }
            Con::Def { def, lattice } => self.def(ty, def, lattice, &args),
            // In modules that are only checked; a name of its own keeps such types apart.
            Con::Opaque { name, lattice } => opaque(name, lattice),
        };
        let own = matches!(
            closed,
            Type::Lattice {
                kind: LatticeKind::Own,
                ..
            }
        );
        let id = self.state.typed.types.intern(closed);
        self.state.ids.insert(ty, id);
        if own && let Some(def) = def {
            self.own_lattice(id, def, args.to_vec());
        }
        id
    }

    /// A definition that leads back to itself: it has its number before its parts have theirs.
    fn recursive(&mut self, ty: Ty, def: TypeDefId, lattice: bool, args: &[Ty]) -> TypeId {
        let key = (def, lattice, self.close_all(args.to_vec()));
        let known = self.state.recursive.get(&key).copied();
        let id = known.unwrap_or_else(|| {
            let id = self.state.typed.types.reserve();
            self.state.recursive.insert(key, id);
            let closed = self.def(ty, def, lattice, args);
            self.state.typed.types.define(id, closed);
            id
        });
        self.state.ids.insert(ty, id);
        id
    }

    fn def(&mut self, ty: Ty, def: TypeDefId, lattice: bool, args: &[Ty]) -> Type {
        let definition = &self.cx.program.types[def];
        let name = self.name(def, args);
        match &definition.kind {
            TypeDefKind::Enum { variants } => {
                let mut closed = Vec::with_capacity(variants.len());
                for (place, variant) in variants.iter().enumerate() {
                    let tys = self.cx.variant_fields(def, place as u32, args);
                    let fields = variant.fields.iter().map(|field| field.name.clone());
                    closed.push(Variant {
                        name: variant.name.clone(),
                        fields: self.named(fields.zip(tys).collect()),
                    });
                }
                Type::Enum {
                    name,
                    variants: closed,
                }
            }
            TypeDefKind::Record { .. } => {
                let fields = self.cx.fields(ty);
                let fields = self.named(fields);
                Type::Record { name, fields }
            }
            TypeDefKind::Lattice { form, .. } => {
                let fields = self.cx.fields(ty);
                let fields = self.named(fields);
                let kind = match form {
                    LatticeForm::Product => LatticeKind::Product,
                    LatticeForm::Lexicographic => LatticeKind::Lex,
                    LatticeForm::Own { .. } => LatticeKind::Own,
                };
                match lattice {
                    true => Type::Lattice { name, kind, fields },
                    false => Type::Record { name, fields },
                }
            }
        }
    }

    /// The name of a definition; at type arguments, with them, since equal names are equal types.
    fn name(&self, def: TypeDefId, args: &[Ty]) -> SmolStr {
        let name = &self.cx.program.types[def].name;
        if args.is_empty() || def == crate::hir::OPTION {
            return name.clone();
        }
        let args: Vec<String> = args.iter().map(|&arg| self.cx.show(arg)).collect();
        SmolStr::from(format!("{name}<{}>", args.join(", ")))
    }

    fn named(&mut self, fields: Vec<(SmolStr, Ty)>) -> Vec<Field> {
        let field = |(name, ty)| Field {
            name,
            ty: self.close(ty),
        };
        fields.into_iter().map(field).collect()
    }

    fn own_lattice(&mut self, ty: TypeId, def: TypeDefId, args: Vec<Ty>) {
        let TypeDefKind::Lattice {
            form: LatticeForm::Own { bottom, merge },
            ..
        } = self.cx.program.types[def].kind
        else {
            return;
        };
        let bottom = bottom.map(|function| self.instance((function, args.clone())));
        let merge = merge.map(|function| self.instance((function, args.clone())));
        self.state.typed.own_lattices.push(OwnLattice {
            ty,
            def,
            bottom,
            merge,
        });
    }
}

/// A stand-in with the name of the parameter, so that tools can print it.
fn opaque(name: SmolStr, lattice: bool) -> Type {
    let fields = Vec::new();
    match lattice {
        true => Type::Lattice {
            name,
            kind: LatticeKind::Product,
            fields,
        },
        false => Type::Record { name, fields },
    }
}

fn builtin_type(builtin: Builtin, args: &[TypeId]) -> Type {
    match builtin {
        Builtin::Bool => Type::Bool,
        Builtin::Int => Type::Int,
        Builtin::Float => Type::Float,
        Builtin::String => Type::String,
        Builtin::Bytes => Type::Bytes,
        Builtin::Addr => Type::Addr,
        Builtin::Time => Type::Time,
        Builtin::Duration => Type::Duration,
        Builtin::Req => Type::Req,
        Builtin::List => Type::List(args[0]),
        Builtin::FrozenSet => Type::FrozenSet(args[0]),
        Builtin::FrozenBag => Type::FrozenBag(args[0]),
        Builtin::FrozenMap => Type::FrozenMap(args[0], args[1]),
        Builtin::Max => Type::Max(args[0]),
        Builtin::Min => Type::Min(args[0]),
        Builtin::Or => Type::Or,
        Builtin::And => Type::And,
        Builtin::Set => Type::Set(args[0]),
        Builtin::PosSet => Type::PosSet(args[0]),
        Builtin::Bag => Type::Bag(args[0]),
        Builtin::Map => Type::Map(args[0], args[1]),
        Builtin::Lex => Type::Lex(args[0], args[1]),
        Builtin::Lww => Type::Lww(args[0], args[1]),
        Builtin::Once => Type::Once(args[0]),
        Builtin::Sealed => Type::Sealed(args[0]),
    }
}
