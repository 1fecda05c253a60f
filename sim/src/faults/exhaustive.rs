//! All hypotheses of a small deployment, one by one, on the production engine: what the symbolic search is held
//! to.
//!
//! A hypothesis is built up in the order of time. Losing what is not sent changes nothing, so a loss is only
//! added where the run so far sends something over the link; and whatever contains a set that breaks a spec
//! breaks nothing new that is minimal, but may be needed on the way to others, so it is followed all the same.

use bloom_plan::testing::FaultTest;

use super::ailment::Ailment;
use super::concrete::{Execution, execute};
use super::hypothesis::{Fault, FaultSpec, Hypothesis};
use super::run::Programs;

/// What an enumeration found.
#[derive(Debug)]
pub struct Enumeration {
    pub executions: usize,
    /// Whether all hypotheses were run.
    pub complete: bool,
    /// The minimal ones of those that break a spec, smallest first.
    pub minimal: Vec<Hypothesis>,
}

/// Runs all hypotheses within the bounds, up to so many.
pub fn enumerate(
    programs: &Programs,
    test: &FaultTest,
    spec: &FaultSpec,
    executions_max: usize,
) -> Result<Enumeration, String> {
    let mut found = Vec::new();
    let mut executions = 0;
    let mut open = vec![Hypothesis::default()];
    while let Some(hypothesis) = open.pop() {
        if executions >= executions_max {
            return Ok(Enumeration {
                executions,
                complete: false,
                minimal: minimal(found),
            });
        }
        executions += 1;
        let execution = execute(programs, test, spec, &hypothesis)?;
        let later = spec.faults(test.nodes.len()).into_iter();
        open.extend(
            later
                .filter(|&fault| extends(test, spec, &hypothesis, &execution, fault))
                .map(|fault| {
                    let mut longer = hypothesis.clone();
                    longer.0.insert(fault);
                    longer
                }),
        );
        if !execution.broken.is_empty() {
            found.push(hypothesis);
        }
    }
    Ok(Enumeration {
        executions,
        complete: true,
        minimal: minimal(found),
    })
}

/// Whether the fault comes after all of the hypothesis, is within the bounds, and changes its run.
fn extends(
    test: &FaultTest,
    spec: &FaultSpec,
    hypothesis: &Hypothesis,
    execution: &Execution,
    fault: Fault,
) -> bool {
    if hypothesis
        .0
        .iter()
        .any(|&earlier| order(earlier) >= order(fault))
    {
        return false;
    }
    match fault {
        Fault::Crash { node, .. } => {
            hypothesis.crashes() < spec.crashes as usize && hypothesis.crash_of(node).is_none()
        }
        Fault::Loss { from, to, tick } => sends(test, execution, tick, |f, t| (f, t) == (from, to)),
        Fault::Delay { from, to, tick, .. } | Fault::Duplicate { from, to, tick } => {
            sends(test, execution, tick, |f, t| (f, t) == (from, to))
        }
        // What it cuts off later is not known yet.
        Fault::Partition { .. } => hypothesis.partitions() < spec.partitions as usize,
        Fault::Node { node, what, .. } => match what {
            Ailment::Slow { .. } => {
                hypothesis.ailments(|other| matches!(other, Ailment::Slow { .. }))
                    < spec.slow as usize
            }
            Ailment::Clock { .. } => {
                hypothesis.ailments(|other| matches!(other, Ailment::Clock { .. }))
                    < spec.skews as usize
            }
            Ailment::Restarted => {
                let restarts = hypothesis.ailments(|other| other == Ailment::Restarted);
                restarts < spec.restarts as usize && hypothesis.is_down(node, fault.tick())
            }
            // No bounds allow them.
            Ailment::Paused | Ailment::Disk(_) | Ailment::Deaf | Ailment::Mute => false,
        },
    }
}

/// Whether something is sent in the tick over one of these links, and not lost.
fn sends(
    test: &FaultTest,
    execution: &Execution,
    tick: u32,
    over: impl Fn(usize, usize) -> bool,
) -> bool {
    let number = |name: &str| test.nodes.iter().position(|node| node.name == name);
    let mut sent = execution.traffic[tick as usize - 1].iter();
    sent.any(|sent| match (number(&sent.from), number(&sent.to)) {
        (Some(from), Some(to)) => !sent.lost && over(from, to),
        _ => false,
    })
}

/// Faults by time. Crashes and what ails nodes come before what is lost in their tick: who comes back sends again.
fn order(fault: Fault) -> (u32, u8, Fault) {
    let rank = match fault {
        Fault::Crash { .. } => 0,
        Fault::Node { .. } => 1,
        Fault::Loss { .. }
        | Fault::Delay { .. }
        | Fault::Duplicate { .. }
        | Fault::Partition { .. } => 2,
    };
    (fault.tick(), rank, fault)
}

fn minimal(mut sets: Vec<Hypothesis>) -> Vec<Hypothesis> {
    sets.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    let mut minimal: Vec<Hypothesis> = Vec::new();
    for set in sets {
        if !minimal.iter().any(|smaller| smaller.0.is_subset(&set.0)) {
            minimal.push(set);
        }
    }
    minimal
}
