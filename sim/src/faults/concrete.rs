//! One hypothesis on the production engine: nodes in the simulated world, observers as nodes of their own.

use std::collections::BTreeSet;

use bloom_plan::plan::{Plan, RelationId};
use bloom_plan::testing::{FaultTest, Observer};
use bloom_plan::value::{Row, Value};
use bloom_runtime::{Config, Input, OnConflict};
use smol_str::SmolStr;

use super::hypothesis::{Crash, Fault, FaultSpec, Hypothesis};
use super::run::{Programs, shown, tick_duration};
use crate::machine::{self, Kinds};
use crate::network::{Disturbance, Link, Sent};
use crate::world::{Setup, World};

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Execution {
    /// What breaks a spec: the spec, the row as [`super::run::Violation::what`] has it, and when it showed.
    pub broken: BTreeSet<(SmolStr, String, u32)>,
    /// By tick, what was sent from one node to another.
    pub traffic: Vec<Vec<Sent>>,
}

impl Execution {
    /// The channels of which the fault lost messages.
    pub fn channels_lost(&self, from: &str, to: &str, tick: u32) -> Vec<SmolStr> {
        let sent = self.traffic.get(tick as usize - 1).into_iter().flatten();
        let lost = sent.filter(|sent| sent.lost && sent.from == from && sent.to == to);
        let channels: BTreeSet<SmolStr> = lost.map(|sent| sent.channel.clone()).collect();
        channels.into_iter().collect()
    }
}

/// Runs a test under a hypothesis. An error says why a node cannot start or end a tick.
pub fn execute(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
) -> Result<Execution, String> {
    execute_watched(programs, test, spec, hypothesis, &mut |_, _| {})
}

/// As [`execute`]; `watch` is given the world after each tick.
pub fn execute_watched(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
    watch: &mut dyn FnMut(u32, &World<'_, machine::Programs<'_>>),
) -> Result<Execution, String> {
    let kinds = machine::Programs(programs);
    let setups = test.nodes.iter().map(|node| Setup {
        name: node.name.clone(),
        kind: node.kind.clone(),
        parameters: node.arguments.clone(),
    });
    let step = tick_duration(programs, test).map_err(|limit| limit.to_string())?;
    let mut world = World::new(&kinds, setups.collect(), 0);
    for node in world.all() {
        world.start(node)?;
    }
    world.network().listen();
    let mut observers = Vec::new();
    for observer in &test.observers {
        observers.push(Watch::start(&kinds, observer)?);
    }
    let mut execution = Execution::default();
    for tick in 1..=spec.eot {
        if tick > 1 {
            world.advance(step);
        }
        strike(&mut world, spec, hypothesis, tick)?;
        for feed in test.feeds.iter().filter(|feed| feed.tick == tick) {
            if world.is_up(feed.node) {
                world.feed(feed.node, &feed.collection, feed.row.clone())?;
            }
        }
        let all = world.all();
        world.tick(&all)?;
        execution.traffic.push(world.network().heard());
        watch(tick, &world);
        for observer in &mut observers {
            let seen = observer.look(&world, test, spec, hypothesis, tick)?;
            execution.broken.extend(seen);
        }
    }
    Ok(execution)
}

/// Lets the faults of a tick happen.
fn strike(
    world: &mut World<'_, machine::Programs<'_>>,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
    tick: u32,
) -> Result<(), String> {
    let mut links = Vec::new();
    let mut disturb = |from: &SmolStr, to: &SmolStr, disturbance| {
        links.push(Link {
            from: from.clone(),
            to: to.clone(),
            disturbance,
        });
    };
    for fault in &hypothesis.0 {
        match *fault {
            Fault::Crash { node, tick: when } => match spec.crash {
                Crash::Stop if when == tick => world.crash(node)?,
                Crash::Mute if when <= tick => {
                    for other in world.all().into_iter().filter(|&other| other != node) {
                        disturb(world.name(node), world.name(other), Disturbance::Lost);
                    }
                }
                Crash::Stop | Crash::Mute => {}
            },
            Fault::Loss { from, to, .. } if fault.tick() == tick => {
                disturb(world.name(from), world.name(to), Disturbance::Lost);
            }
            Fault::Delay { from, to, by, .. } if fault.tick() == tick => {
                disturb(world.name(from), world.name(to), Disturbance::Late(by));
            }
            Fault::Duplicate { from, to, .. } if fault.tick() == tick => {
                disturb(world.name(from), world.name(to), Disturbance::Twice);
            }
            Fault::Partition { .. } => {
                for from in world.all() {
                    for to in world.all() {
                        if fault.parts(from, to, tick) {
                            disturb(world.name(from), world.name(to), Disturbance::Lost);
                        }
                    }
                }
            }
            Fault::Loss { .. } | Fault::Delay { .. } | Fault::Duplicate { .. } => {}
        }
    }
    world.network().disturb(links);
    Ok(())
}

