//! Witnesses: found for what is flagged in the corpus of verdicts, for nothing that is clean, small,
//! and shown so that one can follow them.

use bloom_plan::plan::Plan;
use bloom_sim::Programs;
use bloom_sim::explore::{Budget, Difference, Hints, Search, Target, find_witness};
use bloom_tests::program::{Loaded, bloom_files, load, module_name, read, root, standard_library};
use smol_str::SmolStr;

/// Collections outside of any program that rules write.
const WRITTEN: [&str; 3] = ["stdout", "stderr", "halt"];

fn loaded(name: &str, text: &str) -> Loaded {
    load(name, text, &standard_library()).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"))
}

fn search(loaded: &Loaded, collection: &str, budget: &Budget) -> Search {
    let declares = |plan: &&Plan| {
        let mut relations = plan.relations.iter();
        relations.any(|r| r.name == collection && (r.public || WRITTEN.contains(&collection)))
    };
    let plan = loaded.plans.iter().find(declares);
    let plan = plan.unwrap_or_else(|| panic!("no kind has `{collection}`"));
    let names: Vec<SmolStr> = loaded.plans.iter().map(|plan| plan.name.clone()).collect();
    let target = Target {
        kind: plan.name.clone(),
        collection: collection.into(),
    };
    let (programs, hints) = (Programs(&loaded.programs), Hints::default());
    let found = find_witness(&programs, &names, &target, &hints, budget);
    found.unwrap_or_else(|error| panic!("{collection}: {error}"))
}

/// The text of the witness of a program of one kind.
fn shown(text: &str, collection: &str) -> String {
    let loaded = loaded("main", text);
    let witness = search(&loaded, collection, &Budget::default()).witness;
    let witness = witness.unwrap_or_else(|| panic!("`{collection}` has a witness"));
    witness.text(&Programs(&loaded.programs))
}

/// Collections with their verdicts, by the lines `//! expect: output matched = ok`.
fn verdicts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! expect: "));
    lines.map(|line| {
        let verdict = line.split_once(" = ").and_then(|(subject, verdict)| {
            let (_, collection) = subject.split_once(' ')?;
            Some((collection, verdict.trim()))
        });
        verdict.unwrap_or_else(|| panic!("`{line}` is no expectation"))
    })
}

/// Of what is flagged, at most one in so many may have no witness that is small: some takes more inputs
/// than are tried, some is flagged for what the explorer does not run, such as other components.
const UNWITNESSED_SHARE: usize = 10;

#[test]
fn what_is_flagged_has_a_witness_and_what_is_clean_has_none() {
    let folder = root().join("tests/calm");
    let budget = Budget {
        attempts_max: 200,
        states_max: 5_000,
        ..Budget::default()
    };
    let (mut flagged, mut clean, mut unwitnessed, mut refuted) = (0, 0, Vec::new(), Vec::new());
    for path in bloom_files(&folder) {
        let text = read(&path);
        let name = module_name(&path);
        let loaded = loaded(&format!("case_{name}"), &text);
        for (collection, verdict) in verdicts(&text) {
            let witness = search(&loaded, collection, &budget).witness;
            match (verdict, witness) {
                ("flagged", Some(_)) => flagged += 1,
                ("flagged", None) => unwitnessed.push(format!("{name}: {collection}")),
                (_, None) => clean += 1,
                (_, Some(witness)) => {
                    let witness = witness.text(&Programs(&loaded.programs));
                    refuted.push(format!("{name}: {collection} = {verdict}\n{witness}"));
                }
            }
        }
    }
    assert!(refuted.is_empty(), "{}", refuted.join("\n"));
    assert!(
        clean > 10 && flagged > 10,
        "{clean} clean, {flagged} flagged"
    );
    assert!(
        unwitnessed.len() * UNWITNESSED_SHARE <= flagged,
        "{flagged} have witnesses, these have none: {unwitnessed:#?}"
    );
}

#[test]
fn a_race_is_shown_by_the_two_orders() {
    let text = "
        input set(x: Int);
        table last(=> x: Int);
        view now(x: Int);
        last{x} <+- set{x};
        now{x} <= last{x};
    ";
    let expected = "\
inputs
  set(1)
  set(2)

one run: now(2)
  main
  * set(1)
  * set(2)
  |   holds now(1)
  * a tick without arrivals
  |   holds now(2)

another run: now(1)
  main
  * set(2)
  * set(1)
  |   holds now(2)
  * a tick without arrivals
  |   holds now(1)
";
    assert_eq!(shown(text, "now"), expected);
}

