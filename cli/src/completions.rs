//! `bloom completions`.

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::outcome::{Outcome, Verdict};
use crate::terminal;

pub(crate) fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bloom", &mut script);
    terminal::print(&String::from_utf8_lossy(&script));
    Ok(Verdict::Fine)
}
