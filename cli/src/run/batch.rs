//! A batch run: all files of rows go into the first tick; ticks follow while one defers changes to the
//! next, until one ends just as the tick before did; then the outputs are written.
//!
//! What an `output` collection held in any tick is its result: an output cannot be taken back. A `--dump`ed
//! collection is as of the last tick.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_long;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bloom_host::clock::Stopwatch;
use bloom_host::crew::Threads;
use bloom_host::recording::{Journal, Recorder, Start};
use bloom_host::schema::Schema;
use bloom_host::tables::{self, Format};
use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_plan::value::Row;
use bloom_runtime::{Bounds, Config, Crew, Input, Node, OnConflict, Output, Program};

use super::parameters;
use super::printing::Errors;
use super::profile::{self, Measured};
use super::stats::{Counts, Phases};
use crate::args::{ConflictChoice, OutFormat, RunArgs};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pages::{give_back, give_back_after, use_small_pages};
use crate::pipeline;
use crate::progress::Progress;
use crate::replanning::Replanner;
use crate::terminal;

/// Collections that the report of a stopped run names.
const NAMES_SHOWN_MAX: usize = 8;

/// What `self` is in a batch.
const ADDRESS: &str = "local";

pub(super) fn run(
    args: &RunArgs,
    is_dedalus: bool,
    program: Arc<Program>,
    mut phases: Phases,
) -> Outcome {
    // Where the program was compiled in large ones; what that took is free by now.
    use_small_pages();
    give_back();
    let plan = program.plan();
    parameters::refuse_unknown(std::iter::once(&**plan), &args.parameters)?;
    let dumped = dumped(args, is_dedalus, &program)?;
    let config = Config {
        address: ADDRESS.into(),
        parameters: parameters::values(plan, &args.parameters)?,
        cluster: vec![bloom_runtime::Member {
            address: ADDRESS.into(),
            kind: plan.name.clone(),
        }],
        seed: args.seed.unwrap_or_else(super::fresh_seed),
        start: now(),
        on_conflict: match args.on_conflict {
            Some(ConflictChoice::Continue) => OnConflict::Continue,
            Some(ConflictChoice::Halt) | None => OnConflict::Halt,
        },
        durable: None,
    };
    let mut recorder = match &args.record {
        Some(path) => Some(record(path, plan, &config)?),
        None => None,
    };
    let mut node = Node::new(program.clone(), config).map_err(Misuse::new)?;
    node.limit(Bounds {
        rows_max: args.rows_max,
        ..Bounds::default()
    });
    node.keep_outputs();
    if args.profile.is_some() {
        node.measure(Arc::new(Stopwatch::start()));
    }
    let workers = args.workers.unwrap_or_else(pipeline::cores);
    give_back_after(free_milliseconds(workers));
    let crew = Arc::new(Threads::new(workers));
    node.lend(crew.clone());
    node.lend_planner(Arc::new(Replanner::default()));
    let mut counts = Counts {
        workers: workers.get(),
        ..Counts::default()
    };
    if let Some(folder) = &args.facts {
        counts.read = load(folder, &mut node, &*crew)?;
    }
    phases.loaded();

    let mut results = Results::default();
    let is_determined = program.is_deterministic();
    let mut before = None;
    let mut work = None;
    let mut input = Input {
        now: now(),
        ..Input::default()
    };
    let progress = Progress::of_ticks(node.watch());
    let halt = loop {
        let output = step(&mut node, std::mem::take(&mut input), recorder.as_mut())?;
        counts.iterations += output.stats.iterations;
        counts.replanned += output.stats.replanned;
        let merged = output.stats.merged;
        counts.merged += merged;
        if let Some(conflict) = &output.halted_by_conflict {
            terminal::error(conflict);
            return Ok(Verdict::Failed);
        }
        if let Some(stopped) = &output.stopped {
            drop(progress);
            terminal::error(stopped);
            return Ok(Verdict::Failed);
        }
        let halt = output.halt;
        results.take(output);
        if halt.is_some() || !node.wants_tick() {
            break halt;
        }
        if node.watch().is_stopped() {
            drop(progress);
            terminal::error(unfinished(&node));
            return Ok(Verdict::Failed);
        }
        // Ticks that did different work differ; all rows are looked at only where they did the same.
        let held =
            (is_determined && work == Some(merged)).then(|| (contents(&node), node.pending()));
        if held.is_some() && held == before {
            break None;
        }
        before = held;
        work = Some(merged);
        results.keep(&node);
        input.now = now();
    };
    drop(progress);
    counts.ticks = node.tick();
    results.errors.finish();
    phases.evaluated();
    node.retire();

    let written = collect(&program, &node, results, &dumped);
    counts.written = match &args.out {
        Some(folder) => write(
            folder,
            format(args.out_format.unwrap_or(OutFormat::Csv)),
            &mut node,
            written,
            &*crew,
        )?,
        None => print(
            format(args.out_format.unwrap_or(OutFormat::Csv)),
            &mut node,
            written,
            &*crew,
        )?,
    };
    phases.written();
    if let (Some(file), Some(profile)) = (&args.profile, node.profile()) {
        let measured = Measured {
            node: None,
            // The one that it ended with: plans that are made on the way have indexes more.
            plan: node.program().plan(),
            profile,
        };
        profile::tell(&[measured], &phases.around(), file)?;
    }
    if args.stats {
        let stats = serde_json::to_string(&phases.stats(counts)).expect("numbers are JSON");
        terminal::report(&format!("{stats}\n"));
    }
    // The process ends, and takes all memory with it at once.
    std::mem::forget(node);
    Ok(halt.map_or(Verdict::Fine, super::halted))
}

