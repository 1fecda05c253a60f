//! From resolved and typed rules to the relational IR.
//!
//! Names become numbers, generic functions one function a list of types, lambdas functions with
//! captures, patterns tests and parts, lattice operators scalar ones where they are no more than
//! that. Nothing is decided here about evaluation. Only programs without errors come here; what a
//! stage before has reported becomes a row error, so that lowering is total all the same.

mod call;
mod function;
mod pattern;
mod rule;
mod scalar;
mod schedule;
mod scope;
mod system;

use std::collections::HashMap;

use bloom_plan::functions::{self, BuiltinId};
use bloom_plan::plan::{
    self, Column, Constant, ConstantId, Expr, Function, FunctionId, Literal, LiteralId, OwnLattice,
    Plan, Relation, RelationKind, Role, Site, SiteId,
};
use bloom_plan::types::{Type, TypeId};
use bloom_plan::value::Value;
use bloom_stdx::arena::Id;
use rustc_hash::FxHashMap;

use super::{Program, Rule};
use crate::analysis::{Analysis, NodeAnalysis};
use crate::base::Sources;
use crate::hir::{self, CollectionKind, NodeId};
use crate::typing::{InstanceId, Typed};
use schedule::Slot;
use scope::BodyLowering;

/// The relational IR of one kind of node.
pub fn lower(
    program: &hir::Program,
    typed: &Typed,
    analysis: &Analysis,
    sources: &Sources,
    node: NodeId,
) -> Program {
    let mut lowering = Lowering::new(program, typed, &analysis.nodes[node], sources, node);
    lowering.constants();
    lowering.relations();
    lowering.own_lattices();
    lowering.rules();
    lowering.finish()
}

struct Lowering<'a> {
    program: &'a hir::Program,
    typed: &'a Typed,
    analysis: &'a NodeAnalysis,
    sources: &'a Sources,
    node: NodeId,
    /// The declarations so far.
    plan: Plan,
    rules: Vec<Rule>,
    /// Parallel to `rules`.
    slots: Vec<Slot>,
    constants: FxHashMap<hir::ConstantId, ConstantId>,
    instances: FxHashMap<InstanceId, FunctionId>,
    literals: HashMap<(TypeId, Value), LiteralId>,
    sites: HashMap<Site, SiteId>,
}

impl<'a> Lowering<'a> {
    fn new(
        program: &'a hir::Program,
        typed: &'a Typed,
        analysis: &'a NodeAnalysis,
        sources: &'a Sources,
        node: NodeId,
    ) -> Self {
        Lowering {
            program,
            typed,
            analysis,
            sources,
            node,
            plan: Plan {
                replicated: program.nodes[node].replicated,
                ..Plan::empty(program.nodes[node].name.clone(), typed.types.clone())
            },
            rules: Vec::new(),
            slots: Vec::new(),
            constants: FxHashMap::default(),
            instances: FxHashMap::default(),
            literals: HashMap::new(),
            sites: HashMap::new(),
        }
    }

    fn finish(self) -> Program {
        let (strata, closing) = schedule::schedule(&self.slots);
        Program {
            declarations: self.plan,
            rules: self.rules,
            strata,
            closing,
        }
    }

    fn add_rule(&mut self, declared: plan::Rule, rule: Rule, slot: Slot) {
        self.plan.rules.push(declared);
        self.rules.push(rule);
        self.slots.push(slot);
    }

    fn constants(&mut self) {
        let program = self.program;
        for &id in &program.nodes[self.node].constants {
            let constant = &program.constants[id];
            let types = &self.typed.constants[id];
            let init = constant.init.as_ref().zip(types.init.as_ref());
            let init = init
                .map(|(body, types)| BodyLowering::new(self, body, types).thunk(&constant.name));
            self.plan.constants.push(Constant {
                name: constant.name.clone(),
                ty: types.ty,
                parameter: constant.parameter,
                init,
            });
            self.constants
                .insert(id, ConstantId(self.plan.constants.len() as u32 - 1));
        }
    }

    fn relations(&mut self) {
        let (program, typed) = (self.program, self.typed);
        for (id, collection) in program.nodes[self.node].collections.iter() {
            let mut columns = Vec::new();
            for (column, types) in collection
                .columns
                .iter()
                .zip(&typed.nodes[self.node].collections[id])
            {
                let default = column.default.as_ref().zip(types.default.as_ref());
                columns.push(Column {
                    name: column.name.clone(),
                    ty: types.ty,
                    role: match column.key {
                        true => Role::Key,
                        false if typed.types.is_lattice(types.ty) => Role::Lattice,
                        false => Role::Value,
                    },
                    default: default.map(|(body, types)| {
                        BodyLowering::new(self, body, types).thunk(&column.name)
                    }),
                });
            }
            let kind = self.relation_kind(collection);
            self.plan.relations.push(Relation {
                name: collection.name.clone(),
                kind,
                columns,
                immutable: collection.immutable,
                sealed_by: collection.sealed_by.clone(),
                public: collection.public,
                delivery: collection.delivery.clone(),
            });
        }
    }

