//! What the fixpoint has found so far.

use super::body::{Body, Share};
use super::model::{At, Model, RuleAt};
use super::notes::Notes;
use super::properties::Props;

/// The properties of places and rules as far as the fixpoint has come.
#[derive(Debug, Default)]
pub struct Found {
    pub places: Vec<Props>,
    pub rules: Vec<Body>,
    notes: Notes<Vec<Read>>,
}

/// What was read of what is found so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    Place(At, Props),
    /// Of the only rule that writes the place.
    Plain(At, Share),
}

impl Read {
    pub const fn place(self) -> At {
        match self {
            Read::Place(at, _) | Read::Plain(at, _) => at,
        }
    }
}

impl Found {
    pub fn new(places: Vec<Props>, rules: Vec<Body>) -> Self {
        Found {
            places,
            rules,
            ..Found::default()
        }
    }

    pub fn place(&self, at: At) -> Props {
        let props = self.places[at.index()];
        self.note(Read::Place(at, props));
        props
    }

    /// What the only rule that writes the place gives without its aggregates.
    pub fn plain(&self, at: At, rule: RuleAt) -> Share {
        let plain = self.rules[rule].plain;
        self.note(Read::Plain(at, plain));
        plain
    }

    /// Whether reading gives the same again. Only one rule writes a place of which the plain body was read, as before.
    pub fn is_as_read(&self, model: &Model<'_>, read: Read) -> bool {
        match read {
            Read::Place(at, props) => self.places[at.index()] == props,
            Read::Plain(at, share) => {
                let mut writers = model.writers(at).iter();
                writers.all(|&rule| self.rules[rule].plain == share)
            }
        }
    }

    fn note(&self, read: Read) {
        self.notes.note(|noted| {
            if !noted.contains(&read) {
                noted.push(read);
            }
        });
    }

    /// Looks for something, and notes what is read for it.
    pub fn noting<T>(&self, find: impl FnOnce() -> T) -> (T, Vec<Read>) {
        self.notes.taking(find)
    }
}
