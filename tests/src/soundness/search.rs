//! The last resort before something counts as a false alarm: a search for inputs that tell runs apart, made from
//! what the program itself compares and counts, beside those that were drawn.

use bloom_plan::plan::Plan;
use bloom_sim::Programs;
use bloom_sim::explore::{Budget, Hints, Options, Search, Target, find_witness};
use smol_str::SmolStr;

use super::exploration::{Place, is_timed, promises};
use super::judge::{Found, Run, Witness};
use super::subject::Subject;
use crate::program::Loaded;

/// Sets of inputs, and states of all of them together.
const ATTEMPTS_MAX: usize = 250;
const STATES_MAX: usize = 40_000;

/// Two runs that differ, and how many states were looked at. Nothing where no such search is fair: beside a timer,
/// and where a program breaks a promise of its own.
pub fn search(subject: &Subject, loaded: &Loaded, place: &Place) -> (Option<Found>, u64) {
    if is_timed(subject) || promises(subject) {
        return (None, 0);
    }
    let names: Vec<SmolStr> = loaded.plans.iter().map(|plan| plan.name.clone()).collect();
    let role = &subject.roles[place.role];
    let kind = |plan: &&Plan| plan.name == role.name.as_str();
    let Some(plan) = loaded.plans.iter().find(kind) else {
        return (None, 0);
    };
    let target = Target {
        kind: plan.name.clone(),
        collection: place.collection.as_str().into(),
    };
    let hints = Hints {
        key_conflicts: true,
        ..Hints::default()
    };
    let budget = Budget {
        attempts_max: ATTEMPTS_MAX,
        states_max: STATES_MAX,
        options: Options {
            states_max: 1_500,
            ..Options::default()
        },
        ..Budget::default()
    };
    let programs = Programs(&loaded.programs);
    match find_witness(&programs, &names, &target, &hints, &budget) {
        Ok(Search {
            witness, states, ..
        }) => {
            let found = witness.map(|witness| {
                let run = Run {
                    schedule: witness.text(&programs),
                    contents: String::new(),
                    settles: true,
                };
                Found::Two(Box::new(Witness {
                    set: subject.sets.len(),
                    runs: vec![run],
                    repeated: false,
                }))
            });
            (found, states as u64)
        }
        Err(_) => (None, 0),
    }
}
