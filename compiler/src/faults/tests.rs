//! Fault tests as data.

use bloom_plan::testing::FaultBounds;

use super::{Lowered, lower_fault_tests};
use crate::base::Sources;
use crate::check::{File, check};
use crate::codegen::Target;
use crate::compile::Typing;

const PROGRAM: &str = r#"
input say(word: String);
table heard(word: String);
table told(by: Addr, word: String);
channel tell(@to: Addr, by: Addr, word: String);
heard{word} <= say{word};
told{by, word} <= tell{by, word};
tell{to: addr, by: self, word} <~ heard{word}, cluster{addr};

spec kept {
  pre(n, w) <= heard@n{word: w}, up(n);
  post(n, w) <= pre(n, w), not lost(w);
  lost(w) <= crashed(n, t), t > 2, heard@(n){word: w};
  never odd(w) <= told@n{by: n, word: w}, not up(n);
}
"#;

fn lower(test: &str) -> Lowered {
    let text = format!("{PROGRAM}\n{test}");
    let files = [File {
        name: "words",
        text: &text,
        dedalus: false,
    }];
    let checked = check(&files);
    assert!(checked.is_fine(), "{:?}", checked.diagnostics);
    let sources = Sources::single("words.bloom", text.clone());
    let typing = Typing {
        program: &checked.program,
        typed: &checked.typed,
        analysis: &checked.analysis,
        sources: &sources,
    };
    lower_fault_tests(typing, &Target::native())
}

fn problem(test: &str) -> String {
    let lowered = lower(test);
    assert!(lowered.tests.is_empty());
    lowered.problems[0].message.clone()
}

#[test]
fn rows_have_the_tick_they_are_fed_in() {
    let lowered = lower(
        r#"fault test "t" checks kept with ticks 5, losses until 3, crashes 1, delays 2, duplicates 1 {
             node a, b: Words;
             a.say{word: "one"};
             tick;
             b.say{word: "two"};
             tick 2;
             a.say{word: "three"};
           }"#,
    );
    let test = &lowered.tests[0];
    let fed: Vec<(u32, usize)> = test.feeds.iter().map(|f| (f.tick, f.node)).collect();
    assert_eq!(fed, [(1, 0), (2, 1), (4, 0)]);
    let bounds = FaultBounds {
        ticks: 5,
        losses_until: 3,
        crashes: 1,
        delays: 2,
        duplicates: true,
        partitions: 0,
        slow: 0,
        skews: 0,
        restarts: 0,
    };
    assert_eq!(test.bounds, bounds);
}

#[test]
fn a_spec_is_a_kind_of_node_of_its_own() {
    let lowered = lower("fault test \"t\" checks kept with ticks 5 { node a: Words; }");
    let observer = &lowered.tests[0].observers[0];
    let (plan, _) = &lowered.observers[0];
    assert_eq!(plan.name, observer.kind);
    let names: Vec<&str> = plan.relations.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "pre", "post", "lost", "odd", "up", "crashed", "heard@", "told@"
        ]
    );
    assert_eq!(observer.never, ["odd"]);
    assert_eq!(observer.observed[1].sources[0].columns, [0, 1]);
}

#[test]
fn what_means_nothing_in_a_fault_test_is_refused() {
    let with = |steps: &str| {
        format!("fault test \"t\" checks kept with ticks 5 {{ node a: Words; {steps} }}")
    };
    assert!(problem(&with("crash a;")).contains("no `crash a`"));
    assert!(problem(&with("expect a.heard == {};")).contains("expect"));
    let bounds =
        |bounds: &str| format!("fault test \"t\" checks kept{bounds} {{ node a: Words; }}");
    assert!(problem(&bounds("")).contains("how many ticks"));
    assert!(problem(&bounds(" with ticks 0")).contains("from 1"));
    assert!(problem(&bounds(" with ticks 3, storms 2")).contains("unknown option `storms`"));
}