#[test]
fn messages_are_shown_between_their_nodes() {
    let text = "
        channel word(@to: Addr, text: String);
        node Speaker(ear: Addr) {
          input say(text: String);
          word{to: ear, text} <~ say{text};
        }
        node Listener {
          table all(text: String);
          output first(text: String);
          all{text} <+ word{text};
          first{text} <= word{text}, not all{};
        }
    ";
    let expected = "\
inputs
  say(\"a\") at speaker
  say(\"b\") at speaker

one run: first(\"a\"), first(\"b\")
  listener                                         speaker
  |                                                * say(\"a\") with say(\"b\")
  |                                                |   sends word(listener, \"a\") to listener
  |                                                |   sends word(listener, \"b\") to listener
  * word(listener, \"a\") with word(listener, \"b\")   |
  |   shows first(\"a\")                             |
  |   shows first(\"b\")                             |
  * a tick without arrivals                        |

another run: first(\"a\")
  listener                    speaker
  |                           * say(\"a\") with say(\"b\")
  |                           |   sends word(listener, \"a\") to listener
  |                           |   sends word(listener, \"b\") to listener
  * word(listener, \"a\")       |
  |   shows first(\"a\")        |
  * word(listener, \"b\")       |
  * a tick without arrivals   |
";
    assert_eq!(shown(text, "first"), expected);
}

#[test]
fn replicas_differ_within_one_run() {
    let text = "
        node Latest replicated {
          input set(x: Int);
          table last(=> x: Int);
          view now(x: Int);
          last{x} <+- set{x};
          now{x} <= last{x};
        }
    ";
    let loaded = loaded("main", text);
    let witness = search(&loaded, "now", &Budget::default()).witness;
    let witness = witness.unwrap_or_else(|| panic!("replicas diverge"));
    assert_eq!(witness.difference, Difference::Replicas);
    assert_eq!(witness.first.schedule, witness.second.schedule);
    assert_ne!(witness.first.contents, witness.second.contents);
}

#[test]
fn a_view_that_never_settles_is_a_witness_by_itself() {
    let text = "
        static lamp(x: Int);
        scratch lit(x: Int);
        view now(x: Int);
        lamp(1);
        lit{x} <+ lamp{x}, not lit{x};
        now{x} <= lit{x};
    ";
    let shown = shown(text, "now");
    assert!(
        shown.starts_with("inputs\n  none\n\none run: now changes for ever\n"),
        "{shown}"
    );
}

#[test]
fn inputs_are_made_of_the_constants_that_rules_compare_with() {
    let text = "
        input reading(sensor: String, value: Int);
        output alarm(sensor: String);
        scratch quiet(sensor: String);
        table muted(sensor: String);
        muted{sensor} <= reading{sensor, value: -40};
        alarm{sensor} <= reading{sensor, value}, sensor == \"boiler\", value > 900,
                         not muted{sensor};
    ";
    let shown = shown(text, "alarm");
    assert!(shown.contains("reading(\"boiler\", -40)"), "{shown}");
    assert!(shown.contains("reading(\"boiler\", 901)"), "{shown}");
}

#[test]
fn a_seal_comes_with_the_rows_of_its_partition() {
    let text = "
        input click(who: Int, id: Int) sealed by who;
        output others(id: Int, n: Int);
        table clicks(who: Int, id: Int);
        clicks{who, id} <= click{who, id};
        others{id, n: count()} <= click.sealed{who: _}, clicks{id};
    ";
    let loaded = loaded("main", text);
    let witness = search(&loaded, "others", &Budget::default()).witness;
    let witness = witness.unwrap_or_else(|| panic!("rows of other partitions may be late"));
    assert_eq!(witness.inputs.len(), 3, "{:?}", witness.inputs);
    assert!(!witness.first.schedule.has_errors() && !witness.second.schedule.has_errors());
}

#[test]
fn random_values_differ_between_seeds() {
    let text = "
        input ask(x: Int);
        output drawn(x: Int, n: Float);
        drawn{x, n: random()} <= ask{x};
    ";
    let loaded = loaded("main", text);
    let witness = search(&loaded, "drawn", &Budget::default()).witness;
    let witness = witness.unwrap_or_else(|| panic!("a random value is another in another run"));
    assert_ne!(witness.first.seed, witness.second.seed);
}
