//! The bounds of a search with what is asked of them run after run; and the support of a run of which nothing is
//! known but what happened.

use std::collections::BTreeSet;

use bloom_plan::testing::FaultTest;
use rustc_hash::{FxHashMap, FxHashSet};

use super::ailment::{Ailment, SLOW_TICKS};
use super::concrete::Execution;
use super::hypothesis::{Crash, Fault, FaultSpec, Hypothesis};

/// Faults, each with whether the run had it.
pub type Support = BTreeSet<(Fault, bool)>;

/// The bounds of a search with what is asked of them again and again.
pub struct Space<'s> {
    pub test: &'s FaultTest,
    pub spec: &'s FaultSpec,
    pub faults: Vec<Fault>,
    /// By sender, receiver and tick of sending: what may happen to what is sent.
    pub links: FxHashMap<(usize, usize, u32), Vec<Fault>>,
    /// By how many ticks something may be late.
    pub late: u32,
}

impl<'s> Space<'s> {
    pub fn new(test: &'s FaultTest, spec: &'s FaultSpec) -> Space<'s> {
        let nodes = test.nodes.len();
        let faults = spec.faults(nodes);
        let mut links: FxHashMap<(usize, usize, u32), Vec<Fault>> = FxHashMap::default();
        for &fault in &faults {
            for link in touched(fault, nodes) {
                links.entry(link).or_default().push(fault);
            }
        }
        let slow = match (spec.slow, spec.delays) {
            (0, _) => 0,
            (_, 0) => SLOW_TICKS,
            (_, delays) => delays,
        };
        Space {
            test,
            spec,
            faults,
            links,
            late: spec.delays.max(slow).max(u32::from(spec.duplicates)),
        }
    }

    /// The run itself, where nothing better is known: without what happens to links over which nothing is sent.
    pub fn whole(&self, hypothesis: &Hypothesis, execution: &Execution, sees_all: bool) -> Support {
        let number = |name: &str| self.test.nodes.iter().position(|node| node.name == name);
        let mut used: FxHashSet<(usize, usize, u32)> = FxHashSet::default();
        for (tick, sent) in (1..).zip(&execution.traffic) {
            for sent in sent {
                if let (Some(from), Some(to)) = (number(&sent.from), number(&sent.to)) {
                    used.insert((from, to, tick));
                }
            }
        }
        let matters = |fault: &&Fault| match **fault {
            Fault::Loss { from, to, tick }
            | Fault::Delay { from, to, tick, .. }
            | Fault::Duplicate { from, to, tick } => !sees_all || used.contains(&(from, to, tick)),
            Fault::Crash { .. } | Fault::Partition { .. } | Fault::Node { .. } => true,
        };
        let faults = self.faults.iter().filter(matters);
        faults.map(|&f| (f, hypothesis.0.contains(&f))).collect()
    }

    /// Whether more than the whole run can be said of a run within the bounds.
    pub fn is_plain(&self, hypothesis: &Hypothesis) -> bool {
        let is_plain = |fault: &Fault| match fault {
            Fault::Node { what, .. } => matches!(what, Ailment::Slow { .. }),
            Fault::Crash { .. }
            | Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Partition { .. } => true,
        };
        self.spec.crash == Crash::Stop && self.faults.iter().chain(&hypothesis.0).all(is_plain)
    }
}

/// The links over which the fault may change what arrives.
fn touched(fault: Fault, nodes: usize) -> Vec<(usize, usize, u32)> {
    let all = |ticks: std::ops::RangeInclusive<u32>| {
        let pairs = (0..nodes).flat_map(move |from| (0..nodes).map(move |to| (from, to)));
        pairs.flat_map(move |(from, to)| ticks.clone().map(move |tick| (from, to, tick)))
    };
    match fault {
        Fault::Loss { from, to, tick }
        | Fault::Delay { from, to, tick, .. }
        | Fault::Duplicate { from, to, tick } => vec![(from, to, tick)],
        Fault::Partition { first, last, .. } => all(first..=last)
            .filter(|&(from, to, tick)| fault.parts(from, to, tick))
            .collect(),
        Fault::Node {
            node,
            first,
            last,
            what: Ailment::Slow { .. },
        } => all(first..=last)
            .filter(|&(from, to, _)| from == node && to != node)
            .collect(),
        Fault::Crash { .. } | Fault::Node { .. } => Vec::new(),
    }
}
