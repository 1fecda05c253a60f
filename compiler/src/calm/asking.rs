//! What is asked about the rest of a program while the form of one rule is looked for: as long as all of that is
//! answered as before, the form is what it was.

use std::cell::{Cell, RefCell};

use super::dependencies::Claim;
use super::flow::RuleSummary;
use super::model::At;

/// Where a summary is: what it is known by as long as somebody keeps it.
pub type Address = usize;

pub fn address(summary: &RuleSummary) -> Address {
    std::ptr::from_ref(summary).addr()
}

/// A question, and the answer where that is small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Asked {
    /// Which rules write the place.
    Writers(At),
    Claim(Claim, bool),
    /// Which seals freeze the place.
    Sealing(At),
    /// From which places rules may lead to it in so many steps.
    Leads(At, u8),
}

/// What was asked since somebody began to note it.
#[derive(Default)]
pub struct Asking {
    is_noted: Cell<bool>,
    noted: RefCell<Noted>,
}

/// What was found out about a program.
#[derive(Default)]
pub struct Noted {
    pub asked: Vec<Asked>,
    /// Rules of which a literal in a test told something apart.
    pub told_apart: Vec<Address>,
}

impl Asking {
    /// Looks for something, and notes what is asked for it.
    pub fn noting<T>(&self, find: impl FnOnce() -> T) -> (T, Noted) {
        self.is_noted.set(true);
        let found = find();
        self.is_noted.set(false);
        (found, self.noted.take())
    }

    /// Looks for an answer that is noted itself, so that what is asked for it is not.
    pub fn answering<T>(&self, find: impl FnOnce() -> T) -> T {
        let before = self.is_noted.replace(false);
        let found = find();
        self.is_noted.set(before);
        found
    }

    pub fn note(&self, asked: Asked) {
        if self.is_noted.get() {
            let noted = &mut self.noted.borrow_mut().asked;
            if noted.last() != Some(&asked) {
                noted.push(asked);
            }
        }
    }

    pub fn note_literals(&self, rules: impl Iterator<Item = Address>) {
        if self.is_noted.get() {
            self.noted.borrow_mut().told_apart.extend(rules);
        }
    }
}
