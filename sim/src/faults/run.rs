//! The symbolic run: all nodes tick by tick, over all hypotheses within the bounds at once.
//!
//! Source of the idea that one formula holds the whole space of faults: bounded model checking (Biere et al.,
//! *Symbolic Model Checking without BDDs*, 1999); of lineage as the thing to search in: Alvaro, Rosen and
//! Hellerstein, *Lineage-driven Fault Injection*, 2015.

mod observed;

use std::sync::Arc;

use bloom_plan::plan::{Plan, RelationId, RelationKind};
use bloom_plan::testing::{FaultTest, Observer};
use bloom_plan::value::{Row, Value};
use bloom_runtime::Program;
use smol_str::SmolStr;

use crate::shape::Words;

use super::ailment::Ailment;
use super::annotated::Rows;
use super::circuit::{Circuit, Lit};
use super::histories::Histories;
use super::hypothesis::{Fault, FaultSpec};
use super::limit::Limit;
use super::lives::{Arrival, Life};
use super::node::{Disk, Node, Send, timers};
use super::variables::Variables;

/// Virtual time of a tick where no node has a timer.
const TICK: i64 = 1_000_000_000;

/// The programs of all kinds of node, those of observers among them.
pub type Programs = [(SmolStr, Arc<Program>)];

/// A row of `pre` or of a `never`, whose presence without its excuse breaks a spec.
#[derive(Clone, Debug)]
pub struct Violation {
    pub spec: SmolStr,
    /// `post(c, hello)`, or `never forked(1)`.
    pub what: String,
    /// Of `pre`: that there is the row and not its equal. Of a `never`: that there is the row.
    pub condition: Lit,
    /// The tick in which it shows.
    pub tick: u32,
}

/// What may come of a deployment.
#[derive(Debug)]
pub struct Outcome {
    pub circuit: Circuit,
    pub variables: Variables,
    pub violations: Vec<Violation>,
    /// By spec that has `pre`: its rows of `pre` and of `post`.
    pub claims: Vec<Claims>,
    /// By spec that has checkers.
    pub histories: Vec<Histories>,
    /// What every collection may hold, if that was asked for.
    pub contents: Vec<Contents>,
}

/// What a collection of a node may hold in a tick, if the node is up.
#[derive(Debug)]
pub struct Contents {
    pub tick: u32,
    pub node: usize,
    pub collection: SmolStr,
    pub rows: Vec<(Row, Lit)>,
}

#[derive(Debug)]
pub struct Claims {
    pub spec: SmolStr,
    pub pre: Vec<Lit>,
    pub post: Vec<Lit>,
}

/// Runs a deployment under all hypotheses.
pub fn run(programs: &Programs, test: &FaultTest, spec: &FaultSpec) -> Result<Outcome, Limit> {
    run_recorded(programs, test, spec, false)
}

/// As [`run`]; with `record` it keeps what all collections hold after each tick.
pub fn run_recorded(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    record: bool,
) -> Result<Outcome, Limit> {
    run_over(programs, test, spec, &spec.faults(test.nodes.len()), record)
}

/// As [`run_recorded`], over these faults instead of all that the bounds allow; crashes are all there.
pub fn run_over(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    faults: &[Fault],
    record: bool,
) -> Result<Outcome, Limit> {
    let ailments = faults.iter().filter_map(|fault| fault.ails(fault.tick()));
    let ailments: Vec<Ailment> = ailments.map(|(_, what)| what).collect();
    if ailments.iter().any(|what| !what.has_formula()) {
        return Err(Limit::Ailment);
    }
    let mut circuit = Circuit::default();
    let variables = Variables::new(&mut circuit, spec, test.nodes.len(), faults);
    let skews = ailments.iter().any(|w| matches!(w, Ailment::Clock { .. }));
    let mut lives = Vec::new();
    for (place, node) in test.nodes.iter().enumerate() {
        let program = program(programs, &node.kind)?;
        if skews && asks_for_the_time(program.plan()) {
            return Err(Limit::Time);
        }
        let start = || Node::start(&node.name, program, &node.arguments);
        lives.push(Life::first(place, start()?));
        for &(tick, returns) in variables.returns(place) {
            lives.push(Life::second(place, tick, returns, start()?));
        }
    }
    let mut observers = Vec::new();
    for observer in &test.observers {
        let program = program(programs, &observer.kind)?;
        observers.push((observer, Node::start(&observer.kind, program, &[])?));
    }
    let mut run = Run {
        test,
        spec,
        circuit,
        variables,
        step: step(&lives),
        lives,
        disks: vec![Vec::new(); test.nodes.len()],
        observers,
        violations: Vec::new(),
        claims: Vec::new(),
        histories: Vec::new(),
        contents: Vec::new(),
    };
    run.load_cluster();
    for tick in 1..=spec.eot {
        run.tick(tick)?;
        run.observe(tick)?;
        if record {
            run.record(tick);
        }
    }
    Ok(Outcome {
        circuit: run.circuit,
        variables: run.variables,
        violations: run.violations,
        claims: run.claims,
        histories: run.histories,
        contents: run.contents,
    })
}

