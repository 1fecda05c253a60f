//! What the parser promises, over all the programs of the repository.

mod edits;
mod format;
mod generate;
mod messages;
mod mutation;
mod pages;
mod robustness;
mod shares;
mod tree_sitter;

use super::parse;
use std::fs;
use std::path::{Path, PathBuf};

/// The programs that parse, by their paths.
#[expect(clippy::disallowed_methods, reason = "programs are files")]
fn corpus() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut open: Vec<PathBuf> = ["compiler/tests/corpus", "tests", "stdlib", "examples"]
        .iter()
        .map(|folder| root.join(folder))
        .collect();
    let mut programs = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("the folder is readable");
            open.extend(entries.map(|entry| entry.expect("the entry is readable").path()));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "bloom")
        {
            let text = fs::read_to_string(&path).expect("the program is UTF-8");
            if !text.starts_with("//! reject: syntax") {
                programs.push((path, text));
            }
        }
    }
    programs.sort();
    programs
}

#[test]
fn the_corpus_parses_without_a_word() {
    for (path, text) in corpus() {
        let parse = parse(&text);
        assert_eq!(parse.diagnostics, [], "{}", path.display());
    }
}
