//! Names by item, in a tenth of the memory: of a name its place and the number of what it means, as bytes.
//!
//! A program has a million names where it has a hundred thousand lines, and they mean a few hundred thousand things,
//! most of them variables, which no other item names. An item's names count from its start, so that they are shared
//! with the program that an edit elsewhere makes of it.

use std::ops::Range;
use std::sync::Arc;

use bloom_stdx::fitted;
use rustc_hash::FxHashMap;

use super::{Mention, Role, Target};
use crate::base::{FileId, FileSpan, Span};
use crate::hir::{Place, VarId};

/// So many numbers more than at first, or twice as many, and most may be of what is gone.
const NUMBERS_MORE_MAX: usize = 1024;

/// The names of an item in the order of their places, each once: how many there are, and of each how far it starts from
/// the one before, its length and role, and what it means. That is a number, or a variable with the place in the item
/// of whose it is. All are numbers of 32 bits, seven to a byte, those that come first being the lowest.
#[derive(Clone, Debug)]
pub(super) struct ItemNames(Arc<[u8]>);

/// A name, by places in its item.
#[derive(Clone, Copy, Debug)]
struct Packed {
    span: Span,
    role: Role,
    meant: Meant,
}

#[derive(Clone, Copy, Debug)]
enum Meant {
    Numbered(u32),
    Variable(Span, VarId),
}

const ROLES: [Role; 3] = [Role::Declares, Role::Writes, Role::Reads];

impl ItemNames {
    /// Leaves no mention in the list.
    pub(super) fn new(item: Place, mentions: &mut Vec<Mention>, numbers: &mut Numbers) -> Self {
        if !mentions.is_sorted() {
            mentions.sort_unstable();
        }
        mentions.dedup();
        let mut bytes = Vec::new();
        write(&mut bytes, mentions.len() as u32);
        let mut last = item.offset;
        for mention in mentions.drain(..) {
            let FileSpan { file, span } = mention.place;
            debug_assert!(file == item.file && span.start >= item.offset);
            write(&mut bytes, span.start.wrapping_sub(last));
            write(&mut bytes, span.len() << 2 | mention.role as u32);
            last = span.start;
            match mention.target {
                Target::Variable(of, id) => {
                    write(&mut bytes, id.0 << 1 | 1);
                    write(&mut bytes, of.span.start.wrapping_sub(item.offset));
                    write(&mut bytes, of.span.len());
                }
                target => write(&mut bytes, numbers.of(target) << 1),
            }
        }
        Self(bytes.into())
    }

    fn count(&self) -> usize {
        Reader(&self.0).number() as usize
    }

    fn iter(&self) -> impl Iterator<Item = Packed> + '_ {
        let mut reader = Reader(&self.0);
        let count = reader.number();
        let mut last = 0u32;
        (0..count).map(move |_| {
            let start = last.wrapping_add(reader.number());
            last = start;
            let length = reader.number();
            let meant = reader.number();
            Packed {
                span: Span::new(start, start.wrapping_add(length >> 2)),
                role: ROLES[(length & 3) as usize],
                meant: match meant & 1 {
                    0 => Meant::Numbered(meant >> 1),
                    _ => {
                        let start = reader.number();
                        let end = start.wrapping_add(reader.number());
                        Meant::Variable(Span { start, end }, VarId(meant >> 1))
                    }
                },
            }
        })
    }
}

fn write(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to read.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> u32 {
        let mut number = 0;
        let mut shift = 0;
        while let Some((&byte, rest)) = self.0.split_first() {
            self.0 = rest;
            number |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        number
    }
}

/// What names mean, by number, and the numbers of some of it.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    targets: Vec<Target>,
    /// How many there were when all names had got theirs, if that is not now.
    at_first: Option<usize>,
    known: FxHashMap<Target, u32>,
}

