//! Runs a recording again on the nodes of production: the same inputs in the same order, tick by tick, and each
//! tick must do what it did.

use std::sync::Arc;

use bloom_plan::plan::{Plan, RelationId};
use bloom_runtime::{Input, Node, Output, Program, StartError};
use smol_str::SmolStr;

use super::digest::Digest;
use super::{Recording, RecordingError};

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error("node {node}: {error}")]
    Start {
        node: SmolStr,
        error: Box<StartError>,
    },
    #[error(
        "`{kind}` of the recording takes rows of `{collection}` in, and the program has no such collection"
    )]
    Collection { kind: SmolStr, collection: SmolStr },
}

/// A node that runs again.
#[derive(Debug)]
pub struct Replayed {
    pub address: SmolStr,
    pub kind: SmolStr,
    /// Ticks that did what they had done.
    pub ticks: u64,
    /// The first that did not; later ticks of the node are not run.
    pub departure: Option<Departure>,
}

/// Where a node does something else.
#[derive(Debug)]
pub struct Departure {
    /// Of the recorded ticks of the node, from 1.
    pub tick: u64,
    pub differs: Vec<&'static str>,
    /// What it does now.
    pub output: Box<Output>,
}

/// A tick that has run again.
#[derive(Debug)]
pub struct Step<'s> {
    /// By place among the run's nodes.
    pub node: usize,
    /// Of the recorded ticks of the node, from 1.
    pub tick: u64,
    pub input: &'s Input,
    pub output: &'s Output,
    /// After the tick.
    pub state: &'s Node,
}

/// Runs a run again on these programs, one a plan of its start, whose collections may stand in other places;
/// `look` is shown each tick that did the same.
pub fn replay(
    recording: &Recording,
    run: usize,
    programs: &[Arc<Program>],
    look: &mut dyn FnMut(&Step<'_>),
) -> Result<Vec<Replayed>, ReplayError> {
    let start = recording.start(run);
    let mut nodes = Vec::new();
    let mut replayed = Vec::new();
    for beginning in &start.nodes {
        let program = &programs[beginning.kind];
        let node = Node::new(Arc::clone(program), beginning.config());
        let mut node = node.map_err(|error| ReplayError::Start {
            node: beginning.address.clone(),
            error: Box::new(error),
        })?;
        if start.keeps_outputs {
            node.keep_outputs();
        }
        nodes.push(node);
        replayed.push(Replayed {
            address: beginning.address.clone(),
            kind: program.plan().name.clone(),
            ticks: 0,
            departure: None,
        });
    }
    for tick in recording.ticks(run) {
        let tick = tick?;
        let so_far = &mut replayed[tick.node];
        if so_far.departure.is_some() {
            continue;
        }
        let node = &mut nodes[tick.node];
        let mut input = tick.input;
        let kind = start.nodes[tick.node].kind;
        place(&mut input, &start.plans[kind], programs[kind].plan())?;
        if let Some(chance) = tick.chance {
            node.set_chance(chance);
        }
        let output = node.step(input.clone());
        let did = Digest::of(node.program().plan(), &output);
        if did != tick.did {
            so_far.departure = Some(Departure {
                tick: so_far.ticks + 1,
                differs: did.differing(tick.did),
                output: Box::new(output),
            });
            continue;
        }
        so_far.ticks += 1;
        look(&Step {
            node: tick.node,
            tick: so_far.ticks,
            input: &input,
            output: &output,
            state: node,
        });
    }
    Ok(replayed)
}

/// Puts rows into the collections of the same names.
fn place(input: &mut Input, recorded: &Plan, plan: &Plan) -> Result<(), ReplayError> {
    for (relation, _) in input.rows.iter_mut().chain(&mut input.seals) {
        let name = &recorded.relations[relation.0 as usize].name;
        let is_it = |id: RelationId| {
            plan.relations
                .get(id.0 as usize)
                .is_some_and(|r| r.name == *name)
        };
        if is_it(*relation) {
            continue;
        }
        let place = plan.relations.iter().position(|r| r.name == *name);
        let place = place.ok_or_else(|| ReplayError::Collection {
            kind: recorded.name.clone(),
            collection: name.clone(),
        })?;
        *relation = RelationId(place as u32);
    }
    Ok(())
}
