//! Plans of small rules, written as relational IR: `e` and `f` are tables of two Ints, `p` is
//! derived, `m` maps an Int to a `Max`.

use bloom_plan::plan::{Plan, RelationId, VersionId};
use bloom_plan::statistics::Statistics;
use bloom_plan::text;
use expect_test::{Expect, expect};

use super::{make_plan, replan};

/// Checks the indexes and versions of the program with these rules, all of one stratum.
fn check(heads: &[(&str, &str)], rules: &str, expected: &Expect) {
    let plan = plan(heads, rules);
    let mut shown = text::print(&plan.indexes);
    for version in &plan.versions {
        shown += &text::print(&version.nest);
    }
    expected.assert_eq(&shown);
}

/// The plan of these rules, all of one stratum.
fn plan(heads: &[(&str, &str)], rules: &str) -> Plan {
    let declared: String = heads
        .iter()
        .map(|(head, arrow)| format!("(rule \"at\" \"rule\" {head} {arrow} false)"))
        .collect();
    let ids = |merge: bool| {
        let ids = (0..)
            .zip(heads)
            .filter(|(_, (_, arrow))| (*arrow == "<=") == merge);
        ids.map(|(id, _): (usize, _)| format!("rule{id} "))
            .collect::<String>()
    };
    let two = "((column \"a\" type0 key -) (column \"b\" type0 key -)) false () false free)";
    let program = format!(
        "(rir (plan \"Test\" false ((type0 Int) (type1 (Max type0))) () () () () ()
           ((relation \"e\" (table false) {two} (relation \"f\" (table false) {two}
            (relation \"p\" scratch {two}
            (relation \"m\" (table false) ((column \"k\" type0 key -) (column \"v\" type1 lattice -)) false () false free))
           () () ({declared}) () () () ())
         ({rules}) (({})) ({}))",
        ids(true),
        ids(false),
    );
    make_plan(crate::rir::text::parse(&program).expect("well-formed"))
}

const XYZ: &str = "((slot \"x\" type0) (slot \"y\" type0) (slot \"z\" type0))";

#[test]
fn a_recursive_rule_has_a_version_for_each_delta() {
    let rules = format!("(rule {XYZ} ((atom rel2 (r0 r1)) (atom rel2 (r1 r2))) (row (r0 r2)))");
    check(
        &[("rel2", "<=")],
        &rules,
        &expect![[r#"
            ((index rel2 (0) total) (index rel2 (1) total))
            ((scan rel2 total ((0 r0) (1 r1))) (probe index0 (r1) ((1 r2))) (emit rel2 <= (r0 r2)))
            ((scan rel2 delta ((0 r0) (1 r1))) (probe index0 (r1) ((1 r2))) (emit rel2 <= (r0 r2)))
            ((scan rel2 delta ((0 r0) (1 r1))) (probe index1 (r0) ((0 r2))) (emit rel2 <= (r2 r1)))
        "#]],
    );
}

#[test]
fn look_ups_by_a_key_share_its_index_and_compare_the_rest() {
    let rules = format!(
        "(rule {XYZ} ((atom rel0 (r0 r1)) (atom rel3 (r0 r2)) (atom rel3 (r1 -))) (row (r0 r2)))"
    );
    check(
        &[("rel2", "<=")],
        &rules,
        &expect![[r#"
            ((index rel3 (0) total) (index rel3 (0) before) (index rel0 (0) total) (index rel0 (1) total))
            ((scan rel0 total ((0 r0) (1 r1)))
              (probe index0 (r0) ((1 r2)))
              (exists index0 (r1) false)
              (emit rel2 <= (r0 r2)))
            ((scan rel0 delta ((0 r0) (1 r1)))
              (probe index1 (r0) ((1 r2)))
              (exists index1 (r1) false)
              (emit rel2 <= (r0 r2)))
            ((scan rel3 delta ((0 r0) (1 r1)))
              (probe index2 (r0) ((1 r2)))
              (exists index1 (r2) false)
              (emit rel2 <= (r0 r1)))
            ((scan rel3 delta ((0 r0)))
              (probe index3 (r0) ((0 r1)))
              (probe index0 (r1) ((1 r2)))
              (emit rel2 <= (r1 r2)))
        "#]],
    );
}

#[test]
fn what_can_fail_comes_last() {
    let rules = format!(
        "(rule {XYZ} ((let - ((r2 (binary int.div r0 r1)))) (not rel1 (r0 -)) (condition (compare > type0 r1 0))
           (atom rel0 (r0 r1))) (row (r0 r2)))"
    );
    check(
        &[("rel2", "<=")],
        &rules,
        &expect![[r#"
            ((index rel1 (0) total) (index rel0 (0) before))
            ((scan rel0 total ((0 r0) (1 r1)))
              (filter (compare > type0 r1 0))
              (exists index0 (r0) true)
              (let r2 (binary int.div r0 r1))
              (emit rel2 <= (r0 r2)))
            ((scan rel1 delta ((0 r0)))
              (probe index1 (r0) ((1 r1)))
              (filter (compare > type0 r1 0))
              (let r2 (binary int.div r0 r1))
              (emit rel2 <= (r0 r2)))
            ((scan rel0 delta ((0 r0) (1 r1)))
              (filter (compare > type0 r1 0))
              (exists index0 (r0) true)
              (let r2 (binary int.div r0 r1))
              (emit rel2 <= (r0 r2)))
        "#]],
    );
}

#[test]
fn a_row_of_which_nothing_is_read_is_asked_for_once_unless_rows_count() {
    let atoms = "((atom rel0 (r0 r1)) (atom rel1 (r1 -)))";
    let counts = "(group (r0) () ((group 0) (function count 0 - () type0)))";
    let rules = format!("(rule {XYZ} {atoms} (row (r0 r1))) (rule {XYZ} {atoms} {counts})");
    check(
        &[("rel2", "<="), ("rel2", "<+")],
        &rules,
        &expect![[r#"
            ((index rel1 (0) total) (index rel1 (0) before) (index rel0 (1) total) (index rel4 (0 1) total))
            ((scan rel0 total ((0 r0) (1 r1))) (exists index0 (r1) false) (emit rel2 <= (r0 r1)))
            ((scan rel0 total ((0 r0) (1 r1))) (probe index0 (r1) ()) (emit rel2 <= (r0 r1)))
            ((scan rel0 delta ((0 r0) (1 r1))) (probe index1 (r1) ()) (emit rel2 <= (r0 r1)))
            ((scan rel1 delta ((0 r0))) (probe index2 (r0) ((0 r1))) (emit rel2 <= (r1 r0)))
            ((scan rel0 total ((0 r0) (1 r1))) (probe index0 (r1) ()) (accumulate agg0 (r0) ()))
            ((scan rel0 delta ((0 r0) (1 r1))) (probe index1 (r1) ()) (accumulate agg0 (r0) ()))
            ((scan rel1 delta ((0 r0))) (probe index2 (r0) ((0 r1))) (accumulate agg0 (r1) ()))
            ((scan rel0 total ((0 r0) (1 r1))) (probe index0 (r1) ()) (accumulate agg1 (r0) ()))
        "#]],
    );
}

#[test]
fn a_repeated_variable_is_compared_with_itself() {
    let rules = format!("(rule {XYZ} ((atom rel0 (r0 r0)) (atom rel1 (7 r1))) (row (r0 r1)))");
    check(
        &[("rel2", "<=")],
        &rules,
        &expect![[r#"
            ((index rel1 (0) total) (index rel1 (0) before))
            ((probe index0 (7) ((1 r0)))
              (scan rel0 total ((0 r1) (1 r2)))
              (filter (compare == type0 r2 r1))
              (emit rel2 <= (r1 r0)))
            ((scan rel0 delta ((0 r0) (1 r1)))
              (filter (compare == type0 r1 r0))
              (probe index1 (7) ((1 r2)))
              (emit rel2 <= (r0 r2)))
            ((scan rel1 delta ((0 r0) (1 r1)))
              (filter (compare == type0 r0 7))
              (scan rel0 total ((0 r2) (1 r3)))
              (filter (compare == type0 r3 r2))
              (emit rel2 <= (r2 r1)))
        "#]],
    );
}

/// Rows of `e`, `f`, `p` and `m`; every column has as many values as there are rows.
struct Sizes([u64; 4]);

impl Statistics for Sizes {
    fn rows(&self, relation: RelationId) -> u64 {
        self.0[relation.0 as usize]
    }

    fn distinct(&self, relation: RelationId, _: &[u32]) -> u64 {
        self.rows(relation)
    }
}

/// Checks how the first version of the rule is evaluated where relations have these sizes.
fn check_replanned(rule: &str, sizes: [u64; 4], expected: &Expect) {
    let plan = plan(&[("rel2", "<=")], rule);
    let replanned = replan(&plan, &[VersionId(0)], &Sizes(sizes));
    let shown = match replanned {
        Some(replanned) => {
            assert_eq!(replanned.plan.indexes[..plan.indexes.len()], plan.indexes);
            text::print(&replanned.plan.versions[0].nest)
        }
        None => "as it is".to_owned(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn joins_begin_with_what_leaves_the_fewest_rows() {
    let atoms = "((atom rel0 (r0 r1)) (atom rel0 (r1 r2)) (atom rel1 (r2 -)))";
    let rule = format!("(rule {XYZ} {atoms} (row (r0 r2)))");
    check_replanned(&rule, [100, 100, 1, 1], &expect!["as it is"]);
    check_replanned(
        &rule,
        [1_000_000, 10, 1, 1],
        &expect![[r#"
        ((scan rel1 total ((0 r0)))
          (probe index4 (r0) ((0 r1)))
          (probe index4 (r1) ((0 r2)))
          (emit rel2 <= (r2 r0)))
    "#]],
    );
}

#[test]
fn what_can_fail_comes_last_in_every_order() {
    let atoms = "((atom rel0 (r0 r1)) (let - ((r2 (binary int.div r0 r1)))) (atom rel1 (r1 -)) (atom rel3 (r0 -)))";
    let rule = format!("(rule {XYZ} {atoms} (row (r0 r2)))");
    check_replanned(
        &rule,
        [1_000_000, 1_000, 1, 10],
        &expect![[r#"
        ((scan rel3 total ((0 r0)))
          (scan rel1 total ((0 r1)))
          (exists index6 (r0 r1) false)
          (let r2 (binary int.div r0 r1))
          (emit rel2 <= (r0 r2)))
    "#]],
    );
}

#[test]
fn a_join_that_two_rules_have_in_common_is_evaluated_once() {
    let path = "(atom rel0 (r0 r1)) (atom rel0 (r1 r2)) (atom rel1 (r2 r0))";
    // The same in other words: a, b, c are y, z, x here.
    let whole = "(atom rel1 (r1 r2)) (atom rel0 (r2 r0)) (atom rel3 (r1 -)) (atom rel0 (r0 r1))";
    let rules = format!("(rule {XYZ} ({path}) (row (r0 r2))) (rule {XYZ} ({whole}) (row (r2 r2)))");
    let plan = plan(&[("rel2", "<="), ("rel2", "<=")], &rules);
    let shown = |rule: u32| {
        let versions = plan
            .versions
            .iter()
            .filter(|version| version.rule.0 == rule);
        let first = versions.take(1).map(|version| text::print(&version.nest));
        first.collect::<String>()
    };
    let all = format!("{}{}{}", shown(0), shown(1), shown(2));
    assert_eq!(plan.relations[4].name, "p.shared.rule0");
    expect![[r#"
        ((scan rel4 total ((0 r0) (1 r1))) (emit rel2 <= (r0 r1)))
        ((scan rel4 total ((0 r0) (1 r1))) (exists index6 (r1) false) (emit rel2 <= (r0 r0)))
        ((scan rel0 total ((0 r0) (1 r1)))
          (probe index0 (r1) ((1 r2)))
          (exists index1 (r2 r0) false)
          (emit rel4 <= (r0 r2)))
    "#]]
    .assert_eq(&all);
}

#[test]
fn what_two_rules_have_only_partly_in_common_is_not_shared() {
    let one = "(atom rel0 (r0 r1)) (atom rel0 (r1 r2)) (atom rel1 (r2 r0))";
    let other = "(atom rel0 (r0 r1)) (atom rel0 (r1 r2)) (atom rel1 (r0 r2))";
    let rules = format!("(rule {XYZ} ({one}) (row (r0 r2))) (rule {XYZ} ({other}) (row (r0 r2)))");
    assert_eq!(
        plan(&[("rel2", "<="), ("rel2", "<=")], &rules)
            .relations
            .len(),
        4
    );
    // Two atoms cost less than keeping what they give.
    let short = "(atom rel0 (r0 r1)) (atom rel0 (r1 r2))";
    let rules =
        format!("(rule {XYZ} ({short}) (row (r0 r2))) (rule {XYZ} ({short}) (row (r2 r0)))");
    assert_eq!(
        plan(&[("rel2", "<="), ("rel2", "<=")], &rules)
            .relations
            .len(),
        4
    );
    // What may fail is told of each rule.
    let fails = format!("{one} (condition (compare > type0 (binary int.div r0 r1) 0))");
    let rules =
        format!("(rule {XYZ} ({fails}) (row (r0 r2))) (rule {XYZ} ({fails}) (row (r2 r0)))");
    assert_eq!(
        plan(&[("rel2", "<="), ("rel2", "<=")], &rules)
            .relations
            .len(),
        4
    );
}

/// Whether a rule after `p{x, y} <= f{x, y};` is given a join of its own, and the versions of all rules then.
fn kept(rule: &str) -> Option<String> {
    let copy = format!("(rule {XYZW} ((atom rel1 (r0 r1))) (row (r0 r1)))");
    let plan = plan(&[("rel2", "<="), ("rel2", "<=")], &format!("{copy} {rule}"));
    let join = plan.relations.get(4)?;
    assert_eq!(join.name, "p.joined.rule1");
    let recursive = plan.strata.iter().flat_map(|stratum| &stratum.recursive);
    let nests = recursive.map(|v| text::print(&plan.versions[v.0 as usize].nest));
    Some(nests.collect())
}

const XYZW: &str = "((slot \"x\" type0) (slot \"y\" type0) (slot \"z\" type0) (slot \"w\" type0))";

#[test]
fn a_recursive_rule_keeps_a_join_that_new_rows_would_go_through() {
    // New rows of the last atom would meet all rows of `p` that end where they begin.
    let last = "((atom rel0 (r0 r1)) (atom rel2 (r1 r2)) (atom rel2 (r2 r3)))";
    let shown = kept(&format!("(rule {XYZW} {last} (row (r0 r3)))"));
    expect![[r#"
        ((scan rel4 delta ((0 r0) (1 r1))) (probe index0 (r1) ((1 r2))) (emit rel2 <= (r0 r2)))
        ((scan rel2 delta ((0 r0) (1 r1))) (probe index2 (r0) ((0 r2))) (emit rel2 <= (r2 r1)))
        ((scan rel2 delta ((0 r0) (1 r1))) (probe index1 (r0) ((0 r2))) (emit rel4 <= (r2 r1)))
    "#]]
    .assert_eq(&shown.expect("it keeps one"));
    // A condition on what is joined tells its rows apart.
    let tested = "((atom rel0 (r0 r1)) (atom rel2 (r1 r2)) (condition (compare < type0 r0 r2)) (atom rel2 (r2 r3)))";
    let shown = kept(&format!("(rule {XYZW} {tested} (row (r0 r3)))"));
    assert!(shown.is_some_and(|shown| shown.contains("(filter (compare < type0 r")));
}

#[test]
fn a_recursive_rule_keeps_no_join_that_would_spare_nothing() {
    for body in [
        // Whichever row of `p` is new, `e` comes next, and what it has is all wanted.
        "((atom rel2 (r0 r1)) (atom rel0 (r1 r2)) (atom rel2 (r2 r3)))",
        "((atom rel0 (r0 r1)) (atom rel2 (r0 r2)) (atom rel2 (r1 r3)))",
        // One atom of the recursion, two atoms at all, and a product.
        "((atom rel0 (r0 r1)) (atom rel2 (r1 r2)) (atom rel1 (r2 r3)))",
        "((atom rel2 (r0 r1)) (atom rel2 (r1 r3)))",
        "((atom rel0 (r0 -)) (atom rel2 (r1 r2)) (atom rel2 (r2 r3)))",
    ] {
        assert_eq!(
            kept(&format!("(rule {XYZW} {body} (row (r0 r3)))")),
            None,
            "{body}"
        );
    }
}

#[test]
fn a_plan_says_when_a_stratum_is_evaluated_whole() {
    let copy = format!("(rule {XYZ} ((atom rel0 (r0 r1))) (row (r0 r1)))");
    let shown = super::explain(&plan(&[("rel2", "<=")], &copy));
    expect![[r#"
        ; stratum 0 (p) is evaluated whole a second time, when it first has a change to follow: derivations are counted from then on
    "#]].assert_eq(&shown);
    // Nothing of the head says which rows of `e` to look for.
    let loose =
        format!("{copy} (rule {XYZ} ((atom rel2 (r0 r1)) (atom rel0 (r2 r2))) (row (r0 r0)))");
    let shown = super::explain(&plan(&[("rel2", "<="), ("rel2", "<=")], &loose));
    expect![[r#"
        ; at is evaluated whole when something goes that it may have derived: what else supports a row could be found only by going through all rows of a relation
    "#]].assert_eq(&shown);
    let step =
        format!("{copy} (rule {XYZ} ((atom rel2 (r0 r1)) (atom rel0 (r1 r2))) (row (r0 r2)))");
    let shown = super::explain(&plan(&[("rel2", "<="), ("rel2", "<=")], &step));
    assert_eq!(
        shown, "",
        "one relation that depends on itself has an order"
    );
    let fails = format!("(rule {XYZ} ((atom rel0 (r0 r1))) (row (r0 (binary int.div r0 r1))))");
    let shown = super::explain(&plan(&[("rel2", "<=")], &fails));
    expect![[r#"
        ; stratum 0 (p) is evaluated whole a second time, when it first has a change to follow: derivations are counted from then on
        ; stratum 0 (p) is evaluated whole while a row error or a key conflict lasts in it, so that reports stay the same
    "#]].assert_eq(&shown);
}

#[test]
fn support_is_looked_for_in_rows_of_others_before_those_of_the_stratum() {
    let copy = format!("(rule {XYZ} ((atom rel0 (r0 r1))) (row (r0 r1)))");
    let step = format!("(rule {XYZ} ((atom rel2 (r0 r1)) (atom rel0 (r1 r2))) (row (r0 r2)))");
    let plan = plan(&[("rel2", "<="), ("rel2", "<=")], &format!("{copy} {step}"));
    let support = plan.strata.iter().flat_map(|stratum| &stratum.support);
    let read = support.map(|v| {
        let nest = plan.versions[v.0 as usize].nest.iter();
        nest.filter_map(|op| Some(op.read(&plan)?.0)).collect()
    });
    let read: Vec<Vec<u32>> = read.collect();
    assert_eq!(
        read,
        [vec![2, 0], vec![2, 0, 2]],
        "a row, then what it may follow from"
    );
}
