//! One fault test tried three ways: the formula against runs under random hypotheses, row by row; and the minimal
//! sets of the solver against those that running every hypothesis finds.

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::exhaustive::enumerate;
use bloom_sim::faults::{FaultSpec, Hypothesis, Options, Verdict, search};

use super::{Loaded, agrees};

/// What a trial compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    /// Hypotheses run both ways.
    pub hypotheses: u64,
    /// Whether all hypotheses were run one by one as well.
    pub exhaustive: bool,
    /// Whether some set of faults breaks the spec.
    pub broken: bool,
}

/// Why there is nothing to report, or what is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// The program does not compile.
    Refused(String),
    /// The formula has a bound, and says so.
    Limit(String),
    /// The two do not agree.
    Wrong(String),
}

/// How much a trial runs.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub hypotheses: u64,
    /// Runs one by one, past which those are not compared.
    pub executions_max: usize,
}

/// Tries a fault test within the bounds.
pub fn try_test(
    loaded: &Loaded,
    test: &FaultTest,
    spec: &FaultSpec,
    effort: Effort,
) -> Result<Compared, Trouble> {
    let seeds = 0..effort.hypotheses;
    agrees(loaded, test, spec, seeds)?;
    let mut compared = Compared {
        hypotheses: effort.hypotheses,
        ..Compared::default()
    };
    let all =
        enumerate(&loaded.programs, test, spec, effort.executions_max).map_err(Trouble::Wrong)?;
    if !all.complete {
        return Ok(compared);
    }
    let found = minimal_sets(loaded, test, spec)?;
    compared.exhaustive = true;
    compared.broken = !all.minimal.is_empty();
    match found {
        Some(found) if found != all.minimal => Err(Trouble::Wrong(format!(
            "minimal sets by the solver {found:?}, one by one {:?}",
            all.minimal
        ))),
        _ => Ok(compared),
    }
}

/// The minimal sets that break the spec; none if the spec says nothing.
fn minimal_sets(
    loaded: &Loaded,
    test: &FaultTest,
    spec: &FaultSpec,
) -> Result<Option<Vec<Hypothesis>>, Trouble> {
    let report = search(&loaded.programs, test, spec, &Options::default());
    Ok(Some(match report.verdict {
        Verdict::Certified => Vec::new(),
        Verdict::Counterexample(found) => match report.minimal {
            Some(minimal) => minimal.sets,
            None => vec![found.hypothesis],
        },
        // In so few ticks a spec may say nothing.
        Verdict::Vacuous(_) => return Ok(None),
        Verdict::BoundReached(why) => return Err(Trouble::Wrong(why)),
    }))
}
