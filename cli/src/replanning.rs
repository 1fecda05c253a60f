//! The compiler, for nodes that find their plan bad while they run.

use std::sync::atomic::{AtomicUsize, Ordering};

use bloom_compiler::codegen::{self, Target};
use bloom_compiler::compile;
use bloom_plan::artifact::Patch;
use bloom_plan::plan::{Plan, VersionId};
use bloom_plan::statistics::Statistics;
use bloom_runtime::Planner;

use crate::pages::give_back_code;
use crate::pipeline::cores;

#[derive(Debug, Default)]
pub(crate) struct Replanner {
    /// How often it has made code.
    calls: AtomicUsize,
}

impl Planner for Replanner {
    fn replan(
        &self,
        plan: &Plan,
        versions: &[VersionId],
        statistics: &dyn Statistics,
    ) -> Option<(Plan, Patch)> {
        compile::replan(plan, versions, statistics, &Target::native())
    }

    fn code(&self, plan: &Plan, versions: &[VersionId]) -> Patch {
        let code = codegen::generate_some(plan, versions, &Target::native().by(cores()));
        // What compiles is hardly ever needed again; where it is, again and again, to have it read anew each time would take
        // longer than compiling.
        let calls = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
        if calls.is_power_of_two() {
            give_back_code();
        }
        code
    }
}
