//! The analysis of a program as text: what `--emit labels` prints, and tests compare.

use std::fmt::Write;

use super::{Analysis, RuleAnalysis};
use crate::hir::Program;
use bloom_stdx::arena::Id;

impl Analysis {
    /// How functions grow; of each rule its head, stratum, order of literals and how it reads them.
    pub fn dump(&self, program: &Program) -> String {
        let mut text = String::new();
        let mut line = |content: std::fmt::Arguments<'_>| {
            writeln!(text, "{content}").expect("writing to a string never fails");
        };
        for (function, growth) in program.functions.values().zip(self.functions.values()) {
            line(format_args!("fn {} {growth:?}", function.name));
        }
        for (kind, node) in program.nodes.values().zip(self.nodes.values()) {
            line(format_args!(
                "node {}: {} strata",
                kind.name, node.stratum_count
            ));
            for (id, rule) in kind.rules.iter() {
                let head = &kind.collections[rule.head.collection].name;
                let stratum = node.strata[rule.head.collection];
                let RuleAnalysis { order, literals } = &*node.rules[id];
                line(format_args!(
                    "  rule{} {head}: stratum {stratum}, {order:?}, {literals:?}",
                    id.index()
                ));
            }
        }
        text
    }
}
