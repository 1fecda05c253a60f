//! An edit that touches rules alone: the program of before with these rules replaced.
//!
//! Where nothing was wrong with a program, a rule has no part in what other items mean; so if of all items only
//! rules changed, the scopes of before still say what names mean, and a rule is resolved by itself in each
//! scope that its module is opened in. What cannot be told so, because a rule reports, declares or
//! first names something that the language provides, is left to a resolution of everything ([`Recall`] then
//! spares the rules that stayed).

mod edit;

use super::kind::{Kind, PendingRule, RuleTree};
use super::recall::{Entry, GONE, Key, Known, Recall, has_many_gone, named};
use super::rule::fitted;
use super::scope::{Scope, ScopeId};
use super::{Again, Resolver, Source};
use crate::base::FileId;
use crate::hir::{CollectionId, CollectionKind, ItemRef, NodeKind, Place, Program, Rule};
use crate::syntax::ast::{self, ItemKind, ItemNode};
use bloom_stdx::arena::{Arena, Id};
pub(crate) use edit::same_header;
use edit::{Edit, edit};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use std::ops::Range;
use std::sync::Arc;
use thin_vec::ThinVec;

/// A program without mistakes, ready to have rules replaced.
#[derive(Debug)]
pub(super) struct Standing {
    program: Arc<Program>,
    places: Arena<ItemRef, Place>,
    scopes: Arena<ScopeId, Scope<'static>>,
    variant_names: FxHashSet<SmolStr>,
    /// The kinds of node, then the unused modules.
    kinds: Vec<StandingKind>,
}

/// Where the rules of a kind come from.
#[derive(Debug, Default)]
pub(super) struct StandingKind {
    /// In the order of the kind's rules, from `first` on.
    pub rules: Vec<Key>,
    pub first: usize,
    /// How many collections there are before any rule is resolved.
    pub declared: usize,
    pub ambient: FxHashMap<usize, ScopeId>,
    /// Whether nothing but rules follows from rules.
    pub is_simple: bool,
}

/// An item of the edit, as it is now.
struct Placed<'a> {
    node: &'a ItemNode,
    item: ItemRef,
    /// Whether it is the very item of before.
    stayed: bool,
}

impl StandingKind {
    /// Notes what the kind has before any rule is resolved.
    pub fn begin(kind: &Kind<'_>) -> Self {
        let follows = |collection: &crate::hir::Collection| {
            matches!(
                collection.kind,
                CollectionKind::SysRule
                    | CollectionKind::SysCollection
                    | CollectionKind::SysDepends
                    | CollectionKind::SysStratum
            )
        };
        let node = &kind.node;
        StandingKind {
            rules: Vec::with_capacity(kind.rules.len()),
            first: node.rules.len(),
            declared: kind.declared,
            ambient: FxHashMap::default(),
            is_simple: kind.seals.is_empty()
                && kind.promised.is_empty()
                && kind.foreign.is_empty()
                && !node.collections.values().any(follows),
        }
    }
}

impl Standing {
    /// The program as it was resolved, unless something is wrong with it or rules have a part in more than
    /// themselves.
    pub fn new(
        resolver: &mut Resolver<'_>,
        program: &Arc<Program>,
        places: &Arena<ItemRef, Place>,
    ) -> Option<Self> {
        let nodes = std::mem::take(&mut resolver.standing_nodes);
        let unused = std::mem::take(&mut resolver.standing_unused);
        let kinds: Vec<StandingKind> = nodes.into_iter().chain(unused).collect();
        let is_whole = |(kind, node): (&StandingKind, &NodeKind)| {
            kind.is_simple && kind.first + kind.rules.len() == node.rules.len()
        };
        let nodes = program.nodes.values().chain(&program.unused);
        let fits = resolver.mistakes == 0
            && resolver.diagnostics.is_empty()
            && kinds.len() == program.nodes.len() + program.unused.len()
            && kinds.iter().zip(nodes).all(is_whole);
        let scopes = std::mem::take(&mut resolver.scopes);
        fits.then(|| Standing {
            program: Arc::clone(program),
            places: places.clone(),
            scopes: scopes.into_values().map(Scope::without_modules).collect(),
            variant_names: std::mem::take(&mut resolver.variant_names),
            kinds,
        })
    }
}

