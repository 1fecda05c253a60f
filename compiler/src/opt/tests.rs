//! What each pass changes, and that the meaning stays.

use super::optimize;
use crate::rir::{Literal, Program, text};

/// `out(x) <= in(x, y), in(x, y), 1 < 2 && x > 1 + 2, let z = y;`
const EXAMPLE: &str = r#"(rir (plan "Example" false ((type0 Int)) () () () () ()
  ((relation "in" input ((column "a" type0 key -) (column "b" type0 key -)) false () true free)
   (relation "out" output ((column "a" type0 key -)) false () true free))
  () () ((rule "e:1:1" "out" rel1 <= false) (rule "e:2:1" "never" rel1 <= false)) () () () ())
  ((rule ((slot "x" type0) (slot "y" type0) (slot "z" type0))
     ((atom rel0 (r0 r1)) (atom rel0 (r0 r1))
      (condition (and (compare < type0 1 2) (compare > type0 r0 (binary int.add 1 2))))
      (let - ((r2 r1))))
     (row (r0)))
   (rule ((slot "x" type0)) ((atom rel0 (r0 -)) (condition (compare > type0 1 2))) (row (r0))))
  ((rule0 rule1)) ())"#;

fn optimized() -> Program {
    let mut program = text::parse(EXAMPLE).expect("well-formed");
    assert_eq!(
        text::parse(&text::print(&program)).as_ref(),
        Ok(&program),
        "prints and parses back"
    );
    optimize(&mut program);
    program
}

#[test]
fn what_says_nothing_goes() {
    let program = optimized();
    let [Literal::Atom { columns, .. }, Literal::Condition(condition)] =
        program.rules[0].literals.as_slice()
    else {
        panic!("{}", text::print(&program));
    };
    assert!(columns[1].is_none(), "nothing reads `y`");
    assert_eq!(
        bloom_plan::text::print(condition).trim(),
        "(compare > type0 r0 3)"
    );
}

#[test]
fn a_rule_that_cannot_hold_is_not_scheduled() {
    let program = optimized();
    assert_eq!(program.strata, [[bloom_plan::plan::RuleId(0)]]);
}
