//! Runs one test: its steps in order, until the first that fails.
//!
//! An error that a tick raises must be expected by an `expect error` before the next tick (or the
//! test's end); one that is not is a failure of the step that ran the tick.

use std::sync::Arc;

use bloom_plan::testing::{Action, Pattern, Step, Test};
use bloom_plan::value::{Row, Value};
use bloom_runtime::Program;
use smol_str::SmolStr;

use crate::machine::{Kinds, Programs};
use crate::report::{Subject, unexpected_errors};
use crate::watch::{Broken, Watch};
use crate::world::{Setup, Trouble, World};

/// How a test went under one seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestResult {
    pub test: String,
    /// File as given on the command line.
    pub file: String,
    pub seed: u64,
    /// None: passed.
    pub failure: Option<Failure>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub message: String,
    /// `file:line:column` of the step that failed.
    pub at: String,
    /// The step as written.
    pub step: String,
}

impl TestResult {
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }
}

/// Runs a test on the programs of its kinds of node.
pub fn run_test(programs: &[(SmolStr, Arc<Program>)], test: &Test, seed: u64) -> TestResult {
    run(&Programs(programs), programs, test, seed)
}

/// Runs a test on any machine; `observers` has the programs of the specs that it checks, among others.
pub fn run<K: Kinds>(
    kinds: &K,
    observers: &[(SmolStr, Arc<Program>)],
    test: &Test,
    seed: u64,
) -> TestResult {
    TestResult {
        test: test.name.clone(),
        file: test.file.clone(),
        seed,
        failure: steps(kinds, &Programs(observers), test, seed).err(),
    }
}

fn steps<K: Kinds>(
    kinds: &K,
    observers: &Programs<'_>,
    test: &Test,
    seed: u64,
) -> Result<(), Failure> {
    let whole = |message: String| Failure {
        message,
        at: format!("{}:{}:{}", test.file, test.line, test.column),
        step: format!("test \"{}\"", test.name),
    };
    if let Some(node) = test.nodes.iter().find(|n| kinds.plan(&n.kind).is_none()) {
        let message = format!("there is no kind of node `{}`", node.kind);
        return Err(whole(message));
    }
    let setups = test.nodes.iter().map(|node| Setup {
        name: node.name.clone(),
        kind: node.kind.clone(),
        parameters: node.arguments.clone(),
    });
    let watches = test.observers.iter();
    let watches = watches.map(|observer| Watch::start(observers, observer));
    let mut script = Script {
        world: World::new(kinds, setups.collect(), seed),
        watching: Watching {
            observers: watches.collect::<Result<_, _>>().map_err(whole)?,
            crashed: vec![None; test.nodes.len()],
            tick: 0,
        },
        test,
        unexpected: Vec::new(),
        raised_by: None,
    };
    for step in &test.steps {
        script.step(step)?;
    }
    script.no_error_is_left()?;
    script.watching.finish().map_err(whole)
}

/// The specs that a test checks, and what they have to be told.
struct Watching<'t> {
    observers: Vec<Watch<'t>>,
    /// By node, the tick in which it crashed.
    crashed: Vec<Option<u32>>,
    /// Ticks so far.
    tick: u32,
}

impl Watching<'_> {
    /// Looks at all nodes after a tick.
    fn look<K: Kinds>(&mut self, world: &World<'_, K>) -> Result<(), String> {
        self.tick += 1;
        let crashed = |node: usize| self.crashed[node];
        for observer in &mut self.observers {
            let broken = observer.look(world, &crashed, self.tick)?;
            told(broken, "after")?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), String> {
        let observers = self.observers.iter();
        for observer in observers.filter(|_| self.tick > 0) {
            told(observer.finish(self.tick)?, "at the end, after")?;
        }
        Ok(())
    }
}

