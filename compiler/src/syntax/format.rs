//! Lays a program out anew, token by token.
//!
//! What is written is the tokens and comments of the text in their order, so nothing can be lost; only the
//! blanks between them are chosen here. Line breaks inside a unit are the author's; between units, around
//! blocks and in lines that are too long they are ours.

mod align;
mod brackets;
mod layout;
mod line;
mod spacing;

use super::lexer::lex;
use super::parse;
use super::split::split;
use crate::base::Diagnostic;

/// Lines are broken to have at most so many characters, where they can be.
const WIDTH: usize = 100;

/// How far a block, a bracket or a continued line is moved in.
const INDENT: usize = 2;

/// The program laid out in the one style, or its errors. Formatting twice changes nothing more.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parse = parse(text);
    if parse.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parse.diagnostics);
    }
    let lexed = lex(text);
    let pieces = split(text, &lexed.tokens).pieces;
    let roles = brackets::roles(&lexed.tokens, &pieces, &parse.angles);
    let mut lines = layout::lines(text, &lexed, &pieces, &roles);
    align::align(&mut lines);
    Ok(line::join(&lines))
}
