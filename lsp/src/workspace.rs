//! All programs of the workspace: what a module declares may be used by programs that no editor has open.
//!
//! They are read for one request, as the editor has them where they are open and else from the disk, into a database
//! of their own that goes with the answer. Of them only those that have the declaring file are resolved. A name is the
//! same in two programs if it is declared at the same place of the same file.

use std::fs;
use std::path::{Path, PathBuf};

use bloom_compiler::base::{Edit, FileId, FileSpan};
use bloom_compiler::ide::{self, Mention, Refusal, Role, Target};
use tower_lsp::ls_types as lsp;

use crate::documents::{Documents, Snapshot};
use crate::library::Library;
use crate::positions::Encoding;
use crate::structure::renamed;
use crate::translate::Places;

/// No more files than this are read, no larger ones together, and in no deeper folders.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 8 << 20;
const DEPTH_MAX: usize = 8;

/// Folders that hold what others have made.
const FOREIGN: [&str; 2] = ["target", "node_modules"];

/// Where a name is declared that other programs can use.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    uri: lsp::Uri,
    /// In bytes.
    start: u32,
}

/// What the programs of the workspace are read from.
pub struct Workspace {
    pub folders: Vec<PathBuf>,
    pub library: Library,
    /// What the editor has open.
    pub open: Vec<(lsp::Uri, String)>,
    pub encoding: Encoding,
}

/// Where the name at a position is declared, if that can be in another program, too.
pub fn declared(snapshot: &Snapshot, at: lsp::Position) -> Option<Declared> {
    let names = ide::all_names(&snapshot.db, snapshot.package);
    let offset = snapshot.lines().offset(at) as u32;
    let mention = names.at(FileId(0), offset)?;
    if !is_shared(mention.target) {
        return None;
    }
    let place = *names.declarations(mention.target).first()?;
    let uri = snapshot.uris.get(place.file.0 as usize)?.clone()?;
    let start = place.span.start;
    Some(Declared { uri, start })
}

fn is_shared(target: Target) -> bool {
    match target {
        Target::Collection(_)
        | Target::Column(_)
        | Target::Function(_)
        | Target::Constant(_)
        | Target::Type(_)
        | Target::Variant(_)
        | Target::Field(_)
        | Target::Module(_)
        | Target::Spec(_)
        | Target::Group(_) => true,
        Target::File(_) | Target::Import(_) | Target::TestNode(_) | Target::Variable(..) => false,
    }
}

impl Workspace {
    /// Where other programs than that of `own` name what is declared there.
    pub fn references(
        &self,
        own: &lsp::Uri,
        declared: &Declared,
        with_declaration: bool,
    ) -> Vec<lsp::Location> {
        let mut found = Vec::new();
        for snapshot in self.programs(own, declared) {
            let Some((_, target)) = target(&snapshot, declared) else {
                continue;
            };
            let names = ide::all_names(&snapshot.db, snapshot.package);
            let mut places = Places::new(&snapshot);
            let wanted = |mention: &Mention| with_declaration || mention.role != Role::Declares;
            let mentions = names.of(target).filter(wanted);
            found.extend(mentions.filter_map(|mention| places.location(mention.place)));
        }
        found
    }

    /// What another name of it changes in other programs, or why it cannot have that name.
    pub fn rename(
        &self,
        own: &lsp::Uri,
        declared: &Declared,
        new_name: &str,
    ) -> Result<Vec<lsp::WorkspaceEdit>, Refusal> {
        let mut found = Vec::new();
        for snapshot in self.programs(own, declared) {
            let Some((place, _)) = target(&snapshot, declared) else {
                continue;
            };
            let editable = |file: FileId| snapshot.is_editable(file);
            let at = (place.file, place.span.start);
            let edits = ide::rename(&snapshot.db, snapshot.package, at, new_name, &editable);
            let edits: Vec<Edit> = edits.map_err(|why| {
                let root = snapshot.uris.first().and_then(Option::as_ref);
                let path = root.and_then(lsp::Uri::to_file_path);
                match path {
                    Some(path) => format!("{}: {why}", path.display()),
                    None => why,
                }
            })?;
            found.push(renamed(&snapshot, &edits));
        }
        Ok(found)
    }

