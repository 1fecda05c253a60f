//! Plans made anew while a node runs. A node makes none itself: whoever drives it may lend it somebody who does.

use std::fmt::Debug;

use bloom_plan::artifact::Patch;
use bloom_plan::plan::{Plan, VersionId};
use bloom_plan::statistics::Statistics;

/// Puts the joins of versions in a better order, and has code for those that were loaded without.
pub trait Planner: Debug + Send + Sync {
    /// The plan with some of these versions evaluated otherwise, and the code of what differs. None if all are
    /// good as they are. Everything else of the plan stays as it is.
    fn replan(
        &self,
        plan: &Plan,
        versions: &[VersionId],
        statistics: &dyn Statistics,
    ) -> Option<(Plan, Patch)>;

    /// The code of versions of a plan that was loaded without: the first has something to do for the first time, and
    /// others are likely to follow, whose code may also be left for later.
    fn code(&self, plan: &Plan, versions: &[VersionId]) -> Patch;

    /// Whether a plan for so many rows of a relation is to be looked at again now that there are `now`: where all
    /// are few any order does, and where sizes are about the same so is the best order.
    fn is_stale(&self, planned: u64, now: u64) -> bool {
        const ROWS_MIN: u64 = 1 << 12;
        const TIMES: u64 = 8;
        planned.max(now) >= ROWS_MIN && (now / TIMES >= planned || planned / TIMES >= now)
    }
}
