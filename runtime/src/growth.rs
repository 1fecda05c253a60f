//! Room for words that become many.
//!
//! A vector that is moved to have room for twice as many words touches three times what it held, and the system clears each
//! page before it is touched first, which takes longer than filling it. Memory that nothing has touched costs
//! nothing; so a vector of some size asks for far more than it needs next, and hardly ever moves.

/// Words from which on a vector asks for far more.
const FAR_WORDS_MIN: usize = 1 << 17;
/// How many times what it needs.
const FAR_FACTOR: usize = 8;
/// No fewer words than these: what a vector leaves when it moves is not given back for a while.
const FAR_WORDS: usize = 1 << 25;

/// Makes room for so many more words.
#[inline]
pub fn reserve_far(words: &mut Vec<u64>, more: usize) {
    if words.capacity() - words.len() < more {
        grow(words, more);
    }
}

#[cold]
fn grow(words: &mut Vec<u64>, more: usize) {
    let needed = words.len() + more;
    let far = (needed * FAR_FACTOR).max(FAR_WORDS) - words.len();
    // Where the system promises only what it has, what is needed must do.
    if needed < FAR_WORDS_MIN || words.try_reserve_exact(far).is_err() {
        words.reserve(more);
    }
}

#[cfg(test)]
mod tests {
    use super::{FAR_WORDS, FAR_WORDS_MIN, reserve_far};

    #[test]
    fn only_what_is_large_asks_for_far_more() {
        let mut words = vec![7; 100];
        reserve_far(&mut words, 1);
        assert!((101..1000).contains(&words.capacity()));
        reserve_far(&mut words, FAR_WORDS_MIN);
        let capacity = words.capacity();
        assert!(capacity >= FAR_WORDS);
        reserve_far(&mut words, FAR_WORDS - 100);
        assert_eq!((words.capacity(), words.len()), (capacity, 100));
        assert_eq!(words, [7; 100]);
    }
}
