//! Packages on the disk: their manifests, which the compiler reads, and the folders that these name.

use std::path::{Path, PathBuf};

use bloom_compiler::manifest::{self, FILE_NAME, Manifest, Named, PACKAGES_MAX};

use crate::outcome::Misuse;

/// The manifest of the package in `folder`.
pub(super) fn read(folder: &Path) -> Result<Manifest, Misuse> {
    let path = folder.join(FILE_NAME);
    if !path.is_file() {
        return Err(Misuse::new(format_args!(
            "{} is a folder without {FILE_NAME}, so no package",
            folder.display()
        )));
    }
    let text = super::read(&path)?;
    Manifest::parse(&text).map_err(|mistake| {
        let line = 1 + text[..mistake.span.start as usize].matches('\n').count();
        let path = path.display();
        Misuse::new(format_args!("{path}:{line}: {}", mistake.message))
    })
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

/// `src/` of the package and of all it depends on, each once.
pub(super) fn source_folders(package: &Path) -> Result<Vec<PathBuf>, Misuse> {
    let mut packages = 0;
    manifest::source_folders(package, &mut |folder, named| {
        packages += 1;
        if packages > PACKAGES_MAX {
            return Err(Misuse::new(format_args!(
                "{}: the program has more than {PACKAGES_MAX} packages",
                package.join(FILE_NAME).display()
            )));
        }
        match named {
            Some(Named { by, name }) if !is_package(folder) => Err(Misuse::new(format_args!(
                "{}: dependency `{name}`: {} is no package",
                by.join(FILE_NAME).display(),
                folder.display()
            ))),
            _ => read(folder).map(Some),
        }
    })
}
