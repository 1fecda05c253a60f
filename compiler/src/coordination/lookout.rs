//! What candidates need to know of a kind of node: which collections come from a source, in which columns
//! they carry its partition, and whose rows live for the tick of an arrival only.
//!
//! Nothing here must be right for the result to be sound: every candidate is held to the analysis.

use std::collections::BTreeSet;

use crate::calm::report::Place;
use crate::hir::{
    Arrow, AtomArg, CollectionId, Expr, HeadColumn, Literal, NodeId, NodeKind, Pat, Program, Rule,
    Supply,
};

/// The collection of a kind that a place of another kind stands for: a channel is in many.
pub(super) fn in_kind(program: &Program, place: Place, node: NodeId) -> Option<CollectionId> {
    if place.node == node {
        return Some(place.collection);
    }
    let of = &program.nodes[place.node].collections[place.collection];
    let mut all = program.nodes[node].collections.iter();
    let same = all.find(|(_, other)| other.name == of.name && other.loc == of.loc);
    same.map(|(id, _)| id)
}

/// The columns of a collection that always have the value of a source's column; `None` where no row of the
/// source has a part in it.
pub(super) fn carried(
    node: &NodeKind,
    of: CollectionId,
    source: CollectionId,
    column: u32,
) -> Option<BTreeSet<u32>> {
    carry(node, of, source, column, &mut Vec::new())
}

fn carry(
    node: &NodeKind,
    of: CollectionId,
    source: CollectionId,
    column: u32,
    open: &mut Vec<CollectionId>,
) -> Option<BTreeSet<u32>> {
    if of == source {
        return Some(BTreeSet::from([column]));
    }
    if open.contains(&of) {
        return None;
    }
    open.push(of);
    let mut found: Option<BTreeSet<u32>> = None;
    for rule in node.rules.values() {
        if rule.head.collection != of || rule.arrow == Arrow::DeferredDelete {
            continue;
        }
        for (collection, args) in atoms(rule) {
            let Some(columns) = carry(node, collection, source, column, open) else {
                continue;
            };
            let vars = args
                .iter()
                .filter(|arg| columns.contains(&arg.column))
                .map(|arg| rule.body.pat(arg.pat));
            let vars: Vec<&Pat> = vars.collect();
            let heads: BTreeSet<u32> = (0..)
                .zip(&rule.head.columns)
                .filter(|(_, head)| is_one_of(rule, head, &vars))
                .map(|(column, _)| column)
                .collect();
            found = Some(match found {
                Some(before) => before.intersection(&heads).copied().collect(),
                None => heads,
            });
        }
    }
    open.pop();
    found
}

fn is_one_of(rule: &Rule, head: &HeadColumn, pats: &[&Pat]) -> bool {
    let HeadColumn::Expr(expr) = head else {
        return false;
    };
    let value = rule.body.expr(*expr);
    pats.iter().any(|pat| match (pat, value) {
        (Pat::Var(a), Expr::Var(b)) => a == b,
        (Pat::Literal(a), Expr::Literal(b)) => a == b,
        (Pat::Constant(a), Expr::Constant(b)) => a == b,
        _ => false,
    })
}

/// The rows that a rule reads, negated or not.
pub(super) fn atoms(rule: &Rule) -> impl Iterator<Item = (CollectionId, &[AtomArg])> {
    rule.literals.iter().filter_map(|node| match &node.literal {
        Literal::Atom { collection, args } | Literal::Not { collection, args } => {
            Some((*collection, &**args))
        }
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => None,
    })
}

/// Whether its rows live for the tick in which something arrives.
pub(super) fn is_event(node: &NodeKind, of: CollectionId) -> bool {
    is_event_within(node, of, &mut Vec::new())
}

fn is_event_within(node: &NodeKind, of: CollectionId, open: &mut Vec<CollectionId>) -> bool {
    match node.collections[of].kind.supply() {
        Supply::Messages => true,
        Supply::Input if node.collections[of].public => true,
        Supply::Input | Supply::Rules { kept: false } => {
            if open.contains(&of) {
                return false;
            }
            open.push(of);
            let mut rules = node.rules.values();
            rules.any(|rule| {
                let reads = |(collection, _)| is_event_within(node, collection, open);
                rule.head.collection == of
                    && (rule.arrow == Arrow::DeferredMerge || atoms(rule).any(reads))
            })
        }
        Supply::Rules { kept: true }
        | Supply::Seals
        | Supply::Fixed
        | Supply::Happening
        | Supply::Effects => false,
    }
}
