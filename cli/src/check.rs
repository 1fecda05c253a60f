//! `bloom check`.

use std::collections::BTreeSet;

use bloom_compiler::base::{Diagnostic, render};
use bloom_compiler::coordination::Coordination;

use crate::args::{CheckArgs, CheckFormat};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::sources::Sources;
use crate::{pipeline, report, terminal};

pub(crate) fn check(args: &CheckArgs) -> Outcome {
    let mut programs = Vec::new();
    for path in &args.paths {
        programs.extend(Sources::load_all(path)?);
    }
    if let Some(stage) = args.emit {
        let [sources] = programs.as_slice() else {
            return Err(Misuse::new("--emit prints one program; name a single file"));
        };
        let (dump, diagnostics) = pipeline::emit(sources, stage, Coordination::Off);
        report::problems_to_stderr(sources, &diagnostics);
        terminal::print(&dump);
        return Ok(Verdict::of(!diagnostics.iter().any(Diagnostic::is_error)));
    }
    // Files that several programs share are reported once.
    let mut reported = BTreeSet::new();
    let mut all = Vec::new();
    for sources in &programs {
        let mut diagnostics = pipeline::problems(sources);
        diagnostics.retain(|diagnostic| {
            let place = diagnostic.primary.place();
            let path = sources.texts.path(place.file).to_owned();
            reported.insert((
                path,
                place.span,
                diagnostic.code.id(),
                diagnostic.message.clone(),
            ))
        });
        all.push(diagnostics);
    }
    print(args.format, &programs, &all);
    Ok(Verdict::of(!all.iter().flatten().any(Diagnostic::is_error)))
}

fn print(format: CheckFormat, programs: &[Sources], all: &[Vec<Diagnostic>]) {
    match format {
        CheckFormat::Human => {
            for (sources, diagnostics) in programs.iter().zip(all) {
                report::problems_to_stderr(sources, diagnostics);
            }
            let flat: Vec<Diagnostic> = all.iter().flatten().cloned().collect();
            report::count_to_stderr(&flat);
        }
        CheckFormat::Json => {
            for (sources, diagnostics) in programs.iter().zip(all) {
                for diagnostic in diagnostics {
                    let line = render::json_line(diagnostic, &sources.texts);
                    terminal::print(&format!("{}\n", line.trim_end()));
                }
            }
        }
        CheckFormat::Sarif => terminal::print(&sarif(programs, all)),
    }
}

/// One log with a run for each program that has something to report, or one empty run.
fn sarif(programs: &[Sources], all: &[Vec<Diagnostic>]) -> String {
    let mut merged: Option<serde_json::Value> = None;
    for (sources, diagnostics) in programs.iter().zip(all) {
        let text = render::sarif(diagnostics, &sources.texts);
        let Ok(mut log) = serde_json::from_str::<serde_json::Value>(&text) else {
            return text;
        };
        match &mut merged {
            None => merged = Some(log),
            Some(first) => {
                let results = log["runs"][0]["results"].as_array_mut().map(std::mem::take);
                let into = first["runs"][0]["results"].as_array_mut();
                if let (Some(results), Some(into)) = (results, into) {
                    into.extend(results);
                }
            }
        }
    }
    format!("{:#}\n", merged.unwrap_or_default())
}
