//! Items by keys of one word that stand close together, each at its key's distance from the first.
//!
//! Keys that a program counts up or numbers densely are found so without a hash and without comparing anything, in less
//! memory than a table of hashes takes. A window has at most [`PLACES_A_KEY_MAX`] places for each of its keys, so whoever has one gives it
//! up for a table when keys come that stand too far apart.

/// So many places there may be for each key.
const PLACES_A_KEY_MAX: usize = 4;
/// So many there may always be.
const PLACES_MIN: usize = 64;

/// What stands at a place of no key is `T`'s default.
#[derive(Debug, Default)]
pub struct Window<T> {
    /// The key of the first place.
    first: u64,
    places: Vec<T>,
}

impl<T: Copy + Default> Window<T> {
    /// With places for all of these keys, and nothing at them; none if they stand too far apart for so many.
    pub fn over(keys: impl IntoIterator<Item = u64>, count: usize) -> Option<Window<T>> {
        let mut keys = keys.into_iter().map(u64::cast_signed);
        let Some(first) = keys.next() else {
            return Some(Window::default());
        };
        let (least, most) = keys.fold((first, first), |(least, most), key| {
            (least.min(key), most.max(key))
        });
        let last = usize::try_from(most.wrapping_sub(least).cast_unsigned()).ok()?;
        (last < places_max(count)).then(|| Window {
            first: least.cast_unsigned(),
            places: vec![T::default(); last + 1],
        })
    }

    #[inline]
    pub fn get(&self, key: u64) -> T {
        let place = key.wrapping_sub(self.first) as usize;
        self.places.get(place).copied().unwrap_or_default()
    }

    /// Where the place of a key is in memory, if it has one.
    #[inline]
    pub fn address(&self, key: u64) -> *const T {
        let place = key.wrapping_sub(self.first) as usize;
        self.places.as_ptr().wrapping_add(place)
    }

    #[inline]
    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        self.places.get_mut(key.wrapping_sub(self.first) as usize)
    }

    /// The place of a key that may be one of so many; none if it stands too far from the others.
    #[inline]
    pub fn open(&mut self, key: u64, count: usize) -> Option<&mut T> {
        if key.wrapping_sub(self.first) >= self.places.len() as u64 {
            self.widen(key, places_max(count))?;
        }
        self.get_mut(key)
    }

    /// Makes room for a key that has no place, within so many places.
    fn widen(&mut self, key: u64, max: usize) -> Option<()> {
        let len = self.places.len();
        if len == 0 {
            self.first = key;
        }
        let behind = usize::try_from(key.wrapping_sub(self.first)).unwrap_or(usize::MAX);
        let before = usize::try_from(self.first.wrapping_sub(key)).unwrap_or(usize::MAX);
        if behind < max {
            let len = (behind + 1).max((2 * len).min(max));
            self.places.resize(len, T::default());
        } else if before.checked_add(len)? <= max {
            // As with what is added behind, more room than needed makes moving cost a constant share.
            let more = before.max(len.min(max - len));
            self.places
                .splice(0..0, std::iter::repeat_n(T::default(), more));
            self.first = self.first.wrapping_sub(more as u64);
        } else {
            return None;
        }
        Some(())
    }

    /// The key of the first place, and all places.
    pub fn places_mut(&mut self) -> (u64, &mut [T]) {
        (self.first, &mut self.places)
    }

    /// All places, with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (u64, T)> {
        let places = (0..).zip(&self.places);
        places.map(|(place, &item)| (self.first.wrapping_add(place), item))
    }

    /// Forgets all keys, and room that was far too large for so many.
    pub fn clear(&mut self, count: usize) {
        match self.places.capacity() > places_max(8 * count) {
            true => self.places = Vec::new(),
            false => self.places.clear(),
        }
    }
}

fn places_max(count: usize) -> usize {
    PLACES_MIN + PLACES_A_KEY_MAX * count
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Window, places_max};
    use crate::rows::hash;

    /// Keys near `base`, against a map; a key that has no place is too far from the others.
    #[test]
    fn holds_what_a_map_holds() {
        for base in [0, 1 << 40, u64::MAX - 20, (i64::MAX as u64) - 20] {
            let mut window = Window::<u32>::default();
            let mut model = BTreeMap::<i64, u32>::new();
            let distance = |key: u64| key.wrapping_sub(base).cast_signed();
            for step in 0..2000_u64 {
                let spreads = [10, 100, 1000, 100_000];
                let wide = hash([base, step]) as usize % spreads.len();
                let spread = spreads[if step < 50 { 0 } else { wide }];
                let key = base
                    .wrapping_add(hash([step]) % spread)
                    .wrapping_sub(spread / 2);
                let number = step as u32 + 1;
                if let Some(place) = window.open(key, model.len() + 1) {
                    *place = number;
                    model.insert(distance(key), number);
                }
                assert_eq!(
                    window.get(key),
                    model.get(&distance(key)).copied().unwrap_or(0)
                );
                if step % 5 == 0
                    && let Some((&gone, _)) = model.iter().nth(step as usize % 7)
                {
                    *window
                        .get_mut(base.wrapping_add_signed(gone))
                        .expect("it has a place") = 0;
                    model.remove(&gone);
                }
                assert!(window.places.len() <= places_max(2000));
            }
            assert!(!model.is_empty(), "some keys are near the first");
            let held = window.iter().filter(|(_, number)| *number != 0);
            let held: BTreeMap<i64, u32> = held.map(|(key, n)| (distance(key), n)).collect();
            assert_eq!(held, model);
            window.clear(model.len());
            assert_eq!(window.get(base), 0);
        }
    }

    #[test]
    fn a_window_over_keys_has_a_place_for_each() {
        let keys = |from: i64, step: i64| (0..100).map(move |n| (from + n * step).cast_unsigned());
        for from in [0, -50, i64::MIN, i64::MAX - 99 * 4] {
            let mut window = Window::<u32>::over(keys(from, 4), 100).expect("it is dense enough");
            assert!(keys(from, 4).all(|key| window.get_mut(key).is_some()));
        }
        assert!(Window::<u32>::over(keys(0, 5), 100).is_none());
        assert!(Window::<u32>::over([i64::MIN as u64, i64::MAX as u64], 2).is_none());
        assert!(Window::<u32>::over([], 0).is_some());
    }
}
