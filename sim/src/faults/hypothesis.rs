//! Which faults there may be, and sets of them.
//!
//! A [`FaultSpec`] bounds them; a [`Hypothesis`] is one set: a deterministic run follows from it. Time is in
//! ticks from 1 on. A message sent in tick t arrives in t+1, unless it is lost, which can happen to what is sent
//! before tick `eff`, or its sender or receiver is down. A node that crashes at t does nothing from t on.

use std::collections::BTreeSet;

use bloom_plan::testing::TestNode;

use super::ailment::{Ailment, SLOW_TICKS};
pub use super::side::{PARTITIONED_NODES_MAX, Side};

/// The bounds of a search, and what a crash is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultSpec {
    /// The last tick.
    pub eot: u32,
    /// Messages sent before this tick can be lost.
    pub eff: u32,
    /// So many nodes may crash, each before the last tick.
    pub crashes: u32,
    pub crash: Crash,
    /// What is sent before tick `eff` may be late by so many ticks.
    pub delays: u32,
    /// It may arrive again, a tick after it did.
    pub duplicates: bool,
    /// So often may some nodes be cut off from all others, before tick `eff`.
    pub partitions: u32,
    /// So often may a node be slow for a while, before tick `eff`.
    pub slow: u32,
    /// So many nodes may have a clock of half or twice the speed.
    pub skews: u32,
    /// So many nodes that crashed may come back, with what their disks hold.
    pub restarts: u32,
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
    /// All that is sent from one node to another in a tick arrives so many ticks later. Of several delays the
    /// shortest counts.
    Delay {
        from: usize,
        to: usize,
        tick: u32,
        by: u32,
    },
    /// All that is sent from one node to another in a tick arrives in the next tick but one as well.
    Duplicate {
        from: usize,
        to: usize,
        tick: u32,
    },
    /// Nothing passes between some nodes and the others from one tick to another, both included.
    Partition {
        side: Side,
        first: u32,
        last: u32,
    },
    /// Something ails a node from one tick to another, both included.
    Node {
        node: usize,
        first: u32,
        last: u32,
        what: Ailment,
    },
}

impl Fault {
    /// In a few words, by the names of nodes.
    pub fn named(self, nodes: &[TestNode]) -> String {
        let name = |node: usize| nodes[node].name.as_str();
        match self {
            Fault::Crash { node, tick } => format!("crash {} {tick}", name(node)),
            Fault::Loss { from, to, tick } => format!("loss {} {} {tick}", name(from), name(to)),
            Fault::Delay { from, to, tick, by } => {
                format!("delay {} {} {tick} by {by}", name(from), name(to))
            }
            Fault::Duplicate { from, to, tick } => {
                format!("duplicate {} {} {tick}", name(from), name(to))
            }
            Fault::Partition { side, first, last } => {
                let inside: Vec<&str> = side.nodes().map(name).collect();
                format!("partition {} {first} {last}", inside.join(","))
            }
            Fault::Node {
                node,
                first,
                last,
                what,
            } => format!("{} {} {first} {last}", what.word(), name(node)),
        }
    }

    /// The tick in which it begins.
    pub fn tick(self) -> u32 {
        match self {
            Fault::Crash { tick, .. }
            | Fault::Loss { tick, .. }
            | Fault::Delay { tick, .. }
            | Fault::Duplicate { tick, .. } => tick,
            Fault::Partition { first, .. } | Fault::Node { first, .. } => first,
        }
    }

    /// What ails a node in a tick, if the fault is that.
    pub fn ails(self, tick: u32) -> Option<(usize, Ailment)> {
        match self {
            Fault::Node {
                node,
                first,
                last,
                what,
            } => (first..=last).contains(&tick).then_some((node, what)),
            Fault::Crash { .. }
            | Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Partition { .. } => None,
        }
    }

