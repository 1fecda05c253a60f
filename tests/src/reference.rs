//! The reference evaluator: what the language means, slowly and without a trick.
//!
//! A tick evaluates the rules of each stratum over all rows until nothing changes, then those of
//! the other arrows once. It shares with the engine the front end and the meaning of built-ins; it
//! knows no plan, no indexes, no deltas, no machine code and no words. The engine is held to it.
//!
//! Key conflicts (§10 of the language reference): an iteration derives everything from what the
//! iteration before left. Of unequal new rows of a key none merges in the whole tick, and the
//! stratum begins again without the key; a new row that differs from one stored in an earlier tick
//! is left out.

mod aggregate;
mod body;
mod deferred;
mod relation;
mod resume;
mod strata;
mod tick;

use std::collections::BTreeSet;

use bloom_compiler::eval::Evaluator;
use bloom_compiler::hir::{self, CollectionId, CollectionKind, NodeKind};
use bloom_compiler::typing::{NodeTypes, Typed};
use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, ErrorRow, Input, Output};
use bloom_sim::{Kinds, Machine};
use bloom_stdx::arena::{Arena, Id};
use smol_str::SmolStr;

use deferred::Change;
use relation::Relation;
use strata::Strata;

/// A checked program, whose kinds of node the evaluator runs.
#[derive(Clone, Copy)]
pub struct Model<'p> {
    pub program: &'p hir::Program,
    pub typed: &'p Typed,
    /// What the outside calls the collections, and which of them are of one stratum.
    pub plans: &'p [Plan],
}

/// A node of the reference evaluator.
pub struct Reference<'p> {
    kind: &'p NodeKind,
    types: &'p NodeTypes,
    evaluator: Evaluator<'p>,
    strata: Strata,
    /// The collection of each relation of the plan, if it is one.
    relations_of_plan: Vec<Option<CollectionId>>,
    relations: Arena<CollectionId, Relation>,
    /// What the last tick deferred.
    changes: Vec<(CollectionId, Change)>,
    looped: Vec<(CollectionId, Row)>,
    timers: Vec<Timer>,
    cluster: Vec<Row>,
    /// Whether durable tables were restored, so that `bootstrap` leaves them alone.
    restored: bool,
    /// Errors that readers of `errors` have not seen yet.
    late_errors: Vec<Row>,
    /// Errors of this tick that they have seen.
    seen_errors: BTreeSet<ErrorRow>,
    ticks: u64,
}

#[derive(Debug)]
struct Timer {
    collection: CollectionId,
    every: i64,
    due: i64,
    /// Number of the next firing.
    fired: i64,
}

impl<'p> Kinds for Model<'p> {
    type Node = Reference<'p>;

    fn plan(&self, kind: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.name == kind)
    }

    fn start(&self, kind: &str, config: Config) -> Result<Reference<'p>, String> {
        Reference::start(self, kind, config)
    }
}

impl<'p> Reference<'p> {
    fn start(model: &Model<'p>, name: &str, config: Config) -> Result<Self, String> {
        let plan = model.plan(name).ok_or("there is no such kind of node")?;
        let mut nodes = model.program.nodes.iter();
        let (id, kind) = nodes
            .find(|(_, kind)| kind.name == name)
            .ok_or("there is no such kind of node")?;
        let types = &model.typed.nodes[id];
        let evaluator = evaluator(model, kind, &config)?;
        let relations = kind.collections.iter().map(|(collection, declared)| {
            Relation::new(declared, &types.collections[collection], &model.typed.types)
        });
        let relation_of = |relation: &bloom_plan::plan::Relation| kind.collection(&relation.name);
        let mut node = Reference {
            kind,
            types,
            strata: Strata::new(kind, plan),
            relations_of_plan: plan.relations.iter().map(relation_of).collect(),
            relations: relations.collect(),
            evaluator,
            changes: Vec::new(),
            looped: Vec::new(),
            timers: Vec::new(),
            cluster: Vec::new(),
            restored: config.durable.is_some(),
            late_errors: Vec::new(),
            seen_errors: BTreeSet::new(),
            ticks: 0,
        };
        node.cluster = config
            .cluster
            .iter()
            .map(|m| {
                vec![
                    Value::Addr(m.address.clone()),
                    Value::String(m.kind.clone()),
                ]
            })
            .collect();
        for (table, rows) in config.durable.into_iter().flatten() {
            let table = kind.collection(&table).ok_or("there is no such table")?;
            node.relations[table].restore(rows);
        }
        node.set_timers(config.start)?;
        Ok(node)
    }

    fn set_timers(&mut self, start: i64) -> Result<(), String> {
        for (collection, declared) in self.kind.collections.iter() {
            if let CollectionKind::Periodic { every } = declared.kind {
                let every = match self.evaluator.constant(every) {
                    Ok(Value::Duration(every)) if every > 0 => every,
                    _ => return Err("a period must be above zero".to_owned()),
                };
                self.timers.push(Timer {
                    collection,
                    every,
                    due: start + every,
                    fired: 1,
                });
            }
        }
        Ok(())
    }

    /// Whether a relation of the plan is a collection of the program.
    pub fn declares(&self, relation: RelationId) -> bool {
        self.relations_of_plan[relation.0 as usize].is_some()
    }

    fn name(&self, collection: CollectionId) -> &SmolStr {
        &self.kind.collections[collection].name
    }
}

impl Machine for Reference<'_> {
    fn step(&mut self, input: Input) -> Output {
        self.tick(input)
    }

    fn rows(&self, relation: RelationId) -> Vec<Row> {
        match self.relations_of_plan[relation.0 as usize] {
            Some(collection) => self.relations[collection].sorted(),
            None => Vec::new(),
        }
    }

    fn wants_tick(&self) -> bool {
        self.ticks == 0 || !self.changes.is_empty() || !self.looped.is_empty()
    }

    fn next_timer(&self) -> Option<i64> {
        self.timers.iter().map(|timer| timer.due).min()
    }
}

/// The evaluator of a node, its constants set.
fn evaluator<'p>(
    model: &Model<'p>,
    kind: &NodeKind,
    config: &Config,
) -> Result<Evaluator<'p>, String> {
    let mut evaluator = Evaluator::new(model.program, model.typed);
    evaluator.self_addr = config.address.clone();
    let arguments: Vec<Option<Value>> = config.parameters.iter().cloned().map(Some).collect();
    evaluator
        .start(kind, &arguments)
        .map_err(|(constant, error)| {
            let name = &model.program.constants[constant].name;
            format!("constant `{name}`: {}", error.message())
        })?;
    Ok(evaluator)
}

/// Ids of an arena in order.
fn ids<I: Id, T>(arena: &Arena<I, T>) -> impl Iterator<Item = I> + use<I, T> {
    (0..arena.len()).map(I::from_index)
}
