//! The compiler, as the commands use it.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bloom_compiler::base::{Diagnostic, FileId};
use bloom_compiler::check::{self, Checked, File};
use bloom_compiler::codegen::{Ahead, Target};
use bloom_compiler::compile::{self, Typing};
use bloom_compiler::coordination::{self, Coordinated, Coordination};
use bloom_compiler::mend::{self, Patient};
use bloom_compiler::syntax::ast::{ItemKind, ItemNode};
use bloom_compiler::testing::{self, lower_tests};
use bloom_compiler::{dedalus, faults, hir, syntax};
use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use bloom_plan::testing::{FaultTest, Test};

use bloom_runtime::Program;
use smol_str::SmolStr;

use crate::args::Stage;
use crate::sources::Sources;

/// A program, ready to run if it is fine.
#[derive(Default)]
pub(crate) struct Compiled {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Each kind of node with its machine code.
    pub(crate) kinds: Vec<(Plan, Artifact)>,
    pub(crate) tests: Vec<Test>,
    /// Steps of tests that have no value.
    pub(crate) failures: Vec<Failure>,
    /// Outputs that may differ, by name, and how.
    pub(crate) unsettled: Vec<(String, &'static str)>,
}

/// Why a test cannot be run.
pub(crate) struct Failure {
    /// `main.bloom:3:1`.
    pub(crate) at: String,
    pub(crate) message: String,
}

impl Compiled {
    pub(crate) fn is_fine(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

pub(crate) fn check(sources: &Sources) -> Checked {
    check::check(&files(sources))
}

fn files(sources: &Sources) -> Vec<File<'_>> {
    let files = sources.names.iter().zip(sources.texts.iter());
    (0..)
        .zip(files)
        .map(|(id, (name, (path, text)))| File {
            name,
            // What the root includes is read as a part of it.
            text: if sources.texts.is_appended(FileId(id)) {
                ""
            } else {
                text
            },
            dedalus: is_dedalus(path),
        })
        .collect()
}

/// The program, for trying fixes.
pub(crate) fn patient<'c>(sources: &'c Sources, checked: &'c Checked) -> Patient<'c> {
    Patient {
        sources: &sources.texts,
        names: &sources.names,
        program: &checked.program,
        report: &checked.calm,
    }
}

/// The program as it is written, and with the coordination that it needs; none if it has errors.
pub(crate) fn coordinate(sources: &Sources, mode: Coordination) -> (Checked, Option<Coordinated>) {
    let mut checked = check(sources);
    if !checked.is_fine() {
        return (checked, None);
    }
    let found = coordination::coordinate(&checked, mode);
    checked
        .diagnostics
        .extend(found.diagnostics.iter().cloned());
    (checked, Some(found))
}

/// All that is wrong with the program: its points of order, and replicas that would differ whatever is inserted.
pub(crate) fn problems(sources: &Sources) -> Vec<Diagnostic> {
    let mut checked = check(sources);
    let replicated = checked.program.nodes.values().any(|node| node.replicated);
    if replicated && checked.is_fine() {
        let done = coordination::coordinate(&checked, Coordination::Auto);
        checked.diagnostics.extend(done.diagnostics);
    }
    let mut points = checked.points_of_order();
    mend::attach(patient(sources, &checked), &mut points);
    checked.diagnostics.extend(points);
    let by_place = |d: &Diagnostic| (d.primary.place(), d.code.id());
    checked.diagnostics.sort_by_key(by_place);
    checked.diagnostics
}

/// The program as it is to run.
fn coordinated(checked: Checked, mode: Coordination) -> Checked {
    if mode == Coordination::Off || !checked.is_fine() {
        return checked;
    }
    let done = coordination::coordinate(&checked, mode);
    let mut diagnostics = checked.diagnostics;
    diagnostics.extend(done.diagnostics);
    Checked {
        program: done.program,
        typed: done.typed,
        analysis: done.analysis,
        calm: done.after,
        diagnostics,
    }
}

/// The outputs of a program that may differ as it is compiled, with their labels.
fn unsettled(checked: &Checked) -> Vec<(String, &'static str)> {
    let outputs = checked.calm.outputs.iter();
    let bad = outputs.filter(|o| o.accepted.is_none() && !o.label.is_deterministic());
    bad.map(|output| (output.name.to_string(), output.label.name()))
        .collect()
}

/// The kinds of a program without errors, to be run; none if this machine cannot run them.
pub(crate) fn load(sources: &Sources, checked: &Checked) -> Option<Vec<(SmolStr, Arc<Program>)>> {
    let kinds = compile::compile(typing(sources, checked), &Target::native());
    let load = |(plan, artifact): (Plan, Artifact)| {
        let name = plan.name.clone();
        Program::load(plan, artifact)
            .ok()
            .map(|program| (name, program))
    };
    kinds.into_iter().map(load).collect()
}

/// The program without its tests, for this machine.
pub(crate) fn compile(sources: &Sources, mode: Coordination) -> Compiled {
    compile_for(sources, mode, &Target::native())
}

/// How many threads this machine runs side by side.
pub(crate) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// What a run asks of a program.
pub(crate) struct Wanted<'a> {
    pub(crate) mode: Coordination,
    /// The scratch collections that are looked at.
    pub(crate) dumped: &'a [String],
    pub(crate) ahead: Ahead,
    /// Whether it is told which outputs may differ.
    pub(crate) unsettled: bool,
}

/// The program without its tests, for a run.
pub(crate) fn compile_to_run(sources: &Sources, wanted: &Wanted<'_>) -> Compiled {
    let mut checked = match wanted.mode == Coordination::Off && !wanted.unsettled {
        true => check::check_to_run(&files(sources), cores()),
        false => coordinated(check(sources), wanted.mode),
    };
    let mut compiled = Compiled {
        unsettled: unsettled(&checked),
        diagnostics: std::mem::take(&mut checked.diagnostics),
        ..Compiled::default()
    };
    if compiled.is_fine() {
        let seen = |name: &str| wanted.dumped.iter().any(|dumped| dumped == name);
        let (texts, target) = (&sources.texts, Target::native().by(cores()));
        compiled.kinds = compile::compile_to_run(checked, texts, &target, wanted.ahead, &seen);
    }
    compiled
}

/// The program without its tests.
pub(crate) fn compile_for(sources: &Sources, mode: Coordination, target: &Target) -> Compiled {
    let checked = coordinated(check(sources), mode);
    let kinds = match checked.is_fine() {
        true => compile::compile(typing(sources, &checked), target),
        false => Vec::new(),
    };
    Compiled {
        kinds,
        unsettled: unsettled(&checked),
        diagnostics: checked.diagnostics,
        ..Compiled::default()
    }
}

/// The program with its tests.
pub(crate) fn compile_tests(sources: &Sources, mode: Coordination) -> Compiled {
    let checked = coordinated(check(sources), mode);
    let mut lowered = lower_checked(sources, &checked);
    // A program without tests needs no code either.
    if !lowered.tests.is_empty() {
        let (typing, target) = (typing(sources, &checked), Target::native());
        let with_specs = faults::lower_tests(typing, &target);
        lowered.tests = with_specs.tests;
        lowered.kinds = compile::compile(typing, &target);
        lowered.kinds.extend(with_specs.observers);
    }
    lowered
}

/// The tests alone.
pub(crate) fn lower(sources: &Sources) -> Compiled {
    lower_checked(sources, &check(sources))
}

fn lower_checked(sources: &Sources, checked: &Checked) -> Compiled {
    if !checked.is_fine() {
        return Compiled {
            diagnostics: checked.diagnostics.clone(),
            ..Compiled::default()
        };
    }
    let (tests, failures) = lower_tests(&checked.program, &checked.typed, &sources.texts);
    let message = |failure: testing::Failure| {
        let why = failure.error.message();
        Failure {
            at: sources.position(checked.program.file_span(failure.loc)),
            message: format!("this step has no value: {why}"),
        }
    };
    let failures = failures.into_iter().map(message).collect();
    Compiled {
        tests,
        failures,
        diagnostics: checked.diagnostics.clone(),
        ..Compiled::default()
    }
}

/// The fault tests of a program, with all that they run.
#[derive(Default)]
pub(crate) struct CompiledFaults {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Kinds of node, and observers.
    pub(crate) programs: Vec<(SmolStr, Arc<Program>)>,
    pub(crate) tests: Vec<FaultTest>,
    pub(crate) failures: Vec<Failure>,
}

/// The program as it is written with its fault tests; none if this machine cannot run them.
pub(crate) fn compile_faults(sources: &Sources) -> Option<CompiledFaults> {
    let checked = check(sources);
    if !checked.is_fine() || checked.program.fault_tests.is_empty() {
        return Some(CompiledFaults {
            diagnostics: checked.diagnostics,
            ..CompiledFaults::default()
        });
    }
    let target = Target::native();
    let lowered = faults::lower_fault_tests(typing(sources, &checked), &target);
    let kinds = compile::compile(typing(sources, &checked), &target);
    let load = |(plan, artifact): (Plan, Artifact)| {
        let name = plan.name.clone();
        let program = Program::load(plan, artifact).ok()?;
        Some((name, program))
    };
    let kinds = kinds.into_iter().chain(lowered.observers);
    let failure = |problem: faults::Problem| Failure {
        at: sources.position(checked.program.file_span(problem.loc)),
        message: problem.message,
    };
    Some(CompiledFaults {
        programs: kinds.map(load).collect::<Option<_>>()?,
        tests: lowered.tests,
        failures: lowered.problems.into_iter().map(failure).collect(),
        diagnostics: checked.diagnostics,
    })
}

/// How many `fault test` blocks the program's own file has.
pub(crate) fn fault_tests(sources: &Sources) -> usize {
    let root = FileId::default();
    let text = sources.texts.text(root);
    // Most files have none, and then need not be parsed again.
    if is_dedalus(sources.texts.path(root)) || !text.contains("fault") {
        return 0;
    }
    let module = syntax::parse(text).module;
    let is_fault_test = |node: &&ItemNode| matches!(node.item.kind, ItemKind::FaultTest(_));
    module.items.iter().filter(is_fault_test).count()
}

/// What a stage made of the program, as text, and what is wrong with the program up to there.
pub(crate) fn emit(
    sources: &Sources,
    stage: Stage,
    mode: Coordination,
) -> (String, Vec<Diagnostic>) {
    let root = FileId::default();
    match stage {
        Stage::Tokens => return (syntax::dump::tokens(sources.texts.text(root)), Vec::new()),
        Stage::Ast => return tree(sources.texts.path(root), sources.texts.text(root)),
        Stage::Hir
        | Stage::Types
        | Stage::Labels
        | Stage::Coord
        | Stage::Rir
        | Stage::RirOpt
        | Stage::Plan
        | Stage::Clif => {}
    }
    if stage == Stage::Coord {
        return coordination_of(check(sources));
    }
    let checked = coordinated(check(sources), mode);
    let typing = typing(sources, &checked);
    let text = match stage {
        Stage::Hir => checked.program.dump(),
        Stage::Types => checked.typed.dump(&checked.program),
        Stage::Labels => checked.labels(),
        // What has errors must not be lowered.
        _ if !checked.is_fine() => String::new(),
        Stage::Rir => compile::emit_rir(typing),
        Stage::RirOpt => compile::emit_optimized(typing),
        Stage::Clif => compile::emit_clif(typing, &Target::native()),
        Stage::Plan | Stage::Tokens | Stage::Ast | Stage::Coord => compile::emit_plan(typing),
    };
    (text, checked.diagnostics)
}

/// What coordination does to the program when it is run.
fn coordination_of(checked: Checked) -> (String, Vec<Diagnostic>) {
    if !checked.is_fine() {
        return (String::new(), checked.diagnostics);
    }
    let done = coordination::coordinate(&checked, Coordination::Auto);
    let text = done.dump();
    let mut diagnostics = checked.diagnostics;
    diagnostics.extend(done.diagnostics);
    (text, diagnostics)
}

/// The program without imports and with its coordination, as source.
pub(crate) fn expand(sources: &Sources, mode: Coordination) -> (String, Vec<Diagnostic>) {
    let checked = coordinated(check(sources), mode);
    let prelude = sources.names.iter().position(|name| name == hir::PRELUDE);
    let text = checked.program.source(prelude.map(|at| FileId(at as u32)));
    // Tidy as far as it can be read; the author's own errors may leave gaps.
    let tidy = syntax::format(&text).unwrap_or(text);
    (tidy, checked.diagnostics)
}

/// The text formatted, or why it cannot be read.
pub(crate) fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    syntax::format(text)
}

/// Whether a relation is one that the planner added for what it keeps of a rule: `seen.kept.rule3`.
pub(crate) fn is_of_planner(name: &str) -> bool {
    let mut parts = name.rsplit('.');
    let is_rule = |part: &str| {
        let number = part.strip_prefix("rule");
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_kind = |part: &str| matches!(part, "kept" | "groups" | "wanted" | "shared");
    parts.next().is_some_and(is_rule) && parts.next().is_some_and(is_kind)
}

pub(crate) fn is_dedalus(path: &str) -> bool {
    path.ends_with(".ded")
}

fn tree(path: &str, text: &str) -> (String, Vec<Diagnostic>) {
    if is_dedalus(path) {
        let parse = dedalus::parse(text);
        let (module, more) = dedalus::translate(&parse.program);
        return (
            syntax::dump::ast(&module),
            [parse.diagnostics, more].concat(),
        );
    }
    let parse = syntax::parse(text);
    (syntax::dump::ast(&parse.module), parse.diagnostics)
}

fn typing<'c>(sources: &'c Sources, checked: &'c Checked) -> Typing<'c> {
    Typing {
        program: &checked.program,
        typed: &checked.typed,
        analysis: &checked.analysis,
        sources: &sources.texts,
    }
}
