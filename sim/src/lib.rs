//! Runs the tests of a program: nodes in virtual time on a network that loses what a test says; and
//! explores all schedules of a small deployment.
//!
//! Nodes are the production ones: a [`World`] hands each its ticks and carries its messages, and
//! knows nothing of what happens inside. Everything that could differ between two runs (order of
//! delivery, randomness, time) comes from a seed. Knows no compiler, file, socket or clock. The
//! order of the modules below is their layering: each names only modules declared before it.

pub mod history;

pub mod machine;

pub mod disk;

pub mod network;

pub mod world;

pub mod watch;

pub mod report;

pub mod script;

pub mod suite;

pub mod explore;

mod elements;

mod shape;

pub mod lineage;

pub mod faults;

pub use machine::{Kinds, Machine, Programs, Resumable};
pub use script::{Failure, TestResult, run, run_test};
pub use suite::{Options, run_suite};
pub use world::World;
