//! What an editor asks, answered in plain data: places are bytes in files, and nothing here knows a protocol.
//!
//! One file a feature. Each answers on broken programs too, from what was understood.

mod hover;

mod names;

mod symbols;

pub use hover::{Hover, hover};
pub use names::{Mention, Names, Role};
pub use symbols::{Symbol, SymbolKind, symbols};

#[cfg(test)]
mod tests;
