//! The front half of the pipeline in one call: from texts to a program that is resolved, typed and
//! analysed, with all diagnostics in the order of the text.
//!
//! A program that does not resolve is still typed, so that one pass shows as many mistakes as it
//! can; one that is not well typed is not analysed, since what analysis would say of it may be no
//! fault of the author's.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::analysis::{Analysis, analyze};
use crate::base::{Diagnostic, FileId, FileSpan, codes};
use crate::calm;
use crate::hir::{self, Program};
use crate::typing::{Typed, infer};
use crate::{dedalus, syntax};

#[cfg(test)]
mod mutation;
#[cfg(test)]
pub(crate) mod tests;

/// A file to be compiled. Its place among the files is its [`FileId`].
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its path as a module: `kvs`, `std.delivery`.
    pub name: &'a str,
    pub text: &'a str,
    pub dedalus: bool,
}

/// A program as far as it was understood.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    pub program: Program,
    pub typed: Typed,
    pub analysis: Analysis,
    /// Of a program without errors.
    pub calm: calm::Report,
    /// Of all stages, by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

/// The points of order that nothing else has told: where rows can conflict, that has been said.
pub(crate) fn unsaid(mut points: Vec<Diagnostic>, said: &[Diagnostic]) -> Vec<Diagnostic> {
    let conflicts = said.iter().filter(|d| d.code == codes::W0401);
    let conflicts: Vec<FileSpan> = conflicts.map(|d| d.primary.place()).collect();
    points.retain(|point| {
        let rule = point.primary.place();
        let within = |place: &FileSpan| {
            place.file == rule.file
                && rule.span.start <= place.span.start
                && place.span.end <= rule.span.end
        };
        !conflicts.iter().any(within)
    });
    points
}

impl Checked {
    /// Whether there is no error; what is not fine must not be lowered.
    pub fn is_fine(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Warnings of outputs and views that differ from run to run: what `bloom check` says besides.
    pub fn points_of_order(&self) -> Vec<Diagnostic> {
        unsaid(calm::warnings(&self.program, &self.calm), &self.diagnostics)
    }

    /// What follows from the rules of a program without errors, without an analysis.
    pub fn tables(&self) -> calm::Tables {
        let flows = calm::summarize(&self.program, &self.typed, &self.analysis);
        calm::tables(&self.program, &flows)
    }

    /// `--emit labels`: strata and readings, then the properties of all collections.
    pub fn labels(&self) -> String {
        let mut text = self.analysis.dump(&self.program);
        if self.is_fine() {
            let flows = calm::summarize(&self.program, &self.typed, &self.analysis);
            text.push_str(&calm::dump(&self.program, &flows));
        }
        text
    }
}

/// Checks the program whose root is the first file. The others are what it may import.
pub fn check(files: &[File<'_>]) -> Checked {
    report_on(check_to_run(files, NonZeroUsize::MIN))
}

/// As [`check`] without the consistency analysis, for a run of which nobody asks it: the report is that of no program.
/// Large files are parsed by so many threads.
pub fn check_to_run(files: &[File<'_>], threads: NonZeroUsize) -> Checked {
    let mut diagnostics = Vec::new();
    let mut modules = Vec::with_capacity(files.len());
    for (number, file) in (0..).map(FileId).zip(files) {
        let (module, found) = parse(file, threads);
        modules.push(module);
        diagnostics.extend(found.into_iter().map(|d| d.placed(number, 0)));
    }
    let sources: Vec<hir::Source<'_>> = (0..)
        .zip(files)
        .zip(&modules)
        .map(|((number, file), module)| hir::Source {
            name: file.name,
            file: FileId(number),
            module,
        })
        .collect();
    let resolved = hir::resolve(&sources);
    diagnostics.extend(resolved.diagnostics);
    // Trees are large, and the stages that follow can have their memory.
    drop(modules);
    type_and_analyze(resolved.program, diagnostics)
}

/// Types and analyses a resolved program; `diagnostics` are those of earlier stages.
pub fn check_resolved(program: Program, diagnostics: Vec<Diagnostic>) -> Checked {
    report_on(type_and_analyze(program, diagnostics))
}

fn type_and_analyze(program: Program, mut diagnostics: Vec<Diagnostic>) -> Checked {
    let typed = infer(&program);
    diagnostics.extend(typed.diagnostics.iter().cloned());
    let well_typed = !diagnostics.iter().any(Diagnostic::is_error);
    let analysis = match well_typed {
        true => analyze(&program, &typed),
        false => Analysis::default(),
    };
    diagnostics.extend(analysis.diagnostics.iter().cloned());
    diagnostics.sort_by_key(|diagnostic| (diagnostic.primary.place(), diagnostic.code.id()));
    Checked {
        program,
        typed,
        analysis,
        calm: calm::Report::default(),
        diagnostics,
    }
}

/// Adds what the consistency analysis says of a program without errors.
fn report_on(checked: Checked) -> Checked {
    if !checked.is_fine() {
        return checked;
    }
    let flows = calm::summarize(&checked.program, &checked.typed, &checked.analysis);
    Checked {
        calm: calm::analyze(&checked.program, &flows),
        ..checked
    }
}

fn parse(file: &File<'_>, threads: NonZeroUsize) -> (Arc<syntax::ast::Module>, Vec<Diagnostic>) {
    if file.dedalus {
        let parse = dedalus::parse(file.text);
        let (module, more) = dedalus::translate(&parse.program);
        return (Arc::new(module), [parse.diagnostics, more].concat());
    }
    let parse = syntax::parse_by(file.text, threads);
    (parse.module, parse.diagnostics)
}
