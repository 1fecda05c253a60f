//! The contract between the compiler and everything that runs its output: types, values, schemas,
//! the plan (a dataflow IR that is also what machine code is generated from), the table of runtime
//! functions that generated code may call, and the tests of a program as data.
//!
//! Knows nothing of source text, of Cranelift, of sockets or of clocks. The order of the modules
//! below is their layering: each names only modules declared before it.

pub mod types;

pub mod value;

pub mod display;

pub mod print;

pub mod functions;

pub mod plan;

pub mod statistics;

pub mod semantics;

pub mod text;

pub mod artifact;

pub mod testing;
