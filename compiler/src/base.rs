//! What every stage stands on: positions in source text, and diagnostics with their codes.
//!
//! Invariant: user errors are data ([`Diagnostic`]); they are turned into text in one place only.

pub mod codes;
mod diagnostic;
pub mod render;
mod source;
mod span;

pub use codes::{Category, Code, Severity};
pub use diagnostic::{Diagnostic, Edit, Fix, Label};
pub use source::{Position, Sources};
pub use span::{FileId, FileSpan, Span};
