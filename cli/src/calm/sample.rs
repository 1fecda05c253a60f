//! A report made by hand, for the tests of the formats.

use super::document::{
    Accepted, After, AfterView, Assumption, Blame, Document, End, Fix, Insertion, Label, Output,
    Path, Rule, Run, Tick, View, Witness,
};

/// A shop with a good output, one that a seal mends, and one that was accepted; and a view that settles.
pub(super) fn document() -> Document {
    let names = |all: &[&str]| {
        all.iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let blame = Blame {
        rule: "shop.bloom:12:1".into(),
        kind: "aggregate",
        over: "cart".into(),
        path: names(&["add", "cart", "receipt"]),
        text: "`receipt` counts rows of `cart`, which can still grow".into(),
        excerpt: String::new(),
        source: vec!["receipt{session, lines: count()} <= leaving{session}, cart{session};".into()],
    };
    let tick = |tick, arrivals: &[&str], rows: &[&str]| Tick {
        node: "Shop".into(),
        tick,
        arrivals: names(arrivals),
        sends: Vec::new(),
        rows: names(rows),
        errors: Vec::new(),
        again: false,
    };
    let end = |rows: &[&str]| {
        vec![End {
            node: "shop".into(),
            restless: false,
            rows: names(rows),
        }]
    };
    let witness = Witness {
        difference: "runs",
        runs: vec![
            Run {
                ticks: vec![tick(1, &["add(1, \"a\")", "checkout(1)"], &["(1, 1)"])],
                ends: end(&["(1, 1)"]),
            },
            Run {
                ticks: vec![
                    tick(1, &["checkout(1)"], &[]),
                    tick(2, &["add(1, \"a\")"], &["(1, 1)"]),
                ],
                ends: end(&[]),
            },
        ],
    };
    let fix = Fix {
        title: "make it a view: readers see the present contents, and that they may change".into(),
        edits: Vec::new(),
        diff: names(&[
            "- output receipt(session: Int, lines: Int);",
            "+ view receipt(session: Int, lines: Int);",
        ]),
    };
    let output = |name: &str, label: Label, because: Vec<Blame>| Output {
        name: name.into(),
        node: "Shop".into(),
        deterministic: matches!(label.label, "async" | "seal"),
        meaning: match label.label {
            "async" => "the same rows in every run, however messages are ordered".into(),
            _ => "its rows can differ from run to run".into(),
        },
        label,
        lower_bound: false,
        at: "shop.bloom:3:1".into(),
        certificate: Vec::new(),
        witness: (!because.is_empty()).then(|| witness.clone()),
        fixes: if because.is_empty() {
            Vec::new()
        } else {
            vec![fix.clone()]
        },
        because,
    };
    let label = |label, by: &[&str]| Label {
        label,
        by: names(by),
    };
    let mut seen = output("seen", label("async", &[]), Vec::new());
    seen.certificate = vec![Assumption {
        kind: "dependency",
        text: "`add` is `immutable`: `id` determines `item`".into(),
    }];
    Document {
        program: "shop.bloom".into(),
        confluent: false,
        outputs: vec![
            seen,
            output("receipt", label("run", &[]), vec![blame.clone()]),
            output(
                "guess",
                label("run", &[]),
                vec![Blame {
                    rule: "shop.bloom:15:1".into(),
                    ..blame.clone()
                }],
            ),
        ],
        views: vec![View {
            name: "lines".into(),
            node: "Shop".into(),
            converges: true,
            prefix_safe: false,
            title: "settles",
            meaning: "rows come and go, and every run ends with the same".into(),
            at: "shop.bloom:5:1".into(),
            certificate: Vec::new(),
            because: Vec::new(),
            witness: None,
            fixes: Vec::new(),
        }],
        rules: vec![
            Rule {
                at: "shop.bloom:10:1".into(),
                node: "Shop".into(),
                head: "cart".into(),
                kind: "monotone",
                why: vec![],
            },
            Rule {
                at: "shop.bloom:12:1".into(),
                node: "Shop".into(),
                head: "receipt".into(),
                kind: "nonmonotone",
                why: vec!["aggregate"],
            },
        ],
        coordination: vec![Insertion {
            kind: "seal",
            on: "add".into(),
            by: names(&["session"]),
            of: names(&["receipt"]),
            full_names: names(&["receipt"]),
            node: "Shop".into(),
            price: "one message a producer a partition; waits for the slowest producer".into(),
            why: "a session's lines are counted once they are complete".into(),
        }],
        advice: Vec::new(),
        accepted: vec![Accepted {
            name: "guess".into(),
            node: "Shop".into(),
            reason: "an estimate is good enough".into(),
        }],
        after: vec![
            After {
                name: "seen".into(),
                node: "Shop".into(),
                label: label("async", &[]),
                deterministic: true,
            },
            After {
                name: "receipt".into(),
                node: "Shop".into(),
                label: label("seal", &["session"]),
                deterministic: true,
            },
            After {
                name: "guess".into(),
                node: "Shop".into(),
                label: label("run", &[]),
                deterministic: false,
            },
        ],
        after_views: vec![AfterView {
            name: "lines".into(),
            node: "Shop".into(),
            converges: true,
            prefix_safe: false,
            title: "settles",
        }],
        refused: Vec::new(),
        paths: vec![
            Path {
                from: "add".into(),
                to: "receipt".into(),
                asynchronous: true,
                nonmonotone: true,
            },
            Path {
                from: "add".into(),
                to: "seen".into(),
                asynchronous: true,
                nonmonotone: false,
            },
        ],
        several_kinds: false,
    }
}
