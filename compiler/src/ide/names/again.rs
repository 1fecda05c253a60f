//! Names after an edit that touches rules alone: those of before, moved, with the names of these rules anew.
//!
//! What a name means follows from the item that it is in and from what all other items declare. So where no item but
//! rules came or went, an item's names mean what they did if its tree and the rules that were resolved of it are the
//! very same, which costs a comparison of addresses; only places have moved, each with its item.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::packed::{ItemNames, Mentions, Numbers};
use super::{Known, Mention, Names, Source, Target, program, tree};
use crate::base::{FileId, FileSpan, Span};
use crate::hir::{self, Place, Rule};
use crate::syntax::ast::{self, ItemKind, ItemNode};

/// The names of a package, and what they were found in.
#[derive(Debug)]
pub(super) struct Standing {
    names: Arc<Names>,
    /// By name.
    modules: Vec<(String, Arc<ast::Module>)>,
    /// Kept, so that their addresses are their own; with the places of their items.
    rules: Vec<(Arc<Rule>, Place)>,
}

/// An item of a file, those inside of it after it.
#[derive(Clone, Copy)]
struct Entry<'m> {
    start: u32,
    item: &'m Arc<ast::Item>,
}

/// What became of a file.
struct Moved {
    /// Where its items have gone.
    pieces: Vec<Piece>,
    /// Where each item of now starts, and which of before it is whose names mean what they did.
    items: Vec<(u32, Option<usize>)>,
}

/// Where the items of a file have gone from a place on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Piece {
    start: u32,
    /// How far they moved; none if they are gone.
    by: Option<i64>,
}

impl Standing {
    pub(super) fn new(
        names: &Arc<Names>,
        known: Known<'_>,
        sources: &[Source<'_>],
        modules: &[Arc<ast::Module>],
    ) -> Self {
        let modules = sources.iter().zip(modules);
        Self {
            names: Arc::clone(names),
            modules: modules
                .map(|(source, module)| (source.name.to_owned(), Arc::clone(module)))
                .collect(),
            rules: rules(known)
                .map(|(rule, place)| (Arc::clone(rule), place))
                .collect(),
        }
    }

    /// The names of what the program has become, if only rules differ.
    pub(super) fn again(
        &self,
        known: Known<'_>,
        sources: &[Source<'_>],
        modules: &[Arc<ast::Module>],
    ) -> Option<Names> {
        let names = self.modules.iter().map(|(name, _)| name.as_str());
        if !names.eq(sources.iter().map(|source| source.name)) {
            return None;
        }
        let (gone, mut fresh) = self.changed(known);
        let files = self.modules.iter().zip(modules).zip((0..).map(FileId));
        let files: Option<Vec<Moved>> = files
            .map(|(((_, old), new), file)| moved(file, old, new, &gone, &mut fresh))
            .collect();
        let moves = Moves(files?);
        (known.pause)();
        let only = Known {
            only: Some(&fresh),
            ..known
        };
        let mut found: Vec<(Place, Vec<Mention>)> = Vec::new();
        tree::names(only, sources, &mut |item, mentions| {
            found.push((item, std::mem::take(mentions)));
        });
        (known.pause)();
        let before = &self.names.mentions;
        let wanted = found.iter().flat_map(|(_, mentions)| mentions);
        let wanted = wanted.map(|mention| mention.target);
        let mut numbers = Numbers::again(before, |target| moves.target(target), wanted);
        let mut found = found.into_iter();
        let files = moves.0.iter().zip((0..).map(FileId));
        let files: Vec<Vec<_>> = files
            .map(|(moved, file)| {
                let old = before.items(file);
                let items = moved.items.iter();
                let items = items.map(|&(start, of)| {
                    let names = match of {
                        Some(at) => old.get(at)?.names.clone(),
                        None => {
                            let (item, mut mentions) = found.next()?;
                            ItemNames::new(item, &mut mentions, &mut numbers)
                        }
                    };
                    Some((start, names))
                });
                items.collect::<Option<Vec<_>>>()
            })
            .collect::<Option<_>>()?;
        let mentions = Mentions::new(files, numbers);
        (!mentions.has_many_gone()).then(|| Names::of_mentions(mentions))
    }

    /// The places of items of which other rules are there now: as they were, and as they are.
    fn changed(&self, known: Known<'_>) -> (FxHashSet<Place>, FxHashSet<Place>) {
        let now: Vec<(&Arc<Rule>, Place)> = rules(known).collect();
        let pairs = self.rules.iter().zip(&now);
        let before = pairs.take_while(|(a, b)| Arc::ptr_eq(&a.0, b.0)).count();
        let (old, new) = (&self.rules[before..], &now[before..]);
        let pairs = old.iter().rev().zip(new.iter().rev());
        let behind = pairs.take_while(|(a, b)| Arc::ptr_eq(&a.0, b.0)).count();
        let (old, new) = (&old[..old.len() - behind], &new[..new.len() - behind]);
        let address = |rule: &Arc<Rule>| Arc::as_ptr(rule).addr();
        let had: FxHashSet<usize> = old.iter().map(|(rule, _)| address(rule)).collect();
        let has: FxHashSet<usize> = new.iter().map(|(rule, _)| address(rule)).collect();
        let gone = old.iter().filter(|(rule, _)| !has.contains(&address(rule)));
        let came = new.iter().filter(|(rule, _)| !had.contains(&address(rule)));
        (
            gone.map(|(_, place)| *place).collect(),
            came.map(|(_, place)| *place).collect(),
        )
    }
}

/// The rules that names are looked for in.
fn rules(known: Known<'_>) -> impl Iterator<Item = (&Arc<Rule>, Place)> {
    let kinds = known.program.kinds();
    let rules = kinds.flat_map(|kind| kind.rules.values().filter(|rule| program::is_written(rule)));
    rules.map(move |rule| (rule, known.places[rule.loc.item]))
}

fn entries<'m>(items: &'m [ItemNode], base: u32, found: &mut Vec<Entry<'m>>) {
    for node in items {
        let start = base + node.offset;
        let item = &node.item;
        found.push(Entry { start, item });
        if let ItemKind::Module(module) = &item.kind {
            entries(&module.items, start, found);
        }
    }
}

/// Whether the items are one; modules, apart from what is in them.
fn is_same(a: &Entry<'_>, b: &Entry<'_>) -> bool {
    Arc::ptr_eq(a.item, b.item) || hir::same_header(a.item, b.item)
}

/// What became of the items of a file, unless others than rules came or went. Adds the places of items that names are
/// to be looked for in.
fn moved(
    file: FileId,
    old: &ast::Module,
    new: &ast::Module,
    gone: &FxHashSet<Place>,
    fresh: &mut FxHashSet<Place>,
) -> Option<Moved> {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    entries(&old.items, 0, &mut before);
    entries(&new.items, 0, &mut after);
    let place = |entry: &Entry<'_>| Place {
        file,
        offset: entry.start,
    };
    let partners = partners(&before, &after)?;
    let mut items: Vec<(u32, Option<usize>)> = after.iter().map(|now| (now.start, None)).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    for (number, (entry, partner)) in before.iter().zip(partners).enumerate() {
        let now = partner.map(|at| &after[at]);
        if let (Some(at), Some(now)) = (partner, now) {
            let stays = !gone.contains(&place(entry)) && !fresh.contains(&place(now));
            items[at].1 = stays.then_some(number);
        }
        let by = now.map(|now| i64::from(now.start) - i64::from(entry.start));
        if pieces.last().is_none_or(|last| last.by != by) {
            let start = entry.start;
            pieces.push(Piece { start, by });
        }
    }
    let new = after.iter().zip(&items).filter(|(_, (_, of))| of.is_none());
    fresh.extend(new.map(|(entry, _)| place(entry)));
    Some(Moved { pieces, items })
}

