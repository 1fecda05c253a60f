//! Programs in, statements, collections and diagnostics out.

use super::{parse, translate};
use crate::syntax::ast::{CollectionKind, ItemKind};
use expect_test::{Expect, expect};

/// Lists the collections with the number of rules, then the diagnostics.
fn check(text: &str, expected: &Expect) {
    let parsed = parse(text);
    let (module, diagnostics) = translate(&parsed.program);
    let mut out = String::new();
    let mut rules = 0;
    for node in &module.items {
        match &node.item.kind {
            ItemKind::Collection(collection) => {
                let kind = match collection.kind {
                    CollectionKind::Loopback => "loopback",
                    CollectionKind::Output => "output",
                    CollectionKind::Table => "table",
                    _ => "scratch",
                };
                let columns: Vec<String> = collection
                    .keys
                    .iter()
                    .filter_map(|column| Some(format!("{:?}", column.ty.as_ref()?.kind)))
                    .map(|ty| if ty.contains("Int") { "Int" } else { "String" }.to_owned())
                    .collect();
                out += &format!("{kind} {}({})\n", collection.name, columns.join(", "));
            }
            ItemKind::Rule(_) => rules += 1,
            _ => out += "something else\n",
        }
    }
    out += &format!("{rules} rules\n");
    for diagnostic in parsed.diagnostics.iter().chain(&diagnostics) {
        let span = diagnostic.primary.span.range();
        out += &format!(
            "{} at `{}`: {}\n",
            diagnostic.code, &text[span], diagnostic.message
        );
    }
    expected.assert_eq(&out);
}

