//! The graph after an edit of rules.

use std::sync::Arc;

use bloom_stdx::aligned::differing;
use bloom_stdx::arena::{Arena, Id};
use rustc_hash::FxHashMap;

use super::components::Steps;
use super::{Connected, Graph};
use crate::calm::asking::Topic;
use crate::calm::flow::{KindFlow, RuleFlow};
use crate::calm::model::{At, RuleAt};
use crate::hir::{NodeId, Program};

/// Where more than this and one rule in so many have changed, all is connected anew.
const CHANGED_MAX: usize = 64;
const CHANGED_ONE_IN: usize = 8;

/// So much may be left of rules that went.
const GARBAGE_MIN: usize = 1_024;

/// What an edit has changed.
#[derive(Debug, Default)]
pub struct Edit {
    pub gone: Vec<RuleAt>,
    pub came: Vec<RuleAt>,
    /// What is known otherwise of places.
    pub topics: Vec<Topic>,
    /// Places of which it changed whether they depend on themselves over ticks.
    pub turned: Vec<At>,
}

impl Graph {
    /// Goes over to a program of which only rules differ. None if rules changed their order, by which they are also told
    /// apart, or so many of them that all is better connected anew.
    pub fn again(&mut self, program: &Program, flows: &Arena<NodeId, KindFlow>) -> Option<Edit> {
        if self.unread > GARBAGE_MIN + self.reads.len() / 2 {
            return None;
        }
        let changes: Vec<Changed> = flows
            .iter()
            .map(|(node, flow)| self.changed(node, flow))
            .collect::<Option<_>>()?;
        let count: usize = changes.iter().map(Changed::count).sum();
        if count > CHANGED_MAX + self.rules.len() / CHANGED_ONE_IN {
            return None;
        }
        let mut edit = Edit::default();
        let mut steps = Steps::default();
        for (change, (node, flow)) in changes.into_iter().zip(flows.iter()) {
            self.apply(change, node, flow, &mut edit, &mut steps);
        }
        let heads = edit.gone.iter().chain(&edit.came);
        let mut touched: Vec<At> = heads.map(|&rule| self.rules[rule].head).collect();
        touched.sort_unstable();
        touched.dedup();
        for at in touched {
            edit.topics.push(Topic::rules(at));
            let facts = self.facts(program, at);
            if std::mem::replace(&mut self.places[at.index()], facts) != facts {
                edit.topics.push(Topic::facts(at));
            }
        }
        let mut components = std::mem::take(&mut self.components);
        edit.turned = components.again(self, &steps);
        self.components = components;
        Some(edit)
    }

    /// What has changed of the rules of a kind; none if some have changed their order.
    fn changed(&self, node: NodeId, flow: &KindFlow) -> Option<Changed> {
        let old = &self.order[node.index()];
        let of = |rule: &RuleAt| self.rules[*rule].of.as_ref().map_or(0, identity);
        let was: Vec<usize> = old.iter().map(of).collect();
        let now: Vec<usize> = flow.rules.iter().map(identity).collect();
        let (before, after) = differing(&was, &now);
        let mut kept = vec![None; after.len()];
        if !before.is_empty() && !after.is_empty() {
            let known: FxHashMap<usize, usize> = was[before.clone()]
                .iter()
                .copied()
                .zip(before.clone())
                .collect();
            for (kept, key) in kept.iter_mut().zip(&now[after.clone()]) {
                *kept = known.get(key).copied();
            }
            if !kept.iter().flatten().is_sorted_by(|a, b| a < b) {
                return None;
            }
        }
        let kept = kept.into_iter().map(|place| place.map(|place| old[place]));
        Some(Changed {
            before,
            after_start: after.start,
            kept: kept.collect(),
        })
    }

    fn apply(
        &mut self,
        change: Changed,
        node: NodeId,
        flow: &KindFlow,
        edit: &mut Edit,
        steps: &mut Steps,
    ) {
        let Changed {
            before,
            after_start,
            kept,
        } = change;
        if before.is_empty() && kept.is_empty() {
            return;
        }
        let mut order = std::mem::take(&mut self.order[node.index()]);
        // In the order in which they were.
        let mut still = kept.iter().flatten().peekable();
        for rule in &order[before.clone()] {
            if still.next_if_eq(&rule).is_none() {
                self.take_out(*rule);
                steps.gone.push(*rule);
                edit.gone.push(*rule);
            }
        }
        let mut new = Vec::new();
        let now: Vec<RuleAt> = (after_start..)
            .zip(&kept)
            .map(|(position, known)| {
                known.unwrap_or_else(|| {
                    let connected = self.connected(node, position, &flow.rules[position]);
                    let rule = self.numbered(connected);
                    new.push(rule);
                    rule
                })
            })
            .collect();
        let start = before.start;
        order.splice(before, now);
        for (position, &rule) in (start as u32..).zip(&order[start..]) {
            self.rules[rule].position = position;
        }
        self.order[node.index()] = order;
        for rule in new {
            self.put_in(rule);
            steps.came.push(rule);
            edit.came.push(rule);
        }
    }

    /// Numbers that went in this edit are not given again in it.
    fn numbered(&mut self, connected: Connected) -> RuleAt {
        match self.free.pop() {
            Some(rule) => {
                self.rules[rule] = connected;
                rule
            }
            None => {
                self.rules.push(connected);
                self.rules.len() - 1
            }
        }
    }

    fn take_out(&mut self, rule: RuleAt) {
        let head = self.rules[rule].head;
        self.writers[head.index()].retain(|&other| other != rule);
        let (first, count) = (
            self.rules[rule].first as usize,
            self.rules[rule].count as usize,
        );
        for from in &self.reads[first..first + count] {
            self.readers[from.index()].retain(|&other| other != rule);
        }
        self.unread += count;
    }

    fn put_in(&mut self, rule: RuleAt) {
        let (rules, own) = (&self.rules, &self.rules[rule]);
        let put = |all: &mut Vec<RuleAt>| {
            let place = |rule: &Connected| (rule.node.index(), rule.position);
            let at = all.partition_point(|&other| place(&rules[other]) < place(own));
            all.insert(at, rule);
        };
        put(&mut self.writers[own.head.index()]);
        let first = own.first as usize;
        for from in &self.reads[first..first + own.count as usize] {
            put(&mut self.readers[from.index()]);
        }
    }

    /// The numbers of rules that went may be given to others.
    pub fn release(&mut self, gone: &[RuleAt]) {
        for &rule in gone {
            self.rules[rule].of = None;
        }
        self.free.extend(gone);
    }
}

/// What has changed of the rules of one kind.
struct Changed {
    before: std::ops::Range<usize>,
    after_start: usize,
    /// Of those that are there now in place of the ones before, the numbers of those that were among them.
    kept: Vec<Option<RuleAt>>,
}

impl Changed {
    /// How many rules came or went. Between two that did there may be any number of others.
    fn count(&self) -> usize {
        let still = self.kept.iter().flatten().count();
        self.before.len() + self.kept.len() - 2 * still
    }
}

fn identity(of: &Arc<RuleFlow>) -> usize {
    Arc::as_ptr(of).addr()
}
