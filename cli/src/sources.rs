//! Finding and reading the files of a program. The compiler itself opens no file.
//!
//! A path names a file, a package folder, or with `-` standard input. From the root file every import is
//! followed: `import a.b.c` may mean the file `a.bloom`, `a/b.bloom` or `a/b/c.bloom`, beside the importing
//! file or from a root (the folder of the root file, or `src/` of its package and of the packages it depends
//! on), or a file of the standard library. All that exist are loaded; what a name then means, and that it
//! means something, is for the compiler to say.

mod imports;
mod manifest;

use std::collections::VecDeque;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use bloom_compiler::base::{FileId, FileSpan, Sources as Texts};
use bloom_compiler::manifest::{FILE_NAME, module_name};
use bloom_compiler::syntax::SOURCE_BYTES_MAX;

use crate::embedded;
use crate::outcome::Misuse;
use imports::ModulePath;

/// So much of a file is read: enough for the compiler to see that it is too large, even where the last
/// character is cut.
const BYTES_MAX: u64 = SOURCE_BYTES_MAX as u64 + 4;
/// What files of programs end in.
const EXTENSIONS: [&str; 2] = ["bloom", "ded"];
/// What `-` is called in messages.
const STDIN_NAME: &str = "<stdin>";
/// In scope everywhere.
const PRELUDE: &str = "std.prelude";

/// The files of one program. The index of each is its number for the compiler; the root comes first.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// Paths as shown to the user, and texts.
    pub(crate) texts: Texts,
    /// The name of each as a module: `kvs`, `std.delivery`.
    pub(crate) names: Vec<String>,
}

impl Sources {
    /// The program at `path`: of a package, its main file.
    pub(crate) fn load(path: &Path) -> Result<Sources, Misuse> {
        if path == Path::new("-") {
            return Self::load_text(STDIN_NAME, "main", stdin()?);
        }
        let file = if path.is_dir() {
            manifest::read(path)?.main_file(path)
        } else {
            path.to_owned()
        };
        Self::load_file(&file)
    }

    /// Bytes of all texts.
    pub(crate) fn bytes(&self) -> usize {
        self.texts.iter().map(|(_, text)| text.len()).sum()
    }

    /// A program for each file that `path` names: of a package, every file under `src/` and `tests/`; of
    /// another folder, every file below it.
    pub(crate) fn load_all(path: &Path) -> Result<Vec<Sources>, Misuse> {
        if path == Path::new("-") || !path.is_dir() {
            return Ok(vec![Self::load(path)?]);
        }
        if !manifest::is_package(path) {
            let mut files = Vec::new();
            programs_under(path, &EXTENSIONS, &mut files)?;
            files.sort();
            if files.is_empty() {
                return Err(Misuse::new(format_args!(
                    "{} is a folder without {}, and no .bloom or .ded file is below it",
                    path.display(),
                    FILE_NAME
                )));
            }
            return files.iter().map(|file| Self::load_file(file)).collect();
        }
        let manifest = manifest::read(path)?;
        let mut files = vec![manifest.main_file(path)];
        for folder in ["src", "tests"] {
            let mut found = Vec::new();
            programs_under(&path.join(folder), &EXTENSIONS, &mut found)?;
            found.sort();
            files.extend(
                found
                    .into_iter()
                    .filter(|file| *file != manifest.main_file(path)),
            );
        }
        files.iter().map(|file| Self::load_file(file)).collect()
    }

    /// The program with more items at the end of its root file.
    pub(crate) fn with_more(&self, items: &str) -> Sources {
        let mut texts = Texts::default();
        for (number, (path, text)) in self.texts.iter().enumerate() {
            match number {
                0 => texts.add(path.to_owned(), format!("{text}{items}")),
                _ => texts.add(path.to_owned(), text.to_owned()),
            };
        }
        Sources {
            texts,
            names: self.names.clone(),
        }
    }

    /// `main.bloom:3:1`.
    pub(crate) fn position(&self, place: FileSpan) -> String {
        let place = self.texts.real(place);
        let (start, _) = self.texts.positions(place);
        let path = self.texts.path(place.file);
        format!("{path}:{}:{}", start.line, start.column)
    }

    /// A program given as text; it may import from the current folder.
    pub(crate) fn load_text(shown: &str, name: &str, text: String) -> Result<Sources, Misuse> {
        let mut loader = Loader::new(vec![PathBuf::new()]);
        loader.add(shown.to_owned(), name.to_owned(), text);
        loader.follow()
    }

    /// A program whose files are known: their paths as shown, names as modules, and texts, the root first.
    pub(crate) fn of_texts(files: impl IntoIterator<Item = (String, String, String)>) -> Sources {
        let mut texts = Texts::default();
        let mut names = Vec::new();
        for (path, name, text) in files {
            texts.add(path, text);
            names.push(name);
        }
        Sources { texts, names }
    }

    fn load_file(path: &Path) -> Result<Sources, Misuse> {
        let text = read(path)?;
        let roots = roots(path)?;
        let name = module_name(path, &roots);
        let mut loader = Loader::new(roots);
        loader.add(path.display().to_string(), name, text);
        loader.follow()
    }
}

/// The files of programs under a folder, hidden ones and build folders left out.
pub(crate) fn programs_under(
    folder: &Path,
    extensions: &[&str],
    files: &mut Vec<PathBuf>,
) -> Result<(), Misuse> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(|e| Misuse::io(folder, &e))? {
        let path = entry.map_err(|e| Misuse::io(folder, &e))?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            programs_under(&path, extensions, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
        {
            files.push(path);
        }
    }
    Ok(())
}

