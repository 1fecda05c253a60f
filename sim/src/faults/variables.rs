//! The variables of the circuit, and what they say of a hypothesis: of each link and tick whether what is sent is
//! lost, of each node and tick whether it is up.
//!
//! Invariant: of the variables of a node, each implies the earlier ones, so that a node crashes at most once. It may
//! come back once: then it is in its second life, and stays up.

use rustc_hash::FxHashMap;

use super::ailment::Ailment;
use super::circuit::{Circuit, Lit, Values};
use super::hypothesis::{Crash, Fault, FaultSpec, Hypothesis};

/// The variables of the circuit.
#[derive(Debug)]
pub struct Variables {
    /// By node, then tick from 1: whether it has not crashed by then.
    first_life: Vec<Vec<Lit>>,
    /// By node: the ticks in which it may come back, and whether it does in that one.
    returns: Vec<Vec<(u32, Lit)>>,
    /// By node, then tick from 1: whether it is up in it, in either life.
    up: Vec<Vec<Lit>>,
    /// By sender, receiver and tick of sending, as far as something may happen to it.
    links: FxHashMap<(usize, usize, u32), Link>,
    /// Every fault by itself, in order.
    pub faults: Vec<(Fault, Lit)>,
    /// By node: how many halves of a tick its clock may go on by in each, and when it does; what comes first counts.
    clocks: Vec<Vec<(Fault, Lit)>>,
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
    pub fn new(
        circuit: &mut Circuit,
        spec: &FaultSpec,
        nodes: usize,
        faults: &[Fault],
    ) -> Variables {
        let mut variables = Variables {
            first_life: Vec::new(),
            returns: vec![Vec::new(); nodes],
            up: Vec::new(),
            links: FxHashMap::default(),
            faults: Vec::new(),
            clocks: vec![Vec::new(); nodes],
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
            variables.first_life.push(up);
        }
        for &fault in faults {
            let condition = match fault {
                Fault::Crash { node, tick } => variables.crashes_in(circuit, node, tick),
                Fault::Loss { .. }
                | Fault::Delay { .. }
                | Fault::Duplicate { .. }
                | Fault::Partition { .. }
                | Fault::Node { .. } => circuit.variable(),
            };
            variables.faults.push((fault, condition));
            variables.disturb(fault, condition, nodes);
        }
        variables.come_back(circuit, spec);
        variables
    }

    /// Lets nodes come back that have crashed before, each in the first tick that says so.
    fn come_back(&mut self, circuit: &mut Circuit, spec: &FaultSpec) {
        let restart = |&(fault, condition): &(Fault, Lit)| match fault {
            Fault::Node {
                node,
                first,
                what: Ailment::Restarted,
                ..
            } if spec.crash == Crash::Stop => Some((node, first, condition)),
            _ => None,
        };
        let mut restarts: Vec<(usize, u32, Lit)> = self.faults.iter().filter_map(restart).collect();
        restarts.sort_by_key(|(_, tick, _)| *tick);
        for (node, tick, condition) in restarts {
            if tick < 2 || tick > spec.eot {
                continue;
            }
            let is_down = !self.first_life(node, tick - 1);
            let earlier = self.returns[node].iter().map(|(_, returns)| !*returns);
            let all: Vec<Lit> = earlier.chain([is_down, condition]).collect();
            let returns = circuit.and(all);
            self.returns[node].push((tick, returns));
        }
        for (first, returns) in self.first_life.iter().zip(&self.returns) {
            let up = (1..).zip(first).map(|(tick, &first)| {
                let back = returns.iter().filter(|(when, _)| *when <= tick);
                let back = back.map(|(_, returns)| *returns);
                circuit.or(back.chain([first]))
            });
            self.up.push(up.collect());
        }
    }

    /// Whether the node has not crashed by the tick.
    pub fn first_life(&self, node: usize, tick: u32) -> Lit {
        self.first_life[node][tick as usize - 1]
    }

    /// The ticks in which the node may begin its second life, and whether it does in that one.
    pub fn returns(&self, node: usize) -> &[(u32, Lit)] {
        &self.returns[node]
    }

    /// Whether the node crashes in the tick.
    pub fn crashes_in(&self, circuit: &mut Circuit, node: usize, tick: u32) -> Lit {
        let before = match tick {
            1 => Lit::TRUE,
            _ => self.first_life(node, tick - 1),
        };
        let after = self.first_life(node, tick);
        circuit.and([before, !after])
    }

    /// Whether the node is up in the tick, in either life.
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
            Fault::Node {
                node,
                first,
                last,
                what,
            } => {
                let others = (0..nodes).filter(|&other| other != node);
                for (other, tick) in others.flat_map(|o| (first..=last).map(move |t| (o, t))) {
                    match what {
                        Ailment::Slow { by } => {
                            let link = self.links.entry((node, other, tick)).or_default();
                            link.late.push((by, condition));
                        }
                        Ailment::Mute => {
                            let link = self.links.entry((node, other, tick)).or_default();
                            link.lost.push(condition);
                        }
                        Ailment::Deaf => {
                            let link = self.links.entry((other, node, tick)).or_default();
                            link.lost.push(condition);
                        }
                        // The first is seen where timers fire, the second where nodes come back; of the others
                        // nobody has made a formula.
                        Ailment::Clock { .. }
                        | Ailment::Restarted
                        | Ailment::Paused
                        | Ailment::Disk(_) => {}
                    }
                }
                if matches!(what, Ailment::Clock { .. }) {
                    self.clocks[node].push((fault, condition));
                }
            }
        }
    }

    /// How far the clock of a node has come after so many ticks, in halves of one, and when it has.
    pub fn clock(&self, circuit: &mut Circuit, node: usize, ticks: u32) -> Vec<(u32, Lit)> {
        let mut right = Lit::TRUE;
        let mut clocks = Vec::new();
        for &(fault, condition) in &self.clocks[node] {
            let halves = (2..=ticks + 1).map(|tick| match fault.ails(tick) {
                Some((_, Ailment::Clock { halves })) => halves,
                Some(_) | None => 2,
            });
            clocks.push((halves.sum(), circuit.and([right, condition])));
            right = circuit.and([right, !condition]);
        }
        clocks.push((2 * ticks, right));
        clocks
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
        let mut delays = link.late.clone();
        delays.sort_by_key(|(by, _)| *by);
        // The shortest counts.
        let mut no_shorter = kept;
        for (by, late) in delays {
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
        for (node, up) in self.first_life.iter().enumerate() {
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
        let pairs = self.first_life.iter().flat_map(|up| up.windows(2));
        let pairs = pairs.map(|pair| (pair[1], pair[0]));
        pairs.filter(|(later, earlier)| later != earlier)
    }

    /// Of each fault of a kind, whether there is it.
    pub fn of_kind(&self, is_one: impl Fn(&Fault) -> bool) -> Vec<Lit> {
        let faults = self.faults.iter();
        let of_kind = faults.filter(|(fault, _)| is_one(fault));
        of_kind.map(|(_, lit)| *lit).collect()
    }

    /// Of each node, whether it ever crashes.
    pub fn crashes(&self) -> impl Iterator<Item = Lit> + '_ {
        let last = self.first_life.iter().filter_map(|up| up.last());
        last.map(|up| !*up)
    }
}
