//! `bloom faults`.

mod again;
mod compared;
mod diagram;
mod hint;
mod human;
mod json;
mod request;
pub(crate) mod saved;
mod svg;
mod sweep;

use std::path::Path;
use std::time::{Duration, Instant};

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::alternating::search_by_supports;
use bloom_sim::faults::contrast::{Step, contrast};
use bloom_sim::faults::exhaustive::{Enumeration, enumerate};
use bloom_sim::faults::proof::Proof;
use bloom_sim::faults::random::Alphabet;
use bloom_sim::faults::trace::trace;
use bloom_sim::faults::{
    Counterexample, Crash, FaultSpec, Options, Report, Verdict as Found, random, run, search,
};

use crate::args::{FaultsArgs, FaultsFormat};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pipeline::{self, CompiledFaults};
use crate::sources::Sources;
use crate::{report, terminal};

/// Runs of `--exhaustive`, past which it gives up.
const EXECUTIONS_MAX: usize = 200_000;

/// How long runs are explained one by one where the formula has no room.
const EXPLAINED: Duration = Duration::from_secs(20);

/// How long random runs look where that does not come to an end.
const FALLBACK: Duration = Duration::from_secs(3);

/// A fault test and what was found.
struct Searched {
    test: FaultTest,
    spec: FaultSpec,
    report: Report,
    seconds: f64,
    /// Of a counterexample with crashes: whether there is none where crashed nodes only send nothing.
    only_if_stopped: bool,
    enumeration: Option<Result<Enumeration, String>>,
    /// Of a random run: the command that runs it again.
    again: Option<String>,
    /// Of a counterexample: in what the run without faults differs from it, and why.
    contrast: Vec<Step>,
}

pub(crate) fn faults(args: &FaultsArgs) -> Outcome {
    let mut fine = true;
    let mut tests = 0;
    for request in request::programs(&args.selection)? {
        let Some(mut compiled) = pipeline::compile_faults(&request.sources) else {
            return Err(Misuse::new("this machine cannot run the program"));
        };
        fine &= is_whole(&request.sources, &compiled);
        for test in &mut compiled.tests {
            request.rename(test);
        }
        for test in &compiled.tests {
            let chosen = args
                .filter
                .as_ref()
                .is_none_or(|text| test.name.contains(text));
            if !chosen {
                continue;
            }
            tests += 1;
            fine &= match args.sweep {
                Some(time) => sweep_test(args, &compiled.programs, test, time),
                None => look_at(args, &request, &compiled.programs, test)?,
            };
        }
    }
    if tests == 0 && fine {
        terminal::note(match &args.filter {
            Some(filter) => format!("no fault test has `{filter}` in its name"),
            None => "no fault test; --eot and --nodes run a spec without one".to_owned(),
        });
    }
    Ok(Verdict::of(fine))
}

/// Whether the program and all its fault tests can be run; tells what cannot.
fn is_whole(sources: &Sources, compiled: &CompiledFaults) -> bool {
    let errors = compiled.diagnostics.iter().filter(|d| d.is_error());
    let errors: Vec<_> = errors.cloned().collect();
    report::problems_to_stderr(sources, &errors);
    report::count_to_stderr(&errors);
    for failure in &compiled.failures {
        terminal::error(format_args!("{}: {}", failure.at, failure.message));
    }
    errors.is_empty() && compiled.failures.is_empty()
}

/// The bounds of a search.
fn bounds(args: &FaultsArgs, test: &FaultTest) -> FaultSpec {
    let selection = &args.selection;
    FaultSpec {
        eot: selection.eot.unwrap_or(test.bounds.ticks),
        eff: selection.eff.unwrap_or(test.bounds.losses_until),
        crashes: selection.crashes.unwrap_or(test.bounds.crashes),
        crash: match selection.mute_crashes {
            true => Crash::Mute,
            false => Crash::Stop,
        },
        delays: selection.delays.unwrap_or(test.bounds.delays),
        duplicates: selection.duplicates || test.bounds.duplicates,
        partitions: selection.partitions.unwrap_or(test.bounds.partitions),
        slow: selection.slow.unwrap_or(test.bounds.slow),
        skews: selection.skews.unwrap_or(test.bounds.skews),
        restarts: selection.restarts.unwrap_or(test.bounds.restarts),
    }
}

