//! Lists without room for more than they have.
//!
//! `shrink_to_fit` asks the allocator to make a block smaller where it is, and allocators leave a block of which more
//! than half is used. So what is kept for long, and came to be element by element, takes up to twice its size. Here it
//! moves to a block of its own size.

use thin_vec::ThinVec;

pub fn fitted<T>(mut list: Vec<T>) -> Vec<T> {
    if list.len() == list.capacity() {
        return list;
    }
    let mut own = Vec::with_capacity(list.len());
    own.append(&mut list);
    own
}

pub fn fitted_thin<T>(mut list: ThinVec<T>) -> ThinVec<T> {
    if list.len() == list.capacity() {
        return list;
    }
    let mut own = ThinVec::with_capacity(list.len());
    own.append(&mut list);
    own
}

#[cfg(test)]
mod tests {
    use super::{fitted, fitted_thin};
    use thin_vec::ThinVec;

    #[test]
    fn what_is_fitted_has_no_room_for_more() {
        for count in [0, 1, 3, 5, 100] {
            let mut list = Vec::with_capacity(count + 1);
            list.extend(0..count);
            let list = fitted(list);
            assert_eq!(list.capacity(), count);
            assert!(list.into_iter().eq(0..count));
            let mut list = ThinVec::with_capacity(count + 1);
            list.extend(0..count);
            let list = fitted_thin(list);
            assert_eq!(list.capacity(), count);
            assert!(list.into_iter().eq(0..count));
        }
    }
}
