//! What labels and causes are called, for people: terminals, pages and the editor's hints say the same.

use super::report::{AssumptionKind, Cause, Label, Output, View};

impl Label {
    /// With its columns: `seal(campaign)`.
    pub fn title(&self) -> String {
        match self {
            Label::Seal(by) => format!("seal({})", by.join(", ")),
            Label::Async | Label::Run | Label::Instance | Label::Diverge => self.name().to_owned(),
        }
    }

    /// What it promises, or does not: a clause without its full stop.
    pub fn meaning(&self) -> String {
        match self {
            Label::Async => "the same rows in every run, however messages are ordered".to_owned(),
            Label::Seal(by) => format!(
                "the same rows in every run: each {} is read once it is complete",
                quoted(by)
            ),
            Label::Run => "its rows can differ from run to run".to_owned(),
            Label::Instance => "its replicas can answer differently in one run".to_owned(),
            Label::Diverge => "its replicas can differ for ever".to_owned(),
        }
    }
}

impl Output {
    /// Its label as a clause, with what lost messages do to it.
    pub fn meaning(&self) -> String {
        let meaning = self.label.meaning();
        match self.lower_bound && self.label.is_deterministic() {
            true => format!("{meaning}; a lost message leaves rows out"),
            false => meaning,
        }
    }
}

impl View {
    /// `settles`, or what it does instead.
    pub const fn title(&self) -> &'static str {
        match (self.converges, self.prefix_safe) {
            (true, true) => "grows",
            (true, false) => "settles",
            (false, _) => "unsettled",
        }
    }

    pub const fn meaning(&self) -> &'static str {
        match (self.converges, self.prefix_safe) {
            (true, true) => "what a reader has seen stays, and every run ends with the same rows",
            (true, false) => "rows come and go, and every run ends with the same",
            (false, _) => "what it ends with can differ from run to run",
        }
    }
}

impl Cause {
    /// What is wrong with the row or rule that has this cause, for the label beside its source.
    pub const fn phrase(self) -> &'static str {
        match self {
            Cause::Negation => "holds only as long as no such row comes",
            Cause::Aggregate => "is summed up, and may still grow",
            Cause::Reveal => "is read as it is now, and may still grow",
            Cause::Delete => "takes away only what is there by then",
            Cause::Upsert => "replaces what is there: the last to come stays",
            Cause::Function => "goes through a function that does not grow with it",
            Cause::Nondeterministic => "is determined by no input",
            Cause::KeyConflict => "can give one key two values",
            Cause::Batch => "is read as it is in this tick",
            Cause::Cycle => "depends on its own past, and does not only grow",
        }
    }
}

impl AssumptionKind {
    /// The word in JSON and in texts.
    pub const fn name(self) -> &'static str {
        match self {
            AssumptionKind::Dependency => "dependency",
            AssumptionKind::Seal => "seal",
            AssumptionKind::Channel => "channel",
            AssumptionKind::Lattice => "lattice",
            AssumptionKind::Refinement => "refinement",
            AssumptionKind::Extern => "extern",
        }
    }
}

/// Names in backquotes, parted by commas.
fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    quoted.join(", ")
}
