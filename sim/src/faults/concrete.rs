//! One hypothesis on the production engine: nodes in the simulated world, observers as nodes of their own.

use std::collections::BTreeSet;

use bloom_plan::testing::FaultTest;
use smol_str::SmolStr;

use super::ailment::Ailment;
use super::hypothesis::{Crash, Fault, FaultSpec, Hypothesis};
use super::run::{Programs, tick_duration};
use crate::machine::{self, Kinds};
use crate::network::{Disturbance, Link, Sent};
use crate::watch::{Broken, Watch};
use crate::world::{Setup, World};

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Execution {
    /// What breaks a spec: the spec, the row as [`super::run::Violation::what`] has it, and when it showed.
    pub broken: BTreeSet<Broken>,
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
    execute_on(&kinds, programs, test, spec, hypothesis, watch)
}

/// As [`execute_watched`], on any machines.
pub fn execute_on<K: Kinds>(
    kinds: &K,
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
    watch: &mut dyn FnMut(u32, &World<'_, K>),
) -> Result<Execution, String> {
    let setups = test.nodes.iter().map(|node| Setup {
        name: node.name.clone(),
        kind: node.kind.clone(),
        parameters: node.arguments.clone(),
    });
    let step = tick_duration(programs, test).map_err(|limit| limit.to_string())?;
    let mut world = World::new(kinds, setups.collect(), 0);
    for node in world.all() {
        world.start(node)?;
    }
    world.network().listen();
    let mut observers = Vec::new();
    for observer in &test.observers {
        observers.push(Watch::start(kinds, observer)?);
    }
    let mut execution = Execution::default();
    let mut down = vec![None; test.nodes.len()];
    let mut timetable = Timetable::new(hypothesis, spec, test.nodes.len());
    for tick in 1..=spec.eot {
        if tick > 1 {
            world.advance(step);
        }
        for node in world.all() {
            world.set_ahead(node, timetable.ahead(node, tick, step));
        }
        let now = timetable.at(tick);
        // Who crashes in a tick is down in it.
        ail(&mut world, now, tick)?;
        strike(&mut world, spec, now, tick)?;
        for feed in test.feeds.iter().filter(|feed| feed.tick == tick) {
            if world.is_up(feed.node) {
                world.feed(feed.node, &feed.collection, feed.row.clone())?;
            }
        }
        let awake: Vec<usize> = world
            .all()
            .into_iter()
            .filter(|&node| !suffers(now, node, tick, Ailment::Paused))
            .collect();
        world.tick(&awake)?;
        execution.traffic.push(world.network().heard());
        watch(tick, &world);
        for (node, since) in down.iter_mut().enumerate() {
            *since = match spec.crash {
                Crash::Mute => hypothesis.crash_of(node).filter(|&when| when <= tick),
                Crash::Stop if world.is_down(node) => since.or(Some(tick)),
                Crash::Stop => None,
            };
        }
        for observer in &mut observers {
            if tick == spec.eot || !observer.looks_at_the_end() {
                let seen = observer.look(&world, &|node| down[node], tick)?;
                execution.broken.extend(seen);
            }
        }
    }
    for observer in &observers {
        execution.broken.extend(observer.finish(spec.eot)?);
    }
    Ok(execution)
}

/// Whether something ails a node in a tick.
fn suffers(now: &[Fault], node: usize, tick: u32, what: Ailment) -> bool {
    let mut ailments = now.iter().filter_map(|fault| fault.ails(tick));
    ailments.any(|ailment| ailment == (node, what))
}

/// Lets happen what ails single nodes in a tick, but for their clocks.
fn ail<K: Kinds>(world: &mut World<'_, K>, now: &[Fault], tick: u32) -> Result<(), String> {
    for node in world.all() {
        let ailments = now.iter().filter_map(|fault| fault.ails(tick));
        let mut of_disk = ailments.filter_map(|(ailing, what)| match what {
            Ailment::Disk(fault) if ailing == node => Some(fault),
            _ => None,
        });
        let fault = of_disk.next();
        world.set_disk_fault(node, fault);
        if suffers(now, node, tick, Ailment::Restarted) && world.is_down(node) {
            world.start(node)?;
        }
    }
    Ok(())
}

/// The faults of a hypothesis by tick, so that a tick of a long run costs what happens in it.
struct Timetable {
    /// By tick from 1, in the order of faults.
    ticks: Vec<Vec<Fault>>,
    /// Of each node whose clock is wrong the fault that counts, which is the first.
    clocks: Vec<Option<Fault>>,
    /// How far the clock of each node has come, in halves of a tick.
    halves: Vec<u32>,
}

impl Timetable {
    fn new(hypothesis: &Hypothesis, spec: &FaultSpec, nodes: usize) -> Timetable {
        let mut ticks = vec![Vec::new(); spec.eot as usize];
        let mut clocks = vec![None; nodes];
        for &fault in &hypothesis.0 {
            let last = match fault {
                Fault::Partition { last, .. } | Fault::Node { last, .. } => last,
                Fault::Crash { .. } if spec.crash == Crash::Mute => spec.eot,
                Fault::Crash { tick, .. }
                | Fault::Loss { tick, .. }
                | Fault::Delay { tick, .. }
                | Fault::Duplicate { tick, .. } => tick,
            };
            for tick in fault.tick()..=last.min(spec.eot) {
                ticks[tick as usize - 1].push(fault);
            }
            if let Some((node, Ailment::Clock { .. })) = fault.ails(fault.tick()) {
                clocks[node].get_or_insert(fault);
            }
        }
        Timetable {
            ticks,
            clocks,
            halves: vec![0; nodes],
        }
    }

    fn at(&self, tick: u32) -> &[Fault] {
        &self.ticks[tick as usize - 1]
    }

    /// By how much the clock of a node is ahead; asked for once in each tick, in order.
    fn ahead(&mut self, node: usize, tick: u32, step: i64) -> i64 {
        if tick > 1 {
            self.halves[node] += match self.clocks[node].and_then(|fault| fault.ails(tick)) {
                Some((_, Ailment::Clock { halves })) => halves,
                Some(_) | None => 2,
            };
        }
        let right = i64::from(tick - 1).saturating_mul(step);
        i64::from(self.halves[node]).saturating_mul(step) / 2 - right
    }
}

/// Lets the faults of a tick happen.
fn strike(
    world: &mut World<'_, impl Kinds>,
    spec: &FaultSpec,
    now: &[Fault],
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
    for fault in now {
        match *fault {
            Fault::Crash { node, tick: when } => match spec.crash {
                // Its disk may have stopped it before.
                Crash::Stop if when == tick && world.is_up(node) => world.crash(node)?,
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
            Fault::Node {
                node,
                first,
                last,
                what,
            } if (first..=last).contains(&tick) => {
                for other in world.all().into_iter().filter(|&other| other != node) {
                    let (own, other) = (world.name(node), world.name(other));
                    match what {
                        Ailment::Slow { by } => disturb(own, other, Disturbance::Late(by)),
                        Ailment::Mute => disturb(own, other, Disturbance::Lost),
                        Ailment::Deaf => disturb(other, own, Disturbance::Lost),
                        Ailment::Restarted
                        | Ailment::Paused
                        | Ailment::Clock { .. }
                        | Ailment::Disk(_) => {}
                    }
                }
            }
            Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Node { .. } => {}
        }
    }
    world.network().disturb(links);
    Ok(())
}
