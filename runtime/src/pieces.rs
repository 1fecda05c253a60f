//! Room that is used again from tick to tick, so that ticks which are alike allocate nothing for what arrives and for
//! what they defer, and move none of it. Neither much of it nor large pieces are kept: one large tick costs no memory
//! for good.

use bloom_plan::plan::RelationId;

/// Pieces that are kept.
const PIECES_MAX: usize = 64;
/// Words that one of them has room for.
const WORDS_MAX: usize = 1 << 12;

/// What is used again.
pub trait Piece: Default {
    fn clear(&mut self);

    /// How many words there is room for without more memory.
    fn capacity(&self) -> usize;
}

impl Piece for Vec<u64> {
    fn clear(&mut self) {
        self.clear();
    }

    fn capacity(&self) -> usize {
        self.capacity()
    }
}

/// Pieces, each of a relation, in the order in which they were begun.
#[derive(Clone, Debug)]
pub struct Pieces<P> {
    /// Those in use, then room for more.
    all: Vec<(RelationId, P)>,
    used: usize,
}

impl<P> Default for Pieces<P> {
    fn default() -> Pieces<P> {
        Pieces {
            all: Vec::new(),
            used: 0,
        }
    }
}

impl<P: Piece> Pieces<P> {
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    pub fn len(&self) -> usize {
        self.used
    }

    pub fn iter(&self) -> std::slice::Iter<'_, (RelationId, P)> {
        self.all[..self.used].iter()
    }

    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, (RelationId, P)> {
        self.all[..self.used].iter_mut()
    }

    /// Begins a piece, which is empty.
    #[inline]
    pub fn begin(&mut self, id: RelationId) -> &mut P {
        if self.used == self.all.len() {
            self.all.push((id, P::default()));
        }
        let (of, piece) = &mut self.all[self.used];
        *of = id;
        self.used += 1;
        piece
    }

    /// Takes back the piece that was begun last.
    pub fn take_back(&mut self) {
        self.used -= 1;
        give_up(&mut self.all[self.used].1);
    }

    /// The last piece, if it is of the relation, or a new one.
    #[inline]
    pub fn last_of(&mut self, id: RelationId) -> &mut P {
        match self.used.checked_sub(1) {
            Some(last) if self.all[last].0 == id => &mut self.all[last].1,
            Some(_) | None => self.begin(id),
        }
    }

    /// The piece of the relation that was begun last, or a new one.
    pub fn of(&mut self, id: RelationId) -> &mut P {
        match self.iter().rposition(|(of, _)| *of == id) {
            Some(place) => &mut self.all[place].1,
            None => self.begin(id),
        }
    }

    #[inline]
    pub fn clear(&mut self) {
        for (_, piece) in &mut self.all[..self.used] {
            give_up(piece);
        }
        self.used = 0;
        if self.all.len() > PIECES_MAX {
            self.all.truncate(PIECES_MAX);
        }
    }
}

#[inline]
fn give_up<P: Piece>(piece: &mut P) {
    piece.clear();
    drop_large(piece);
}

/// Drops what has more room than is kept.
#[inline]
pub fn drop_large<P: Piece>(piece: &mut P) {
    if piece.capacity() > WORDS_MAX {
        *piece = P::default();
    }
}

#[cfg(test)]
mod tests {
    use bloom_plan::plan::RelationId;

    use super::{PIECES_MAX, Pieces, WORDS_MAX};

    #[test]
    fn pieces_come_back_empty_and_large_ones_not_at_all() {
        let mut pieces = Pieces::<Vec<u64>>::default();
        pieces.begin(RelationId(3)).extend([1, 2]);
        pieces.begin(RelationId(5)).resize(WORDS_MAX + 1, 0);
        pieces.of(RelationId(3)).push(4);
        let ids: Vec<(u32, usize)> = pieces.iter().map(|(id, p)| (id.0, p.len())).collect();
        assert_eq!(ids, [(3, 3), (5, WORDS_MAX + 1)]);
        pieces.clear();
        assert!(pieces.is_empty());
        let small = pieces.begin(RelationId(7));
        assert!(small.is_empty() && small.capacity() > 0);
        assert_eq!(pieces.begin(RelationId(8)).capacity(), 0);
        pieces.take_back();
        assert_eq!(pieces.len(), 1);
    }

    #[test]
    fn few_pieces_are_kept() {
        let mut pieces = Pieces::<Vec<u64>>::default();
        for id in 0..3 * PIECES_MAX as u32 {
            pieces.begin(RelationId(id)).push(1);
        }
        pieces.clear();
        assert_eq!(pieces.all.len(), PIECES_MAX);
    }
}
