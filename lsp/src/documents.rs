//! What is open in the editor, and the programs that it belongs to.
//!
//! Each open file is the root of a program of its own, as `bloom check` of that file sees it: with the files
//! that it imports, from the editor where they are open there, else from the disk, else from the standard
//! library. Changes are made at once, in the order in which they come; answers are computed on snapshots, which
//! a change cancels.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bloom_compiler::base::FileId;
use bloom_compiler::database::{self, Database, File, Language, Package};
use bloom_compiler::manifest::module_name;
use rustc_hash::FxHashMap;
use salsa::Setter;
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use crate::inputs::Spare;
use crate::library::Library;
use crate::modules;
use crate::packages::{OpenManifest, is_manifest, roots};
use crate::positions::{Encoding, Lines, Starts};
use crate::views::ProgramText;

/// In scope everywhere.
const PRELUDE: &str = "std.prelude";

const EXTENSIONS: [(&str, Language); 2] = [("bloom", Language::Bloom), ("ded", Language::Dedalus)];

pub struct Documents {
    db: Database,
    library: Library,
    open: FxHashMap<Uri, Document>,
    spare: Spare,
    manifests: FxHashMap<Uri, OpenManifest>,
    /// Files that programs import, by the root folder and the name there.
    imported: FxHashMap<(PathBuf, String), Imported>,
}

/// A file that is open.
#[derive(Clone)]
struct Document {
    file: File,
    version: i32,
    package: Package,
    /// Where module paths start from: none if the file is not on a disk.
    roots: Vec<PathBuf>,
    /// Of the files of the package, by number.
    uris: Vec<Option<Uri>>,
    /// The paths of what can be imported.
    modules: Arc<[String]>,
    lines: Arc<Starts>,
    /// Whether it is a file of the standard library, which nobody is to change.
    is_library: bool,
}

#[derive(Clone)]
struct Imported {
    file: File,
    /// None of the standard library.
    path: Option<PathBuf>,
}

/// A document as it was at one time. Holding it holds up changes, which cancel what is computed of it.
pub struct Snapshot {
    pub db: Database,
    pub version: i32,
    pub file: File,
    pub package: Package,
    pub uris: Vec<Option<Uri>>,
    /// The paths of what can be imported.
    pub modules: Arc<[String]>,
    pub encoding: Encoding,
    /// Whether it is a file of the standard library, which nobody is to change.
    pub is_library: bool,
    library: Library,
    lines: Arc<Starts>,
}

impl Documents {
    pub fn new(library: Library) -> Self {
        Self {
            db: Database::default(),
            library,
            open: FxHashMap::default(),
            spare: Spare::default(),
            manifests: FxHashMap::default(),
            imported: FxHashMap::default(),
        }
    }

    pub fn open(&mut self, uri: Uri, version: i32, text: String) {
        if is_manifest(&uri) {
            let path = uri.to_file_path();
            let folder = path.and_then(|path| path.parent().map(Path::to_owned));
            let manifest = OpenManifest {
                version,
                text,
                folder,
            };
            self.manifests.insert(uri, manifest);
            return;
        }
        self.add(uri, version, text);
        self.reload();
    }

    /// Opens many at once.
    pub fn open_all(&mut self, all: Vec<(Uri, String)>) {
        for (uri, text) in all {
            self.add(uri, 0, text);
        }
        self.reload();
    }

    fn add(&mut self, uri: Uri, version: i32, text: String) {
        let path = uri.to_file_path().map(|path| path.into_owned());
        let of_library = path
            .as_deref()
            .and_then(|path| self.library.module_at(path));
        let is_library = of_library.is_some();
        let roots = match is_library {
            true => Vec::new(),
            false => path.as_deref().map(roots).unwrap_or_default(),
        };
        let own_name = |path: &Path| module_name(path, &roots);
        let own_name = || path.as_deref().map_or_else(|| "main".to_owned(), own_name);
        let name = of_library.unwrap_or_else(own_name);
        let language = path.as_deref().map_or(Language::Bloom, language);
        let lines = Arc::new(Starts::new(&text));
        let (file, package) = self.spare.take(&mut self.db, name, language, text);
        let document = Document {
            file,
            version,
            package,
            roots,
            uris: Vec::new(),
            modules: Arc::default(),
            lines,
            is_library,
        };
        self.open.insert(uri, document);
    }

