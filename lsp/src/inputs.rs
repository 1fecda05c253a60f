//! The inputs of documents. The database never removes one, so those of closed documents are emptied and serve the
//! documents that are opened next.

use std::sync::Arc;

use bloom_compiler::coordination::insertions_of;
use bloom_compiler::database::{self, Database, File, Language, Package};
use bloom_compiler::ide;
use salsa::Setter;

/// Inputs that no document has.
#[derive(Default)]
pub struct Spare(Vec<(File, Package)>);

impl Spare {
    /// A file and the package of it alone.
    pub fn take(
        &mut self,
        db: &mut Database,
        name: String,
        language: Language,
        text: String,
    ) -> (File, Package) {
        let Some((file, package)) = self.0.pop() else {
            let file = File::new(db, name, language, text);
            return (file, Package::new(db, vec![file]));
        };
        file.set_name(db).to(name);
        file.set_language(db).to(language);
        file.set_text(db).to(Arc::new(text));
        (file, package)
    }

    /// Takes the inputs of a document that is closed, of which nothing is kept.
    pub fn give(&mut self, db: &mut Database, file: File, package: Package) {
        database::forget(db, package, |db| {
            ide::find_all(db, package);
            insertions_of(db, package);
        });
        self.0.push((file, package));
    }
}