/// How many milliseconds the allocator keeps what is free. It is for the most part what a vector or a table leaves for a larger
/// one, which nobody needs again; but what several threads leave between rounds they ask for at once.
fn free_milliseconds(workers: NonZeroUsize) -> c_long {
    match workers.get() {
        1 => 0,
        _ => 10,
    }
}

/// Begins a recording of the one node.
fn record(path: &Path, plan: &Plan, config: &Config) -> Result<Recorder, Misuse> {
    let mut start = Start {
        keeps_outputs: true,
        ..Start::default()
    };
    start.add(plan, config);
    let journal = Journal::open(path).map_err(Misuse::new)?;
    if journal.torn > 0 {
        terminal::note(format_args!(
            "{}: the last record was torn; {} bytes are dropped",
            path.display(),
            journal.torn
        ));
    }
    let mut recorders = journal.begin(&start).map_err(Misuse::new)?;
    Ok(recorders.pop().expect("one node, one recorder"))
}

fn step(node: &mut Node, input: Input, recorder: Option<&mut Recorder>) -> Result<Output, Misuse> {
    let Some(recorder) = recorder else {
        return Ok(node.step(input));
    };
    recorder.takes_in(node, &input);
    let output = node.step(input);
    recorder.did(node, &output).map_err(Misuse::new)?;
    Ok(output)
}

/// What is told of a run that was stopped between two ticks.
fn unfinished(node: &Node) -> String {
    let relations = &node.program().plan().relations;
    let pending = node.pending();
    let changed = pending.changes.iter().map(|(id, ..)| *id);
    let sent = pending.loopback.iter().map(|(id, _)| *id);
    let names: BTreeSet<&str> = changed
        .chain(sent)
        .map(|id| relations[id.0 as usize].name.as_str())
        .collect();
    let names: Vec<&str> = names.into_iter().take(NAMES_SHOWN_MAX).collect();
    format!(
        "stopped after {} ticks; the last one still deferred changes to {}",
        node.tick(),
        names.join(", ")
    )
}

/// What the node holds. With what it leaves for the next tick that is all that the next one depends on: a tick
/// that ends as the one before is the last that tells anything, though others would follow for ever.
fn contents(node: &Node) -> Vec<Vec<Row>> {
    let relations = 0..node.program().plan().relations.len();
    relations
        .map(|relation| node.rows(RelationId(relation as u32)))
        .collect()
}

/// What the ticks gave.
#[derive(Default)]
struct Results {
    /// Rows of outputs in the ticks before the last.
    outputs: BTreeMap<RelationId, Vec<Row>>,
    errors: Errors,
}

impl Results {
    /// Keeps the outputs of a tick that others follow.
    fn keep(&mut self, node: &Node) {
        for id in outputs(node.program()) {
            let rows = node.sorted(id);
            if !rows.is_empty() {
                self.outputs.entry(id).or_default().extend(rows.values());
            }
        }
    }

    fn take(&mut self, output: Output) {
        for line in output.stdout {
            terminal::print(&format!("{line}\n"));
        }
        for line in output.stderr {
            terminal::report(&format!("{line}\n"));
        }
        for error in &output.errors {
            self.errors.report(None, error);
        }
    }
}

/// The collections that `--dump` names; all of a Dedalus program that has no outputs.
fn dumped(args: &RunArgs, is_dedalus: bool, program: &Program) -> Result<Vec<RelationId>, Misuse> {
    let relation = |name: &String| {
        program.relation(name).ok_or_else(|| {
            let names = program.plan().relations.iter().map(|r| r.name.as_str());
            let names = names.filter(|name| !pipeline::is_of_planner(name));
            let near = bloom_stdx::nearest(name, names);
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Misuse::new(format!("--dump: there is no collection `{name}`{hint}"))
        })
    };
    let relations = &program.plan().relations;
    let has_output = relations.iter().any(|r| r.kind == RelationKind::Output);
    if is_dedalus && args.dump.is_empty() && !has_output {
        let is_shown = |kind: &RelationKind| {
            matches!(kind, RelationKind::Table { .. } | RelationKind::Scratch)
        };
        let is_own = |name: &str| !name.starts_with("dedalus_") && !pipeline::is_of_planner(name);
        let ids = (0..relations.len())
            .filter(|&i| is_shown(&relations[i].kind) && is_own(&relations[i].name));
        return Ok(ids.map(|i| RelationId(i as u32)).collect());
    }
    args.dump.iter().map(relation).collect()
}

