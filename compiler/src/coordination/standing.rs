//! How good outputs and views are, for comparing a program with and without a piece of coordination.

use super::insertion::Mended;
use crate::calm::Report;
use crate::calm::report::{Cause, Label};
use crate::calm::violation::{RuleRef, Violation};
use crate::check::Checked;

/// From good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Clean,
    /// Another run may give other contents; replicas agree.
    Runs,
    /// Replicas may differ.
    Replicas,
}

impl Standing {
    pub fn of(label: &Label) -> Self {
        match label {
            Label::Async | Label::Seal(_) => Standing::Clean,
            Label::Run => Standing::Runs,
            Label::Instance | Label::Diverge => Standing::Replicas,
        }
    }
}

/// Of each output, then of each view.
pub(super) fn standings(checked: &Checked) -> Vec<Standing> {
    let calm = &checked.calm;
    let outputs = calm
        .outputs
        .iter()
        .map(|output| Standing::of(&output.label));
    let views = calm.views.iter().map(|view| {
        let mut behind = view
            .violations
            .iter()
            .map(|&number| &calm.violations[number]);
        let replicated = checked.program.nodes[view.place.node].replicated;
        match view.converges {
            true => Standing::Clean,
            false if !replicated => Standing::Runs,
            false if behind.all(|violation| violation.is_ordered(&checked.program)) => {
                Standing::Runs
            }
            false => Standing::Replicas,
        }
    });
    outputs.chain(views).collect()
}

/// In the order of [`standings`].
pub(super) fn names(report: &Report) -> Vec<Mended> {
    let outputs = report.outputs.iter().map(|o| (o.place, &o.name, &o.node));
    let views = report.views.iter().map(|v| (v.place, &v.name, &v.node));
    let all = outputs.chain(views);
    all.map(|(place, name, node)| Mended {
        place,
        name: name.clone(),
        node: node.clone(),
    })
    .collect()
}

/// The outputs and views behind which the violation is.
pub(super) fn spoiled(report: &Report, violation: &Violation) -> Vec<Mended> {
    let outputs = report.outputs.iter().map(|o| &o.violations);
    let views = report.views.iter().map(|v| &v.violations);
    let behind = outputs.chain(views);
    let is_behind = |numbers: &Vec<usize>| {
        let mut numbers = numbers.iter();
        numbers.any(|&number| report.violations[number] == *violation)
    };
    let names = names(report).into_iter().zip(behind);
    names
        .filter(|(_, numbers)| is_behind(numbers))
        .map(|(name, _)| name)
        .collect()
}

/// What stays of a violation when a program is edited.
pub(super) fn key(violation: &Violation) -> (RuleRef, RuleRef, Option<u32>, Cause) {
    (
        violation.capture,
        violation.rule,
        violation.literal,
        violation.cause,
    )
}
