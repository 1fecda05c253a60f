//! Names by place, in a third of the memory: of a name its place in the file and the number of what it means.
//!
//! A program has a million names where it has a hundred thousand lines, and they mean a few hundred thousand things. A
//! thing may have two numbers after edits, and some may be of what is gone: where these are many, all are given anew.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::{Mention, Role, Target};
use crate::base::{FileId, FileSpan, Span};

/// So many numbers more than at first, or twice as many, and they are given anew.
const TARGETS_MORE_MAX: usize = 1024;

/// Names in the order of their places, each once.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Where those of each file begin.
    files: Vec<u32>,
    packed: Vec<Packed>,
    targets: Vec<Target>,
    /// How many there were when all had got their numbers.
    targets_at_first: usize,
}

#[derive(Clone, Copy, Debug)]
struct Packed {
    start: u32,
    /// The length, and in the two lowest bits the role.
    length: u32,
    target: u32,
}

const ROLES: [Role; 3] = [Role::Declares, Role::Writes, Role::Reads];

impl Mentions {
    /// Of names in order.
    pub(super) fn new(sorted: impl ExactSizeIterator<Item = Mention>) -> Self {
        let mut known: FxHashMap<Target, u32> = FxHashMap::default();
        let mut found = Self {
            packed: Vec::with_capacity(sorted.len()),
            ..Self::default()
        };
        for mention in sorted {
            let next = found.targets.len() as u32;
            let number = *known.entry(mention.target).or_insert(next);
            if number == next {
                found.targets.push(mention.target);
            }
            found.push(mention, number);
        }
        found.targets.shrink_to_fit();
        found.targets_at_first = found.targets.len();
        found
    }

    fn push(&mut self, mention: Mention, target: u32) {
        let FileSpan { file, span } = mention.place;
        let first = self.packed.len() as u32;
        while self.files.len() <= file.0 as usize {
            self.files.push(first);
        }
        self.packed.push(Packed {
            start: span.start,
            length: span.len() << 2 | mention.role as u32,
            target,
        });
    }

    /// These after `moved` has said where places and what they mean have gone, and others, which are in order.
    pub(super) fn again(
        &self,
        place: impl Fn(FileSpan) -> Option<FileSpan>,
        target: impl Fn(Target) -> Option<Target>,
        others: Vec<Mention>,
    ) -> Self {
        let moved: Vec<Option<Target>> = self.targets.iter().map(|&of| target(of)).collect();
        let gone = Target::File(FileId(u32::MAX));
        let mut found = Self {
            packed: Vec::with_capacity(self.packed.len() + others.len()),
            targets: moved.iter().map(|of| of.unwrap_or(gone)).collect(),
            targets_at_first: self.targets_at_first,
            ..Self::default()
        };
        let mut others = others.into_iter().peekable();
        let mut last: Option<Mention> = None;
        let mut is_sorted = true;
        let mut add = |found: &mut Self, mention: Mention, number: Option<u32>| {
            if last == Some(mention) {
                return;
            }
            is_sorted &= last.is_none_or(|last| last < mention);
            last = Some(mention);
            let number = number.unwrap_or_else(|| {
                found.targets.push(mention.target);
                found.targets.len() as u32 - 1
            });
            found.push(mention, number);
        };
        for (at, mention) in self.iter().enumerate() {
            let number = self.packed[at].target;
            let (Some(place), Some(target)) = (place(mention.place), moved[number as usize]) else {
                continue;
            };
            let mention = Mention {
                place,
                target,
                role: mention.role,
            };
            while let Some(before) = others.next_if(|other| *other < mention) {
                add(&mut found, before, None);
            }
            add(&mut found, mention, Some(number));
        }
        for other in others {
            add(&mut found, other, None);
        }
        let has_many = found.targets.len() > 2 * found.targets_at_first + TARGETS_MORE_MAX;
        match is_sorted && !has_many {
            true => found,
            false => {
                let mut all: Vec<Mention> = found.iter().collect();
                all.sort_unstable();
                all.dedup();
                Self::new(all.into_iter())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.packed.len()
    }

    pub(super) fn get(&self, at: usize) -> Mention {
        let file = self.files.partition_point(|&first| first as usize <= at) - 1;
        self.of_file(FileId(file as u32), at)
    }

    fn of_file(&self, file: FileId, at: usize) -> Mention {
        let Packed {
            start,
            length,
            target,
        } = self.packed[at];
        Mention {
            place: FileSpan::new(file, Span::new(start, start + (length >> 2))),
            target: self.targets[target as usize],
            role: ROLES[(length & 3) as usize],
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Mention> + '_ {
        let files = (0..self.files.len() as u32).map(FileId);
        files.flat_map(|file| self.in_file(file))
    }

    /// Which of all are in a file.
    fn range(&self, file: FileId) -> Range<usize> {
        let first = |file: usize| {
            self.files
                .get(file)
                .map_or(self.packed.len(), |&at| at as usize)
        };
        let file = file.0 as usize;
        first(file)..first(file + 1)
    }

    pub(super) fn in_file(
        &self,
        file: FileId,
    ) -> impl DoubleEndedIterator<Item = Mention> + ExactSizeIterator + '_ {
        self.range(file).map(move |at| self.of_file(file, at))
    }

    /// Those of a file that begin at a byte, or last before it.
    pub(super) fn last_until(
        &self,
        file: FileId,
        offset: u32,
    ) -> impl DoubleEndedIterator<Item = Mention> + '_ {
        let range = self.range(file);
        let own = &self.packed[range.clone()];
        let after = own.partition_point(|packed| packed.start <= offset);
        let place = |packed: &Packed| (packed.start, packed.length >> 2);
        let last = own[..after].last().map(place);
        let first = own[..after].partition_point(|packed| Some(place(packed)) < last);
        let found = range.start + first..range.start + after;
        found.map(move |at| self.of_file(file, at))
    }

    /// What a name means.
    pub(super) fn target(&self, at: usize) -> Target {
        self.targets[self.packed[at].target as usize]
    }
}
