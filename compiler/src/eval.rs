//! Evaluation of typed expressions over [`Value`](bloom_plan::value::Value)s: by the checker of
//! lattice laws, for the constants of tests, and by the reference evaluator of the test suite.
//!
//! Invariant: an expression of a program without errors gives a value of its type or a row error;
//! it never asserts.

pub mod lattice;

pub mod builtins;

mod arithmetic;

pub mod interpreter;

mod matching;
