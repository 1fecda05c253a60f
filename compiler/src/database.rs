//! The front of the pipeline as salsa queries, for whoever checks a program again after each edit.
//!
//! ```text
//! File ──> parsed ──> module ──┐
//!                              ├──> resolved ──> program ──> typed ──> analyzed ──> flows ──> calm_report
//!                 other files ─┘
//! ```
//!
//! [`module`] is the tree alone: an edit in a comment at the end leaves it equal, and nothing after it runs.
//! [`program`] counts every place from the item
//! that it is in, so a line inserted above leaves it equal; [`resolved`] says where items are. `flows` are the
//! summaries that the consistency analysis reads: an edit of which it would see nothing does not run it.
//!
//! The queries take all rules together, but do not look at each again: a `Recall` keeps what was found of
//! every item and rule, and one that did not change costs a look-up. The functions behind the
//! queries give the same in one shot, as [`check`](crate::check::check) does; tests hold one to the other.

use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bloom_stdx::arena::Arena;
use rustc_hash::FxHashMap;
use salsa::Setter;

use crate::analysis::{self, Analysis};
use crate::base::{Diagnostic, FileId, FileSpan};
use crate::calm::flow::KindFlow;
use crate::check::Checked;
use crate::hir::{self, ItemRef, Loc, NodeId, Place, Program};
use crate::syntax::ast;
use crate::typing::{self, Typed};
use crate::{calm, check, dedalus, syntax};

#[cfg(test)]
mod tests;

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    Bloom,
    /// `.ded`
    Dedalus,
}

/// A file and what is in it now.
#[salsa::input(debug, constructor = of_text)]
pub struct File {
    /// Its path as a module: `kvs`, `std.delivery`.
    #[returns(ref)]
    pub name: String,
    #[returns(copy)]
    pub language: Language,
    /// Shared by those who keep it.
    #[returns(ref)]
    pub text: Arc<String>,
}

impl File {
    pub fn new(db: &dyn salsa::Database, name: String, language: Language, text: String) -> Self {
        Self::of_text(db, name, language, Arc::new(text))
    }
}

/// A program: the root file, then all that it may import. The index of a file is its [`FileId`].
#[salsa::input(debug)]
pub struct Package {
    #[returns(ref)]
    pub files: Vec<File>,
}

/// What was found of the rules of a package when it was last checked.
#[derive(Debug, Default)]
struct Recall {
    resolution: hir::Recall,
    typing: typing::Recall,
    analysis: analysis::Recall,
    calm: calm::Recall,
}

/// How many fragments and rules of a package the last run of each stage looked at, rather than recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    pub parsed: usize,
    pub resolved: usize,
    pub typed: usize,
    pub analyzed: usize,
    pub summarized: usize,
    /// Whether the consistency analysis ran.
    pub is_judged: bool,
    /// For how many rules it looked for their form.
    pub forms: usize,
}

/// A database with what helps its queries, and never changes what they answer.
#[salsa::db]
pub trait Db: salsa::Database {
    fn recalls(&self) -> &Recalls;
}

/// What was found of each file and package.
#[derive(Clone, Debug, Default)]
pub struct Recalls(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    files: FxHashMap<File, syntax::Recall>,
    packages: FxHashMap<Package, Recall>,
    /// What modules that are not known here keep, by its type.
    others: FxHashMap<(Package, TypeId), Arc<dyn Any + Send + Sync>>,
}

/// What the queries are kept in.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
    recalls: Recalls,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {
    fn recalls(&self) -> &Recalls {
        &self.recalls
    }
}

impl Database {
    /// A database that tells of each event, such as a query that runs.
    pub fn observed(observe: impl Fn(salsa::Event) + Send + Sync + 'static) -> Self {
        Self {
            storage: salsa::Storage::new(Some(Box::new(observe))),
            recalls: Recalls::default(),
        }
    }
}

impl Recalls {
    /// Nothing in them can be half done: what a panic left out is found again.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was kept last of a package, by its type.
    pub(crate) fn of_package<T: Any + Send + Sync>(&self, package: Package) -> Option<Arc<T>> {
        let kept = self
            .lock()
            .others
            .get(&(package, TypeId::of::<T>()))?
            .clone();
        kept.downcast().ok()
    }

    /// Keeps what was found of a package, for the next time that something is found of it.
    pub(crate) fn keep<T: Any + Send + Sync>(&self, package: Package, found: Arc<T>) {
        let key = (package, TypeId::of::<T>());
        // What was kept before goes when the lock is open again: it may be large.
        let _before = self.lock().others.insert(key, found);
    }
}

