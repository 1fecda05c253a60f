//! The differential test of the search for faults as a command: `cargo xtask faults`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for developers talks by printing"
)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use bloom_tests::faults::alternation::{Agreed, agreed};
use bloom_tests::faults::campaign::Campaign;
use bloom_tests::faults::trial::Effort;
use bloom_tests::faults::{agrees, bounds, corpus, figures, load_file};
use bloom_tests::program::{read, root};

const USAGE: &str = "\
usage: cargo xtask faults [--programs N] [--hypotheses N] [--executions N] [--seed S] [--threads T]
       cargo xtask faults --figures

  --programs N    how many random programs (2000)
  --hypotheses N  random hypotheses for each, and for each fault test of tests/faults (20)
  --executions N  runs of a program one by one, past which those are not compared (5000)
  --seed S        the seed of the first program; each has the next (chosen by the clock)
  --threads T     how many at a time (one a processor)
  --figures       measure the protocols and the planted bugs, and put the figures into docs/faults.md";

/// How long a loop of runs may take: as long as `bloom faults` gives it.
const LOOP: Duration = Duration::from_secs(20);

/// How often progress is printed.
const PROGRESS_EVERY: u64 = 500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["--figures"] {
        return write_figures();
    }
    match parse(&arguments) {
        Ok(campaign) => run(&campaign),
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(arguments: &[String]) -> Result<Campaign, String> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut campaign = Campaign {
        seed: clock.map_or(0, |now| now.as_secs() << 20),
        programs: 2_000,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        effort: Effort {
            hypotheses: 20,
            executions_max: 5_000,
        },
    };
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        let value = rest.next().ok_or(format!("{option} takes a number"))?;
        let number: u64 = value
            .parse()
            .map_err(|_| format!("{option} takes a number, not `{value}`"))?;
        match option.as_str() {
            "--programs" => campaign.programs = number,
            "--hypotheses" => campaign.effort.hypotheses = number,
            "--executions" => campaign.effort.executions_max = number as usize,
            "--seed" => campaign.seed = number,
            "--threads" => campaign.threads = number as usize,
            _ => return Err(format!("there is no option {option}")),
        }
    }
    Ok(campaign)
}

fn run(campaign: &Campaign) -> ExitCode {
    let start = Instant::now();
    let mut wrong = 0;
    let mut hypotheses = 0;
    for path in corpus() {
        let loaded = load_file(&path);
        for test in &loaded.tests {
            let seeds = campaign.seed..campaign.seed.saturating_add(campaign.effort.hypotheses);
            hypotheses += campaign.effort.hypotheses;
            if let Err(why) = agrees(&loaded, test, &bounds(test), seeds) {
                println!("FAILURE, {}: {why:?}", test.name);
                wrong += 1;
            }
        }
    }
    println!("the protocols of tests/faults: {hypotheses} hypotheses both ways, {wrong} failures");
    wrong += run_loops();
    println!("{} programs from seed {}", campaign.programs, campaign.seed);
    let results = campaign.run(|done| {
        if done.is_multiple_of(PROGRESS_EVERY) {
            eprintln!("{done} of {}", campaign.programs);
        }
    });
    for failure in &results.failures {
        println!("FAILURE, {failure}");
    }
    println!("{results}, {:.0} s", start.elapsed().as_secs_f64());
    match results.failures.is_empty() && wrong == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Holds the loop of runs to the formula, on the protocols; how often they differ.
fn run_loops() -> usize {
    let (mut tests, mut ended, mut certified, mut wrong) = (0, 0, 0, 0);
    for path in corpus() {
        let loaded = load_file(&path);
        for test in &loaded.tests {
            let start = Instant::now();
            tests += 1;
            match agreed(&loaded, test, &bounds(test), &mut |_| {
                start.elapsed() < LOOP
            }) {
                Ok(Agreed::Open) => println!("no end of the loop on {}", test.name),
                Ok(agreed) => {
                    ended += 1;
                    certified += usize::from(agreed == Agreed::Certified);
                }
                Err(why) => {
                    println!("FAILURE, {why}");
                    wrong += 1;
                }
            }
        }
    }
    println!(
        "the loop came to an end on {ended} of {tests} protocols, {certified} of them certified; {wrong} failures"
    );
    wrong
}

fn write_figures() -> ExitCode {
    let path = root().join("docs/faults.md");
    let written = figures::measure().written_into(&read(&path));
    let done = match written {
        Some(document) => std::fs::write(&path, document).map_err(|error| error.to_string()),
        None => Err("it has no marks for the figures".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}: {why}", path.display());
            ExitCode::FAILURE
        }
    }
}
