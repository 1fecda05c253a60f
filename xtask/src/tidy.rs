//! Rules that no compiler knows: which package and which module may know which, where unsafe code
//! stands and why, that every diagnostic has a page, how files are called.
//!
//! Each rule is a module with a function from the workspace to what breaks it.

use std::path::{Path, PathBuf};

mod layers;
mod packages;
mod pages;
mod source;
mod unsafe_code;

/// Folders of the packages.
const PACKAGES: [&str; 11] = [
    "stdx", "plan", "compiler", "runtime", "store", "host", "sim", "cli", "lsp", "tests", "xtask",
];

/// What breaks a rule; the place is relative to the workspace.
#[derive(Debug, PartialEq)]
struct Violation {
    place: String,
    message: String,
}

impl Violation {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Violation {
        Violation {
            place: place.into(),
            message: message.into(),
        }
    }
}

pub fn run(root: &Path) -> Result<(), String> {
    let files = source::read(root)?;
    let mut violations = Vec::new();
    violations.extend(packages::check(root)?);
    violations.extend(layers::check(&files));
    violations.extend(unsafe_code::check(&files));
    violations.extend(pages::check(root)?);
    violations.extend(source::check(&files));
    for warning in source::warnings(&files) {
        eprintln!("warning: {}: {}", warning.place, warning.message);
    }
    println!(
        "{} files, {} uses of `unsafe`, {} violations",
        files.len(),
        unsafe_code::count(&files),
        violations.len()
    );
    if violations.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.place, violation.message))
        .collect();
    Err(lines.join("\n"))
}

/// All files below a folder, in order of their paths; none if there is no such folder.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                open.push(path)
            } else {
                files.push(path)
            }
        }
    }
    files.sort();
    Ok(files)
}
