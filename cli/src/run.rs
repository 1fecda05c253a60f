//! `bloom run`: batch or service.
//!
//! A run is a service if something can reach the program while it runs (inputs, channels, timers, lines of
//! standard input) or a service's option is given; `--facts`, `--out` and `--dump` make it a batch.

mod batch;
pub(crate) mod parameters;
mod printing;
mod profile;
mod service;
mod stats;

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use bloom_compiler::codegen::Ahead;
use bloom_plan::artifact::Artifact;
use bloom_plan::plan::{Plan, RelationKind};
use bloom_runtime::Program;

use crate::args::{Coordination, Engine, RunArgs, RunCommand};
use crate::image::Image;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pages;
use crate::pipeline::{self, Compiled, Wanted};
use crate::report;
use crate::sources::Sources;
use crate::terminal;
use stats::Phases;

/// Text from which on a program takes so much memory to compile that large pages are worth it.
const LARGE_PROGRAM_BYTES: usize = 128 << 10;

/// A compiled program, wherever it comes from.
pub(crate) struct Subject {
    pub(crate) kinds: Vec<(Plan, Artifact)>,
    /// Outputs that may differ, by name, and how.
    pub(crate) unsettled: Vec<(String, String)>,
    /// Dedalus declares no outputs.
    pub(crate) is_dedalus: bool,
}

pub(crate) fn run(command: &RunCommand) -> Outcome {
    let args = &command.args;
    let phases = Phases::start();
    refuse_later(args)?;
    let sources = Sources::load(&command.path)?;
    if sources.bytes() >= LARGE_PROGRAM_BYTES {
        pages::use_large_pages();
    }
    let is_dedalus = pipeline::is_dedalus(&command.path.to_string_lossy());
    let mode = coordination(args).into();
    let compiled = match is_dedalus {
        // It may show all its collections.
        true => pipeline::compile(&sources, mode),
        false => {
            // In a batch most of a large program may have nothing to do, and what has finds its code when it comes to
            // that. A service has all of it before it listens: one that starts later answers sooner ever after, and no
            // tick waits for a compiler because a rule has something to do for the first time.
            let ahead = match asks_for_batch(args) {
                true => Ahead::None,
                false => Ahead::All,
            };
            let wanted = Wanted {
                mode,
                dumped: &args.dump,
                ahead,
                unsettled: args.coordination == Coordination::Off,
            };
            pipeline::compile_to_run(&sources, &wanted)
        }
    };
    report::problems_to_stderr(&sources, &compiled.diagnostics);
    if !compiled.is_fine() {
        report::count_to_stderr(&compiled.diagnostics);
        return Ok(Verdict::Failed);
    }
    start(args, Subject::new(compiled, is_dedalus), phases)
}

/// Runs the program that this executable has in it.
pub(crate) fn run_built(args: &RunArgs, image: Image) -> Outcome {
    let phases = Phases::start();
    refuse_later(args)?;
    match image.subject(coordination(args)) {
        Ok(subject) => start(args, subject, phases),
        Err(refusal) => {
            terminal::report(&refusal);
            Ok(Verdict::Failed)
        }
    }
}

impl Subject {
    pub(crate) fn new(compiled: Compiled, is_dedalus: bool) -> Self {
        let unsettled = compiled.unsettled.into_iter();
        Self {
            kinds: compiled.kinds,
            unsettled: unsettled
                .map(|(name, label)| (name, label.to_owned()))
                .collect(),
            is_dedalus,
        }
    }
}

/// What is inserted. A batch has all its input in one tick: no message races with another, and nobody would seal
/// anything.
fn coordination(args: &RunArgs) -> Coordination {
    match asks_for_batch(args) {
        true => Coordination::Off,
        false => args.coordination,
    }
}