/// What is broken as an error, if something is.
fn told(broken: Vec<Broken>, when: &str) -> Result<(), String> {
    let told = broken.iter().map(|(spec, what, tick)| {
        let what = match what.strip_prefix("never ") {
            Some(row) => format!("has {row}, which must never be"),
            None if what.starts_with("post(") => format!("lacks {what}, though there is its `pre`"),
            None => format!("fails at {what}"),
        };
        format!("{when} tick {tick} spec {spec} {what}")
    });
    match told.collect::<Vec<_>>() {
        told if told.is_empty() => Ok(()),
        told => Err(told.join("\n")),
    }
}

struct Script<'a, K: Kinds> {
    world: World<'a, K>,
    watching: Watching<'a>,
    test: &'a Test,
    /// Errors of the last step that ran ticks, which no `expect error` has named yet.
    unexpected: Vec<Trouble>,
    raised_by: Option<&'a Step>,
}

impl<'a, K: Kinds> Script<'a, K> {
    fn step(&mut self, step: &'a Step) -> Result<(), Failure> {
        match &step.action {
            Action::Tick { count, nodes } => {
                self.no_error_is_left()?;
                let nodes = nodes.clone().unwrap_or_else(|| self.world.all());
                for _ in 0..*count {
                    let ticked = self.world.tick(&nodes);
                    let troubles = ticked.map_err(|message| self.failed(step, message))?;
                    self.unexpected.extend(troubles);
                    let looked = self.watching.look(&self.world);
                    looked.map_err(|message| self.failed(step, message))?;
                }
                self.raised_by = Some(step);
                Ok(())
            }
            Action::Settle => {
                self.no_error_is_left()?;
                self.raised_by = Some(step);
                let watching = &mut self.watching;
                let settled = self.world.settle_watched(&mut |world| watching.look(world));
                self.unexpected = settled.map_err(|m| self.failed(step, m))?;
                Ok(())
            }
            action => {
                let done = self.perform(action);
                done.map_err(|message| self.failed(step, message))
            }
        }
    }

    /// A step that runs no tick.
    fn perform(&mut self, action: &Action) -> Result<(), String> {
        let world = &mut self.world;
        match action {
            Action::Start { node } | Action::Restart { node } => {
                self.watching.crashed[*node] = None;
                world.start(*node)
            }
            Action::Crash { node } => {
                self.watching.crashed[*node] = Some(self.watching.tick + 1);
                world.crash(*node)
            }
            Action::Feed {
                node,
                collection,
                row,
            } => world.feed(*node, collection, row.clone()),
            Action::Seal {
                node,
                collection,
                key,
            } => world.seal(*node, collection, key.clone()),
            Action::Advance { nanoseconds } => {
                world.advance(*nanoseconds);
                Ok(())
            }
            Action::Partition { groups } => {
                world.partition(groups);
                Ok(())
            }
            Action::Heal => {
                world.heal();
                Ok(())
            }
            Action::Drop { from, to, channel } => {
                world.drop_next(*from, *to, channel);
                Ok(())
            }
            Action::ExpectRows {
                node,
                collection,
                rows,
            } => self.expect_rows(*node, collection, rows),
            Action::ExpectMatch {
                node,
                collection,
                columns,
                negated,
            } => self.expect_match(*node, collection, columns, *negated),
            Action::ExpectError { text } => self.expect_error(text),
            Action::Tick { .. } | Action::Settle => unreachable!("they run ticks"),
        }
    }

    fn expect_rows(&self, node: usize, collection: &str, rows: &[Row]) -> Result<(), String> {
        let mut expected = rows.to_vec();
        expected.sort();
        expected.dedup();
        let actual = self.world.rows(node, collection)?;
        if actual == expected {
            return Ok(());
        }
        Err(self
            .subject(node, collection)
            .rows_differ(&expected, &actual))
    }