fn program<'p>(programs: &'p Programs, kind: &str) -> Result<&'p Arc<Program>, Limit> {
    let found = programs.iter().find(|(name, _)| name == kind);
    let found = found.ok_or_else(|| Limit::Unsupported(format!("has no kind of node `{kind}`")));
    found.map(|(_, program)| program)
}

/// Virtual time of a tick: the shortest period of a timer, so that it fires once a tick.
fn step(lives: &[Life]) -> i64 {
    let periods = lives.iter().flat_map(|life| life.node.periods());
    periods.map(|(_, every)| every).min().unwrap_or(TICK).max(1)
}

/// The virtual time that one tick of the deployment takes, also where the formula does not know what it means.
pub fn tick_duration(programs: &Programs, test: &FaultTest) -> Result<i64, Limit> {
    let mut shortest: Option<i64> = None;
    for node in &test.nodes {
        let program = program(programs, &node.kind)?;
        let periods = timers(&node.name, program, &node.arguments)?;
        shortest = shortest.into_iter().chain(periods).min();
    }
    Ok(shortest.unwrap_or(TICK).max(1))
}

/// Whether a rule calls `now`.
fn asks_for_the_time(plan: &Plan) -> bool {
    plan.sites
        .iter()
        .any(|site| site.builtin.get().name == "now")
}

struct Run<'r> {
    test: &'r FaultTest,
    spec: &'r FaultSpec,
    circuit: Circuit,
    variables: Variables,
    lives: Vec<Life>,
    observers: Vec<(&'r Observer, Node)>,
    /// Virtual time of a tick.
    step: i64,
    /// By node, then tick from 1: what its disk holds after it, if it has not crashed. Of nodes that come back.
    disks: Vec<Vec<Disk>>,
    violations: Vec<Violation>,
    claims: Vec<Claims>,
    histories: Vec<Histories>,
    contents: Vec<Contents>,
}