    /// Of a partition, whether it loses what is sent over a link in a tick.
    pub fn parts(self, from: usize, to: usize, tick: u32) -> bool {
        match self {
            Fault::Partition { side, first, last } => {
                side.has(from) != side.has(to) && (first..=last).contains(&tick)
            }
            Fault::Crash { .. }
            | Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Node { .. } => false,
        }
    }
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
        self.0.iter().find_map(|fault| match *fault {
            Fault::Crash {
                node: crashed,
                tick,
            } => (crashed == node).then_some(tick),
            Fault::Loss { .. }
            | Fault::Delay { .. }
            | Fault::Duplicate { .. }
            | Fault::Partition { .. }
            | Fault::Node { .. } => None,
        })
    }

    /// How many nodes ail in one of these ways.
    pub fn ailments(&self, of: impl Fn(Ailment) -> bool) -> usize {
        self.count(|fault| matches!(fault, Fault::Node { what, .. } if of(*what)))
    }

    /// Whether the node crashed before the tick and did not come back.
    pub fn is_down(&self, node: usize, tick: u32) -> bool {
        let restarts = self.0.iter().filter_map(|fault| match *fault {
            Fault::Node {
                node: other,
                first,
                what: Ailment::Restarted,
                ..
            } => (other == node && first <= tick).then_some(first),
            _ => None,
        });
        let back = restarts.max().unwrap_or(0);
        self.crash_of(node)
            .is_some_and(|crash| crash < tick && crash >= back)
    }

    /// The tick in which the node comes back, if it crashed before.
    pub fn return_of(&self, node: usize) -> Option<u32> {
        let crash = self.crash_of(node)?;
        let restarts = self.0.iter().filter_map(|fault| match *fault {
            Fault::Node {
                node: other,
                first,
                what: Ailment::Restarted,
                ..
            } => (other == node && first > crash).then_some(first),
            _ => None,
        });
        restarts.min()
    }

    pub fn crashes(&self) -> usize {
        self.count(|fault| matches!(fault, Fault::Crash { .. }))
    }

    pub fn losses(&self) -> usize {
        self.count(|fault| matches!(fault, Fault::Loss { .. }))
    }

    pub fn partitions(&self) -> usize {
        self.count(|fault| matches!(fault, Fault::Partition { .. }))
    }

    fn count(&self, is_one: impl Fn(&Fault) -> bool) -> usize {
        self.0.iter().filter(|fault| is_one(fault)).count()
    }

    /// "1 crash and 2 losses"
    pub fn in_words(&self) -> String {
        let counts = [
            (self.crashes(), "crash", "crashes"),
            (self.losses(), "loss", "losses"),
            (
                self.count(|fault| matches!(fault, Fault::Delay { .. })),
                "delay",
                "delays",
            ),
            (
                self.count(|fault| matches!(fault, Fault::Duplicate { .. })),
                "duplicate",
                "duplicates",
            ),
            (self.partitions(), "partition", "partitions"),
            (
                self.ailments(|what| what == Ailment::Restarted),
                "restart",
                "restarts",
            ),
            (
                self.ailments(|what| what == Ailment::Paused),
                "pause",
                "pauses",
            ),
            (
                self.ailments(|what| matches!(what, Ailment::Slow { .. })),
                "slow node",
                "slow nodes",
            ),
            (
                self.ailments(|what| matches!(what, Ailment::Clock { .. })),
                "wrong clock",
                "wrong clocks",
            ),
            (
                self.ailments(|what| matches!(what, Ailment::Disk(_))),
                "fault of a disk",
                "faults of disks",
            ),
            (
                self.ailments(|what| matches!(what, Ailment::Deaf | Ailment::Mute)),
                "cut in one direction",
                "cuts in one direction",
            ),
        ];
        let parts = counts.into_iter().filter(|(number, _, _)| *number > 0);
        let parts: Vec<String> = parts
            .map(|(number, one, more)| match number {
                1 => format!("1 {one}"),
                _ => format!("{number} {more}"),
            })
            .collect();
        match parts.as_slice() {
            [] => "no fault".to_owned(),
            [one] => one.clone(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
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
        let ticks = 1..self.loss_end();
        for from in 0..nodes {
            for to in (0..nodes).filter(|&to| to != from) {
                for tick in ticks.clone() {
                    faults.push(Fault::Loss { from, to, tick });
                    let delays = 1..=self.delays;
                    faults.extend(delays.map(|by| Fault::Delay { from, to, tick, by }));
                    if self.duplicates {
                        faults.push(Fault::Duplicate { from, to, tick });
                    }
                }
            }
        }
        if self.partitions > 0 {
            for side in Side::all(nodes) {
                for first in ticks.clone() {
                    let lasts = first..self.loss_end();
                    faults.extend(lasts.map(|last| Fault::Partition { side, first, last }));
                }
            }
        }
        for node in 0..nodes {
            faults.extend(self.ailments(node));
        }
        faults
    }

    /// What may ail a node within the bounds.
    fn ailments(&self, node: usize) -> Vec<Fault> {
        let of = |first, last, what| Fault::Node {
            node,
            first,
            last,
            what,
        };
        let mut faults = Vec::new();
        if self.slow > 0 {
            let by = if self.delays > 0 {
                self.delays
            } else {
                SLOW_TICKS
            };
            for first in 1..self.loss_end() {
                let lasts = first..self.loss_end();
                faults.extend(lasts.map(|last| of(first, last, Ailment::Slow { by })));
            }
        }
        if self.skews > 0 {
            let speeds = [1, 4].map(|halves| Ailment::Clock { halves });
            faults.extend(speeds.map(|what| of(1, self.eot, what)));
        }
        if self.restarts > 0 && self.crashes > 0 {
            faults.extend((2..self.eot).map(|tick| of(tick, tick, Ailment::Restarted)));
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
        let ticks = f64::from(self.loss_end() - 1);
        let of_link = f64::from(1 + self.delays + u32::from(self.duplicates));
        let sent = 2_f64.powf(links * ticks * of_link);
        let mut choices = 1.0;
        let mut crashes = 1.0;
        for crash in 1..=(self.crashes as usize).min(nodes) {
            let ticks = f64::from(self.eot.saturating_sub(1));
            choices *= (nodes + 1 - crash) as f64 / crash as f64 * ticks;
            crashes += choices;
        }
        let all = Side::all(nodes).count() as f64 * ticks * (ticks + 1.0) / 2.0;
        let mut choices = 1.0;
        let mut partitions = 1.0;
        for partition in 1..=self.partitions {
            choices *= (all + 1.0 - f64::from(partition)).max(0.0) / f64::from(partition);
            partitions += choices;
        }
        let ticks = self.ailments(0).len() as f64 * nodes as f64;
        let most = self.slow + self.skews + self.restarts;
        let mut choices = 1.0;
        let mut ailments = 1.0;
        for ailment in 1..=most {
            choices *= (ticks + 1.0 - f64::from(ailment)).max(0.0) / f64::from(ailment);
            ailments += choices;
        }
        sent * crashes * partitions * ailments
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
            ..FaultSpec::default()
        };
        // Two links in tick 1; no crash, or one of two nodes in one of three ticks.
        assert_eq!(spec.space(2), 4.0 * 7.0);
        assert_eq!(spec.faults(2).len(), 2 + 6);
        let more = FaultSpec {
            delays: 2,
            duplicates: true,
            partitions: 1,
            ..spec
        };
        assert_eq!(more.faults(2).len(), 2 * 4 + 6 + 1);
        assert_eq!(more.space(2), 256.0 * 7.0 * 2.0);
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
