//! What is derived of a closure of which one row is asked. Whether the answers stay is for random programs.

use bloom_plan::text;
use expect_test::{Expect, expect};

use super::restrict;

/// Rules of `e` (a table), `p` (a scratch collection that recurs) and `out` (an output), in that order; checks
/// those of `p` and of what is wanted of it.
fn check(step: &str, query: &str, seen: bool, expected: &Expect) {
    let two = "((column \"a\" type0 key -) (column \"b\" type0 key -)) false ()";
    let variables = "((slot \"x\" type0) (slot \"y\" type0) (slot \"z\" type0))";
    let program = format!(
        "(rir (plan \"Test\" false ((type0 Int)) () () () () ()
           ((relation \"e\" (table false) {two} false free) (relation \"p\" scratch {two} false free)
            (relation \"out\" output ((column \"a\" type0 key -)) false () true free))
           () () ((rule \"1\" \"base\" rel1 <= false) (rule \"2\" \"step\" rel1 <= false)
                  (rule \"3\" \"query\" rel2 <= false)) () () () ())
         ((rule {variables} ((atom rel0 (r0 r1))) (row (r0 r1)))
          (rule {variables} {step} (row (r0 r2)))
          (rule {variables} {query} (row (r1))))
         ((rule0 rule1) (rule2)) ())"
    );
    let mut program = crate::rir::text::parse(&program).expect("well-formed");
    let before = program.clone();
    restrict(&mut program, &|name| seen && name == "p");
    crate::rir::verify::verify(&program).expect("it is still a program");
    if program == before {
        return expected.assert_eq("as it is");
    }
    let mut shown = String::new();
    for (rule, declared) in program.rules.iter().zip(&program.declarations.rules) {
        if declared.head.0 != 2 {
            let literals = text::print(&rule.literals);
            shown += &format!("{} {literals}", declared.head);
        }
    }
    expected.assert_eq(&shown);
}

const LEFT: &str = "((atom rel1 (r0 r1)) (atom rel0 (r1 r2)))";
const RIGHT: &str = "((atom rel0 (r0 r1)) (atom rel1 (r1 r2)))";

#[test]
fn a_step_that_hands_the_bound_column_on_needs_no_test() {
    check(
        LEFT,
        "((atom rel1 (7 r1)))",
        false,
        &expect![[r#"
        rel1 ((atom rel0 (r0 r1)) (atom rel3 (r0)))
        rel1 ((atom rel1 (r0 r1)) (atom rel0 (r1 r2)))
        rel3 ()
    "#]],
    );
}

#[test]
fn what_a_step_needs_is_wanted_too() {
    check(
        RIGHT,
        "((atom rel1 (7 r1)))",
        false,
        &expect![[r#"
        rel1 ((atom rel0 (r0 r1)) (atom rel3 (r0)))
        rel1 ((atom rel0 (r0 r1)) (atom rel1 (r1 r2)) (atom rel3 (r0)))
        rel3 ()
        rel3 ((atom rel3 (r0)) (atom rel0 (r0 r1)))
    "#]],
    );
    check(
        "((atom rel1 (r0 r1)) (atom rel1 (r1 r2)))",
        "((atom rel1 (r0 r1)) (condition (compare == type0 7 r0)))",
        false,
        &expect![[r#"
            rel1 ((atom rel0 (r0 r1)) (atom rel3 (r0)))
            rel1 ((atom rel1 (r0 r1)) (atom rel1 (r1 r2)))
            rel3 ()
            rel3 ((atom rel3 (r0)) (atom rel1 (r0 r1)))
        "#]],
    );
}

#[test]
fn bindings_pass_backwards_as_far_as_they_can() {
    let query = "((atom rel1 (7 8)) (atom rel0 (7 r1)))";
    check(
        LEFT,
        query,
        false,
        &expect![[r#"
        rel1 ((atom rel0 (r0 r1)) (atom rel3 (r0 r1)))
        rel1 ((atom rel1 (r0 r1)) (atom rel0 (r1 r2)) (atom rel3 (r0 r2)))
        rel3 ()
        rel3 ((atom rel3 (r0 r2)) (atom rel0 (r1 r2)))
    "#]],
    );
    let loose = "((atom rel1 (r0 r1)) (atom rel0 (r2 -)))";
    check(
        loose,
        query,
        false,
        &expect![[r#"
        rel1 ((atom rel0 (r0 r1)) (atom rel3 (r0)))
        rel1 ((atom rel1 (r0 r1)) (atom rel0 (r2 -)))
        rel3 ()
    "#]],
    );
}

#[test]
fn what_others_see_or_ask_whole_stays_whole() {
    check(LEFT, "((atom rel1 (7 r1)))", true, &expect!["as it is"]);
    check(LEFT, "((atom rel1 (r0 r1)))", false, &expect!["as it is"]);
    let fails = "((atom rel1 (r0 r1)) (let - ((r2 (binary int.add r1 1)))))";
    check(fails, "((atom rel1 (7 r1)))", false, &expect!["as it is"]);
}

/// Paths of even and odd length: two relations that depend on each other, one of which is asked.
#[test]
fn relations_that_depend_on_each_other_are_restricted_together() {
    let two = "((column \"a\" type0 key -) (column \"b\" type0 key -)) false ()";
    let variables = "((slot \"x\" type0) (slot \"y\" type0) (slot \"z\" type0))";
    let program = |query: &str| {
        format!(
            "(rir (plan \"Test\" false ((type0 Int)) () () () () ()
               ((relation \"e\" (table false) {two} false free) (relation \"odd\" scratch {two} false free)
                (relation \"even\" scratch {two} false free)
                (relation \"out\" output ((column \"a\" type0 key -)) false () true free))
               () () ((rule \"1\" \"base\" rel1 <= false) (rule \"2\" \"odd\" rel1 <= false)
                      (rule \"3\" \"even\" rel2 <= false) (rule \"4\" \"query\" rel3 <= false)) () () () ())
             ((rule {variables} ((atom rel0 (r0 r1))) (row (r0 r1)))
              (rule {variables} ((atom rel0 (r0 r1)) (atom rel2 (r1 r2))) (row (r0 r2)))
              (rule {variables} ((atom rel0 (r0 r1)) (atom rel1 (r1 r2))) (row (r0 r2)))
              (rule {variables} {query} (row (r1))))
             ((rule0 rule1 rule2) (rule3)) ())"
        )
    };
    let restricted = |query: &str| {
        let mut program = crate::rir::text::parse(&program(query)).expect("well-formed");
        let before = program.clone();
        restrict(&mut program, &|_| false);
        crate::rir::verify::verify(&program).expect("it is still a program");
        let mut shown = String::new();
        for (rule, declared) in program.rules.iter().zip(&program.declarations.rules) {
            let literals = text::print(&rule.literals);
            shown += &format!("{} {literals}", declared.head);
        }
        (shown, program == before)
    };
    expect![[r#"
        rel1 ((atom rel0 (r0 r1)) (atom rel4 (r0)))
        rel1 ((atom rel0 (r0 r1)) (atom rel2 (r1 r2)) (atom rel4 (r0)))
        rel2 ((atom rel0 (r0 r1)) (atom rel1 (r1 r2)) (atom rel5 (r0)))
        rel3 ((atom rel2 (7 r1)))
        rel5 ()
        rel5 ((atom rel4 (r0)) (atom rel0 (r0 r1)))
        rel4 ((atom rel5 (r0)) (atom rel0 (r0 r1)))
    "#]]
    .assert_eq(&restricted("((atom rel2 (7 r1)))").0);
    assert!(restricted("((atom rel2 (7 r1)) (atom rel1 (r0 r1)))").1);
}
