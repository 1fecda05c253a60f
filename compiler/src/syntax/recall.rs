//! What one parse of a file leaves for the next, so that of an edit only what it touches is read again.
//!
//! A fragment whose text did not change is not parsed again, wherever it moved; nor are the items in a block
//! of which another one changed. Where fragments begin and end is kept as well: all before the first that the
//! edit touches, and all from the first behind it on. That holds if what lies between reads by itself as it
//! does in its place ([`Part`]); else more of the file is read, and in the end all of it.

use std::ops::Range;
use std::sync::Arc;

use bloom_stdx::common_text;
use rustc_hash::FxHashMap;

use super::ast::{Item, ItemKind, ItemNode};
use super::parser::{Known, KnownItems};
use super::{ERRORS_MAX, Fragment, Outline, Parse, Part, part};
use crate::base::{Diagnostic, Span};

/// How many fragments behind an edit are read again: at first, and how much further after each try.
const REACH: [usize; 4] = [1, 8, 64, 512];

/// A file when it was last parsed.
#[derive(Debug, Default)]
pub struct Recall {
    text: Arc<String>,
    outline: Outline,
    /// Whether every fragment of the outline was cut out by itself: no brace is missing, nothing is said.
    is_regular: bool,
    /// Parallel to the outline's fragments; fewer, where the errors were too many.
    fragments: Vec<Kept>,
    /// The items of all fragments.
    items: Vec<ItemNode>,
    /// How many fragments the last parse parsed, rather than recalled.
    pub parsed: usize,
}

/// What is kept of a fragment beside its items.
#[derive(Clone, Debug)]
struct Kept {
    /// How many items it has.
    items: u32,
    /// None of a fragment that says nothing and holds no angle brackets, as most do.
    beside: Option<Arc<Beside>>,
}

/// Counts from the start of the fragment.
#[derive(Debug)]
struct Beside {
    diagnostics: Vec<Diagnostic>,
    angles: Vec<u32>,
}

/// What of the file of before is there still.
struct Same {
    /// The fragments up to here.
    before: usize,
    /// The fragments from here on.
    behind: usize,
    /// What stands between them now.
    part: Part,
    /// Where it stands.
    start: u32,
}

/// As [`parse`](super::parse); a fragment that was there before is shared with the parse of before.
pub fn parse_again(text: &Arc<String>, recall: &mut Recall) -> Parse {
    recall.parsed = 0;
    match recall.same(text) {
        Some(same) => recall.advance(text, same),
        None => recall.renew(text),
    }
    recall.parse()
}

impl Recall {
    /// What the edit has left.
    fn same(&self, text: &str) -> Option<Same> {
        if !self.is_regular || text.len() > super::SOURCE_BYTES_MAX {
            return None;
        }
        let (prefix, suffix) = common_text(&self.text, text);
        let spans = &self.outline.fragments;
        let mut before = spans.partition_point(|span| (span.end as usize) < prefix);
        // What ends by itself ends there whatever follows.
        let holds = |before: usize| {
            let is_reached = spans
                .get(before)
                .is_some_and(|span| span.start as usize <= prefix);
            is_reached && self.starts_line(before) && self.ends_by_itself(before - 1)
        };
        while before > 0 && !holds(before) {
            before -= 1;
        }
        let start = match before {
            0 => 0,
            _ => spans[before].start,
        };
        let untouched = self.text.len() - suffix;
        let first = spans.partition_point(|span| span.start as usize <= untouched);
        let tries = REACH.iter().map(|reach| first + reach - 1);
        tries
            .map(|behind| behind.min(spans.len()))
            .filter(|&behind| behind == spans.len() || self.starts_line(behind))
            .find_map(|behind| {
                let behind = behind.max(before);
                let end = match spans.get(behind) {
                    Some(span) => span.start as usize + text.len() - self.text.len(),
                    None => text.len(),
                };
                let part = part(text.get(start as usize..end)?, behind < spans.len());
                let fits = part.is_regular && (before == 0 || part.outline.docs.is_empty());
                fits.then_some(Same {
                    before,
                    behind,
                    part,
                    start,
                })
            })
    }

    fn ends_by_itself(&self, fragment: usize) -> bool {
        let end = self.outline.fragments[fragment].end as usize;
        self.text.as_bytes()[end - 1] == b';'
    }

    fn starts_line(&self, fragment: usize) -> bool {
        let spans = self.outline.fragments.get(fragment);
        spans.is_some_and(|span| {
            let before = (span.start as usize).checked_sub(1);
            before.is_some_and(|before| self.text.as_bytes()[before] == b'\n')
        })
    }

    /// Reads what the edit touched.
    fn advance(&mut self, text: &Arc<String>, same: Same) {
        let Same {
            before,
            behind,
            part,
            start,
        } = same;
        let now: Vec<Span> = part
            .outline
            .fragments
            .iter()
            .map(|span| span.shifted(start))
            .collect();
        let (kept, new) = self.read(text, before..behind, &now);
        let first = item_count(&self.fragments[..before]);
        let last = first + item_count(&self.fragments[before..behind]);
        let moved = |at: u32| (at as usize + text.len() - self.text.len()) as u32;
        let old_end = match self.outline.fragments.get(behind) {
            Some(span) => span.start,
            None => self.text.len() as u32,
        };
        for span in &mut self.outline.fragments[behind..] {
            *span = Span::new(moved(span.start), moved(span.end));
        }
        for node in &mut self.items[last..] {
            node.offset = moved(node.offset);
        }
        let comments = &mut self.outline.comments;
        let from = comments.partition_point(|span| span.start < start);
        let upto = comments.partition_point(|span| span.start < old_end);
        for span in &mut comments[upto..] {
            *span = Span::new(moved(span.start), moved(span.end));
        }
        comments.splice(
            from..upto,
            part.outline.comments.iter().map(|span| span.shifted(start)),
        );
        if before == 0 {
            self.outline.docs = part.outline.docs;
        }
        self.items.splice(first..last, new);
        self.outline.fragments.splice(before..behind, now);
        self.fragments.splice(before..behind, kept);
        self.text = Arc::clone(text);
    }

