//! The loop of runs and their supports, held to the formula: what it finds is as small, and what it certifies is
//! certified.

use bloom_sim::faults::alternating::search_by_supports;
use bloom_sim::faults::{Engine, FaultSpec, Options, Report, Verdict, search};
use bloom_tests::faults::deployment::Deployment;
use bloom_tests::faults::{Loaded, bounds, corpus, load, load_file};
use bloom_tests::program::root;

/// Runs of one loop over the corpus.
const RUNS_MAX: usize = 100;

fn by_supports(loaded: &Loaded, test: usize, spec: &FaultSpec, runs_max: usize) -> Report {
    let test = &loaded.tests[test];
    search_by_supports(&loaded.programs, test, spec, "asked for", &mut |runs| {
        runs < runs_max
    })
}

fn by_formula(loaded: &Loaded, test: usize, spec: &FaultSpec) -> Report {
    let options = Options {
        minimal_sets_max: 0,
        proof: false,
    };
    search(&loaded.programs, &loaded.tests[test], spec, &options)
}

/// Whether the loop came to an end; it must then say what the formula says.
fn agrees(loaded: &Loaded, test: usize, spec: &FaultSpec, runs_max: usize) -> Result<bool, String> {
    let name = &loaded.tests[test].name;
    let formula = by_formula(loaded, test, spec);
    let own = by_supports(loaded, test, spec, runs_max);
    assert_eq!(own.engine, Engine::Supports);
    match (&formula.verdict, &own.verdict) {
        (Verdict::BoundReached(_), _) | (_, Verdict::BoundReached(_)) => Ok(false),
        (Verdict::Certified, Verdict::Certified) | (Verdict::Vacuous(_), Verdict::Vacuous(_)) => {
            Ok(true)
        }
        (Verdict::Counterexample(least), Verdict::Counterexample(found))
            if least.hypothesis.len() == found.hypothesis.len() =>
        {
            Ok(true)
        }
        (formula, own) => Err(format!(
            "{name}: {formula:?} by the formula, {own:?} by the loop"
        )),
    }
}

/// Every program of the literature, without its formula.
#[test]
fn the_loop_says_what_the_formula_says() {
    let (mut ended, mut certified) = (0, 0);
    for path in corpus() {
        let loaded = load_file(&path);
        for test in 0..loaded.tests.len() {
            let spec = bounds(&loaded.tests[test]);
            let agree =
                agrees(&loaded, test, &spec, RUNS_MAX).unwrap_or_else(|why| panic!("{why}"));
            ended += usize::from(agree);
            let is_certified = by_formula(&loaded, test, &spec);
            certified += usize::from(agree && matches!(is_certified.verdict, Verdict::Certified));
        }
    }
    assert!(
        ended >= 30 && certified >= 10,
        "{ended} ended, {certified} of them certified"
    );
}

#[test]
fn the_loop_agrees_with_the_formula_on_random_programs() {
    let mut ended = 0;
    for seed in 0..120 {
        let text = Deployment::random(seed).to_string();
        let Ok(loaded) = load("random", &text) else {
            continue;
        };
        let spec = bounds(&loaded.tests[0]);
        let agree = agrees(&loaded, 0, &spec, 60);
        ended += usize::from(agree.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{text}")));
    }
    assert!(ended >= 40, "{ended} loops came to an end");
}

/// A total over more messages than the formula tells apart.
const TOTAL: &str = r#"
input sell(id: Int, price: Int);
table sold(id: Int, price: Int);
channel sale(@to: Addr, id: Int, price: Int, by: Addr);
channel thanks(@to: Addr, id: Int);
table thanked(id: Int);
table known(id: Int, price: Int);
scratch total(=> price: Int);
scratch own(=> price: Int);

sold{id, price} <= sell{id, price};
sale{to: addr, id, price, by: self} <~ sold{id, price}, cluster{addr}, addr != self, not thanked{id};
thanks{to: by, id} <~ sale{id, by};
thanked{id} <= thanks{id};
known{id, price} <= sale{id, price};
total{price: sum(price)} <= known{price, id: _};
own{price: sum(price)} <= sold{price, id: _};

spec complete {
  pre(n, p)  <= own@n{price: p};
  post(n, p) <= own@n{price: p}, total@m{price: p}, n != m;
}

fault test "total" checks complete with ticks TICKS, losses until LOSSES, crashes 0 {
  node shop, office: Total;
  FEEDS
}
"#;

fn total(ticks: u32, losses: u32) -> Loaded {
    let feeds = (1..=16).map(|id| {
        let tick = if id % 4 == 0 && id < 16 {
            "\n  tick;"
        } else {
            ""
        };
        format!("shop.sell{{id: {id}, price: {}}};{tick}", 1 << id)
    });
    let text = TOTAL
        .replace("TICKS", &ticks.to_string())
        .replace("LOSSES", &losses.to_string())
        .replace("FEEDS", &feeds.collect::<Vec<_>>().join("\n  "));
    load("total", &text).expect("the program is fine")
}

#[test]
fn a_program_that_the_formula_refuses_is_searched_by_the_loop() {
    // What is lost is sent again, until there is no time.
    for (ticks, losses, minimum) in [(10, 5, None), (6, 6, Some(2))] {
        let loaded = total(ticks, losses);
        let spec = bounds(&loaded.tests[0]);
        let refused = by_formula(&loaded, 0, &spec);
        assert!(
            matches!(refused.verdict, Verdict::BoundReached(_)),
            "{:?}",
            refused.verdict
        );
        let report = by_supports(&loaded, 0, &spec, 2_000);
        let found = match &report.verdict {
            Verdict::Certified => None,
            Verdict::Counterexample(found) => Some(found.hypothesis.len()),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, minimum, "{} runs", report.executions);
    }
}

/// Where time is up it is said what is known, and no more is claimed.
#[test]
fn a_loop_that_does_not_come_to_an_end_says_how_far_it_came() {
    let loaded = total(10, 5);
    let spec = bounds(&loaded.tests[0]);
    let report = by_supports(&loaded, 0, &spec, 20);
    let Verdict::BoundReached(why) = report.verdict else {
        panic!("{:?}", report.verdict);
    };
    let expected = "asked for; 20 runs by lineage broke nothing: no set of up to 1 faults breaks a spec, larger ones may";
    assert_eq!(why, expected);
}

/// What a checker of histories says is no part of a formula, but of what a run rests on.
#[test]
fn a_run_that_the_loop_cannot_explain_stands_for_itself() {
    let loaded = load_file(&root().join("tests/faults/ailing.bloom"));
    let place = |name: &str| loaded.tests.iter().position(|test| test.name == name);
    let test = place("vote 8/0/1, restart").expect("there is this test");
    let spec = bounds(&loaded.tests[test]);
    let report = by_supports(&loaded, test, &spec, 2_000);
    let Verdict::Counterexample(found) = report.verdict else {
        panic!("{:?}", report.verdict);
    };
    assert_eq!(found.hypothesis.in_words(), "1 crash and 1 restart");
}
