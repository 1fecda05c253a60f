//! What stays of a package that is let go: nothing.

use std::sync::Arc;

use super::super::{find_all, names_of, words_of};
use super::editing::package;
use crate::coordination::insertions_of;
use crate::database::{self, Database};
use salsa::Setter;

const PROGRAM: &str = "input a(x: Int);\ntable b(x: Int);\noutput c(x: Int);\nb{x} <= a{x};\nc{x} <= b{x}, not a{x};\n";

#[test]
fn nothing_is_kept_of_a_package_that_is_forgotten() {
    let mut db = Database::default();
    let package = package(&db, PROGRAM);
    let file = package.files(&db)[0];
    let said = database::problems(&db, package);
    insertions_of(&db, package);
    let text = Arc::downgrade(file.text(&db));
    let tree = Arc::downgrade(database::module(&db, file));
    let program = Arc::downgrade(database::program(&db, package));
    let rule = {
        let kind = database::program(&db, package).nodes.values().next();
        kind.and_then(|kind| kind.rules.values().next().map(Arc::downgrade))
    };
    let rule = rule.expect("the program has a rule");
    let names = Arc::downgrade(names_of(&db, package));
    let words = Arc::downgrade(words_of(&db, package));
    database::forget(&mut db, package, |db| {
        find_all(db, package);
        insertions_of(db, package);
    });
    // What is replaced goes with the next change.
    file.set_text(&mut db).to(Arc::new(PROGRAM.to_owned()));
    assert!(text.upgrade().is_none());
    assert!(tree.upgrade().is_none());
    assert!(program.upgrade().is_none());
    assert!(rule.upgrade().is_none());
    assert!(names.upgrade().is_none());
    assert!(words.upgrade().is_none());
    assert_eq!(database::problems(&db, package), said);
}