impl Numbers {
    /// Those of before, each of which `moved` has found again, if it is there still; known is the number of what is
    /// `wanted`.
    pub(super) fn again(
        before: &Mentions,
        moved: impl Fn(Target) -> Option<Target>,
        wanted: impl Iterator<Item = Target>,
    ) -> Self {
        let unknown = u32::MAX;
        let mut known: FxHashMap<Target, u32> = wanted.map(|target| (target, unknown)).collect();
        let gone = Target::File(FileId(u32::MAX));
        let mut targets = Vec::with_capacity(before.targets.len() + known.len());
        for (number, &target) in (0..).zip(&before.targets) {
            let target = moved(target).unwrap_or(gone);
            if let Some(known) = known.get_mut(&target) {
                *known = number;
            }
            targets.push(target);
        }
        known.retain(|_, number| *number != unknown);
        Self {
            targets,
            at_first: Some(before.numbers_at_first),
            known,
        }
    }

    fn of(&mut self, target: Target) -> u32 {
        let next = self.targets.len() as u32;
        let number = *self.known.entry(target).or_insert(next);
        if number == next {
            self.targets.push(target);
        }
        number
    }
}

/// The names of a program.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// The items of each file, by place; those inside of another after it.
    files: Vec<Vec<Entry>>,
    /// How many names are before those of each file.
    firsts: Vec<u32>,
    /// What the numbers mean.
    targets: Vec<Target>,
    numbers_at_first: usize,
    count: usize,
}

/// An item.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) start: u32,
    /// How many names of the program are before it.
    first: u32,
    pub(super) names: ItemNames,
}

