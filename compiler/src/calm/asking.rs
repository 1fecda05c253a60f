//! About which places something is asked while a rule is looked at: as long as nothing that is known of them changes, by
//! the form of the rules, what was found stays as it is.
//!
//! What is known of a place by form: which rules write it, which seals freeze it ([`super::sealing`]), what its keys
//! determine ([`super::dependencies`]), and from where rules may lead to it ([`super::refine::leads`]).

use std::cell::{Cell, RefCell};

use super::flow::RuleSummary;
use super::model::At;

/// Where a summary is: what it is known by as long as somebody keeps it.
pub type Address = usize;

pub fn address(summary: &RuleSummary) -> Address {
    std::ptr::from_ref(summary).addr()
}

/// Notes the places, while somebody wants to know them.
#[derive(Default)]
pub struct Asking {
    is_noted: Cell<bool>,
    noted: RefCell<Noted>,
}

/// What was asked about.
#[derive(Default)]
pub struct Noted {
    pub places: Vec<At>,
    /// Rules of which a literal in a test told something apart.
    pub told_apart: Vec<Address>,
}

impl Asking {
    /// Looks for something, and notes what is asked for it.
    pub fn noting<T>(&self, find: impl FnOnce() -> T) -> (T, Noted) {
        self.is_noted.set(true);
        let found = find();
        self.is_noted.set(false);
        let mut noted = self.noted.take();
        noted.places.sort_unstable();
        noted.places.dedup();
        noted.told_apart.sort_unstable();
        noted.told_apart.dedup();
        (found, noted)
    }

    /// Looks for something that is known of the place, so that it is all that is noted.
    pub fn answering<T>(&self, at: At, find: impl FnOnce() -> T) -> T {
        self.note(at);
        let before = self.is_noted.replace(false);
        let found = find();
        self.is_noted.set(before);
        found
    }

    pub fn note(&self, at: At) {
        if self.is_noted.get() {
            let places = &mut self.noted.borrow_mut().places;
            if places.last() != Some(&at) {
                places.push(at);
            }
        }
    }

    pub fn note_literals(&self, rules: impl Iterator<Item = Address>) {
        if self.is_noted.get() {
            self.noted.borrow_mut().told_apart.extend(rules);
        }
    }
}
