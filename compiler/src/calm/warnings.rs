//! Warnings of points of order: of outputs and views that differ from run to run, and were not accepted as
//! they are. One a mistake, however many outputs it spoils.

use rustc_hash::FxHashMap;

use super::report::{Blame, Cause, Report};
use crate::base::{Diagnostic, codes};
use crate::hir::{Loc, Program};

/// The warnings of a report, by place.
pub fn warnings(program: &Program, report: &Report) -> Vec<Diagnostic> {
    let outputs = report
        .outputs
        .iter()
        .filter(|output| output.accepted.is_none());
    let outputs = outputs.map(|output| Spoiled {
        what: format!("output `{}` differs from run to run", output.name),
        loc: output.loc,
        because: output.because.first(),
    });
    let views = report.views.iter().filter(|view| view.accepted.is_none());
    let views = views.map(|view| Spoiled {
        what: format!("view `{}` does not settle on one value", view.name),
        loc: view.loc,
        because: view.because.first(),
    });
    let mut numbers: FxHashMap<(Loc, Cause), usize> = FxHashMap::default();
    let mut all: Vec<Diagnostic> = Vec::new();
    for spoiled in outputs.chain(views) {
        let Some(blame) = spoiled.because else {
            continue;
        };
        let declared = program.file_span(spoiled.loc);
        match numbers.get(&(blame.rule, blame.cause)) {
            Some(&number) => {
                let same = std::mem::replace(&mut all[number], placeholder(program, blame));
                all[number] = same.with_label(declared, spoiled.what);
            }
            None => {
                numbers.insert((blame.rule, blame.cause), all.len());
                all.push(warning(program, &spoiled, blame));
            }
        }
    }
    all.sort_by_key(|diagnostic| diagnostic.primary.place());
    all
}

struct Spoiled<'a> {
    what: String,
    /// Where it is declared.
    loc: Loc,
    because: Option<&'a Blame>,
}

fn warning(program: &Program, spoiled: &Spoiled<'_>, blame: &Blame) -> Diagnostic {
    let declared = program.file_span(spoiled.loc);
    Diagnostic::new(
        codes::W0701,
        program.file_span(blame.rule),
        format!("{}: {}", spoiled.what, blame.text),
        "depends on what has arrived by then",
    )
    .with_label(declared, "this is where it shows")
    .with_help(help(blame.cause))
    .with_help("or accept it by `#[nondeterministic(\"reason\")]` before the declaration")
}

fn placeholder(program: &Program, blame: &Blame) -> Diagnostic {
    Diagnostic::new(codes::W0701, program.file_span(blame.rule), "", "")
}

/// What mends most mistakes of the kind.
const fn help(cause: Cause) -> &'static str {
    match cause {
        Cause::Negation => {
            "wait until nothing more can come, by a seal (`sealed by`), or make it a `view`, which may be revised"
        }
        Cause::Aggregate => {
            "wait for a seal (`sealed by`), ask only whether a bound is passed (`n >= 2`), or make it a `view`"
        }
        Cause::Reveal => {
            "compare the lattice with a bound instead of revealing it, or make it a `view`"
        }
        Cause::Delete => "keep what is deleted in a table of its own, and delete by that",
        Cause::Upsert => "let the column merge, by `Lww` with a stamp",
        Cause::Function => "keep the rows in a table first, so that they are seen together",
        Cause::Nondeterministic => "let the value come in as a row from outside",
        Cause::KeyConflict => {
            "promise the key by `immutable`, let the value merge as a lattice, or make it a part of the key"
        }
        Cause::Batch => "keep the rows in tables, so that they meet whenever they come",
        Cause::Cycle => "let it only grow",
    }
}
