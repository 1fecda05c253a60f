//! Which outputs are the same however messages come (the CALM theorem: Hellerstein and Alvaro, CACM
//! 2020), and why the others are not.
//!
//! For each collection of each kind of node, five properties of its contents over the ticks of a
//! run with fixed inputs: never change (C), only grow (G), only shrink (S), settle on a limit that no
//! schedule decides (L), and have a union over all ticks that no schedule decides (U). They are the
//! greatest fixpoint over the rules of all kinds together. A captured output needs U, a view L.
//!
//! The stages: [`flow`] summarises each rule by itself; `graph` connects the summaries of a program, and `model` is how the
//! others see it; `sealing` and `dependencies` find what follows from forms alone; `fixpoint` solves, with the
//! transfer function of `body` and its `refine`ments; `verdict` and `blame` make the [`Report`].
//!
//! After an edit, `again` gives the report of a program that the analysis would not tell from the one before; else
//! `remembered` has what each stage found, and each looks again only at what an edit has changed for it.

pub mod fixes;
pub mod flow;
pub mod properties;
pub mod report;
pub mod violation;

mod again;
mod askers;
mod asking;
mod blame;
mod bodies;
mod body;
mod certificate;
mod dependencies;
mod dump;
mod fifo;
mod fixpoint;
mod found;
mod graph;
mod lineage;
mod model;
mod moments;
mod notes;
mod paths;
mod points;
mod recall;
mod refine;
mod remembered;
mod sealing;
mod verdict;
mod warnings;
mod wording;

#[cfg(test)]
pub(crate) mod tests;

pub use recall::Recall;
pub use report::{Report, Tables};
pub use violation::Violation;
pub use warnings::warnings;

use std::sync::Arc;

use bloom_stdx::aligned::Aligned;
use bloom_stdx::arena::{Arena, Id};

use crate::analysis::Analysis;
use crate::hir::{NodeId, Program, RuleId};
use crate::typing::Typed;
use again::Standing;
use flow::{Declared, KindFlow, RuleFlow};
use graph::Graph;
use model::Model;
use recall::{OfKind, STANDING_MAX};
use remembered::{Analyzed, Remembered};

/// Summarises every rule of a well-typed program.
pub fn summarize(program: &Program, typed: &Typed, analysis: &Analysis) -> Arena<NodeId, KindFlow> {
    summarize_with(program, typed, analysis, &mut Recall::default(), 0)
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
    let declared = Declared::new(program);
    program.nodes.map(|node, kind| {
        let types = &typed.nodes[node];
        if recall.kinds.len() == node.index() {
            recall.kinds.push(OfKind {
                shapes: Arc::new(flow::shapes(kind, types, typed)),
                rules: Aligned::default(),
            });
        }
        let OfKind { shapes, rules } = &mut recall.kinds[node.index()];
        let setting = flow::Setting {
            declared: &declared,
            typed,
            kind,
            types,
            shapes,
        };
        let of_rules = &analysis.nodes[node].rules;
        let all = kind.rules.values().zip(types.rules.values());
        let keys: Vec<recall::Key> = all
            .zip(of_rules.values())
            .map(|((rule, types), analysis)| recall::key(rule, types, analysis))
            .collect();
        let change = rules.update(&keys, |at| {
            let id = RuleId::from_index(at);
            let rule = &kind.rules[id];
            Arc::new(RuleFlow {
                summary: flow::summarize(setting, rule, &of_rules[id].literals),
                rule: Arc::clone(rule),
                types: Arc::clone(&types.rules[id]),
                analysis: Arc::clone(&of_rules[id]),
            })
        });
        recall.summarized += change.made;
        KindFlow {
            rules: Arc::new(rules.found().to_vec()),
            shapes: Arc::clone(shapes),
        }
    })
}

/// The report of a program, from the summaries of its rules.
pub fn analyze(program: &Program, flows: &Arena<NodeId, KindFlow>) -> Report {
    let remembered = &mut Remembered::default();
    remembered::analyze(program, flows, remembered, |_, _, analyzed| analyzed.report)
}

/// As [`analyze`]; where the analysis would go as one of the last went, nothing is analysed. The flows are those that
/// [`summarize_with`] gave for the recall.
pub fn analyze_with(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    recall: &mut Recall,
) -> Report {
    let mut all = recall.standing.iter_mut().enumerate().rev();
    let again = all.find_map(|(at, one)| Some((at, one.again(flows)?)));
    recall.is_analyzed = again.is_none();
    if let Some((at, report)) = again {
        let newest = recall.standing.remove(at);
        recall.standing.push(newest);
        return report;
    }
    let remembered = &mut recall.remembered;
    let Analyzed { report, told_apart } =
        remembered::analyze(program, flows, remembered, |_, _, analyzed| analyzed);
    if recall.standing.len() == STANDING_MAX {
        recall.standing.remove(0);
    }
    let standing = Standing::new(flows, told_apart, report.clone());
    recall.standing.push(standing);
    report
}

/// What follows from the rules of a program without an analysis: a verdict on each by itself, and the ways from sources to
/// outputs.
pub fn tables(program: &Program, flows: &Arena<NodeId, KindFlow>) -> Tables {
    let graph = Graph::new(program, flows);
    let model = Model::new(program, flows, &graph);
    Tables {
        rules: verdict::rules(&model),
        paths: paths::table(&model),
    }
}

/// The properties of each place, and the labels, as text: part of what `--emit labels` prints.
pub fn dump(program: &Program, flows: &Arena<NodeId, KindFlow>) -> String {
    let remembered = &mut Remembered::default();
    remembered::analyze(program, flows, remembered, |known, found, analyzed| {
        dump::text(known, found, &analyzed.report)
    })
}

/// As [`dump`], with the report, from what the recall has of the last program that was analysed; it has this one then.
#[cfg(test)]
pub(crate) fn found_with(
    program: &Program,
    flows: &Arena<NodeId, KindFlow>,
    recall: &mut Recall,
) -> (String, Report) {
    let remembered = &mut recall.remembered;
    remembered::analyze(program, flows, remembered, |known, found, analyzed| {
        let text = dump::text(known, found, &analyzed.report);
        (text, analyzed.report)
    })
}
