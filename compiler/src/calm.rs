//! Which outputs are the same however messages come (the CALM theorem: Hellerstein and Alvaro, CACM
//! 2020), and why the others are not.
//!
//! For each collection of each kind of node, five properties of its contents over the ticks of a
//! run with fixed inputs: never change (C), only grow (G), only shrink (S), settle on a limit that no
//! schedule decides (L), and have a union over all ticks that no schedule decides (U). They are the
//! greatest fixpoint over the rules of all kinds together. A captured output needs U, a view L.
//!
//! The stages: [`flow`] summarises each rule by itself; `model` connects the summaries of a program;
//! `sealing` and `dependencies` find what follows from forms alone; `fixpoint` solves, with the
//! transfer function of `body` and its `refine`ments; `verdict` and `blame` make the [`Report`].

pub mod fixes;
pub mod flow;
pub mod properties;
pub mod report;
pub mod violation;

mod blame;
mod body;
mod certificate;
mod dependencies;
mod dump;
mod fifo;
mod fixpoint;
mod lineage;
mod model;
mod moments;
mod paths;
mod points;
mod recall;
mod refine;
mod sealing;
mod verdict;
mod warnings;
mod wording;

#[cfg(test)]
mod tests;

pub use recall::Recall;
pub use report::Report;
pub use violation::Violation;
pub use warnings::warnings;

use std::sync::Arc;

use bloom_stdx::arena::{Arena, Id};

use crate::analysis::Analysis;
use crate::hir::{NodeId, Program, RuleId};
use crate::typing::Typed;
use body::{Basis, Found, Known};
use dependencies::Dependencies;
use flow::{Declared, KindFlow};
use model::Model;
use refine::Forms;
use sealing::Sealing;

/// Summarises every rule of a well-typed program.
pub fn summarize(program: &Program, typed: &Typed, analysis: &Analysis) -> Arena<NodeId, KindFlow> {
    let of_rule = |setting: flow::Setting<'_>, node: NodeId, rule: RuleId| {
        let readings = &analysis.nodes[node].rules[rule].literals;
        Arc::new(flow::summarize(
            setting,
            &setting.kind.rules[rule],
            readings,
        ))
    };
    summarize_by(program, typed, of_rule)
}

/// As [`summarize`]; rules that were summarised before are not summarised again. `generation` is that
/// of the recall by which the program was typed.
pub fn summarize_with(
    program: &Program,
    typed: &Typed,
    analysis: &Analysis,
    recall: &mut Recall,
    generation: u64,
) -> Arena<NodeId, KindFlow> {
    recall.begin(generation);
    let of_rule = |setting: flow::Setting<'_>, node: NodeId, id: RuleId| {
        let (rule, types) = (&setting.kind.rules[id], &setting.types.rules[id]);
        let readings = &analysis.nodes[node].rules[id].literals;
        recall.rule(node.index(), rule, types, readings, || {
            flow::summarize(setting, rule, readings)
        })
    };
    let flows = summarize_by(program, typed, of_rule);
    recall.end();
    flows
}

fn summarize_by(
    program: &Program,
    typed: &Typed,
    mut of_rule: impl FnMut(flow::Setting<'_>, NodeId, RuleId) -> Arc<flow::RuleSummary>,
) -> Arena<NodeId, KindFlow> {
    let declared = Declared::new(program);
    program.nodes.map(|node, kind| {
        let types = &typed.nodes[node];
        let shapes = flow::shapes(kind, types, typed);
        let setting = flow::Setting {
            declared: &declared,
            typed,
            kind,
            types,
            shapes: &shapes,
        };
        let rules = kind.rules.ids().map(|rule| of_rule(setting, node, rule));
        KindFlow {
            rules: rules.collect(),
            shapes,
        }
    })
}

/// The report of a program, from the summaries of its rules.
pub fn analyze(program: &Program, flows: &Arena<NodeId, KindFlow>) -> Report {
    solved(program, flows, verdict::report)
}

/// The properties of each place, and the labels, as text: part of what `--emit labels` prints.
pub fn dump(program: &Program, flows: &Arena<NodeId, KindFlow>) -> String {
    solved(program, flows, |known, found| {
        dump::text(known, found, &verdict::report(known, found))
    })
}

fn solved<T>(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    then: impl FnOnce(Known<'_, '_>, &Found) -> T,
) -> T {
    let model = Model::new(program, flows);
    let sealing = Sealing::new(&model);
    let dependencies = Dependencies::new(&model, &sealing);
    let basis = Basis {
        model: &model,
        sealing: &sealing,
        dependencies: &dependencies,
    };
    let forms = Forms::new(basis);
    let known = Known::new(basis, &forms);
    then(known, &fixpoint::solve(known))
}
