//! Passes over the relational IR, each in a file of its own, in the order below. A pass keeps what
//! a program means: the rows of every relation, and which row errors there are. [`restrict`] keeps
//! the rows of what is looked at, so whoever runs it must know what that is.

mod fold_constants;
mod prune_columns;
mod prune_rules;
mod restrict;
mod split_conditions;
mod unique_literals;

use crate::rir::{Program, verify};

pub use restrict::restrict;

type Pass = fn(&mut Program);

/// The passes in order.
const PASSES: &[(&str, Pass)] = &[
    ("fold-constants", fold_constants::run),
    ("split-conditions", split_conditions::run),
    ("unique-literals", unique_literals::run),
    ("prune-columns", prune_columns::run),
    ("prune-rules", prune_rules::run),
];

/// Runs every pass; in debug builds the result of each is verified.
pub fn optimize(program: &mut Program) {
    for (name, pass) in PASSES {
        pass(program);
        if cfg!(debug_assertions)
            && let Err(broken) = verify::verify(program)
        {
            panic!("{name} broke the program: {broken}");
        }
    }
}

#[cfg(test)]
mod tests;
