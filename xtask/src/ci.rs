//! The whole gate: every step runs, so that one failure does not hide another.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{bench, tidy};

struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    rustdocflags: Option<&'static str>,
}

const fn step(name: &'static str, arguments: &'static [&'static str]) -> Step {
    Step {
        name,
        arguments,
        rustdocflags: None,
    }
}

const STEPS: [Step; 4] = [
    step("format", &["fmt", "--all", "--check"]),
    step(
        "lint",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    ),
    Step {
        rustdocflags: Some("-D warnings"),
        ..step(
            "documentation",
            &["doc", "--workspace", "--no-deps", "--locked"],
        )
    },
    step(
        "tests",
        &["test", "--workspace", "--locked", "--no-fail-fast"],
    ),
];

/// How many random programs no run before has seen.
const FRESH_PROGRAMS: u64 = 500;

pub fn run(root: &Path) -> Result<(), String> {
    let mut failed = Vec::new();
    println!("== tidy");
    if let Err(message) = tidy::run(root) {
        eprintln!("{message}");
        failed.push("tidy");
    }
    for step in STEPS {
        println!("== {}", step.name);
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(step.arguments).current_dir(root);
        cargo.envs(step.rustdocflags.map(|flags| ("RUSTDOCFLAGS", flags)));
        let fine = cargo.status().is_ok_and(|status| status.success());
        if !fine {
            failed.push(step.name);
        }
    }
    println!("== fresh random programs");
    if !fresh_programs(root) {
        failed.push("fresh random programs");
    }
    println!("== answers of the benchmarks");
    if let Err(message) = bench::run(root, &["--smoke"]) {
        eprintln!("{message}");
        failed.push("answers of the benchmarks");
    }
    if failed.is_empty() {
        println!("all fine");
        Ok(())
    } else {
        Err(format!("failed: {}", failed.join(", ")))
    }
}

/// Compares the engine with the reference evaluator on programs of seeds that the clock chooses.
fn fresh_programs(root: &Path) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let first = now.map_or(0, |now| now.as_secs() * FRESH_PROGRAMS);
    let seeds = format!("{first}..{}", first + FRESH_PROGRAMS);
    println!("BLOOM_SEEDS={seeds}");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--package", "bloom-tests", "--locked"]);
    cargo.args(["--test", "corpus", "--", "random programs"]);
    cargo.env("BLOOM_SEEDS", seeds).current_dir(root);
    cargo.status().is_ok_and(|status| status.success())
}
