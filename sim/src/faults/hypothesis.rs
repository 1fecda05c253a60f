//! Which faults there may be, and sets of them.
//!
//! A [`FaultSpec`] bounds them; a [`Hypothesis`] is one set: a deterministic run follows from it. Time is in
//! ticks from 1 on. A message sent in tick t arrives in t+1, unless it is lost, which can happen to what is sent
//! before tick `eff`, or its sender or receiver is down. A node that crashes at t does nothing from t on.

use std::collections::BTreeSet;

/// The bounds of a search, and what a crash is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FaultSpec {
    /// The last tick.
    pub eot: u32,
    /// Messages sent before this tick can be lost.
    pub eff: u32,
    /// So many nodes may crash, each before the last tick.
    pub crashes: u32,
    pub crash: Crash,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Crash {
    /// A crashed node does nothing.
    #[default]
    Stop,
    /// A crashed node only sends nothing: how others define it, for comparison.
    Mute,
}

/// Something that goes wrong. Nodes are numbered as in the test.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    Crash {
        node: usize,
        tick: u32,
    },
    /// All that is sent from one node to another in a tick.
    Loss {
        from: usize,
        to: usize,
        tick: u32,
    },
}

/// A set of faults.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Hypothesis(pub BTreeSet<Fault>);

impl Hypothesis {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the node crashes, if it does.
    pub fn crash_of(&self, node: usize) -> Option<u32> {
        self.0.iter().find_map(|fault| match fault {
            Fault::Crash {
                node: crashed,
                tick,
            } if *crashed == node => Some(*tick),
            Fault::Crash { .. } | Fault::Loss { .. } => None,
        })
    }

    pub fn loses(&self, from: usize, to: usize, tick: u32) -> bool {
        self.0.contains(&Fault::Loss { from, to, tick })
    }

    pub fn crashes(&self) -> usize {
        let crashes = self.0.iter();
        crashes
            .filter(|fault| matches!(fault, Fault::Crash { .. }))
            .count()
    }

    pub fn losses(&self) -> usize {
        self.len() - self.crashes()
    }

    /// "1 crash and 2 losses"
    pub fn in_words(&self) -> String {
        let count = |number: usize, one: &str, more: &str| match number {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{number} {more}")),
        };
        let crashes = count(self.crashes(), "crash", "crashes");
        let losses = count(self.losses(), "loss", "losses");
        match (crashes, losses) {
            (Some(crashes), Some(losses)) => format!("{crashes} and {losses}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => "no fault".to_owned(),
        }
    }
}

impl FaultSpec {
    /// Every fault that the bounds allow by itself, in order.
    pub fn faults(&self, nodes: usize) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.crashes > 0 {
            for node in 0..nodes {
                faults.extend((1..self.eot).map(|tick| Fault::Crash { node, tick }));
            }
        }
        for from in 0..nodes {
            for to in (0..nodes).filter(|&to| to != from) {
                let ticks = 1..self.loss_end();
                faults.extend(ticks.map(|tick| Fault::Loss { from, to, tick }));
            }
        }
        faults
    }

    /// The first tick in which nothing is lost. What is sent in the last tick arrives in no run.
    pub fn loss_end(&self) -> u32 {
        self.eff.min(self.eot).max(1)
    }

    /// How many sets of faults there are within the bounds.
    pub fn space(&self, nodes: usize) -> f64 {
        let links = (nodes * nodes.saturating_sub(1)) as f64;
        let losses = 2_f64.powf(links * f64::from(self.loss_end() - 1));
        let ticks = f64::from(self.eot.saturating_sub(1));
        let mut choices = 1.0;
        let mut crashes = 1.0;
        for crash in 1..=(self.crashes as usize).min(nodes) {
            choices *= (nodes + 1 - crash) as f64 / crash as f64 * ticks;
            crashes += choices;
        }
        losses * crashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_space_of_faults_is_counted() {
        let spec = FaultSpec {
            eot: 4,
            eff: 2,
            crashes: 1,
            crash: Crash::Stop,
        };
        // Two links in tick 1; no crash, or one of two nodes in one of three ticks.
        assert_eq!(spec.space(2), 4.0 * 7.0);
        assert_eq!(spec.faults(2).len(), 2 + 6);
    }

    #[test]
    fn a_set_of_faults_is_told_in_words() {
        let mut set = Hypothesis::default();
        assert_eq!(set.in_words(), "no fault");
        set.0.insert(Fault::Crash { node: 0, tick: 2 });
        assert_eq!(set.in_words(), "1 crash");
        for tick in 1..3 {
            set.0.insert(Fault::Loss {
                from: 0,
                to: 1,
                tick,
            });
        }
        assert_eq!(set.in_words(), "1 crash and 2 losses");
    }
}
