//! The figures of `docs/faults.md`: what comes out of each protocol and of each planted bug, and how long it takes.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::random::{Alphabet, search_randomly};
use bloom_sim::faults::{Options, Report, Verdict, search};

use super::simulated::{self, Speed};
use super::{Loaded, bounds, load_file};
use crate::program::{bloom_files, root};

/// Searches of which the fastest counts.
const REPEATS: usize = 5;

/// How long random runs may look for a planted bug.
const RANDOM: Duration = Duration::from_secs(20);

/// How long the simulator runs in each of its ways.
const SIMULATED: Duration = Duration::from_secs(5);

/// One search.
#[derive(Debug)]
struct Row {
    name: String,
    bounds: String,
    verdict: String,
    executions: usize,
    time: Duration,
}

/// A program with a bug that was put there, and the same without it.
#[derive(Debug)]
struct Pair {
    broken: Row,
    right: Row,
    /// Runs, and the time that they took, until random runs found it.
    random: Option<(usize, Duration)>,
}

#[derive(Debug)]
pub struct Figures {
    protocols: Vec<Row>,
    planted: Vec<Pair>,
    simulated: Vec<Speed>,
}

/// The programs with planted bugs, each with the same program without its bug.
pub fn planted() -> Vec<(PathBuf, PathBuf)> {
    let files = bloom_files(&root().join("tests/planted"));
    let broken = files
        .into_iter()
        .filter(|path| name(path).ends_with("_broken"));
    broken
        .map(|path| {
            let right = name(&path).trim_end_matches("_broken").to_owned();
            (path.with_file_name(format!("{right}.bloom")), path)
        })
        .collect()
}

fn name(path: &Path) -> &str {
    path.file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default()
}

/// Measures everything.
pub fn measure() -> Figures {
    let mut protocols = Vec::new();
    for path in super::corpus() {
        let loaded = load_file(&path);
        protocols.extend(loaded.tests.iter().map(|test| row(&loaded, test)));
    }
    let planted = planted()
        .into_iter()
        .map(|(right, broken)| pair(&right, &broken));
    Figures {
        protocols,
        planted: planted.collect(),
        simulated: simulated::measure(SIMULATED),
    }
}

fn pair(right: &Path, broken: &Path) -> Pair {
    let (right, broken) = (load_file(right), load_file(broken));
    let test = &broken.tests[0];
    let start = Instant::now();
    let found = search_randomly(
        &broken.programs,
        test,
        &bounds(test),
        (Alphabet::Bounds, 1),
        &mut |_| start.elapsed() < RANDOM,
    );
    let time = start.elapsed();
    let found = found.ok().filter(|found| found.broken.is_some());
    Pair {
        broken: row(&broken, test),
        right: row(&right, &right.tests[0]),
        random: found.map(|found| (found.executions, time)),
    }
}

fn row(loaded: &Loaded, test: &FaultTest) -> Row {
    let spec = bounds(test);
    let search = || {
        let start = Instant::now();
        let report = search(&loaded.programs, test, &spec, &Options::default());
        (start.elapsed(), report)
    };
    let fastest = (0..REPEATS).map(|_| search()).min_by_key(|(time, _)| *time);
    let (time, report) = fastest.expect("there is at least one");
    Row {
        name: test.name.clone(),
        bounds: format!("{}/{}/{}", spec.eot, spec.eff, spec.crashes),
        verdict: shown(&report),
        executions: report.executions,
        time,
    }
}

/// `counterexample 3, 2 sets`.
fn shown(report: &Report) -> String {
    match &report.verdict {
        Verdict::Certified => "certified".to_owned(),
        Verdict::Vacuous(_) => "vacuous".to_owned(),
        Verdict::BoundReached(_) => "bound reached".to_owned(),
        Verdict::Counterexample(found) => {
            let sets = report
                .minimal
                .as_ref()
                .map_or(0, |minimal| minimal.sets.len());
            format!("{}, {sets} sets", found.hypothesis.in_words())
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

impl Figures {
    /// The document with these figures between its marks; none if it has no marks.
    pub fn written_into(&self, document: &str) -> Option<String> {
        let document = between(document, "protocols", &self.protocols().to_string())?;
        let document = between(&document, "planted", &self.bugs().to_string())?;
        between(&document, "simulator", &self.speeds().to_string())
    }

    fn protocols(&self) -> impl Display + '_ {
        Table(|f: &mut Formatter<'_>| {
            writeln!(
                f,
                "| fault test | smallest set, minimal sets | runs | ms |\n| --- | --- | --- | --- |"
            )?;
            for row in &self.protocols {
                writeln!(
                    f,
                    "| {} | {} | {} | {} |",
                    row.name,
                    row.verdict,
                    row.executions,
                    milliseconds(row.time)
                )?;
            }
            let all: Duration = self.protocols.iter().map(|row| row.time).sum();
            writeln!(f, "| all | | | {} |", milliseconds(all))
        })
    }

    fn speeds(&self) -> impl Display + '_ {
        Table(|f: &mut Formatter<'_>| {
            writeln!(
                f,
                "| a store on three nodes, where | runs | ticks of nodes | a second |\n| --- | --- | --- | --- |"
            )?;
            self.simulated
                .iter()
                .try_for_each(|speed| writeln!(f, "{speed}"))
        })
    }

    fn bugs(&self) -> impl Display + '_ {
        Table(|f: &mut Formatter<'_>| {
            writeln!(
                f,
                "| bug | bounds | smallest set, minimal sets | ms | random runs | ms | without the bug | ms |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
            )?;
            for Pair {
                broken,
                right,
                random,
            } in &self.planted
            {
                let name = broken.name.trim_end_matches(", broken");
                let random = match random {
                    Some((runs, time)) => format!("{runs} | {}", milliseconds(*time)),
                    None => format!("none in {} s | ", RANDOM.as_secs()),
                };
                writeln!(
                    f,
                    "| {name} | {} | {} | {} | {random} | {} | {} |",
                    broken.bounds,
                    broken.verdict,
                    milliseconds(broken.time),
                    right.verdict,
                    milliseconds(right.time)
                )?;
            }
            Ok(())
        })
    }
}

/// What a function writes.
struct Table<F>(F);

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Table<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}

fn between(document: &str, mark: &str, text: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- {mark} -->"),
        format!("<!-- end of {mark} -->"),
    );
    let (before, rest) = document.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{text}{end}{after}"))
}
