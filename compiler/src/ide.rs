//! What an editor asks, answered in plain data: places are bytes in files, and nothing here knows a protocol.
//!
//! One file a feature. Each answers on broken programs too, from what was understood.

mod names;

mod calls;

mod complete;

mod cursor;

mod actions;

mod definitions;

mod hints;

mod hover;

mod language;

mod rename;

mod signature;

mod structure;

mod symbols;

mod tokens;

pub use actions::{Action, ActionKind, Trial, actions, trial};
pub use calls::{Link, Named, collection, readers, writers};
pub use complete::{Completion, CompletionKind, ROWS_MAX, completions};
pub use definitions::{implementations, type_definitions};
pub use hints::{Hint, HintKind, hints};
pub use hover::{Hover, hover};
pub use names::{AllNames, Mention, Names, Role, Source, Target, all_names, names_of};
pub use rename::{Refusal, renamable, rename};
pub use signature::{Signature, built_ins, signatures};
pub use structure::{Fold, FoldKind, folds, selections};
pub use symbols::{Symbol, SymbolKind, symbols};
pub use tokens::{Word, WordKind, WordRole, words, words_of};

use crate::database::{Db, Package};

/// Finds whatever is kept of a package here, so that it takes the place of what was kept before.
pub fn find_all(db: &dyn Db, package: Package) {
    names_of(db, package);
    names::fields_of(db, package);
    words_of(db, package);
}

#[cfg(test)]
mod tests;
