//! What a receiver does to know that a partition is complete, and that a row comes too late: the second
//! half of the rules in [`super`].

use std::sync::Arc;

use smol_str::SmolStr;

use super::producer::count_of;
use super::{Counts, Sealed, add_up, and, rows, with};
use crate::coordination::writing::{Cell, RuleWriter, column};
use crate::hir::{
    Arrow, BinaryOp, Builtin, CollectionId, CollectionKind, Column, Literal, NodeKind, Origin,
    TypeRef,
};

/// Makes the kind of node wait for counts, if it reads the channel.
pub(super) fn await_counts(node: &mut NodeKind, of: &Sealed) {
    let (Some(seal), Some(seals), Some(to)) = (of.seal, of.seals, of.location) else {
        return;
    };
    if !receives(node, of) {
        return;
    }
    let parts = Parts::declare(node, of);
    match of.counts {
        Counts::Rows => tally_rows(node, of, &parts),
        Counts::Messages => tally_messages(node, of, &parts),
    }
    promise(node, of, &parts, seal);
    wait(node, of, &parts, seals);
    refuse_surplus(node, of, &parts, to);
}

/// Whether a rule reads the channel or waits for its seals, other than those that only collect seals.
fn receives(node: &NodeKind, of: &Sealed) -> bool {
    let is_read = |collection: CollectionId| {
        let kind = node.collections[collection].kind;
        collection == of.id || kind == CollectionKind::Sealed { of: of.id }
    };
    let written = |origin: Origin| !matches!(origin, Origin::SealCollect(_) | Origin::System);
    let sends = |collection| {
        let mut rules = node.rules.values();
        rules.any(|rule| rule.head.collection == collection && written(rule.origin))
    };
    let mut rules = node.rules.values().filter(|rule| written(rule.origin));
    let reads = rules.any(|rule| {
        rule.literals.iter().any(|literal| match literal.literal {
            Literal::Atom { collection, .. } | Literal::Not { collection, .. } => {
                is_read(collection)
            }
            Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => {
                false
            }
        })
    });
    // A kind that does neither may still be looked at by a test.
    reads || !sends(of.id)
}

struct Parts {
    arrived: CollectionId,
    got: CollectionId,
    received: CollectionId,
    promised: CollectionId,
    reached: CollectionId,
}

fn producer() -> Cell {
    Cell::Var(SmolStr::new("producer"))
}

/// `producer, K`
fn key(of: &Sealed) -> Vec<Cell> {
    [producer()]
        .into_iter()
        .chain(Sealed::cells(&of.partition))
        .collect()
}

/// `producer, number, C's columns`
fn arrival(of: &Sealed) -> Vec<Cell> {
    let number = Cell::Var(SmolStr::new("number"));
    [producer(), number]
        .into_iter()
        .chain(of.all_cells())
        .collect()
}

impl Parts {
    fn declare(node: &mut NodeKind, of: &Sealed) -> Self {
        use CollectionKind::{Scratch, Table};
        let by = |columns: Vec<Column>| -> Vec<Column> {
            [of.producer()].into_iter().chain(columns).collect()
        };
        // A number each, so that lattice values of one key do not merge before they are told apart.
        let arrived = of.columns.iter().map(|column| Column {
            location: false,
            default: None,
            key: false,
            ..column.clone()
        });
        let number = column("number", Some(TypeRef::plain(Builtin::Int)), true, of.loc);
        let arrived = by([number].into_iter().chain(arrived).collect());
        let keys = by(of.keys(&of.partition));
        let got = match of.counts {
            Counts::Rows => by(of.keys(&[of.partition.as_slice(), of.rest.as_slice()].concat())),
            Counts::Messages => and(&keys, of.rows()),
        };
        Self {
            arrived: of.declare(node, "arrived", Scratch, arrived),
            got: of.declare(node, "got", Table, got),
            received: of.declare(node, "received", Scratch, and(&keys, of.rows())),
            promised: of.declare(node, "promised", Table, and(&keys, of.rows())),
            reached: of.declare(node, "reached", Scratch, keys),
        }
    }
}

/// The distinct rows of each producer.
fn tally_rows(node: &mut NodeKind, of: &Sealed, parts: &Parts) {
    let places = [of.partition.as_slice(), of.rest.as_slice()].concat();
    let mut writer = RuleWriter::new(of.loc).row(parts.arrived, &arrival(of));
    let mut columns = writer.cells(&[producer()]);
    columns.extend(of.identity(&mut writer, &places));
    node.rules
        .push(writer.head(parts.got, columns, Arrow::Merge, of.origin()));

    let mut writer = RuleWriter::new(of.loc).row(parts.got, &key(of));
    let mut columns = writer.cells(&key(of));
    columns.push(count_of(of));
    node.rules
        .push(writer.head(parts.received, columns, Arrow::Merge, of.origin()));
}

