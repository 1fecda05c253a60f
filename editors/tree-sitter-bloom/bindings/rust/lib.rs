//! The tree-sitter grammar of Bloom for programs in Rust: give [`LANGUAGE`] to a `tree_sitter::Parser`.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_bloom() -> *const ();
}

// SAFETY: this is the function of the parser that tree-sitter generated, which the build compiles.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_bloom) };

pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
pub const INJECTIONS: &str = include_str!("../../queries/injections.scm");
pub const FOLDS: &str = include_str!("../../queries/folds.scm");
pub const LOCALS: &str = include_str!("../../queries/locals.scm");