impl Run<'_> {
    fn load_cluster(&mut self) {
        let members = self.test.nodes.iter();
        let members =
            members.map(|n| vec![Value::Addr(n.name.clone()), Value::String(n.kind.clone())]);
        let members: Vec<Row> = members.collect();
        for Life { node, .. } in &mut self.lives {
            let plan = Arc::clone(node.plan());
            for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
                if relation.kind == RelationKind::Cluster {
                    let rows = members.iter().filter_map(|row| node.words(id, row));
                    let rows: Rows = rows.map(|words| (words, Lit::TRUE)).collect();
                    node.load(id, rows);
                }
            }
        }
    }

    /// One tick of every node.
    fn tick(&mut self, tick: u32) -> Result<(), Limit> {
        let now = i64::from(tick - 1).saturating_mul(self.step);
        let mut sent = Vec::new();
        for place in 0..self.lives.len() {
            if tick < self.lives[place].from {
                continue;
            }
            if tick == self.lives[place].from && tick > 1 {
                self.restore(place);
            }
            let mut arrivals = self.lives[place].due(tick);
            self.fed(place, tick, &mut arrivals)?;
            self.timers(place, tick, &mut arrivals);
            self.alive(place, tick, &mut arrivals);
            let life = &mut self.lives[place];
            let sends = life.node.tick(&mut self.circuit, now, arrivals)?;
            sent.push((place, sends));
            let life = &self.lives[place];
            if life.from == 1 && !self.variables.returns(life.place).is_empty() {
                self.disks[life.place].push(life.node.disk());
            }
        }
        for (from, sends) in sent {
            for send in sends {
                self.carry(from, tick, send);
            }
        }
        Ok(())
    }

    /// Begins a second life with what the disk held when the first ended.
    fn restore(&mut self, life: usize) {
        let Life { place, from, .. } = self.lives[life];
        let mut disks = Vec::new();
        for crash in 2..from {
            let held = self.variables.crashes_in(&mut self.circuit, place, crash);
            disks.push((held, &self.disks[place][crash as usize - 2]));
        }
        self.lives[life].node.restore(&mut self.circuit, &disks);
    }

    fn fed(
        &mut self,
        place: usize,
        tick: u32,
        arrivals: &mut Vec<(RelationId, Words, Lit)>,
    ) -> Result<(), Limit> {
        let Life { place, node, .. } = &mut self.lives[place];
        for feed in &self.test.feeds {
            if feed.node != *place || feed.tick != tick {
                continue;
            }
            let misfit = |error: String| Limit::Misfit {
                relation: feed.collection.clone(),
                error,
            };
            let relation = node.relation(&feed.collection);
            let relation = relation.ok_or_else(|| misfit("there is no such collection".into()))?;
            let words = node.words(relation, &feed.row);
            let words = words.ok_or_else(|| misfit("its columns have other types".into()))?;
            arrivals.push((relation, words, Lit::TRUE));
        }
        Ok(())
    }

    /// What falls due by the clock of a node, which may be wrong. Timers begin with a life.
    fn timers(&mut self, life: usize, tick: u32, arrivals: &mut Vec<Arrival>) {
        let Life { place, from, .. } = self.lives[life];
        let after = |halves: u32| i64::from(halves).saturating_mul(self.step) / 2;
        let mut clock = |tick: u32| self.variables.clock(&mut self.circuit, place, tick - 1);
        let start = clock(from);
        let now = clock(tick);
        let before = if tick == from {
            Vec::new()
        } else {
            clock(tick - 1)
        };
        for (relation, every) in self.lives[life].node.periods() {
            if every <= 0 {
                continue;
            }
            // Each wrong clock by itself, and the right one.
            for (which, &(halves, condition)) in now.iter().enumerate() {
                let start = after(start[which].0);
                let before = before
                    .get(which)
                    .map_or(-1, |&(halves, _)| after(halves) - start);
                for id in (before / every).max(0) + 1..=(after(halves) - start) / every {
                    let words = [id.cast_unsigned(), (start + id * every).cast_unsigned()];
                    arrivals.push((relation, words.into(), condition));
                }
            }
        }
    }

    /// The failure detector of the simulator makes no mistakes.
    fn alive(&mut self, life: usize, tick: u32, arrivals: &mut Vec<Arrival>) {
        let node = &mut self.lives[life].node;
        let plan = Arc::clone(node.plan());
        let kind = |id: &RelationId| plan.relations[id.0 as usize].kind == RelationKind::Alive;
        let ids = (0..plan.relations.len() as u32).map(RelationId);
        for relation in ids.filter(kind) {
            for (other, named) in self.test.nodes.iter().enumerate() {
                let row = vec![Value::Addr(named.name.clone())];
                if let Some(words) = node.words(relation, &row) {
                    arrivals.push((relation, words, self.variables.up(other, tick)));
                }
            }
        }
    }

    /// Puts on the way what a node sends.
    fn carry(&mut self, from: usize, tick: u32, send: Send) {
        let life = &mut self.lives[from];
        let relation = &life.node.plan().relations[send.relation.0 as usize];
        let location = match relation.kind {
            RelationKind::Channel { location } => location,
            RelationKind::Loopback => {
                let arrival = (send.relation, send.words, send.condition);
                life.under_way.push((tick + 1, arrival));
                return;
            }
            // What the world sees of a node, and nothing that it takes in.
            _ => return,
        };
        let name = relation.name.clone();
        let row = life.node.row(send.relation, &send.words);
        let Some(Value::Addr(address)) = row.get(location as usize) else {
            return;
        };
        let Some(to) = self.test.nodes.iter().position(|n| n.name == *address) else {
            return;
        };
        if life.place == to {
            life.arrive(&name, &row, tick + 1, send.condition);
            return;
        }
        let (sender, up) = (life.place, life.is_lived(&self.variables, tick));
        let arrivals = self.variables.arrivals(&mut self.circuit, sender, to, tick);
        for (after, arrives) in arrivals {
            let condition = self.circuit.and([send.condition, arrives, up]);
            let receivers = self.lives.iter_mut().filter(|life| life.place == to);
            // Who is down when it is sent gets it only if it is on its way for longer.
            let hears = |life: &&mut Life| match after {
                1 => life.from <= tick,
                _ => life.from <= tick + after,
            };
            if condition != Lit::FALSE {
                for life in receivers.filter(hears) {
                    life.arrive(&name, &row, tick + after, condition);
                }
            }
        }
    }

    /// Keeps what nodes hold; of one that may come back, of all its lives together.
    fn record(&mut self, tick: u32) {
        for number in 0..self.test.nodes.len() {
            let lives = self.lives.iter().filter(|life| life.place == number);
            let lives: Vec<&Life> = lives.filter(|life| life.from <= tick).collect();
            let plan = Arc::clone(lives[0].node.plan());
            for (id, relation) in (0..).map(RelationId).zip(&plan.relations) {
                if lives[0].node.is_kept(id) {
                    continue;
                }
                let rows = match lives.as_slice() {
                    [only] => only.node.rows(id).collect(),
                    several => several
                        .iter()
                        .flat_map(|life| {
                            let lived = life.is_lived(&self.variables, tick);
                            life.node.rows(id).map(move |(row, c)| (row, lived, c))
                        })
                        .map(|(row, lived, c)| (row, self.circuit.and([lived, c])))
                        .collect(),
                };
                self.contents.push(Contents {
                    tick,
                    node: number,
                    collection: relation.name.clone(),
                    rows,
                });
            }
        }
    }
}
