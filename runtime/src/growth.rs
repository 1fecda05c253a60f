//! Room for words that become many.
//!
//! A vector that is moved to have room for twice as many words touches three times what it held, and the system clears each
//! page before it is touched first, which takes longer than filling it. Memory that nothing has touched costs
//! nothing; so a vector of some size asks for far more than it needs next, and hardly ever moves. Where there are threads
//! they touch new memory side by side.

#![expect(
    unsafe_code,
    reason = "threads write to the end of a vector side by side"
)]

use std::mem::MaybeUninit;
use std::sync::Mutex;

use crate::crew::Crew;

/// Words from which on a vector asks for far more.
const FAR_WORDS_MIN: usize = 1 << 17;
/// How many times what it needs.
const FAR_FACTOR: usize = 8;
/// No fewer words than these: what a vector leaves when it moves may not be given back for a while.
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

/// Appends pieces, one after the other, and calls `beside` once with the number of each.
pub fn append_all(
    words: &mut Vec<u64>,
    pieces: &[impl AsRef<[u64]> + Sync],
    crew: &dyn Crew,
    beside: &(dyn Fn(usize) + Sync),
) {
    let lens: Vec<usize> = pieces.iter().map(|piece| piece.as_ref().len()).collect();
    extend_by(words, &lens, crew, &|number, room| {
        beside(number);
        room.write_copy_of_slice(pieces[number].as_ref());
    });
}

/// Appends so many times this word.
pub fn extend_with(words: &mut Vec<u64>, count: usize, word: u64, crew: &dyn Crew) {
    const PIECE_WORDS: usize = 1 << 16;
    let mut lens = vec![PIECE_WORDS; count / PIECE_WORDS];
    lens.push(count % PIECE_WORDS);
    extend_by(words, &lens, crew, &|_, room| {
        room.fill(MaybeUninit::new(word));
    });
}

/// Writes a piece: all of its room.
type Write<'w> = dyn Fn(usize, &mut [MaybeUninit<u64>]) + Sync + 'w;

fn extend_by(words: &mut Vec<u64>, lens: &[usize], crew: &dyn Crew, write: &Write<'_>) {
    let more = lens.iter().sum();
    reserve_far(words, more);
    let mut rest = &mut words.spare_capacity_mut()[..more];
    let mut rooms = Vec::with_capacity(lens.len());
    for &len in lens {
        let room;
        (room, rest) = rest.split_at_mut(len);
        rooms.push(Mutex::new(Some(room)));
    }
    crew.run(rooms.len(), &|number| {
        let mut room = rooms[number].lock().expect("no job panics");
        write(number, room.as_mut().expect("each job is done once"));
        *room = None;
    });
    let mut rooms = rooms.into_iter().map(Mutex::into_inner);
    let is_written = rooms.all(|room| room.expect("no job panics").is_none());
    assert!(is_written, "all jobs are done");
    // SAFETY: there is room for so many more. Whatever the crew is, a piece whose `write` was not called or has panicked has
    // its room or a poisoned lock, and this is not reached; where it has returned all of the piece is written, since each of
    // them writes a whole slice.
    unsafe { words.set_len(words.len() + more) };
}

#[cfg(test)]
mod tests {
    use super::{FAR_WORDS, FAR_WORDS_MIN, append_all, extend_with, reserve_far};
    use crate::crew::Backwards;

    #[test]
    fn pieces_stand_in_their_order() {
        let mut words = vec![1, 2];
        let pieces = [vec![3], vec![], vec![4, 5, 6]];
        let beside = std::sync::Mutex::new(Vec::new());
        append_all(&mut words, &pieces, &Backwards(2), &|number| {
            beside.lock().expect("no panic").push(number);
        });
        assert_eq!(words, [1, 2, 3, 4, 5, 6]);
        assert_eq!(beside.into_inner().expect("no panic"), [2, 1, 0]);
        for count in [0, 1, 70_000, 1 << 17] {
            let mut words = vec![1];
            extend_with(&mut words, count, 9, &Backwards(2));
            assert_eq!(words.len(), 1 + count);
            assert!(words[1..].iter().all(|&word| word == 9));
        }
    }

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
