//! What coordination does to a program: edits of the resolved rules and declarations.
//!
//! Ids of what was there stay as they are: literals are added at the end of a rule, rules and collections at
//! the end of their kind, so that edits that were found for the program can be applied in any set.

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::writing::{Cell, RuleWriter, column, declare};
use crate::calm::violation::RuleRef;
use crate::hir::{
    Arrow, AtomArg, Collection, CollectionId, CollectionKind, Column, Delivery, Literal,
    LiteralNode, NodeId, NodeKind, Origin, Pat, PatNode, Program,
};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    /// The rule also reads `C.sealed`, with these patterns of its own.
    Await {
        rule: RuleRef,
        sealed: CollectionId,
        partition: Vec<Pat>,
    },
    /// The literal reads a table that keeps what `collection` has in any tick.
    Keep {
        rule: RuleRef,
        literal: u32,
        collection: CollectionId,
        /// Of each column, whether it is a key of that table: all but lattices.
        keys: Vec<bool>,
        /// The seals after which a row is not needed any more; without any, it stays for ever.
        until: Vec<Until>,
    },
    /// Messages of the collection are delivered so.
    Deliver {
        node: NodeId,
        collection: CollectionId,
        delivery: Delivery,
    },
}

/// A seal, and the columns of the row that has its partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Until {
    pub sealed: CollectionId,
    pub columns: Vec<u32>,
}

/// The program with the edits made.
pub(super) fn apply<'e>(program: &Program, edits: impl IntoIterator<Item = &'e Edit>) -> Program {
    let mut edited = program.clone();
    let mut made: Vec<&Edit> = Vec::new();
    for edit in edits {
        if made.contains(&edit) {
            continue;
        }
        made.push(edit);
        match edit {
            Edit::Await {
                rule,
                sealed,
                partition,
            } => wait(&mut edited.nodes[rule.node], *rule, *sealed, partition),
            Edit::Keep {
                rule,
                literal,
                collection,
                keys,
                until,
            } => {
                let node = &mut edited.nodes[rule.node];
                let kept = kept(node, *collection, keys, until);
                read_instead(node, *rule, *literal, kept);
            }
            Edit::Deliver {
                node,
                collection,
                delivery,
            } => deliver(&mut edited, *node, *collection, delivery),
        }
    }
    edited
}

fn wait(node: &mut NodeKind, rule: RuleRef, sealed: CollectionId, partition: &[Pat]) {
    let rule = Arc::make_mut(&mut node.rules[rule.rule]);
    let span = rule.head.span;
    let args = (0..).zip(partition).map(|(column, pat)| {
        let pat = pat.clone();
        let pat = rule.body.pats.push(PatNode { pat, span });
        AtomArg { column, pat }
    });
    let literal = Literal::Atom {
        collection: sealed,
        args: args.collect(),
    };
    rule.literals.push(LiteralNode { literal, span });
}

fn read_instead(node: &mut NodeKind, rule: RuleRef, literal: u32, kept: CollectionId) {
    let rule = Arc::make_mut(&mut node.rules[rule.rule]);
    let literal = &mut rule.literals[literal as usize].literal;
    if let Literal::Atom { collection, .. } = literal {
        *collection = kept;
    }
}

/// The table that keeps the rows of a collection, with the rules that fill and empty it. Rules share one if it is never
/// emptied.
fn kept(node: &mut NodeKind, of: CollectionId, keys: &[bool], until: &[Until]) -> CollectionId {
    if until.is_empty()
        && let Some(known) = known_kept(node, of)
    {
        return known;
    }
    let source = &node.collections[of];
    let (loc, mut free) = (source.loc, kept_name(source));
    let columns = source.columns.iter().zip(keys);
    let columns = columns.map(|(of, &key)| column(&of.name, of.ty.clone(), key, loc));
    let columns: Vec<Column> = columns.collect();
    while node.collection(&free).is_some() {
        free = format_smolstr!("{free}_");
    }
    let cells = (0..columns.len()).map(|n| Cell::Var(columns[n].name.clone()));
    let cells: Vec<Cell> = cells.collect();
    let kept = declare(node, of, free, CollectionKind::Table, columns);
    let mut add = |mut writer: RuleWriter, arrow| {
        let head = writer.cells(&cells);
        node.rules
            .push(writer.head(kept, head, arrow, Origin::Written));
    };
    add(RuleWriter::new(loc).row(of, &cells), Arrow::Merge);
    if !until.is_empty() {
        let row = RuleWriter::new(loc).row(kept, &cells);
        let handled = until.iter().fold(row, |writer, until| {
            let columns = until.columns.iter();
            let partition = columns.map(|&column| cells[column as usize].clone());
            writer.row(until.sealed, &partition.collect::<Vec<Cell>>())
        });
        add(handled, Arrow::DeferredDelete);
    }
    kept
}

/// The table that keeps the rows of a collection for ever.
fn known_kept(node: &NodeKind, of: CollectionId) -> Option<CollectionId> {
    let source = &node.collections[of];
    let name = kept_name(source);
    let writes = |id, deletes: bool| {
        let mut rules = node.rules.values();
        rules.any(|rule| {
            let is_deletion = rule.arrow == Arrow::DeferredDelete;
            rule.head.collection == id && rule.loc == source.loc && is_deletion == deletes
        })
    };
    let mut all = node.collections.iter();
    let known = all.find(|(id, collection)| {
        collection.name == name && writes(*id, false) && !writes(*id, true)
    });
    known.map(|(id, _)| id)
}

fn kept_name(of: &Collection) -> SmolStr {
    format_smolstr!("{}_kept", of.name.replace('.', "_"))
}

fn deliver(program: &mut Program, node: NodeId, id: CollectionId, delivery: &Delivery) {
    let of = &program.nodes[node].collections[id];
    let (name, loc, kind) = (of.name.clone(), of.loc, of.kind);
    // A channel is one between all kinds that have it.
    let everywhere = matches!(kind, CollectionKind::Channel { .. });
    // A seal says what came before it, so it comes as the rows do.
    let seal = format_smolstr!("{name}.seal");
    for (other, kind) in program.nodes.iter_mut() {
        for (_, collection) in kind.collections_mut().iter_mut() {
            let is_seal =
                matches!(collection.kind, CollectionKind::Seal { .. }) && collection.name == seal;
            let same = (collection.name == name || is_seal) && collection.loc == loc;
            if same && (everywhere || other == node) {
                collection.delivery = delivery.clone();
            }
        }
    }
}
