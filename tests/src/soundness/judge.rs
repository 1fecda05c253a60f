//! What the analysis says of each output and view, held against what the explorer finds.

use std::collections::BTreeSet;

/// What there is to say about one output or view of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// `Kind.name`
    pub result: String,
    pub verdict: Verdict,
    pub found: Found,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same contents in every run, it says.
    Clean {
        /// What the verdict rests on, by kind of assumption.
        because: BTreeSet<String>,
    },
    Flagged {
        cause: String,
    },
}

/// What exploration found, over all inputs that were tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One outcome for each of the inputs.
    One,
    /// One wherever exploration came to an end; it did not for all inputs.
    Bounded,
    /// Two schedules of the same inputs, and what they give.
    Two(Box<Witness>),
    /// One schedule under which the contents change for ever.
    Unsettled(Box<Witness>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Place of the inputs among the subject's.
    pub set: usize,
    pub runs: Vec<Run>,
    /// Whether it took messages that come twice.
    pub repeated: bool,
}

impl Found {
    /// Whether the contents are not the same in every run, or never come to rest.
    pub fn is_bad(&self) -> bool {
        matches!(self, Found::Two(_) | Found::Unsettled(_))
    }
}

/// A schedule and the contents at its end, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub schedule: String,
    pub contents: String,
    pub settles: bool,
}

impl Judged {
    pub fn is_flagged(&self) -> bool {
        matches!(self.verdict, Verdict::Flagged { .. })
    }

    /// Called clean, and not.
    pub fn is_unsound(&self) -> bool {
        !self.is_flagged() && self.found.is_bad()
    }

    /// Flagged, and all schedules agree.
    pub fn is_false_alarm(&self) -> bool {
        self.is_flagged() && self.found == Found::One
    }
}
