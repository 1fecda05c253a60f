//! The front of the pipeline as salsa queries, so that an edit does again only what it changed.
//!
//! ```text
//! File ── outline ──> fragments ── fragment (by text) ──> parsed ──> module ──> resolved ──> typed
//! ```
//!
//! A fragment is parsed once for each text, wherever it stands. [`module`] is the tree alone: an edit in a
//! comment leaves it equal, and nothing after it runs. The commands of one run can use the functions behind the
//! queries as well; both give the same.

use crate::base::{Diagnostic, FileId};
use crate::syntax::ast;
use crate::typing::{self, Typed};
use crate::{dedalus, hir, syntax};

/// The language of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    Bloom,
    /// `.ded`
    Dedalus,
}

/// A file and what is in it now.
#[salsa::input]
pub struct File {
    /// Its path as a module: `kvs`, `std.delivery`.
    #[returns(ref)]
    pub name: String,
    #[returns(copy)]
    pub language: Language,
    #[returns(ref)]
    pub text: String,
}

/// A program: the root file, then all that it may import. The index of a file is its [`FileId`].
#[salsa::input]
pub struct Package {
    #[returns(ref)]
    pub files: Vec<File>,
}

#[salsa::interned]
struct FragmentText<'db> {
    #[returns(ref)]
    text: String,
}

/// What the queries are kept in.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

impl Database {
    /// A database that tells of each event, such as a query that runs.
    pub fn observed(observe: impl Fn(salsa::Event) + Send + Sync + 'static) -> Self {
        Self {
            storage: salsa::Storage::new(Some(Box::new(observe))),
        }
    }
}

#[salsa::tracked(returns(ref))]
fn fragment<'db>(db: &'db dyn salsa::Database, text: FragmentText<'db>) -> syntax::Fragment {
    syntax::parse_fragment(text.text(db))
}

/// A file's tree, diagnostics and comments.
#[salsa::tracked(returns(ref))]
pub fn parsed(db: &dyn salsa::Database, file: File) -> syntax::Parse {
    let text = file.text(db);
    match file.language(db) {
        Language::Bloom => syntax::parse_with(text, |text| {
            fragment(db, FragmentText::new(db, text.to_owned()))
        }),
        Language::Dedalus => {
            let parse = dedalus::parse(text);
            let (module, translation) = dedalus::translate(&parse.program);
            syntax::Parse {
                module,
                diagnostics: [parse.diagnostics, translation].concat(),
                ..syntax::Parse::default()
            }
        }
    }
}

/// A file's tree.
#[salsa::tracked(returns(ref))]
pub fn module(db: &dyn salsa::Database, file: File) -> ast::Module {
    parsed(db, file).module.clone()
}

/// The program with every name looked up.
#[salsa::tracked(returns(ref))]
pub fn resolved(db: &dyn salsa::Database, package: Package) -> hir::Resolved {
    let sources: Vec<hir::Source<'_>> = (0..)
        .zip(package.files(db))
        .map(|(number, &file)| hir::Source {
            name: file.name(db),
            file: FileId(number),
            module: module(db, file),
        })
        .collect();
    hir::resolve(&sources)
}

/// The program with every type inferred.
#[salsa::tracked(returns(ref), no_eq)]
pub fn typed(db: &dyn salsa::Database, package: Package) -> Typed {
    typing::infer(&resolved(db, package).program)
}

/// What is wrong with a program, up to its types: by file and place.
pub fn diagnostics(db: &dyn salsa::Database, package: Package) -> Vec<Diagnostic> {
    let mut all = Vec::new();
    for (number, &file) in (0..).zip(package.files(db)) {
        let syntax = parsed(db, file).diagnostics.iter();
        all.extend(syntax.map(|diagnostic| diagnostic.clone().placed(FileId(number), 0)));
    }
    all.extend(resolved(db, package).diagnostics.iter().cloned());
    all.extend(typed(db, package).diagnostics.iter().cloned());
    all.sort_by_key(|diagnostic| (diagnostic.primary.place(), diagnostic.code.id()));
    all
}

#[cfg(test)]
mod tests {
    use super::{Database, File, Language, Package, diagnostics};
    use expect_test::{Expect, expect};
    use salsa::Setter;
    use std::sync::{Arc, Mutex};

    /// Checks `before`, then `after`, and compares the queries that the second check ran.
    fn check_edit(before: &str, after: &str, expect: &Expect) {
        let ran: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&ran);
        let mut db = Database::observed(move |event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                let name = format!("{database_key:?}");
                let name = name.split('(').next().expect("a split has a first part");
                log.lock()
                    .expect("no test panics while it logs")
                    .push(name.to_owned());
            }
        });
        let file = File::new(&db, "main".to_owned(), Language::Bloom, before.to_owned());
        let package = Package::new(&db, vec![file]);
        diagnostics(&db, package);
        ran.lock().expect("no test panics while it logs").clear();
        file.set_text(&mut db).to(after.to_owned());
        diagnostics(&db, package);
        let names = ran.lock().expect("no test panics while it logs").join("\n");
        expect.assert_eq(&names);
    }

    #[test]
    fn a_comment_at_the_end_stops_at_the_tree() {
        check_edit(
            "table a(x: Int);\na{x: 1};\n",
            "table a(x: Int);\na{x: 1};\n// done\n",
            &expect![[r#"
                parsed
                module"#]],
        );
    }

    #[test]
    fn a_changed_rule_is_the_only_one_parsed() {
        check_edit(
            "table a(x: Int);\na{x: 1};\na{x: 2};\n",
            "table a(x: Int);\na{x: 1};\na{x: 3};\n",
            &expect![[r#"
                parsed
                fragment
                module
                resolved
                typed"#]],
        );
    }
}
