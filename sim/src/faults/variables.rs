//! The variables of the circuit, and what they say of a hypothesis: of each link and tick whether what is sent is
//! lost, of each node and tick whether it is up.
//!
//! Invariant: of the variables of a node, each implies the earlier ones, so that a node crashes at most once.

use rustc_hash::FxHashMap;

use super::circuit::{Circuit, Lit, Values};
use super::hypothesis::{Fault, FaultSpec, Hypothesis};

/// The variables of the circuit.
#[derive(Debug)]
pub struct Variables {
    /// By node, then tick from 1: whether it is up in it.
    up: Vec<Vec<Lit>>,
    /// By sender, receiver and tick of sending, as far as something may happen to it.
    links: FxHashMap<(usize, usize, u32), Link>,
    /// Every fault by itself, in order.
    pub faults: Vec<(Fault, Lit)>,
}

/// What may happen to what is sent over a link in a tick.
#[derive(Debug, Default)]
struct Link {
    /// It is lost, by itself or since the nodes are parted.
    lost: Vec<Lit>,
    /// It is late by so many ticks.
    late: Vec<(u32, Lit)>,
    twice: Option<Lit>,
}

impl Variables {
    pub fn new(circuit: &mut Circuit, spec: &FaultSpec, nodes: usize) -> Variables {
        let mut variables = Variables {
            up: Vec::new(),
            links: FxHashMap::default(),
            faults: Vec::new(),
        };
        for node in 0..nodes {
            let mut up = Vec::new();
            for tick in 1..=spec.eot {
                let is_up = match spec.crashes > 0 && tick < spec.eot {
                    true => circuit.chained(node as u32, tick),
                    // Nothing crashes in the last tick.
                    false => up.last().copied().unwrap_or(Lit::TRUE),
                };
                up.push(is_up);
            }
            variables.up.push(up);
        }
        for fault in spec.faults(nodes) {
            let condition = match fault {
                Fault::Crash { node, tick } => {
                    let before = match tick {
                        1 => Lit::TRUE,
                        _ => variables.up(node, tick - 1),
                    };
                    let after = variables.up(node, tick);
                    circuit.and([before, !after])
                }
                Fault::Loss { .. }
                | Fault::Delay { .. }
                | Fault::Duplicate { .. }
                | Fault::Partition { .. } => circuit.variable(),
            };
            variables.faults.push((fault, condition));
            variables.disturb(fault, condition, nodes);
        }
        variables
    }

    pub fn up(&self, node: usize, tick: u32) -> Lit {
        self.up[node][tick as usize - 1]
    }

    fn disturb(&mut self, fault: Fault, condition: Lit, nodes: usize) {
        match fault {
            Fault::Crash { .. } => {}
            Fault::Loss { from, to, tick } => {
                let link = self.links.entry((from, to, tick)).or_default();
                link.lost.push(condition);
            }
            Fault::Delay { from, to, tick, by } => {
                let link = self.links.entry((from, to, tick)).or_default();
                link.late.push((by, condition));
            }
            Fault::Duplicate { from, to, tick } => {
                let link = self.links.entry((from, to, tick)).or_default();
                link.twice = Some(condition);
            }
            Fault::Partition { first, last, .. } => {
                for from in 0..nodes {
                    for to in 0..nodes {
                        for tick in (first..=last).filter(|&tick| fault.parts(from, to, tick)) {
                            let link = self.links.entry((from, to, tick)).or_default();
                            link.lost.push(condition);
                        }
                    }
                }
            }
        }
    }

    /// In how many ticks what is sent over a link arrives, and when it does.
    pub fn arrivals(
        &self,
        circuit: &mut Circuit,
        from: usize,
        to: usize,
        tick: u32,
    ) -> Vec<(u32, Lit)> {
        let Some(link) = self.links.get(&(from, to, tick)) else {
            return vec![(1, Lit::TRUE)];
        };
        let kept = circuit.and(link.lost.iter().map(|lost| !*lost));
        let mut arrivals = Vec::new();
        // Delays ascend, and the shortest counts.
        let mut no_shorter = kept;
        for &(by, late) in &link.late {
            arrivals.push((1 + by, circuit.and([no_shorter, late])));
            no_shorter = circuit.and([no_shorter, !late]);
        }
        arrivals.push((1, no_shorter));
        if let Some(twice) = link.twice {
            arrivals.push((2, circuit.and([kept, twice])));
        }
        arrivals
    }

    /// The values of all gates under a hypothesis.
    pub fn assign(&self, circuit: &Circuit, hypothesis: &Hypothesis) -> Values {
        let mut holds = vec![false; circuit.gates().len()];
        for (node, up) in self.up.iter().enumerate() {
            let crash = hypothesis.crash_of(node).unwrap_or(u32::MAX);
            for (tick, lit) in (1..).zip(up) {
                holds[lit.gate()] = tick < crash;
            }
        }
        for (fault, lit) in &self.faults {
            // A crash has no variable of its own.
            if !matches!(fault, Fault::Crash { .. }) {
                holds[lit.gate()] = hypothesis.0.contains(fault);
            }
        }
        circuit.values(|gate| holds[gate])
    }

    /// Each pair of variables of which the first implies the second: who is up was up before.
    pub fn implications(&self) -> impl Iterator<Item = (Lit, Lit)> + '_ {
        let pairs = self.up.iter().flat_map(|up| up.windows(2));
        let pairs = pairs.map(|pair| (pair[1], pair[0]));
        pairs.filter(|(later, earlier)| later != earlier)
    }

    /// Of each partition, whether there is it.
    pub fn partitions(&self) -> impl Iterator<Item = Lit> + '_ {
        let faults = self.faults.iter();
        faults.filter_map(|(fault, lit)| matches!(fault, Fault::Partition { .. }).then_some(*lit))
    }

    /// Of each node, whether it ever crashes.
    pub fn crashes(&self) -> impl Iterator<Item = Lit> + '_ {
        self.up.iter().filter_map(|up| up.last()).map(|up| !*up)
    }
}
