//! A recorded run as tests: for each node what it took in, tick by tick, and what its outputs then held.
//!
//! In the test of a node the others are there and do nothing: what they sent is fed, so that it comes in the tick in
//! which it came. What a node sends to itself comes in its next tick, in a test as where nothing delays it. A run that
//! hangs on more, such as chance, or a value that no program writes, gives a test that would fail; so each is run
//! before it is given.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use bloom_compiler::base::Diagnostic;
use bloom_compiler::syntax;
use bloom_host::recording::replay::{self, Step};
use bloom_host::recording::{Recording, Start};
use bloom_plan::display;
use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_plan::value::{Row, Value};
use bloom_runtime::Program;
use bloom_sim::{Options, run_suite};
use smol_str::SmolStr;

use crate::args::Coordination;
use crate::outcome::Misuse;
use crate::sources::Sources;
use crate::{pipeline, recorded};

/// Of a node; longer runs make tests that nobody reads.
const TICKS_MAX: usize = 1_000;

/// The tests of the nodes of a recording, or of one, which the program passes; to be written behind its items.
pub(crate) fn tests(
    path: &Path,
    only: Option<&str>,
    sources: &Sources,
    coordination: Coordination,
) -> Result<String, Misuse> {
    let recording = recorded::read(path)?;
    let mut written: Vec<Written> = Vec::new();
    for run in 0..recording.runs() {
        written.extend(of_run(&recording, run, &path.display().to_string(), only)?);
    }
    if let (Some(name), true) = (only, written.is_empty()) {
        return Err(Misuse::new(format_args!(
            "the recording has no node `{name}` that did something"
        )));
    }
    let text: String = written.iter().map(|test| test.text.as_str()).collect();
    let text = syntax::format(&text).unwrap_or(text);
    pass(&written, &text, sources, coordination)?;
    Ok(text)
}

struct Written {
    name: String,
    text: String,
}

fn of_run(
    recording: &Recording,
    run: usize,
    path: &str,
    only: Option<&str>,
) -> Result<Vec<Written>, Misuse> {
    let start = recording.start(run);
    if start.keeps_outputs {
        return Err(Misuse::new(format_args!(
            "run {} is a batch, of which only the end is told: no test says that",
            run + 1
        )));
    }
    let programs = recorded::programs(recording, run)?;
    let number = match recording.runs() {
        1 => String::new(),
        _ => format!(", run {}", run + 1),
    };
    let mut scripts: Vec<Script<'_>> = (0..start.nodes.len())
        .map(|node| Script::new(start, node, format!("{path}{number}")))
        .collect();
    let mut look = |step: &Step<'_>| scripts[step.node].tick(step);
    let nodes = replay::replay(recording, run, &programs, &mut look).map_err(Misuse::new)?;
    if let Some(node) = nodes.iter().find(|node| node.departure.is_some()) {
        return Err(Misuse::new(format_args!(
            "{} does not do what was recorded: `bloom replay` tells more",
            node.address
        )));
    }
    let wanted = |script: &Script<'_>| {
        let address = script.address();
        script.ticks > 0 && only.is_none_or(|only| address == only)
    };
    let wanted: Vec<Script<'_>> = scripts.into_iter().filter(wanted).collect();
    if let Some(script) = wanted.iter().find(|script| script.ticks > TICKS_MAX) {
        return Err(Misuse::new(format_args!(
            "{} has {} ticks, and a test may have {TICKS_MAX}",
            script.address(),
            script.ticks
        )));
    }
    Ok(wanted.into_iter().map(Script::written).collect())
}

/// The test of one node, as far as its run was looked at.
struct Script<'r> {
    start: &'r Start,
    /// By place among the run's nodes.
    node: usize,
    name: String,
    steps: String,
    ticks: usize,
    /// When the tick before was.
    now: i64,
    /// Outputs that have held a row.
    seen: BTreeSet<RelationId>,
    /// What the views hold after the last tick.
    views: String,
}

impl<'r> Script<'r> {
    fn new(start: &'r Start, node: usize, run: String) -> Self {
        let beginning = &start.nodes[node];
        let mut script = Self {
            start,
            node,
            name: format!("{run}: {}", beginning.address),
            steps: String::new(),
            ticks: 0,
            now: beginning.start,
            seen: BTreeSet::new(),
            views: String::new(),
        };
        for (table, rows) in beginning.durable.iter().flatten() {
            rows.iter().for_each(|row| script.feed(table, row));
        }
        script
    }

