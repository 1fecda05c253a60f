//! The Bloom compiler: a pipeline of total functions from source text to a plan.
//!
//! The order of the `mod` lines is the layering: a module names only modules declared before it.
//! Nothing here reads a clock, a file, a socket or the environment.

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "tests read the corpus")
)]

pub mod base;
pub mod syntax;

pub mod manifest;

pub mod dedalus;

pub mod hir;

pub mod typing;

pub mod eval;

pub mod analysis;

pub mod calm;

pub mod check;

pub mod database;

pub mod ide;

pub mod coordination;

pub mod mend;

pub mod testing;

pub mod rir;

pub mod opt;

pub mod planning;

pub mod codegen;

pub mod compile;

pub mod faults;
