//! The search for faults on the literature's protocols: verdicts, the symbolic run against runs on the engine,
//! and against all hypotheses one by one where they are few.

use bloom_sim::faults::random::{Alphabet, search_randomly};
use bloom_sim::faults::{Options, Verdict, search};
use bloom_tests::faults::campaign::Campaign;
use bloom_tests::faults::figures::planted;
use bloom_tests::faults::trial::{Effort, try_test};
use bloom_tests::faults::{agrees, bounds, corpus, load, load_file};
use bloom_tests::program::root;

/// Random hypotheses of the corpus in all.
const HYPOTHESES: u64 = 1_000;

/// What is found for each fault test: verdict, size of a smallest set, number of minimal sets.
#[test]
fn verdicts_are_those_of_the_literature() {
    let mut found = String::new();
    for path in corpus() {
        let loaded = load_file(&path);
        for test in &loaded.tests {
            let report = search(&loaded.programs, test, &bounds(test), &Options::default());
            let verdict = match &report.verdict {
                Verdict::Certified => "certified".to_owned(),
                Verdict::Vacuous(why) => format!("vacuous: {why}"),
                Verdict::BoundReached(why) => format!("bound reached: {why}"),
                Verdict::Counterexample(found) => {
                    let sets = report.minimal.as_ref().map_or(0, |m| m.sets.len());
                    let more = match report.minimal.as_ref().is_none_or(|m| m.complete) {
                        true => "",
                        false => " at least",
                    };
                    format!(
                        "counterexample {}, minimal sets{more} {sets}",
                        found.hypothesis.len()
                    )
                }
            };
            found.push_str(&format!("{}: {verdict}\n", test.name));
        }
    }
    let expected = root().join("tests/faults/verdicts.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&expected, &found).expect("the corpus can be written");
    }
    let expected = std::fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(
        found, expected,
        "UPDATE_EXPECT=1 writes tests/faults/verdicts.txt anew"
    );
}

#[test]
fn the_formula_agrees_with_runs_under_random_hypotheses() {
    let programs: Vec<_> = corpus().iter().map(|path| load_file(path)).collect();
    let tests: usize = programs.iter().map(|loaded| loaded.tests.len()).sum();
    let each = HYPOTHESES.div_ceil(tests as u64);
    for loaded in &programs {
        for test in &loaded.tests {
            let spec = bounds(test);
            agrees(loaded, test, &spec, 0..each).unwrap_or_else(|why| panic!("{why:?}"));
        }
    }
}

/// All minimal sets, found by the solver and one by one.
#[test]
fn the_solver_finds_what_running_every_hypothesis_finds() {
    let effort = Effort {
        hypotheses: 0,
        executions_max: 2_000,
    };
    let mut compared = 0;
    for path in corpus() {
        let loaded = load_file(&path);
        for test in &loaded.tests {
            let mut spec = bounds(test);
            spec.eot = spec.eot.min(6);
            spec.eff = spec.eff.min(2);
            spec.partitions = spec.partitions.min(1);
            let tried = try_test(&loaded, test, &spec, effort);
            let tried = tried.unwrap_or_else(|why| panic!("{}: {why:?}", test.name));
            compared += usize::from(tried.exhaustive);
        }
    }
    assert!(compared >= 10, "{compared} tests were small enough");
}

/// Every bug is found, and no program is blamed that is right.
#[test]
fn planted_bugs_are_found_and_programs_without_them_certified() {
    let pairs = planted();
    assert!(pairs.len() >= 20, "{} pairs", pairs.len());
    for (right, broken) in pairs {
        for (path, is_broken) in [(right, false), (broken, true)] {
            let loaded = load_file(&path);
            let test = &loaded.tests[0];
            let report = search(&loaded.programs, test, &bounds(test), &Options::default());
            let is_as_it_should = match &report.verdict {
                Verdict::Certified => !is_broken,
                // Without faults it works.
                Verdict::Counterexample(found) => is_broken && !found.hypothesis.is_empty(),
                Verdict::Vacuous(_) | Verdict::BoundReached(_) => false,
            };
            assert!(is_as_it_should, "{}: {:?}", path.display(), report.verdict);
        }
    }
}

/// What random runs find is as small as they can make it, and breaks the spec in the formula as well.
#[test]
fn random_runs_find_what_the_formula_finds() {
    let loaded = load_file(&root().join("tests/faults/delivery_retrying.bloom"));
    let test = &loaded.tests[2];
    let spec = bounds(test);
    let found = search_randomly(
        &loaded.programs,
        test,
        &spec,
        (Alphabet::Bounds, 1),
        &mut |runs| runs < 5_000,
    );
    let (hypothesis, _) = found.expect("no node stops").broken.expect("it is common");
    let report = search(&loaded.programs, test, &spec, &Options::default());
    let sets = report.minimal.expect("there are some").sets;
    assert!(sets.contains(&hypothesis), "{hypothesis:?}");
}

