//! The folders that module paths start from: that of the file, and the sources of its package and of the packages that
//! it depends on, as its manifest says.
//!
//! A manifest that cannot be read, or that names what is no package, adds nothing: `bloom check` says what is wrong
//! with it.

use std::fs;
use std::path::{Path, PathBuf};

/// What a package's own modules are under, from the folder of its manifest.
const SOURCES: &str = "src";

const MANIFEST: &str = "bloom.toml";

/// Packages of one program are no more than this.
const PACKAGES_MAX: usize = 100;

/// From the file's own folder on.
pub fn roots(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut package = folder.ancestors();
    let package = package.find(|folder| folder.join(MANIFEST).is_file());
    let mut found = vec![folder.clone()];
    if let Some(package) = package {
        add(&plain(package), &mut found);
    }
    // The folder may be one of them, and then need not be looked at twice.
    let mut seen = Vec::new();
    found.retain(|root| {
        let is_new = !seen.contains(root);
        seen.push(root.clone());
        is_new
    });
    found
}

fn add(package: &Path, roots: &mut Vec<PathBuf>) {
    let sources = package.join(SOURCES);
    let is_known = roots.iter().skip(1).any(|root| *root == sources);
    if is_known || roots.len() > PACKAGES_MAX || !package.join(MANIFEST).is_file() {
        return;
    }
    roots.push(sources);
    for path in dependencies(package) {
        add(&plain(&package.join(path)), roots);
    }
}

/// Paths of the packages that a manifest names, from the manifest's folder.
fn dependencies(package: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(package.join(MANIFEST)).unwrap_or_default();
    let manifest: toml::Table = toml::from_str(&text).unwrap_or_default();
    let named = manifest.get("dependencies").and_then(toml::Value::as_table);
    let paths = named.into_iter().flat_map(toml::Table::values);
    let paths = paths.filter_map(|one| Some(PathBuf::from(one.get("path")?.as_str()?)));
    paths.collect()
}

/// Without `..`, so that a file has one address however it was found.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if found.file_name().is_some() => {
                found.pop();
            }
            Component::ParentDir
            | Component::Prefix(_)
            | Component::RootDir
            | Component::Normal(_) => found.push(part),
        }
    }
    found
}