/// Lets go of a package that nobody asks about any more, and of its root file. A result stays until another takes its
/// place, so the file is emptied and all is asked again; `ask` asks what is not known here.
pub fn forget(db: &mut Database, package: Package, ask: impl FnOnce(&Database)) {
    let root = package.files(db).first().copied();
    package.set_files(db).to(root.into_iter().collect());
    if let Some(root) = root {
        root.set_text(db).to(Arc::default());
        problems(db, package);
        ask(db);
    }
    let Inner {
        files,
        packages,
        others,
    } = &mut *db.recalls.lock();
    files.retain(|file, _| Some(*file) != root);
    packages.remove(&package);
    others.retain(|(of, _), _| *of != package);
}

/// A file's tree, diagnostics and comments.
#[salsa::tracked(returns(ref), no_eq)]
pub fn parsed(db: &dyn Db, file: File) -> syntax::Parse {
    let text = file.text(db);
    match file.language(db) {
        Language::Bloom => {
            let mut recalls = db.recalls().lock();
            syntax::parse_again(text, recalls.files.entry(file).or_default())
        }
        Language::Dedalus => {
            let parse = dedalus::parse(text);
            let (module, translation) = dedalus::translate(&parse.program);
            syntax::Parse {
                module: Arc::new(module),
                diagnostics: [parse.diagnostics, translation].concat(),
                ..syntax::Parse::default()
            }
        }
    }
}

/// A file's tree.
#[salsa::tracked(returns(ref))]
pub fn module(db: &dyn Db, file: File) -> Arc<ast::Module> {
    Arc::clone(&parsed(db, file).module)
}

/// What a file imports, as far as its syntax tells.
#[salsa::tracked(returns(ref))]
pub fn imports(db: &dyn Db, file: File) -> Vec<Vec<String>> {
    syntax::imports(module(db, file))
}

/// The program with every name looked up, and where its items are.
#[salsa::tracked(returns(ref), no_eq)]
pub fn resolved(db: &dyn Db, package: Package) -> hir::Again {
    let files = package.files(db);
    let sources: Vec<hir::Source<'_>> = (0..)
        .zip(files)
        .map(|(number, &file)| hir::Source {
            name: file.name(db),
            file: FileId(number),
            module: module(db, file),
        })
        .collect();
    let mut recalls = db.recalls().lock();
    let recall = &mut recalls.packages.entry(package).or_default().resolution;
    hir::resolve_again(&sources, recall)
}

/// The program with every name looked up. Its places count from its items: [`file_span`] tells where
/// something is.
#[salsa::tracked(returns(ref))]
pub fn program(db: &dyn Db, package: Package) -> Arc<Program> {
    Arc::clone(&resolved(db, package).program)
}

/// The program with every type inferred.
#[salsa::tracked(returns(ref), no_eq)]
pub fn typed(db: &dyn Db, package: Package) -> Typed {
    let program = program(db, package);
    let mut recalls = db.recalls().lock();
    let recall = &mut recalls.packages.entry(package).or_default().typing;
    typing::infer_with(program, recall)
}

/// Whether nothing is wrong with the program up to its types, so that more can be said of it.
#[salsa::tracked(returns(copy))]
fn well_typed(db: &dyn Db, package: Package) -> bool {
    let parsed = package.files(db).iter().map(|&file| parsed(db, file));
    let mut syntax = parsed.flat_map(|parsed| &parsed.diagnostics);
    let mut resolution = resolved(db, package).diagnostics.iter();
    let mut types = typed(db, package).diagnostics.iter();
    !(syntax.any(Diagnostic::is_error)
        || resolution.any(Diagnostic::is_error)
        || types.any(Diagnostic::is_error))
}

/// What follows from the rules of a well-typed program.
#[salsa::tracked(returns(ref), no_eq)]
pub fn analyzed(db: &dyn Db, package: Package) -> Analysis {
    if !well_typed(db, package) {
        return Analysis::default();
    }
    let (program, typed) = (program(db, package), typed(db, package));
    let mut recalls = db.recalls().lock();
    let Recall {
        typing, analysis, ..
    } = recalls.packages.entry(package).or_default();
    analysis::analyze_with(program, typed, analysis, typing.generation)
}

/// The summaries of the rules of a program without errors.
#[salsa::tracked(returns(ref))]
fn flows(db: &dyn Db, package: Package) -> Arena<NodeId, KindFlow> {
    let analysis = analyzed(db, package);
    if !well_typed(db, package) || analysis.diagnostics.iter().any(Diagnostic::is_error) {
        return Arena::new();
    }
    let (program, typed) = (program(db, package), typed(db, package));
    let mut recalls = db.recalls().lock();
    let Recall { typing, calm, .. } = recalls.packages.entry(package).or_default();
    calm::summarize_with(program, typed, analysis, calm, typing.generation)
}

