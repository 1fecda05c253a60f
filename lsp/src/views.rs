//! What an editor shows beside the text: reports that need more than the front of the compiler, which whoever
//! starts the server brings along.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use tower_lsp::ls_types::TextDocumentIdentifier;

/// A file of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramText {
    /// As shown; of the standard library its name as a module.
    pub path: String,
    /// As a module: `kvs`, `std.delivery`.
    pub name: String,
    pub text: String,
}

/// A report, or why there is none: a sentence that says which mistake of the program stands in the way.
pub type View = Result<Value, String>;

/// Reports on a program, its root file first. And tests of it.
pub trait Views: Send + Sync {
    fn labels(&self, program: Vec<ProgramText>) -> View;
    fn witness(&self, program: Vec<ProgramText>) -> View;
    fn dataflow(&self, program: Vec<ProgramText>) -> View;
    fn expand(&self, program: Vec<ProgramText>) -> View;

    /// Tests of what was recorded, which the program passes, or why there are none.
    fn recorded_test(&self, recording: &Path, program: Vec<ProgramText>) -> Result<String, String>;
}

/// What our own requests ask about.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfDocument {
    pub text_document: TextDocumentIdentifier,
}
