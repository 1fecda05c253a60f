//! How many different values columns have: as an index tells, or about, from a sample.
//!
//! A value that a sample has once stands for √(N/n) values of all N rows, one that it has more often for
//! itself: the estimator whose error is bounded best whatever the values are like (Charikar, Chaudhuri, Motwani
//! & Narasayya, PODS 2000, "GEE").

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::rows::hash;

use super::Relation;

/// Rows of a sample.
const SAMPLE_ROWS: usize = 1 << 11;

impl Relation {
    /// About how many different values the columns have together.
    pub fn count_distinct(&self, columns: &[u32]) -> u64 {
        let rows = self.len();
        let same = |there: &[usize]| there.iter().map(|&c| c as u32).eq(columns.iter().copied());
        if same(&self.shape.keys) {
            return rows as u64;
        }
        if let Some(index) = self.indexes.iter().find(|index| same(index.columns()))
            && let Some(keys) = index.keys_of(rows)
        {
            return keys as u64;
        }
        let taken = rows.min(SAMPLE_ROWS);
        let mut seen: HashMap<u64, u32, FxBuildHasher> = HashMap::default();
        for place in 0..taken {
            let row = self.row((place * rows / taken) as u32);
            let value = hash(columns.iter().map(|&column| row[column as usize]));
            *seen.entry(value).or_default() += 1;
        }
        let once = seen.values().filter(|&&times| times == 1).count();
        let share = (rows as f64 / taken.max(1) as f64).sqrt();
        let distinct = share * once as f64 + (seen.len() - once) as f64;
        distinct.round() as u64
    }
}

#[cfg(test)]
mod tests {
    use crate::relation::tests::relation;

    #[test]
    fn estimates_are_near_whatever_the_values_are_like() {
        const ROWS: u64 = 1 << 16;
        let (_, mut relation) = relation("kkk");
        for n in 0..ROWS {
            relation.insert(&[n, n % 100, n / 8]);
        }
        assert_eq!(relation.count_distinct(&[0, 1, 2]), ROWS);
        for (columns, truth) in [(&[0][..], ROWS), (&[1], 100), (&[2], ROWS / 8)] {
            let found = relation.count_distinct(columns) as f64;
            let ratio = found / truth as f64;
            // √(N/n) is the bound of the estimator's error.
            assert!((0.17..6.0).contains(&ratio), "{columns:?}: {found}");
        }
    }
}
