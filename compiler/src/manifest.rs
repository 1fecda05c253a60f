//! `bloom.toml`: a package's name, version and dependencies, and where the modules of a program lie by it.
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
//! the package's own. Files are read by whoever asks.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::base::Span;
use crate::syntax;

pub const FILE_NAME: &str = "bloom.toml";

/// What a package's own modules are under, from the folder of its manifest.
const SOURCES: &str = "src";

/// Names that `import` could not say, beside the reserved words.
const TAKEN: [&str; 3] = ["std", "import", "include"];

/// A program consists of no more packages than this. Whoever reads manifests holds to it.
pub const PACKAGES_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    package: Package,
    #[serde(default)]
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: Spanned<String>,
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
    path: Spanned<PathBuf>,
}

/// What is wrong with a manifest, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub span: Span,
    pub message: String,
}

/// A package that another names.
#[derive(Clone, Copy, Debug)]
pub struct Named<'m> {
    /// The folder of the manifest that names it.
    pub by: &'m Path,
    pub name: &'m str,
}

impl Manifest {
    pub fn parse(text: &str) -> Result<Manifest, Mistake> {
        let manifest: Manifest = toml::from_str(text).map_err(|error| Mistake {
            span: error.span().map_or(Span::at(0), span),
            message: error.message().to_owned(),
        })?;
        let name = &manifest.package.name;
        // It names a file, and must not lead elsewhere.
        if is_module_name(name.get_ref()) {
            return Ok(manifest);
        }
        Err(Mistake {
            span: span(name.span()),
            message: format!(
                "`{}` cannot name a package: use a-z, 0-9 and _, a letter first, and no reserved word",
                name.get_ref()
            ),
        })
    }

    pub fn name_span(&self) -> Span {
        span(self.package.name.span())
    }

    pub fn main_file(&self, folder: &Path) -> PathBuf {
        let name = self.package.name.get_ref();
        folder.join(SOURCES).join(name).with_extension("bloom")
    }

    /// The packages that it depends on: their names, and their folders from that of the manifest, with the places of
    /// these in its text.
    pub fn dependencies(&self) -> impl Iterator<Item = (&str, &Path, Span)> {
        self.dependencies.iter().map(|(name, dependency)| {
            let path = &dependency.path;
            (name.as_str(), path.get_ref().as_path(), span(path.span()))
        })
    }
}

fn span(range: std::ops::Range<usize>) -> Span {
    Span::new(range.start as u32, range.end as u32)
}

/// Whether `import` can say it.
pub fn is_module_name(name: &str) -> bool {
    let may_follow = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(may_follow)
        && !TAKEN.contains(&name)
        && !syntax::is_reserved(name)
}

/// Gives the manifest of a folder, and none to leave the package out; it is told who names the folder.
pub type Read<'r, E> = dyn FnMut(&Path, Option<Named<'_>>) -> Result<Option<Manifest>, E> + 'r;

/// The folders in which modules of a package are: its own, and those of the packages that it depends on, each once.
pub fn source_folders<E>(package: &Path, read: &mut Read<'_, E>) -> Result<Vec<PathBuf>, E> {
    let mut found = Vec::new();
    add(&plain(package), None, read, &mut found)?;
    Ok(found)
}

fn add<E>(
    folder: &Path,
    named: Option<Named<'_>>,
    read: &mut Read<'_, E>,
    found: &mut Vec<PathBuf>,
) -> Result<(), E> {
    let sources = folder.join(SOURCES);
    if found.contains(&sources) {
        return Ok(());
    }
    let Some(manifest) = read(folder, named)? else {
        return Ok(());
    };
    found.push(sources);
    for (name, path, _) in manifest.dependencies() {
        let named = Named { by: folder, name };
        add(&plain(&folder.join(path)), Some(named), read, found)?;
    }
    Ok(())
}

/// Without `..` where that leads back, so that a folder has one name however it was found.
fn plain(path: &Path) -> PathBuf {
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

/// What a file is called as a module: its path from the root that it lies in.
pub fn module_name(path: &Path, roots: &[PathBuf]) -> String {
    let mut roots = roots.iter().rev();
    let within = roots.find_map(|root| path.strip_prefix(root).ok());
    let within = within.unwrap_or(path).with_extension("");
    let parts = within.components();
    let parts: Vec<String> = parts
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::path::{Path, PathBuf};

    use super::{Manifest, module_name, source_folders};

    const COUNTER: &str =
        "[package]\nname = \"counter\"\n\n[dependencies]\nclocks = { path = \"../clocks\" }\n";

    fn mistake(text: &str) -> (String, String) {
        let mistake = Manifest::parse(text).expect_err("something is wrong");
        let place = text[mistake.span.range()].to_owned();
        (place, mistake.message)
    }

    #[test]
    fn a_manifest_tells_the_main_file_and_dependencies() {
        let manifest = Manifest::parse(COUNTER).expect("it is one");
        let main = manifest.main_file(Path::new("counter"));
        assert_eq!(main, Path::new("counter/src/counter.bloom"));
        let dependencies: Vec<_> = manifest.dependencies().collect();
        let [(name, path, span)] = dependencies[..] else {
            panic!("{dependencies:?}");
        };
        assert_eq!((name, path), ("clocks", Path::new("../clocks")));
        assert_eq!(&COUNTER[span.range()], "\"../clocks\"");
    }

    #[test]
    fn mistakes_are_told_where_they_are() {
        let (place, message) = mistake(&COUNTER.replace("counter", "../x"));
        assert_eq!(place, "\"../x\"");
        assert!(message.starts_with("`../x` cannot name a package"));
        let (place, message) = mistake(&COUNTER.replace("path", "git"));
        assert_eq!(place, "git");
        assert!(message.contains("unknown field `git`"), "{message}");
    }

    #[test]
    fn packages_that_depend_on_each_other_are_found_once() {
        let clocks = COUNTER
            .replace("counter", "clocks")
            .replace("../clocks", "../counter");
        let mut read = |folder: &Path, _: Option<super::Named<'_>>| {
            let text = match folder.ends_with("counter") {
                true => COUNTER,
                false => clocks.as_str(),
            };
            Ok::<_, Infallible>(Manifest::parse(text).ok())
        };
        let found = source_folders(Path::new("all/counter"), &mut read);
        let expected = ["all/counter/src", "all/clocks/src"].map(PathBuf::from);
        assert_eq!(found, Ok(expected.to_vec()));
        assert_eq!(
            module_name(Path::new("all/clocks/src/a/b.bloom"), &expected),
            "a.b"
        );
    }
}
