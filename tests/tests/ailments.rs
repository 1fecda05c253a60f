//! What ails single nodes, in the simulator: nodes that come back, pause or have bad disks, and runs over the whole
//! alphabet of faults. What the formula follows of it is held to the engine with all other fault tests.

use std::collections::BTreeSet;

use bloom_plan::value::{Row, Value};
use bloom_sim::faults::concrete::execute_watched;
use bloom_sim::faults::exhaustive::enumerate;
use bloom_sim::faults::random::{Alphabet, draw_whole, search_randomly};
use bloom_sim::faults::trace::trace;
use bloom_sim::faults::{Ailment, Fault, Hypothesis, Options, Verdict, search};
use bloom_sim::world::DiskFault;
use bloom_stdx::random::Random;
use bloom_tests::faults::{Loaded, bounds, corpus, load_file};
use bloom_tests::program::root;

fn ailing() -> Loaded {
    load_file(&root().join("tests/faults/ailing.bloom"))
}

fn place(loaded: &Loaded, name: &str) -> usize {
    let mut tests = loaded.tests.iter();
    let place = tests.position(|test| test.name == name);
    place.unwrap_or_else(|| panic!("there is no test {name}"))
}

fn ails(node: usize, first: u32, last: u32, what: Ailment) -> Fault {
    Fault::Node {
        node,
        first,
        last,
        what,
    }
}

#[test]
fn a_vote_is_given_twice_only_where_it_is_not_written_down() {
    let loaded = ailing();
    let broken_by = |name: &str| {
        let test = &loaded.tests[place(&loaded, name)];
        let all = enumerate(&loaded.programs, test, &bounds(test), 20_000);
        let all = all.expect("every node starts and ends its ticks");
        assert!(all.complete);
        all.minimal
    };
    let forgotten = broken_by("vote 8/0/1, restart");
    assert!(!forgotten.is_empty());
    for set in forgotten {
        assert_eq!(set.in_words(), "1 crash and 1 restart");
    }
    assert_eq!(broken_by("vote by disk 8/0/1, restart"), []);
}

#[test]
fn the_formula_follows_restarts() {
    let loaded = ailing();
    let found = |name: &str| {
        let test = &loaded.tests[place(&loaded, name)];
        search(&loaded.programs, test, &bounds(test), &Options::default())
    };
    let report = found("vote 8/0/1, restart");
    let Verdict::Counterexample(forgotten) = &report.verdict else {
        panic!("{:?}", report.verdict);
    };
    assert_eq!(forgotten.hypothesis.in_words(), "1 crash and 1 restart");
    let report = found("vote by disk 8/0/1, restart");
    assert!(
        matches!(report.verdict, Verdict::Certified),
        "{:?}",
        report.verdict
    );
}

/// What the voter has written down at the end, and whether the first candidate was told.
fn votes_under(faults: &[Fault]) -> (Vec<Row>, Vec<Row>) {
    let loaded = ailing();
    let test = &loaded.tests[place(&loaded, "vote by disk 8/0/1, restart")];
    let spec = bounds(test);
    let hypothesis = Hypothesis(faults.iter().copied().collect());
    let mut last = (Vec::new(), Vec::new());
    let done = execute_watched(
        &loaded.programs,
        test,
        &spec,
        &hypothesis,
        &mut |_, world| {
            last = (
                world.rows(2, "written").unwrap_or_default(),
                world.rows(0, "votes").unwrap_or_default(),
            );
        },
    );
    done.expect("every node starts and ends its ticks");
    last
}

#[test]
fn nothing_leaves_a_node_whose_disk_fails_and_what_is_on_it_stays() {
    let restarted = ails(2, 4, 4, Ailment::Restarted);
    let disk = |what| ails(2, 2, 2, Ailment::Disk(what));
    let by = |name: &str| vec![vec![Value::Addr(name.into())]];
    // Without a fault: the voter writes in tick 2, and a hears of it.
    assert_eq!(votes_under(&[]), (by("a"), by("v")));
    let lost = votes_under(&[disk(DiskFault::Lost), restarted]);
    assert_eq!(lost, (by("b"), vec![]), "it forgot, but nobody was told");
    let unsure = votes_under(&[disk(DiskFault::Unsure), restarted]);
    assert_eq!(unsure, (by("a"), vec![]), "it remembers what it never told");
    let full = votes_under(&[ails(2, 2, 4, Ailment::Disk(DiskFault::Full)), restarted]);
    assert_eq!(full, (vec![], vec![]), "it has no room to come back");
}

