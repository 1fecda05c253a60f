//! Reading Rust sources, and what every file keeps to: its name, its header, its length.

use std::path::Path;

use super::{PACKAGES, Violation, files_below};

/// From here on a file is worth splitting.
const LINES_MAX: usize = 900;

/// Names that say nothing of what is inside.
const NAMES_REFUSED: [&str; 5] = ["utils", "helpers", "common", "misc", "mod"];

/// A Rust file of a package's `src`.
pub struct SourceFile {
    pub package: &'static str,
    /// Below `src`, without the extension: `store/arena`.
    pub path: String,
    /// From the workspace's folder.
    pub place: String,
    pub text: String,
}

pub fn read(root: &Path) -> Result<Vec<SourceFile>, String> {
    let mut files = Vec::new();
    for package in PACKAGES {
        let folder = root.join(package).join("src");
        for path in files_below(&folder)? {
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let below = path
                .strip_prefix(&folder)
                .unwrap_or(&path)
                .with_extension("");
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            files.push(SourceFile {
                package,
                path: below.to_string_lossy().replace('\\', "/"),
                place: format!("{package}/src/{}.rs", below.to_string_lossy()),
                text,
            });
        }
    }
    Ok(files)
}

pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in files {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        if NAMES_REFUSED.contains(&name) {
            let message = format!("`{name}` is no name for a file: say what is in it");
            violations.push(Violation::new(&file.place, message));
        }
        if !file.text.starts_with("//!") {
            let message = "starts without `//!`: say what lives here, and its invariant";
            violations.push(Violation::new(&file.place, message));
        }
    }
    violations
}

pub fn warnings(files: &[SourceFile]) -> Vec<Violation> {
    files
        .iter()
        .filter(|file| file.text.lines().count() > LINES_MAX)
        .map(|file| Violation::new(&file.place, format!("more than {LINES_MAX} lines")))
        .collect()
}

/// The lines that are code of the product: comments are blank, and tests at the end are left out.
pub fn code(text: &str) -> Vec<&str> {
    let is_test = |line: &&str| line.trim_start().starts_with("#[cfg(test)]");
    let without_comment = |line| match str::find(line, "//") {
        Some(at) => &line[..at],
        None => line,
    };
    text.lines()
        .take_while(|line| !is_test(line))
        .map(without_comment)
        .collect()
}
