//! What a report says besides verdicts, which programs in `tests/calm` and `tests/verdicts` hold: causes,
//! points of order, labels, certificates, warnings.

mod fifo;
pub(crate) mod lineage;

use std::fmt::Write;

use expect_test::{Expect, expect};

use crate::check::{Checked, File, check};

fn checked(text: &str) -> Checked {
    let checked = check(&[File {
        name: "main",
        text,
        dedalus: false,
    }]);
    assert!(checked.is_fine(), "{:#?}", checked.diagnostics);
    checked
}

/// The outputs and views of a program, with the causes of those that are bad.
fn labels(text: &str, expect: &Expect) {
    let checked = checked(text);
    let mut shown = String::new();
    let mut line = |name: &str, verdict: &str, because: &[super::report::Blame]| {
        write!(shown, "{name}: {verdict}").expect("strings take all");
        for blame in because {
            let way = blame.path.join(" ");
            write!(
                shown,
                "; {} over {} by {way}",
                blame.cause.name(),
                blame.over
            )
            .expect("strings take all");
        }
        shown.push('\n');
    };
    for output in &checked.calm.outputs {
        line(&output.name, output.label.name(), &output.because);
    }
    for view in &checked.calm.views {
        let verdict = if view.converges {
            "converges"
        } else {
            "wavers"
        };
        line(&view.name, verdict, &view.because);
    }
    expect.assert_eq(&shown);
}

