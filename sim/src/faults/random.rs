//! Random hypotheses on the production engine, for what the formula has no room for, and to compare with it.
//!
//! Each run has a profile of its own, drawn anew: which links lose anything, how often, whether a group of nodes
//! is cut off for some ticks, how likely crashes are. So runs differ more than if each fault had its own coin
//! (swarm testing: Groce et al., 2012). What breaks a spec is made smaller: first by the formula over the faults of
//! that run, which is the lineage of what is broken, so that what has no part in it goes at once; then fault by
//! fault, until none can go.
//!
//! Over the whole alphabet the bounds say until when there are faults, and how many nodes may crash; everything else
//! may happen as well: nodes that pause, are slow or come back, wrong clocks, bad disks, cuts in one direction. Then
//! the faults stop, and the run goes on for [`LIVENESS_TICKS`], in which the system must get well.

use bloom_plan::testing::FaultTest;
use bloom_stdx::random::Random;

use super::ailment::Ailment;
use super::concrete::{Execution, execute};
use super::hypothesis::{Fault, FaultSpec, Hypothesis, PARTITIONED_NODES_MAX, Side};
use super::run::Programs;
use super::search::{Counterexample, Engine, Report, Size, Verdict, needed};
use crate::world::DiskFault;

/// Ticks after those of a test in which there are no faults of the whole alphabet any more.
pub const LIVENESS_TICKS: u32 = 8;

/// Ticks by which a message may be late in the whole alphabet.
const DELAYS_MAX: usize = 3;

/// Nodes that ail in one run of the whole alphabet.
const AILMENTS_MAX: usize = 4;

/// Which faults there may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    /// Those that the bounds allow.
    Bounds,
    /// All that the simulator has.
    Whole,
}

impl Alphabet {
    /// The bounds of runs with these faults, for a test that has other ones.
    pub fn bounds(self, spec: &FaultSpec) -> FaultSpec {
        match self {
            Alphabet::Bounds => *spec,
            Alphabet::Whole => FaultSpec {
                eot: spec.eot + LIVENESS_TICKS,
                ..*spec
            },
        }
    }

    fn draw(self, spec: &FaultSpec, nodes: usize, random: &mut Random) -> Hypothesis {
        match self {
            Alphabet::Bounds => draw(spec, nodes, random),
            Alphabet::Whole => draw_whole(spec, nodes, random),
        }
    }
}

/// What random runs found.
#[derive(Debug)]
pub struct Found {
    pub executions: usize,
    /// The seed of the run that broke a spec.
    pub seed: u64,
    /// A hypothesis that breaks a spec, of which no fault can be left out, and its run.
    pub broken: Option<(Hypothesis, Execution)>,
}

