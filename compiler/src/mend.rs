//! Which of the proposed fixes mend a point of order: each is applied, and the program that it gives is
//! checked and analysed again. Those after which it has no errors, the output is better and no other is
//! worse are fixes; so a fix never does harm, whatever the proposals' shapes miss.

use crate::base::{Diagnostic, Edit, FileId, FileSpan, Fix, Sources};
use crate::calm::fixes::{Context, Effort, Outlines, proposals};
use crate::calm::report::{Output, Place, Report, View};
use crate::check::{self, File};

/// Proposals that are tried for one output or view.
const TRIED_MAX: usize = 24;
/// Rules of all the programs that are checked for one report, so that a large program is not checked often.
const RULES_MAX: usize = 60_000;
/// The same for the warnings of one check, which people wait for.
const RULES_OF_CHECK_MAX: usize = 5_000;
/// Modules whose name begins so are not the author's to edit.
const LIBRARY: &str = "std.";

/// A program with its report.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    pub sources: &'a Sources,
    /// The name of each source as a module.
    pub names: &'a [String],
    pub program: &'a crate::hir::Program,
    pub report: &'a Report,
}

/// A fix that was tried and helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    pub effort: Effort,
    pub fix: Fix,
}

/// How much may still be tried.
#[derive(Clone, Debug)]
pub struct Budget {
    rules: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { rules: RULES_MAX }
    }
}

/// The fixes for the output or view at a place, the cheapest first, of those that the budget lets be tried.
pub fn remedies(of: Patient<'_>, place: Place, budget: &mut Budget) -> Vec<Remedy> {
    let nodes = of.program.nodes.iter();
    let rules: usize = 1 + nodes.map(|(_, node)| node.rules.len()).sum::<usize>();
    let tries = TRIED_MAX.min(budget.rules / rules);
    if tries == 0 {
        return Vec::new();
    }
    let cx = Context {
        program: of.program,
        sources: of.sources,
        report: of.report,
        outlines: &Outlines::default(),
    };
    let mut proposals = proposals(cx, place);
    proposals.truncate(tries);
    budget.rules -= proposals.len() * rules;
    let helps = |edits: &[Edit]| {
        let own = |edit: &Edit| !of.is_library(edit.file);
        edits.iter().all(own)
            && after(of, edits).is_some_and(|after| is_better(of.report, &after, place))
    };
    proposals
        .into_iter()
        .filter(|proposal| helps(&proposal.fix.edits))
        .map(|proposal| Remedy {
            effort: proposal.effort,
            fix: proposal.fix,
        })
        .collect()
}

/// Adds to each warning of a point of order what mends the first output or view that it names by a label.
pub fn attach(of: Patient<'_>, warnings: &mut [Diagnostic]) {
    let mut budget = Budget {
        rules: RULES_OF_CHECK_MAX,
    };
    let outputs = of
        .report
        .outputs
        .iter()
        .map(|output| (output.loc, output.place));
    let views = of.report.views.iter().map(|view| (view.loc, view.place));
    let declared: Vec<(FileSpan, Place)> = outputs
        .chain(views)
        .map(|(loc, place)| (of.program.file_span(loc), place))
        .collect();
    for warning in warnings {
        let named = warning.labels.iter().find_map(|label| {
            let mut all = declared.iter();
            let (_, place) = all.find(|(declared, _)| *declared == label.place())?;
            Some(*place)
        });
        if let Some(place) = named {
            let found = remedies(of, place, &mut budget);
            // What was tried on this very program says more than the advice for mistakes of the kind.
            if !found.is_empty() {
                warning.help.clear();
            }
            warning
                .fixes
                .extend(found.into_iter().map(|remedy| remedy.fix));
        }
    }
}

/// The report on the program with the edits made; none if it then has errors.
fn after(of: Patient<'_>, edits: &[Edit]) -> Option<Report> {
    let sources = of.sources.edited(edits)?;
    let files: Vec<File<'_>> = of
        .names
        .iter()
        .zip(sources.iter())
        .map(|(name, (path, text))| File {
            name,
            text,
            dedalus: path.ends_with(".ded"),
        })
        .collect();
    let checked = check::check(&files);
    checked.is_fine().then_some(checked.calm)
}

impl Patient<'_> {
    fn is_library(&self, file: FileId) -> bool {
        let name = self.names.get(file.0 as usize);
        name.is_none_or(|name| name.starts_with(LIBRARY))
    }
}

/// Whether the place is better, and nothing else is worse.
fn is_better(before: &Report, after: &Report, place: Place) -> bool {
    let mut better = false;
    for output in &before.outputs {
        let change = change_of_output(output, after);
        match output.place == place {
            true => better = change == Change::Better,
            false if change == Change::Worse => return false,
            false => {}
        }
    }
    for view in &before.views {
        let change = change_of_view(view, after);
        match view.place == place {
            true => better = change == Change::Better,
            false if change == Change::Worse => return false,
            false => {}
        }
    }
    better
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Better,
    Same,
    Worse,
}

fn change_of_output(before: &Output, after: &Report) -> Change {
    let same = |node: &str, name: &str| (node, name) == (&*before.node, &*before.name);
    if let Some(now) = after.outputs.iter().find(|o| same(&o.node, &o.name)) {
        let accepted = before.accepted.is_none() && now.accepted.is_some();
        return match now.label.cmp(&before.label) {
            std::cmp::Ordering::Less => Change::Better,
            std::cmp::Ordering::Equal if accepted => Change::Better,
            std::cmp::Ordering::Equal => Change::Same,
            std::cmp::Ordering::Greater => Change::Worse,
        };
    }
    // It became a view.
    match after.views.iter().find(|v| same(&v.node, &v.name)) {
        Some(now) if now.converges && !before.label.is_deterministic() => Change::Better,
        Some(_) | None => Change::Worse,
    }
}

fn change_of_view(before: &View, after: &Report) -> Change {
    let same = |now: &&View| (&now.node, &now.name) == (&before.node, &before.name);
    let Some(now) = after.views.iter().find(same) else {
        return Change::Worse;
    };
    let accepted = before.accepted.is_none() && now.accepted.is_some();
    match (before.converges, now.converges) {
        (false, true) => Change::Better,
        (true, false) => Change::Worse,
        (true, true) | (false, false) if accepted => Change::Better,
        (true, true) | (false, false) => Change::Same,
    }
}

#[cfg(test)]
mod tests;
