//! Changes of the program's text that may mend a point of order, as edits.
//!
//! What stands here are proposals: each does to the text what has mended programs of the same shape. Whether
//! one mends this program, [`crate::mend`] finds out by trying it.

mod accept;
mod declaration;
mod keep;
mod lattice;
mod seal;
mod threshold;
mod view;

pub(crate) use declaration::{Copied, Declaration};

pub use declaration::Outlines;

use super::report::{Output, Place, Report, View};
use super::violation::{RuleRef, Violation};
use crate::base::{Edit, FileSpan, Fix, Sources, Span};
use crate::hir::{Collection, Loc, NodeKind, Program, Rule};

/// A change to try, and what it asks of the author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub effort: Effort,
    pub fix: Fix,
}

/// How dear a change is, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    /// The output becomes a view.
    View,
    /// A comparison becomes one that stays true.
    Threshold,
    /// An aggregate becomes a lattice.
    Lattice,
    /// The rule waits for a seal that is declared.
    Wait,
    /// Producers seal partitions, and the rule waits for that.
    Seal,
    /// What lives for a tick is kept.
    Keep,
    /// The output is taken as it is.
    Accept,
}

/// What proposals are made from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub program: &'a Program,
    pub sources: &'a Sources,
    pub report: &'a Report,
    pub outlines: &'a Outlines,
}

/// What may mend the output or view at a place, the cheapest first.
pub fn proposals(cx: Context<'_>, place: Place) -> Vec<Proposal> {
    let mut all = Vec::new();
    if cx.output(place).is_some() {
        all.extend(view::propose(cx, place));
    }
    for violation in cx.violations(place) {
        all.extend(threshold::propose(cx, violation));
        all.extend(lattice::propose(cx, violation));
        all.extend(seal::propose(cx, violation));
        all.extend(keep::propose(cx, violation));
    }
    all.extend(accept::propose(cx, place));
    all.sort_by_key(|proposal| (proposal.effort, proposal.fix.edits.len()));
    let mut seen: Vec<Proposal> = Vec::new();
    for proposal in all {
        if !seen
            .iter()
            .any(|other| other.fix.edits == proposal.fix.edits)
        {
            seen.push(proposal);
        }
    }
    seen
}

impl Proposal {
    fn new(effort: Effort, title: String, edits: Vec<Edit>) -> Proposal {
        Proposal {
            effort,
            fix: Fix { title, edits },
        }
    }
}

impl<'a> Context<'a> {
    fn output(self, place: Place) -> Option<&'a Output> {
        self.report
            .outputs
            .iter()
            .find(|output| output.place == place)
    }

    fn view(self, place: Place) -> Option<&'a View> {
        self.report.views.iter().find(|view| view.place == place)
    }

    fn violations(self, place: Place) -> impl Iterator<Item = &'a Violation> {
        let of_output = self.output(place).map(|output| &output.violations);
        let of_view = self.view(place).map(|view| &view.violations);
        let indices = of_output.or(of_view).into_iter().flatten();
        indices.filter_map(move |&at| self.report.violations.get(at))
    }

    fn node(self, of: RuleRef) -> &'a NodeKind {
        &self.program.nodes[of.node]
    }

    fn rule(self, of: RuleRef) -> &'a Rule {
        &self.node(of).rules[of.rule]
    }

    fn collection(self, place: Place) -> &'a Collection {
        &self.program.nodes[place.node].collections[place.collection]
    }

    fn place_of(self, loc: Loc) -> FileSpan {
        self.program.file_span(loc)
    }

    fn text_at(self, loc: Loc) -> &'a str {
        let place = self.place_of(loc);
        &self.sources.text(place.file)[self.sources.range(place)]
    }

    /// The blanks before what stands first on its line, else none.
    fn indent(self, place: FileSpan) -> &'a str {
        let text = self.sources.text(place.file);
        let start = place.span.start as usize;
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let before = &text[line..start];
        match before.trim().is_empty() {
            true => before,
            false => "",
        }
    }
}

fn replaced(place: FileSpan, new_text: impl Into<String>) -> Edit {
    Edit {
        file: place.file,
        span: place.span,
        new_text: new_text.into(),
    }
}

/// An edit that inserts before `offset` of the file that `place` is in.
fn inserted(place: FileSpan, offset: u32, new_text: impl Into<String>) -> Edit {
    replaced(FileSpan::new(place.file, Span::at(offset)), new_text)
}