/// Which outputs no schedule decides, and why not the others: of a program without errors.
#[salsa::tracked(returns(ref), no_eq)]
pub fn calm_report(db: &dyn Db, package: Package) -> calm::Report {
    let flows = flows(db, package);
    match flows.is_empty() {
        true => calm::Report::default(),
        false => {
            let program = program(db, package);
            let mut recalls = db.recalls().lock();
            let recall = recalls.packages.entry(package).or_default();
            calm::analyze_with(program, flows, &mut recall.calm)
        }
    }
}

/// How many errors there are up to the resolution of names.
pub fn parse_and_resolution_errors(db: &dyn Db, package: Package) -> usize {
    let parsed = package.files(db).iter().map(|&file| parsed(db, file));
    let syntax = parsed.flat_map(|parsed| &parsed.diagnostics);
    let errors = syntax.chain(&resolved(db, package).diagnostics);
    errors.filter(|diagnostic| diagnostic.is_error()).count()
}

/// All that is wrong with a program, by file and place.
pub fn diagnostics(db: &dyn Db, package: Package) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (number, &file) in (0..).zip(package.files(db)) {
        let syntax = parsed(db, file).diagnostics.iter();
        all.extend(syntax.map(|diagnostic| diagnostic.clone().placed(FileId(number), 0)));
    }
    let resolved = resolved(db, package);
    all.extend(resolved.diagnostics.iter().cloned());
    let types = typed(db, package).diagnostics.iter();
    let relative = types.chain(&analyzed(db, package).diagnostics);
    all.extend(relative.map(|diagnostic| placed(diagnostic.clone(), &resolved.places)));
    all.sort_by_key(|diagnostic| (diagnostic.primary.place(), diagnostic.code.id()));
    all
}

/// All that a person is told of a program: [`diagnostics`], then the points of order that they do not tell.
pub fn problems(db: &dyn Db, package: Package) -> Vec<Diagnostic> {
    let mut all = diagnostics(db, package);
    let points = calm::warnings(program(db, package), calm_report(db, package)).into_iter();
    let places = &resolved(db, package).places;
    let points = points.map(|point| placed(point, places)).collect();
    let points = check::unsaid(points, &all);
    all.extend(points);
    all.sort_by_key(|diagnostic| (diagnostic.primary.place(), diagnostic.code.id()));
    all
}

/// The program as far as it was understood, as [`check`](crate::check::check) gives it; for what is to be
/// compiled or looked at as a whole.
pub fn checked(db: &dyn Db, package: Package) -> Checked {
    Checked {
        program: Program {
            places: resolved(db, package).places.clone(),
            ..Program::clone(program(db, package))
        },
        typed: Typed {
            diagnostics: Vec::new(),
            ..typed(db, package).clone()
        },
        analysis: Analysis {
            diagnostics: Vec::new(),
            ..analyzed(db, package).clone()
        },
        calm: calm_report(db, package).clone(),
        diagnostics: diagnostics(db, package),
    }
}

/// Where something is.
pub fn file_span(db: &dyn Db, package: Package, loc: Loc) -> FileSpan {
    let place = resolved(db, package).places[loc.item];
    FileSpan::new(place.file, loc.span.shifted(place.offset))
}

/// How much of the package was looked at when it was last checked.
pub fn effort(db: &dyn Db, package: Package) -> Effort {
    let recalls = db.recalls().lock();
    let of = |count: fn(&Recall) -> usize| recalls.packages.get(&package).map_or(0, count);
    let files = package.files(db).iter();
    let parsed = files.filter_map(|file| recalls.files.get(file));
    Effort {
        parsed: parsed.map(|recall| recall.parsed).sum(),
        resolved: of(|recall| recall.resolution.resolved),
        typed: of(|recall| recall.typing.inferred),
        analyzed: of(|recall| recall.analysis.analyzed),
        summarized: of(|recall| recall.calm.summarized),
        is_judged: recalls
            .packages
            .get(&package)
            .is_some_and(|recall| recall.calm.is_analyzed),
        forms: of(|recall| recall.calm.looked_for()),
    }
}

/// A diagnostic about places that count from items.
fn placed(mut diagnostic: Diagnostic, places: &Arena<ItemRef, Place>) -> Diagnostic {
    let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.labels);
    let edits = diagnostic.fixes.iter_mut().flat_map(|fix| &mut fix.edits);
    let labels = labels.map(|label| (&mut label.file, &mut label.span));
    for (file, span) in labels.chain(edits.map(|edit| (&mut edit.file, &mut edit.span))) {
        let place = places[ItemRef(file.0)];
        *file = place.file;
        *span = span.shifted(place.offset);
    }
    diagnostic
}
