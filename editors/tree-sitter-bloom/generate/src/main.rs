//! Makes `src/parser.c` of a folder from its `src/grammar.json`. `cargo xtask grammar` runs it.

use std::path::PathBuf;
use std::process::ExitCode;

use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

/// The newest that editors of Debian stable can load.
const ABI: usize = 14;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: generate FOLDER");
        return ExitCode::from(2);
    };
    let grammar = folder.join("src/grammar.json");
    let mut diagnostics = Vec::new();
    let done = generate_parser_in_directory(
        &folder,
        None::<PathBuf>,
        Some(grammar),
        ABI,
        None,
        None,
        true,
        OptLevel::default(),
        &mut diagnostics,
    );
    for diagnostic in &diagnostics {
        eprintln!("{diagnostic:?}");
    }
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
