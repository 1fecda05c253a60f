//! What a producer does to count: the first half of the rules in [`super`].

use std::sync::Arc;

use super::{Counts, Sealed, add_up, and, rows, with};
use crate::coordination::writing::{Cell, RuleWriter};
use crate::hir::{
    Aggregate, AggregateFunction, Arrow, CollectionId, CollectionKind, HeadColumn, NodeKind,
    Origin, Rule, RuleId,
};

/// Counts what the kind of node sends of the channel, if it sends any or seals it.
pub(super) fn count(node: &mut NodeKind, of: &Sealed) {
    let (Some(seal), Some(to)) = (of.seal, of.location) else {
        return;
    };
    // The count comes last, so that what reads the other columns need not change.
    node.collections_mut()[seal].columns.push(of.rows());
    let heads = |head: CollectionId| -> Vec<RuleId> {
        let rules = node.rules.iter();
        let of_head = rules.filter(|(_, rule)| rule.head.collection == head);
        of_head.map(|(id, _)| id).collect()
    };
    let (sending, sealing) = (heads(of.id), heads(seal));
    if sending.is_empty() && sealing.is_empty() {
        return;
    }
    let parts = Parts::declare(node, of, to);
    for id in sending {
        let rule = Rule {
            arrow: Arrow::Merge,
            origin: of.origin(),
            ..Rule::clone(&node.rules[id])
        };
        let id = node.rules.push(Arc::new(rule));
        Arc::make_mut(&mut node.rules[id]).head.collection = parts.out;
    }
    for id in sealing {
        let rule = Arc::make_mut(&mut node.rules[id]);
        rule.arrow = Arrow::Merge;
        rule.origin = of.origin();
        rule.head.collection = parts.closing;
        // Who sends it is added when it is sent.
        rule.head.columns.remove(PRODUCER);
    }
    match of.counts {
        Counts::Rows => keep_open_rows(node, of, &parts),
        Counts::Messages => keep_numbers(node, of, &parts),
    }
    total(node, of, &parts);
    send(node, of, &parts, seal);
}

/// Place of the column `producer` of `C.seal`.
const PRODUCER: usize = 1;

struct Parts {
    out: CollectionId,
    sent: CollectionId,
    count: CollectionId,
    closing: CollectionId,
    total: CollectionId,
    closed: CollectionId,
    /// Places of `to, K`.
    partition: Vec<usize>,
}

impl Parts {
    fn declare(node: &mut NodeKind, of: &Sealed, to: usize) -> Self {
        use CollectionKind::{Scratch, Table};
        // A partition may be named by its receiver too.
        let by = of.partition.iter().copied().filter(|&place| place != to);
        let partition: Vec<usize> = [to].into_iter().chain(by).collect();
        let keys = of.keys(&partition);
        let sent = match of.counts {
            Counts::Rows => of.keys(&[partition.as_slice(), of.rest.as_slice()].concat()),
            Counts::Messages => and(&keys, of.rows()),
        };
        let mut out = of.columns.clone();
        out[to].location = false;
        Self {
            out: of.declare(node, "out", Scratch, out),
            sent: of.declare(node, "sent", Table, sent),
            count: of.declare(node, "count", Scratch, and(&keys, of.rows())),
            closing: of.declare(node, "closing", Scratch, of.keys(&sealed_places(of, to))),
            total: of.declare(node, "total", Scratch, and(&keys, of.rows())),
            closed: of.declare(node, "closed", Table, and(&keys, of.rows())),
            partition,
        }
    }
}

/// Places of the columns of `C.seal` but `producer`.
fn sealed_places(of: &Sealed, to: usize) -> Vec<usize> {
    [to].into_iter()
        .chain(of.partition.iter().copied())
        .collect()
}

