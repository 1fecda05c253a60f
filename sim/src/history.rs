//! Histories of registers, as clients see them, and whether they are consistent.
//!
//! A history is a set of operations, each with the ticks in which it was invoked and answered. The checkers know
//! nothing of nodes, messages or rules: they look at what went in and what came out.
//!
//! The order of the modules below is their layering.

pub mod operation;

mod order;

pub mod serialize;

pub mod linearizable;

pub mod sequential;

pub mod causal;

pub mod converges;

pub mod recorder;

pub use operation::{Act, History, Operation, Verdict};