impl Recall {
    /// The program of the sources, if only rules differ from those of before. Where that fails, nothing is left
    /// of what it would have started from, and the rest of the recall is as it was.
    pub(super) fn again(&mut self, sources: &[Source<'_>]) -> Option<Again> {
        let standing = self.standing.take()?;
        let before: Vec<Arc<ast::Module>> = self
            .sources
            .iter()
            .map(|(_, module)| Arc::clone(module))
            .collect();
        let names = self.sources.iter().map(|(name, _)| name.as_str());
        if !names.eq(sources.iter().map(|source| source.name))
            || has_many_gone(self.numbers, self.items.len())
        {
            return None;
        }
        let mut changed = (0..sources.len())
            .filter(|&number| !Arc::ptr_eq(&before[number], sources[number].module));
        let edit = match (changed.next(), changed.next()) {
            (Some(number), None) => edit(number, &before[number], sources[number].module)?,
            (_, Some(_)) | (None, None) => return None,
        };
        let again = self.replace(standing, sources, &edit)?;
        let source = edit.source;
        self.sources[source].1 = Arc::clone(sources[source].module);
        Some(again)
    }

    fn replace(
        &mut self,
        standing: Standing,
        sources: &[Source<'_>],
        edit: &Edit<'_>,
    ) -> Option<Again> {
        let Standing {
            program,
            mut places,
            scopes,
            variant_names,
            mut kinds,
        } = standing;
        let file = sources[edit.source].file;
        let old = self.known_items(edit, &places)?;
        for place in places.values_mut() {
            if place.file == file && place.offset >= edit.moved_from {
                place.offset = (i64::from(place.offset) + edit.moved_by) as u32;
            }
        }
        let gone: Vec<ItemRef> = self.items[old.clone()]
            .iter()
            .map(|(_, item)| *item)
            .collect();
        let now = place_items(edit, &gone, file, &mut places);
        let relative = places.map(|item, _| Place {
            file: FileId(item.0),
            offset: 0,
        });
        let is_untouched = edit.old.is_empty() && edit.new.is_empty();
        let mut program = match is_untouched {
            true => program,
            false => Arc::new(Program {
                places: relative,
                ..Program::clone(&program)
            }),
        };
        let mut resolved = 0;
        if !is_untouched {
            let mut resolver = Resolver::of_rules(sources, scopes, variant_names);
            resolver.program = Arc::unwrap_or_clone(program);
            let mut changes = Vec::new();
            for (place, kind) in kinds.iter_mut().enumerate() {
                let replaced = resolver.replace_rules(place, kind, edit, &gone, &now)?;
                changes.extend(replaced);
            }
            resolved = resolver.recalled.resolved;
            for (before, after) in changes {
                for key in before {
                    self.rules.remove(&key);
                }
                for (key, rule) in after {
                    let built_in = ThinVec::new();
                    self.rules.insert(key, Entry { rule, built_in });
                }
            }
            self.standing = Some(Standing {
                places: places.clone(),
                scopes: resolver
                    .scopes
                    .into_values()
                    .map(Scope::without_modules)
                    .collect(),
                variant_names: resolver.variant_names,
                kinds,
                program: {
                    program = Arc::new(resolver.program);
                    Arc::clone(&program)
                },
            });
        } else {
            self.standing = Some(Standing {
                program: Arc::clone(&program),
                places: places.clone(),
                scopes,
                variant_names,
                kinds,
            });
        }
        self.numbers = places.len();
        self.resolved = resolved;
        let items = now
            .iter()
            .map(|placed| (Known::new(edit.source, placed.node), placed.item));
        self.items.splice(old, items);
        for (offset, item) in &edit.around {
            // Its number stayed, its tree did not.
            let number = places
                .iter()
                .find(|(_, place)| place.file == file && place.offset == *offset)
                .map(|(number, _)| number);
            let mut items = self.items.iter_mut();
            if let Some((known, _)) = items.find(|(_, own)| Some(*own) == number) {
                known.address = Arc::as_ptr(item).addr();
            }
        }
        Some(Again {
            program,
            places,
            diagnostics: Vec::new(),
        })
    }

    /// The items of before that the edit replaces, among all.
    fn known_items(&self, edit: &Edit<'_>, places: &Arena<ItemRef, Place>) -> Option<Range<usize>> {
        let Some(first) = edit.old.first() else {
            return Some(0..0);
        };
        let address = Arc::as_ptr(&first.item).addr();
        let offset = edit.base + first.offset;
        let start = self.items.iter().position(|(known, item)| {
            known.source == edit.source as u32
                && known.address == address
                && places[*item].offset == offset
        })?;
        let range = start..start + edit.old.len();
        let mut all = self.items.get(range.clone())?.iter().zip(edit.old);
        all.all(|((known, _), node)| known.address == Arc::as_ptr(&node.item).addr())
            .then_some(range)
    }
}

/// Numbers the items of the edit: those that stayed keep theirs.
fn place_items<'e>(
    edit: &'e Edit<'_>,
    gone: &[ItemRef],
    file: FileId,
    places: &mut Arena<ItemRef, Place>,
) -> Vec<Placed<'e>> {
    // What stands there twice keeps its order.
    let mut left: FxHashMap<usize, Vec<ItemRef>> = FxHashMap::default();
    for (node, &item) in edit.old.iter().zip(gone).rev() {
        let address = Arc::as_ptr(&node.item).addr();
        left.entry(address).or_default().push(item);
        places[item] = GONE;
    }
    let placed = edit.new.iter().map(|node| {
        let place = Place {
            file,
            offset: edit.base + node.offset,
        };
        let address = Arc::as_ptr(&node.item).addr();
        match left.get_mut(&address).and_then(Vec::pop) {
            Some(item) => {
                places[item] = place;
                Placed {
                    node,
                    item,
                    stayed: true,
                }
            }
            None => Placed {
                node,
                item: places.push(place),
                stayed: false,
            },
        }
    });
    placed.collect()
}

