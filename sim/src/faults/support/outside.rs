//! What a run takes in from outside, and what faults do to it: messages, who is up, and what a spec sees of nodes.

use bloom_plan::plan::{Arrow, RelationId, RelationKind};
use bloom_plan::testing::Observer;

use super::Asking;
use crate::faults::hypothesis::Fault;
use crate::lineage::Moment;

impl Asking<'_, '_> {
    pub(super) fn note(&mut self, fault: Fault) {
        let there = self.hypothesis.0.contains(&fault);
        self.support.insert((fault, there));
    }

    /// The node of a life that is no spec.
    pub(super) fn node(&self, life: usize) -> Option<usize> {
        if self.history.life(life).observer.is_some() {
            return None;
        }
        let address = self.history.address(life);
        self.space
            .test
            .nodes
            .iter()
            .position(|node| node.name == *address)
    }

    /// The life of a node: it has one, since none comes back.
    pub(super) fn life_of(&self, node: usize) -> Option<usize> {
        let address = &self.space.test.nodes[node].name;
        let mut lives = self.history.lives();
        let life =
            lives.find(|(_, life)| life.observer.is_none() && life.config.address == *address);
        life.map(|(number, _)| number)
    }

    pub(super) fn is_up(&self, node: usize, tick: u64) -> bool {
        self.hypothesis
            .crash_of(node)
            .is_none_or(|crash| u64::from(crash) > tick)
    }

    /// That the node is up, or that it is not.
    pub(super) fn up_as_it_is(&mut self, node: usize, tick: u64) {
        match self.hypothesis.crash_of(node) {
            Some(crash) if u64::from(crash) <= tick => {
                self.note(Fault::Crash { node, tick: crash })
            }
            Some(_) | None if self.space.spec.crashes > 0 => {
                for tick in (1..self.space.spec.eot).take_while(|&when| u64::from(when) <= tick) {
                    self.note(Fault::Crash { node, tick });
                }
            }
            Some(_) | None => {}
        }
    }

    /// That over a link happens what does.
    pub(super) fn link(&mut self, from: usize, to: usize, tick: u64) {
        let link = (from, to, u32::try_from(tick).unwrap_or(u32::MAX));
        for fault in self.space.links.get(&link).cloned().unwrap_or_default() {
            self.note(fault);
        }
    }

    /// That no more arrives for a collection than does; with `just`, no less either.
    pub(super) fn arrives(
        &mut self,
        moment: Moment,
        relation: RelationId,
        just: bool,
    ) -> Option<()> {
        if let Some(observer) = self.history.life(moment.life).observer.clone() {
            return self.sees(&observer, moment, relation, just);
        }
        let declared = &self.history.plan(moment.life).relations[relation.0 as usize];
        match declared.kind {
            RelationKind::Channel { .. } => {
                let name = declared.name.clone();
                self.messages(&name, moment, just)
            }
            RelationKind::Loopback if moment.tick > 1 => {
                let before = Moment {
                    tick: moment.tick - 1,
                    ..moment
                };
                self.sends(before, relation, just);
                Some(())
            }
            RelationKind::Alive => {
                for node in 0..self.space.test.nodes.len() {
                    if just || !self.is_up(node, moment.tick) {
                        self.up_as_it_is(node, moment.tick);
                    }
                }
                Some(())
            }
            RelationKind::Errors | RelationKind::Halt => None,
            RelationKind::Table { .. }
            | RelationKind::Scratch
            | RelationKind::Static
            | RelationKind::Input
            | RelationKind::Output
            | RelationKind::View
            | RelationKind::Loopback
            | RelationKind::Periodic { .. }
            | RelationKind::Stdout
            | RelationKind::Stderr
            | RelationKind::Stdin
            | RelationKind::Cluster => Some(()),
        }
    }

    /// That no more is sent in a tick for a collection than is.
    pub(super) fn sends(&mut self, moment: Moment, relation: RelationId, just: bool) {
        let is_sent = |arrow| arrow == Arrow::Async;
        if !just {
            return self.rules_derive_no_more(moment, relation, is_sent);
        }
        for rule in self.rules_for(moment.life, relation, is_sent) {
            if !rule.bootstrap || moment.tick == 1 {
                rule.all().for_each(|read| self.just(moment, read));
            }
        }
    }

    pub(super) fn messages(&mut self, channel: &str, moment: Moment, just: bool) -> Option<()> {
        let receiver = self.node(moment.life)?;
        let first = moment
            .tick
            .saturating_sub(1 + u64::from(self.space.late))
            .max(1);
        for sender in 0..self.space.test.nodes.len() {
            let life = self.life_of(sender)?;
            let Some(relation) = self.history.relation(life, channel) else {
                continue;
            };
            let from = if sender == receiver {
                moment.tick - 1
            } else {
                first
            };
            for tick in from.max(1)..moment.tick {
                let sent = Moment { life, tick };
                if self.is_over(sent)? {
                    continue;
                }
                if just {
                    self.up_as_it_is(sender, tick);
                }
                self.sends(sent, relation, just);
                if sender != receiver && (just || self.misses(sender, receiver, sent, moment)) {
                    self.link(sender, receiver, tick);
                }
            }
        }
        Some(())
    }

    /// Whether something that was sent in the one tick did not arrive in the other.
    pub(super) fn misses(&self, from: usize, to: usize, sent: Moment, taken: Moment) -> bool {
        let nodes = &self.space.test.nodes;
        let traffic = self.execution.traffic.get(sent.tick as usize - 1);
        let mut traffic = traffic.into_iter().flatten();
        traffic.any(|message| {
            message.from == nodes[from].name
                && message.to == nodes[to].name
                && !message
                    .after
                    .iter()
                    .any(|&after| u64::from(after) == taken.tick - sent.tick)
        })
    }

    /// That a spec sees no more of a collection than it does.
    pub(super) fn sees(
        &mut self,
        observer: &Observer,
        moment: Moment,
        relation: RelationId,
        just: bool,
    ) -> Option<()> {
        let name = &self.history.plan(moment.life).relations[relation.0 as usize].name;
        let at = self.history.taken(moment).at;
        let (is_up, is_crashed) = (*name == observer.up, *name == observer.crashed);
        let seen = observer.observed.iter().find(|seen| seen.relation == *name);
        for node in 0..self.space.test.nodes.len() {
            let now_up = self.is_up(node, at);
            if is_up && (just || !now_up) || is_crashed && (just || now_up) {
                self.up_as_it_is(node, at);
            }
            let Some(seen) = seen else { continue };
            let kind = &self.space.test.nodes[node].kind;
            let life = self.life_of(node)?;
            for source in seen.sources.iter().filter(|source| source.kind == *kind) {
                let relation = self.history.relation(life, &source.collection)?;
                let there = Moment { life, tick: at };
                match just {
                    true => self.just(there, relation),
                    false => self.no_more(there, relation),
                }
            }
        }
        Some(())
    }
}
