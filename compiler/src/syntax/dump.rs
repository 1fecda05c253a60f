//! The first two stages as text, for `bloom check --emit`.

use super::ast::Module;
use super::lexer::lex;
use std::fmt::Write;

/// One line a token: where it is, its kind, its text.
pub fn tokens(text: &str) -> String {
    let mut out = String::new();
    for token in lex(text).tokens {
        let shown = &text[token.span.range()];
        writeln!(out, "{:?} {:?} {shown:?}", token.span, token.kind)
            .expect("a string takes what is written");
    }
    out
}

/// The tree, a line a node.
pub fn ast(module: &Module) -> String {
    format!("{module:#?}\n")
}
