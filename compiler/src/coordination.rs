//! The cheapest coordination that makes outputs the same however messages come.
//!
//! For each violation that [`crate::calm`] reports there are strategies, from cheap to dear: wait for a seal
//! of the partition, have one producer's messages in the order sent, or send what races through a
//! replicated log. The stage inserts the cheapest set that suffices, as a rewrite of the resolved program: a
//! new [`hir::Program`](crate::hir::Program), and what was done to it as data. What helps but changes
//! more than messages' order is advised and left to the author (Alvaro et al., "Blazes", ICDE 2014, §6).
//!
//! A candidate is taken only if the analysis of the program with it says that the violation is gone, and
//! kept only if the violation comes back without it; so nothing here is trusted.

pub mod insertion;

mod account;
mod advice;
mod candidate;
mod choice;
mod counts;
mod dump;
mod logs;
mod lookout;
mod producer;
mod rewrite;
mod standing;
mod writing;

#[cfg(test)]
mod tests;

use crate::analysis::Analysis;
use crate::base::{Diagnostic, codes};
use crate::calm::Report;
use crate::calm::violation::{RuleRef, Violation};
use crate::check::{Checked, check_resolved};
use crate::database::{self, Db, Package};
use crate::hir::Program;
use crate::typing::Typed;
use candidate::{Candidate, Means};
use logs::{share_groups, share_logs};
use standing::{Standing, key, standings};

pub use counts::with_counts;
pub use insertion::{Accepted, Coordination, Insertion, Mended, Price, Strategy};

/// Mending one violation may show another behind it; so often the stage looks again.
const ROUNDS_MAX: usize = 4;

/// A program with the coordination that it needs, as `bloom expand` prints it.
#[derive(Clone, Debug, Default)]
pub struct Coordinated {
    pub program: Program,
    pub typed: Typed,
    pub analysis: Analysis,
    /// What was inserted: `coordination` in JSON.
    pub insertions: Vec<Insertion>,
    /// What would mend more, and is the author's to decide.
    pub advice: Vec<Insertion>,
    pub accepted: Vec<Accepted>,
    /// Of the program as written.
    pub before: Report,
    /// Of the program as it is now.
    pub after: Report,
    /// Why it must not run, where it must not.
    pub diagnostics: Vec<Diagnostic>,
}

/// What the program of a package needs; nothing of one with errors, for which there is no report.
#[salsa::tracked(returns(ref), no_eq)]
pub fn insertions_of(db: &dyn Db, package: Package) -> Vec<Insertion> {
    match database::calm_report(db, package).outputs.is_empty() {
        true => Vec::new(),
        false => coordinate(&database::checked(db, package), Coordination::Auto).insertions,
    }
}

/// Coordinates a program without errors.
pub fn coordinate(checked: &Checked, mode: Coordination) -> Coordinated {
    let found = match mode {
        Coordination::Auto | Coordination::Order => insert(checked, mode),
        Coordination::Off => Vec::new(),
    };
    let after = match found.is_empty() {
        true => checked.clone(),
        false => with(checked, &found),
    };
    let insertions = insertions(checked, &found);
    let advice = match mode {
        Coordination::Auto | Coordination::Order => advise(&after),
        Coordination::Off => advise_on_all(checked),
    };
    let diagnostics = match mode {
        Coordination::Auto | Coordination::Order => refusals(&after),
        Coordination::Off => Vec::new(),
    };
    Coordinated {
        insertions,
        advice,
        accepted: accepted(&checked.calm),
        before: checked.calm.clone(),
        diagnostics,
        after: after.calm,
        program: after.program,
        typed: after.typed,
        analysis: after.analysis,
    }
}

/// Of a program that is to run as written: what would be inserted, and then what could not be.
fn advise_on_all(checked: &Checked) -> Vec<Insertion> {
    let found = insert(checked, Coordination::Auto);
    let mut all = insertions(checked, &found);
    all.extend(advise(&with(checked, &found)));
    all
}

