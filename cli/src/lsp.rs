//! `bloom lsp`.

use std::env;
use std::path::{Path, PathBuf};

use bloom_compiler::base::Diagnostic;
use bloom_lsp::{ProgramText, View, Views};
use serde_json::json;

use crate::args::Coordination;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pages;
use crate::replay::tested;
use crate::sources::Sources;
use crate::{STACK_BYTES, calm, embedded, pipeline};

/// A client that ends before it said that it would makes the command fail, as the protocol has it.
pub(crate) fn lsp() -> Outcome {
    let streams = |error: &std::io::Error| Misuse::io(Path::new("<stdin>"), error);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
        .map_err(|error| streams(&error))?;
    let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
    let cache = cache();
    let (library, cache) = (embedded::STDLIB, cache.as_deref());
    let served = bloom_lsp::serve(library, cache, &Pages, pages::give_back, input, output);
    let served = runtime.block_on(served);
    // A thread may still read the stream, whose other end may stay open.
    runtime.shutdown_background();
    served.map(Verdict::of).map_err(|error| streams(&error))
}

/// Where programs of this user keep what they can make again.
fn cache() -> Option<PathBuf> {
    let named = |variable: &str| env::var_os(variable).map(PathBuf::from);
    let absolute = |path: &PathBuf| path.is_absolute();
    let home = || Some(named("HOME").filter(absolute)?.join(".cache"));
    let windows = || named("LOCALAPPDATA").filter(absolute);
    named("XDG_CACHE_HOME")
        .filter(absolute)
        .or_else(home)
        .or_else(windows)
}

/// What needs more than the front of the compiler: the explorer for witnesses, pictures.
struct Pages;

impl Views for Pages {
    fn labels(&self, program: Vec<ProgramText>) -> View {
        report(&sources(program), false)
    }

    fn witness(&self, program: Vec<ProgramText>) -> View {
        report(&sources(program), true)
    }

    fn dataflow(&self, program: Vec<ProgramText>) -> View {
        let sources = sources(program);
        let pictures = calm::pictures(&sources);
        let (dot, svg) = pictures.map_err(|found| why_not(&sources, &found))?;
        Ok(json!({ "dot": dot, "svg": svg }))
    }

    fn recorded_test(&self, recording: &Path, program: Vec<ProgramText>) -> Result<String, String> {
        let written = tested::tests(recording, None, &sources(program), Coordination::Auto);
        written.map_err(|why| why.to_string())
    }

    fn expand(&self, program: Vec<ProgramText>) -> View {
        let sources = sources(program);
        let (text, diagnostics) = pipeline::expand(&sources, Coordination::Auto.into());
        match diagnostics.iter().any(Diagnostic::is_error) {
            true => Err(why_not(&sources, &diagnostics)),
            false => Ok(json!({ "text": text })),
        }
    }
}

fn report(sources: &Sources, with_runs: bool) -> View {
    let report = calm::labels(sources, with_runs);
    let report = report.map_err(|found| why_not(sources, &found))?;
    Ok(serde_json::from_str(&report).expect("the report is JSON"))
}

/// Which mistake stands in the way, in one sentence.
fn why_not(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.is_error());
    let mut errors: Vec<&Diagnostic> = errors.collect();
    errors.sort_by_key(|error| (error.primary.file, error.primary.span));
    let Some(first) = errors.first() else {
        return "the program cannot be analysed".to_owned();
    };
    let place = sources.texts.real(first.primary.place());
    let path = Path::new(sources.texts.path(place.file));
    let name = path.file_name().unwrap_or(path.as_os_str());
    let start = sources.texts.positions(place).0;
    let told = format!(
        "error {} at {}:{}:{}: {}",
        first.code.id(),
        name.to_string_lossy(),
        start.line,
        start.column,
        first.message
    );
    match errors.len() {
        1 => format!("the program has an error, so there is nothing to show: {told}"),
        several => {
            format!(
                "the program has {several} errors, so there is nothing to show; the first: {told}"
            )
        }
    }
}

fn sources(program: Vec<ProgramText>) -> Sources {
    let files = program.into_iter();
    Sources::of_texts(files.map(|file| (file.path, file.name, file.text)))
}
