//! What makes the inputs of the examples and of measurements: also for the tests that run them.

pub mod cart_log;
pub mod clicks;
pub mod dependency_facts;
pub mod rules_program;
