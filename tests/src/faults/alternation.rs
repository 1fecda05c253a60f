//! The loop of runs and their supports, held to the formula: it must say the same wherever it comes to an end.

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::alternating::search_by_supports;
use bloom_sim::faults::{Engine, FaultSpec, Options, Report, Verdict, search};

use super::Loaded;

/// What a loop and the formula say of a test, if they say the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Agreed {
    Certified,
    Counterexample,
    Vacuous,
    /// One of them did not come to an end.
    Open,
}

/// The loop, as long as `go_on` says of the number of runs.
pub fn by_supports(
    loaded: &Loaded,
    test: &FaultTest,
    spec: &FaultSpec,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Report {
    search_by_supports(&loaded.programs, test, spec, "asked for", go_on)
}

pub fn by_formula(loaded: &Loaded, test: &FaultTest, spec: &FaultSpec) -> Report {
    let options = Options {
        minimal_sets_max: 0,
        proof: false,
    };
    search(&loaded.programs, test, spec, &options)
}

/// Searches both ways; tells where they differ in the verdict or in the size of a smallest set.
pub fn agreed(
    loaded: &Loaded,
    test: &FaultTest,
    spec: &FaultSpec,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<Agreed, String> {
    let formula = by_formula(loaded, test, spec);
    let own = by_supports(loaded, test, spec, go_on);
    if own.engine != Engine::Supports {
        return Err(format!("{}: {:?} is not the loop", test.name, own.engine));
    }
    match (&formula.verdict, &own.verdict) {
        (Verdict::BoundReached(_), _) | (_, Verdict::BoundReached(_)) => Ok(Agreed::Open),
        (Verdict::Certified, Verdict::Certified) => Ok(Agreed::Certified),
        (Verdict::Vacuous(_), Verdict::Vacuous(_)) => Ok(Agreed::Vacuous),
        (Verdict::Counterexample(least), Verdict::Counterexample(found))
            if least.hypothesis.len() == found.hypothesis.len() =>
        {
            Ok(Agreed::Counterexample)
        }
        (formula, own) => Err(format!(
            "{}: {formula:?} by the formula, {own:?} by the loop",
            test.name
        )),
    }
}