/// How many messages each producer sent.
fn tally_messages(node: &mut NodeKind, of: &Sealed, parts: &Parts) {
    let keys: Vec<Column> = [of.producer()]
        .into_iter()
        .chain(of.keys(&of.partition))
        .collect();
    let columns = and(&keys, of.rows());
    let batch = of.declare(node, "come", CollectionKind::Scratch, columns);
    let key = key(of);
    let mut writer = RuleWriter::new(of.loc).row(parts.arrived, &arrival(of));
    let mut columns = writer.cells(&key);
    columns.push(count_of(of));
    node.rules
        .push(writer.head(batch, columns, Arrow::Merge, of.origin()));
    let into = (parts.received, Arrow::Merge);
    add_up(node, of, &key, batch, parts.got, into, |writer| writer);
    let stays = RuleWriter::new(of.loc)
        .row(parts.got, &with(&key, rows()))
        .no_row(batch, &key);
    of.derive(
        node,
        parts.received,
        &with(&key, rows()),
        Arrow::Merge,
        stays,
    );
    let counted = with(&key, rows());
    let grows = RuleWriter::new(of.loc)
        .row(batch, &key)
        .row(parts.received, &counted);
    of.derive(node, parts.got, &counted, Arrow::Upsert, grows);
}

fn promise(node: &mut NodeKind, of: &Sealed, parts: &Parts, seal: CollectionId) {
    // `C.seal` begins with its receiver.
    let receiver = Cell::Var(SmolStr::new("receiver"));
    let promise = with(&key(of), rows());
    let sealed: Vec<Cell> = [receiver].into_iter().chain(promise.clone()).collect();
    let writer = RuleWriter::new(of.loc).row(seal, &sealed);
    of.derive(node, parts.promised, &promise, Arrow::Merge, writer);
}

fn wait(node: &mut NodeKind, of: &Sealed, parts: &Parts, seals: CollectionId) {
    let key = key(of);
    let none = with(&key, Cell::Int(0));
    let writer = RuleWriter::new(of.loc).row(parts.promised, &none);
    of.derive(node, parts.reached, &key, Arrow::Merge, writer);
    let n = Cell::Var(SmolStr::new("n"));
    let writer = RuleWriter::new(of.loc)
        .row(parts.promised, &with(&key, rows()))
        .row(parts.received, &with(&key, n))
        .condition("n", BinaryOp::GreaterEqual, "rows");
    of.derive(node, parts.reached, &key, Arrow::Merge, writer);

    let unsealed = node.collection(&format!("{}.unsealed", of.name));
    let Some(unsealed) = unsealed else { return };
    let waiting = node.rules.iter_mut().map(|(_, rule)| rule);
    for rule in waiting.filter(|rule| rule.head.collection == unsealed) {
        for literal in &mut Arc::make_mut(rule).literals {
            if let Literal::Not { collection, .. } = &mut literal.literal
                && *collection == seals
            {
                *collection = parts.reached;
            }
        }
    }
    let writer = RuleWriter::new(of.loc)
        .row(seals, &key)
        .no_row(parts.reached, &key);
    let partition = Sealed::cells(&of.partition);
    of.derive(node, unsealed, &partition, Arrow::Merge, writer);
}

fn refuse_surplus(node: &mut NodeKind, of: &Sealed, parts: &Parts, to: usize) {
    use CollectionKind::Scratch;
    let keys: Vec<Column> = [of.producer()]
        .into_iter()
        .chain(of.keys(&of.partition))
        .collect();
    let key = key(of);
    let n = Cell::Var(SmolStr::new("n"));
    // Found by partitions, since most rows are as they should be.
    let over = of.declare(node, "over", Scratch, keys.clone());
    let surplus = RuleWriter::new(of.loc)
        .row(parts.promised, &with(&key, rows()))
        .row(parts.received, &with(&key, n))
        .condition("n", BinaryOp::Greater, "rows");
    of.derive(node, over, &key, Arrow::Merge, surplus);
    if let Some(sealed) = of.sealed {
        let stranger = RuleWriter::new(of.loc)
            .row(parts.received, &key)
            .row(sealed, &Sealed::cells(&of.partition))
            .no_row(parts.promised, &key);
        of.derive(node, over, &key, Arrow::Merge, stranger);
    }
    let late = of.declare(node, "late", Scratch, keys);
    let refused = RuleWriter::new(of.loc)
        .row(over, &key)
        .row(parts.arrived, &arrival(of))
        .call("late_row", &[&format!("c{to}")]);
    of.derive(node, late, &key, Arrow::Merge, refused);
}

/// Of an input: a row that comes in a later tick than its partition's seal.
pub(super) fn refuse_late_rows(node: &mut NodeKind, of: &Sealed) {
    let (Some(seals), Some(&first)) = (of.seals, of.partition.first()) else {
        return;
    };
    let keys = of.keys(&of.partition);
    let cells = Sealed::cells(&of.partition);
    let done = of.declare(node, "done", CollectionKind::Table, keys.clone());
    let writer = RuleWriter::new(of.loc)
        .row(seals, &cells)
        .no_row(done, &cells);
    of.derive(node, done, &cells, Arrow::DeferredMerge, writer);
    let late = of.declare(node, "late", CollectionKind::Scratch, keys);
    let writer = RuleWriter::new(of.loc)
        .row(of.id, &of.all_cells())
        .row(done, &cells)
        .call("late_row", &[&format!("c{first}")]);
    of.derive(node, late, &cells, Arrow::Merge, writer);
}
