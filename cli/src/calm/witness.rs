//! Witnesses: the explorer looks for runs that show what the analysis says, and a document shows them.

use std::collections::BTreeSet;
use std::sync::Arc;

use bloom_compiler::calm::Report;
use bloom_compiler::calm::report::Blame;
use bloom_compiler::hir::Program;
use bloom_plan::display;
use bloom_plan::plan::Plan;
use bloom_plan::types::TypeId;
use bloom_plan::value::Row;
use bloom_runtime::Program as Loaded;
use bloom_sim::explore::{
    self, Arrival, Budget, Contents, Difference, Fed, Hints, Step, Target, find_witness,
};
use bloom_sim::{Kinds, Programs};
use smol_str::SmolStr;

use super::document::{Document, End, Run, Sent, Tick, Witness};

/// Reasons for which a witness is looked for.
const SEARCHES_MAX: usize = 5;

/// The machine code of a program's kinds, to be run.
pub(super) struct Runnable {
    pub(super) programs: Vec<(SmolStr, Arc<Loaded>)>,
}

/// Adds a witness to bad outputs and views for which one is found. Of those that are bad for one reason the
/// first shows it.
pub(super) fn add(
    document: &mut Document,
    program: &Program,
    report: &Report,
    runnable: &Runnable,
) {
    let replicated = program.nodes.iter().filter(|(_, node)| node.replicated);
    let hints = Hints {
        replicated: replicated.map(|(_, node)| node.name.clone()).collect(),
        ..Hints::default()
    };
    let mut reasons = BTreeSet::new();
    let mut seek = |node: &SmolStr, name: &SmolStr, because: &[Blame]| {
        let reason = because
            .first()
            .map(|blame| (blame.rule, blame.cause, blame.over.clone()));
        let is_new = reasons.len() < SEARCHES_MAX && reasons.insert(reason);
        is_new.then(|| runnable.find(node, name, &hints)).flatten()
    };
    for (output, shown) in report.outputs.iter().zip(&mut document.outputs) {
        if !output.label.is_deterministic() && output.accepted.is_none() {
            shown.witness = seek(&output.node, &output.name, &output.because);
        }
    }
    for (view, shown) in report.views.iter().zip(&mut document.views) {
        if !view.converges && view.accepted.is_none() {
            shown.witness = seek(&view.node, &view.name, &view.because);
        }
    }
}

impl Runnable {
    fn find(&self, kind: &SmolStr, collection: &SmolStr, hints: &Hints) -> Option<Witness> {
        let kinds = Programs(&self.programs);
        let names: Vec<SmolStr> = self.programs.iter().map(|(name, _)| name.clone()).collect();
        let target = Target {
            kind: kind.clone(),
            collection: collection.clone(),
        };
        // A program too large to be explored has no witness, and its verdict needs none.
        let search = find_witness(&kinds, &names, &target, hints, &Budget::default()).ok()?;
        let witness = search.witness?;
        let scene = Scene {
            witness: &witness,
            kinds,
        };
        Some(scene.shown())
    }
}

/// A witness and the program that it is of.
struct Scene<'a> {
    witness: &'a explore::Witness,
    kinds: Programs<'a>,
}

