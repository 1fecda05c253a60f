//! About which places something is asked while a rule is looked at: as long as nothing that is known of them changes, by
//! the form of the rules, what was found stays as it is.
//!
//! What is known of a place by form: which rules write it, which seals freeze it ([`super::sealing`]), what its keys
//! determine ([`super::dependencies`]), and from where rules may lead to it ([`super::refine::leads`]).

use super::flow::RuleSummary;
use super::model::At;
use super::notes::Notes;

/// Where a summary is: what it is known by as long as somebody keeps it.
pub type Address = usize;

pub fn address(summary: &RuleSummary) -> Address {
    std::ptr::from_ref(summary).addr()
}

/// Notes the places, while somebody wants to know them.
#[derive(Default)]
pub struct Asking(Notes<Noted>);

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
        let (found, mut noted) = self.0.taking(find);
        noted.places.sort_unstable();
        noted.places.dedup();
        noted.told_apart.sort_unstable();
        noted.told_apart.dedup();
        (found, noted)
    }

    /// Looks for something that is known of the place, so that it is all that is noted.
    pub fn answering<T>(&self, at: At, find: impl FnOnce() -> T) -> T {
        self.note(at);
        self.0.pausing(find)
    }

    pub fn note(&self, at: At) {
        self.0.note(|noted| {
            if noted.places.last() != Some(&at) {
                noted.places.push(at);
            }
        });
    }

    pub fn note_literals(&self, rules: impl Iterator<Item = Address>) {
        self.0.note(|noted| noted.told_apart.extend(rules));
    }
}
