//! The loop of runs and their supports, held to the formula: what it finds is as small, and what it certifies is
//! certified.

use bloom_sim::faults::Verdict;
use bloom_tests::faults::alternation::{Agreed, agreed, by_formula, by_supports};
use bloom_tests::faults::deployment::Deployment;
use bloom_tests::faults::{Loaded, bounds, corpus, load, load_file};
use bloom_tests::program::root;

/// Runs of one loop over the corpus; `cargo xtask faults` gives each as long as the command does.
const RUNS_MAX: usize = 100;

/// Every program of the literature, without its formula.
#[test]
fn the_loop_says_what_the_formula_says() {
    let (mut ended, mut certified) = (0, 0);
    for path in corpus() {
        let loaded = load_file(&path);
        for test in &loaded.tests {
            let agreed = agreed(&loaded, test, &bounds(test), &mut |runs| runs < RUNS_MAX);
            let agreed = agreed.unwrap_or_else(|why| panic!("{why}"));
            ended += usize::from(agreed != Agreed::Open);
            certified += usize::from(agreed == Agreed::Certified);
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
        let test = &loaded.tests[0];
        let agreed = agreed(&loaded, test, &bounds(test), &mut |runs| runs < 60);
        let agreed = agreed.unwrap_or_else(|why| panic!("seed {seed}: {why}\n{text}"));
        ended += usize::from(agreed != Agreed::Open);
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
        let test = &loaded.tests[0];
        let spec = bounds(test);
        let refused = by_formula(&loaded, test, &spec);
        assert!(
            matches!(refused.verdict, Verdict::BoundReached(_)),
            "{:?}",
            refused.verdict
        );
        let report = by_supports(&loaded, test, &spec, &mut |runs| runs < 2_000);
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
    let test = &loaded.tests[0];
    let report = by_supports(&loaded, test, &bounds(test), &mut |runs| runs < 20);
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
    let test = &loaded.tests[place("vote 8/0/1, restart").expect("there is this test")];
    let report = by_supports(&loaded, test, &bounds(test), &mut |runs| runs < 2_000);
    let Verdict::Counterexample(found) = report.verdict else {
        panic!("{:?}", report.verdict);
    };
    assert_eq!(found.hypothesis.in_words(), "1 crash and 1 restart");
}
