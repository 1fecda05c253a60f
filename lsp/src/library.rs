//! The standard library as files that an editor can open.
//!
//! Its texts are part of the server. What an editor is sent to is written below a cache folder, when it is first asked
//! for, in a folder that is called by a hash of all texts, so that servers of two versions do not write into each other's.
//! A file there is read-only, comes into being by a rename, and is written anew where its text is another. Without a
//! folder, or where nothing can be written, the library has no places in an editor, and all else goes on. Folders of
//! versions that nobody has written into for long go when that of this one comes.

use std::fs::{self, Metadata, OpenOptions, Permissions};
use std::hash::{Hash, Hasher};
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHasher;
use tower_lsp::ls_types::Uri;

/// Paths without extension, `delivery`, and texts.
pub type Texts = &'static [(&'static str, &'static str)];

/// What paths of its modules begin with, and what folders of its files do.
const ROOT: &str = "std";
const EXTENSION: &str = "bloom";

/// The folder of another version stays so long after it was last written into.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Clone, Debug)]
pub struct Library {
    pub texts: Texts,
    /// Holds a folder for each version.
    above: Option<Arc<Path>>,
    /// That of this version.
    folder: String,
}

impl Library {
    /// Of files in a folder of caches; without one they have none.
    pub fn new(texts: Texts, cache: Option<&Path>) -> Self {
        let mut hasher = FxHasher::default();
        texts.hash(&mut hasher);
        Self {
            texts,
            above: cache.map(|cache| cache.join("bloom").into()),
            folder: format!("{ROOT}-{:016x}", hasher.finish()),
        }
    }

    /// The text of a module: `std.delivery`.
    pub fn text(&self, module: &str) -> Option<&'static str> {
        let path = module.strip_prefix(ROOT)?.strip_prefix('.')?;
        let path = path.replace('.', "/");
        let (_, text) = self.texts.iter().find(|(known, _)| *known == path)?;
        Some(text)
    }

    /// Where an editor can open a module.
    pub fn uri(&self, module: &str) -> Option<Uri> {
        let text = self.text(module)?;
        let inner = module.strip_prefix(ROOT)?.strip_prefix('.')?;
        let mut path = self.above.as_ref()?.join(&self.folder);
        path.extend(inner.split('.'));
        path.set_extension(EXTENSION);
        if fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            let is_new = !self.above.as_ref()?.join(&self.folder).exists();
            write(&path, text).ok()?;
            if is_new {
                self.forget_others();
            }
        }
        Uri::from_file_path(path)
    }

    /// Removes what other versions have left here. A server that runs all the same writes what it is asked for again.
    fn forget_others(&self) {
        let entries = self.above.as_ref().map(fs::read_dir);
        for entry in entries.into_iter().flatten().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_str().filter(|name| *name != self.folder);
            let is_left = name.is_some_and(is_version)
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
                && entry.metadata().is_ok_and(|found| is_old(&found));
            if is_left {
                // What cannot be removed does no harm.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// The module that a file is of, whichever version of the library it was written by.
    pub fn module_at(&self, path: &Path) -> Option<String> {
        let above = self.above.as_ref()?;
        let below = |above: &Path| path.strip_prefix(above).ok().map(Path::to_owned);
        // Editors may follow links, as of a home.
        let below = below(above).or_else(|| below(&above.canonicalize().ok()?))?;
        let mut parts = below.components().map(Component::as_os_str);
        let version = parts.next()?.to_str()?;
        let is_ours = version.strip_prefix(ROOT)?.starts_with('-');
        let inner: PathBuf = parts.collect();
        let inner = inner.with_extension("");
        let names: Option<Vec<&str>> = inner.iter().map(|part| part.to_str()).collect();
        let names = names.filter(|names| is_ours && !names.is_empty())?;
        Some(format!("{ROOT}.{}", names.join(".")))
    }
}

/// Whether a folder is called as those of a version are.
fn is_version(name: &str) -> bool {
    let hash = name
        .strip_prefix(ROOT)
        .and_then(|rest| rest.strip_prefix('-'));
    hash.is_some_and(|hash| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_old(folder: &Metadata) -> bool {
    let age = folder.modified().ok().and_then(|then| then.elapsed().ok());
    age.is_some_and(|age| age > KEPT)
}

/// Writes a file at once or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)?;
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{own}.{}", std::process::id()));
    let written = fill(&draft, text).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // It is of no use to anybody, and if it stays, that is no harm.
        let _ = fs::remove_file(&draft);
    }
    written
}

fn fill(draft: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(draft)?;
    file.write_all(text.as_bytes())?;
    let mut permissions: Permissions = file.metadata()?.permissions();
    permissions.set_readonly(true);
    file.set_permissions(permissions)
}
