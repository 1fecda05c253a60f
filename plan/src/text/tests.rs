//! Plans print, and parse back to what they were.

use super::*;
use crate::plan::Plan;

pub(crate) const CLOSURE: &str = r#"(plan "Closure" false
  ((type0 Int))
  ()
  ()
  ()
  ()
  ()
  ((relation "edge" input
      ((column "a" type0 key -) (column "b" type0 key -)) false () true free)
   (relation "path" output
      ((column "a" type0 key -) (column "b" type0 key -)) false () true free))
  ((index rel0 (0) total))
  ()
  ((rule "tc.bloom:1:1" "path(a, b) <= edge(a, b);" rel1 <= false)
   (rule "tc.bloom:2:1" "path(a, c) <= path(a, b), edge(b, c);" rel1 <= false))
  ((version rule0 - - ((slot "a" type0) (slot "b" type0))
     ((scan rel0 total ((0 r0) (1 r1))) (emit rel1 <= (r0 r1))))
   (version rule1 - - ((slot "a" type0) (slot "b" type0) (slot "c" type0))
     ((scan rel1 total ((0 r0) (1 r1))) (probe index0 (r1) ((1 r2))) (emit rel1 <= (r0 r2))))
   (version rule1 rel1 - ((slot "a" type0) (slot "b" type0) (slot "c" type0))
     ((scan rel1 delta ((0 r0) (1 r1))) (probe index0 (r1) ((1 r2))) (emit rel1 <= (r0 r2)))))
  ((stratum anew (version0 version1) (version2) () () () () () () ()))
  ()
  ())"#;

#[test]
fn a_plan_prints_and_parses_back() {
    let plan: Plan = parse(CLOSURE).expect("well-formed");
    assert_eq!(plan.versions.len(), 3);
    let text = print(&plan);
    assert_eq!(parse::<Plan>(&text).expect("printed"), plan, "{text}");
}

#[test]
fn the_delivery_of_what_arrives_is_part_of_a_plan() {
    let deliveries = ["once", "(fifo \"steps\")", "(ordered \"log\")"];
    for delivery in deliveries {
        let text = CLOSURE.replacen("true free)", &format!("true {delivery})"), 1);
        let plan: Plan = parse(&text).expect("well-formed");
        assert_eq!(parse::<Plan>(&print(&plan)).expect("printed"), plan);
        assert_ne!(plan, parse(CLOSURE).expect("well-formed"));
        crate::plan::verify::verify(&plan).expect("the edges arrive");
    }
    let derived = CLOSURE.replace("true free))", "true (fifo \"steps\")))");
    let nameless = CLOSURE.replacen("true free)", "true (ordered \"\"))", 1);
    for text in [derived, nameless] {
        let plan: Plan = parse(&text).expect("well-formed");
        crate::plan::verify::verify(&plan).expect_err("no such delivery");
    }
}

#[test]
fn quoted_text_keeps_its_characters() {
    for text in ["", "a\"b\\c", "line\nbreak\t", "\u{1f338}\0\u{7f}"] {
        let quoted = smol_str::SmolStr::new(text);
        assert_eq!(
            parse::<smol_str::SmolStr>(&print(&quoted)).expect("printed"),
            quoted
        );
    }
}

#[test]
fn malformed_text_is_refused() {
    for text in [
        "",
        "(",
        ")",
        "(plan",
        "(plan \"x\")",
        "\"open",
        "(stratum () () ())",
    ] {
        assert!(parse::<Plan>(text).is_err(), "{text}");
    }
}
