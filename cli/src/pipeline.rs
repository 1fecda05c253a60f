//! The compiler, as the commands use it.

use bloom_compiler::base::{Diagnostic, FileId};
use bloom_compiler::syntax;
use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use bloom_plan::testing::Test;

use crate::args::Stage;
use crate::sources::Sources;

/// What checking a program gave.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A program, ready to run if it is fine.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Each kind of node with its machine code.
    pub(crate) kinds: Vec<(Plan, Artifact)>,
    pub(crate) tests: Vec<Test>,
}

impl Compiled {
    pub(crate) fn is_fine(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

impl Checked {
    pub(crate) fn is_fine(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

pub(crate) fn check(sources: &Sources) -> Checked {
    let mut diagnostics = Vec::new();
    for (number, (_, text)) in (0..).zip(sources.texts.iter()) {
        let parse = syntax::parse(text);
        diagnostics.extend(
            parse
                .diagnostics
                .into_iter()
                .map(|d| d.placed(FileId(number), 0)),
        );
    }
    Checked { diagnostics }
}

pub(crate) fn compile(_sources: &Sources) -> Compiled {
    Compiled::default()
}

/// What a stage made of the program, as text, and what is wrong with the program up to there.
pub(crate) fn emit(_sources: &Sources, _stage: Stage) -> (String, Checked) {
    Default::default()
}

/// The text formatted, or why it cannot be read.
pub(crate) fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    syntax::format(text)
}
