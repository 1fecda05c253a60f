//! Packages: the folders that module paths start from, and what is to be said of a manifest that is open.
//!
//! Of a program, a manifest that cannot be read, or that names what is no package, adds no folder; what is wrong with
//! it is told in the manifest itself.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use bloom_compiler::base::Span;
use bloom_compiler::manifest::{FILE_NAME, Manifest, Mistake, Named, PACKAGES_MAX, source_folders};
use tower_lsp::ls_types as lsp;

use crate::positions::{Encoding, Lines};
use crate::translate::SOURCE;

/// From the file's own folder on.
pub fn roots(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut above = folder.ancestors();
    let package = above.find(|folder| is_package(folder));
    let mut found = vec![folder.clone()];
    if let Some(package) = package {
        let mut packages = 0;
        // `bloom check` refuses a program with more.
        let mut read = |folder: &Path, _: Option<Named<'_>>| {
            packages += 1;
            if packages > PACKAGES_MAX {
                return Ok(None);
            }
            let text = fs::read_to_string(folder.join(FILE_NAME)).unwrap_or_default();
            Ok::<_, Infallible>(Manifest::parse(&text).ok())
        };
        let Ok(sources) = source_folders(package, &mut read);
        // The folder may be one of them, and then need not be looked at twice.
        found.extend(sources.into_iter().filter(|sources| *sources != folder));
    }
    found
}

fn is_package(folder: &Path) -> bool {
    folder.join(FILE_NAME).is_file()
}

pub fn is_manifest(uri: &lsp::Uri) -> bool {
    let path = uri.to_file_path();
    path.is_some_and(|path| path.file_name().is_some_and(|name| name == FILE_NAME))
}

/// A manifest that is open.
#[derive(Clone)]
pub struct OpenManifest {
    pub version: i32,
    pub text: String,
    /// Its folder; none if it is not on a disk.
    pub folder: Option<PathBuf>,
}

impl OpenManifest {
    pub fn diagnostics(&self, encoding: Encoding) -> Vec<lsp::Diagnostic> {
        let lines = Lines::new(&self.text, encoding);
        let mistakes = match Manifest::parse(&self.text) {
            Ok(manifest) => self.missing(&manifest),
            Err(mistake) => vec![mistake],
        };
        let diagnostic = |mistake: Mistake| lsp::Diagnostic {
            range: lines.range(mistake.span),
            severity: Some(lsp::DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: mistake.message,
            ..lsp::Diagnostic::default()
        };
        mistakes.into_iter().map(diagnostic).collect()
    }

    /// Dependencies that are no packages, and the package's own main file, if there is none.
    fn missing(&self, manifest: &Manifest) -> Vec<Mistake> {
        let Some(folder) = &self.folder else {
            return Vec::new();
        };
        let main = manifest.main_file(folder);
        let no_main = (!main.is_file()).then(|| Mistake {
            span: manifest.name_span(),
            message: format!(
                "the main file of the package, {}, is missing",
                main.display()
            ),
        });
        let dependencies = manifest.dependencies();
        let strangers = dependencies.filter(|(_, path, _)| !is_package(&folder.join(path)));
        let strangers = strangers.map(|(name, path, span)| Mistake {
            span,
            message: format!("dependency `{name}`: {} is no package", path.display()),
        });
        no_main.into_iter().chain(strangers).collect()
    }

    /// From each dependency to its manifest, and from the package's name to its main file.
    pub fn links(&self, encoding: Encoding) -> Vec<lsp::DocumentLink> {
        let (Ok(manifest), Some(folder)) = (Manifest::parse(&self.text), &self.folder) else {
            return Vec::new();
        };
        let lines = Lines::new(&self.text, encoding);
        let link = |(span, path): (Span, PathBuf)| {
            let path = path.canonicalize().ok()?;
            Some(lsp::DocumentLink {
                range: lines.range(span),
                target: Some(lsp::Uri::from_file_path(path)?),
                tooltip: None,
                data: None,
            })
        };
        let main = (manifest.name_span(), manifest.main_file(folder));
        let dependencies = manifest.dependencies();
        let dependencies =
            dependencies.map(|(_, path, span)| (span, folder.join(path).join(FILE_NAME)));
        [main]
            .into_iter()
            .chain(dependencies)
            .filter_map(link)
            .collect()
    }
}
