//! Measures what is promised in time, and writes `docs/figures.md`: on inputs that are the same everywhere,
//! whole processes of the release binary, each several times, of which the median counts.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bloom_xtask::rules_program;

/// Each process runs so often, after once to warm up.
const REPETITIONS: usize = 9;

const SEED: u64 = 1;

/// Of a large program.
const RULES: usize = 10_000;

/// A program of so many rules has 2,000 lines.
const RULES_OF_2000_LINES: usize = 1_330;

const SMALL: &str = "\
input n(x: Int);
output next(x: Int);
next{x: x + 1} <= n{x};
";

/// Of what recording costs: rows are put into tables.
const KEEP: &str = "\
input put(key: Int, val: Int);
table kept(key: Int, val: Int);
kept{key, val} <= put{key, val};
";

/// Rows that are put, in all.
const PUTS: usize = 200_000;

/// What recording may cost of throughput, in hundredths.
const RECORDING_MAX: f64 = 20.0;

/// What is measured and how long it may take.
struct Figure {
    name: &'static str,
    /// Milliseconds.
    median: f64,
    /// Milliseconds.
    target: f64,
}

/// The programs of a folder that the compiler is to accept, sorted.
fn accepted(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(accepted(&path)?);
        } else if !fs::read_to_string(&path)?.starts_with("//! reject:") {
            found.push(path.display().to_string());
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Runs of the binary, in the workspace's folder.
struct Runs {
    root: PathBuf,
    binary: PathBuf,
}

pub fn run(root: &Path) -> Result<(), String> {
    cargo(
        root,
        &["build", "--release", "--locked", "--package", "bloom-cli"],
    )?;
    let folder = root.join("target/figures");
    let inputs =
        Inputs::write(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let runs = Runs {
        root: root.to_owned(),
        binary: root.join("target/release/bloom"),
    };
    let accepted = accepted(&root.join("tests/conformance"))
        .map_err(|error| format!("tests/conformance: {error}"))?;
    let mut tests = vec!["test"];
    tests.extend(accepted.iter().map(String::as_str));
    let mut figures = vec![
        runs.figure("`bloom --version`", 10.0, &["--version"])?,
        runs.figure(
            "`bloom check` of 2,000 lines",
            100.0,
            &["check", &inputs.lines],
        )?,
        runs.figure(
            "`bloom check` of 10,000 rules",
            1_000.0,
            &["check", &inputs.rules],
        )?,
        runs.figure("`bloom test` of the conformance corpus", 5_000.0, &tests)?,
        runs.figure(
            "a batch run of one rule and one fact, from start to end",
            50.0,
            &["run", &inputs.small, "--facts", &inputs.facts],
        )?,
    ];
    figures.extend(front(root, &inputs.rules)?);
    let recording = runs.recording(&folder)?;
    let page = page(&figures, recording, &runs)?;
    let path = root.join("docs/figures.md");
    fs::write(&path, &page).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{page}");
    let missed = figures.iter().filter(|figure| !figure.is_met());
    let mut missed: Vec<&str> = missed.map(|figure| figure.name).collect();
    if recording.cost() > RECORDING_MAX {
        missed.push("recording");
    }
    match missed.is_empty() {
        true => Ok(()),
        false => Err(format!("missed: {}", missed.join(", "))),
    }
}

/// Paths of what is measured on.
struct Inputs {
    lines: String,
    rules: String,
    small: String,
    facts: String,
}

impl Inputs {
    fn write(folder: &Path) -> std::io::Result<Self> {
        let facts = folder.join("facts");
        fs::create_dir_all(&facts)?;
        fs::write(facts.join("n.csv"), "x\n1\n")?;
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok::<_, std::io::Error>(path.display().to_string())
        };
        Ok(Self {
            lines: write(
                "lines.bloom",
                &rules_program::text(RULES_OF_2000_LINES, SEED),
            )?,
            rules: write("rules.bloom", &rules_program::text(RULES, SEED))?,
            small: write("small.bloom", SMALL)?,
            facts: facts.display().to_string(),
        })
    }
}

impl Runs {
    fn figure(
        &self,
        name: &'static str,
        target: f64,
        arguments: &[&str],
    ) -> Result<Figure, String> {
        self.time(arguments)?;
        let mut times = Vec::with_capacity(REPETITIONS);
        for _ in 0..REPETITIONS {
            times.push(self.time(arguments)?);
        }
        times.sort();
        Ok(Figure {
            name,
            median: times[REPETITIONS / 2].as_secs_f64() * 1e3,
            target,
        })
    }

    fn time(&self, arguments: &[&str]) -> Result<Duration, String> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).current_dir(&self.root);
        command.stdout(Stdio::null());
        let begin = Instant::now();
        let output = command.output();
        let time = begin.elapsed();
        let output = output.map_err(|error| format!("{}: {error}", self.binary.display()))?;
        match output.status.success() {
            true => Ok(time),
            false => Err(format!(
                "bloom {}: {}\n{}",
                arguments.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }
}

/// The least time of several runs without `--record` and with it, in seconds, and the bytes that it wrote.
#[derive(Clone, Copy)]
struct Recording {
    without: f64,
    with: f64,
    bytes: u64,
}

impl Recording {
    /// In hundredths of the time without.
    fn cost(self) -> f64 {
        (self.with / self.without - 1.0) * 100.0
    }
}

impl Runs {
    /// Both in turn, so that what else the machine does meets both; of each the least, which it met least.
    fn recording(&self, folder: &Path) -> Result<Recording, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let (program, feed, file) = (
            folder.join("keep.bloom"),
            folder.join("feed.jsonl"),
            folder.join("run.rec"),
        );
        fs::write(&program, KEEP).map_err(failed)?;
        let mut text = String::new();
        for key in 0..PUTS {
            line(
                &mut text,
                format_args!(
                    "{{\"collection\": \"put\", \"row\": {{\"key\": {key}, \"val\": {}}}}}",
                    key * 7
                ),
            );
        }
        fs::write(&feed, text).map_err(failed)?;
        let paths = [&program, &feed, &file].map(|path| path.display().to_string());
        let [program, feed, recording] = &paths;
        let plain = ["run", program, "--nodes", "3", "--in", feed];
        let recorded = [&plain[..], &["--record", recording]].concat();
        let (mut without, mut with, mut bytes) = (f64::MAX, f64::MAX, 0);
        for _ in 0..REPETITIONS {
            without = without.min(self.time(&plain)?.as_secs_f64());
            // A recording goes on behind what is there.
            let _none = fs::remove_file(&file);
            with = with.min(self.time(&recorded)?.as_secs_f64());
            bytes = fs::metadata(&file).map_err(failed)?.len();
        }
        Ok(Recording {
            without,
            with,
            bytes,
        })
    }
}

impl Figure {
    fn is_met(&self) -> bool {
        self.median <= self.target
    }
}

/// What the benchmark of the front end says of the stages and of edits.
fn front(root: &Path, rules: &str) -> Result<Vec<Figure>, String> {
    let mut bench = Command::new(env!("CARGO"));
    bench.args([
        "bench",
        "--locked",
        "--package",
        "bloom-compiler",
        "--bench",
        "front",
        "--",
        rules,
    ]);
    let output = bench.current_dir(root).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cargo bench: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo bench: {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let milliseconds = |name: &str| {
        let micros = text.lines().find_map(|line| {
            let times = line.strip_prefix(name)?.strip_prefix(' ')?;
            times.split(' ').nth(1)
        });
        let micros: f64 = micros
            .and_then(|micros| micros.parse().ok())
            .ok_or_else(|| format!("the benchmark of the front end does not say `{name}`"))?;
        Ok::<_, String>(micros / 1e3)
    };
    Ok(vec![
        Figure {
            name: "consistency analysis of 10,000 rules",
            median: milliseconds("summarize")? + milliseconds("calm")?,
            target: 1_000.0,
        },
        Figure {
            name: "an edit of one of 10,000 rules, up to all diagnostics",
            median: milliseconds("edit: all")?,
            target: 20.0,
        },
    ])
}

fn page(figures: &[Figure], recording: Recording, runs: &Runs) -> Result<String, String> {
    let mut page = String::from(
        "# Figures\n\n\
         Written by `cargo xtask figures`; do not edit. The programs are those of `cargo xtask rules-program`,\n\
         with seed 1. Each time but the last two is of a whole process; each is the median of several runs.\n\n\
         | what | median | target | |\n\
         | --- | ---: | ---: | --- |\n",
    );
    for figure in figures {
        let met = match figure.is_met() {
            true => "met",
            false => "**missed**",
        };
        let (median, target) = (shown(figure.median), shown(figure.target));
        line(
            &mut page,
            format_args!("| {} | {median} | {target} | {met} |", figure.name),
        );
    }
    page.push('\n');
    let met = match recording.cost() <= RECORDING_MAX {
        true => "met",
        false => "**missed**",
    };
    line(
        &mut page,
        format_args!(
            "`bloom run` of {PUTS} rows into the table of three nodes: {:.2} s, with\n\
             `--record` {:.2} s (the least of {REPETITIONS} runs each). That is {:+.0} %, where {RECORDING_MAX} % are allowed\n\
             ({met}); the recording has {} bytes a row.",
            recording.without,
            recording.with,
            recording.cost(),
            recording.bytes / PUTS as u64
        ),
    );
    page.push('\n');
    let version = output(Command::new(&runs.binary).arg("--version"))?;
    let rustc = output(Command::new("rustc").arg("--version"))?;
    line(
        &mut page,
        format_args!(
            "Measured with {version}, built by {rustc}, on {}.",
            machine()
        ),
    );
    Ok(page)
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(page, "{text}").expect("writing to a string never fails");
}

fn shown(milliseconds: f64) -> String {
    match milliseconds {
        small if small < 10.0 => format!("{small:.1} ms"),
        middle if middle < 1_000.0 => format!("{middle:.0} ms"),
        large => format!("{:.1} s", large / 1e3),
    }
}

/// The processor and system, as far as they tell.
pub(super) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model
        .and_then(|rest| rest.split_once(':'))
        .map(|(_, name)| name.trim());
    format!(
        "{cores} cores of {}, {} {}",
        model.unwrap_or("an unnamed processor"),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

pub(super) fn output(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub(super) fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {}: {status}", arguments.join(" "))),
        Err(error) => Err(format!("cargo: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_2000_lines_has_them() {
        let lines = rules_program::text(RULES_OF_2000_LINES, SEED)
            .lines()
            .count();
        assert!((1_980..=2_020).contains(&lines), "{lines}");
    }

    #[test]
    fn times_are_shown_as_people_read_them() {
        assert_eq!(shown(4.25), "4.2 ms");
        assert_eq!(shown(64.6), "65 ms");
        assert_eq!(shown(1_250.0), "1.2 s");
    }
}