/// A running observer.
struct Watch<'o> {
    observer: &'o Observer,
    node: bloom_runtime::Node,
    plan: Plan,
}

impl<'o> Watch<'o> {
    fn start(kinds: &machine::Programs<'_>, observer: &'o Observer) -> Result<Watch<'o>, String> {
        let config = Config {
            address: observer.kind.clone(),
            on_conflict: OnConflict::Continue,
            ..Config::default()
        };
        let plan = kinds.plan(&observer.kind);
        let plan = plan.ok_or_else(|| format!("spec `{}` has no plan", observer.spec))?;
        Ok(Watch {
            observer,
            node: kinds.start(&observer.kind, config)?,
            plan: plan.clone(),
        })
    }

    fn relation(&self, name: &str) -> Option<RelationId> {
        let place = self.plan.relations.iter().position(|r| r.name == name)?;
        Some(RelationId(place as u32))
    }

    /// What breaks the spec in this tick.
    fn look(
        &mut self,
        world: &World<'_, machine::Programs<'_>>,
        test: &FaultTest,
        spec: &FaultSpec,
        hypothesis: &Hypothesis,
        tick: u32,
    ) -> Result<Vec<(SmolStr, String, u32)>, String> {
        let rows = self.seen(world, test, hypothesis, tick)?;
        let output = self.node.step(Input {
            rows,
            ..Input::default()
        });
        if let Some(stopped) = output.stopped {
            return Err(format!("spec `{}`: {stopped}", self.observer.spec));
        }
        let mut broken = Vec::new();
        let mut add = |what: String| broken.push((self.observer.spec.clone(), what, tick));
        for name in &self.observer.never {
            let Some(relation) = self.relation(name) else {
                continue;
            };
            for row in self.node.rows(relation) {
                add(format!("never {name}{}", shown(&self.plan, relation, &row)));
            }
        }
        let named = |name: &Option<SmolStr>| self.relation(name.as_deref()?);
        if let (Some(pre), true) = (named(&self.observer.pre), tick == spec.eot) {
            let post = named(&self.observer.post);
            let post = post.map(|post| self.node.rows(post)).unwrap_or_default();
            for row in self.node.rows(pre) {
                if !post.contains(&row) {
                    add(format!("post{}", shown(&self.plan, pre, &row)));
                }
            }
        }
        Ok(broken)
    }

    fn seen(
        &self,
        world: &World<'_, machine::Programs<'_>>,
        test: &FaultTest,
        hypothesis: &Hypothesis,
        tick: u32,
    ) -> Result<Vec<(RelationId, Row)>, String> {
        let mut seen = Vec::new();
        let mut add = |relation: &str, row: Row| {
            if let Some(id) = self.relation(relation) {
                seen.push((id, row));
            }
        };
        for (number, node) in test.nodes.iter().enumerate() {
            let at = Value::Addr(node.name.clone());
            match hypothesis.crash_of(number).filter(|&when| when <= tick) {
                Some(when) => {
                    let row = vec![at.clone(), Value::Int(i64::from(when))];
                    add(&self.observer.crashed, row);
                }
                None => add(&self.observer.up, vec![at.clone()]),
            }
            if !world.is_up(number) {
                continue;
            }
            for observed in &self.observer.observed {
                let of_kind = observed.sources.iter().filter(|s| s.kind == node.kind);
                for source in of_kind {
                    for row in world.rows(number, &source.collection)? {
                        let columns = source.columns.iter().map(|&c| row[c as usize].clone());
                        let row = std::iter::once(at.clone()).chain(columns);
                        add(&observed.relation, row.collect());
                    }
                }
            }
        }
        Ok(seen)
    }
}
