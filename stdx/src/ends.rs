//! What two lists have in common at their ends.

/// So many are compared at once.
const BLOCK: usize = 4096;

/// How many values are the same at the start.
pub fn common_start<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let blocks = a.chunks(BLOCK).zip(b.chunks(BLOCK));
    let blocks = blocks.take_while(|(a, b)| a == b).count();
    let known = (BLOCK * blocks).min(a.len()).min(b.len());
    let rest = a[known..].iter().zip(&b[known..]);
    known + rest.take_while(|(a, b)| a == b).count()
}

/// How many values are the same at the end.
pub fn common_end<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let blocks = a.rchunks(BLOCK).zip(b.rchunks(BLOCK));
    let blocks = blocks.take_while(|(a, b)| a == b).count();
    let known = (BLOCK * blocks).min(a.len()).min(b.len());
    let rest = a[..a.len() - known].iter().rev();
    let rest = rest.zip(b[..b.len() - known].iter().rev());
    known + rest.take_while(|(a, b)| a == b).count()
}

/// How many values are the same at the start and, of the rest, at the end.
pub fn common_ends<T: PartialEq>(a: &[T], b: &[T]) -> (usize, usize) {
    let start = common_start(a, b);
    (start, common_end(&a[start..], &b[start..]))
}

/// How many bytes are the same at the start and, of the rest, at the end; whole characters.
pub fn common_text(a: &str, b: &str) -> (usize, usize) {
    let mut start = common_start(a.as_bytes(), b.as_bytes());
    while !(a.is_char_boundary(start) && b.is_char_boundary(start)) {
        start -= 1;
    }
    let mut end = common_end(&a.as_bytes()[start..], &b.as_bytes()[start..]);
    while !(a.is_char_boundary(a.len() - end) && b.is_char_boundary(b.len() - end)) {
        end -= 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, common_ends, common_text};
    use crate::random::Random;

    #[test]
    fn what_is_common_is_what_comparing_one_by_one_finds() {
        let mut random = Random::new(1);
        for _ in 0..200 {
            let length = random.below(3 * BLOCK);
            let a: Vec<u8> = (0..length).map(|at| (at % 7) as u8).collect();
            let mut b = a.clone();
            for _ in 0..random.below(3) {
                let at = random.below(b.len() + 1);
                match random.chance(1, 2) {
                    true => b.insert(at, 9),
                    false => b.truncate(at),
                }
            }
            let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
            let rest = a[start..].iter().rev().zip(b[start..].iter().rev());
            let end = rest.take_while(|(a, b)| a == b).count();
            assert_eq!(common_ends(&a, &b), (start, end));
        }
    }

    #[test]
    fn characters_are_not_cut() {
        // They differ in the last byte of two.
        assert_eq!(common_text("aé", "aè"), (1, 0));
        // And in the first.
        assert_eq!(common_text("aéb", "aĩb"), (1, 1));
        assert_eq!(common_text("ab", "aab"), (1, 1));
    }
}