    fn expect_match(
        &self,
        node: usize,
        collection: &str,
        columns: &[Pattern],
        negated: bool,
    ) -> Result<(), String> {
        let actual = self.world.rows(node, collection)?;
        let matching: Vec<&Row> = actual.iter().filter(|row| matches(columns, row)).collect();
        match (negated, matching.is_empty()) {
            (false, true) => Err(self.subject(node, collection).none_matches(&actual)),
            (true, false) => Err(self.subject(node, collection).some_match(&matching)),
            (false, false) | (true, true) => Ok(()),
        }
    }

    fn expect_error(&mut self, text: &str) -> Result<(), String> {
        let before = self.unexpected.len();
        self.unexpected.retain(|t| !t.error.message.contains(text));
        if self.unexpected.len() < before {
            return Ok(());
        }
        Err(if self.unexpected.is_empty() {
            format!("no error has `{text}` in its message: there was none")
        } else {
            let others = unexpected_errors(&self.unexpected);
            format!("no error has `{text}` in its message, but there was {others}")
        })
    }

    fn no_error_is_left(&mut self) -> Result<(), Failure> {
        match self.raised_by {
            Some(step) if !self.unexpected.is_empty() => {
                let message = unexpected_errors(&std::mem::take(&mut self.unexpected));
                Err(self.failed(step, message))
            }
            _ => Ok(()),
        }
    }

    /// The failure of a step. Errors that nobody expected are likely its cause, so it tells them.
    fn failed(&self, step: &Step, mut message: String) -> Failure {
        if !self.unexpected.is_empty() && !message.contains("error") {
            message = format!("{message}\n{}", unexpected_errors(&self.unexpected));
        }
        Failure {
            message,
            at: format!("{}:{}:{}", self.test.file, step.line, step.column),
            step: step.text.clone(),
        }
    }

    fn subject<'b>(&self, node: usize, collection: &'b str) -> Subject<'b>
    where
        'a: 'b,
    {
        let name = self.world.name(node);
        // The node of a test without `node` steps is nowhere named in it.
        let named = self.test.nodes.len() > 1 || self.test_names_nodes();
        Subject {
            plan: self.world.plan(node),
            collection,
            title: if named {
                format!("{name}.{collection}")
            } else {
                collection.to_owned()
            },
        }
    }

    fn test_names_nodes(&self) -> bool {
        let mut steps = self.test.steps.iter();
        steps.any(|s| matches!(s.action, Action::Start { .. }) && s.text.starts_with("node"))
    }
}

/// Whether a row matches the patterns of its columns, one variable one value.
fn matches(columns: &[Pattern], row: &Row) -> bool {
    let mut bound = Vec::new();
    columns.len() == row.len() && all_match(columns, row, &mut bound)
}

type Bindings<'a> = Vec<(&'a SmolStr, &'a Value)>;

fn all_match<'a>(patterns: &'a [Pattern], values: &'a [Value], bound: &mut Bindings<'a>) -> bool {
    let mut pairs = patterns.iter().zip(values);
    patterns.len() == values.len() && pairs.all(|(p, v)| pattern_matches(p, v, bound))
}

fn pattern_matches<'a>(pattern: &'a Pattern, value: &'a Value, bound: &mut Bindings<'a>) -> bool {
    match (pattern, value) {
        (Pattern::Any, _) => true,
        (Pattern::Value(expected), _) => expected == value,
        (Pattern::Variable(name), _) => {
            if let Some((_, earlier)) = bound.iter().find(|(known, _)| *known == name) {
                return *earlier == value;
            }
            bound.push((name, value));
            true
        }
        (Pattern::Tuple(parts), Value::Tuple(values))
        | (Pattern::List(parts), Value::List(values)) => all_match(parts, values, bound),
        (Pattern::Variant(number, parts), Value::Variant(actual, values)) => {
            number == actual && all_match(parts, values, bound)
        }
        (Pattern::Tuple(_) | Pattern::List(_) | Pattern::Variant(..), _) => false,
    }
}
