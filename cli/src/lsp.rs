//! `bloom lsp`.

use std::env;
use std::path::{Path, PathBuf};

use bloom_lsp::{ProgramText, Views};
use serde_json::{Value, json};

use crate::args::Coordination;
use crate::outcome::{Misuse, Outcome, Verdict};
use crate::pages::use_small_pages;
use crate::replay::tested;
use crate::sources::Sources;
use crate::{STACK_BYTES, calm, embedded, pipeline};

/// A client that ends before it said that it would makes the command fail, as the protocol has it.
pub(crate) fn lsp() -> Outcome {
    use_small_pages();
    let streams = |error: &std::io::Error| Misuse::io(Path::new("<stdin>"), error);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
        .map_err(|error| streams(&error))?;
    let (input, output) = (tokio::io::stdin(), tokio::io::stdout());
    let cache = cache();
    let served = bloom_lsp::serve(embedded::STDLIB, cache.as_deref(), &Pages, input, output);
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
    fn labels(&self, program: Vec<ProgramText>) -> Value {
        json_of(calm::labels(&sources(program), false))
    }

    fn witness(&self, program: Vec<ProgramText>) -> Value {
        json_of(calm::labels(&sources(program), true))
    }

    fn dataflow(&self, program: Vec<ProgramText>) -> Value {
        let pictures = calm::pictures(&sources(program));
        pictures.map_or(Value::Null, |(dot, svg)| json!({ "dot": dot, "svg": svg }))
    }

    fn recorded_test(&self, recording: &Path, program: Vec<ProgramText>) -> Result<String, String> {
        let written = tested::tests(recording, None, &sources(program), Coordination::Auto);
        written.map_err(|why| why.to_string())
    }

    fn expand(&self, program: Vec<ProgramText>) -> Value {
        let (text, diagnostics) = pipeline::expand(&sources(program), Coordination::Auto.into());
        match diagnostics
            .iter()
            .any(bloom_compiler::base::Diagnostic::is_error)
        {
            true => Value::Null,
            false => json!({ "text": text }),
        }
    }
}

fn sources(program: Vec<ProgramText>) -> Sources {
    let files = program.into_iter();
    Sources::of_texts(files.map(|file| (file.path, file.name, file.text)))
}

/// Our own JSON is well-formed.
fn json_of(text: Option<String>) -> Value {
    text.map_or(Value::Null, |text| {
        serde_json::from_str(&text).expect("the report is JSON")
    })
}
