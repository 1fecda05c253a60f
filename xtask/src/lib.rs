//! What makes the inputs of the examples: also for the tests that run them.

pub mod cart_log;
pub mod dependency_facts;
