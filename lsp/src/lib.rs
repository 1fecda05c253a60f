//! The language server: what editors ask of the compiler, over LSP.
//!
//! The only package that knows the types of the protocol. `framing` takes the stream apart, `inputs` are what the compiler is
//! given, `documents` keeps what is open and the programs that it belongs to, `library` the standard library as files, `translate` turns the compiler's answers into the
//! protocol's, `navigate` finds names, `complete`, `tokens`, `structure`, `actions` and `lenses` have a feature or some each,
//! `workspace` looks into programs that no editor has open, `threads` computes answers, `state` keeps what lives between
//! requests, `beside` what is put into an answer on its way out, `progress` tells of long work, `server` serves, and
//! `requests` are the protocol's.

mod positions;

mod beside;

mod framing;

mod views;

mod library;

mod modules;

mod packages;

mod inputs;

mod documents;

mod translate;

mod navigate;

mod complete;

mod tokens;

mod structure;

mod actions;

mod lenses;

mod workspace;

mod capabilities;

mod threads;

mod state;

mod progress;

mod server;

mod requests;

pub use library::Texts;
pub use server::serve;
pub use views::{ProgramText, View, Views};
