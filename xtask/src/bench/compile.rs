//! B8: from the text of a program to its first result, beside what it takes to build a program with what others use.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use bloom_xtask::rules_program;

use super::options::Options;
use super::peers::{self, Peer, Profile};
use super::process::measure;
use super::results::{median, met, reached};

const RULES: usize = 10_000;

/// Seconds that Soufflé needs for the type analysis alone of so many rules, before it begins to write C++; measured
/// when this benchmark was planned, on another machine of the same kind.
const SOUFFLE_SECONDS: f64 = 29.0;

/// Runs of what takes milliseconds: they differ more than others, and cost nothing.
const SHORT_RUNS: usize = 21;

/// What a built executable may take to its first tick.
const BUILT_START_MAX: f64 = 0.010;
const COLD_START_MAX: f64 = 0.020;
const COLD_START_GOAL: f64 = 0.005;

const SMALL: &str = "\
input n(x: Int);
output next(x: Int);
next{x: x + 1} <= n{x};
";

pub fn section(root: &Path, options: &Options) -> Result<String, String> {
    let folder = root.join("target/bench/compile");
    let facts = folder.join("facts");
    let write = |path: PathBuf, text: &str| {
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok::<_, String>(path)
    };
    std::fs::create_dir_all(&facts).map_err(|e| format!("{}: {e}", facts.display()))?;
    write(facts.join("n.csv"), "x\n1\n")?;
    let small = write(folder.join("small.bloom"), SMALL)?;
    let rules = options.size(RULES);
    let text = rules_program::text(rules, options.seed);
    let large = write(folder.join("rules.bloom"), &text)?;
    let busy = rules_program::text_to_run(rules, options.seed);
    let busy = write(folder.join("busy.bloom"), &busy)?;
    let busy_facts = folder.join("busy-facts");
    std::fs::create_dir_all(&busy_facts).map_err(|e| format!("{}: {e}", busy_facts.display()))?;
    for (name, rows) in rules_program::FACTS {
        write(busy_facts.join(name), rows)?;
    }
    let empty = folder.join("empty");
    std::fs::create_dir_all(&empty).map_err(|e| format!("{}: {e}", empty.display()))?;

    let out = folder.join("out");
    let run = |program: &Path, facts: &Path| {
        let mut command = Command::new(peers::bloom(root, Profile::Release));
        command.arg("run").arg(program).arg("--facts").arg(facts);
        command.arg("--out").arg(&out);
        command
    };
    let of_rules = times(&run(&large, &empty), &folder, options.runs)?;
    let of_busy = times(&run(&busy, &busy_facts), &folder, options.runs)?;
    let of_small = times(&run(&small, &facts), &folder, SHORT_RUNS)?;
    let built = folder.join("built");
    let mut build = Command::new(peers::bloom(root, Profile::Release));
    build.arg("build").arg(&small).arg("-o").arg(&built);
    measure(&build, &folder)?;
    let mut start = Command::new(&built);
    start.arg("--facts").arg(&facts).arg("--out").arg(&out);
    let of_built = times(&start, &folder, SHORT_RUNS)?;
    let ascent = build_ascent(root);
    let souffle = souffle(root, options)?;
    let mut page = String::from(
        "Seconds of wall time, of the whole process; in brackets processor time.\n\n| what | median | |\n| --- | ---: | --- |\n",
    );
    let mut put = |line: String| writeln!(page, "{line}").expect("writing to a string never fails");
    let ratio = SOUFFLE_SECONDS / of_rules.0;
    put(format!(
        "| `bloom run` of {rules} rules without facts | {:.3} ({:.3}) | {ratio:.0} times as fast as the {SOUFFLE_SECONDS} s of Soufflé's type analysis alone, which were measured elsewhere; at least 100: {} |",
        of_rules.0,
        of_rules.1,
        met(ratio >= 100.0)
    ));
    put(format!(
        "| `bloom run` of {rules} rules, each of which has rows to read | {:.3} ({:.3}) | |",
        of_busy.0, of_busy.1
    ));
    put(format!(
        "| `bloom run` of one rule and one fact | {:.4} ({:.4}) | at most {COLD_START_MAX}: {}; goal {COLD_START_GOAL}: {} |",
        of_small.0,
        of_small.1,
        met(of_small.0 <= COLD_START_MAX),
        reached(of_small.0 <= COLD_START_GOAL)
    ));
    put(format!(
        "| the same program as `bloom build` made it, from its start to its end | {:.4} ({:.4}) | at most {BUILT_START_MAX} to its first tick: {} |",
        of_built.0,
        of_built.1,
        met(of_built.0 <= BUILT_START_MAX)
    ));
    put(match ascent {
        Ok(time) => format!(
            "| `cargo build --release` of eight small programs in Ascent, its crates built before | {:.1} | |",
            time.as_secs_f64()
        ),
        Err(why) => format!("| Ascent was not measured: {why} | | |"),
    });
    put(match souffle {
        Some(time) => format!(
            "| `souffle -o` of the same generation in Soufflé | {:.1} | |",
            time.as_secs_f64()
        ),
        None => "| Soufflé was not on the PATH | | |".to_owned(),
    });
    Ok(page)
}

/// What it takes to compile a small program with Soufflé, if it is there.
fn souffle(root: &Path, options: &Options) -> Result<Option<Duration>, String> {
    if !Peer::Souffle.is_there() || !options.has_peer(Peer::Souffle.name()) {
        return Ok(None);
    }
    let begin = Instant::now();
    peers::compile_souffle(root, "same_generation")?;
    Ok(Some(begin.elapsed()))
}

/// Medians of wall and processor seconds.
fn times(command: &Command, folder: &Path, runs: usize) -> Result<(f64, f64), String> {
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    // The first warms up.
    for run in 0..=runs {
        let cost = measure(command, folder)?;
        if run > 0 {
            wall.push(cost.wall.as_secs_f64());
            cpu.push(cost.cpu.as_secs_f64());
        }
    }
    Ok((median(&wall), median(&cpu)))
}

fn build_ascent(root: &Path) -> Result<Duration, String> {
    peers::build(root, &[Peer::Ascent], Profile::Release)?;
    let main = root.join("bench/peers/ascent/src/main.rs");
    let touched = std::fs::File::options()
        .append(true)
        .open(&main)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()));
    touched.map_err(|e| format!("{}: {e}", main.display()))?;
    let begin = Instant::now();
    peers::build(root, &[Peer::Ascent], Profile::Release)?;
    Ok(begin.elapsed())
}
