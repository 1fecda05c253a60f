//! From text to tree.
//!
//! [`parse`] is total: whatever the text, it returns a tree of what could be read and a diagnostic for each
//! mistake.

pub mod ast;

use crate::base::{Diagnostic, Span};

/// No tree is higher than this; what nests deeper is refused with E0110.
pub const DEPTH_MAX: usize = 256;

/// What [`parse`] gives.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Parse {
    pub module: ast::Module,
    /// In the order of the text; spans count from the start of the file, and the file is
    /// [`FileId::default`](crate::base::FileId) until placed.
    pub diagnostics: Vec<Diagnostic>,
    /// Comments, doc comments included, in the order of the text, counted from the start of the file.
    pub comments: Vec<Span>,
}

/// Parses a file.
pub fn parse(_text: &str) -> Parse {
    Parse::default()
}
