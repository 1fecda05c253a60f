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
    losses: FxHashMap<(usize, usize, u32), Lit>,
    /// Every fault by itself, in order.
    pub faults: Vec<(Fault, Lit)>,
}

impl Variables {
    pub fn new(circuit: &mut Circuit, spec: &FaultSpec, nodes: usize) -> Variables {
        let mut variables = Variables {
            up: Vec::new(),
            losses: FxHashMap::default(),
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
                Fault::Loss { from, to, tick } => {
                    let lost = circuit.variable();
                    variables.losses.insert((from, to, tick), lost);
                    lost
                }
            };
            variables.faults.push((fault, condition));
        }
        variables
    }

    pub fn up(&self, node: usize, tick: u32) -> Lit {
        self.up[node][tick as usize - 1]
    }

    pub fn lost(&self, from: usize, to: usize, tick: u32) -> Lit {
        let lost = self.losses.get(&(from, to, tick));
        lost.copied().unwrap_or(Lit::FALSE)
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
        for (&(from, to, tick), lit) in &self.losses {
            holds[lit.gate()] = hypothesis.loses(from, to, tick);
        }
        circuit.values(|gate| holds[gate])
    }

    /// Each pair of variables of which the first implies the second: who is up was up before.
    pub fn implications(&self) -> impl Iterator<Item = (Lit, Lit)> + '_ {
        let pairs = self.up.iter().flat_map(|up| up.windows(2));
        let pairs = pairs.map(|pair| (pair[1], pair[0]));
        pairs.filter(|(later, earlier)| later != earlier)
    }

    /// Of each node, whether it ever crashes.
    pub fn crashes(&self) -> impl Iterator<Item = Lit> + '_ {
        self.up.iter().filter_map(|up| up.last()).map(|up| !*up)
    }
}
