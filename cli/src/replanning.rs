//! The compiler, for nodes that find their plan bad while they run.

use bloom_compiler::codegen::{self, Target};
use bloom_compiler::compile;
use bloom_plan::artifact::Patch;
use bloom_plan::plan::{Plan, VersionId};
use bloom_plan::statistics::Statistics;
use bloom_runtime::Planner;

use crate::pipeline::cores;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Replanner;

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
        codegen::generate_some(plan, versions, &Target::native().by(cores()))
    }
}
