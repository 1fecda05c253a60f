//! Tasks of the project's own: `cargo xtask tidy`, `cargo xtask ci`, and what makes the input of
//! the examples. Knows no other package but `stdx`, so that it runs while they do not compile.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for developers talks by printing"
)]

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use bloom_xtask::{cart_log, dependency_facts, rules_program};

mod bench;
mod ci;
mod figures;
mod grammar;
mod tidy;

const USAGE: &str = "\
usage: cargo xtask TASK

  tidy                                 check layering, unsafe code, error pages and file names
  ci                                   format, lint, tidy, documentation, tests: the whole gate
  grammar                              make the tree-sitter grammar from the parser's
  cart-log --actions N --seed N        write an input of examples/cart
  figures                              measure, and write docs/figures.md
  bench [ID]… [OPTION]…                run benchmarks, and write bench/results.md; `bench --help`
  rules-program --rules N --seed N     write a large program that does nothing of use
  dependency-facts CARGO.LOCK          write the facts of examples/deps as CSV
  soundness [OPTION]…                  hold the analysis to all schedules of random programs
  faults [OPTION]…                     hold the search for faults to runs of random programs";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["bench", rest @ ..] => bench::run(&root(), rest),
        [bench::process::MEASURE, report, program, rest @ ..] => {
            bench::process::run_measured(report, program, rest)
        }
        ["grammar"] => grammar::run(&root()),
        ["figures"] => figures::run(&root()),
        ["ci"] => ci::run(&root()),
        ["cart-log", "--actions", actions, "--seed", seed] => print_cart_log(actions, seed),
        ["rules-program", "--rules", rules, "--seed", seed] => print_rules_program(rules, seed),
        ["dependency-facts", path] => print_dependency_facts(path),
        ["soundness", rest @ ..] => campaign("soundness", rest),
        ["faults", rest @ ..] => campaign("faults", rest),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn print_cart_log(actions: &str, seed: &str) -> Result<(), String> {
    let actions = actions.parse().map_err(|_| "--actions takes a number")?;
    let seed = seed.parse().map_err(|_| "--seed takes a number")?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    cart_log::write(&mut out, actions, seed)
        .and_then(|()| out.flush())
        .map_err(|error| format!("cannot write the log: {error}"))
}

fn print_rules_program(rules: &str, seed: &str) -> Result<(), String> {
    let rules = rules.parse().map_err(|_| "--rules takes a number")?;
    let seed = seed.parse().map_err(|_| "--seed takes a number")?;
    print!("{}", rules_program::text(rules, seed));
    Ok(())
}

fn print_dependency_facts(path: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    print!(
        "{}",
        dependency_facts::csv(&text).map_err(|error| format!("{path}: {error}"))?
    );
    Ok(())
}

/// The differential test of the analysis is a program of the tests' own, since this one knows
/// nothing of the compiler.
/// A long test of the package `bloom-tests`.
fn campaign(name: &str, options: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--release", "--locked", "--package", "bloom-tests"]);
    cargo.args(["--bin", name, "--"]).args(options);
    let status = cargo.current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!("{name}: what was compared did not agree")),
        Err(error) => Err(format!("cargo: {error}")),
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or(package.clone(), PathBuf::from)
}