    fn address(&self) -> &'r SmolStr {
        &self.start.nodes[self.node].address
    }

    fn plan(&self) -> &'r Plan {
        &self.start.plans[self.start.nodes[self.node].kind]
    }

    fn named(&self, collection: &str) -> String {
        format!("{}.{collection}", self.address())
    }

    fn step(&mut self, step: std::fmt::Arguments<'_>) {
        writeln!(self.steps, "  {step};").expect("a string takes any text");
    }

    fn feed(&mut self, collection: &str, row: &[Value]) {
        let Some(id) = relation(self.plan(), collection) else {
            return;
        };
        let row = shown(self.plan(), id, row);
        self.step(format_args!("{}{row}", self.named(collection)));
    }

    fn tick(&mut self, step: &Step<'_>) {
        let (plan, input) = (self.plan(), step.input);
        let has_timers = plan
            .relations
            .iter()
            .any(|relation| matches!(relation.kind, RelationKind::Periodic { .. }));
        let passed = input.now - self.now;
        self.now = input.now;
        if has_timers && passed > 0 {
            self.step(format_args!("advance {}", display::duration(passed)));
        }
        for (id, row) in &input.rows {
            self.feed(&plan.relations[id.0 as usize].name, row);
        }
        let address = self.address();
        let others = input.messages.iter();
        for message in others.filter(|message| message.from != *address) {
            self.feed(&message.channel, &message.row);
        }
        for line in &input.stdin {
            self.feed("stdin", &[Value::string(line)]);
        }
        for (id, key) in &input.seals {
            let key = sealed(plan, *id, key);
            let name = self.named(&plan.relations[id.0 as usize].name);
            self.step(format_args!("seal {name}{key}"));
        }
        self.step(format_args!("tick {address}"));
        self.ticks += 1;
        for id in of_kind(plan, &RelationKind::Output) {
            let rows = step.state.rows(id);
            if !rows.is_empty() {
                self.seen.insert(id);
            }
            if self.seen.contains(&id) {
                let expected = self.expected(id, &rows);
                self.steps += &expected;
            }
        }
        let views = of_kind(plan, &RelationKind::View);
        let views = views.map(|id| self.expected(id, &step.state.rows(id)));
        self.views = views.collect();
    }

    fn expected(&self, id: RelationId, rows: &[Row]) -> String {
        let plan = self.plan();
        let rows: Vec<String> = rows.iter().map(|row| shown(plan, id, row)).collect();
        let name = self.named(&plan.relations[id.0 as usize].name);
        format!("  expect {name} == {{{}}};\n", rows.join(", "))
    }

    fn written(self) -> Written {
        let mut nodes = String::new();
        for node in &self.start.nodes {
            let plan = &self.start.plans[node.kind];
            let taken = plan.constants.iter().filter(|constant| constant.parameter);
            let taken = taken.zip(&node.parameters);
            let taken =
                taken.map(|(of, value)| display::value(&plan.types, of.ty, value).to_string());
            let taken: Vec<String> = taken.collect();
            let taken = match taken.is_empty() {
                true => String::new(),
                false => format!("({})", taken.join(", ")),
            };
            nodes += &format!("  node {}: {}{taken};\n", node.address, plan.name);
        }
        let title = display::string(&self.name).to_string();
        let (steps, views) = (self.steps, self.views);
        Written {
            text: format!("\ntest {title} {{\n{nodes}{steps}{views}}}\n"),
            name: self.name,
        }
    }
}

fn relation(plan: &Plan, name: &str) -> Option<RelationId> {
    let place = plan.relations.iter().position(|own| own.name == name)?;
    Some(RelationId(place as u32))
}

/// The node's own collections of a kind that are seen from outside.
fn of_kind<'p>(plan: &'p Plan, kind: &'p RelationKind) -> impl Iterator<Item = RelationId> + 'p {
    let all = (0..).map(RelationId).zip(&plan.relations);
    let own = all.filter(move |(_, relation)| relation.public && relation.kind == *kind);
    own.map(|(id, _)| id)
}

fn shown(plan: &Plan, id: RelationId, row: &[Value]) -> String {
    let columns = plan.relations[id.0 as usize].columns.iter();
    let columns: Vec<_> = columns.map(|column| column.ty).collect();
    display::row(&plan.types, &columns, row).to_string()
}

/// `{campaign: 1}`
fn sealed(plan: &Plan, id: RelationId, key: &[Value]) -> String {
    let relation = &plan.relations[id.0 as usize];
    let columns = relation.sealed_by.iter();
    let columns = columns.map(|&column| &relation.columns[column as usize]);
    let fields = columns.zip(key).map(|(column, value)| {
        let value = display::value(&plan.types, column.ty, value);
        format!("{}: {value}", column.name)
    });
    let fields: Vec<String> = fields.collect();
    format!("{{{}}}", fields.join(", "))
}

/// Runs the tests behind the program; the first that does not pass is told.
fn pass(
    written: &[Written],
    text: &str,
    sources: &Sources,
    coordination: Coordination,
) -> Result<(), Misuse> {
    let compiled = pipeline::compile_tests(&sources.with_more(text), coordination.into());
    if let Some(error) = compiled.diagnostics.iter().find(|one| one.is_error()) {
        let Diagnostic { code, message, .. } = error;
        return Err(Misuse::new(format_args!(
            "the program does not compile with the recorded run as a test: {code}: {message}"
        )));
    }
    if let Some(failure) = compiled.failures.first() {
        return Err(Misuse::new(&failure.message));
    }
    let mut programs: Vec<(SmolStr, Arc<Program>)> = Vec::new();
    for (plan, artifact) in compiled.kinds {
        let name = plan.name.clone();
        programs.push((name, Program::load(plan, artifact).map_err(Misuse::new)?));
    }
    let is_new = |name: &str| written.iter().any(|test| test.name == name);
    let mut tests = compiled.tests;
    tests.retain(|test| is_new(&test.name));
    let results = run_suite(&programs, &tests, &Options::default(), &|_| {});
    let failure = results.iter().find_map(|result| {
        let failure = result.failure.as_ref()?;
        Some((&result.test, failure))
    });
    match failure {
        None => Ok(()),
        Some((test, failure)) => Err(Misuse::new(format_args!(
            "the test {test:?} would fail at `{}`: {}\nthe program does something else now, or the run hangs on \
             chance, or on more than the order in which rows came",
            failure.step, failure.message
        ))),
    }
}
