//! Why a search cannot say what happens within its bounds.

use smol_str::SmolStr;
use thiserror::Error;

/// What stops the symbolic evaluation. Nothing is claimed then.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Limit {
    #[error("the circuit of `{0}` has too many gates")]
    Gates(SmolStr),
    #[error("a tick at `{node}` may derive more than {max} rows of `{relation}`")]
    Rows {
        node: SmolStr,
        relation: SmolStr,
        max: usize,
    },
    #[error("one key of `{0}` may have too many different values")]
    Values(SmolStr),
    #[error("an aggregate for `{0}` may have too many different results")]
    Results(SmolStr),
    #[error("in the recursion of `{0}` a key may get different values")]
    Conflict(SmolStr),
    #[error("the program {0}")]
    Unsupported(String),
    #[error("the formula does not follow nodes that pause or have a bad disk")]
    Ailment,
    #[error("the program asks for the time, and clocks may be wrong")]
    Time,
    #[error("node `{node}` cannot start: {error}")]
    Start { node: SmolStr, error: String },
    #[error("a row for `{relation}` does not fit: {error}")]
    Misfit { relation: SmolStr, error: String },
}
