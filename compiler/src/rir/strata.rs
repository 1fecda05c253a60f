//! Strata: the strongly connected components of "is derived from" among relations, in topological
//! order: a component is complete before those that read it.
//!
//! Components are the finest stratification there is. Whether reads within one are monotone is for
//! the analysis to say; it has, before a program comes here.

use bloom_plan::plan::{Arrow, RelationId, RuleId};
use bloom_stdx::graph::components;

use super::{Literal, Rule};

/// The `<=` rules by stratum, in order of evaluation, each stratum in the order of its rules.
pub fn stratify(
    heads: &[(RelationId, Arrow)],
    rules: &[Rule],
    relations: usize,
) -> Vec<Vec<RuleId>> {
    let mut reads = vec![Vec::new(); relations];
    for ((head, arrow), rule) in heads.iter().zip(rules) {
        if *arrow == Arrow::Merge {
            reads[head.0 as usize].extend(rule.literals.iter().filter_map(read_by));
        }
    }
    let components = components(&reads);
    let mut component = vec![0; relations];
    for (number, members) in components.iter().enumerate() {
        for &member in members {
            component[member] = number;
        }
    }
    let mut strata = vec![Vec::new(); components.len()];
    for (number, (head, arrow)) in heads.iter().enumerate() {
        if *arrow == Arrow::Merge {
            strata[component[head.0 as usize]].push(RuleId(number as u32));
        }
    }
    strata.retain(|stratum| !stratum.is_empty());
    strata
}

fn read_by(literal: &Literal) -> Option<usize> {
    match literal {
        Literal::Atom { relation, .. } | Literal::Not { relation, .. } => Some(relation.0 as usize),
        Literal::Condition(_)
        | Literal::Let { .. }
        | Literal::Each { .. }
        | Literal::Range { .. } => None,
    }
}