#[test]
fn what_waits_for_seals_of_something_else_has_a_reason() {
    labels(
        "input a(k: Int, v: Int) sealed by k; input b(k: Int) sealed by k;
         table kept(k: Int, v: Int); kept{k, v} <= a{k, v};
         output n(n: Int); n{n: count()} <= kept{k, v}, a.sealed{k}, b.sealed{k};",
        &expect![[r#"
            n: run; aggregate over a.sealed by a.sealed n
        "#]],
    );
}

#[test]
fn a_kept_join_waits_and_a_fleeting_one_does_not() {
    labels(
        "input a(x: Int); input b(x: Int);
         table ka(x: Int); table kb(x: Int);
         output both(x: Int); output together(x: Int);
         ka{x} <= a{x}; kb{x} <= b{x};
         both{x} <= ka{x}, kb{x};
         together{x} <= a{x}, b{x};",
        &expect![[r#"
            both: async
            together: run; batch over b by b together; batch over a by a together
        "#]],
    );
}

#[test]
fn each_cause_is_named() {
    labels(
        "input a(x: Int, y: Int); input b(x: Int);
         table ta(x: Int, y: Int); table gone(x: Int);
         table keyed(x: Int => y: Int); table last(x: Int => y: Int);
         table top(=> y: Max<Int>); table left(x: Int);
         ta{x, y} <= a{x, y}; gone{x} <= b{x};
         keyed{x, y} <= a{x, y}; last{x, y} <+- a{x, y};
         top{y} <= a{y};
         left{x} <= a{x}; left{x} <- b{x};
         output negation(x: Int); negation{x} <= ta{x}, not gone{x};
         output aggregate(n: Int); aggregate{n: count()} <= ta{};
         output conflict(x: Int, y: Int); conflict{x, y} <= keyed{x, y};
         output upsert(x: Int, y: Int); upsert{x, y} <= last{x, y};
         output reveal(y: Int); reveal{y: y.reveal} <= top{y};
         output chance(x: Int, n: Int); chance{x, n: fresh_id()} <= b{x};
         view delete(x: Int); delete{x} <= left{x};",
        &expect![[r#"
            negation: run; negation over gone by b gone negation
            aggregate: run; aggregate over ta by a ta aggregate
            conflict: run; key-conflict over keyed by a keyed conflict
            upsert: run; upsert over last by a last upsert
            reveal: run; reveal over top by a top reveal
            chance: run; nondeterministic over chance by b chance
            delete: wavers; delete over b by b left delete
        "#]],
    );
}

#[test]
fn a_point_of_order_names_its_sources_and_its_gate() {
    let checked = checked(
        "input  join(user: String); input leave(user: String); output announced(user: String);
         table joined(user: String); table gone(user: String);
         joined{user} <= join{user}; gone{user} <= leave{user};
         announced{user} <= joined{user}, not gone{user};",
    );
    let [violation] = &checked.calm.violations[..] else {
        panic!("{:#?}", checked.calm.violations);
    };
    let name = |place: &super::report::Place| {
        let kind = &checked.program.nodes[place.node];
        kind.collections[place.collection].name.to_string()
    };
    let names = |places: &[super::report::Place]| places.iter().map(name).collect::<Vec<_>>();
    assert_eq!(names(&violation.changing), ["leave"]);
    assert_eq!(names(&violation.triggers), ["join"]);
    assert_eq!(violation.literal, Some(1));
    let gates: Vec<_> = violation
        .gate
        .iter()
        .map(|gate| gate.name.as_str())
        .collect();
    assert_eq!(gates, ["user"]);
    assert_eq!(violation.gate[0].origins.len(), 2);
}

#[test]
fn replicas_give_different_answers_or_keep_different_rows() {
    labels(
        "node Store replicated {
           input put(k: Int, v: Int); input get(k: Int); output got(k: Int, v: Int);
           output held(k: Int, v: Int);
           table rows(k: Int, v: Int); table first(k: Int => v: Int);
           rows{k, v} <= put{k, v}; first{k, v} <= put{k, v};
           got{k, v} <= get{k}, rows{k, v};
           held{k, v} <= first{k, v};
         }",
        &expect![[r#"
            got: instance; batch over rows by put rows got
            held: diverge; key-conflict over first by put first held
        "#]],
    );
}

#[test]
fn a_certificate_says_what_it_rests_on() {
    let checked = checked(
        "input click(k: Int, id: Int) sealed by k; input note(id: Int => t: String) immutable;
         table clicks(k: Int, id: Int); table notes(id: Int => t: String);
         output total(k: Int => n: Int); output noted(id: Int => t: String);
         clicks{k, id} <= click{k, id};
         total{k, n: count()} <= click.sealed{k}, clicks{k};
         notes{id, t} <= note{id, t}; noted{id, t} <= notes{id, t};",
    );
    let mut shown = String::new();
    for output in &checked.calm.outputs {
        writeln!(shown, "{} {:?}", output.name, output.label).expect("strings take all");
        for assumption in &output.certificate {
            writeln!(shown, "  {:?}: {}", assumption.kind, assumption.text)
                .expect("strings take all");
        }
    }
    expect![[r#"
        total Seal(["k"])
          Seal: `clicks` is read once the partition of `click` is sealed
          Seal: no row of `click` comes after its partition's seal
        noted Async
          Dependency: `note` is `immutable`: `id` determines `t`
    "#]]
    .assert_eq(&shown);
}

#[test]
fn one_mistake_is_one_warning() {
    let text = "input a(x: Int); input b(x: Int);
         table ka(x: Int); table kb(x: Int); scratch only(x: Int);
         output one(x: Int); output other(x: Int);
         ka{x} <= a{x}; kb{x} <= b{x};
         only{x} <= ka{x}, not kb{x};
         one{x} <= only{x}; other{x} <= only{x};";
    let warnings = checked(text).points_of_order();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0].labels.len(), 2);
}

#[test]
fn the_page_of_points_of_order_is_true() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors/W0701.md");
    let page = std::fs::read_to_string(page).expect("the code has a page");
    for (place, example) in page.split("```bloom\n").skip(1).enumerate() {
        let text = example
            .split("```")
            .next()
            .expect("a split has a first part");
        let warnings = checked(text).points_of_order();
        assert_eq!(warnings.len(), usize::from(place == 0), "{warnings:#?}");
    }
}