fn keep_open_rows(node: &mut NodeKind, of: &Sealed, parts: &Parts) {
    let key = Sealed::cells(&parts.partition);
    let places = [parts.partition.as_slice(), of.rest.as_slice()].concat();
    let row = Sealed::cells(&places);
    let mut writer = RuleWriter::new(of.loc)
        .row(parts.out, &of.all_cells())
        .no_row(parts.closed, &key);
    let columns = of.identity(&mut writer, &places);
    node.rules
        .push(writer.head(parts.sent, columns, Arrow::Merge, of.origin()));
    let writer = RuleWriter::new(of.loc)
        .row(parts.sent, &row)
        .row(parts.closed, &key);
    of.derive(node, parts.sent, &row, Arrow::DeferredDelete, writer);
    let mut writer = RuleWriter::new(of.loc).row(parts.sent, &key);
    let mut columns = writer.cells(&key);
    columns.push(count_of(of));
    node.rules
        .push(writer.head(parts.count, columns, Arrow::Merge, of.origin()));
}

/// Of each open partition, how many rows were sent in earlier ticks.
fn keep_numbers(node: &mut NodeKind, of: &Sealed, parts: &Parts) {
    let key = Sealed::cells(&parts.partition);
    let columns = and(&of.keys(&parts.partition), of.rows());
    let batch = of.declare(node, "batch", CollectionKind::Scratch, columns);
    let mut writer = RuleWriter::new(of.loc).row(parts.out, &of.all_cells());
    let mut columns = writer.cells(&key);
    columns.push(count_of(of));
    node.rules
        .push(writer.head(batch, columns, Arrow::Merge, of.origin()));
    let is_open = |writer: RuleWriter| writer.no_row(parts.closed, &key);
    let into = (parts.count, Arrow::Merge);
    add_up(node, of, &key, batch, parts.sent, into, is_open);
    let counted = with(&key, rows());
    // Looked for in ticks that close something: what stays as it was is not copied.
    let stays = RuleWriter::new(of.loc)
        .row(parts.closing, &closing_cells(of, parts))
        .row(parts.sent, &counted)
        .no_row(batch, &key);
    of.derive(node, parts.count, &counted, Arrow::Merge, stays);
    let grows = RuleWriter::new(of.loc)
        .row(batch, &key)
        .row(parts.count, &counted);
    of.derive(node, parts.sent, &counted, Arrow::Upsert, grows);
    let gone = RuleWriter::new(of.loc)
        .row(parts.sent, &counted)
        .row(parts.closed, &key);
    of.derive(node, parts.sent, &counted, Arrow::DeferredDelete, gone);
}

fn closing_cells(of: &Sealed, parts: &Parts) -> Vec<Cell> {
    Sealed::cells(&sealed_places(of, parts.partition[0]))
}

fn total(node: &mut NodeKind, of: &Sealed, parts: &Parts) {
    let key = Sealed::cells(&parts.partition);
    let closing = closing_cells(of, parts);
    let begin = || RuleWriter::new(of.loc).row(parts.closing, &closing);
    let counted = with(&key, rows());
    let again = begin().row(parts.closed, &counted);
    of.derive(node, parts.total, &counted, Arrow::Merge, again);
    let first = begin()
        .row(parts.count, &counted)
        .no_row(parts.closed, &key);
    of.derive(node, parts.total, &counted, Arrow::Merge, first);
    let empty = begin().no_row(parts.count, &key).no_row(parts.closed, &key);
    let none = with(&key, Cell::Int(0));
    of.derive(node, parts.total, &none, Arrow::Merge, empty);
    let writer = RuleWriter::new(of.loc).row(parts.total, &counted);
    of.derive(node, parts.closed, &counted, Arrow::DeferredMerge, writer);
}

fn send(node: &mut NodeKind, of: &Sealed, parts: &Parts, seal: CollectionId) {
    let counted = with(&Sealed::cells(&parts.partition), rows());
    let mut writer = RuleWriter::new(of.loc).row(parts.total, &counted);
    let to = parts.partition[0];
    let mut columns = writer.cells(&Sealed::cells(&sealed_places(of, to)));
    columns.insert(PRODUCER, HeadColumn::Default);
    columns.extend(writer.cells(&[rows()]));
    let rule = writer.head(seal, columns, Arrow::AsyncMerge, Origin::SealSend);
    node.rules.push(rule);
}

/// `count()`
pub(super) fn count_of(of: &Sealed) -> HeadColumn {
    HeadColumn::Aggregate(Box::new(Aggregate {
        function: AggregateFunction::Count,
        distinct: false,
        operand: None,
        by: Vec::new(),
        span: of.loc.span,
    }))
}