fn start(args: &RunArgs, subject: Subject, mut phases: Phases) -> Outcome {
    if args.coordination == Coordination::Off {
        for (name, label) in &subject.unsettled {
            terminal::note(format_args!(
                "`{name}` may differ from run to run or between replicas ({label}); `bloom calm` says why"
            ));
        }
    }
    let mut programs = Vec::new();
    for (plan, artifact) in subject.kinds {
        if args.node.as_ref().is_none_or(|kind| *kind == plan.name) {
            programs.push(Program::load(plan, artifact).map_err(Misuse::new)?);
        }
    }
    phases.compiled();
    if programs.is_empty() {
        let message = match &args.node {
            Some(kind) => format!("the program has no node `{kind}`"),
            None => "the program has no node to run".into(),
        };
        return Err(Misuse::new(message));
    }
    if is_batch(args, &programs)? {
        let program = match programs.as_slice() {
            [program] => program.clone(),
            _ => {
                let kinds: Vec<&str> = programs.iter().map(|p| p.plan().name.as_str()).collect();
                let kinds = kinds.join(", ");
                return Err(Misuse::new(format!(
                    "choose what to run with --node: {kinds}"
                )));
            }
        };
        batch::run(args, subject.is_dedalus, program, phases)
    } else {
        refuse_of_batches(args)?;
        service::run(args, &programs)
    }
}

/// Refuses options that mean nothing to a service.
fn refuse_of_batches(args: &RunArgs) -> Result<(), Misuse> {
    let given = [
        (args.stats, "--stats"),
        (args.out_format.is_some(), "--out-format"),
        (args.rows_max.is_some(), "--rows-max"),
        (args.workers.is_some(), "--workers"),
    ];
    match given.iter().find(|(given, _)| *given) {
        Some((_, option)) => Err(Misuse::new(format!(
            "{option} is for batches, and this run is a service: the program has inputs, channels or timers, \
             or an option asks for one; --facts DIR makes a batch of it"
        ))),
        None => Ok(()),
    }
}

/// Refuses values of options that are designed and not built.
fn refuse_later(args: &RunArgs) -> Result<(), Misuse> {
    match args.engine {
        Engine::Timely => Err(Misuse::new("`--engine timely` is not in this version")),
        Engine::Native => Ok(()),
    }
}

/// Whether an option asks for a batch run.
fn asks_for_batch(args: &RunArgs) -> bool {
    args.facts.is_some() || args.out.is_some() || !args.dump.is_empty()
}

fn is_batch(args: &RunArgs, programs: &[Arc<Program>]) -> Result<bool, Misuse> {
    let batch = asks_for_batch(args);
    let service = args.nodes.is_some()
        || args.listen.is_some()
        || !args.peers.is_empty()
        || args.input.is_some()
        || args.data_dir.is_some()
        || args.until_quiet
        || args.keep_running
        || args.time_limit.is_some();
    if batch && service {
        return Err(Misuse::new(
            "--facts, --out and --dump are for batch runs; they do not go with a service's options",
        ));
    }
    let reachable = programs.iter().any(|program| is_reachable(program.plan()));
    Ok(batch || !(service || reachable))
}

/// Whether something can come to the node after its start.
fn is_reachable(plan: &Plan) -> bool {
    plan.relations.iter().any(|relation| match relation.kind {
        RelationKind::Input => relation.public,
        RelationKind::Channel { .. } | RelationKind::Periodic { .. } | RelationKind::Stdin => true,
        RelationKind::Table { .. }
        | RelationKind::Scratch
        | RelationKind::Static
        | RelationKind::Output
        | RelationKind::View
        | RelationKind::Loopback
        | RelationKind::Stdout
        | RelationKind::Stderr
        | RelationKind::Halt
        | RelationKind::Cluster
        | RelationKind::Alive
        | RelationKind::Errors => false,
    })
}

/// A seed that differs from run to run; what `std` seeds its hash tables with is the source.
fn fresh_seed() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

/// The exit code that a program asked for.
fn halted(code: i64) -> Verdict {
    Verdict::Halted(u8::try_from(code).unwrap_or(u8::MAX))
}
