//! What one parse of a file leaves for the next, so that of an edit only what it touches is read again.
//!
//! A fragment whose text did not change is not parsed again, wherever it moved; nor are the items in a block
//! of which another one changed. Where fragments begin and end is kept as well: all before the first that the
//! edit touches, and all from the first behind it on. That holds if what lies between reads by itself as it
//! does in its place ([`Part`]); else more of the file is read, and in the end all of it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ast::{Item, ItemKind, ItemNode};
use super::parser::{Known, KnownItems};
use super::{ERRORS_MAX, Fragment, Outline, Parse, Part, part};
use crate::base::Span;

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

#[derive(Clone, Debug)]
struct Kept {
    fragment: Arc<Fragment>,
    /// Says nothing and holds no angle brackets: items are all that there is.
    is_plain: bool,
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
        let (prefix, suffix) = common_ends(&self.text, text);
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
        let kept = self.kept(text, before..behind, &now);
        let items = |kept: &[Kept]| -> usize { kept.iter().map(Kept::item_count).sum() };
        let first = items(&self.fragments[..before]);
        let last = first + items(&self.fragments[before..behind]);
        let new: Vec<ItemNode> = kept
            .iter()
            .zip(&now)
            .flat_map(|(kept, span)| placed(&kept.fragment, span.start))
            .collect();
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
        let kept = self.kept(text, 0..self.fragments.len(), &outline.fragments);
        let all = kept.iter().zip(&outline.fragments);
        let items = all.flat_map(|(kept, span)| placed(&kept.fragment, span.start));
        self.items = items.collect();
        self.fragments = kept;
        self.is_regular = is_regular && self.fragments.len() == outline.fragments.len();
        self.outline = outline;
        self.text = Arc::clone(text);
    }

    /// The fragments at these places, shared with those of before whose text they have. Where errors are too
    /// many, the rest is left out.
    fn kept(&mut self, text: &str, before: std::ops::Range<usize>, now: &[Span]) -> Vec<Kept> {
        let old = self.fragments[before.clone()].iter();
        let old = old.zip(&self.outline.fragments[before]);
        let mut known: FxHashMap<&str, &Kept> = FxHashMap::default();
        let mut inside = KnownItems::default();
        for (kept, span) in old {
            let of = &self.text[span.range()];
            known.insert(of, kept);
            if kept.fragment.diagnostics.is_empty() {
                collect(&kept.fragment, of, &mut inside);
            }
        }
        let mut errors = 0;
        let mut all = Vec::with_capacity(now.len());
        for span in now {
            if errors >= ERRORS_MAX {
                break;
            }
            let text = &text[span.range()];
            let kept = match known.get(text) {
                Some(&kept) => kept.clone(),
                None => {
                    self.parsed += 1;
                    Kept::new(super::parser::parse_fragment_again(text, &inside))
                }
            };
            let diagnostics = kept.fragment.diagnostics.iter();
            errors += diagnostics.filter(|d| d.is_error()).count();
            all.push(kept);
        }
        all
    }

    /// All that is known, put together.
    fn parse(&mut self) -> Parse {
        let mut parse = Parse::of(&self.outline);
        let all = self.fragments.iter().zip(&self.outline.fragments);
        let speaking = all.filter(|(kept, _)| !kept.is_plain);
        for (kept, span) in speaking {
            parse.add_beside_items(&kept.fragment, span.start);
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
        Self {
            is_plain: fragment.diagnostics.is_empty() && fragment.angles.is_empty(),
            fragment: Arc::new(fragment),
        }
    }

    fn item_count(&self) -> usize {
        self.fragment.items.len()
    }
}

/// The items of a fragment that stands at `start`.
fn placed(fragment: &Fragment, start: u32) -> impl Iterator<Item = ItemNode> {
    fragment.items.iter().map(move |node| ItemNode {
        offset: node.offset + start,
        item: Arc::clone(&node.item),
    })
}

/// The items inside blocks of a fragment without mistakes, by their text.
fn collect<'t>(fragment: &Fragment, text: &'t str, known: &mut KnownItems<'t>) {
    fn walk(items: &[ItemNode], base: u32, known: &mut impl FnMut(&Arc<Item>, u32)) {
        for node in items {
            let start = base + node.offset;
            if let ItemKind::Module(module) = &node.item.kind {
                for inner in &module.items {
                    known(&inner.item, start + inner.offset);
                }
                walk(&module.items, start, known);
            }
        }
    }
    walk(&fragment.items, 0, &mut |item, start| {
        let span = item.span.shifted(start);
        let angles = fragment.angles.iter().filter(|&&at| span.contains(at));
        let found = Known {
            item: Arc::clone(item),
            angles: angles.map(|at| at - start).collect(),
        };
        known.insert(&text[span.range()], found);
    });
}

/// How many bytes are the same at the start and, of the rest, at the end; whole characters.
fn common_ends(a: &str, b: &str) -> (usize, usize) {
    const BLOCK: usize = 4096;
    let (x, y) = (a.as_bytes(), b.as_bytes());
    let short = x.len().min(y.len());
    let mut prefix = 0;
    while prefix + BLOCK <= short && x[prefix..prefix + BLOCK] == y[prefix..prefix + BLOCK] {
        prefix += BLOCK;
    }
    while prefix < short && x[prefix] == y[prefix] {
        prefix += 1;
    }
    while !(a.is_char_boundary(prefix) && b.is_char_boundary(prefix)) {
        prefix -= 1;
    }
    let short = short - prefix;
    let mut suffix = 0;
    while suffix + BLOCK <= short
        && x[x.len() - suffix - BLOCK..x.len() - suffix]
            == y[y.len() - suffix - BLOCK..y.len() - suffix]
    {
        suffix += BLOCK;
    }
    while suffix < short && x[x.len() - suffix - 1] == y[y.len() - suffix - 1] {
        suffix += 1;
    }
    while !(a.is_char_boundary(a.len() - suffix) && b.is_char_boundary(b.len() - suffix)) {
        suffix -= 1;
    }
    (prefix, suffix)
}