    pub fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        if let Some(manifest) = self.manifests.get_mut(uri) {
            manifest.version = version;
            let mut starts = Starts::new(&manifest.text);
            edit(&mut manifest.text, &mut starts, changes, encoding);
            return;
        }
        let Some(document) = self.open.get_mut(uri) else {
            return;
        };
        document.version = version;
        let file = document.file;
        // With room for what is added: a text that grows otherwise takes twice its length.
        let known = file.text(&self.db);
        let added: usize = changes.iter().map(|change| change.text.len()).sum();
        let mut text = String::with_capacity(known.len() + added);
        text.push_str(known);
        let starts = Arc::make_mut(&mut document.lines);
        edit(&mut text, starts, changes, encoding);
        if **file.text(&self.db) != text {
            let before = database::imports(&self.db, file).clone();
            file.set_text(&mut self.db).to(Arc::new(text));
            self.hand_on(uri);
            if before != *database::imports(&self.db, file) {
                self.reload();
            }
        }
    }

    pub fn close(&mut self, uri: &Uri) {
        self.manifests.remove(uri);
        if let Some(Document { file, package, .. }) = self.open.remove(uri) {
            self.spare.give(&mut self.db, file, package);
            // What imports it reads the disk again.
            self.refresh();
        }
    }

    /// Reads again what programs import, after something changed on the disk.
    pub fn refresh(&mut self) {
        for (uri, document) in &mut self.open {
            // A manifest may name other packages now.
            if let Some(path) = uri.to_file_path().filter(|_| !document.is_library) {
                document.roots = roots(&path);
            }
        }
        let imported = std::mem::take(&mut self.imported);
        for (key, imported) in imported {
            let text = imported.path.as_deref().and_then(|path| self.text(path));
            match (text, &imported.path) {
                (Some(text), _) => set(&mut self.db, imported.file, Arc::new(text)),
                (None, None) => {}
                // It is gone, and whoever imports it finds that out.
                (None, Some(_)) => continue,
            }
            self.imported.insert(key, imported);
        }
        self.reload();
    }

    pub fn snapshot(&self, uri: &Uri, encoding: Encoding) -> Option<Snapshot> {
        let document = self.open.get(uri)?;
        Some(Snapshot {
            db: self.db.clone(),
            version: document.version,
            file: document.file,
            package: document.package,
            uris: document.uris.clone(),
            modules: Arc::clone(&document.modules),
            encoding,
            is_library: document.is_library,
            library: self.library.clone(),
            lines: Arc::clone(&document.lines),
        })
    }

    pub fn manifest(&self, uri: &Uri) -> Option<&OpenManifest> {
        self.manifests.get(uri)
    }

    /// The manifests that are open.
    pub fn manifests(&self) -> Vec<Uri> {
        self.manifests.keys().cloned().collect()
    }

    pub fn library(&self) -> Library {
        self.library.clone()
    }

    /// What is open, with its text.
    pub fn texts(&self) -> Vec<(Uri, String)> {
        let texts = self.open.iter();
        texts
            .map(|(uri, document)| (uri.clone(), document.file.text(&self.db).to_string()))
            .collect()
    }

    pub fn uris(&self) -> Vec<Uri> {
        self.open.keys().cloned().collect()
    }

    /// Gives the text of an open file to the programs that import it.
    fn hand_on(&mut self, uri: &Uri) {
        let (Some(path), Some(document)) = (uri.to_file_path(), self.open.get(uri)) else {
            return;
        };
        let importers = self.imported.values();
        let importers = importers.filter(|imported| imported.path.as_deref() == Some(&*path));
        let files: Vec<File> = importers.map(|imported| imported.file).collect();
        if files.is_empty() {
            return;
        }
        let text = Arc::clone(document.file.text(&self.db));
        for file in files {
            set(&mut self.db, file, Arc::clone(&text));
        }
    }

    /// Finds the files of every program anew.
    fn reload(&mut self) {
        let uris = self.uris();
        for uri in uris {
            let Some(document) = self.open.get(&uri).cloned() else {
                continue;
            };
            let (files, found) = self.follow(&uri, &document);
            let own = document.file.name(&self.db).clone();
            let modules = modules::importable(self.library.texts, &document.roots, &own);
            if *document.package.files(&self.db) != files {
                document.package.set_files(&mut self.db).to(files);
            }
            if let Some(document) = self.open.get_mut(&uri) {
                document.uris = found;
                document.modules = modules;
            }
        }
    }

    /// The files of a program, and where they are: from the root on, whatever its imports may mean.
    fn follow(&mut self, uri: &Uri, document: &Document) -> (Vec<File>, Vec<Option<Uri>>) {
        let mut files = vec![document.file];
        let mut uris = vec![Some(uri.clone())];
        let mut names = vec![document.file.name(&self.db).clone()];
        let mut wanted = vec![PRELUDE.to_owned()];
        let mut next = 0;
        loop {
            for name in std::mem::take(&mut wanted) {
                if names.contains(&name) {
                    continue;
                }
                if let Some(imported) = self.import(&document.roots, &name) {
                    files.push(imported.file);
                    names.push(name);
                    let path = imported.path.as_deref();
                    uris.push(path.and_then(Uri::from_file_path));
                }
            }
            let Some(&file) = files.get(next) else {
                return (files, uris);
            };
            let folder = names[next]
                .rsplit_once('.')
                .map(|(folder, _)| folder.to_owned());
            next += 1;
            for path in database::imports(&self.db, file) {
                for length in 1..=path.len() {
                    let absolute = path[..length].join(".");
                    wanted.extend(folder.as_ref().map(|folder| format!("{folder}.{absolute}")));
                    wanted.push(absolute);
                }
            }
        }
    }

    /// The file of a module's name.
    fn import(&mut self, roots: &[PathBuf], name: &str) -> Option<Imported> {
        if name.starts_with("std.") {
            let key = (PathBuf::new(), name.to_owned());
            if let Some(known) = self.imported.get(&key) {
                return Some(known.clone());
            }
            let text = self.library.text(name)?.to_owned();
            let file = File::new(&self.db, name.to_owned(), Language::Bloom, text);
            let imported = Imported { file, path: None };
            self.imported.insert(key, imported.clone());
            return Some(imported);
        }
        let relative: PathBuf = name.split('.').collect();
        for root in roots {
            let key = (root.clone(), name.to_owned());
            if let Some(known) = self.imported.get(&key) {
                return Some(known.clone());
            }
            for (extension, language) in EXTENSIONS {
                let path = root.join(&relative).with_extension(extension);
                let Some(text) = self.text(&path) else {
                    continue;
                };
                let file = File::new(&self.db, name.to_owned(), language, text);
                let path = Some(path);
                let imported = Imported { file, path };
                self.imported.insert(key, imported.clone());
                return Some(imported);
            }
        }
        None
    }

    /// The text at a path: as the editor has it, or as it is on the disk.
    fn text(&self, path: &Path) -> Option<String> {
        let uri = Uri::from_file_path(path);
        let open = uri.and_then(|uri| self.open.get(&uri));
        match open {
            Some(document) => Some(document.file.text(&self.db).to_string()),
            // What cannot be read is no module: the compiler reports the import.
            None if path.is_file() => fs::read_to_string(path).ok(),
            None => None,
        }
    }
}