    /// The programs but one that have the declaring file.
    fn programs(&self, own: &lsp::Uri, declared: &Declared) -> Vec<Snapshot> {
        let mut files = self.open.clone();
        let mut budget = Budget {
            files: FILES_MAX,
            bytes: BYTES_MAX,
        };
        for folder in &self.folders {
            self.read(folder, DEPTH_MAX, &mut budget, &mut files);
        }
        let mut documents = Documents::new(self.library.clone());
        let uris: Vec<lsp::Uri> = files.iter().map(|(uri, _)| uri.clone()).collect();
        documents.open_all(files);
        let others = uris.iter().filter(|uri| *uri != own);
        let snapshots = others.filter_map(|uri| documents.snapshot(uri, self.encoding));
        let has_it = |snapshot: &Snapshot| {
            let mut uris = snapshot.uris.iter().flatten();
            uris.any(|uri| *uri == declared.uri)
        };
        snapshots.filter(has_it).collect()
    }

    fn read(
        &self,
        folder: &Path,
        depth: usize,
        budget: &mut Budget,
        files: &mut Vec<(lsp::Uri, String)>,
    ) {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str());
            let is_ours = |name: &str| !name.starts_with('.') && !FOREIGN.contains(&name);
            if !name.is_some_and(is_ours) {
                continue;
            }
            if path.is_dir() && !path.is_symlink() && depth > 0 {
                self.read(&path, depth - 1, budget, files);
                continue;
            }
            let is_bloom = path
                .extension()
                .is_some_and(|extension| extension == "bloom");
            let uri = lsp::Uri::from_file_path(&path).filter(|_| is_bloom);
            let Some(uri) = uri.filter(|uri| files.iter().all(|(known, _)| known != uri)) else {
                continue;
            };
            let size = fs::metadata(&path).map_or(usize::MAX, |data| data.len() as usize);
            if budget.files == 0 || size > budget.bytes {
                continue;
            }
            // What cannot be read is no program.
            if let Ok(text) = fs::read_to_string(&path) {
                budget.files -= 1;
                budget.bytes -= size;
                files.push((uri, text));
            }
        }
    }
}

/// How much may still be read.
struct Budget {
    files: usize,
    bytes: usize,
}

/// What is declared there, in another program.
fn target(snapshot: &Snapshot, declared: &Declared) -> Option<(FileSpan, Target)> {
    let mut uris = snapshot.uris.iter();
    let file = uris.position(|uri| uri.as_ref() == Some(&declared.uri))?;
    let file = FileId(u32::try_from(file).ok()?);
    let names = ide::all_names(&snapshot.db, snapshot.package);
    let mut mentions = names.all_at(file, declared.start).into_iter();
    let found = mentions.find(|mention| {
        let is_there = mention.place.span.start == declared.start;
        is_there && mention.role == Role::Declares && is_shared(mention.target)
    })?;
    Some((found.place, found.target))
}

/// All places once.
pub fn merged(mut own: Vec<lsp::Location>, others: Vec<lsp::Location>) -> Vec<lsp::Location> {
    for location in others {
        if !own.contains(&location) {
            own.push(location);
        }
    }
    own
}

/// All edits once.
pub fn merged_edits(
    mut own: lsp::WorkspaceEdit,
    others: Vec<lsp::WorkspaceEdit>,
) -> lsp::WorkspaceEdit {
    let changes = own.changes.get_or_insert_default();
    for (uri, edits) in others
        .into_iter()
        .filter_map(|other| other.changes)
        .flatten()
    {
        let known = changes.entry(uri).or_default();
        for edit in edits {
            if !known.contains(&edit) {
                known.push(edit);
            }
        }
    }
    own
}