/// Runs random hypotheses as long as `go_on` says so, one at least; it is told how many have run. The seed of each is
/// the next number. An error says why a node cannot start or end a tick.
pub fn search_randomly(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    (alphabet, seed): (Alphabet, u64),
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<Found, String> {
    let bounds = alphabet.bounds(spec);
    let mut executions = 0;
    // First without faults: whether it breaks then is to be known.
    let mut hypothesis = Hypothesis::default();
    let mut own_seed = seed;
    loop {
        executions += 1;
        let execution = execute(programs, test, &bounds, &hypothesis)?;
        if !execution.broken.is_empty() {
            let (smaller, tries) = shrink(programs, test, &bounds, hypothesis, execution)?;
            return Ok(Found {
                executions: executions + tries,
                seed: own_seed,
                broken: Some(smaller),
            });
        }
        if executions > 1 && !go_on(executions) {
            return Ok(Found {
                executions,
                seed,
                broken: None,
            });
        }
        own_seed = seed.wrapping_add(executions as u64 - 1);
        let mut random = Random::split(own_seed, 0);
        hypothesis = alphabet.draw(spec, test.nodes.len(), &mut random);
    }
}

/// As [`search_randomly`], as a report. `before` says why there is no verdict of the formula, if that was asked for.
pub fn report(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    (alphabet, seed): (Alphabet, u64),
    before: Option<&str>,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Report {
    let found = search_randomly(programs, test, spec, (alphabet, seed), go_on);
    let mut own_seed = None;
    let (executions, verdict) = match found {
        Err(why) => (0, Verdict::BoundReached(why)),
        Ok(found) => {
            let verdict = match found.broken {
                Some((hypothesis, execution)) => {
                    own_seed = Some(found.seed);
                    Verdict::Counterexample(Box::new(Counterexample {
                        hypothesis,
                        broken: execution.broken.iter().cloned().collect(),
                        execution,
                    }))
                }
                None => {
                    let runs = format!("{} random runs broke nothing", found.executions);
                    let why = before.map(|before| format!("{before}; {runs}"));
                    Verdict::BoundReached(why.unwrap_or(runs))
                }
            };
            (found.executions, verdict)
        }
    };
    Report {
        verdict,
        engine: Engine::Random,
        executions,
        space: spec.space(test.nodes.len()),
        minimal: None,
        seed: own_seed,
        size: Size::default(),
        proof: None,
    }
}

/// A hypothesis within the bounds, by a profile of its own.
pub fn draw(spec: &FaultSpec, nodes: usize, random: &mut Random) -> Hypothesis {
    let mut hypothesis = Hypothesis::default();
    let one_in = [2, 3, 6, 12][random.below(4)];
    let loses = random.chance(4, 5);
    let bad: Vec<bool> = (0..nodes * nodes).map(|_| random.chance(1, 2)).collect();
    let only_bad = random.chance(1, 2);
    let delays = random.chance(1, 2);
    for fault in of_links(spec).faults(nodes) {
        let (from, to, may) = match fault {
            Fault::Loss { from, to, .. } => (from, to, loses),
            Fault::Delay { from, to, .. } | Fault::Duplicate { from, to, .. } => (from, to, delays),
            // Drawn below.
            Fault::Crash { .. } | Fault::Partition { .. } | Fault::Node { .. } => continue,
        };
        let may = may && (!only_bad || bad[from * nodes + to]);
        if may && random.chance(1, one_in) {
            hypothesis.0.insert(fault);
        }
    }
    partition(spec, nodes, random, &mut hypothesis);
    if random.chance(1, 4) {
        cut(spec, nodes, random, &mut hypothesis);
    }
    let mut all: Vec<usize> = (0..nodes).collect();
    random.shuffle(&mut all);
    for &node in all.iter().take(spec.crashes as usize) {
        if spec.eot > 1 && random.chance(2, 3) {
            let tick = 1 + random.below(spec.eot as usize - 1) as u32;
            hypothesis.0.insert(Fault::Crash { node, tick });
        }
    }
    ail(spec, nodes, random, &mut hypothesis);
    hypothesis
}

/// Some of what may ail nodes within the bounds.
fn ail(spec: &FaultSpec, nodes: usize, random: &mut Random, hypothesis: &mut Hypothesis) {
    if spec.slow + spec.skews + spec.restarts == 0 {
        return;
    }
    let all = spec.faults(nodes);
    for (most, is_one) in [
        (
            spec.slow,
            (|what| matches!(what, Ailment::Slow { .. })) as fn(Ailment) -> bool,
        ),
        (spec.skews, |what| matches!(what, Ailment::Clock { .. })),
        (spec.restarts, |what| what == Ailment::Restarted),
    ] {
        let of_kind = all.iter().filter(|fault| match fault {
            Fault::Node {
                what, node, first, ..
            } if is_one(*what) => *what != Ailment::Restarted || hypothesis.is_down(*node, *first),
            _ => false,
        });
        let of_kind: Vec<Fault> = of_kind.copied().collect();
        for _ in 0..most {
            if !of_kind.is_empty() && random.chance(2, 3) {
                hypothesis.0.insert(*random.pick(&of_kind));
            }
        }
    }
}

/// A hypothesis over the whole alphabet. Each run has kinds of faults of its own.
pub fn draw_whole(spec: &FaultSpec, nodes: usize, random: &mut Random) -> Hypothesis {
    let some = |random: &mut Random| random.chance(1, 3);
    let wide = FaultSpec {
        delays: if some(random) {
            1 + random.below(DELAYS_MAX) as u32
        } else {
            0
        },
        duplicates: some(random),
        partitions: if some(random) { 2 } else { 0 },
        slow: 0,
        skews: 0,
        restarts: 0,
        ..*spec
    };
    let mut hypothesis = draw(&wide, nodes, random);
    let kinds: Vec<Ailment> = [
        Ailment::Paused,
        Ailment::Slow {
            by: 1 + random.below(DELAYS_MAX) as u32,
        },
        Ailment::Clock {
            halves: [0, 1, 4, 12][random.below(4)],
        },
        Ailment::Deaf,
        Ailment::Mute,
    ]
    .into_iter()
    .filter(|_| random.chance(1, 2))
    .collect();
    let end = spec.loss_end();
    if end > 1 && !kinds.is_empty() {
        for _ in 0..random.below(AILMENTS_MAX + 1) {
            let first = 1 + random.below(end as usize - 1) as u32;
            hypothesis.0.insert(Fault::Node {
                node: random.below(nodes),
                first,
                last: first + random.below((end - first) as usize) as u32,
                what: *random.pick(&kinds),
            });
        }
    }
    let crashes = hypothesis.0.iter().copied();
    let crashes: Vec<Fault> = crashes
        .filter(|f| matches!(f, Fault::Crash { .. }))
        .collect();
    for crash in crashes {
        bring_back(spec, crash, random, &mut hypothesis);
    }
    hypothesis
}

/// Perhaps it is the disk of a node that makes it crash, and perhaps it comes back.
fn bring_back(spec: &FaultSpec, crash: Fault, random: &mut Random, hypothesis: &mut Hypothesis) {
    let Fault::Crash { node, tick } = crash else {
        return;
    };
    let mut ails = |first, last, what| {
        hypothesis.0.insert(Fault::Node {
            node,
            first,
            last,
            what,
        });
    };
    let back = tick + 1 + random.below(spec.eot.saturating_sub(tick).max(1) as usize) as u32;
    if random.chance(1, 2) {
        ails(back, back, Ailment::Restarted);
    }
    if random.chance(1, 2) {
        let what = [DiskFault::Lost, DiskFault::Unsure, DiskFault::Full][random.below(3)];
        // It fails when the node writes next.
        ails(tick, back - 1, Ailment::Disk(what));
        hypothesis.0.remove(&crash);
    }
}

/// Some of the partitions that the bounds allow.
fn partition(spec: &FaultSpec, nodes: usize, random: &mut Random, hypothesis: &mut Hypothesis) {
    let end = spec.loss_end();
    if end <= 1 || !(2..=PARTITIONED_NODES_MAX).contains(&nodes) {
        return;
    }
    for _ in 0..spec.partitions {
        let inside: Vec<usize> = (1..nodes).filter(|_| random.chance(1, 2)).collect();
        if !inside.is_empty() && random.chance(2, 3) {
            let first = 1 + random.below(end as usize - 1) as u32;
            hypothesis.0.insert(Fault::Partition {
                side: Side::of(inside.into_iter(), nodes),
                first,
                last: first + random.below((end - first) as usize) as u32,
            });
        }
    }
}

/// The bounds for what happens to single messages alone.
fn of_links(spec: &FaultSpec) -> FaultSpec {
    FaultSpec {
        partitions: 0,
        slow: 0,
        skews: 0,
        restarts: 0,
        ..*spec
    }
}

/// Cuts some nodes off from the others for some ticks, in both directions or in one.
fn cut(spec: &FaultSpec, nodes: usize, random: &mut Random, hypothesis: &mut Hypothesis) {
    let end = spec.loss_end();
    if end <= 1 {
        return;
    }
    let first = 1 + random.below(end as usize - 1) as u32;
    let last = first + random.below((end - first) as usize) as u32;
    let inside: Vec<bool> = (0..nodes).map(|_| random.chance(1, 2)).collect();
    let both = random.chance(2, 3);
    let losses = FaultSpec {
        delays: 0,
        duplicates: false,
        ..of_links(spec)
    };
    for fault in losses.faults(nodes) {
        if let Fault::Loss { from, to, tick } = fault {
            let crosses = inside[from] && !inside[to] || both && inside[to] && !inside[from];
            if crosses && (first..=last).contains(&tick) {
                hypothesis.0.insert(fault);
            }
        }
    }
}

type Broken = (Hypothesis, Execution);

/// Leaves out faults one by one as long as a spec stays broken. Losses of what is not sent go at once.
pub(super) fn shrink(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: Hypothesis,
    execution: Execution,
) -> Result<(Broken, usize), String> {
    let mut best = (hypothesis, execution);
    best.0 = effective(test, &best);
    let mut tries = 0;
    if let Some(needed) = needed(programs, test, spec, &best.0) {
        tries += 1;
        let execution = execute(programs, test, spec, &needed)?;
        if !execution.broken.is_empty() {
            best = (needed, execution);
        }
    }
    loop {
        let mut changed = false;
        for fault in best.0.0.clone() {
            let mut smaller = best.0.clone();
            smaller.0.remove(&fault);
            tries += 1;
            let execution = execute(programs, test, spec, &smaller)?;
            if !execution.broken.is_empty() {
                best = (smaller, execution);
                changed = true;
            }
        }
        if !changed {
            return Ok((best, tries));
        }
    }
}

/// The faults that lost something, and the crashes.
fn effective(test: &FaultTest, (hypothesis, execution): &Broken) -> Hypothesis {
    let matters = |fault: &&Fault| match **fault {
        Fault::Crash { .. }
        | Fault::Delay { .. }
        | Fault::Duplicate { .. }
        | Fault::Partition { .. }
        | Fault::Node { .. } => true,
        Fault::Loss { from, to, tick } => {
            let (from, to) = (&test.nodes[from].name, &test.nodes[to].name);
            !execution.channels_lost(from, to, tick).is_empty()
        }
    };
    Hypothesis(hypothesis.0.iter().filter(matters).copied().collect())
}
