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
            table dedalus_always()
            3 rules
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
