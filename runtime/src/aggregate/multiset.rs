//! A multiset in the order of a comparison that the caller brings along: blocks of a bounded size in
//! a list, found by binary search over their first items and then within. Adding and removing move
//! at most a block of items and, once in many times, the list of blocks.
//!
//! Multiplicities may fall below zero while changes are taken in one after another; an item is
//! forgotten when its multiplicity is zero. Invariant: no block is empty.

use std::cmp::Ordering;

/// Items of a block before it is cut in two.
const BLOCK_ITEMS_MAX: usize = 128;

/// Items of equally many words, each with a multiplicity.
#[derive(Debug)]
pub struct Multiset {
    width: usize,
    /// Of each item its words, then its multiplicity.
    blocks: Vec<Vec<u64>>,
    items: usize,
}

impl Multiset {
    pub fn new(width: usize) -> Multiset {
        Multiset {
            width,
            blocks: Vec::new(),
            items: 0,
        }
    }

    /// Unequal items.
    pub fn len(&self) -> usize {
        self.items
    }

    /// The least item.
    pub fn first(&self) -> Option<&[u64]> {
        self.blocks.first().map(|block| &block[..self.width])
    }

    /// Items in order, with their multiplicities.
    pub fn iter(&self) -> impl Iterator<Item = (&[u64], i64)> {
        let stride = self.width + 1;
        let blocks = self.blocks.iter();
        blocks.flat_map(move |block| {
            let items = block.chunks_exact(stride);
            items.map(move |item| (&item[..self.width], item[self.width] as i64))
        })
    }

    /// Adds so many of an item, which may be below zero.
    pub fn add(&mut self, item: &[u64], times: i64, compare: &dyn Fn(&[u64], &[u64]) -> Ordering) {
        let (width, stride) = (self.width, self.width + 1);
        let after = self
            .blocks
            .partition_point(|block| compare(&block[..width], item).is_le());
        let Some(place) = after.checked_sub(1) else {
            return self.insert(0, 0, item, times);
        };
        let block = &mut self.blocks[place];
        let (mut low, mut high) = (0, block.len() / stride);
        while low < high {
            let middle = low.midpoint(high);
            let there = &block[middle * stride..middle * stride + width];
            match compare(there, item) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return self.change(place, middle * stride, times),
            }
        }
        self.insert(place, low * stride, item, times);
    }

    fn change(&mut self, place: usize, start: usize, times: i64) {
        let block = &mut self.blocks[place];
        let multiplicity = block[start + self.width] as i64 + times;
        if multiplicity != 0 {
            block[start + self.width] = multiplicity as u64;
            return;
        }
        block.drain(start..=start + self.width);
        self.items -= 1;
        if block.is_empty() {
            self.blocks.remove(place);
        }
    }

    fn insert(&mut self, place: usize, start: usize, item: &[u64], times: i64) {
        if self.blocks.is_empty() {
            self.blocks.push(Vec::new());
        }
        let block = &mut self.blocks[place];
        let words = item.iter().copied().chain(std::iter::once(times as u64));
        block.splice(start..start, words);
        self.items += 1;
        let stride = self.width + 1;
        if block.len() / stride > BLOCK_ITEMS_MAX {
            let rest = block.split_off(block.len() / stride / 2 * stride);
            self.blocks.insert(place + 1, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bloom_stdx::random::Random;

    use super::Multiset;

    #[test]
    fn holds_what_a_map_of_multiplicities_holds() {
        let mut random = Random::new(7);
        let mut set = Multiset::new(1);
        let mut model: BTreeMap<u64, i64> = BTreeMap::new();
        for _ in 0..20_000 {
            let item = random.below(600) as u64;
            let times = [1, 1, -1][random.below(3)];
            set.add(&[item], times, &|a, b| a.cmp(b));
            let there = model.entry(item).or_default();
            *there += times;
            if *there == 0 {
                model.remove(&item);
            }
            assert_eq!(set.len(), model.len());
            assert_eq!(set.first().map(|f| f[0]), model.keys().next().copied());
        }
        let all: Vec<(u64, i64)> = set.iter().map(|(item, n)| (item[0], n)).collect();
        assert_eq!(all, model.into_iter().collect::<Vec<_>>());
    }
}
