//! One random program: drawn, compiled, analysed and explored.

use std::collections::BTreeSet;

use super::exploration::{Place, explore_set};
use super::features::is_result;
use super::inputs::SMALL_SETS;
use super::judge::{Found, Judged, Run, Verdict, Witness};
use super::search::search;
use super::subject::{Kind, Subject};
use super::verdicts::verdicts;
use crate::program::{Loaded, load};
use bloom_stdx::random::Random;

/// Programs drawn for one seed until the front end takes one.
const DRAWS_MAX: u64 = 40;

/// A program that the front end takes.
pub struct Drawn {
    pub subject: Subject,
    pub loaded: Loaded,
    /// Programs that it refused before.
    pub refused: u64,
}

/// The program of a seed.
pub fn draw(seed: u64) -> Drawn {
    for refused in 0..DRAWS_MAX {
        let part = Random::split(seed, refused).next();
        let subject = Subject::random(part);
        if subject.sets.is_empty() {
            continue;
        }
        if let Ok(loaded) = compile(&subject) {
            return Drawn {
                subject,
                loaded,
                refused,
            };
        }
    }
    panic!("the front end refuses all programs of seed {seed}");
}

/// Compiles a subject with its tests, or tells why it is refused.
pub fn compile(subject: &Subject) -> Result<Loaded, Vec<String>> {
    load("subject", &subject.to_string(), &[])
}

/// What is known of the outputs and views of a program, and at what price.
pub struct Trial {
    pub judged: Vec<Judged>,
    pub states: u64,
}

/// Explores a program under its inputs: the first sets, and of what is flagged though they tell no
/// runs apart, the others too.
pub fn judge(subject: &Subject, loaded: &Loaded) -> Trial {
    let places = places(subject);
    let verdicts = verdicts(subject, loaded, &places);
    let mut found = vec![Found::One; places.len()];
    let mut states = 0;
    for set in 0..subject.sets.len() {
        let is_small = set < SMALL_SETS;
        let undecided = |&place: &usize| {
            let more = match &verdicts[place] {
                Verdict::Clean { .. } => is_small,
                Verdict::Flagged { .. } => true,
            };
            more && !found[place].is_bad()
        };
        let open: Vec<usize> = (0..places.len()).filter(undecided).collect();
        let repeats: &[bool] = if is_small { &[false, true] } else { &[false] };
        for &repeated in repeats {
            states += explore_into(&mut found, subject, loaded, (set, repeated), &places, &open);
        }
    }
    let undecided = verdicts.iter().zip(&found);
    let undecided = undecided
        .map(|(verdict, found)| matches!(verdict, Verdict::Flagged { .. }) && *found == Found::One);
    let undecided: Vec<bool> = undecided.collect();
    for (at, _) in undecided.iter().enumerate().filter(|(_, open)| **open) {
        let (differs, tried) = search(subject, loaded, &places[at]);
        states += tried;
        found[at] = differs.unwrap_or(Found::One);
    }
    for (place, found) in places.iter().zip(&mut found) {
        // A message that is sent for ever arrives for ever, of which exploration sees the beginning.
        let collection = subject.collection(place.role, &place.collection);
        let is_view = collection.is_some_and(|c| c.kind == Kind::View);
        if is_view && sends(subject) && *found == Found::One {
            *found = Found::Bounded;
        }
    }
    let names = places.iter().map(|place| {
        let kind = &subject.roles[place.role].name;
        format!("{kind}.{}", place.collection)
    });
    let judged = names.zip(verdicts).zip(found);
    Trial {
        judged: judged
            .map(|((result, verdict), found)| Judged {
                result,
                verdict,
                found,
            })
            .collect(),
        states,
    }
}

/// Whether there are messages, also to oneself.
fn sends(subject: &Subject) -> bool {
    let mut rules = subject.roles.iter().flat_map(|role| &role.rules);
    rules.any(|rule| rule.arrow == "<~")
}

/// The outputs and views of a subject.
pub fn places(subject: &Subject) -> Vec<Place> {
    let roles = subject.roles.iter().enumerate();
    let all = roles.flat_map(|(role, r)| r.collections.iter().map(move |c| (role, c)));
    let results = all.filter(|(_, collection)| is_result(collection));
    results
        .map(|(role, collection)| Place {
            role,
            collection: collection.name.clone(),
        })
        .collect()
}

/// Explores one set, with single or with repeated messages, and adds what it tells of the open
/// places.
fn explore_into(
    found: &mut [Found],
    subject: &Subject,
    loaded: &Loaded,
    (set, repeated): (usize, bool),
    places: &[Place],
    open: &[usize],
) -> u64 {
    let open = open.iter().copied();
    let open: Vec<usize> = open.filter(|&at| !found[at].is_bad()).collect();
    if open.is_empty() {
        return 0;
    }
    let observed: Vec<Place> = open.iter().map(|&at| places[at].clone()).collect();
    if let Ok(explored) = explore_set(subject, loaded, set, &observed, repeated) {
        for (&at, runs) in open.iter().zip(explored.runs) {
            add(&mut found[at], runs, explored.complete, set, repeated);
        }
        return explored.states as u64;
    }
    // Each alone depends on less.
    let mut states = 0;
    for (&at, place) in open.iter().zip(&observed) {
        match explore_set(subject, loaded, set, std::slice::from_ref(place), repeated) {
            Ok(mut explored) => {
                states += explored.states as u64;
                add(
                    &mut found[at],
                    explored.runs.remove(0),
                    explored.complete,
                    set,
                    repeated,
                );
            }
            Err(_) => add(&mut found[at], Vec::new(), false, set, repeated),
        }
    }
    states
}

fn add(found: &mut Found, mut runs: Vec<Run>, complete: bool, set: usize, repeated: bool) {
    if found.is_bad() {
        return;
    }
    let restless = runs.iter().position(|run| !run.settles);
    if runs.len() < 2 && restless.is_none() {
        if !complete {
            *found = Found::Bounded;
        }
        return;
    }
    let differ = runs.len() > 1;
    runs.truncate(2);
    let witness = Box::new(Witness {
        set,
        runs,
        repeated,
    });
    *found = match differ {
        true => Found::Two(witness),
        false => Found::Unsettled(witness),
    };
}

/// Kinds of results that are unsound, for telling one failure from another while shrinking.
pub fn unsound(judged: &[Judged]) -> BTreeSet<&str> {
    let unsound = judged.iter().filter(|j| j.is_unsound());
    unsound.map(|j| j.result.as_str()).collect()
}
