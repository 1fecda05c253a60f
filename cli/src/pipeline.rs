//! The compiler, as the commands use it.

use std::fmt::Write;

use bloom_compiler::base::{Diagnostic, FileId};
use bloom_compiler::codegen::{self, Target};
use bloom_compiler::hir::{self, NodeId};
use bloom_compiler::planning::make_plan;
use bloom_compiler::rir::lower::lower;
use bloom_compiler::typing::{self, Typed};
use bloom_compiler::{dedalus, syntax};
use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use bloom_plan::testing::Test;
use bloom_stdx::arena::Id;

use crate::args::Stage;
use crate::sources::Sources;

/// What checking a program gave.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) diagnostics: Vec<Diagnostic>,
    program: hir::Program,
    typed: Typed,
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
    let (modules, mut diagnostics) = parse(sources);
    let resolvable: Vec<hir::Source<'_>> = (0..)
        .zip(&sources.names)
        .zip(&modules)
        .map(|((number, name), module)| hir::Source {
            name,
            file: FileId(number),
            module,
        })
        .collect();
    let resolved = hir::resolve(&resolvable);
    diagnostics.extend(resolved.diagnostics);
    let mut checked = Checked {
        diagnostics,
        program: resolved.program,
        typed: Typed::default(),
    };
    if checked.is_fine() {
        checked.typed = typing::infer(&checked.program);
        checked.diagnostics.append(&mut checked.typed.diagnostics);
    }
    checked
}

pub(crate) fn compile(sources: &Sources) -> Compiled {
    let checked = check(sources);
    if !checked.is_fine() {
        return Compiled {
            diagnostics: checked.diagnostics,
            ..Compiled::default()
        };
    }
    let target = Target::native();
    let kinds = plans(sources, &checked).map(|plan| {
        let artifact = codegen::generate(&plan, &target);
        (plan, artifact)
    });
    Compiled {
        kinds: kinds.collect(),
        tests: Vec::new(),
        diagnostics: checked.diagnostics,
    }
}

/// What a stage made of the program, as text, and what is wrong with the program up to there.
pub(crate) fn emit(sources: &Sources, stage: Stage) -> (String, Checked) {
    if stage == Stage::Tokens {
        let texts = sources.texts.iter();
        return (
            texts
                .take(1)
                .map(|(_, text)| syntax::dump::tokens(text))
                .collect(),
            Checked::default(),
        );
    }
    if stage == Stage::Ast {
        let (modules, diagnostics) = parse(sources);
        let dump = modules.first().map(syntax::dump::ast).unwrap_or_default();
        return (
            dump,
            Checked {
                diagnostics,
                ..Checked::default()
            },
        );
    }
    let checked = check(sources);
    if stage == Stage::Hir {
        return (checked.program.dump(), checked);
    }
    let mut text = String::new();
    if checked.is_fine() {
        for plan in plans(sources, &checked) {
            let dump = match stage {
                Stage::Clif => codegen::clif(&plan, &Target::native()),
                _ => format!("{plan:#?}"),
            };
            writeln!(text, "{}", dump.trim_end()).expect("writing to a string never fails");
        }
    }
    (text, checked)
}

/// The text formatted, or why it cannot be read.
pub(crate) fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    syntax::format(text)
}

/// The tree of each file.
fn parse(sources: &Sources) -> (Vec<syntax::ast::Module>, Vec<Diagnostic>) {
    let (mut modules, mut diagnostics) = (Vec::new(), Vec::new());
    for (number, (path, text)) in (0..).zip(sources.texts.iter()) {
        let (module, found) = if path.ends_with(".ded") {
            let parse = dedalus::parse(text);
            let (module, more) = dedalus::translate(&parse.program);
            (module, [parse.diagnostics, more].concat())
        } else {
            let parse = syntax::parse(text);
            (parse.module, parse.diagnostics)
        };
        modules.push(module);
        diagnostics.extend(found.into_iter().map(|d| d.placed(FileId(number), 0)));
    }
    (modules, diagnostics)
}

fn plans<'c>(sources: &'c Sources, checked: &'c Checked) -> impl Iterator<Item = Plan> + 'c {
    (0..checked.program.nodes.len()).map(|node| {
        let node = NodeId::from_index(node);
        make_plan(&lower(
            &checked.program,
            &checked.typed,
            &sources.texts,
            node,
        ))
    })
}