impl Snapshot {
    pub fn text(&self) -> &Arc<String> {
        self.file.text(&self.db)
    }

    /// Where an editor can open a file of the program.
    pub fn uri(&self, file: FileId) -> Option<Uri> {
        let own = self.uris.get(file.0 as usize)?;
        own.clone().or_else(|| {
            let file = self.package.files(&self.db).get(file.0 as usize)?;
            self.library.uri(file.name(&self.db))
        })
    }

    /// The file of the program that an editor opens there.
    pub fn file_at(&self, uri: &Uri) -> Option<FileId> {
        let files = (0..self.uris.len() as u32).map(FileId);
        let mut files = files.filter(|&file| self.uri(file).as_ref() == Some(uri));
        files.next()
    }

    pub fn is_editable(&self, file: FileId) -> bool {
        let uri = self.uris.get(file.0 as usize);
        let is_own = file == FileId(0);
        uri.is_some_and(Option::is_some) && !(is_own && self.is_library)
    }

    /// The texts of the program's files.
    pub fn program(&self) -> Vec<ProgramText> {
        let files = self.package.files(&self.db).iter().zip(&self.uris);
        let files = files.map(|(&file, uri)| {
            let path = uri.as_ref().and_then(Uri::to_file_path);
            let name = file.name(&self.db).clone();
            ProgramText {
                path: path.map_or_else(|| name.clone(), |path| path.display().to_string()),
                name,
                text: file.text(&self.db).to_string(),
            }
        });
        files.collect()
    }

    pub fn lines(&self) -> Lines<'_> {
        Lines::known(self.text(), &self.lines, self.encoding)
    }
}

/// Makes changes of a text, and of where its lines start.
fn edit(
    text: &mut String,
    starts: &mut Starts,
    changes: Vec<TextDocumentContentChangeEvent>,
    encoding: Encoding,
) {
    for change in changes {
        match change.range {
            None => {
                *text = change.text;
                *starts = Starts::new(text);
            }
            Some(range) => {
                let lines = Lines::known(text, starts, encoding);
                let (start, end) = (lines.offset(range.start), lines.offset(range.end));
                let bytes = start..end.max(start);
                text.replace_range(bytes.clone(), &change.text);
                starts.replace(bytes, &change.text);
            }
        }
    }
}

fn set(db: &mut Database, file: File, text: Arc<String>) {
    if *file.text(db) != text {
        file.set_text(db).to(text);
    }
}

fn language(path: &Path) -> Language {
    match path.extension() {
        Some(extension) if extension == "ded" => Language::Dedalus,
        _ => Language::Bloom,
    }
}
