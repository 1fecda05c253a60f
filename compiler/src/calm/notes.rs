//! Notes of what is asked while something is looked for.

use std::cell::{Cell, RefCell};

/// Takes notes while somebody wants them.
#[derive(Debug, Default)]
pub struct Notes<T> {
    is_taken: Cell<bool>,
    taken: RefCell<T>,
}

impl<T: Default> Notes<T> {
    /// Looks for something, and gives what was noted meanwhile; of that, who wants notes of what is around it has none.
    pub fn taking<R>(&self, find: impl FnOnce() -> R) -> (R, T) {
        let (was_taken, outside) = (self.is_taken.replace(true), self.taken.take());
        let found = find();
        self.is_taken.set(was_taken);
        (found, self.taken.replace(outside))
    }

    /// Looks for something of which nothing is to be noted.
    pub fn pausing<R>(&self, find: impl FnOnce() -> R) -> R {
        let before = self.is_taken.replace(false);
        let found = find();
        self.is_taken.set(before);
        found
    }

    pub fn note(&self, write: impl FnOnce(&mut T)) {
        if self.is_taken.get() {
            write(&mut self.taken.borrow_mut());
        }
    }
}
