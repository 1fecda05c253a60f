//! The back of the pipeline as one function: from a typed program to what a node runs, and each
//! stage in between as text.

use bloom_plan::artifact::{Artifact, Patch};
use bloom_plan::plan::{Plan, VersionId};
use bloom_plan::statistics::Statistics;
use bloom_stdx::arena::Id;

use crate::analysis::Analysis;
use crate::base::Sources;
use crate::check::Checked;
use crate::codegen::{self, Ahead, Target};
use crate::hir::{self, NodeId};
use crate::typing::Typed;
use crate::{coordination, opt, planning, rir};

/// A program that has no errors, and where its text is.
#[derive(Clone, Copy)]
pub struct Typing<'a> {
    pub program: &'a hir::Program,
    pub typed: &'a Typed,
    pub analysis: &'a Analysis,
    pub sources: &'a Sources,
}

/// Whether the passes of `opt` run. A program means the same either way, which tests hold them to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Optimization {
    On,
    Off,
}

/// Each kind of node with its plan and machine code.
pub fn compile(of: Typing<'_>, target: &Target) -> Vec<(Plan, Artifact)> {
    compile_with(of, target, Optimization::On)
}

/// As [`compile`], with or without the passes of `opt`.
pub fn compile_with(
    of: Typing<'_>,
    target: &Target,
    optimization: Optimization,
) -> Vec<(Plan, Artifact)> {
    let programs = match optimization {
        Optimization::On => optimized(of),
        Optimization::Off => lowered(of),
    };
    let compile = |program: rir::Program| {
        let plan = planning::make_plan(program);
        let artifact = codegen::generate(&plan, target);
        (plan, artifact)
    };
    programs.into_iter().map(compile).collect()
}

/// As [`compile`], where none of the scratch collections are looked at but those named: others may then lack rows
/// that nothing else depends on. What was checked goes when it is lowered: it is large, and plans can have its memory.
pub fn compile_to_run(
    checked: Checked,
    sources: &Sources,
    target: &Target,
    ahead: Ahead,
    seen: &dyn Fn(&str) -> bool,
) -> Vec<(Plan, Artifact)> {
    let programs = optimized(Typing {
        program: &checked.program,
        typed: &checked.typed,
        analysis: &checked.analysis,
        sources,
    });
    drop(checked);
    let compile = |mut program: rir::Program| {
        opt::restrict(&mut program, seen);
        let plan = planning::make_plan_by(program, target.threads());
        let artifact = codegen::generate_ahead(&plan, target, ahead);
        (plan, artifact)
    };
    programs.into_iter().map(compile).collect()
}

/// A plan of which some versions are better evaluated in another order, and the code of what differs; none
/// if there are no such.
pub fn replan(
    plan: &Plan,
    versions: &[VersionId],
    statistics: &dyn Statistics,
    target: &Target,
) -> Option<(Plan, Patch)> {
    let replanned = planning::replan(plan, versions, statistics)?;
    let patch = codegen::generate_some(&replanned.plan, &replanned.changed, target);
    Some((replanned.plan, patch))
}

/// The plan of each kind of node, as it is run where nobody looks at its scratch collections.
pub fn make_plans(of: Typing<'_>) -> Vec<Plan> {
    let mut programs = optimized(of);
    for program in &mut programs {
        opt::restrict(program, &|_| false);
    }
    programs.into_iter().map(planning::make_plan).collect()
}

/// `--emit rir`
pub fn emit_rir(of: Typing<'_>) -> String {
    lowered(of).iter().map(rir::text::print).collect()
}

/// `--emit rir-opt`
pub fn emit_optimized(of: Typing<'_>) -> String {
    optimized(of).iter().map(rir::text::print).collect()
}

/// `--emit plan`: each plan, after what it says of its strata in words.
pub fn emit_plan(of: Typing<'_>) -> String {
    let plans = make_plans(of);
    let texts = plans
        .iter()
        .map(|plan| planning::explain(plan) + &bloom_plan::text::print(plan));
    texts.collect()
}

/// `--emit clif`
pub fn emit_clif(of: Typing<'_>, target: &Target) -> String {
    let plans = make_plans(of);
    plans
        .iter()
        .map(|plan| codegen::clif(plan, target))
        .collect()
}

fn lowered(of: Typing<'_>) -> Vec<rir::Program> {
    match coordination::with_counts(of.program, of.typed) {
        Some(counted) => lowered_as_is(Typing {
            program: &counted.program,
            typed: &counted.typed,
            analysis: &counted.analysis,
            ..of
        }),
        None => lowered_as_is(of),
    }
}

fn lowered_as_is(of: Typing<'_>) -> Vec<rir::Program> {
    let kinds = (0..of.program.nodes.len()).map(NodeId::from_index);
    kinds
        .map(|kind| rir::lower::lower(of.program, of.typed, of.analysis, of.sources, kind))
        .collect()
}

fn optimized(of: Typing<'_>) -> Vec<rir::Program> {
    let mut programs = lowered(of);
    programs.iter_mut().for_each(opt::optimize);
    programs
}

#[cfg(test)]
mod tests;
