//! Which numbers were seen, as ranges: all through one, and some beyond.
//!
//! Numbers start at 1. The room it takes is that of its gaps, which its users bound by how far beyond
//! they let numbers run.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    through: u64,
    /// First and last of each range beyond; no two touch, and none touches `through`.
    beyond: BTreeMap<u64, u64>,
}

impl Seen {
    /// All through a number, and none beyond.
    pub fn through_only(through: u64) -> Seen {
        Seen {
            through,
            beyond: BTreeMap::new(),
        }
    }

    /// All from 1 to this were seen, and the next was not.
    pub fn through(&self) -> u64 {
        self.through
    }

    pub fn ranges(&self) -> Vec<(u64, u64)> {
        let ranges = self.beyond.iter();
        ranges.map(|(&first, &last)| (first, last)).collect()
    }

    pub fn contains(&self, number: u64) -> bool {
        number <= self.through
            || self
                .range_before(number)
                .is_some_and(|(_, last)| number <= last)
    }

    /// Whether it had not been seen.
    pub fn insert(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        let (mut first, mut last) = (number, number);
        if let Some((start, end)) = self.range_before(number)
            && end + 1 == number
        {
            first = start;
        }
        if let Some(end) = self.beyond.remove(&(number + 1)) {
            last = end;
        }
        if first == self.through + 1 {
            self.beyond.remove(&first);
            self.through = last;
        } else {
            self.beyond.insert(first, last);
        }
        true
    }

    /// Takes all through a number as seen.
    pub fn skip_through(&mut self, number: u64) {
        if number <= self.through {
            return;
        }
        self.through = number;
        while let Some((&first, &last)) = self.beyond.first_key_value()
            && first <= self.through + 1
        {
            self.through = self.through.max(last);
            self.beyond.remove(&first);
        }
    }

    /// The range that starts last among those that start at `number` or before.
    fn range_before(&self, number: u64) -> Option<(u64, u64)> {
        let range = self.beyond.range(..=number).next_back()?;
        Some((*range.0, *range.1))
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use bloom_stdx::random::Random;
    use std::collections::BTreeSet;

    #[test]
    fn ranges_hold_what_a_set_holds() {
        for seed in 0..500 {
            let mut random = Random::new(seed);
            let (mut seen, mut set) = (Seen::default(), BTreeSet::new());
            for _ in 0..60 {
                let number = 1 + random.below(40) as u64;
                if random.chance(1, 12) {
                    seen.skip_through(number);
                    set.extend(1..=number);
                } else {
                    assert_eq!(seen.insert(number), set.insert(number));
                }
                let through = (1..).take_while(|n| set.contains(n)).last().unwrap_or(0);
                assert_eq!(seen.through(), through);
                let ranges = seen.ranges();
                let listed: BTreeSet<u64> = ranges.iter().flat_map(|&(a, b)| a..=b).collect();
                let beyond: BTreeSet<u64> = set.range(through + 1..).copied().collect();
                assert_eq!(listed, beyond);
                let apart = ranges.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0);
                assert!(apart && ranges.iter().all(|&(a, _)| a > through + 1));
            }
        }
    }
}
