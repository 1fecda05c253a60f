//! The sources of places are those that a walk back from each finds.

use std::collections::BTreeSet;

use bloom_stdx::arena::Arena;

use crate::calm::Recall;
use crate::calm::flow::KindFlow;
use crate::calm::graph::Graph;
use crate::calm::lineage::{Sources, sealed};
use crate::calm::model::{At, Model};
use crate::hir::{NodeId, Program};

/// Compares them for each place of a program, from nothing and as far as the recall has them.
pub(crate) fn compare(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    recall: &Recall,
) -> Result<(), String> {
    let graph = Graph::new(program, flows);
    let model = Model::new(program, flows, &graph);
    let cold = Sources::new(&model);
    for at in model.places() {
        let walked: Vec<At> = walk(&model, at).into_iter().collect();
        let warm = recall.remembered.sources().map(|sources| sources.of(at));
        if cold.of(at) != walked || warm.is_some_and(|warm| warm != walked) {
            let name = &model.collection(at).name;
            return Err(format!("{name}: {walked:?}, {:?}, {warm:?}", cold.of(at)));
        }
    }
    Ok(())
}

fn walk(model: &Model<'_>, at: At) -> BTreeSet<At> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::from([at]);
    let mut open = vec![at];
    while let Some(at) = open.pop() {
        if let Some((source, _)) = sealed(model, at) {
            found.insert(source);
            continue;
        }
        if model.is_asynchronous(at) {
            found.insert(at);
            continue;
        }
        for &rule in model.writers(at) {
            for atom in &model.rule(rule).atoms {
                let from = model.place(rule, atom.collection);
                if seen.insert(from) {
                    open.push(from);
                }
            }
        }
    }
    found
}
