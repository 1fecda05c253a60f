//! `bloom faults`.

use crate::support::Folder;

const RETRYING: &str = r#"input say(payload: String);
channel deliver(@to: Addr, payload: String);
table said(payload: String);
table log(payload: String);

said{payload} <= say{payload};
log{payload}  <= said{payload};
log{payload}  <= deliver{payload};
deliver{to: addr, payload} <~ said{payload}, cluster{addr}, addr != self;

spec delivered {
  lacking(p) <= log@_{payload: p}, up(n), not log@n{payload: p};
  pre(n, p)  <= log@n{payload: p}, up(n), not said@n{payload: p};
  post(n, p) <= log@n{payload: p}, not lacking(p);
}

fault test "all hear" checks delivered with ticks 6, losses until 3, crashes 0 {
  node a, b, c: Retrying;
  a.say{payload: "hello"};
}
"#;

#[test]
fn a_certificate_is_told_and_bounds_can_be_changed() {
    let folder = Folder::new();
    folder.write("retrying.bloom", RETRYING);
    let run = folder.bloom("faults retrying.bloom --exhaustive");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("certified"), "{run:?}");
    assert!(run.out.contains("one by one"), "{run:?}");
    let run = folder.bloom("faults retrying.bloom --crashes 1 --exhaustive");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("needs 1 crash and 1 loss"), "{run:?}");
    assert!(run.out.contains("a crashes in tick 2"), "{run:?}");
    assert!(
        run.out.contains("4 minimal sets of faults, 2 but"),
        "{run:?}"
    );
}

#[test]
fn a_counterexample_is_an_object_a_line() {
    let folder = Folder::new();
    folder.write("retrying.bloom", RETRYING);
    let run = folder.bloom("faults retrying.bloom --crashes 1 --format json");
    let line: serde_json::Value = serde_json::from_str(&run.out).expect("a line of JSON");
    assert_eq!(line["verdict"], "counterexample");
    assert_eq!(line["minimum"], 2);
    assert_eq!(line["minimal_sets"]["count"], 4);
    let found = &line["counterexample"];
    assert_eq!(
        found["crashes"][0],
        serde_json::json!({"node": "a", "tick": 2})
    );
    assert_eq!(found["losses"][0]["channel"], "deliver");
    assert_eq!(found["losses"][0]["from"], "a");
}

#[test]
fn dedalus_files_are_one_program_on_the_nodes_named() {
    let folder = Folder::new();
    folder.write(
        "rules.ded",
        "log(N, P)@next :- log(N, P);\npeer(N, M)@next :- peer(N, M);\n\
         log(M, P)@async :- say(N, P), peer(N, M);\nlog(N, P) :- say(N, P);\ninclude \"claims.ded\";\n",
    );
    folder.write(
        "claims.ded",
        "lacks(M, P) :- log(N, P), peer(N, M), notin log(M, P);\n\
         pre(X, P) :- log(X, P), notin crash(X, X, _);\npost(X, P) :- log(X, P), notin lacks(_, P);\n",
    );
    folder.write(
        "facts.ded",
        "peer(\"A\", \"B\")@1;\nsay(\"A\", \"hello\")@1;\n",
    );
    let run = folder.bloom("faults rules.ded facts.ded --eot 4 --eff 2 --crashes 0 --nodes A,B");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.out.contains("log from A to B, sent in tick 1, is lost"),
        "{run:?}"
    );
    let run = folder.bloom("faults rules.ded facts.ded --eot 4 --nodes B");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("at `A`"), "{run:?}");
    let run = folder.bloom("faults rules.ded facts.ded");
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("--nodes"), "{run:?}");
    folder
        .bloom("faults rules.ded facts.ded --eot 4 --nodes A,B,A")
        .fails(2, "`A` twice");
    // Where `hello` is, no rule takes place.
    folder.write(
        "misplaced.ded",
        "log(N, P)@next :- log(N, P);\nlog(N, P) :- say(N, P);\nsay(\"A\", \"hello\")@1;\n\
         good(P, N) :- log(N, P);\npre(P) :- log(_, P);\npost(P) :- good(P, _);\n",
    );
    folder
        .bloom("faults misplaced.ded --eot 4 --nodes A,B")
        .fails(2, "misplaced(good, hello)");
}

