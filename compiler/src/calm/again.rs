//! The report of a program that was analysed before, where the analysis would not see what changed.
//!
//! The report follows from what is declared, from the summaries of the rules, and from the place, the variables' names
//! and the acceptance of each rule. Where all of these but places agree, as [`RuleSummary::stands_for`] has it, the
//! analysis would take the same steps, so its report stands but for the places of the rules that it names. All else is
//! analysed anew.

use std::sync::Arc;

use bloom_stdx::arena::Arena;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Report;
use super::asking::{Address, address};
use super::flow::KindFlow;
use crate::hir::{Loc, NodeId, Rule};

/// What the last analysis was of, and what it found.
#[derive(Debug)]
pub(super) struct Standing {
    flows: Arena<NodeId, KindFlow>,
    /// The rules whose tests were compared with others by a literal.
    told_apart: Arc<FxHashSet<Address>>,
    report: Report,
}

impl Standing {
    pub fn new(
        flows: &Arena<NodeId, KindFlow>,
        told_apart: Arc<FxHashSet<Address>>,
        report: Report,
    ) -> Self {
        Standing {
            flows: flows.clone(),
            told_apart,
            report,
        }
    }

    /// The report of the program, if the analysis would go as before; else all stays as it is. Nothing but rules may
    /// differ from then.
    pub fn again(&mut self, flows: &Arena<NodeId, KindFlow>) -> Option<Report> {
        let mut moved: FxHashMap<Loc, Loc> = FxHashMap::default();
        let mut renamed: Vec<Address> = Vec::new();
        for (node, now) in flows.iter() {
            let old = &self.flows[node];
            if old.rules.len() != now.rules.len() {
                return None;
            }
            for (old, now) in old.rules.iter().zip(&*now.rules) {
                if Arc::ptr_eq(old, now) {
                    continue;
                }
                let (of_old, of_now) = (&old.summary, &now.summary);
                let is_told_apart = self.told_apart.contains(&address(of_old));
                let stands = of_old == of_now || of_now.stands_for(of_old) && !is_told_apart;
                if is_told_apart {
                    renamed.push(address(of_now));
                }
                if !stands || !same_beside_summary(&old.rule, &now.rule) {
                    return None;
                }
                // Copies of one rule stand at one place, and change together.
                let loc = now.rule.loc;
                if *moved.entry(old.rule.loc).or_insert(loc) != loc {
                    return None;
                }
            }
        }
        self.flows = flows.clone();
        if !renamed.is_empty() {
            Arc::make_mut(&mut self.told_apart).extend(renamed);
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