#[test]
fn a_delivery_protocol() {
    check(
        r#"
        // every holder sends to its peers
        log(N, P)@next :- log(N, P);
        log(N, P) :- bcast(N, P);
        bcast(M, P)@async :- bcast(N, P), peer(N, M);
        peer("a", "b")@1;
        bcast("a", 'hello')@1;
        lacks(M, P) :- log(N, P), peer(N, M), notin log(M, P);
        pre(X, P) :- log(X, P), notin bcast(X, P)@1, notin crash(X, X, _);
        post(X, P) :- log(X, P), notin lacks(_, P);
        holders(P, count<N>) :- log(N, P);
        late(N, T + 1) :- seen(N, T), T > 3;
        "#,
        &expect![[r#"
            table log(String, String)
            scratch bcast(String, String)
            loopback bcast_async(String, String)
            scratch peer(String, String)
            scratch lacks(String, String)
            output pre(String, String)
            scratch crash(String, String, String)
            output post(String, String)
            scratch holders(String, Int)
            scratch late(String, Int)
            scratch seen(String, Int)
            table bcast_at_1(String, String)
            scratch dedalus_clock(Int)
            13 rules
        "#]],
    );
}

#[test]
fn one_error_a_statement() {
    check(
        "p(X) :- q(X;\nq(\"a\")@1;\nr(X) : q(X);\nq(1, 2);",
        &expect![[r#"
            scratch q(String)
            1 rules
            E0901 at `;`: the end of the statement is not expected here
            E0901 at `:`: this character is not expected here
            E0902 at `q(1, 2)`: `q` has 1 columns elsewhere, and 2 here
        "#]],
    );
}

#[test]
fn a_rule_holds_at_no_single_time() {
    check(
        "p(X)@4 :- q(X);\nq(X) :- p(X + 1);",
        &expect![[r#"
            scratch p(Int)
            scratch q(Int)
            scratch dedalus_clock(Int)
            4 rules
            E0903 at `p(X)@4 :- q(X);`: only a fact holds at one time, and times count from 1
            E0904 at `X + 1`: a row of a body holds variables and constants, no arithmetic
        "#]],
    );
}

fn deployed(text: &str, nodes: &[&str]) -> Result<String, Vec<String>> {
    let deployment = super::Deployment {
        nodes: nodes.iter().map(|node| (*node).into()).collect(),
        ticks: 3,
        losses_until: 2,
        crashes: 1,
    };
    super::deploy(&[parse(text).program], &deployment)
}

const ONCE: &str = r#"
    log(N, P)@next :- log(N, P);
    peer(N, M)@next :- peer(N, M);
    log(M, P)@async :- say(N, P), peer(N, M);
    log(N, P) :- say(N, P);
    lacks(M, P) :- log(N, P), peer(N, M), notin log(M, P);
    pre(X, P) :- log(X, P), notin say(X, P)@1, notin crash(X, X, _);
    post(X, P) :- log(X, P), notin lacks(_, P);
    peer("A", "B")@1;
    say("A", "hello")@1;
"#;

#[test]
fn each_place_becomes_a_node_and_the_claims_a_spec() {
    let text = deployed(ONCE, &["A", "B"]).expect("every fact is at a node");
    expect![[r#"
        table log_now(c0: String, c1: String);
        channel log(@to: Addr, c0: String, c1: String);
        log_now(c0, c1) <= log(_, c0, c1);
        table peer(c0: String, c1: String);
        scratch say(c0: String, c1: String);
        scratch tick_number(n: Int);
        tick_number(1);
        tick_number{n: n + 1} <+ tick_number{n}, n < 1;
        table say_at_1(c0: String, c1: String);
        say_at_1(c0, c1) <= say(c0, c1), tick_number{n: 1};
        log((v_M).to_addr(), v_M, v_P) <~ say(v_N, v_P), peer(v_N, v_M);
        log_now(v_N, v_P) <= say(v_N, v_P);
        spec correct {
          place("A");
          place("B");
          crash(o, n, t) <= place(o), crashed(a, t), let n = a.to_string();
          say_at_1("A", "hello");
          say_at_1(c0, c1) <= say_at_1@_(c0, c1);
          lacks(v_M, v_P) <= log_now@_(v_N, v_P), peer@_(v_N, v_M), not log_now@_(v_M, v_P);
          pre(v_X, v_P) <= log_now@_(v_X, v_P), not say_at_1(v_X, v_P), not crash(v_X, v_X, _);
          post(v_X, v_P) <= log_now@_(v_X, v_P), not lacks(_, v_P);
        }
        fault test "correct" checks correct with ticks 3, losses until 2, crashes 1 {
          node n0, n1: Dedalus;
          n0.peer("A", "B");
          n0.say("A", "hello");
          tick;
          tick;
        }
    "#]]
    .assert_eq(&text);
    let parsed = crate::syntax::parse(&text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
}

#[test]
fn a_fact_of_no_node_is_refused() {
    let problems = deployed(ONCE, &["A", "C"]);
    assert!(problems.is_ok(), "B is only named, and has no facts");
    let problems = deployed(ONCE, &["B"]).expect_err("A has facts");
    assert!(problems[0].contains("at `A`"), "{problems:?}");
}

#[test]
fn what_needs_rows_of_several_places_is_refused_unless_all_know_them() {
    let apart = ONCE.replace("say(N, P), peer(N, M);", "say(N, P), log(M, P);");
    let problems = deployed(&apart, &["A", "B"]).expect_err("no node has both");
    assert!(problems[0].contains("several places"), "{problems:?}");
    let known = ONCE.replace("say(N, P), peer(N, M);", "say(N, P), peer(_, M);");
    let text = deployed(&known, &["A", "B"]).expect("peers are set up from the start");
    assert!(
        text.contains("say(v_N, v_P), peer_anywhere(_, v_M);"),
        "{text}"
    );
    assert!(text.contains("peer_anywhere(\"A\", \"B\");"), "{text}");
}

#[test]
fn an_equation_says_what_no_row_does() {
    check(
        r#"
        left(N, X, T)@next :- left(N, X, U), U > 1, T == U - 1;
        far(N, V) :- left(N, _, T), W == T * 2, V == W + 1;
        same(N) :- left(N, _, T), T == 3;
        left("n", "boot", 3)@1;
        "#,
        &expect![[r#"
            scratch left(String, String, Int)
            scratch far(String, Int)
            scratch same(String)
            4 rules
        "#]],
    );
}

#[test]
fn an_equation_binds_at_each_node_and_in_the_spec() {
    let text = ONCE.replace(
        "log(N, P) :- say(N, P);",
        "log(N, P) :- say(N, Q), P == Q; turn(N, M) :- peer(N, M), K == 1, K < 2;",
    );
    let text = deployed(&text, &["A", "B"]).expect("every fact is at a node");
    assert!(
        text.contains("log_now(v_N, v_P) <= say(v_N, v_Q), let v_P = v_Q;"),
        "{text}"
    );
    let parsed = crate::syntax::parse(&text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
}

#[test]
fn texts_have_escapes() {
    check(
        r#"say("n", "a \"q\" \\ \d")@1; say("n", 'it\'s')@2; say("n", "")@3; never("n", "\")@1;"#,
        &expect![[r#"
            scratch say(String, String)
            scratch dedalus_clock(Int)
            5 rules
            E0901 at `"\")@1;`: this character is not expected here
        "#]],
    );
    let texts = r#"p("a \"q\" \\ \d\n", 'it\'s');"#;
    let parsed = parse(texts);
    let shown = format!("{:?}", parsed.program);
    assert!(shown.contains(r#"a \"q\" \\ \\d\n"#), "{shown}");
    assert!(shown.contains("it's"), "{shown}");
}

#[test]
fn what_several_files_include_is_there_once() {
    let twice = deployed(&format!("{ONCE}{ONCE}"), &["A", "B"]);
    assert_eq!(twice, deployed(ONCE, &["A", "B"]));
}

#[test]
fn a_variable_of_a_negated_row_alone_is_any_value() {
    check(
        "p(X) :- q(X), notin r(X, Y), notin s(Z, Z);\nq(\"a\")@1; r(\"a\", 1)@1; s(1, 2)@1;",
        &expect![[r#"
            scratch p(String)
            scratch q(String)
            scratch r(String, Int)
            scratch s(Int, Int)
            4 rules
            W0901 at `Y`: `Y` stands nowhere else in the rule, and means any value
        "#]],
    );
}
