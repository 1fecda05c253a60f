//! Random hypotheses on the production engine, for what the formula has no room for, and to compare with it.
//!
//! Each run has a profile of its own, drawn anew: which links lose anything, how often, whether a group of nodes
//! is cut off for some ticks, how likely crashes are. So runs differ more than if each fault had its own coin
//! (swarm testing: Groce et al., 2012). What breaks a spec is made smaller, fault by fault, until none can go.

use bloom_plan::testing::FaultTest;
use bloom_stdx::random::Random;

use super::concrete::{Execution, execute};
use super::hypothesis::{Fault, FaultSpec, Hypothesis};
use super::run::Programs;
use super::search::{Counterexample, Engine, Report, Size, Verdict};

/// What random runs found.
#[derive(Debug)]
pub struct Found {
    pub executions: usize,
    /// A hypothesis that breaks a spec, of which no fault can be left out, and its run.
    pub broken: Option<(Hypothesis, Execution)>,
}

/// Runs random hypotheses as long as `go_on` says so; it is told how many have run. An error says why a node
/// cannot start or end a tick.
pub fn search_randomly(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    seed: u64,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<Found, String> {
    let mut executions = 0;
    while go_on(executions) {
        let mut random = Random::split(seed, executions as u64);
        // First without faults: whether it breaks then is to be known.
        let hypothesis = match executions {
            0 => Hypothesis::default(),
            _ => draw(spec, test.nodes.len(), &mut random),
        };
        executions += 1;
        let execution = execute(programs, test, spec, &hypothesis)?;
        if !execution.broken.is_empty() {
            let (smaller, tries) = shrink(programs, test, spec, hypothesis, execution)?;
            executions += tries;
            return Ok(Found {
                executions,
                broken: Some(smaller),
            });
        }
    }
    Ok(Found {
        executions,
        broken: None,
    })
}

/// As [`search_randomly`], as a report. `before` says why there is no verdict of the formula, if that was asked for.
pub fn report(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    seed: u64,
    before: Option<&str>,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Report {
    let found = search_randomly(programs, test, spec, seed, go_on);
    let (executions, verdict) = match found {
        Err(why) => (0, Verdict::BoundReached(why)),
        Ok(found) => {
            let verdict = match found.broken {
                Some((hypothesis, execution)) => {
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
        size: Size::default(),
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
    for fault in spec.faults(nodes) {
        let (from, to, may) = match fault {
            Fault::Loss { from, to, .. } => (from, to, loses),
            Fault::Delay { from, to, .. } | Fault::Duplicate { from, to, .. } => (from, to, delays),
            // One cut is drawn below, of losses; of partitions one is enough here, too.
            Fault::Crash { .. } | Fault::Partition { .. } => continue,
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
    hypothesis
}

/// Some of the partitions that the bounds allow.
fn partition(spec: &FaultSpec, nodes: usize, random: &mut Random, hypothesis: &mut Hypothesis) {
    let all: Vec<Fault> = match spec.partitions {
        0 => Vec::new(),
        _ => spec.faults(nodes),
    };
    let all: Vec<Fault> = all
        .into_iter()
        .filter(|fault| matches!(fault, Fault::Partition { .. }))
        .collect();
    for _ in 0..spec.partitions {
        if !all.is_empty() && random.chance(1, 2) {
            hypothesis.0.insert(*random.pick(&all));
        }
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
    for fault in spec.faults(nodes) {
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
fn shrink(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: Hypothesis,
    execution: Execution,
) -> Result<(Broken, usize), String> {
    let mut best = (hypothesis, execution);
    best.0 = effective(test, &best);
    let mut tries = 0;
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
        | Fault::Partition { .. } => true,
        Fault::Loss { from, to, tick } => {
            let (from, to) = (&test.nodes[from].name, &test.nodes[to].name);
            !execution.channels_lost(from, to, tick).is_empty()
        }
    };
    Hypothesis(hypothesis.0.iter().filter(matters).copied().collect())
}