/// `cargo xtask faults` tries more.
#[test]
fn random_programs_agree_both_ways() {
    let campaign = Campaign {
        seed: 0,
        programs: 150,
        threads: 2,
        effort: Effort {
            hypotheses: 10,
            executions_max: 300,
        },
    };
    let results = campaign.run(|_| {});
    assert!(
        results.failures.is_empty(),
        "{}\n{results}",
        results.failures.join("\n")
    );
    assert!(
        results.hypotheses >= 1_000 && results.refused <= 5,
        "{results}"
    );
    assert!(
        results.exhaustive >= 50 && results.broken >= 20,
        "{results}"
    );
}

const VACUOUS: &str = r#"
input say(word: String);
table heard(word: String);
heard{word} <= say{word}, word == "never said";
spec kept {
  pre(n, w)  <= heard@n{word: w};
  post(n, w) <= heard@n{word: w};
}
fault test "says nothing" checks kept with ticks 4, losses until 3, crashes 1 {
  node a, b: Quiet;
  a.say{word: "hello"};
}
"#;

#[test]
fn a_spec_that_says_nothing_is_vacuous() {
    let loaded = load("quiet", VACUOUS).expect("the program is fine");
    let test = &loaded.tests[0];
    let report = search(&loaded.programs, test, &bounds(test), &Options::default());
    assert!(
        matches!(report.verdict, Verdict::Vacuous(_)),
        "{:?}",
        report.verdict
    );
}

#[test]
fn what_breaks_without_faults_is_told_as_such() {
    let text = VACUOUS.replace(", word == \"never said\"", "").replace(
        "post(n, w) <= heard@n{word: w};",
        "post(n, w) <= heard@n{word: w}, w == \"other\";",
    );
    let loaded = load("quiet", &text).expect("the program is fine");
    let test = &loaded.tests[0];
    let report = search(&loaded.programs, test, &bounds(test), &Options::default());
    let Verdict::Counterexample(found) = report.verdict else {
        panic!("{:?}", report.verdict);
    };
    assert!(found.hypothesis.is_empty());
    assert_eq!(found.broken[0].1, "post(a, hello)");
}

#[test]
fn what_cannot_be_evaluated_symbolically_is_said() {
    let text = VACUOUS.replace("word == \"never said\"", "random() > 0.5");
    let loaded = load("quiet", &text).expect("the program is fine");
    let test = &loaded.tests[0];
    let report = search(&loaded.programs, test, &bounds(test), &Options::default());
    let Verdict::BoundReached(why) = report.verdict else {
        panic!("{:?}", report.verdict);
    };
    assert!(why.contains("random"), "{why}");
}

/// A recursion that outgrows one value of a lattice after the other.
const CLIMB: &str = r#"
input go(n: Int);
channel hop(@to: Addr, n: Int);
table got(n: Int);
scratch level(=> n: Set<Int>);
scratch reached(n: Int);
got{n} <= go{n};
hop{to: addr, n} <~ got{n}, cluster{addr}, addr != self;
got{n} <= hop{n};
level{n: {n}} <= got{n};
table next(a: Int, b: Int);
next{a, b: a + 1} <= a in 1..9;
level{n: {b}} <= level{n}, next{a, b}, n.contains(a);
reached{n: 9} <= level{n}, n.contains(9);
spec kept {
  pre(a, n) <= reached@a{n}, up(a);
  post(a, n) <= reached@a{n}, not lack(a, n);
  lack(b, n) <= reached@a{n}, up(b), not reached@(b){n};
}
fault test "climb" checks kept with ticks 5, losses until 3, crashes 0 {
  node a, b: Climb;
  a.go{n: 1};
}
"#;

#[test]
fn a_lattice_that_grows_by_recursion_reaches_its_last_value() {
    let loaded = load("climb", CLIMB).expect("the program is fine");
    let test = &loaded.tests[0];
    agrees(&loaded, test, &bounds(test), 0..20).unwrap_or_else(|why| panic!("{why:?}"));
    let report = search(&loaded.programs, test, &bounds(test), &Options::default());
    assert!(
        matches!(report.verdict, Verdict::Certified),
        "{:?}",
        report.verdict
    );
}

#[test]
fn messages_that_are_delivered_in_order_are_no_part_of_the_formula() {
    let text = CLIMB.replace("channel hop", "#[fifo(\"all\")]\nchannel hop");
    let loaded = load("climb", &text).expect("the program is fine");
    let test = &loaded.tests[0];
    let report = search(&loaded.programs, test, &bounds(test), &Options::default());
    let Verdict::BoundReached(why) = report.verdict else {
        panic!("{:?}", report.verdict);
    };
    assert!(why.contains("`hop`"), "{why}");
}
