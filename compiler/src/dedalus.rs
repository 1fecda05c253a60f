//! Dedalus files, the second way into the line.
//!
//! [`parse`] reads a file into a [`ast::Program`]; [`translate`] gives the Bloom module that means the same,
//! which then goes the way of every module. Source: Alvaro et al., *Dedalus: Datalog in Time and Space*,
//! 2010, in the form that the literature's fault-injection programs are written in.
//!
//! The meaning of a Dedalus program is global: one set of facts, of which the first column says where each
//! is. So it becomes one kind of node that holds the facts of all places. A tick is a step of time; what is
//! sent with `@async` comes back over a loopback, some later tick.

pub mod ast;
mod build;
mod deploy;
mod equations;
mod lexer;
mod parser;
mod schema;
mod singletons;
mod translate;

#[expect(clippy::all, clippy::unwrap_used, reason = "generated")]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/dedalus/grammar.rs"));
}

#[cfg(test)]
mod tests;

pub use deploy::{Deployment, MISPLACED, deploy};
pub use parser::{Parse, parse};
pub use translate::translate;
