//! How far a test is certified: ever wider bounds, until one is broken or the time is over.

use std::time::{Duration, Instant};

use bloom_plan::testing::FaultTest;
use bloom_sim::faults::{FaultSpec, Options, Verdict, run, search};
use serde::Serialize;

/// Ticks past which no bounds are tried.
const EOT_MAX: u32 = 300;

/// Crashes past which no bounds are tried.
const CRASHES_MAX: u32 = 4;

/// Of a number of crashes, how far it goes.
#[derive(Debug, Serialize)]
pub(super) struct Frontier {
    pub(super) crashes: u32,
    /// The widest bounds that were certified.
    pub(super) certified: Option<Reached>,
    /// The narrowest that were tried and not.
    pub(super) stopped: Option<Stop>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Reached {
    pub(super) eot: u32,
    pub(super) eff: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Stop {
    pub(super) eot: u32,
    pub(super) eff: u32,
    pub(super) why: String,
}

/// Widens the bounds of a test, tick by tick, for each number of crashes in its share of the time.
pub(super) fn sweep(
    programs: &run::Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    time: Duration,
) -> Vec<Frontier> {
    let most = (test.nodes.len() as u32).min(CRASHES_MAX).max(spec.crashes);
    let share = time / (most + 1);
    (0..=most)
        .map(|crashes| {
            let start = Instant::now();
            frontier(programs, test, FaultSpec { crashes, ..*spec }, &|| {
                start.elapsed() < share
            })
        })
        .collect()
}

fn frontier(
    programs: &run::Programs,
    test: &FaultTest,
    spec: FaultSpec,
    go_on: &dyn Fn() -> bool,
) -> Frontier {
    let options = Options {
        minimal_sets_max: 0,
        proof: false,
    };
    let mut frontier = Frontier {
        crashes: spec.crashes,
        certified: None,
        stopped: None,
    };
    let mut bounds = spec;
    while bounds.eot <= EOT_MAX && (bounds.eot == spec.eot || go_on()) {
        let why = match search(programs, test, &bounds, &options).verdict {
            Verdict::Certified => {
                frontier.certified = Some(Reached {
                    eot: bounds.eot,
                    eff: bounds.eff,
                });
                bounds.eot += 1;
                bounds.eff += 1;
                continue;
            }
            Verdict::Counterexample(found) => format!("needs {}", found.hypothesis.in_words()),
            Verdict::Vacuous(why) | Verdict::BoundReached(why) => why,
        };
        frontier.stopped = Some(Stop {
            eot: bounds.eot,
            eff: bounds.eff,
            why,
        });
        break;
    }
    frontier
}