pub(crate) fn read(path: &Path) -> Result<String, Misuse> {
    let file = fs::File::open(path).map_err(|e| Misuse::io(path, &e))?;
    read_bounded(file, path)
}

pub(crate) fn stdin() -> Result<String, Misuse> {
    read_bounded(std::io::stdin().lock(), Path::new(STDIN_NAME))
}

/// Devices and pipes may have no end.
fn read_bounded(from: impl Read, path: &Path) -> Result<String, Misuse> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(|e| Misuse::io(path, &e))?;
    decode(bytes, path)
}

fn decode(bytes: Vec<u8>, path: &Path) -> Result<String, Misuse> {
    let is_cut = bytes.len() as u64 == BYTES_MAX;
    String::from_utf8(bytes).or_else(|error| {
        let at = error.utf8_error().valid_up_to();
        if is_cut && error.utf8_error().error_len().is_none() {
            return Ok(String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned());
        }
        let line = 1 + error.as_bytes()[..at]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        Err(Misuse::new(format_args!(
            "{}:{line}: not UTF-8 text",
            path.display()
        )))
    })
}

/// The folders that module paths start from.
fn roots(file: &Path) -> Result<Vec<PathBuf>, Misuse> {
    let folder = file.parent().unwrap_or(Path::new(""));
    match manifest::package_of(file) {
        Some(package) => {
            let mut roots = vec![folder.to_owned()];
            roots.extend(manifest::source_folders(&package)?);
            Ok(roots)
        }
        None => Ok(vec![folder.to_owned()]),
    }
}

/// Follows imports, breadth first.
struct Loader {
    roots: Vec<PathBuf>,
    texts: Texts,
    names: Vec<String>,
    /// Loaded and not yet looked through.
    unread: VecDeque<usize>,
}

impl Loader {
    fn new(roots: Vec<PathBuf>) -> Self {
        Self {
            roots,
            texts: Texts::default(),
            names: Vec::new(),
            unread: VecDeque::new(),
        }
    }

    fn add(&mut self, shown: String, name: String, text: String) {
        self.unread.push_back(self.names.len());
        self.names.push(name);
        self.texts.add(shown, text);
    }

    fn follow(mut self) -> Result<Sources, Misuse> {
        self.library(PRELUDE);
        while let Some(file) = self.unread.pop_front() {
            let id = FileId(file as u32);
            let is_dedalus = crate::pipeline::is_dedalus(self.texts.path(id));
            let text = self.texts.text(id);
            let paths = if is_dedalus {
                imports::of_dedalus(text)
            } else {
                imports::of_bloom(text)
            };
            let folder = match self.names[file].rsplit_once('.') {
                Some((folder, _)) => folder.split('.').map(str::to_owned).collect(),
                None => Vec::new(),
            };
            for path in paths {
                self.load_path(&folder, &path);
                // Nothing in Dedalus names a file's contents, so the compiler would not miss them.
                if is_dedalus && !self.has(&folder, &path) {
                    return Err(Misuse::new(format_args!(
                        "{}: there is no file `{}.ded` to include",
                        self.texts.path(id),
                        path.join("/")
                    )));
                }
            }
        }
        self.append_included();
        Ok(Sources {
            texts: self.texts,
            names: self.names,
        })
    }

    /// What a Dedalus program includes is a part of it.
    fn append_included(&mut self) {
        let is_dedalus = |path: &str| crate::pipeline::is_dedalus(path);
        if !is_dedalus(self.texts.path(FileId::default())) {
            return;
        }
        let paths = (0..).zip(self.texts.iter()).skip(1);
        let included = paths.filter(|(_, (path, _))| is_dedalus(path));
        let included: Vec<FileId> = included.map(|(id, _)| FileId(id)).collect();
        self.texts.append(&included);
    }

    fn has(&self, folder: &[String], path: &ModulePath) -> bool {
        let beside = [folder, path].concat().join(".");
        self.names.contains(&beside) || self.names.contains(&path.join("."))
    }

    /// Loads every file that the path may mean.
    fn load_path(&mut self, folder: &[String], path: &ModulePath) {
        for length in 1..=path.len() {
            let absolute = &path[..length];
            if !folder.is_empty() {
                let beside: ModulePath = folder.iter().chain(absolute).cloned().collect();
                self.load_module(&beside);
            }
            self.load_module(absolute);
        }
    }

    fn load_module(&mut self, path: &[String]) {
        let name = path.join(".");
        if self.names.contains(&name) {
            return;
        }
        if path[0] == "std" {
            self.library(&name);
            return;
        }
        let relative: PathBuf = path.iter().collect();
        for root in &self.roots {
            for extension in EXTENSIONS {
                let file = root.join(&relative).with_extension(extension);
                // What is no file, or cannot be read, is no module: the compiler reports the import.
                if let (true, Ok(text)) = (file.is_file(), read(&file)) {
                    self.add(file.display().to_string(), name, text);
                    return;
                }
            }
        }
    }

    /// A file of the standard library, `std.delivery`.
    fn library(&mut self, name: &str) {
        let path = name.trim_start_matches("std.").replace('.', "/");
        if let Some(text) = embedded::library(&path) {
            self.add(
                format!("<std>/{path}.bloom"),
                name.to_owned(),
                text.to_owned(),
            );
        }
    }
}
