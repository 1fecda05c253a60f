//! The corpus: each conformance program in every configuration, one trial each; and random
//! programs on the engine and the reference evaluator.
//!
//! A file that begins `//! reject: words` must be refused with an error that has all the words.
//! Every other one must pass its tests on either machine, under every seed.
//! `BLOOM_SEEDS=FIRST..END` chooses the random programs.

use std::path::Path;
use std::sync::Arc;

use bloom_compiler::compile::Optimization;
use bloom_sim::{Programs, TestResult, run};
use bloom_tests::compare::{Outcome, compare, report};
use bloom_tests::generate::Case;
use bloom_tests::program::{
    bloom_files, check_text, errors, load_with, module_name, read, root, standard_library,
};
use libtest_mimic::{Arguments, Failed, Trial};

/// Seeds of each conformance test: of 0 messages arrive as they were sent, of others permuted.
const SEEDS: u64 = 4;

/// Random programs of a run, and of one trial.
const RANDOM_PROGRAMS: u64 = 2_000;
/// Of those with recursion of which constants are asked: they are compiled twice, which takes most of their time.
const BOUND_PROGRAMS: u64 = 300;
/// Of those whose rules have joins in common.
const SHARING_PROGRAMS: u64 = 300;
/// Of those whose recursive rules join rows of what they derive.
const JOINING_PROGRAMS: u64 = 300;
/// Of those whose recursion goes through relations that keep their rows and such that do not.
const MIXING_PROGRAMS: u64 = 600;
const PROGRAMS_PER_TRIAL: u64 = 50;

type Library = Arc<Vec<(String, String)>>;

fn main() -> std::process::ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(2));
    let library: Library = Arc::new(standard_library());
    let mut trials = Vec::new();
    for path in bloom_files(&root().join("tests/conformance")) {
        trials.extend(conformance(&path, &library));
    }
    for (what, count, case) in [
        ("random", RANDOM_PROGRAMS, Case::random as fn(u64) -> Case),
        ("lasting", RANDOM_PROGRAMS, Case::lasting),
        ("bound", BOUND_PROGRAMS, Case::bound),
        ("sharing", SHARING_PROGRAMS, Case::sharing),
        ("joining", JOINING_PROGRAMS, Case::joining),
        ("mixing", MIXING_PROGRAMS, Case::mixing),
    ] {
        trials.extend(random_programs(&library, what, count, case));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn conformance(path: &Path, library: &Library) -> Vec<Trial> {
    let folder = root().join("tests/conformance");
    let place = path
        .strip_prefix(&folder)
        .unwrap_or(path)
        .display()
        .to_string();
    let (name, text) = (module_name(path), read(path));
    let first = text.lines().next().unwrap_or_default();
    if let Some(words) = first.strip_prefix("//! reject:") {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let library = Arc::clone(library);
        return vec![Trial::test(format!("{place}: refused"), move || {
            refused(&name, &text, &words, &library)
        })];
    }
    let trial = |machine: &'static str| {
        let (name, text, library) = (name.clone(), text.clone(), Arc::clone(library));
        Trial::test(format!("{place}: {machine}"), move || {
            passes(&name, &text, machine, &library)
        })
    };
    ["engine", "engine without optimiser", "reference"]
        .map(trial)
        .into()
}

fn refused(
    name: &str,
    text: &str,
    words: &[String],
    library: &[(String, String)],
) -> Result<(), Failed> {
    let errors = errors(&check_text(name, text, library));
    let has_all = |message: &String| words.iter().all(|word| message.contains(word));
    match errors.iter().any(has_all) {
        true => Ok(()),
        false => Err(format!("no error has the words {words:?}: {errors:#?}").into()),
    }
}

fn passes(
    name: &str,
    text: &str,
    machine: &str,
    library: &[(String, String)],
) -> Result<(), Failed> {
    let optimization = match machine {
        "engine without optimiser" => Optimization::Off,
        _ => Optimization::On,
    };
    let loaded = load_with(name, text, library, optimization)
        .map_err(|errors| format!("refused: {errors:#?}"))?;
    if loaded.tests.is_empty() {
        return Err("the file has no tests".into());
    }
    for test in &loaded.tests {
        for seed in 0..SEEDS {
            let result = match machine {
                "reference" => run(&loaded.model(), &loaded.programs, test, seed),
                _ => run(&Programs(&loaded.programs), &loaded.programs, test, seed),
            };
            verdict(&result)?;
        }
    }
    Ok(())
}

fn verdict(result: &TestResult) -> Result<(), Failed> {
    let Some(failure) = &result.failure else {
        return Ok(());
    };
    let (test, seed) = (&result.test, result.seed);
    let text = format!(
        "\"{test}\", seed {seed}, {}: {}\n{}",
        failure.at, failure.step, failure.message
    );
    Err(text.into())
}

fn random_programs(library: &Library, what: &str, count: u64, case: fn(u64) -> Case) -> Vec<Trial> {
    let all = std::env::var("BLOOM_SEEDS").ok();
    let all = all.as_deref().and_then(|range| range.split_once(".."));
    let all = all.and_then(|(first, end)| Some(first.parse().ok()?..end.parse().ok()?));
    let all: std::ops::Range<u64> = all.unwrap_or(0..count);
    let firsts = all.clone().step_by(PROGRAMS_PER_TRIAL as usize);
    let trials = firsts.map(|first| {
        let seeds = first..(first + PROGRAMS_PER_TRIAL).min(all.end);
        let library = Arc::clone(library);
        Trial::test(format!("{what} programs {seeds:?}"), move || {
            agree(seeds, case, &library)
        })
    });
    trials.collect()
}

/// Every program runs alike on both machines; few may be refused, or the generator is at fault.
fn agree(
    seeds: std::ops::Range<u64>,
    case: fn(u64) -> Case,
    library: &[(String, String)],
) -> Result<(), Failed> {
    let count = (seeds.end - seeds.start) as usize;
    let mut refusals = Vec::new();
    for seed in seeds {
        let case = case(seed);
        match compare(&case, library) {
            Outcome::Same => {}
            Outcome::Refused(errors) => refusals.push(format!("seed {seed}: {errors:#?}\n{case}")),
            Outcome::Differs(_) => return Err(report(seed, &case, library).into()),
        }
    }
    match refusals.len() * 10 > count {
        true => Err(refusals.concat().into()),
        false => Ok(()),
    }
}