/// The cheapest candidates that mend what can be mended, none of them without need.
fn insert(checked: &Checked, mode: Coordination) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut current = checked.clone();
    for _ in 0..ROUNDS_MAX {
        let mut candidates: Vec<Vec<Candidate>> = Vec::new();
        for violation in targets(&current) {
            if is_of_insertion(checked, violation) {
                continue;
            }
            let all = candidate::candidates(&checked.program, &checked.typed, violation, mode);
            let sufficient: Vec<(Candidate, Effect)> = all
                .into_iter()
                .filter_map(|one| {
                    let effect = mends(checked, &current, &found, &one, violation)?;
                    Some((one, effect))
                })
                .collect();
            let best = sufficient.iter().map(|(_, effect)| *effect).min();
            let best = sufficient
                .into_iter()
                .filter(|(_, effect)| Some(*effect) == best);
            let best: Vec<Candidate> = best.map(|(one, _)| one).collect();
            if !best.is_empty() {
                candidates.push(best);
            }
        }
        if candidates.is_empty() {
            break;
        }
        let chosen = choice::choose(&candidates);
        for (of, choice) in candidates.into_iter().zip(chosen) {
            found.extend(
                of.into_iter()
                    .nth(choice)
                    .filter(|one| !found.contains(one)),
            );
        }
        found = share_logs(&checked.program, found);
        found = share_groups(&checked.program, found);
        current = with(checked, &found);
    }
    without_need(checked, found, &current)
}

/// The points of order behind outputs and views that are neither clean nor accepted, each once.
fn targets(checked: &Checked) -> Vec<&Violation> {
    let calm = &checked.calm;
    let outputs = calm.outputs.iter();
    let outputs = outputs.filter(|o| o.accepted.is_none() && !o.label.is_deterministic());
    let views = calm.views.iter();
    let views = views.filter(|v| v.accepted.is_none() && !v.converges);
    let mut numbers: Vec<usize> = outputs
        .flat_map(|output| output.violations.clone())
        .collect();
    numbers.extend(views.flat_map(|view| view.violations.clone()));
    numbers.sort_unstable();
    numbers.dedup();
    let all = numbers.into_iter().map(|number| &calm.violations[number]);
    all.filter(|violation| !violation.is_ordered(&checked.program))
        .collect()
}

/// Whether the violation is in what was inserted. Of that there are no candidates: the edits are of the
/// program as written.
fn is_of_insertion(checked: &Checked, violation: &Violation) -> bool {
    let is_new =
        |rule: RuleRef| rule.rule.0 as usize >= checked.program.nodes[rule.node].rules.len();
    is_new(violation.capture) || is_new(violation.rule)
}

/// What else a candidate does to a program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    Nothing,
    /// Another violation shows, which hid behind the one that is gone.
    Uncovers,
}

/// The candidate's effect, if with it the violation is gone or ordered, and nothing else is worse.
fn mends(
    checked: &Checked,
    current: &Checked,
    found: &[Candidate],
    candidate: &Candidate,
    violation: &Violation,
) -> Option<Effect> {
    // That one order makes replicas agree needs no analysis.
    if matches!(candidate.means, Means::Order(_)) {
        return Some(Effect::Nothing);
    }
    let all = [found, std::slice::from_ref(candidate)].concat();
    let after = with(checked, &all);
    let mut left = after.calm.violations.iter();
    let stays = left.any(|other| key(other) == key(violation) && !other.is_ordered(&after.program));
    let no_worse = standings(current)
        .iter()
        .zip(standings(&after))
        .all(|(before, after)| after <= *before);
    let uncovers = targets(&after).into_iter().any(|other| {
        let mut known = current.calm.violations.iter();
        known.all(|known| key(known) != key(other))
    });
    (after.is_fine() && !stays && no_worse).then_some(match uncovers {
        true => Effect::Uncovers,
        false => Effect::Nothing,
    })
}

