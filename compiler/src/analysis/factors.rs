//! In how many parts of a rule a lattice value has a say.
//!
//! A rule derives something where all its conditions hold, for each element of each generator: these parts, and the
//! head as one, are factors of a product. A product of two parts that both depend on one value does not distribute
//! over joins, though each part alone may: of `u{s} <= t{s}, s.contains(2)` the values `{1}` and `{2}` give `{2}`
//! apart, and `{1, 2}` together. Values of one row count together, and what a generator takes out of a value counts
//! by itself, since each element is looked at by itself.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::hir::{Body, ExprId, HeadColumn, Literal, Rule, VarId};
use crate::typing::walk;

/// A value that varies by itself: the lattice values of a row, or of an element.
struct Root {
    /// Places of the literals that it comes from.
    literals: BTreeSet<usize>,
    factors: usize,
}

/// Of each literal, whether two factors or more depend on one value that comes from it.
pub fn in_several(rule: &Rule, is_lattice: impl Fn(VarId) -> bool) -> Vec<bool> {
    let body = &rule.body;
    let mut roots: Vec<Root> = Vec::new();
    let mut of: FxHashMap<VarId, BTreeSet<usize>> = FxHashMap::default();
    for (place, node) in rule.literals.iter().enumerate() {
        roots.push(Root {
            literals: BTreeSet::from([place]),
            factors: 0,
        });
        if let Literal::Atom { args, .. } = &node.literal {
            let vars = args
                .iter()
                .flat_map(|arg| walk::pat_variables(body, arg.pat));
            for var in vars.filter(|&var| is_lattice(var)) {
                of.entry(var).or_default().insert(place);
            }
        }
    }
    // Each round carries values over one more binder, whatever order they stand in.
    for _ in 0..rule.literals.len() {
        for (place, node) in rule.literals.iter().enumerate() {
            let (pat, source, generates) = match &node.literal {
                Literal::Let { pat, value } => (*pat, *value, false),
                Literal::In { pat, source } => (*pat, *source, true),
                Literal::Error
                | Literal::Atom { .. }
                | Literal::Not { .. }
                | Literal::Condition(_) => continue,
            };
            let from = met(body, &of, [source]);
            if from.is_empty() {
                continue;
            }
            let mut bound = from.clone();
            if generates {
                let literals = from.iter().flat_map(|&root| roots[root].literals.clone());
                let literals: BTreeSet<usize> = literals.collect();
                roots[place].literals.extend(literals);
                bound = BTreeSet::from([place]);
            }
            let vars = walk::pat_variables(body, pat);
            for var in vars.into_iter().filter(|&var| is_lattice(var)) {
                of.entry(var).or_default().extend(bound.iter().copied());
            }
        }
    }
    for node in &rule.literals {
        let factor = match &node.literal {
            Literal::Condition(of) | Literal::In { source: of, .. } => *of,
            Literal::Error | Literal::Atom { .. } | Literal::Not { .. } | Literal::Let { .. } => {
                continue;
            }
        };
        count(&mut roots, &met(body, &of, [factor]));
    }
    let heads = rule.head.columns.iter().filter_map(|column| match column {
        HeadColumn::Expr(expr) => Some(*expr),
        HeadColumn::Aggregate(_) | HeadColumn::Default | HeadColumn::Omitted => None,
    });
    count(&mut roots, &met(body, &of, heads));
    let mut several = vec![false; rule.literals.len()];
    for root in roots.iter().filter(|root| root.factors > 1) {
        for &place in &root.literals {
            several[place] = true;
        }
    }
    several
}

fn count(roots: &mut [Root], met: &BTreeSet<usize>) {
    for &root in met {
        roots[root].factors += 1;
    }
}

/// The values that the expressions speak of.
fn met(
    body: &Body,
    of: &FxHashMap<VarId, BTreeSet<usize>>,
    exprs: impl IntoIterator<Item = ExprId>,
) -> BTreeSet<usize> {
    let vars = exprs
        .into_iter()
        .flat_map(|expr| walk::variables(body, expr));
    vars.filter_map(|var| of.get(&var))
        .flat_map(|roots| roots.iter().copied())
        .collect()
}