/// Searches, tells what was found, and writes what was asked for. Whether all is good.
fn look_at(
    args: &FaultsArgs,
    request: &request::Request,
    programs: &run::Programs,
    test: &FaultTest,
) -> Result<bool, Misuse> {
    let searched = search_test(args, programs, test);
    request.takes_place(&searched.report)?;
    terminal::print(&match args.format {
        FaultsFormat::Human => human::shown(&searched, args.all),
        FaultsFormat::Json => json::line(&searched),
    });
    if let Found::Counterexample(found) = &searched.report.verdict {
        write_files(args, programs, &searched, found)?;
    }
    if let (Some(path), Found::Certified) = (&args.proof, &searched.report.verdict) {
        write_proof(path, searched.report.proof.as_ref())?;
    }
    Ok(searched.is_good())
}

fn write_files(
    args: &FaultsArgs,
    programs: &run::Programs,
    searched: &Searched,
    found: &Counterexample,
) -> Result<(), Misuse> {
    let (test, spec) = (&searched.test, &searched.spec);
    if let Some(path) = &args.svg {
        write(path, &svg::drawn(test, spec, found, &searched.contrast))?;
    }
    if let Some(path) = &args.trace {
        let text = trace(programs, test, spec, &found.hypothesis);
        write(path, &text.map_err(Misuse::new)?)?;
    }
    if let Some(path) = &args.save {
        let what = saved::ToSave {
            selection: &args.selection,
            test,
            spec,
            hypothesis: &found.hypothesis,
            // Once each, in however many ticks it shows.
            broken: found
                .broken
                .iter()
                .map(|(_, what, _)| what.clone())
                .collect(),
        };
        saved::save(path, &what)?;
    }
    Ok(())
}

/// The formula of a certificate, and beside it what refutes it.
fn write_proof(path: &Path, proof: Option<&Proof>) -> Result<(), Misuse> {
    let Some(proof) = proof else {
        return Err(Misuse::new(
            "--proof: the certificate also rests on runs, of the program or of checkers of histories, and is no formula alone",
        ));
    };
    write(&path.with_extension("cnf"), &proof.cnf())?;
    write(&path.with_extension("drat"), &proof.drat())
}

fn write(path: &Path, text: &str) -> Result<(), Misuse> {
    std::fs::write(path, text)
        .map_err(|error| Misuse::new(format_args!("{}: {error}", path.display())))
}

fn sweep_test(
    args: &FaultsArgs,
    programs: &run::Programs,
    test: &FaultTest,
    time: Duration,
) -> bool {
    let frontiers = sweep::sweep(programs, test, &bounds(args, test), time);
    terminal::print(&match args.format {
        FaultsFormat::Human => human::frontiers(test, &frontiers),
        FaultsFormat::Json => json::frontiers(test, &frontiers),
    });
    frontiers
        .iter()
        .any(|frontier| frontier.certified.is_some())
}

