//! `bloom expand`: the program without imports and with its coordination, as source, or its plans.

use bloom_compiler::base::Diagnostic;

use crate::args::{ExpandArgs, Stage};
use crate::outcome::{Outcome, Verdict};
use crate::sources::Sources;
use crate::{pipeline, report, terminal};

pub(crate) fn expand(args: &ExpandArgs) -> Outcome {
    let sources = Sources::load(&args.path)?;
    let mode = args.coordination.into();
    let (dump, diagnostics) = match args.plan {
        true => pipeline::emit(&sources, Stage::Plan, mode),
        false => pipeline::expand(&sources, mode),
    };
    report::problems_to_stderr(&sources, &diagnostics);
    report::count_to_stderr(&diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(Verdict::Failed);
    }
    terminal::print(&dump);
    Ok(Verdict::Fine)
}
