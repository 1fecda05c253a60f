//! The built-ins of `bloom_plan::functions`, over words.
//!
//! To add one: give it a line in its area's table in `plan/src/functions/`, then an arm in the
//! `match` of that area here; the compiler points at the missing arm. A body gets its arguments as
//! words of `site.arguments` (receiver first) and returns a word of `site.result`, or a row error.
//! It reaches values by `context.store` (`words`, `text`, `bytes`, `make`, `make_string`, `compare`,
//! `value`, `word`), joins and bottoms by `context.join` and `context.bottom`, the tick's time by
//! `context.now()`, randomness by `context.random_word()`. An argument of a function type is the
//! number of a lambda, to be called with `context.call_lambda(argument, &[…])`.
//!
//! Words of values made on the way stay good until the tick ends; slices borrowed from the store
//! must be copied before the next value is made.

use bloom_plan::plan::{RowError, Site};

use crate::context::Context;

/// Runs a built-in.
pub fn call(context: &mut Context, site: &Site, arguments: &[u64]) -> Result<u64, RowError> {
    debug_assert_eq!(arguments.len(), site.arguments.len());
    let _ = context;
    Err(RowError::Invalid)
}
