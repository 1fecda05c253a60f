//! `bloom test`.

mod junit;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use bloom_compiler::base::FileId;
use bloom_runtime::Program;
use bloom_sim::{Options, TestResult, run_suite};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use smol_str::SmolStr;

use crate::args::{TestArgs, TestFormat};
use crate::faults::saved;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pipeline::Failure;
use crate::sources::Sources;
use crate::terminal::{self, Color, painted};
use crate::{pipeline, report};

/// A file whose tests cannot be run.
struct Broken {
    file: String,
    /// The first error, and where it is.
    message: String,
    at: String,
}

pub(crate) fn test(args: &TestArgs) -> Outcome {
    let mut all = Vec::new();
    let mut broken = Vec::new();
    let mut fault_tests = 0;
    let (saved, paths): (Vec<PathBuf>, Vec<PathBuf>) = args
        .paths
        .iter()
        .cloned()
        .partition(|path| saved::is_saved(path));
    let fine = saved::rerun(&saved)? == Verdict::Fine;
    if paths.is_empty() {
        return Ok(Verdict::of(fine));
    }
    for path in &paths {
        for sources in Sources::load_all(path)? {
            fault_tests += pipeline::fault_tests(&sources);
            match run(args, &sources)? {
                Ok(results) => all.extend(results),
                Err(file) => broken.push(file),
            }
        }
    }
    notes(args, fault_tests, all.is_empty() && broken.is_empty());
    match args.format {
        TestFormat::Human => summarize(&all),
        // Printed as each program ended.
        TestFormat::Json => {}
        TestFormat::Junit => terminal::print(&junit::report(&all, &broken)),
    }
    let passed = all.iter().all(TestResult::passed);
    Ok(Verdict::of(fine && broken.is_empty() && passed))
}

/// Says what was asked for, or is written, and did not run.
fn notes(args: &TestArgs, fault_tests: usize, nothing_ran: bool) {
    match fault_tests {
        0 => {}
        1 => terminal::note("1 fault test not run: `bloom faults` runs it"),
        _ => terminal::note(format_args!(
            "{fault_tests} fault tests not run: `bloom faults` runs them"
        )),
    }
    if let (Some(filter), true) = (&args.filter, nothing_ran) {
        terminal::note(format_args!("no test has `{filter}` in its name"));
    }
}

/// The results of one program's tests, unless it does not compile, or a test has a step without a value.
fn run(args: &TestArgs, sources: &Sources) -> Result<Result<Vec<TestResult>, Broken>, Misuse> {
    let compiled = pipeline::compile_tests(sources, args.coordination.into());
    let errors: Vec<_> = compiled
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .cloned()
        .collect();
    report::problems_to_stderr(sources, &errors);
    report::count_to_stderr(&errors);
    for failure in &compiled.failures {
        terminal::error(format_args!("{}: {}", failure.at, failure.message));
    }
    let first_error = errors.first().map(|error| Failure {
        at: sources.position(error.primary.place()),
        message: format!("{}: {}", error.code, error.message),
    });
    if let Some(first) = first_error.or(compiled.failures.into_iter().next()) {
        let broken = Broken {
            file: sources.texts.path(FileId::default()).to_owned(),
            message: first.message,
            at: first.at,
        };
        if args.format == TestFormat::Json {
            terminal::print(&json_of_broken(&broken));
        }
        return Ok(Err(broken));
    }
    let mut programs: Vec<(SmolStr, Arc<Program>)> = Vec::new();
    for (plan, artifact) in compiled.kinds {
        let name = plan.name.clone();
        programs.push((name, Program::load(plan, artifact).map_err(Misuse::new)?));
    }
    let options = Options {
        first_seed: args.seed,
        seeds: args.seeds,
        filter: args.filter.clone(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let bar = progress(compiled.tests.len());
    let results = run_suite(&programs, &compiled.tests, &options, &|result| {
        bar.set_message(result.test.clone());
        bar.inc(1);
    });
    bar.finish_and_clear();
    for result in &results {
        match args.format {
            TestFormat::Human => terminal::print(&human(result)),
            TestFormat::Json => terminal::print(&json(result)),
            TestFormat::Junit => {}
        }
    }
    Ok(Ok(results))
}

/// A bar on the terminal; nothing elsewhere, and nothing for runs that end at once.
fn progress(tests: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(tests as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn human(result: &TestResult) -> String {
    match &result.failure {
        None => format!("{} {}\n", painted("pass", Color::Green), result.test),
        Some(failure) => format!(
            "{} {}\n     {} {}\n     {}\n     {}\n",
            painted("FAIL", Color::Red),
            painted(&result.test, Color::Bold),
            painted("at", Color::Faint),
            failure.at,
            failure.step,
            indented(&format!(
                "{}\nrun again with --seed {}",
                failure.message, result.seed
            )),
        ),
    }
}

fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n     ")
}

fn summarize(results: &[TestResult]) {
    let failed = results.iter().filter(|result| !result.passed()).count();
    let passed = results.len() - failed;
    let line = match failed {
        0 => painted(&format!("{passed} passed"), Color::Green),
        _ => format!(
            "{passed} passed, {}",
            painted(&format!("{failed} failed"), Color::Red)
        ),
    };
    terminal::print(&format!("{line}\n"));
}

/// `{"test": …, "file": …, "result": "passed|failed", "seed": …, "message": …, "at": …}`; of a file whose tests
/// cannot be run, without a test and a seed.
#[derive(Serialize)]
struct Line<'a> {
    test: Option<&'a str>,
    file: &'a str,
    result: &'a str,
    seed: Option<u64>,
    message: Option<&'a str>,
    at: Option<&'a str>,
}

fn json(result: &TestResult) -> String {
    let failure = result.failure.as_ref();
    line(&Line {
        test: Some(&result.test),
        file: &result.file,
        result: if result.passed() { "passed" } else { "failed" },
        seed: Some(result.seed),
        message: failure.map(|failure| failure.message.as_str()),
        at: failure.map(|failure| failure.at.as_str()),
    })
}

fn json_of_broken(broken: &Broken) -> String {
    line(&Line {
        test: None,
        file: &broken.file,
        result: "failed",
        seed: None,
        message: Some(&broken.message),
        at: Some(&broken.at),
    })
}

fn line(line: &Line<'_>) -> String {
    let text = serde_json::to_string(line).expect("strings and numbers are JSON");
    format!("{text}\n")
}
