//! `bloom expand`.

use bloom_compiler::base::Diagnostic;

use crate::args::ExpandArgs;
use crate::outcome::{Outcome, Verdict};
use crate::sources::Sources;
use crate::{pipeline, report, terminal};

pub(crate) fn expand(args: &ExpandArgs) -> Outcome {
    let sources = Sources::load(&args.path)?;
    let stage = if args.plan {
        crate::args::Stage::Plan
    } else {
        crate::args::Stage::Hir
    };
    let (dump, diagnostics) = pipeline::emit(&sources, stage);
    report::problems_to_stderr(&sources, &diagnostics);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(Verdict::Failed);
    }
    terminal::print(&dump);
    Ok(Verdict::Fine)
}
