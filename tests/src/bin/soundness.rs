//! The differential test of the analysis as a command: `cargo xtask soundness`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for developers talks by printing"
)]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bloom_tests::program::{read, root};
use bloom_tests::soundness::campaign::{Campaign, Results};

const USAGE: &str = "\
usage: cargo xtask soundness [--programs N] [--seed S] [--threads T] [--minutes M]
                             [--false-alarms N] [--write]

  --programs N      how many random programs (2000)
  --seed S          the seed of the first; each has the next (chosen by the clock)
  --threads T       how many at a time (one a processor)
  --minutes M       begin no program after this time
  --false-alarms N  print so many programs that are flagged though all schedules agree
  --write           put the figures into docs/soundness.md";

/// Origins of false alarms that are listed.
const ORIGINS_SHOWN: usize = 30;

/// How often progress is printed.
const PROGRESS_EVERY: u64 = 1_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match parse(&arguments) {
        Ok((campaign, write)) => run(campaign, write),
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: &[String]) -> Result<(Campaign, bool), String> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut campaign = Campaign {
        seed: clock.map_or(0, |now| now.as_secs() << 20),
        programs: 2_000,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        time: None,
        false_alarms: 0,
    };
    let mut write = false;
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        if option == "--write" {
            write = true;
            continue;
        }
        let value = rest.next().ok_or(format!("{option} takes a number"))?;
        let number: u64 = value
            .parse()
            .map_err(|_| format!("{option} takes a number, not `{value}`"))?;
        match option.as_str() {
            "--programs" => campaign.programs = number,
            "--seed" => campaign.seed = number,
            "--threads" => campaign.threads = number as usize,
            "--minutes" => campaign.time = Some(Duration::from_secs(60 * number)),
            "--false-alarms" => campaign.false_alarms = number as usize,
            _ => return Err(format!("there is no option {option}")),
        }
    }
    Ok((campaign, write))
}

fn run(campaign: Campaign, write: bool) -> ExitCode {
    println!("{} programs from seed {}", campaign.programs, campaign.seed);
    let start = Instant::now();
    let done = AtomicU64::new(0);
    let results = campaign.run(|_| {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS_EVERY) {
            let speed = done as f64 / start.elapsed().as_secs_f64();
            eprintln!("{done} of {}, {speed:.0} a second", campaign.programs);
        }
    });
    let speed = results.figures.programs as f64 / start.elapsed().as_secs_f64();
    show(&results);
    println!("{speed:.0} programs a second");
    if write && let Err(message) = write_figures(&results) {
        eprintln!("{message}");
        return ExitCode::FAILURE;
    }
    match results.failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn show(results: &Results) {
    for alarm in &results.false_alarms {
        println!("false alarm, {alarm}");
    }
    if !results.false_alarms.is_empty() {
        let mut origins: Vec<_> = results.figures.origins.iter().collect();
        origins.sort_by_key(|(_, [_, alarms])| std::cmp::Reverse(*alarms));
        for (origin, [flagged, alarms]) in origins.into_iter().take(ORIGINS_SHOWN) {
            println!("{alarms} false alarms of {flagged} flagged: {origin}");
        }
    }
    for failure in &results.failures {
        println!("FAILURE, {failure}");
    }
    println!("{}", results.figures);
}

fn write_figures(results: &Results) -> Result<(), String> {
    let path = root().join("docs/soundness.md");
    let document = results.figures.written_into(&read(&path));
    let document = document.ok_or("docs/soundness.md has no marks for the figures")?;
    std::fs::write(&path, document).map_err(|error| format!("{}: {error}", path.display()))
}