/// Keys that go, and keys that come with their rules.
type Replaced = (Vec<Key>, Vec<(Key, Arc<Rule>)>);

impl<'a> Resolver<'a> {
    /// A resolver for rules in scopes that were made before.
    fn of_rules(
        sources: &'a [Source<'a>],
        scopes: Arena<ScopeId, Scope<'static>>,
        variant_names: FxHashSet<SmolStr>,
    ) -> Self {
        let mut resolver = Resolver::empty(sources);
        resolver.scopes = scopes.into_values().collect();
        resolver.variant_names = variant_names;
        resolver
    }

    /// Replaces the rules of the items that went, in each scope of a kind that has them.
    fn replace_rules(
        &mut self,
        place: usize,
        kind: &mut StandingKind,
        edit: &Edit<'a>,
        gone: &[ItemRef],
        now: &[Placed<'a>],
    ) -> Option<Vec<Replaced>> {
        let had_rule = |node: &ItemNode| matches!(node.item.kind, ItemKind::Rule(_));
        let old = edit.old.iter().zip(gone);
        let old: Vec<ItemRef> = old
            .filter(|(node, _)| had_rule(node))
            .map(|(_, &item)| item)
            .collect();
        let first = *old.first()?;
        let starts = kind.rules.iter().enumerate();
        let mut starts: Vec<usize> = starts
            .filter(|(_, key)| key.item == first)
            .map(|(at, _)| at)
            .collect();
        // From the end, so that places before stay.
        starts.reverse();
        let mut replaced = Vec::new();
        self.kind = Kind {
            node: std::mem::take(self.node_mut(place)),
            declared: kind.declared,
            ambient: std::mem::take(&mut kind.ambient),
            ..Kind::default()
        };
        for start in starts {
            let run = kind.rules.get(start..start + old.len())?;
            let scope = run[0].scope;
            let items = run.iter().map(|key| key.item);
            if !items.eq(old.iter().copied()) || run.iter().any(|key| key.scope != scope) {
                return None;
            }
            replaced.push(self.replace_run(kind, start, old.len(), scope, now)?);
        }
        let Kind { node, ambient, .. } = std::mem::take(&mut self.kind);
        *self.node_mut(place) = node;
        kind.ambient = ambient;
        Some(replaced)
    }

    fn replace_run(
        &mut self,
        kind: &mut StandingKind,
        start: usize,
        len: usize,
        scope: ScopeId,
        now: &[Placed<'a>],
    ) -> Option<Replaced> {
        let at = kind.first + start;
        let mut before: FxHashMap<ItemRef, Arc<Rule>> = FxHashMap::default();
        for (key, rule) in kind.rules[start..start + len]
            .iter()
            .zip(self.kind.node.rules.slice(at..at + len))
        {
            before.insert(key.item, Arc::clone(rule));
        }
        // What went, or stands elsewhere now, may have been the first to name something.
        if before.values().any(|rule| self.names_built_in(rule)) {
            return None;
        }
        let mut after = Vec::with_capacity(now.len());
        for placed in now {
            let ItemKind::Rule(rule) = &placed.node.item.kind else {
                continue;
            };
            let pending = PendingRule {
                scope,
                rule: RuleTree::Item(rule),
                item: placed.item,
                group: SmolStr::default(),
                bootstrap: false,
                seal: false,
                nondeterministic: None,
            };
            let key = Key::new(&pending);
            let rule = match before.remove(&placed.item).filter(|_| placed.stayed) {
                Some(rule) => rule,
                None => self.resolve_alone(pending, &placed.node.item)?,
            };
            after.push((key, rule));
        }
        let rules = after.iter().map(|(_, rule)| Arc::clone(rule));
        self.kind.node.rules.splice(at..at + len, rules);
        let keys = after.iter().map(|(key, _)| *key);
        let gone = kind.rules.splice(start..start + len, keys).collect();
        Some((gone, after))
    }

    /// The rule, if resolving it does nothing else.
    fn resolve_alone(
        &mut self,
        mut pending: PendingRule<'a>,
        item: &ast::Item,
    ) -> Option<Arc<Rule>> {
        let extent = self.extent();
        self.count_resolved();
        pending.nondeterministic = self.attributes(item, pending.item).nondeterministic;
        let rule = self.resolved_rule(&pending)?;
        let alone = self.extent() == extent && !self.names_built_in(&rule);
        alone.then(|| Arc::new(fitted(rule)))
    }

    fn names_built_in(&self, rule: &Rule) -> bool {
        let declared = self.kind.declared;
        named(rule).any(|id: CollectionId| id.index() >= declared)
    }

    fn node_mut(&mut self, place: usize) -> &mut NodeKind {
        let nodes = self.program.nodes.len();
        match place.checked_sub(nodes) {
            Some(unused) => &mut self.program.unused[unused],
            None => &mut self.program.nodes[crate::hir::NodeId::from_index(place)],
        }
    }
}