/// Of each item of before, which of those of now it is.
fn partners(before: &[Entry<'_>], after: &[Entry<'_>]) -> Option<Vec<Option<usize>>> {
    let same = |(a, b): &(&Entry<'_>, &Entry<'_>)| is_same(a, b);
    let start = before.iter().zip(after).take_while(same).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(same);
    let end = end.count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    let mut others = (start..)
        .zip(new)
        .filter(|(_, entry)| !hir::is_rule(entry.item));
    // What stands there twice keeps its order.
    let mut rules: FxHashMap<usize, Vec<usize>> = FxHashMap::default();
    let address = |entry: &Entry<'_>| Arc::as_ptr(entry.item).addr();
    for (at, entry) in new.iter().enumerate().rev() {
        rules.entry(address(entry)).or_default().push(start + at);
    }
    let mut partners: Vec<Option<usize>> = (0..start).map(Some).collect();
    // What moved past another item is looked at anew, so that names stay in order.
    let mut next = start;
    for entry in old {
        let partner = match hir::is_rule(entry.item) {
            true => {
                let places = rules.get_mut(&address(entry));
                places.and_then(|places| {
                    let skipped = places.iter().rev().take_while(|&&at| at < next).count();
                    places.truncate(places.len() - skipped);
                    places.pop()
                })
            }
            false => {
                let (at, other) = others.next()?;
                is_same(entry, other).then_some(Some(at))?
            }
        };
        next = partner.map_or(next, |at| at + 1);
        partners.push(partner);
    }
    partners.extend((after.len() - end..after.len()).map(Some));
    others.next().is_none().then_some(partners)
}

/// By file.
struct Moves(Vec<Moved>);

impl Moves {
    fn place(&self, place: FileSpan) -> Option<FileSpan> {
        let pieces = &self.0.get(place.file.0 as usize)?.pieces;
        let next = pieces.partition_point(|piece| piece.start <= place.span.start);
        let by = pieces[next.checked_sub(1)?].by?;
        let moved = |at: u32| (i64::from(at) + by) as u32;
        let span = Span::new(moved(place.span.start), moved(place.span.end));
        Some(FileSpan::new(place.file, span))
    }

    fn target(&self, target: Target) -> Option<Target> {
        let place = |of: FileSpan| self.place(of);
        Some(match target {
            Target::File(file) => Target::File(file),
            Target::Collection(of) => Target::Collection(place(of)?),
            Target::Column(of) => Target::Column(place(of)?),
            Target::Function(of) => Target::Function(place(of)?),
            Target::Constant(of) => Target::Constant(place(of)?),
            Target::Type(of) => Target::Type(place(of)?),
            Target::Variant(of) => Target::Variant(place(of)?),
            Target::Field(of) => Target::Field(place(of)?),
            Target::Module(of) => Target::Module(place(of)?),
            Target::Import(of) => Target::Import(place(of)?),
            Target::Spec(of) => Target::Spec(place(of)?),
            Target::Group(of) => Target::Group(place(of)?),
            Target::TestNode(of) => Target::TestNode(place(of)?),
            Target::Variable(of, var) => Target::Variable(place(of)?, var),
        })
    }
}
