//! The formats on a report made by hand.

use super::{html, human, json, sample};
use crate::calm::graph::{Edge, Flow, Graph, Node, Tone, dot, svg};
use expect_test::expect;

#[test]
fn people_see_the_verdict_the_cause_two_runs_and_what_mends_it() {
    expect![[r#"
        shop.bloom: 1 of 3 outputs are the same in every run; its view settles
        with what is inserted: 2 of 3 outputs are the same in every run; its view settles

          async    seen     the same rows in every run, however messages are ordered
          run      receipt  its rows can differ from run to run
          run      guess    its rows can differ from run to run; accepted
          settles  lines    rows come and go, and every run ends with the same

        receipt: run, its rows can differ from run to run
          because: `receipt` counts rows of `cart`, which can still grow
            at shop.bloom:12:1
          way: add → cart → receipt
          two runs with the same inputs
            run 1                                run 2
              tick 1: add(1, "a"), checkout(1)     tick 1: checkout(1)
                gives { (1, 1) }                   tick 2: add(1, "a")
                                                     gives { (1, 1) }
              receipt = { (1, 1) }                 receipt = {}
          ways to mend it, the cheapest first
          1. make it a view: readers see the present contents, and that they may change
               - output receipt(session: Int, lines: Int);
               + view receipt(session: Int, lines: Int);

        guess: run, its rows can differ from run to run
          accepted: an estimate is good enough
          because: `receipt` counts rows of `cart`, which can still grow
            at shop.bloom:15:1
          way: add → cart → receipt

        inserted
          seal add by session, for receipt
            a session's lines are counted once they are complete
            price: one message a producer a partition; waits for the slowest producer

                   as written  coordinated
          receipt  run         seal(session)

        what this rests on
          `add` is `immutable`: `id` determines `item` (seen)

        ways from sources to outputs
          add → receipt  asynchronous and nonmonotone
          add → seen     asynchronous
    "#]]
    .assert_eq(&human::render(&sample::document(), false));
}

#[test]
fn colors_are_only_for_terminals() {
    assert!(!human::render(&sample::document(), false).contains('\x1b'));
    assert!(human::render(&sample::document(), true).contains('\x1b'));
}

/// Fifty outputs that one rule spoils are told of once.
#[test]
fn many_outputs_stay_readable() {
    let mut document = sample::document();
    let bad = document.outputs[1].clone();
    for number in 0..50 {
        let mut output = bad.clone();
        output.name = format!("receipt{number}");
        document.outputs.push(output);
    }
    let text = human::render(&document, false);
    assert_eq!(
        text.matches("two runs with the same inputs").count(),
        1,
        "{text}"
    );
    assert!(text.contains("and 45 more: run"), "{text}");
    assert!(text.lines().count() < 120, "{text}");
}

#[test]
fn json_has_the_shape_that_tools_rely_on() {
    let value: serde_json::Value =
        serde_json::from_str(&json::render(&sample::document())).expect("it is JSON");
    assert_eq!(value["program"], "shop.bloom");
    assert_eq!(value["confluent"], false);
    let receipt = &value["outputs"][1];
    assert_eq!(receipt["label"], "run");
    assert_eq!(receipt["deterministic"], false);
    assert_eq!(receipt.get("by"), None);
    assert_eq!(
        receipt["because"][0],
        serde_json::json!({
            "rule": "shop.bloom:12:1", "kind": "aggregate", "over": "cart",
            "path": ["add", "cart", "receipt"],
            "text": "`receipt` counts rows of `cart`, which can still grow",
        })
    );
    assert_eq!(value["views"][0]["converges"], true);
    assert_eq!(value["rules"][1]["why"][0], "aggregate");
    assert_eq!(value["coordination"][0]["for"][0], "receipt");
    assert_eq!(value["coordination"][0]["by"][0], "session");
    assert_eq!(value["accepted"][0]["reason"], "an estimate is good enough");
    assert_eq!(value["after"][1]["label"], "seal");
    assert_eq!(value["after"][1]["by"][0], "session");
}

fn graph() -> Graph {
    let node = |name: &str, kind, tone, note: &str| Node {
        name: name.into(),
        cluster: 0,
        kind,
        tone,
        note: note.into(),
        inserted: String::new(),
    };
    let edge = |from, to, flow, marks: &[&'static str]| Edge {
        from,
        to,
        flow,
        marks: marks.to_vec(),
    };
    Graph {
        clusters: vec!["Shop".into()],
        nodes: vec![
            node("add", "input", Tone::Doubtful, ""),
            node("cart", "table", Tone::Doubtful, ""),
            node("receipt", "output", Tone::Bad, "run"),
            node("<odd>", "scratch", Tone::Plain, ""),
        ],
        edges: vec![
            edge(0, 1, Flow::Now, &[]),
            edge(1, 1, Flow::Next, &["delete"]),
            edge(1, 2, Flow::Now, &["aggregate"]),
            edge(2, 0, Flow::Async, &[]),
            edge(0, 2, Flow::Now, &[]),
        ],
    }
}

#[test]
fn dot_names_every_box_and_edge() {
    expect![[r##"
        digraph "shop.bloom" {
          rankdir=LR;
          node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica"];
          edge [fontname="Helvetica", fontsize=10];
          subgraph cluster_0 {
            label="Shop";
            n0 [label="add\ninput", fillcolor="#fff4d6", color="#9a6700"];
            n1 [label="cart\ntable", fillcolor="#fff4d6", color="#9a6700"];
            n2 [label="receipt\noutput\nrun", fillcolor="#fbdcdc", color="#c01c28"];
            n3 [label="<odd>\nscratch", fillcolor="#ffffff", color="#555555"];
          }
          n0 -> n1 [style=solid];
          n1 -> n1 [style=dotted, label="delete", color="#c01c28", fontcolor="#c01c28"];
          n1 -> n2 [style=solid, label="aggregate", color="#c01c28", fontcolor="#c01c28"];
          n2 -> n0 [style=dashed];
          n0 -> n2 [style=solid];
        }
    "##]]
    .assert_eq(&dot::render(&graph(), "shop.bloom"));
}

#[test]
fn pictures_escape_names_and_stay_in_their_frame() {
    let picture = svg::render(&graph()).expect("it is small");
    assert!(
        picture.contains("&lt;odd&gt;") && !picture.contains("<odd>"),
        "{picture}"
    );
    assert!(
        !picture.contains("NaN") && !picture.contains("inf"),
        "{picture}"
    );
    assert_eq!(picture.matches("class=\"edge").count(), 5);
    let empty = svg::render(&Graph::default()).expect("it is small");
    assert!(empty.ends_with("</svg>\n"), "{empty}");
}

#[test]
fn graphs_too_large_to_look_at_are_not_drawn() {
    let mut graph = graph();
    let node = graph.nodes[3].clone();
    graph.nodes.resize(svg::NODES_MAX + 1, node);
    assert_eq!(svg::render(&graph), None);
    assert!(html::render(&sample::document(), &graph).contains("too many to be looked at"));
}

#[test]
fn pages_need_nothing_from_elsewhere() {
    let page = html::render(&sample::document(), &graph());
    for foreign in ["src=", "<link", "@import", "url(", "<script"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // The only address is the name of the language of pictures.
    assert_eq!(
        page.matches("http").count(),
        page.matches("http://www.w3.org/2000/svg").count()
    );
    for part in [
        "Accepted: an estimate",
        "seal(session)",
        "run 2",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(part), "{part}");
    }
}