/// The collections whose rows are results.
fn outputs(program: &Program) -> impl Iterator<Item = RelationId> {
    let relations = (0..).map(RelationId).zip(&program.plan().relations);
    relations
        .filter(|(_, relation)| relation.kind == RelationKind::Output && relation.public)
        .map(|(id, _)| id)
}

/// Feeds the node what a folder has; how many rows.
fn load(folder: &Path, node: &mut Node, crew: &dyn Crew) -> Result<u64, Misuse> {
    let program = node.program().clone();
    let plan = program.plan();
    let mut rows = 0;
    let found = tables::find(folder).map_err(Misuse::new)?;
    for path in &found.others {
        terminal::warning(format_args!(
            "{}: no file of rows; not read",
            path.display()
        ));
    }
    for source in found.sources {
        let Some(relation) = program.relation(&source.collection) else {
            terminal::warning(format_args!(
                "{}: the program has no collection `{}`",
                source.path.display(),
                source.collection
            ));
            continue;
        };
        let schema = Schema::new(&plan.types, &plan.relations[relation.0 as usize]);
        let mut feed = node.feed(relation);
        let fed = tables::feed(&source.path, source.format, &schema, &mut feed, crew);
        rows += fed.map_err(Misuse::new)?;
    }
    Ok(rows)
}

/// Rows to write.
enum Written {
    /// Those that the node holds.
    Held,
    /// Those of several ticks.
    Gathered(Vec<Row>),
}

/// The rows to write, by collection in the order of the program.
fn collect(
    program: &Program,
    node: &Node,
    mut results: Results,
    dumped: &[RelationId],
) -> Vec<(RelationId, Written)> {
    let relations = &program.plan().relations;
    let mut written = Vec::new();
    for (i, relation) in relations.iter().enumerate() {
        let id = RelationId(i as u32);
        if relation.kind == RelationKind::Output && relation.public {
            let rows = match results.outputs.remove(&id) {
                Some(mut rows) => {
                    rows.extend(node.sorted(id).values());
                    rows.sort();
                    rows.dedup();
                    Written::Gathered(rows)
                }
                None => Written::Held,
            };
            written.push((id, rows));
        } else if dumped.contains(&id) {
            written.push((id, Written::Held));
        }
    }
    written
}

fn write(
    folder: &Path,
    format: Format,
    node: &mut Node,
    written: Vec<(RelationId, Written)>,
    crew: &dyn Crew,
) -> Result<u64, Misuse> {
    std::fs::create_dir_all(folder).map_err(|e| Misuse::io(folder, &e))?;
    let program = node.program().clone();
    let plan = program.plan();
    let mut count = 0;
    for (id, rows) in written {
        let relation = &plan.relations[id.0 as usize];
        let path = folder.join(format!("{}.{}", relation.name, format.extension()));
        let schema = Schema::new(&plan.types, relation);
        let wrote = match rows {
            Written::Held => tables::write_rows(&path, format, &schema, &node.hand_over(id), crew),
            Written::Gathered(rows) => tables::write(&path, format, &schema, &mut rows.into_iter()),
        };
        count += wrote.map_err(Misuse::new)?;
    }
    Ok(count)
}

/// A single collection is printed as its file would be; several one after the other, each under its name.
fn print(
    format: Format,
    node: &mut Node,
    written: Vec<(RelationId, Written)>,
    crew: &dyn Crew,
) -> Result<u64, Misuse> {
    if format == Format::Parquet {
        return Err(Misuse::new(
            "Parquet is no text: say where to write it with --out",
        ));
    }
    let program = node.program().clone();
    let plan = program.plan();
    let mut count = 0;
    let named = written.len() > 1;
    terminal::print_with(|out| {
        for (i, (id, rows)) in written.into_iter().enumerate() {
            let relation = &plan.relations[id.0 as usize];
            if named {
                let gap = if i == 0 { "" } else { "\n" };
                writeln!(out, "{gap}{}:", relation.name)?;
            }
            let schema = Schema::new(&plan.types, relation);
            count += match rows {
                Written::Held => {
                    let rows = node.hand_over(id);
                    tables::write_rows_to(&mut *out, format, &schema, &rows, crew)?
                }
                Written::Gathered(rows) => {
                    tables::write_to(&mut *out, format, &schema, &mut rows.into_iter())?
                }
            };
        }
        Ok(())
    });
    Ok(count)
}

fn format(format: OutFormat) -> Format {
    match format {
        OutFormat::Csv => Format::Csv,
        OutFormat::Tsv => Format::Tsv,
        OutFormat::Jsonl => Format::Jsonl,
        OutFormat::Parquet => Format::Parquet,
    }
}

/// Nanoseconds since the Unix epoch.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
