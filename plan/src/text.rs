//! Text of plans, that prints and parses back: what `--emit plan` shows and what golden tests
//! compare.
//!
//! Everything is a [`Form`]: a word, a quoted text, or a list in parentheses. How a type is written
//! is said once, by a table ([`forms!`](crate::forms)) from which both directions follow. Invariant:
//! `parse(print(x)) == x`.

mod form;
mod layout;
mod table;
mod tables;

pub use form::{Form, ParseError};
pub use table::{Fields, Text};

/// The value as text.
pub fn print(value: &impl Text) -> String {
    layout::lay_out(&value.write())
}

/// The value that the text is of.
pub fn parse<T: Text>(text: &str) -> Result<T, ParseError> {
    T::read(&Form::parse(text)?)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::CLOSURE;