#[test]
fn a_paused_node_takes_in_later_what_waits_for_it() {
    let paused = votes_under(&[ails(2, 2, 3, Ailment::Paused)]);
    let by = |name: &str| vec![vec![Value::Addr(name.into())]];
    assert_eq!(paused, (by("a"), by("v")));
}

#[test]
fn cuts_in_one_direction_lose_what_goes_that_way() {
    let by = |name: &str| vec![vec![Value::Addr(name.into())]];
    let mute = votes_under(&[ails(2, 1, 4, Ailment::Mute)]);
    assert_eq!(mute, (by("a"), vec![]), "it heard, and was not heard");
    let deaf = votes_under(&[ails(2, 1, 4, Ailment::Deaf)]);
    assert_eq!(deaf, (by("b"), vec![]), "it did not hear of a");
}

/// The same seed is the same run, byte for byte: also in another thread, where addresses and hash seeds differ.
#[test]
fn a_seed_is_one_run() {
    let mut traces = BTreeSet::new();
    for path in corpus() {
        let write = |path: &std::path::Path| -> Vec<String> {
            let loaded = load_file(path);
            let test = &loaded.tests[0];
            let spec = Alphabet::Whole.bounds(&bounds(test));
            let seeds = 0..6;
            let run = |seed| {
                let mut random = Random::new(seed);
                let faults = draw_whole(&bounds(test), test.nodes.len(), &mut random);
                trace(&loaded.programs, test, &spec, &faults).expect("it runs")
            };
            seeds.map(run).collect()
        };
        let here = write(&path);
        let there = std::thread::scope(|scope| scope.spawn(|| write(&path)).join());
        assert!(here == there.expect("it runs"), "{}", path.display());
        traces.extend(here);
    }
    assert!(traces.len() > 40, "{} runs differ", traces.len());
}

#[test]
fn the_whole_alphabet_is_drawn_from() {
    let loaded = ailing();
    let test = &loaded.tests[place(&loaded, "vote 8/0/1, restart")];
    let mut spec = bounds(test);
    spec.eff = 6;
    let mut kinds = BTreeSet::new();
    for seed in 0..400 {
        let faults = draw_whole(&spec, test.nodes.len(), &mut Random::new(seed));
        assert!(faults.crashes() <= 1, "{faults:?}");
        for fault in faults.0 {
            assert!(fault.tick() <= spec.eot, "{fault:?}");
            kinds.insert(match fault {
                Fault::Crash { .. } => "crash".to_owned(),
                Fault::Loss { .. } => "loss".to_owned(),
                Fault::Delay { .. } => "delay".to_owned(),
                Fault::Duplicate { .. } => "duplicate".to_owned(),
                Fault::Partition { .. } => "partition".to_owned(),
                Fault::Node { what, .. } => {
                    what.word().split(':').next().unwrap_or_default().to_owned()
                }
            });
        }
    }
    let expected = [
        "clock",
        "crash",
        "deaf",
        "delay",
        "disk-full",
        "disk-lost",
        "disk-unsure",
        "duplicate",
        "loss",
        "mute",
        "partition",
        "paused",
        "restarted",
        "slow",
    ];
    assert!(kinds.iter().map(String::as_str).eq(expected), "{kinds:?}");
}

#[test]
fn a_random_run_of_the_whole_alphabet_finds_what_restarts_break() {
    let loaded = ailing();
    let test = &loaded.tests[place(&loaded, "vote 8/0/1, restart")];
    let which = (Alphabet::Whole, 1);
    let found = search_randomly(&loaded.programs, test, &bounds(test), which, &mut |runs| {
        runs < 3_000
    });
    let found = found.expect("every node starts and ends its ticks");
    let (hypothesis, execution) = found.broken.expect("it is common");
    assert!(hypothesis.len() <= 2, "{hypothesis:?}");
    // The seed alone gives the same again.
    let which = (Alphabet::Whole, found.seed);
    let again = search_randomly(&loaded.programs, test, &bounds(test), which, &mut |_| false);
    let again = again.expect("every node starts and ends its ticks");
    assert_eq!(
        again.broken.expect("it breaks again"),
        (hypothesis, execution)
    );
}
