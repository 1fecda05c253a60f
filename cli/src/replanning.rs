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
        let found = compile::replan(plan, versions, statistics, &Target::native());
        found.inspect(|_| self.made())
    }

    fn code(&self, plan: &Plan, versions: &[VersionId]) -> Patch {
        let code = codegen::generate_some(plan, versions, &Target::native().by(cores()));
        self.made();
        code
    }
}

impl Replanner {
    /// Code has been made.
    fn made(&self) {
        // What compiles is hardly ever needed again soon; where it is, again and again, to fetch it anew each time could take
        // longer than compiling.
        const ALWAYS_MAX: usize = 16;
        let calls = 1 + self.calls.fetch_add(1, Ordering::Relaxed);
        if calls <= ALWAYS_MAX || calls.is_power_of_two() {
            give_back_code();
        }
    }
}
