//! `bloom.toml`: a package's name, version and dependencies.
//!
//! ```toml
//! [package]
//! name = "counter"
//! version = "0.1.0"
//!
//! [dependencies]
//! clocks = { path = "../clocks" }
//! ```
//!
//! The main file of a package is `src/NAME.bloom`. A dependency's modules are found as if they lay beside
//! the package's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::new::is_module_name;
use crate::outcome::Misuse;

pub(super) const FILE_NAME: &str = "bloom.toml";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    package: Package,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    #[serde(rename = "version", default)]
    _version: Option<String>,
    #[serde(rename = "description", default)]
    _description: Option<String>,
    #[serde(rename = "license", default)]
    _license: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dependency {
    path: PathBuf,
}

impl Manifest {
    /// The manifest of the package in `folder`.
    pub(super) fn read(folder: &Path) -> Result<Manifest, Misuse> {
        let path = folder.join(FILE_NAME);
        if !path.is_file() {
            return Err(Misuse::new(format_args!(
                "{} is a folder without {FILE_NAME}, so no package",
                folder.display()
            )));
        }
        let manifest: Manifest = toml::from_str(&super::read(&path)?)
            .map_err(|e| Misuse::new(format_args!("{}: {e}", path.display())))?;
        let name = &manifest.package.name;
        // It names a file, and must not lead elsewhere.
        if !is_module_name(name) {
            return Err(Misuse::new(format_args!(
                "{}: `{name}` cannot name a package: use a-z, 0-9 and _, a letter first, and no reserved word",
                path.display()
            )));
        }
        Ok(manifest)
    }

    pub(super) fn main_file(&self, folder: &Path) -> PathBuf {
        folder
            .join("src")
            .join(&self.package.name)
            .with_extension("bloom")
    }
}

pub(super) fn is_package(folder: &Path) -> bool {
    folder.join(FILE_NAME).is_file()
}

/// The package that a file belongs to: the nearest folder above it with a manifest.
pub(super) fn package_of(file: &Path) -> Option<PathBuf> {
    file.ancestors()
        .skip(1)
        .find(|folder| is_package(folder))
        .map(Path::to_owned)
}

/// Adds `src/` of the package and of all it depends on, each once.
pub(super) fn add_roots(package: &Path, roots: &mut Vec<PathBuf>) -> Result<(), Misuse> {
    let source = package.join("src");
    if roots.iter().skip(1).any(|root| *root == source) {
        return Ok(());
    }
    roots.push(source);
    let manifest = Manifest::read(package)?;
    for (name, dependency) in &manifest.dependencies {
        let folder = package.join(&dependency.path);
        if !is_package(&folder) {
            return Err(Misuse::new(format_args!(
                "{}: dependency `{name}`: {} is no package",
                package.join(FILE_NAME).display(),
                folder.display()
            )));
        }
        add_roots(&folder, roots)?;
    }
    Ok(())
}
