//! `bloom calm` and `bloom graph`: which outputs are the same however messages come, why the others are not,
//! and what was inserted to mend them.
//!
//! The compiler finds it all out; here it becomes a [`document::Document`], which each format renders.

mod build;
mod document;
mod graph;
mod html;
mod human;
mod json;
mod lock;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod witness;

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use bloom_compiler::base::{Diagnostic, FileId};
use bloom_compiler::check::Checked;
use bloom_compiler::coordination::{Coordinated, Coordination};

use crate::args::{CalmArgs, CalmFormat, GraphArgs, GraphFormat};
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::sources::Sources;
use crate::{pipeline, report, terminal};
use build::Names;
use document::Document;
use graph::Graph;
use lock::{Changes, Lock};
use witness::Runnable;

/// What is asked about a program.
#[derive(Clone, Copy)]
struct Manner {
    mode: Coordination,
    /// Whether to look for runs that show what is said.
    witness: bool,
    /// Whether excerpts of the source are coloured.
    colors: bool,
}

/// A program and all that is said about it.
struct Study {
    document: Document,
    graph: Graph,
}

pub(crate) fn calm(args: &CalmArgs) -> Outcome {
    if args.update && args.lock.is_none() {
        return Err(Misuse::new("--update goes with --lock"));
    }
    let sources = Sources::load(&args.path)?;
    let colors = args.format == CalmFormat::Human && terminal::colors_stdout();
    let manner = Manner {
        mode: args.coordination.into(),
        witness: !args.no_witness && args.format != CalmFormat::Dot,
        colors,
    };
    let Some(study) = told(&sources, manner) else {
        return Ok(Verdict::Failed);
    };
    let Study { document, graph } = &study;
    terminal::print(&match args.format {
        CalmFormat::Human => human::render(document, colors),
        CalmFormat::Json => json::render(document),
        CalmFormat::Dot => graph::dot::render(graph, &document.program),
        CalmFormat::Html => html::render(document, graph),
    });
    match &args.lock {
        Some(file) => hold(args, file.as_deref(), document),
        None => Ok(Verdict::Fine),
    }
}

pub(crate) fn graph(args: &GraphArgs) -> Outcome {
    let sources = Sources::load(&args.path)?;
    let manner = Manner {
        mode: args.coordination.into(),
        witness: args.format == GraphFormat::Html,
        colors: false,
    };
    let Some(study) = told(&sources, manner) else {
        return Ok(Verdict::Failed);
    };
    let Study { document, graph } = &study;
    let text = match args.format {
        GraphFormat::Dot => graph::dot::render(graph, &document.program),
        GraphFormat::Html => html::render(document, graph),
        GraphFormat::Svg => graph::svg::render(graph).ok_or_else(|| {
            Misuse::new(format_args!(
                "the graph has {} collections, and a picture up to {}; use --format dot",
                graph.nodes.len(),
                graph::svg::NODES_MAX
            ))
        })?,
    };
    terminal::print(&text);
    Ok(Verdict::Fine)
}

/// As [`study`]; what is wrong with the program is reported.
fn told(sources: &Sources, manner: Manner) -> Option<Study> {
    let (study, diagnostics) = study(sources, manner);
    report::problems_to_stderr(sources, &diagnostics);
    study
}

/// The report of `bloom calm --format json`, for an editor; of a program with errors, these.
pub(crate) fn labels(sources: &Sources, witness: bool) -> Result<String, Vec<Diagnostic>> {
    let manner = Manner {
        mode: Coordination::Auto,
        witness,
        colors: false,
    };
    let (study, diagnostics) = study(sources, manner);
    Ok(json::render(&study.ok_or(diagnostics)?.document))
}

/// The graph of `bloom graph` as dot and, if it is not too large, as a picture; of a program with errors, these.
pub(crate) fn pictures(sources: &Sources) -> Result<(String, Option<String>), Vec<Diagnostic>> {
    let manner = Manner {
        mode: Coordination::Auto,
        witness: false,
        colors: false,
    };
    let (study, diagnostics) = study(sources, manner);
    let Study { document, graph } = study.ok_or(diagnostics)?;
    let dot = graph::dot::render(&graph, &document.program);
    Ok((dot, graph::svg::render(&graph)))
}

/// Everything there is to say about a program without errors, and what is wrong with it.
fn study(sources: &Sources, manner: Manner) -> (Option<Study>, Vec<Diagnostic>) {
    let (checked, found) = pipeline::coordinate(sources, manner.mode);
    let study = found.map(|found| studied(sources, &checked, &found, manner));
    (study, checked.diagnostics)
}

fn studied(sources: &Sources, checked: &Checked, found: &Coordinated, manner: Manner) -> Study {
    let tables = checked.tables();
    let names = Names {
        sources,
        program: &checked.program,
        report: &found.before,
        tables: &tables,
        budget: &RefCell::default(),
        colors: manner.colors,
    };
    let shown = sources.texts.path(FileId::default());
    let mut document = build::document(names, shown, found);
    let wanted = manner.witness && !document.confluent;
    if wanted && let Some(programs) = pipeline::load(sources, checked) {
        let runnable = Runnable { programs };
        witness::add(&mut document, &checked.program, &found.before, &runnable);
    }
    let graph = Graph::of(&checked.program, (&found.before, &tables), &document);
    Study { document, graph }
}

/// Compares with the lock, or writes it.
fn hold(args: &CalmArgs, file: Option<&Path>, document: &Document) -> Outcome {
    let path: PathBuf = match file {
        Some(file) => file.to_owned(),
        None => lock::default_path(&args.path)?,
    };
    let shown = path.display();
    let now = Lock::of(document);
    // What cannot be read is no reason not to write it anew.
    let locked = if args.update {
        None
    } else {
        lock::read(&path)?
    };
    let Some(locked) = locked else {
        lock::write(&path, &now)?;
        terminal::note(format_args!("wrote {shown}"));
        return Ok(Verdict::Fine);
    };
    let changes = locked.compare(&now);
    for text in &changes.stronger {
        terminal::note(text);
    }
    for text in &changes.new {
        terminal::note(format_args!("{text}, and not in {shown}"));
    }
    for text in &changes.weaker {
        terminal::error(text);
    }
    if !changes.weaker.is_empty() {
        terminal::note(format_args!(
            "{shown} holds the program to more; `--lock --update` lowers it"
        ));
    } else if changes != Changes::default() {
        terminal::note(format_args!("`--lock --update` takes this into {shown}"));
    }
    Ok(Verdict::of(changes.weaker.is_empty()))
}