/// Leaves out what the others make superfluous.
fn without_need(checked: &Checked, mut found: Vec<Candidate>, whole: &Checked) -> Vec<Candidate> {
    let goal = standings(whole);
    let mut number = found.len();
    while number > 0 {
        number -= 1;
        let mut fewer = found.clone();
        fewer.remove(number);
        if standings(&with(checked, &fewer)) == goal {
            found = fewer;
        }
    }
    found
}

fn with(checked: &Checked, candidates: &[Candidate]) -> Checked {
    let edits = candidates.iter().flat_map(|candidate| &candidate.edits);
    check_resolved(rewrite::apply(&checked.program, edits), Vec::new())
}

/// The program with all that [`coordinate`] inserts but one piece, for each piece once.
pub fn with_one_less(checked: &Checked, mode: Coordination) -> Vec<Checked> {
    let found = insert(checked, mode);
    let without = |number: usize| {
        let mut rest = found.clone();
        rest.remove(number);
        with(checked, &rest)
    };
    (0..found.len()).map(without).collect()
}

/// For each insertion, the report of the program with all the others: what it is needed for.
pub fn without_each(checked: &Checked, mode: Coordination) -> Vec<(Insertion, Report)> {
    let found = match mode {
        Coordination::Auto | Coordination::Order => insert(checked, mode),
        Coordination::Off => Vec::new(),
    };
    let parts = account::insertions(checked, &found).into_iter();
    let without = parts.map(|(insertion, parts)| {
        let others = found.iter().enumerate();
        let others = others.filter(|(number, _)| !parts.contains(number));
        let others: Vec<Candidate> = others.map(|(_, candidate)| candidate.clone()).collect();
        (insertion, with(checked, &others).calm)
    });
    without.collect()
}

/// The candidates as data.
fn insertions(checked: &Checked, found: &[Candidate]) -> Vec<Insertion> {
    let all = account::insertions(checked, found).into_iter();
    all.map(|(insertion, _)| insertion).collect()
}

/// Advice for what is left.
fn advise(after: &Checked) -> Vec<Insertion> {
    let mut all = Vec::new();
    for violation in targets(after) {
        let mends = standing::spoiled(&after.calm, violation);
        if let Some(advice) = advice::advice(&after.program, violation, mends) {
            account::merge(&mut all, advice);
        }
    }
    all
}

fn accepted(report: &Report) -> Vec<Accepted> {
    let outputs = report
        .outputs
        .iter()
        .map(|o| (&o.accepted, &o.node, &o.name, o.loc));
    let views = report
        .views
        .iter()
        .map(|v| (&v.accepted, &v.node, &v.name, v.loc));
    let all = outputs.chain(views);
    all.filter_map(|(reason, node, name, loc)| {
        Some(Accepted {
            node: node.clone(),
            name: name.clone(),
            reason: reason.clone()?,
            loc,
        })
    })
    .collect()
}

/// Outputs whose replicas would still differ.
fn refusals(after: &Checked) -> Vec<Diagnostic> {
    let outputs = after.calm.outputs.iter();
    let bad =
        outputs.filter(|o| o.accepted.is_none() && Standing::of(&o.label) == Standing::Replicas);
    bad.map(|output| {
        let place = after.program.file_span(output.loc);
        let message = format!(
            "replicas may differ in `{}`, and no order of messages mends it",
            output.name
        );
        let mut diagnostic =
            Diagnostic::new(codes::E0701, place, message, "differs between replicas");
        for blame in &output.because {
            let place = after.program.file_span(blame.rule);
            diagnostic = diagnostic.with_label(place, blame.text.clone());
        }
        diagnostic.with_help(
            "take out what differs by chance (a clock, a timer, a random value), or accept it: \
             `#[nondeterministic(\"reason\")]` before the output",
        )
    })
    .collect()
}
