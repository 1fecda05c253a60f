//! Every conformance program is accepted or refused as it says, and small programs get the
//! diagnostics that they should.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Checked, File, check};
use crate::base::{Diagnostic, Sources};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn bloom_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(bloom_files(&path));
        } else if path.extension().is_some_and(|ext| ext == "bloom") {
            files.push(path);
        }
    }
    files
}

/// The standard library, by module names.
fn stdlib() -> Vec<(String, String)> {
    let folder = root().join("stdlib");
    let files = bloom_files(&folder).into_iter().map(|path| {
        let inner = path.strip_prefix(&folder).expect("found below the folder");
        let name = inner.with_extension("").display().to_string();
        let text = fs::read_to_string(&path).expect("the standard library is UTF-8");
        (format!("std.{}", name.replace('/', ".")), text)
    });
    files.collect()
}

fn check_text(name: &str, text: &str, library: &[(String, String)]) -> Checked {
    let root = File {
        name,
        text,
        dedalus: false,
    };
    let library = library.iter().map(|(name, text)| File {
        name,
        text,
        dedalus: false,
    });
    let files: Vec<File<'_>> = [root].into_iter().chain(library).collect();
    check(&files)
}

/// Words of letters, digits and operators, so that quotes do not matter.
fn words(text: &str) -> String {
    let plain = text.replace(['`', ':', ','], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn programs_are_accepted_or_refused_as_they_say() {
    let library = stdlib();
    let mut wrong = Vec::new();
    for folder in ["tests/conformance", "tests/calm", "examples"] {
        for path in bloom_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("programs are UTF-8");
            let stem = path
                .file_stem()
                .expect("a file has a name")
                .display()
                .to_string();
            let checked = check_text(&stem, &text, &library);
            let errors: Vec<&Diagnostic> = checked
                .diagnostics
                .iter()
                .filter(|d| d.is_error())
                .collect();
            let reject = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("//! reject:"));
            let fine = match reject {
                Some(reason) => {
                    let reason = words(reason);
                    errors
                        .iter()
                        .any(|error| words(&error.message).contains(&reason))
                }
                None => errors.is_empty(),
            };
            if !fine {
                wrong.push(format!("{}:", path.display()));
                wrong.extend(errors.iter().map(|error| {
                    let sources = Sources::single(stem.clone(), text.clone());
                    let (at, _) = sources.positions(error.primary.place());
                    let file = error.primary.file.0;
                    format!(
                        "    {file}:{}:{} {} {}",
                        at.line, at.column, error.code, error.message
                    )
                }));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
