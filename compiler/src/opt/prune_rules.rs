//! Dead rules: one whose body can never hold, because a condition is false. Rules keep their
//! numbers; such a rule is only taken off the schedule.

use bloom_plan::plan::{Expr, RuleId};

use crate::rir::{Literal, Program};

pub(super) fn run(program: &mut Program) {
    let dead = |rule: &RuleId| {
        let literals = &program.rules[rule.0 as usize].literals;
        literals
            .iter()
            .any(|literal| matches!(literal, Literal::Condition(Expr::Word(0))))
    };
    for stratum in &mut program.strata {
        stratum.retain(|rule| !dead(rule));
    }
    program.strata.retain(|stratum| !stratum.is_empty());
    program.closing.retain(|rule| !dead(rule));
}
