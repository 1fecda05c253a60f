//! Fault tests as data, and the specs that they check as kinds of node of their own.
//!
//! Whoever searches for faults knows no source text: it gets the nodes and rows of a test as values, and for
//! each spec a plan and its code (`observer`). What a fault test says that means nothing in one is a
//! [`Problem`].

mod observer;

use std::collections::BTreeSet;

use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use bloom_plan::testing::{Action, FaultBounds, FaultTest, Feed, Observer, Step, Test};
use bloom_plan::value::Value;

use crate::codegen::{self, Target};
use crate::compile::Typing;
use crate::eval::{Evaluator, Frame};
use crate::hir::{self, ExprId};
use crate::typing::BodyTypes;
use crate::{opt, planning, testing};

/// Ticks of a fault test, past which it is refused.
const TICKS_MAX: i64 = 10_000;

/// Ticks by which a message may be late at most.
const DELAY_MAX: i64 = 16;

/// How often nodes may be cut off.
const PARTITIONS_MAX: i64 = 16;

/// How many nodes may be slow, have a wrong clock, or come back.
const AILMENTS_MAX: i64 = 16;

/// The fault tests of a program that can be run, the observers that they need, and what is wrong with others.
#[derive(Debug, Default)]
pub struct Lowered {
    pub tests: Vec<FaultTest>,
    pub observers: Vec<(Plan, Artifact)>,
    pub problems: Vec<Problem>,
}

/// Why a fault test cannot be run, and where it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub loc: hir::Loc,
    pub message: String,
}

/// Lowers the fault tests of a program without errors.
pub fn lower_fault_tests(of: Typing<'_>, target: &Target) -> Lowered {
    let mut lowered = Lowered::default();
    let tests = of.program.fault_tests.iter().map(|fault| &fault.test);
    let observers = lower_observers(of, target, tests, &mut lowered.observers);
    for (test, types) in of.program.fault_tests.iter().zip(&of.typed.fault_tests) {
        match lower_test(of, test, types, &observers) {
            Ok(test) => lowered.tests.push(test),
            Err(problem) => lowered.problems.push(problem),
        }
    }
    lowered
}

/// The `test` blocks of a program, and the observers that they need.
#[derive(Debug, Default)]
pub struct LoweredTests {
    pub tests: Vec<Test>,
    pub observers: Vec<(Plan, Artifact)>,
    /// Steps without a value.
    pub failures: Vec<testing::Failure>,
}

/// Lowers the `test` blocks of a program without errors, with the specs that they check.
pub fn lower_tests(of: Typing<'_>, target: &Target) -> LoweredTests {
    let (mut tests, failures) = testing::lower_tests(of.program, of.typed, of.sources);
    let mut plans = Vec::new();
    let observers = lower_observers(of, target, of.program.tests.iter(), &mut plans);
    for (lowered, test) in tests.iter_mut().zip(&of.program.tests) {
        lowered.observers = checked(test, &observers);
    }
    LoweredTests {
        tests,
        observers: plans,
        failures,
    }
}

/// The observers of the specs that some of these tests check, each with its place; their code goes to `plans`.
fn lower_observers<'t>(
    of: Typing<'_>,
    target: &Target,
    tests: impl Iterator<Item = &'t hir::Test>,
    plans: &mut Vec<(Plan, Artifact)>,
) -> Vec<(u32, Observer)> {
    let places: BTreeSet<u32> = tests.flat_map(|test| test.checks.iter().copied()).collect();
    let mut observers = Vec::new();
    for place in places {
        let (mut program, observer) = observer::lower(of, place as usize);
        opt::optimize(&mut program);
        let plan = planning::make_plan(program);
        let artifact = codegen::generate(&plan, target);
        plans.push((plan, artifact));
        observers.push((place, observer));
    }
    observers
}

/// The observers of the specs that a test checks.
fn checked(test: &hir::Test, observers: &[(u32, Observer)]) -> Vec<Observer> {
    let of_test = observers.iter();
    let of_test = of_test.filter(|(spec, _)| test.checks.contains(spec));
    of_test.map(|(_, observer)| observer.clone()).collect()
}

