//! What is told of the difference between a good run and a bad one is so: each row is there in the one only, and each
//! cut is a fault of the counterexample.

use std::collections::BTreeSet;

use bloom_sim::faults::concrete::execute_watched;
use bloom_sim::faults::contrast::{Difference, Run, Step, contrast};
use bloom_sim::faults::{Counterexample, Fault, Hypothesis, Options, Verdict, search};
use bloom_sim::watch::shown;
use bloom_tests::faults::figures::planted;
use bloom_tests::faults::{Loaded, bounds, corpus, load_file};
use smol_str::SmolStr;

type Held = BTreeSet<(SmolStr, u64, String)>;

/// All rows of all nodes in all ticks.
fn held(loaded: &Loaded, test: usize, hypothesis: &Hypothesis) -> Held {
    let test = &loaded.tests[test];
    let mut held = Held::new();
    let mut look = |tick: u32, world: &bloom_sim::World<'_, bloom_sim::Programs<'_>>| {
        for node in world.all().into_iter().filter(|&node| world.is_up(node)) {
            let plan = world.plan(node);
            for (place, relation) in (0..).zip(&plan.relations) {
                let id = bloom_plan::plan::RelationId(place);
                for row in world.rows(node, &relation.name).unwrap_or_default() {
                    let row = format!("{}{}", relation.name, shown(plan, id, &row));
                    held.insert((world.name(node).clone(), u64::from(tick), row));
                }
            }
        }
    };
    execute_watched(&loaded.programs, test, &bounds(test), hypothesis, &mut look)
        .expect("every node starts and ends its ticks");
    held
}

/// Whether a cut is one that the faults make.
fn is_made(loaded: &Loaded, test: usize, found: &Counterexample, step: &Step) -> bool {
    let nodes = &loaded.tests[test].nodes;
    let mut faults = found.hypothesis.0.iter();
    match &step.difference {
        Difference::Lost { from, sent } => faults.any(|fault| match *fault {
            Fault::Loss { from: f, tick, .. }
            | Fault::Delay { from: f, tick, .. }
            | Fault::Duplicate { from: f, tick, .. } => {
                nodes[f].name == *from && u64::from(tick) == *sent
            }
            Fault::Partition { first, last, .. } | Fault::Node { first, last, .. } => {
                (u64::from(first)..=u64::from(last)).contains(sent)
            }
            Fault::Crash { .. } => false,
        }),
        Difference::Down(node) | Difference::Forgotten(node) => faults.any(|fault| {
            matches!(fault, Fault::Crash { node: crashed, .. } if nodes[*crashed].name == *node)
        }),
        Difference::Follows | Difference::Again | Difference::Otherwise => true,
    }
}

#[test]
fn what_differs_is_told_as_it_is() {
    let broken = planted().into_iter().map(|(_, broken)| broken);
    let (mut told, mut cut) = (0, 0);
    for path in corpus().into_iter().chain(broken) {
        let loaded = load_file(&path);
        for number in 0..loaded.tests.len() {
            let test = &loaded.tests[number];
            let spec = bounds(test);
            let options = Options {
                minimal_sets_max: 0,
                proof: false,
            };
            let report = search(&loaded.programs, test, &spec, &options);
            let Verdict::Counterexample(found) = report.verdict else {
                continue;
            };
            let steps = contrast(&loaded.programs, test, &spec, &found.hypothesis);
            let steps = steps.unwrap_or_else(|why| panic!("{}: {why}", test.name));
            let Some(steps) = steps else { continue };
            let good = held(&loaded, number, &Hypothesis::default());
            let bad = held(&loaded, number, &found.hypothesis);
            for step in &steps {
                assert!(
                    is_made(&loaded, number, &found, step),
                    "{}: {step:?}",
                    test.name
                );
                let Some(node) = &step.node else { continue };
                let row = (node.clone(), step.tick, step.row.clone());
                let here = match step.run {
                    Run::Good => good.contains(&row),
                    Run::Bad => bad.contains(&row),
                };
                assert!(here, "{}: {step:?}", test.name);
            }
            told += 1;
            let is_cut = |step: &Step| {
                matches!(
                    step.difference,
                    Difference::Lost { .. } | Difference::Down(_) | Difference::Forgotten(_)
                )
            };
            cut += usize::from(steps.iter().any(is_cut));
        }
    }
    assert!(
        told >= 35 && cut * 10 >= told * 8,
        "{cut} of {told} lead to a fault"
    );
}
