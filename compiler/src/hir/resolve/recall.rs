//! What one resolution leaves for the next of nearly the same program, so that a rule which nobody changed
//! is not resolved again.
//!
//! What a rule means depends on its tree, on the scope it stands in, and on what is declared; so it is recalled
//! if its item is the very one of before (trees share their items) and if no item but rules was changed,
//! added or removed. A rule whose resolution reported or declared anything is never recalled: it does both
//! again. Recalled or not, the result means the same; only the numbers of items differ, which stay with
//! their items, so that an item that comes or goes leaves all others equal.

use super::again::Standing;
use super::kind::PendingRule;
use super::scope::ScopeId;
use super::{Resolver, Source};
use crate::base::FileId;
use crate::hir::{CollectionId, CollectionKind, ItemRef, Literal, Place, Rule};
use crate::syntax::ast::{self, ItemKind};
use bloom_stdx::arena::Id;
use bloom_stdx::fitted;
use rustc_hash::FxHashMap;
use std::sync::Arc;
use thin_vec::ThinVec;

/// Where numbers are whose items are gone.
pub(super) const GONE: Place = Place {
    file: FileId(u32::MAX),
    offset: 0,
};

/// Numbers of items that are gone are kept up to these and an eighth of the items, before all is numbered anew: few
/// enough that they take no room to speak of, and so many that the work for it is little to each edit.
const GONE_MAX: usize = 500;

pub(super) fn has_many_gone(numbers: usize, items: usize) -> bool {
    numbers > items + items / 8 + GONE_MAX
}

/// What is known of a program from when it was last resolved.
#[derive(Debug, Default)]
pub struct Recall {
    /// The files by name, and their trees, which keep the items.
    pub(super) sources: Vec<(String, Arc<ast::Module>)>,
    pub(super) items: Vec<(Known, ItemRef)>,
    /// The numbers of the starts of files, where no item need be.
    starts: Vec<(FileId, ItemRef)>,
    pub(super) numbers: usize,
    pub(super) rules: FxHashMap<Key, Entry>,
    /// What an edit of rules alone starts from.
    pub(super) standing: Option<Standing>,
    /// How many rules the last resolution resolved, rather than recalled.
    pub resolved: usize,
}

/// An item of some source, those nested in others after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Known {
    pub source: u32,
    /// Its address, which stands for the item as long as that is kept.
    pub address: usize,
    is_rule: bool,
}

/// A rule in a scope, by its address and item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    address: usize,
    pub scope: ScopeId,
    pub item: ItemRef,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub rule: Arc<Rule>,
    /// What the language provides and the rule names: it is declared where it is first named.
    pub built_in: ThinVec<(CollectionId, CollectionKind)>,
}

/// The recall of one resolution: what was, and what is.
#[derive(Default)]
pub(super) struct Recalled {
    before: FxHashMap<Key, Entry>,
    now: FxHashMap<Key, Entry>,
    pub resolved: usize,
}

/// Whatever resolving a rule may add to: equal before and after, it added nothing.
#[derive(PartialEq, Eq)]
pub(super) struct Extent([usize; 7]);

impl Recall {
    /// Prepares the resolver for the sources, as far as they are those of before.
    pub(super) fn begin<'a>(&mut self, resolver: &mut Resolver<'a>, sources: &'a [Source<'a>]) {
        let mut items = Vec::with_capacity(self.items.len());
        let mut places = Vec::with_capacity(self.items.len());
        for (number, source) in sources.iter().enumerate() {
            walk(&source.module.items, 0, &mut |node, offset| {
                items.push(Known::new(number, node));
                places.push((source.file, offset));
            });
        }
        let old: Vec<Known> = self.items.iter().map(|&(known, _)| known).collect();
        let (prefix, suffix) = bloom_stdx::common_ends(&old, &items);
        let changed = |of: &[Known]| -> Vec<Known> {
            let middle = &of[prefix..of.len() - suffix];
            middle
                .iter()
                .filter(|item| !item.is_rule)
                .copied()
                .collect()
        };
        let names = self.sources.iter().map(|(name, _)| name.as_str());
        let same_files = names.eq(sources.iter().map(|source| source.name));
        let behaves = |items: Option<&[ast::ItemNode]>| items.map(super::kind::behaves);
        let same_root = behaves(
            self.sources
                .first()
                .map(|(_, module)| module.items.as_slice()),
        ) == behaves(sources.first().map(|source| source.module.items.as_slice()));
        if same_files && same_root && changed(&old) == changed(&items) {
            resolver.recalled.before = std::mem::take(&mut self.rules);
        }
        if !same_files || has_many_gone(self.numbers, self.items.len()) {
            resolver.recalled.before.clear();
            return;
        }
        let kept = self.items[..prefix].iter().zip(&places[..prefix]);
        let moved = places.len() - suffix..;
        let kept = kept.chain(self.items[old.len() - suffix..].iter().zip(&places[moved]));
        // Between two edits what stayed is found by identity; what stands there twice, in order.
        let mut between: FxHashMap<Known, Vec<ItemRef>> = FxHashMap::default();
        for &(known, item) in self.items[prefix..old.len() - suffix].iter().rev() {
            between.entry(known).or_default().push(item);
        }
        let middle = prefix..items.len() - suffix;
        let stayed = items[middle.clone()].iter().zip(&places[middle]);
        let stayed = stayed.filter_map(|(known, &place)| {
            let item = between.get_mut(known)?.pop()?;
            Some((item, place))
        });
        let kept = kept.map(|(&(_, item), &place)| (item, place));
        // The start of a file whose first item stood there and has moved is another place now.
        let is_free =
            |start: &&(FileId, ItemRef)| !self.items.iter().any(|(_, item)| *item == start.1);
        let starts = self.starts.iter().filter(is_free);
        let starts = starts.map(|&(file, item)| (item, (file, 0)));
        resolver.program.places = (0..self.numbers).map(|_| GONE).collect();
        for (item, (file, offset)) in starts.chain(kept).chain(stayed) {
            resolver.items.insert((file, offset), item);
            resolver.program.places[item] = Place { file, offset };
        }
    }

    /// Takes over what the resolver knows.
    pub(super) fn end(&mut self, resolver: &mut Resolver<'_>) {
        let sources = resolver.sources;
        let mut items = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            walk(&source.module.items, 0, &mut |node, offset| {
                // What nothing refers to, such as an item in a file that nothing imports, gets its number here.
                let item = resolver.item(number, offset);
                items.push((Known::new(number, node), item));
            });
        }
        self.items = fitted(items);
        let start = |source: &Source<'_>| {
            let start = resolver.items.get(&(source.file, 0));
            start.map(|&item| (source.file, item))
        };
        self.starts = sources.iter().filter_map(start).collect();
        self.numbers = resolver.program.places.len();
        let source = |source: &Source<'_>| (source.name.to_owned(), Arc::clone(source.module));
        self.sources = sources.iter().map(source).collect();
        let recalled = std::mem::take(&mut resolver.recalled);
        self.rules = recalled.now;
        self.resolved = recalled.resolved;
    }
}

