//! What an edit parses anew.

use crate::base::db::SourceFile;
use crate::syntax::incremental::parse_file;
use crate::syntax::parse;
use expect_test::expect;
use salsa::Setter;
use std::sync::{Arc, Mutex};

/// A database that notes which queries run.
#[salsa::db]
#[derive(Clone)]
struct Observed {
    storage: salsa::Storage<Self>,
    ran: Arc<Mutex<Vec<String>>>,
}

#[salsa::db]
impl salsa::Database for Observed {}

impl Observed {
    fn new() -> Self {
        let ran = Arc::<Mutex<Vec<String>>>::default();
        let notes = ran.clone();
        let storage = salsa::Storage::new(Some(Box::new(move |event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                let mut notes = notes
                    .lock()
                    .expect("no test panics while it holds the notes");
                notes.push(format!("{database_key:?}"));
            }
        })));
        Self { storage, ran }
    }

    /// The names of the queries that have run since the last call, and how often.
    fn ran(&self) -> String {
        let mut ran = self
            .ran
            .lock()
            .expect("no test panics while it holds the notes");
        let items = ran
            .iter()
            .filter(|query| query.contains("parse_item"))
            .count();
        let files = ran
            .iter()
            .filter(|query| query.contains("parse_file"))
            .count();
        ran.clear();
        format!("files {files}, items {items}")
    }
}

const TEXT: &str = "table a(x: Int);\ntable b(x: Int);\n\nb{x} <= a{x};\n/// Facts.\na(1);\n";

#[test]
fn an_edit_parses_anew_what_it_changes() {
    let mut db = Observed::new();
    let file = SourceFile::new(&db, "a.bloom".to_owned(), TEXT.to_owned());
    assert_eq!(*parse_file(&db, file), parse(TEXT));
    expect!["files 1, items 4"].assert_eq(&db.ran());

    let blank_line_above = format!("\n// moved\n{TEXT}");
    file.set_text(&mut db).to(blank_line_above.clone());
    assert_eq!(*parse_file(&db, file), parse(&blank_line_above));
    expect!["files 1, items 0"].assert_eq(&db.ran());

    let rule_changed = TEXT.replace("a{x};", "a{x}, x > 1;");
    file.set_text(&mut db).to(rule_changed.clone());
    assert_eq!(*parse_file(&db, file), parse(&rule_changed));
    expect!["files 1, items 1"].assert_eq(&db.ran());
}