    /// Reads all of the file.
    fn renew(&mut self, text: &Arc<String>) {
        let Part {
            outline,
            is_regular,
        } = part(text, false);
        (self.fragments, self.items) = self.read(text, 0..self.fragments.len(), &outline.fragments);
        self.is_regular = is_regular && self.fragments.len() == outline.fragments.len();
        self.outline = outline;
        self.text = Arc::clone(text);
    }

    /// The fragments at these places and their items, shared with those of before whose text they have. Where errors are
    /// too many, the rest is left out.
    fn read(
        &mut self,
        text: &str,
        before: Range<usize>,
        now: &[Span],
    ) -> (Vec<Kept>, Vec<ItemNode>) {
        let mut rest = &self.items[item_count(&self.fragments[..before.start])..];
        let old = self.fragments[before.clone()].iter();
        let old = old.zip(&self.outline.fragments[before]);
        let mut known: FxHashMap<&str, (&Kept, &[ItemNode], u32)> = FxHashMap::default();
        let mut inside = KnownItems::default();
        for (kept, span) in old {
            let items;
            (items, rest) = rest.split_at(kept.items as usize);
            let of = &self.text[span.range()];
            known.insert(of, (kept, items, span.start));
            if !kept.speaks() {
                collect(items, kept.angles(), *span, of, &mut inside);
            }
        }
        let mut errors = 0;
        let mut all = Vec::with_capacity(now.len());
        let mut all_items = Vec::with_capacity(now.len());
        for span in now {
            if errors >= ERRORS_MAX {
                break;
            }
            let text = &text[span.range()];
            let kept = match known.get(text) {
                Some(&(kept, items, start)) => {
                    all_items.extend(moved(items, start, span.start));
                    kept.clone()
                }
                None => {
                    self.parsed += 1;
                    let fragment = super::parser::parse_fragment_again(text, &inside);
                    all_items.extend(moved(&fragment.items, 0, span.start));
                    Kept::new(fragment)
                }
            };
            let diagnostics = kept.diagnostics().iter();
            errors += diagnostics.filter(|d| d.is_error()).count();
            all.push(kept);
        }
        (all, all_items)
    }

    /// All that is known, put together.
    fn parse(&mut self) -> Parse {
        let mut parse = Parse::of(&self.outline);
        let all = self.fragments.iter().zip(&self.outline.fragments);
        for (kept, span) in all {
            if let Some(beside) = &kept.beside {
                parse.add_beside_items(&beside.diagnostics, &beside.angles, span.start);
            }
        }
        if parse.errors() >= ERRORS_MAX {
            // So many errors are rare: then all is read as from nothing.
            self.is_regular = false;
            return super::parse(&self.text);
        }
        Arc::make_mut(&mut parse.module)
            .items
            .clone_from(&self.items);
        parse.finish();
        parse
    }
}

impl Kept {
    fn new(fragment: Fragment) -> Self {
        let Fragment {
            items,
            diagnostics,
            angles,
        } = fragment;
        let is_plain = diagnostics.is_empty() && angles.is_empty();
        let beside = Beside {
            diagnostics,
            angles,
        };
        Self {
            items: items.len() as u32,
            beside: (!is_plain).then(|| Arc::new(beside)),
        }
    }

    fn diagnostics(&self) -> &[Diagnostic] {
        self.beside
            .as_ref()
            .map_or(&[], |beside| &beside.diagnostics)
    }

    fn angles(&self) -> &[u32] {
        self.beside.as_ref().map_or(&[], |beside| &beside.angles)
    }

    /// Whether something is said of it.
    fn speaks(&self) -> bool {
        !self.diagnostics().is_empty()
    }
}

fn item_count(fragments: &[Kept]) -> usize {
    fragments.iter().map(|kept| kept.items as usize).sum()
}

/// The items of a fragment that stood at one place, at another.
fn moved(items: &[ItemNode], from: u32, to: u32) -> impl Iterator<Item = ItemNode> {
    items.iter().map(move |node| ItemNode {
        offset: node.offset - from + to,
        item: Arc::clone(&node.item),
    })
}

/// The items inside blocks of a fragment without mistakes, by their text.
fn collect<'t>(
    items: &[ItemNode],
    angles: &[u32],
    fragment: Span,
    text: &'t str,
    known: &mut KnownItems<'t>,
) {
    fn walk(item: &Item, start: u32, known: &mut impl FnMut(&Arc<Item>, u32)) {
        if let ItemKind::Module(module) = &item.kind {
            for inner in &module.items {
                let start = start + inner.offset;
                known(&inner.item, start);
                walk(&inner.item, start, known);
            }
        }
    }
    let mut add = |item: &Arc<Item>, start: u32| {
        let span = item.span.shifted(start);
        let angles = angles.iter().filter(|&&at| span.contains(at));
        let found = Known {
            item: Arc::clone(item),
            angles: angles.map(|at| at - start).collect(),
        };
        known.insert(&text[span.range()], found);
    };
    for node in items {
        walk(&node.item, node.offset - fragment.start, &mut add);
    }
}
