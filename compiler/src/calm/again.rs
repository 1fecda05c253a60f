//! The report of a program that was analysed before, where the analysis would not see what changed.
//!
//! The report follows from what is declared, from the summaries of the rules, and from the place, the variables' names
//! and the acceptance of each rule. Where all of these but places agree, as [`RuleSummary::stands_for`] has it, the
//! analysis would take the same steps, so its report stands but for the places of the rules that it names. All else is
//! analysed anew.

use std::sync::Arc;

use bloom_stdx::arena::{Arena, Id};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Report;
use super::asking::{Address, address};
use super::flow::KindFlow;
use super::violation::RuleRef;
use crate::hir::{Loc, NodeId, Program, Rule, RuleId};

/// What the last analysis was of, and what it found.
#[derive(Debug)]
pub(super) struct Standing {
    flows: Arena<NodeId, KindFlow>,
    rules: Arena<NodeId, Arena<RuleId, Arc<Rule>>>,
    /// The rules whose tests were compared with others by a literal.
    told_apart: FxHashSet<Address>,
    report: Report,
}

impl Standing {
    pub fn new(
        program: &Program,
        flows: &Arena<NodeId, KindFlow>,
        told_apart: FxHashSet<Address>,
        report: Report,
    ) -> Self {
        Standing {
            flows: flows.clone(),
            rules: program.nodes.map(|_, kind| kind.rules.clone()),
            told_apart,
            report,
        }
    }

    /// The report of the program, if the analysis would go as before; else all stays as it is. Nothing but rules may
    /// differ from then.
    pub fn again(&mut self, program: &Program, flows: &Arena<NodeId, KindFlow>) -> Option<Report> {
        let mut changed = Vec::new();
        for (node, kind) in program.nodes.iter() {
            let (old, now) = (&self.flows[node], &flows[node]);
            if old.rules.len() != now.rules.len() || self.rules[node].len() != kind.rules.len() {
                return None;
            }
            let rules = self.rules[node].iter().zip(kind.rules.values());
            let summaries = old.rules.iter().zip(&now.rules);
            for (((id, old), now), (of_old, of_now)) in rules.zip(summaries) {
                if Arc::ptr_eq(old, now) && Arc::ptr_eq(of_old, of_now) {
                    continue;
                }
                let at = RuleRef { node, rule: id };
                let stands = of_old == of_now
                    || of_now.stands_for(of_old) && !self.told_apart.contains(&address(of_old));
                if !stands || !same_beside_summary(old, now) {
                    return None;
                }
                changed.push(at);
            }
        }
        let mut moved: FxHashMap<Loc, Loc> = FxHashMap::default();
        for &RuleRef { node, rule } in &changed {
            let (old, now) = (&self.rules[node][rule], &program.nodes[node].rules[rule]);
            // Copies of one rule stand at one place, and change together.
            if *moved.entry(old.loc).or_insert(now.loc) != now.loc {
                return None;
            }
        }
        for &RuleRef { node, rule } in &changed {
            self.rules[node][rule] = Arc::clone(&program.nodes[node].rules[rule]);
            self.flows[node].rules[rule.index()] = Arc::clone(&flows[node].rules[rule.index()]);
        }
        let outputs = self.report.outputs.iter_mut().map(|one| &mut one.because);
        let views = self.report.views.iter_mut().map(|one| &mut one.because);
        for blame in outputs.chain(views).flatten() {
            if let Some(&now) = moved.get(&blame.rule) {
                blame.rule = now;
            }
        }
        Some(self.report.clone())
    }
}

/// Whether what the report takes from a rule itself is the same, but for its place.
fn same_beside_summary(a: &Rule, b: &Rule) -> bool {
    let names = |rule: &'_ Rule| {
        rule.body
            .vars
            .values()
            .map(|var| var.name.clone())
            .collect::<Vec<_>>()
    };
    a.nondeterministic == b.nondeterministic && names(a) == names(b)
}