    fn relation_kind(&self, collection: &hir::Collection) -> RelationKind {
        let durable = collection.durable;
        match collection.kind {
            CollectionKind::Table | CollectionKind::Seals { .. } => RelationKind::Table { durable },
            CollectionKind::Scratch | CollectionKind::Sealed { .. } => RelationKind::Scratch,
            CollectionKind::Static
            | CollectionKind::SysRule
            | CollectionKind::SysCollection
            | CollectionKind::SysDepends
            | CollectionKind::SysStratum => RelationKind::Static,
            CollectionKind::Input => RelationKind::Input,
            CollectionKind::Output => RelationKind::Output,
            CollectionKind::View => RelationKind::View,
            CollectionKind::Channel { location } => RelationKind::Channel { location },
            CollectionKind::Seal { .. } => {
                let location = collection.columns.iter().position(|column| column.location);
                RelationKind::Channel {
                    location: location.unwrap_or(0) as u32,
                }
            }
            CollectionKind::Loopback => RelationKind::Loopback,
            CollectionKind::Periodic { every } => match self.constants.get(&every) {
                Some(&every) => RelationKind::Periodic { every },
                None => RelationKind::Scratch,
            },
            CollectionKind::Cluster => RelationKind::Cluster,
            CollectionKind::Alive => RelationKind::Alive,
            CollectionKind::Stdin => RelationKind::Stdin,
            CollectionKind::Errors => RelationKind::Errors,
            CollectionKind::Stdout => RelationKind::Stdout,
            CollectionKind::Stderr => RelationKind::Stderr,
            CollectionKind::Halt => RelationKind::Halt,
        }
    }

    fn own_lattices(&mut self) {
        for lattice in &self.typed.own_lattices {
            if let (Some(bottom), Some(merge)) = (lattice.bottom, lattice.merge) {
                let own = OwnLattice {
                    ty: lattice.ty,
                    bottom: self.instance(bottom),
                    merge: self.instance(merge),
                };
                self.plan.own_lattices.push(own);
            }
        }
    }

    fn rules(&mut self) {
        let node = &self.program.nodes[self.node];
        let mut helpers = Vec::new();
        for (id, source) in node.rules.iter() {
            rule::lower(self, id, source, &mut helpers);
        }
        // What rules need beside themselves comes after all of them, so that a rule keeps its number.
        for helper in helpers {
            self.add_rule(helper.declared, helper.rule, helper.slot);
        }
        system::describe(self);
    }

    fn int(&mut self) -> TypeId {
        self.plan.types.intern(Type::Int)
    }

    fn string(&mut self) -> TypeId {
        self.plan.types.intern(Type::String)
    }

    fn literal(&mut self, ty: TypeId, value: Value) -> Expr {
        let next = LiteralId(self.plan.literals.len() as u32);
        let id = *self.literals.entry((ty, value.clone())).or_insert(next);
        if id == next {
            self.plan.literals.push(Literal { ty, value });
        }
        Expr::Literal(id)
    }

    fn site(&mut self, builtin: BuiltinId, arguments: Vec<TypeId>, result: TypeId) -> SiteId {
        let site = Site {
            builtin,
            arguments,
            result,
        };
        let next = SiteId(self.plan.sites.len() as u32);
        let id = *self.sites.entry(site.clone()).or_insert(next);
        if id == next {
            self.plan.sites.push(site);
        }
        id
    }

    /// A call of the built-in with that signature.
    fn builtin(&mut self, signature: &str, arguments: Vec<(TypeId, Expr)>, result: TypeId) -> Expr {
        let id =
            functions::find(signature).expect("the signature stands in the table of built-ins");
        let (types, values): (Vec<_>, Vec<_>) = arguments.into_iter().unzip();
        let site = self.site(id, types, result);
        Expr::Builtin(
            site,
            values
                .into_iter()
                .map(bloom_plan::plan::Argument::Value)
                .collect(),
        )
    }

    fn add_function(&mut self, function: Function) -> FunctionId {
        self.plan.functions.push(function);
        FunctionId(self.plan.functions.len() as u32 - 1)
    }

    /// The function of the plan for a function of the program at one list of types.
    fn instance(&mut self, id: InstanceId) -> FunctionId {
        if let Some(&known) = self.instances.get(&id) {
            return known;
        }
        let function = function::lower(self, id, &[]);
        self.instances.insert(id, function);
        function
    }
}

/// The relation of a collection: the same place.
fn relation_of(id: hir::CollectionId) -> bloom_plan::plan::RelationId {
    bloom_plan::plan::RelationId(id.index() as u32)
}
