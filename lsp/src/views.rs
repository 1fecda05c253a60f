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

/// Reports on a program, its root file first; `null` of one with errors. And tests of it.
pub trait Views: Send + Sync {
    fn labels(&self, program: Vec<ProgramText>) -> Value;
    fn witness(&self, program: Vec<ProgramText>) -> Value;
    fn dataflow(&self, program: Vec<ProgramText>) -> Value;
    fn expand(&self, program: Vec<ProgramText>) -> Value;

    /// Tests of what was recorded, which the program passes, or why there are none.
    fn recorded_test(&self, recording: &Path, program: Vec<ProgramText>) -> Result<String, String>;
}

/// What our own requests ask about.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfDocument {
    pub text_document: TextDocumentIdentifier,
}