impl Scene<'_> {
    fn shown(&self) -> Witness {
        let explore::Witness { first, second, .. } = self.witness;
        let (difference, runs) = match self.witness.difference {
            Difference::Runs => (
                "runs",
                vec![self.run(first, &[first]), self.run(second, &[second])],
            ),
            Difference::Replicas => ("replicas", vec![self.run(first, &[first, second])]),
            Difference::Moments => ("moments", vec![self.run(first, &[first])]),
        };
        Witness { difference, runs }
    }

    fn run(&self, run: &explore::Run, ends: &[&explore::Run]) -> Run {
        let mut counts = vec![0; self.witness.deployment.nodes.len()];
        let mut ticks = Vec::new();
        for (place, step) in run.schedule.steps.iter().enumerate() {
            // Witnesses are looked for without losses.
            let Step::Tick(tick) = step else {
                continue;
            };
            counts[tick.node] += 1;
            let again = run.schedule.repeats_from == Some(place);
            ticks.push(self.tick(tick, counts[tick.node], again));
        }
        Run {
            ticks,
            ends: ends.iter().map(|end| self.end(end)).collect(),
        }
    }

    fn tick(&self, tick: &explore::Tick, number: u64, again: bool) -> Tick {
        let collection = &self.witness.target.collection;
        let passed = tick
            .fires
            .then(|| format!("{} passed", display::duration(tick.now)));
        let arrivals = tick
            .arrivals
            .iter()
            .map(|arrival| self.arrival(tick.node, arrival));
        let sends = tick.sends.iter().map(|message| Sent {
            row: self.named(tick.node, &message.channel, &message.row),
            to: message.to.to_string(),
        });
        let emits = tick
            .emits
            .iter()
            .map(|(_, row)| self.row(tick.node, collection, row));
        let holds = tick.holds.iter().flat_map(|(_, rows)| rows);
        let holds = holds.map(|row| self.row(tick.node, collection, row));
        Tick {
            node: self.name(tick.node),
            tick: number,
            arrivals: passed.into_iter().chain(arrivals).collect(),
            sends: sends.collect(),
            rows: emits.chain(holds).collect(),
            errors: tick.errors.iter().map(ToString::to_string).collect(),
            again,
        }
    }

    fn end(&self, run: &explore::Run) -> End {
        let collection = &self.witness.target.collection;
        let rows = match &run.contents {
            Contents::Rows(rows) => rows.as_slice(),
            Contents::Oscillates => &[],
        };
        let row = |row| self.row(run.node, collection, row);
        End {
            node: self.name(run.node),
            restless: run.contents == Contents::Oscillates,
            rows: rows.iter().map(row).collect(),
        }
    }

    /// `click(1, "a")`.
    fn arrival(&self, node: usize, arrival: &Arrival) -> String {
        match arrival {
            Arrival::Feed(at) => match &self.witness.inputs[*at].what {
                Fed::Row { collection, row } => self.named(node, collection, row),
                Fed::Seal { collection, key } => self.seal(node, collection, key),
                Fed::Line(line) => format!("stdin({})", display::string(line)),
                Fed::Alive(names) => format!("alive {{{}}}", names.join(", ")),
            },
            Arrival::Message(message) => self.named(node, &message.channel, &message.row),
            Arrival::Loopback { collection, row } => self.named(node, collection, row),
        }
    }

    fn named(&self, node: usize, collection: &str, row: &Row) -> String {
        format!("{collection}{}", self.row(node, collection, row))
    }

    fn seal(&self, node: usize, collection: &str, key: &Row) -> String {
        let plan = self.plan(node);
        let relation = plan
            .relations
            .iter()
            .find(|relation| relation.name == collection);
        let columns = relation.into_iter().flat_map(|relation| {
            relation
                .sealed_by
                .iter()
                .map(|&at| relation.columns[at as usize].ty)
        });
        let columns: Vec<TypeId> = columns.collect();
        format!(
            "seal {collection}{}",
            display::row(&plan.types, &columns, key)
        )
    }

    /// A row as the node's kind writes it.
    fn row(&self, node: usize, collection: &str, row: &Row) -> String {
        let plan = self.plan(node);
        let relation = plan
            .relations
            .iter()
            .find(|relation| relation.name == collection);
        let columns = relation.into_iter().flat_map(|relation| &relation.columns);
        let columns: Vec<TypeId> = columns.map(|column| column.ty).collect();
        display::row(&plan.types, &columns, row).to_string()
    }

    fn plan(&self, node: usize) -> &Plan {
        let kind = &self.witness.deployment.nodes[node].kind;
        let plan = self.kinds.plan(kind);
        plan.expect("a witness is of kinds that the program has")
    }

    fn name(&self, node: usize) -> String {
        self.witness.deployment.nodes[node].name.to_string()
    }
}
