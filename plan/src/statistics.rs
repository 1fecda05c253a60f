//! What is known of relations while a program runs: by what joins are put in order.
//!
//! Whoever runs the plan measures, whoever makes plans asks; both agree on nothing but this.

use crate::plan::RelationId;

/// Sizes as of now.
pub trait Statistics {
    fn rows(&self, relation: RelationId) -> u64;

    /// About how many different values these columns, which ascend, have together: at least one, and at most as
    /// many as there are rows, if there are any.
    fn distinct(&self, relation: RelationId, columns: &[u32]) -> u64;
}
