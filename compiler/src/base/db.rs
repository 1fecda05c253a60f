//! The inputs of incremental compilation.
//!
//! Queries take `&dyn salsa::Database`; who drives them owns a [`Database`] and sets the texts of its files.

/// A database without observers.
pub type Database = salsa::DatabaseImpl;

/// A file as its editor has it.
#[salsa::input(debug)]
pub struct SourceFile {
    #[returns(deref)]
    pub path: String,
    #[returns(deref)]
    pub text: String,
}