#[test]
fn a_spec_can_be_checked_on_nodes_of_the_command_line() {
    let folder = Folder::new();
    let program = RETRYING.split("fault test").next().unwrap_or_default();
    let program =
        format!("{program}\nsaid{{payload: \"hi\"}} <= cluster{{addr: self}}, self == @\"a\";\n");
    folder.write("retrying.bloom", &program);
    let run = folder.bloom("faults retrying.bloom --eot 6 --eff 3 --crashes 1 --nodes a,b,c");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("needs 1 crash and 1 loss"), "{run:?}");
    let run = folder.bloom("faults retrying.bloom --eot 6 --nodes a,b,c --spec other");
    assert_eq!(run.code, Some(2), "{run:?}");
    let run = folder.bloom("faults retrying.bloom");
    assert!(run.err.contains("no fault test"), "{run:?}");
}

#[test]
fn a_saved_counterexample_is_run_again_by_test() {
    let folder = Folder::new();
    folder.write("retrying.bloom", RETRYING);
    let run = folder.bloom("faults retrying.bloom --crashes 1 --save lost.fault --svg lost.svg");
    assert_eq!(run.code, Some(1), "{run:?}");
    // The run in space and time: what a sends to c is lost.
    assert!(run.out.contains("├╌"), "{run:?}");
    let picture = folder.read("lost.svg");
    assert!(picture.starts_with("<svg") && picture.contains("class=\"lost\""));
    let run = folder.bloom("test lost.fault");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("post("), "{run:?}");
    // Mended, it passes.
    folder.write(
        "retrying.bloom",
        RETRYING.replace("said{payload}, cluster", "log{payload}, cluster"),
    );
    let run = folder.bloom("test lost.fault");
    assert_eq!(run.code, Some(0), "{run:?}");
    folder.write("lost.fault", "{}");
    assert_eq!(folder.bloom("test lost.fault").code, Some(2));
}

#[test]
fn random_runs_find_counterexamples_as_well() {
    let folder = Folder::new();
    folder.write("retrying.bloom", RETRYING);
    let run = folder.bloom("faults retrying.bloom --crashes 1 --random 20s --format json");
    let line: serde_json::Value = serde_json::from_str(&run.out).expect("a line of JSON");
    assert_eq!((run.code, &line["engine"]), (Some(1), &"random".into()));
    assert_eq!(line["verdict"], "counterexample");
    let run = folder.bloom("faults retrying.bloom --random 100ms");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("random runs broke nothing"), "{run:?}");
}

#[test]
fn what_asks_for_chance_is_run_one_by_one() {
    let folder = Folder::new();
    folder.write(
        "retrying.bloom",
        RETRYING.replace(
            "said{payload} <= say{payload};",
            "said{payload} <= say{payload}, random() < 2.0;",
        ),
    );
    let run = folder.bloom("faults retrying.bloom --crashes 1 --format json");
    let line: serde_json::Value = serde_json::from_str(&run.out).expect("a line of JSON");
    assert_eq!((run.code, &line["engine"]), (Some(1), &"lineage".into()));
    assert_eq!(line["minimum"], 2, "{run:?}");
}

#[test]
fn a_sweep_tells_how_far_a_test_is_certified() {
    let folder = Folder::new();
    folder.write("retrying.bloom", RETRYING);
    let run = folder.bloom("faults retrying.bloom --sweep 200ms");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("no crashes: certified up to"), "{run:?}");
    assert!(
        run.out
            .contains("1 crash: certified nowhere; not with 6 ticks"),
        "{run:?}"
    );
}

