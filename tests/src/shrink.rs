//! Makes a failing program small: leaves out whatever can go while it still fails.
//!
//! Greedy, over ever smaller pieces (ticks, rules, fed rows, literals, declarations), until a pass
//! over all of them changes nothing. What no longer compiles does not fail, so pieces that others
//! need stay.

use crate::generate::Case;

/// A smaller program that still fails. `fails` is asked at most `tries_max` times.
pub fn shrink(case: &Case, tries_max: usize, fails: impl FnMut(&Case) -> bool) -> Case {
    shrink_pieces(case, &PIECES, tries_max, fails)
}

/// As [`shrink`], for anything with pieces.
pub fn shrink_pieces<T: Clone>(
    case: &T,
    pieces: &[Piece<T>],
    tries_max: usize,
    mut fails: impl FnMut(&T) -> bool,
) -> T {
    let mut best = case.clone();
    let mut tries = 0;
    loop {
        let mut changed = false;
        for piece in pieces {
            let mut at = 0;
            loop {
                let mut smaller = best.clone();
                if tries == tries_max || !piece(&mut smaller, at) {
                    break;
                }
                tries += 1;
                if fails(&smaller) {
                    best = smaller;
                    changed = true;
                } else {
                    at += 1;
                }
            }
        }
        if !changed || tries == tries_max {
            return best;
        }
    }
}

/// Leaves out the piece of that number; false if there are fewer.
pub type Piece<T> = fn(&mut T, usize) -> bool;

const PIECES: [Piece<Case>; 5] = [
    |case, at| remove(&mut case.ticks, at),
    |case, at| remove(&mut case.rules, at),
    |case, at| remove_inner(case.ticks.iter_mut(), at),
    |case, at| remove_inner(case.rules.iter_mut().map(|rule| &mut rule.literals), at),
    |case, at| remove(&mut case.declarations, at),
];

/// Leaves out an item; false if there are fewer.
pub fn remove<T>(items: &mut Vec<T>, at: usize) -> bool {
    if at < items.len() {
        items.remove(at);
        return true;
    }
    false
}

/// Leaves out an item of the lists, counted over all of them; false if there are fewer.
pub fn remove_inner<'a, T: 'a>(lists: impl Iterator<Item = &'a mut Vec<T>>, mut at: usize) -> bool {
    for list in lists {
        if at < list.len() {
            list.remove(at);
            return true;
        }
        at -= list.len();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::shrink;
    use crate::generate::Case;

    #[test]
    fn keeps_only_what_fails() {
        let case = Case::random(5);
        let wanted = case.rules[0].to_string();
        let small = shrink(&case, 10_000, |c| c.to_string().contains(&wanted));
        assert_eq!(small.rules.len(), 1);
        assert!(small.ticks.is_empty() && small.declarations.is_empty());
    }
}
