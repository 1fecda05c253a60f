//! Where a seal can count messages instead of distinct rows.
//!
//! Of a channel that delivers each message once, a producer and a receiver count the same messages; a number a
//! partition is enough then. But a
//! rule without an event sends its rows again in every tick, also after their
//! seal, and a row that arrives twice after its seal must be told from one that is late. So every rule that sends
//! has to read an event that happens once: a row of an input or of a channel of this kind, itself or through
//! scratches all of whose rules read one.
//!
//! Of a sealed channel that says nothing of its delivery, the same row may be sent again on purpose, as in
//! `c{to, id, x} <~ again{to}, kept{id, x}`. Where no rule does that, since all that a row says comes from its event, the
//! channel is made [`Delivery::Once`]: its numbers tell what the network repeats, without a copy of each row.

use rustc_hash::FxHashSet;

use crate::hir::{
    Arrow, AtomArg, Body, Collection, CollectionId, CollectionKind, Delivery, Expr, ExprId,
    HeadColumn, Literal, NodeKind, Pat, PatId, Program, Rule, Supply, VarId,
};

use super::Counts;

/// Through so many scratches an event is looked for.
const DEPTH_MAX: usize = 8;

/// What seals of the collection count, at all kinds of nodes.
pub(super) fn counts(program: &Program, of: &Collection) -> Counts {
    let is_same = |other: &Collection| other.name == of.name && other.loc == of.loc;
    let rules = match of.delivery {
        Delivery::Once | Delivery::Fifo(_) => follows_events,
        Delivery::Free => repeats_events,
        Delivery::Ordered(_) => return Counts::Rows,
    };
    let is_channel = matches!(of.kind, CollectionKind::Channel { .. });
    let fits = is_channel
        && program.nodes.values().all(|node| {
            let mut own = node.collections.iter().filter(|(_, other)| is_same(other));
            own.all(|(id, _)| rules(node, id, DEPTH_MAX))
        });
    match fits {
        true => Counts::Messages,
        false => Counts::Rows,
    }
}

const fn delivers_once(of: &Collection) -> bool {
    matches!(of.kind, CollectionKind::Channel { .. })
        && match of.delivery {
            Delivery::Once | Delivery::Fifo(_) => true,
            Delivery::Free | Delivery::Ordered(_) => false,
        }
}

/// Whether each rule for the collection reads an event.
fn follows_events(node: &NodeKind, id: CollectionId, depth: usize) -> bool {
    let mut rules = node.rules.values().filter(|r| r.head.collection == id);
    rules.all(|rule| {
        events(rule, &|of| is_event(node, of, depth))
            .next()
            .is_some()
    })
}

/// Whether each rule for the collection reads an event that gives a row all that it says, but for its receiver.
fn repeats_events(node: &NodeKind, id: CollectionId, depth: usize) -> bool {
    let location = match node.collections[id].kind {
        CollectionKind::Channel { location } => Some(location as usize),
        _ => None,
    };
    let is_event = |of: CollectionId| {
        let supply = node.collections[of].kind.supply();
        let is_derived = matches!(supply, Supply::Input | Supply::Rules { .. });
        is_event(node, of, depth)
            && (!is_derived || depth > 0 && repeats_events(node, of, depth - 1))
    };
    let mut rules = node.rules.values().filter(|r| r.head.collection == id);
    rules.all(|rule| {
        let mut read = events(rule, &is_event).peekable();
        read.peek().is_some() && {
            let told = told_by(rule, read);
            let columns = rule.head.columns.iter().enumerate();
            let mut columns = columns.filter(|(place, _)| Some(*place) != location);
            columns.all(|(_, column)| match column {
                HeadColumn::Expr(expr) => is_told(&rule.body, *expr, &told),
                HeadColumn::Default | HeadColumn::Omitted => true,
                HeadColumn::Aggregate(_) => false,
            })
        }
    })
}

/// The rows of events that a rule reads.
fn events<'r>(
    rule: &'r Rule,
    is_event: &'r impl Fn(CollectionId) -> bool,
) -> impl Iterator<Item = &'r [AtomArg]> {
    rule.literals.iter().filter_map(|node| match &node.literal {
        Literal::Atom { collection, args } => is_event(*collection).then_some(&**args),
        Literal::Not { .. }
        | Literal::Error
        | Literal::Condition(_)
        | Literal::Let { .. }
        | Literal::In { .. } => None,
    })
}

/// The variables that these rows determine, or range over.
fn told_by<'r>(rule: &Rule, rows: impl Iterator<Item = &'r [AtomArg]>) -> FxHashSet<VarId> {
    let body = &rule.body;
    let mut told = FxHashSet::default();
    for arg in rows.flatten() {
        bind(body, arg.pat, &mut told);
    }
    loop {
        let known = told.len();
        for node in &rule.literals {
            let (pat, source) = match node.literal {
                Literal::Let { pat, value } => (pat, value),
                Literal::In { pat, source } => (pat, source),
                Literal::Atom { .. }
                | Literal::Not { .. }
                | Literal::Error
                | Literal::Condition(_) => continue,
            };
            if is_told(body, source, &told) {
                bind(body, pat, &mut told);
            }
        }
        if told.len() == known {
            return told;
        }
    }
}

fn bind(body: &Body, pat: PatId, told: &mut FxHashSet<VarId>) {
    body.walk_pat(pat, &mut |_, pat| {
        if let Pat::Var(var) = pat {
            told.insert(*var);
        }
    });
}

/// Whether the value depends on these variables only.
fn is_told(body: &Body, expr: ExprId, told: &FxHashSet<VarId>) -> bool {
    let mut all = true;
    body.walk_expr(expr, &mut |_, expr| {
        if let Expr::Var(var) = expr {
            all &= told.contains(var) || body.vars[*var].local;
        }
    });
    all
}

fn is_event(node: &NodeKind, id: CollectionId, depth: usize) -> bool {
    let of = &node.collections[id];
    match of.kind.supply() {
        Supply::Messages => of.kind == CollectionKind::Stdin || delivers_once(of),
        // An input of an imported module is what the importing one derives.
        Supply::Input | Supply::Rules { kept: false } => {
            let mut rules = node.rules.values().filter(|r| r.head.collection == id);
            depth > 0
                && rules.all(|rule| rule.arrow == Arrow::Merge)
                && follows_events(node, id, depth - 1)
        }
        Supply::Rules { kept: true }
        | Supply::Seals
        | Supply::Fixed
        | Supply::Happening
        | Supply::Effects => false,
    }
}
