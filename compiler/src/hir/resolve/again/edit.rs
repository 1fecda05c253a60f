//! Finding what differs between two trees of a file: one stretch of items, at the top or in a module, in which
//! nothing but rules changed. Items are compared by identity, since trees share those whose text stayed, so
//! this costs a comparison of two numbers an item.

use crate::hir::resolve::recall::is_rule;
use crate::syntax::ast::{self, ItemKind, ItemNode};
use std::sync::Arc;

/// What an edit of rules has changed in one list of items.
pub(super) struct Edit<'a> {
    pub source: usize,
    /// Where the items' offsets count from, in the file.
    pub base: u32,
    pub old: &'a [ItemNode],
    pub new: &'a [ItemNode],
    /// The modules around it, as they are now.
    pub around: Vec<(u32, &'a Arc<ast::Item>)>,
    /// From this offset of the file of before, items have moved so far.
    pub moved_from: u32,
    pub moved_by: i64,
}

/// What changed between two trees of a file, if that is rules alone, in one place.
pub(super) fn edit<'a>(
    source: usize,
    old: &'a ast::Module,
    new: &'a ast::Module,
) -> Option<Edit<'a>> {
    let (mut old, mut new) = (old.items.as_slice(), new.items.as_slice());
    let (mut base, mut around) = (0, Vec::new());
    let mut moved = None;
    loop {
        let same = |(a, b): &(&ItemNode, &ItemNode), by: i64| {
            Arc::ptr_eq(&a.item, &b.item) && i64::from(a.offset) + by == i64::from(b.offset)
        };
        let pairs = old.iter().zip(new);
        let mut prefix = pairs.take_while(|pair| same(pair, 0)).count();
        let by = match (old.last(), new.last()) {
            (Some(a), Some(b)) => i64::from(b.offset) - i64::from(a.offset),
            _ => 0,
        };
        let pairs = old[prefix..].iter().rev().zip(new[prefix..].iter().rev());
        let mut suffix = pairs.take_while(|pair| same(pair, by)).count();
        if suffix > 0 {
            // What stands behind the module moved with what stands behind the edit in it.
            if moved.is_some_and(|(_, outer)| outer != by) {
                return None;
            }
            moved = Some((base + old[old.len() - suffix].offset, by));
        }
        if let ([a], [b]) = (
            &old[prefix..old.len() - suffix],
            &new[prefix..new.len() - suffix],
        ) && let (ItemKind::Module(inner), ItemKind::Module(now)) = (&a.item.kind, &b.item.kind)
        {
            let stands = a.offset == b.offset && same_header(&a.item, &b.item);
            if !stands {
                return None;
            }
            base += b.offset;
            around.push((base, &b.item));
            (old, new) = (&inner.items, &now.items);
            continue;
        }
        let is_empty = prefix + suffix == old.len() && prefix + suffix == new.len();
        if !is_empty {
            // A rule that stayed tells where those that come belong.
            let has_rule = |items: &[ItemNode]| {
                let mut items = items.iter();
                items.any(|node| matches!(node.item.kind, ItemKind::Rule(_)))
            };
            while prefix > 0
                && !has_rule(&old[prefix..old.len() - suffix])
                && is_rule(&old[prefix - 1].item)
            {
                prefix -= 1;
            }
            while suffix > 0
                && !has_rule(&old[prefix..old.len() - suffix])
                && is_rule(&old[old.len() - suffix].item)
            {
                suffix -= 1;
            }
            if !has_rule(&old[prefix..old.len() - suffix]) {
                return None;
            }
        }
        let (gone, come) = (
            &old[prefix..old.len() - suffix],
            &new[prefix..new.len() - suffix],
        );
        // Declarations between two edits stay, in their order.
        let others = |items: &'a [ItemNode]| items.iter().filter(|node| !is_rule(&node.item));
        let is_module = |node: &ItemNode| matches!(node.item.kind, ItemKind::Module(_));
        let addresses = |items| others(items).map(|node| Arc::as_ptr(&node.item));
        let rules_alone = addresses(gone).eq(addresses(come)) && !others(gone).any(is_module);
        let at_start = base == 0 && gone.first().is_some_and(|node| node.offset == 0);
        let (moved_from, moved_by) = moved.unwrap_or((u32::MAX, 0));
        return (rules_alone && !at_start).then_some(Edit {
            source,
            base,
            old: gone,
            new: come,
            around,
            moved_from,
            moved_by,
        });
    }
}

/// Whether two modules differ in the items that they hold, and in nothing else.
pub(crate) fn same_header(a: &ast::Item, b: &ast::Item) -> bool {
    let (ItemKind::Module(x), ItemKind::Module(y)) = (&a.kind, &b.kind) else {
        return false;
    };
    let ast::ModuleItem {
        kind,
        name,
        type_params,
        params,
        replicated,
        protocols,
        items: _,
    } = &**x;
    a.docs == b.docs
        && a.attributes == b.attributes
        && *kind == y.kind
        && *name == y.name
        && *type_params == y.type_params
        && *params == y.params
        && *replicated == y.replicated
        && *protocols == y.protocols
}