impl Known {
    pub fn new(source: usize, node: &ast::ItemNode) -> Self {
        Known {
            source: source as u32,
            address: Arc::as_ptr(&node.item).addr(),
            is_rule: is_rule(&node.item),
        }
    }
}

impl Key {
    pub fn new(pending: &PendingRule<'_>) -> Self {
        Key {
            address: pending.rule.address(),
            scope: pending.scope,
            item: pending.item,
        }
    }
}

impl<'a> Resolver<'a> {
    /// The rule as it was resolved before, if that still holds.
    pub fn recall_rule(&mut self, pending: &PendingRule<'a>) -> Option<Arc<Rule>> {
        let key = Key::new(pending);
        let entry = self.recalled.before.remove(&key)?;
        let collections = &self.kind.node.collections;
        let is_there = |&(id, kind): &(CollectionId, CollectionKind)| {
            collections.get(id).is_some_and(|own| own.kind == kind)
        };
        if !entry.built_in.iter().all(is_there) {
            return None;
        }
        let rule = Arc::clone(&entry.rule);
        self.recalled.now.insert(key, entry);
        Some(rule)
    }

    /// Remembers a rule that added nothing but itself. `declared` are the collections that were there before
    /// any rule of the kind.
    pub fn remember_rule(&mut self, pending: &PendingRule<'a>, rule: &Arc<Rule>) {
        let declared = self.kind.declared;
        let built_in = named(rule)
            .filter(|id| id.index() >= declared)
            .map(|id| (id, self.kind.node.collections[id].kind))
            .collect();
        let entry = Entry {
            rule: Arc::clone(rule),
            built_in,
        };
        self.recalled.now.insert(Key::new(pending), entry);
    }

    /// Counts a rule that is resolved.
    pub fn count_resolved(&mut self) {
        self.recalled.resolved += 1;
    }

    pub fn extent(&self) -> Extent {
        Extent([
            self.mistakes,
            self.diagnostics.len(),
            self.scopes.len(),
            self.program.types.len(),
            self.program.functions.len(),
            self.program.constants.len(),
            self.kind.node.collections.len(),
        ])
    }
}

/// Whether the item declares nothing: a rule, or one that did not parse.
pub(crate) fn is_rule(item: &ast::Item) -> bool {
    match &item.kind {
        ItemKind::Rule(_) => true,
        ItemKind::Broken(broken) => broken.declares.is_empty(),
        ItemKind::Import(_)
        | ItemKind::Include(_)
        | ItemKind::TypeAlias(_)
        | ItemKind::Record(_)
        | ItemKind::Enum(_)
        | ItemKind::Lattice(_)
        | ItemKind::Function(_)
        | ItemKind::Const(_)
        | ItemKind::Collection(_)
        | ItemKind::Periodic(_)
        | ItemKind::Bootstrap(_)
        | ItemKind::Rules(_)
        | ItemKind::Seal(_)
        | ItemKind::Module(_)
        | ItemKind::Spec(_)
        | ItemKind::Test(_)
        | ItemKind::FaultTest(_)
        | ItemKind::Extern(_) => false,
    }
}

/// The collections that the rule names.
pub(super) fn named(rule: &Rule) -> impl Iterator<Item = CollectionId> {
    let of_literal = |literal: &Literal| match literal {
        Literal::Atom { collection, .. } | Literal::Not { collection, .. } => Some(*collection),
        Literal::Error | Literal::Condition(_) | Literal::Let { .. } | Literal::In { .. } => None,
    };
    let literals = rule.literals.iter().map(|node| &node.literal);
    literals
        .filter_map(of_literal)
        .chain([rule.head.collection])
}

/// Visits the items with their offsets in the file, outer ones first.
fn walk(items: &[ast::ItemNode], base: u32, visit: &mut impl FnMut(&ast::ItemNode, u32)) {
    for node in items {
        let offset = base + node.offset;
        visit(node, offset);
        if let ItemKind::Module(module) = &node.item.kind {
            walk(&module.items, offset, visit);
        }
    }
}
