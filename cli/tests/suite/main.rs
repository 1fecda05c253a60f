//! The `bloom` command from outside: its arguments, exit codes, output and files.

mod batch;
mod bench;
mod build;
mod calm;
mod calm_page;
mod check;
mod commands;
mod coordination;
mod dedalus;
mod expand;
mod faults;
mod fmt;
mod lsp;
mod ordered;
mod peers;
mod profile;
mod repl;
mod replay;
mod service;
mod support;
mod tests;
mod why;