fn lower_test(
    of: Typing<'_>,
    test: &hir::FaultTest,
    types: &BodyTypes,
    observers: &[(u32, Observer)],
) -> Result<FaultTest, Problem> {
    let loc = test.test.loc;
    let mut failures = Vec::new();
    let (program, typed, sources) = (of.program, of.typed, of.sources);
    let lowered = testing::lower_test(program, typed, sources, &test.test, types, &mut failures);
    if let Some(failure) = failures.first() {
        return Err(Problem {
            loc: failure.loc,
            message: format!("this has no value: {}", failure.error.message()),
        });
    }
    let mut evaluator = Evaluator::new(program, typed);
    evaluator.nodes = test
        .test
        .nodes
        .iter()
        .map(|node| node.name.clone())
        .collect();
    let bounds = Bounds {
        evaluator,
        test,
        types,
    };
    Ok(FaultTest {
        feeds: feeds(&lowered.steps).map_err(|message| Problem { loc, message })?,
        observers: checked(&test.test, observers),
        bounds: bounds.read().map_err(|message| Problem { loc, message })?,
        name: lowered.name,
        file: lowered.file,
        line: lowered.line,
        column: lowered.column,
        nodes: lowered.nodes,
    })
}

/// The rows that are fed, each with its tick.
fn feeds(steps: &[Step]) -> Result<Vec<Feed>, String> {
    let mut feeds = Vec::new();
    let mut tick: u32 = 1;
    for step in steps {
        match &step.action {
            Action::Start { .. } => {}
            Action::Feed {
                node,
                collection,
                row,
            } => feeds.push(Feed {
                tick,
                node: *node,
                collection: collection.clone(),
                row: row.clone(),
            }),
            Action::Tick { count, nodes: None } => tick = tick.saturating_add(*count),
            Action::Tick { nodes: Some(_), .. }
            | Action::Settle
            | Action::Advance { .. }
            | Action::Crash { .. }
            | Action::Restart { .. }
            | Action::Partition { .. }
            | Action::Heal
            | Action::Drop { .. }
            | Action::Seal { .. }
            | Action::ExpectRows { .. }
            | Action::ExpectMatch { .. }
            | Action::ExpectError { .. } => {
                return Err(format!(
                    "a fault test has nodes, rows and ticks of all nodes, and no `{}`",
                    step.text.trim_end_matches(';')
                ));
            }
        }
    }
    Ok(feeds)
}

/// What stands after `with`.
struct Bounds<'b> {
    evaluator: Evaluator<'b>,
    test: &'b hir::FaultTest,
    types: &'b BodyTypes,
}

impl Bounds<'_> {
    fn read(&self) -> Result<FaultBounds, String> {
        let given = &self.test.bounds;
        let known = [
            "delays",
            "duplicates",
            "partitions",
            "slow",
            "skews",
            "restarts",
        ];
        let name = |option: &hir::CallArg| option.name.clone().unwrap_or_default();
        let mut others = given.others.iter().map(name);
        if let Some(name) = others.find(|name| !known.contains(&name.as_str())) {
            return Err(format!(
                "unknown option `{name}`: there are `ticks`, `losses until`, `crashes`, `{}`",
                known.join("`, `")
            ));
        }
        let other = |wanted: &str| {
            let mut others = given.others.iter();
            let option = others.find(|option| option.name.as_deref() == Some(wanted));
            option.map(|option| option.value)
        };
        let ticks = given
            .ticks
            .ok_or("a fault test says how many ticks it has: `with ticks 6`")?;
        let ticks = self.number("ticks", Some(ticks), 1..=TICKS_MAX)?;
        Ok(FaultBounds {
            ticks,
            losses_until: self.number("losses until", given.losses_until, 0..=TICKS_MAX)?,
            crashes: self.number("crashes", given.crashes, 0..=TICKS_MAX)?,
            delays: self.number("delays", other("delays"), 0..=DELAY_MAX)?,
            duplicates: self.number("duplicates", other("duplicates"), 0..=1)? == 1,
            partitions: self.number("partitions", other("partitions"), 0..=PARTITIONS_MAX)?,
            slow: self.number("slow", other("slow"), 0..=AILMENTS_MAX)?,
            skews: self.number("skews", other("skews"), 0..=AILMENTS_MAX)?,
            restarts: self.number("restarts", other("restarts"), 0..=AILMENTS_MAX)?,
        })
    }

    /// A bound; 0 if it is not given.
    fn number(
        &self,
        name: &str,
        expr: Option<ExprId>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<u32, String> {
        let Some(expr) = expr else {
            return Ok(0);
        };
        let mut frame = Frame::new(&self.test.test.body, self.types);
        match self.evaluator.expr(&mut frame, expr) {
            Ok(Value::Int(n)) if range.contains(&n) => {
                Ok(u32::try_from(n).expect("the range lies within a `u32`"))
            }
            _ => Err(format!(
                "`{name}` is a number from {} to {}",
                range.start(),
                range.end()
            )),
        }
    }
}

#[cfg(test)]
mod tests;
