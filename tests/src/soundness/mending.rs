//! Programs with the coordination that the compiler inserts: what it mends must have one outcome, or of a
//! replicated node replicas that agree; and without any one piece of it something must differ again.

use bloom_compiler::calm::report::Label;
use bloom_compiler::check::Checked;
use bloom_compiler::compile::Optimization;
use bloom_compiler::coordination::{Coordination, coordinate, with_one_less};

use super::exploration::{Place, explore_replicas, is_timed};
use super::figures::Mended;
use super::inputs::SMALL_SETS;
use super::judge::{Found, Judged, Verdict};
use super::subject::Subject;
use super::trial::places;
use crate::program::{Loaded, check_text, load_checked};

/// What is promised of an output or view of a coordinated program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    /// The same in every run.
    OneOutcome,
    /// In each run the same at all replicas.
    EqualReplicas,
    Nothing,
}

/// What coordination did to the program, and a report of each promise that is not kept.
pub fn mend(subject: &Subject, judged: &[Judged]) -> (Mended, Vec<String>) {
    let mut mended = Mended::default();
    // Messages name one node, so only what is fed directly can go to replicas.
    let fits = subject.roles.len() == 1 && !is_timed(subject);
    let flagged = judged
        .iter()
        .any(|judged| matches!(judged.verdict, Verdict::Flagged { .. }));
    if !fits || !flagged {
        return (mended, Vec::new());
    }
    let text = subject.to_string();
    let checked = check_text("subject", &text, &[]);
    let coordinated = coordinate(&checked, Coordination::Auto);
    if coordinated.insertions.is_empty() || !coordinated.diagnostics.is_empty() {
        return (mended, Vec::new());
    }
    let after = Checked {
        program: coordinated.program,
        typed: coordinated.typed,
        analysis: coordinated.analysis,
        calm: coordinated.after,
        diagnostics: Vec::new(),
    };
    let places = places(subject);
    let promises: Vec<Promise> = places.iter().map(|p| promise(subject, &after, p)).collect();
    let found = explored(subject, after, &places, &promises, &text);
    mended.programs = 1;
    let mut failures = Vec::new();
    for ((place, promise), found) in places.iter().zip(&promises).zip(&found) {
        if *promise == Promise::Nothing {
            continue;
        }
        mended.results.add(found);
        if let Found::Two(witness) | Found::Unsettled(witness) = found {
            let name = &place.collection;
            let mut report = format!("`{name}` with coordination: {promise:?} is not kept\n");
            for run in &witness.runs {
                report += &format!("{}  => {}\n", run.schedule, run.contents);
            }
            failures.push(format!("{report}{subject}"));
        }
    }
    if promises.contains(&Promise::Nothing) {
        // What an insertion is there for may be just what is not explored.
        return (mended, failures);
    }
    let left = with_one_less(&checked, Coordination::Auto);
    mended.insertions = left.len() as u64;
    for without in left {
        let found = explored(subject, without, &places, &promises, &text);
        let agree = found.iter().all(|found| *found == Found::One);
        mended.redundant += u64::from(agree);
    }
    (mended, failures)
}

fn promise(subject: &Subject, after: &Checked, place: &Place) -> Promise {
    let replicated = subject.roles[place.role].replicated;
    let mut outputs = after.calm.outputs.iter();
    let mut views = after.calm.views.iter();
    let output = outputs.find(|output| output.name == place.collection);
    let view = views.find(|view| view.name == place.collection);
    match (output.map(|output| &output.label), view) {
        (Some(Label::Async | Label::Seal(_)), _) => Promise::OneOutcome,
        (Some(Label::Run), _) if replicated => Promise::EqualReplicas,
        (Some(Label::Run | Label::Instance | Label::Diverge), _) => Promise::Nothing,
        (None, Some(view)) if view.converges => Promise::OneOutcome,
        (None, _) => Promise::Nothing,
    }
}

/// What exploring the small sets tells of each place.
fn explored(
    subject: &Subject,
    checked: Checked,
    places: &[Place],
    promises: &[Promise],
    text: &str,
) -> Vec<Found> {
    let sources = bloom_compiler::base::Sources::single("subject.bloom".to_owned(), text);
    let loaded: Loaded = match load_checked(checked, sources, Optimization::On) {
        Ok(loaded) => loaded,
        Err(errors) => panic!("a coordinated program does not compile: {errors:#?}\n{text}"),
    };
    let mut all = vec![Found::One; places.len()];
    let sets = 0..subject.sets.len().min(SMALL_SETS);
    for set in sets {
        for (found, (place, promise)) in all.iter_mut().zip(places.iter().zip(promises)) {
            if found.is_bad() || *promise == Promise::Nothing {
                continue;
            }
            let agreement = *promise == Promise::EqualReplicas;
            let new = explore_replicas(subject, &loaded, set, place, agreement);
            if new != Found::One {
                *found = new;
            }
        }
    }
    all
}
