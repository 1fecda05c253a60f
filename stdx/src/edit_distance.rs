//! How far one word is from another, for "did you mean".
//!
//! Damerau–Levenshtein in its restricted form (optimal string alignment): insertions, deletions,
//! substitutions and swaps of neighbours each cost one.

/// The least number of edits from `a` to `b`.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if j > 0 && previous == Some(y) && x == b[j - 1] {
                cost = cost.min(before_last[j - 1] + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last[b.len()]
}

/// The candidate nearest to `name`, if it is near enough to be what was meant: at most a third of the
/// letters differ, or upper and lower case only. The first in alphabetical order wins a tie.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| match candidate.eq_ignore_ascii_case(name) {
            true => (1, candidate),
            false => (edit_distance(name, candidate), candidate),
        })
        .filter(|&(distance, candidate)| distance <= most && distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{edit_distance, nearest};

    #[test]
    fn counts_each_edit_once() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("store", "store"), 0);
        assert_eq!(edit_distance("sotre", "store"), 1);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }

    #[test]
    fn offers_only_what_is_near() {
        assert_eq!(nearest("stor", ["get", "store"]), Some("store"));
        assert_eq!(nearest("ghost", ["a", "store"]), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("gcounter", ["GCounter", "count"]), Some("GCounter"));
    }
}
