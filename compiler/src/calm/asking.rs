//! About what something is asked while a rule is looked at: as long as nothing of that changes, what was found stays as it
//! is.
//!
//! What is known of a place by the form of the rules are two [`Topic`]s: which rules write it; and what follows for the
//! place as a whole, which seldom changes when rules do: whether it comes from outside and only gains rows, which seals
//! freeze it ([`super::sealing`]), what its keys determine ([`super::dependencies`]), and from where rules may lead to it
//! ([`super::refine::leads`]).

use super::flow::RuleSummary;
use super::model::At;
use super::notes::Notes;

/// Where a summary is: what it is known by as long as somebody keeps it.
pub type Address = usize;

pub fn address(summary: &RuleSummary) -> Address {
    std::ptr::from_ref(summary).addr()
}

/// Something that is known of a place by form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Topic(u32);

/// Notes the topics, while somebody wants to know them.
#[derive(Default)]
pub struct Asking(Notes<Noted>);

/// What was asked about.
#[derive(Debug, Default)]
pub struct Noted {
    pub topics: Vec<Topic>,
    /// Rules of which a literal in a test told something apart.
    pub told_apart: Vec<Address>,
}

impl Topic {
    /// Which rules write the place.
    pub const fn rules(at: At) -> Self {
        Topic(at.0 << 1)
    }

    /// What follows for the place as a whole.
    pub const fn facts(at: At) -> Self {
        Topic(at.0 << 1 | 1)
    }

    pub const fn place(self) -> At {
        At(self.0 >> 1)
    }

    /// All topics are numbered from 0, two a place.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Asking {
    /// Looks for something, and notes what is asked for it.
    pub fn noting<T>(&self, find: impl FnOnce() -> T) -> (T, Noted) {
        let (found, mut noted) = self.0.taking(find);
        noted.topics.sort_unstable();
        noted.topics.dedup();
        noted.told_apart.sort_unstable();
        noted.told_apart.dedup();
        (found, noted)
    }

    /// Looks for something that is known of the topic, so that it is all that is noted.
    pub fn answering<T>(&self, topic: Topic, find: impl FnOnce() -> T) -> T {
        self.note(topic);
        self.0.pausing(find)
    }

    pub fn note(&self, topic: Topic) {
        self.0.note(|noted| {
            if noted.topics.last() != Some(&topic) {
                noted.topics.push(topic);
            }
        });
    }

    pub fn note_literals(&self, rules: impl Iterator<Item = Address>) {
        self.0.note(|noted| noted.told_apart.extend(rules));
    }
}
