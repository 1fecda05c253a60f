//! Findings about the values of a list, kept in step with the list while it is edited.

use std::collections::BTreeMap;
use std::ops::Range;

/// What was found of each value of a list. A value is known by a key that no other value of the list has.
#[derive(Debug)]
pub struct Aligned<K, V> {
    keys: Vec<K>,
    found: Vec<V>,
}

/// What an update has changed: the findings from `at.start` on that gave way to those of `at`.
#[derive(Debug)]
pub struct Change<V> {
    pub at: Range<usize>,
    pub before: Vec<V>,
    /// How many findings were made, rather than kept.
    pub made: usize,
}

impl<K, V> Default for Aligned<K, V> {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            found: Vec::new(),
        }
    }
}

impl<K: Copy + Ord, V: Clone> Aligned<K, V> {
    pub fn found(&self) -> &[V] {
        &self.found
    }

    /// Goes over to the list with these keys: what is known of a key is kept wherever it moved, and `make` is
    /// asked for the rest, by place. Costs a comparison a key where the lists are the same, at both ends, and
    /// a look-up between.
    pub fn update(&mut self, keys: &[K], mut make: impl FnMut(usize) -> V) -> Change<V> {
        let (old, new) = differing(&self.keys, keys);
        let prefix = old.start;
        // Taken out of both at once, so that they agree even if `make` panics.
        let before: Vec<V> = self.found.drain(old.clone()).collect();
        let known: BTreeMap<K, &V> = self.keys.drain(old).zip(&before).collect();
        let mut made = 0;
        let found: Vec<V> = new
            .clone()
            .map(|place| match known.get(&keys[place]) {
                Some(&found) => found.clone(),
                None => {
                    made += 1;
                    make(place)
                }
            })
            .collect();
        self.keys
            .splice(prefix..prefix, keys[new.clone()].iter().copied());
        self.found.splice(prefix..prefix, found);
        Change {
            at: new,
            before,
            made,
        }
    }
}

/// What is between the ends that two lists have in common, of each.
pub fn differing<K: PartialEq>(old: &[K], new: &[K]) -> (Range<usize>, Range<usize>) {
    let prefix = common(old.iter(), new.iter());
    let suffix = common(old[prefix..].iter().rev(), new[prefix..].iter().rev());
    (prefix..old.len() - suffix, prefix..new.len() - suffix)
}

/// How many values are the same from the start.
fn common<'a, K: PartialEq + 'a>(
    old: impl Iterator<Item = &'a K>,
    new: impl Iterator<Item = &'a K>,
) -> usize {
    old.zip(new).take_while(|(old, new)| old == new).count()
}

#[cfg(test)]
mod tests {
    use super::Aligned;
    use crate::random::Random;

    #[test]
    fn an_edited_list_is_found_as_from_nothing() {
        let mut random = Random::new(1);
        let mut aligned = Aligned::default();
        let mut keys: Vec<usize> = Vec::new();
        for round in 0..2_000 {
            for _ in 0..random.below(4) {
                let at = random.below(keys.len() + 1);
                if random.chance(1, 2) {
                    keys.insert(at, 100_000 + round * 10 + keys.len());
                } else if at < keys.len() {
                    keys.remove(at);
                }
            }
            keys.dedup();
            let before = aligned.found().to_vec();
            let mut asked = 0;
            let change = aligned.update(&keys, |place| {
                asked += 1;
                keys[place] * 2
            });
            let whole: Vec<usize> = keys.iter().map(|key| key * 2).collect();
            assert_eq!(aligned.found(), whole);
            let is_new = |found: &&usize| !before.contains(found);
            assert_eq!(asked, whole.iter().filter(is_new).count());
            assert_eq!(change.made, asked);
            let mut spliced = before;
            let end = change.at.start + change.before.len();
            assert_eq!(spliced[change.at.start..end], change.before);
            spliced.splice(change.at.start..end, whole[change.at].iter().copied());
            assert_eq!(spliced, whole);
        }
    }

    #[test]
    fn what_moves_is_kept() {
        let mut aligned = Aligned::default();
        aligned.update(&[1, 2, 3, 4], |place| place);
        let change = aligned.update(&[1, 3, 2, 4], |_| unreachable!("all is known"));
        assert_eq!(change.made, 0);
        assert_eq!(aligned.found(), [0, 2, 1, 3]);
    }
}
