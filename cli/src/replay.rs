//! `bloom replay`: runs a recording again on the nodes of production, and tells where one does something else.

pub(crate) mod tested;

mod told;

use std::sync::Arc;

use bloom_host::recording::Recording;
use bloom_host::recording::replay::{self, Replayed, Step};
use bloom_host::schema::Schema;
use bloom_plan::plan::RelationId;
use bloom_plan::value::Row;
use bloom_runtime::{Output, Program};
use smol_str::SmolStr;

use crate::args::{Coordination, ReplayArgs, ReplayFormat};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::sources::Sources;
use crate::{pipeline, recorded, report, terminal};

/// A run of a recording and what came of it.
struct Again {
    /// From 1.
    run: usize,
    nodes: Vec<Replayed>,
    /// By node that departs: what was recorded of that tick, where it can be told.
    before: Vec<Option<Output>>,
}

/// Rows of a collection after a tick.
struct Dump {
    node: SmolStr,
    tick: u64,
    program: Arc<Program>,
    relation: RelationId,
    rows: Vec<Row>,
}

pub(crate) fn replay(args: &ReplayArgs) -> Outcome {
    if let (true, Some(program)) = (args.test, &args.program) {
        let (sources, only) = (Sources::load(program)?, args.node.as_deref());
        let tests = tested::tests(&args.recording, only, &sources, args.coordination)?;
        terminal::print(&tests);
        return Ok(Verdict::Fine);
    }
    let recording = recorded::read(&args.recording)?;
    let mut fine = true;
    for run in 0..recording.runs() {
        let own = recorded::programs(&recording, run)?;
        let programs = match &args.program {
            Some(_) => match other_programs(args, &recording, run)? {
                Some(programs) => programs,
                None => return Ok(Verdict::Failed),
            },
            None => own.clone(),
        };
        let mut dumps = Dumps::new(args, &recording, run, &programs)?;
        let nodes = replay::replay(&recording, run, &programs, &mut |step| dumps.look(step));
        let nodes = nodes.map_err(Misuse::new)?;
        fine &= nodes.iter().all(|node| node.departure.is_none());
        let before = match args.program {
            Some(_) => outputs_before(&recording, run, &own, &nodes)?,
            None => nodes.iter().map(|_| None).collect(),
        };
        let again = Again {
            run: run + 1,
            nodes,
            before,
        };
        if args.dump.is_empty() {
            terminal::print(&match args.format {
                ReplayFormat::Human => told::human(&again, &programs, recording.runs()),
                ReplayFormat::Json => told::json(&again),
            });
        } else {
            dumps.print();
        }
    }
    Ok(Verdict::of(fine))
}

/// The kinds of the program that is to run instead, in the order of those recorded; none if it has errors.
fn other_programs(
    args: &ReplayArgs,
    recording: &Recording,
    run: usize,
) -> Result<Option<Vec<Arc<Program>>>, Misuse> {
    let Some(path) = &args.program else {
        return Ok(None);
    };
    let sources = Sources::load(path)?;
    let start = recording.start(run);
    // A batch runs as written.
    let coordination = match start.keeps_outputs {
        true => Coordination::Off,
        false => args.coordination,
    };
    let compiled = pipeline::compile(&sources, coordination.into());
    report::problems_to_stderr(&sources, &compiled.diagnostics);
    if !compiled.is_fine() {
        return Ok(None);
    }
    let mut programs = Vec::new();
    for plan in &start.plans {
        let found = match compiled.kinds.as_slice() {
            // A program without `node` is called as its file is.
            [only] if start.plans.len() == 1 => Some(only),
            kinds => kinds.iter().find(|(kind, _)| kind.name == plan.name),
        };
        let (plan, artifact) = found.ok_or_else(|| {
            let path = path.display();
            Misuse::new(format_args!(
                "{path} has no node `{}`, which was recorded",
                plan.name
            ))
        })?;
        programs.push(Program::load(plan.clone(), artifact.clone()).map_err(Misuse::new)?);
    }
    Ok(Some(programs))
}

/// What the recorded program did in the ticks in which another departs.
fn outputs_before(
    recording: &Recording,
    run: usize,
    own: &[Arc<Program>],
    nodes: &[Replayed],
) -> Result<Vec<Option<Output>>, Misuse> {
    let mut before: Vec<Option<Output>> = nodes.iter().map(|_| None).collect();
    let mut look = |step: &Step<'_>| {
        let departure = nodes[step.node].departure.as_ref();
        if departure.is_some_and(|departure| departure.tick == step.tick) {
            before[step.node] = Some(step.output.clone());
        }
    };
    replay::replay(recording, run, own, &mut look).map_err(Misuse::new)?;
    Ok(before)
}

/// What `--dump` asks for.
struct Dumps {
    /// By node: its name, program, and the collections to show.
    wanted: Vec<(SmolStr, Arc<Program>, Vec<RelationId>)>,
    tick: Option<u64>,
    /// By node.
    found: Vec<Vec<Dump>>,
}

impl Dumps {
    fn new(
        args: &ReplayArgs,
        recording: &Recording,
        run: usize,
        programs: &[Arc<Program>],
    ) -> Result<Dumps, Misuse> {
        let nodes = &recording.start(run).nodes;
        if let Some(name) = &args.node
            && nodes.iter().all(|node| node.address != name.as_str())
        {
            let names: Vec<&str> = nodes.iter().map(|node| node.address.as_str()).collect();
            let names = names.join(", ");
            return Err(Misuse::new(format_args!(
                "the recording has no node `{name}`; it has {names}"
            )));
        }
        for name in &args.dump {
            if programs
                .iter()
                .all(|program| program.relation(name).is_none())
            {
                return Err(Misuse::new(format_args!(
                    "--dump: there is no collection `{name}`"
                )));
            }
        }
        let wanted = nodes.iter().map(|node| {
            let program = Arc::clone(&programs[node.kind]);
            let is_meant = args
                .node
                .as_ref()
                .is_none_or(|name| node.address == name.as_str());
            let names = args.dump.iter().filter(|_| is_meant);
            let relations = names.filter_map(|name| program.relation(name)).collect();
            (node.address.clone(), program, relations)
        });
        Ok(Dumps {
            wanted: wanted.collect(),
            tick: args.tick,
            found: nodes.iter().map(|_| Vec::new()).collect(),
        })
    }

    fn look(&mut self, step: &Step<'_>) {
        if self.tick.is_some_and(|tick| tick != step.tick) {
            return;
        }
        let (name, program, relations) = &self.wanted[step.node];
        let dump = |&relation: &RelationId| Dump {
            node: name.clone(),
            tick: step.tick,
            program: Arc::clone(program),
            relation,
            rows: step.state.rows(relation),
        };
        self.found[step.node] = relations.iter().map(dump).collect();
    }

    fn print(&self) {
        for dump in self.found.iter().flatten() {
            let plan = dump.program.plan();
            let schema = Schema::new(&plan.types, &plan.relations[dump.relation.0 as usize]);
            for row in &dump.rows {
                terminal::print(&told::row(dump, &schema, row));
            }
        }
    }
}
