//! Recordings as commands use them: read, and with their plans made into programs that run here.

use std::path::Path;
use std::sync::Arc;

use bloom_compiler::codegen::{self, Target};
use bloom_host::recording::Recording;
use bloom_plan::plan::{Plan, verify};
use bloom_runtime::Program;

use crate::outcome::Misuse;
use crate::terminal;

/// Reads a recording, and tells of it what whoever asked should know.
pub(crate) fn read(path: &Path) -> Result<Recording, Misuse> {
    let recording = Recording::read(path).map_err(Misuse::new)?;
    let path = path.display();
    if recording.torn > 0 {
        terminal::note(format_args!(
            "{path}: the last record was torn; {} bytes are not read",
            recording.torn
        ));
    }
    let mut versions = (0..recording.runs()).filter_map(|run| recording.other_version(run));
    if let Some(version) = versions.next_back() {
        terminal::note(format_args!(
            "{path}: recorded by bloom {version}; this is {}, which may do something else",
            env!("CARGO_PKG_VERSION")
        ));
    }
    match recording.runs() {
        0 => Err(Misuse::new(format_args!("{path}: nothing was recorded"))),
        _ => Ok(recording),
    }
}

/// The plans of a run as programs. The machine code is made anew: what is in a file is not run.
pub(crate) fn programs(recording: &Recording, run: usize) -> Result<Vec<Arc<Program>>, Misuse> {
    let plans = recording.start(run).plans.iter();
    plans.map(program).collect()
}

fn program(plan: &Plan) -> Result<Arc<Program>, Misuse> {
    verify::verify(plan).map_err(|why| {
        Misuse::new(format_args!(
            "the plan of `{}` in the recording is damaged: {why}",
            plan.name
        ))
    })?;
    let artifact = codegen::generate(plan, &Target::native());
    Program::load(plan.clone(), artifact).map_err(Misuse::new)
}
