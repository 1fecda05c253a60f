//! Sets of operations and partial orders of them, by numbers.

/// A set of numbers below a bound that its maker knows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Set(Box<[u64]>);

impl Set {
    pub fn new(bound: usize) -> Set {
        Set(vec![0; bound.div_ceil(64)].into())
    }

    pub fn insert(&mut self, item: usize) {
        self.0[item / 64] |= 1 << (item % 64);
    }

    pub fn remove(&mut self, item: usize) {
        self.0[item / 64] &= !(1 << (item % 64));
    }

    pub fn has(&self, item: usize) -> bool {
        self.0[item / 64] >> (item % 64) & 1 == 1
    }

    /// Adds all of the other set.
    fn join(&mut self, other: &Set) {
        for (own, others) in self.0.iter_mut().zip(&other.0) {
            *own |= others;
        }
    }
}

/// What comes before each item.
#[derive(Clone, Debug)]
pub(super) struct Order(Vec<Set>);

impl Order {
    /// The order of so many items that holds between those of which `is_before` says so.
    pub fn new(items: usize, is_before: impl Fn(usize, usize) -> bool) -> Order {
        let before = (0..items).map(|item| {
            let mut before = Set::new(items);
            for other in (0..items).filter(|&other| other != item && is_before(other, item)) {
                before.insert(other);
            }
            before
        });
        Order(before.collect())
    }

    pub fn is_before(&self, first: usize, second: usize) -> bool {
        self.0[second].has(first)
    }

    pub fn add(&mut self, first: usize, second: usize) {
        self.0[second].insert(first);
    }

    /// Makes it transitive (Warshall, 1962).
    pub fn close(&mut self) {
        for middle in 0..self.0.len() {
            let before = self.0[middle].clone();
            for of in &mut self.0 {
                if of.has(middle) {
                    of.join(&before);
                }
            }
        }
    }

    /// An item that comes before itself in a closed order.
    pub fn cyclic(&self) -> Option<usize> {
        (0..self.0.len()).find(|&item| self.0[item].has(item))
    }
}