#[test]
fn messages_may_be_late_or_come_twice_and_nodes_be_parted() {
    let folder = Folder::new();
    let text = RETRYING.replace(
        "ticks 6, losses until 3, crashes 0",
        "ticks 3, losses until 3, delays 1, duplicates 1, partitions 1",
    );
    folder.write("retrying.bloom", &text);
    let run = folder.bloom("faults retrying.bloom --all --exhaustive --save late.fault");
    assert_eq!(run.code, Some(1), "{run:?}");
    // What arrives late, arrives when nobody looks any more.
    assert!(run.out.contains("a→b of 2 late by 1"), "{run:?}");
    assert!(run.out.contains("b cut off in ticks 1 to 2"), "{run:?}");
    assert!(run.out.contains("agree"), "{run:?}");
    assert_eq!(folder.bloom("test late.fault").code, Some(1));
    let run = folder.bloom("faults retrying.bloom --eff 0 --partitions 0");
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn a_spec_that_does_not_excuse_crashed_nodes_is_hinted_at() {
    let folder = Folder::new();
    let text = RETRYING
        .replace("said{payload}, cluster", "log{payload}, cluster")
        .replace(
            "up(n), not log@n{payload: p};",
            "all(n), not log@n{payload: p};\n  all(n) <= up(n);\n  all(n) <= crashed(n, _);",
        );
    folder.write("retrying.bloom", &text);
    let run = folder.bloom("faults retrying.bloom --crashes 1");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.contains("certified with --mute-crashes"), "{run:?}");
    let run = folder.bloom("faults retrying.bloom --crashes 1 --mute-crashes");
    assert_eq!(run.code, Some(0), "{run:?}");
}

#[test]
fn the_run_without_faults_stands_beside_that_of_a_counterexample() {
    let folder = Folder::new();
    folder.write("retrying.bloom", RETRYING);
    let run = folder.bloom("faults retrying.bloom --crashes 1");
    for part in [
        "without faults",
        "with them",
        "lacking(hello)",
        "did not arrive then",
    ] {
        assert!(run.out.contains(part), "{part}: {run:?}");
    }
    let run = folder.bloom("faults retrying.bloom --crashes 1 --format json --svg run.svg");
    let line: serde_json::Value = serde_json::from_str(&run.out).expect("a line of JSON");
    let steps = line["contrast"].as_array().expect("it is a list");
    assert_eq!(steps[0]["run"], "good", "{run:?}");
    let cut = steps.iter().find(|step| step["because"] == "message");
    let cut = cut.expect("a message was lost");
    assert_eq!(
        (&cut["by"], &cut["sent"]),
        (&"a".into(), &1.into()),
        "{run:?}"
    );
    assert!(folder.read("run.svg").contains("did not arrive then"));
}

/// A total over more messages than the formula tells apart.
const TOTAL: &str = r#"input sell(id: Int, price: Int);
table sold(id: Int, price: Int);
table known(id: Int, price: Int);
channel sale(@to: Addr, id: Int, price: Int);
scratch total(=> price: Int);
scratch own(=> price: Int);

sold{id, price} <= sell{id, price};
sale{to: addr, id, price} <~ sold{id, price}, cluster{addr}, addr != self;
known{id, price} <= sale{id, price};
total{price: sum(price)} <= known{price, id: _};
own{price: sum(price)} <= sold{price, id: _};

spec complete {
  pre(n, p)  <= own@n{price: p};
  post(n, p) <= own@n{price: p}, total@m{price: p}, n != m;
}

fault test "total" checks complete with ticks TICKS, losses until 4, crashes 0 {
  node shop, office: Main;
  FEEDS
}
"#;

#[test]
fn where_there_is_no_formula_runs_are_explained_one_by_one() {
    let feeds = (1..=15).map(|id| {
        let tick = if id % 5 == 0 && id < 15 {
            "\n  tick;"
        } else {
            ""
        };
        format!("shop.sell{{id: {id}, price: {}}};{tick}", 1 << id)
    });
    let feeds = feeds.collect::<Vec<_>>().join("\n  ");
    let program = |ticks: &str| TOTAL.replace("FEEDS", &feeds).replace("TICKS", ticks);
    let folder = Folder::with(&program("8"));
    let run = folder.bloom("faults main.bloom");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.out.contains("certified") && run.out.contains("no formula has room"),
        "{run:?}"
    );
    let folder = Folder::with(&program("4"));
    let run = folder.bloom("faults main.bloom --format json");
    let line: serde_json::Value = serde_json::from_str(&run.out).expect("a line of JSON");
    assert_eq!(line["engine"], "lineage", "{run:?}");
    assert_eq!(
        (&line["verdict"], &line["minimum"]),
        (&"counterexample".into(), &1.into())
    );
}