fn search_test(args: &FaultsArgs, programs: &run::Programs, test: &FaultTest) -> Searched {
    let spec = bounds(args, test);
    let options = Options {
        minimal_sets_max: args.minimal_max,
        proof: args.proof.is_some(),
    };
    let start = Instant::now();
    let randomly = |alphabet: Alphabet, before: Option<&str>, time: Duration| {
        let start = Instant::now();
        let which = (alphabet, args.seed);
        random::report(programs, test, &spec, which, before, &mut |_| {
            start.elapsed() < time
        })
    };
    let report = match args.random {
        Some(time) => randomly(Alphabet::Whole, None, time),
        None => {
            let report = search(programs, test, &spec, &options);
            let report = match &report.verdict {
                Found::BoundReached(why) => {
                    let time = Instant::now();
                    let mut go_on = |_| time.elapsed() < EXPLAINED;
                    search_by_supports(programs, test, &spec, why, &mut go_on)
                }
                Found::Certified | Found::Counterexample(_) | Found::Vacuous(_) => report,
            };
            match &report.verdict {
                Found::BoundReached(why) => {
                    let mut found = randomly(Alphabet::Bounds, Some(why), FALLBACK);
                    found.executions += report.executions;
                    found
                }
                Found::Certified | Found::Counterexample(_) | Found::Vacuous(_) => report,
            }
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    let again = report.seed.filter(|_| args.random.is_some());
    let again = again.map(|seed| args.selection.again(&test.name, seed));
    let only_if_stopped = match &report.verdict {
        Found::Counterexample(found)
            if found.hypothesis.crashes() > 0
                && spec.crash == Crash::Stop
                // Nobody comes back there.
                && spec.restarts == 0 =>
        {
            let mute = FaultSpec {
                crash: Crash::Mute,
                ..spec
            };
            let options = Options {
                minimal_sets_max: 0,
                proof: false,
            };
            matches!(
                search(programs, test, &mute, &options).verdict,
                Found::Certified
            )
        }
        Found::Counterexample(_)
        | Found::Certified
        | Found::Vacuous(_)
        | Found::BoundReached(_) => false,
    };
    let spec = match args.random {
        Some(_) => Alphabet::Whole.bounds(&spec),
        None => spec,
    };
    let contrast = match &report.verdict {
        Found::Counterexample(found) if !found.hypothesis.is_empty() => {
            // What cannot be explained is left out: the run itself is told all the same.
            let steps = contrast(programs, test, &spec, &found.hypothesis);
            steps.ok().flatten().unwrap_or_default()
        }
        Found::Counterexample(_)
        | Found::Certified
        | Found::Vacuous(_)
        | Found::BoundReached(_) => Vec::new(),
    };
    let enumeration = args
        .exhaustive
        .then(|| enumerate(programs, test, &spec, EXECUTIONS_MAX));
    Searched {
        test: test.clone(),
        spec,
        report,
        seconds,
        only_if_stopped,
        enumeration,
        again,
        contrast,
    }
}

impl Searched {
    /// Whether nothing was found to break a spec, and the spec says something.
    fn is_good(&self) -> bool {
        let verdict = match self.report.verdict {
            Found::Certified | Found::BoundReached(_) => true,
            Found::Counterexample(_) | Found::Vacuous(_) => false,
        };
        verdict && self.disagreement().is_none()
    }

    /// What all hypotheses, run one by one, say else.
    fn disagreement(&self) -> Option<String> {
        let enumeration = match self.enumeration.as_ref()? {
            Ok(enumeration) => enumeration,
            Err(why) => return Some(why.clone()),
        };
        let one_by_one = &enumeration.minimal;
        let symbolic = match (&self.report.verdict, &self.report.minimal) {
            (Found::Certified, _) => &[][..],
            (Found::Counterexample(_), Some(minimal)) if minimal.complete => &minimal.sets[..],
            (Found::Counterexample(found), _) => std::slice::from_ref(&found.hypothesis),
            (Found::Vacuous(_) | Found::BoundReached(_), _) => return None,
        };
        let agree = match enumeration.complete {
            true => symbolic == one_by_one,
            // Those found so far are minimal among those that were run, and no more is known.
            false => !symbolic.is_empty() || one_by_one.is_empty(),
        };
        (!agree).then(|| {
            format!(
                "{} minimal sets were found one by one, {} by the solver; this is a mistake in bloom, please report it",
                one_by_one.len(),
                symbolic.len()
            )
        })
    }
}