impl Mentions {
    pub(super) fn new(files: Vec<Vec<(u32, ItemNames)>>, numbers: Numbers) -> Self {
        let mut found = Self {
            numbers_at_first: numbers.at_first.unwrap_or(numbers.targets.len()),
            targets: numbers.targets,
            ..Self::default()
        };
        found.targets = fitted(found.targets);
        for items in files {
            found.firsts.push(found.count as u32);
            let entries = items.into_iter().map(|(start, names)| {
                let first = found.count as u32;
                found.count += names.count();
                Entry {
                    start,
                    first,
                    names,
                }
            });
            found.files.push(entries.collect());
        }
        found
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Whether so much may be gone of what has a number that all had better be given anew.
    pub(super) fn has_many_gone(&self) -> bool {
        self.targets.len() > 2 * self.numbers_at_first + NUMBERS_MORE_MAX
    }

    /// The items of a file.
    pub(super) fn items(&self, file: FileId) -> &[Entry] {
        self.files.get(file.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn mention(&self, file: FileId, entry: &Entry, packed: Packed) -> Mention {
        let place = |span: Span| {
            let moved = |at: u32| at.wrapping_add(entry.start);
            FileSpan::new(file, Span::new(moved(span.start), moved(span.end)))
        };
        Mention {
            place: place(packed.span),
            target: match packed.meant {
                Meant::Numbered(number) => self.targets[number as usize],
                Meant::Variable(of, id) => Target::Variable(place(of), id),
            },
            role: packed.role,
        }
    }

    fn of_item(&self, file: FileId, entry: &Entry) -> impl Iterator<Item = Mention> {
        let packed = entry.names.iter();
        packed.map(move |packed| self.mention(file, entry, packed))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Mention> + '_ {
        let files = (0..self.files.len() as u32).map(FileId);
        files.flat_map(|file| self.in_file(file))
    }

    pub(super) fn in_file(&self, file: FileId) -> impl Iterator<Item = Mention> + '_ {
        self.in_part(file, 0, u32::MAX)
    }

    /// The names in the items of a file of which a part is between two places, and may be more.
    pub(super) fn in_part(
        &self,
        file: FileId,
        from: u32,
        upto: u32,
    ) -> impl Iterator<Item = Mention> + '_ {
        let items = self.items(file);
        let first = items.partition_point(|entry| entry.start <= from);
        let last = items.partition_point(|entry| entry.start < upto);
        let items = &items[first.saturating_sub(1)..last.max(first)];
        items
            .iter()
            .flat_map(move |entry| self.of_item(file, entry))
    }

    /// As [`super::Names::differ`].
    pub(super) fn differ(
        &self,
        before: &Self,
        file: FileId,
        (old_length, length): (usize, usize),
    ) -> Option<Range<usize>> {
        let (old, new) = (before.items(file), self.items(file));
        let is_one = |a: &Entry, b: &Entry| Arc::ptr_eq(&a.names.0, &b.names.0);
        let pairs = old.iter().zip(new);
        let same = pairs.take_while(|(a, b)| a.start == b.start && is_one(a, b));
        let start = same.count();
        let pairs = old[start..].iter().rev().zip(new[start..].iter().rev());
        let behind = |a: &Entry, b: &Entry| {
            old_length - a.start as usize == length - b.start as usize && is_one(a, b)
        };
        let end = pairs.take_while(|(a, b)| behind(a, b)).count();
        let (old, new) = (&old[start..old.len() - end], &new[start..]);
        let is_same = old.is_empty() && new.len() == end;
        let first = [old.first(), new.first()].into_iter().flatten();
        let first = first.map(|entry| entry.start as usize).min();
        let next = new.get(new.len() - end).map(|entry| entry.start as usize);
        (!is_same).then(|| first.unwrap_or(0)..next.unwrap_or(length))
    }

    /// Those of a file that begin at a byte, or last before it.
    pub(super) fn last_until(&self, file: FileId, offset: u32) -> Vec<Mention> {
        let items = self.items(file);
        let after = items.partition_point(|entry| entry.start <= offset);
        let mut found: Vec<Mention> = Vec::new();
        for entry in items[..after].iter().rev() {
            let mentions = self.of_item(file, entry);
            for mention in mentions.take_while(|mention| mention.place.span.start <= offset) {
                found.retain(|last| last.place == mention.place);
                found.push(mention);
            }
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    /// The places of names by what they mean, but for variables.
    pub(super) fn grouped(&self) -> Groups {
        let numbered = || {
            let entries = self.files.iter().flatten();
            let packed = entries.flat_map(|entry| entry.names.iter()).enumerate();
            packed.filter_map(|(at, packed)| match packed.meant {
                Meant::Numbered(number) => Some((at as u32, number as usize)),
                Meant::Variable(..) => None,
            })
        };
        let mut ends = vec![0u32; self.targets.len() + 1];
        for (_, target) in numbered() {
            ends[target + 1] += 1;
        }
        for at in 1..ends.len() {
            ends[at] += ends[at - 1];
        }
        let mut places = vec![0; ends.last().map_or(0, |&end| end as usize)];
        // What was where a group starts is in the end where it ends.
        for (at, target) in numbered() {
            places[ends[target] as usize] = at;
            ends[target] += 1;
        }
        Groups { ends, places }
    }

    /// All that mean the same, in the order of files.
    pub(super) fn of<'m>(&'m self, target: Target, groups: &'m Groups) -> Vec<Mention> {
        if let Target::Variable(of, _) = target {
            let items = self.items(of.file);
            let at = items.partition_point(|entry| entry.start <= of.span.start);
            let item = at.checked_sub(1).map(|at| &items[at]);
            let mentions = item
                .into_iter()
                .flat_map(|item| self.of_item(of.file, item));
            return mentions
                .filter(|mention| mention.target == target)
                .collect();
        }
        let numbers = (0..).zip(&self.targets).filter(|(_, own)| **own == target);
        let places = numbers.flat_map(|(number, _)| groups.of(number));
        places.filter_map(|&at| self.get(at)).collect()
    }

    /// The name with this number.
    fn get(&self, at: u32) -> Option<Mention> {
        let file = self.firsts.partition_point(|&first| first <= at) - 1;
        let items = &self.files[file];
        let entry = &items[items.partition_point(|entry| entry.first <= at) - 1];
        let mut mentions = self.of_item(FileId(file as u32), entry);
        mentions.nth((at - entry.first) as usize)
    }
}

/// The places of names by the number of what they mean.
#[derive(Debug)]
pub(super) struct Groups {
    ends: Vec<u32>,
    places: Vec<u32>,
}

impl Groups {
    fn of(&self, number: usize) -> &[u32] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.places[start as usize..self.ends[number] as usize]
    }
}
