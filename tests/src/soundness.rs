//! The differential test of the analysis: what it calls the same in every run must be so under every
//! schedule that the explorer finds, on random programs with small inputs.
//!
//! A program whose verdict is clean and that has two outcomes is unsound. One that is flagged and has
//! a single outcome on all inputs that were tried is a false alarm, as far as those inputs tell.

pub mod subject;

pub mod template;

pub mod templates;

pub mod inputs;

pub mod rules;

pub mod mutate;

pub mod generate;

pub mod features;

pub mod reduce;

pub mod judge;

pub mod figures;

pub mod exploration;

pub mod verdicts;

pub mod search;

pub mod trial;

pub mod mending;

pub mod report;

pub mod campaign;
